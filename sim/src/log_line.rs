//! Log lines as an operator's script reads them: `option httplog` and `option tcplog`.

use bytes::Bytes;
use evenkeel_core::base::ids::LogTargetId;

use crate::actor::RequestId;
use crate::settings::{TRAFFIC_LOG, client_of};

/// A line about an exchange, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// The whole line.
    pub text: &'a str,
    /// Whose connection.
    pub client: Option<usize>,
    /// Which request, in HTTP mode when the request was understood.
    pub request: Option<RequestId>,
    /// `back/SERVER`.
    pub server: &'a str,
    /// The status, in HTTP mode.
    pub status: Option<u16>,
    /// The termination state.
    pub state: &'a str,
    /// Retries, and whether the last went elsewhere.
    pub retries: u32,
    /// `option redispatch` struck.
    pub redispatched: bool,
    /// Place in the backend's queue.
    pub queued: u32,
}

impl<'a> LogLine<'a> {
    /// Reads a line; nothing if it is not about an exchange.
    pub fn of_traffic(target: LogTargetId, line: &'a Bytes) -> Option<Result<LogLine<'a>, String>> {
        if target != TRAFFIC_LOG {
            return None;
        }
        let text = std::str::from_utf8(line);
        Some(text.map_err(|error| error.to_string()).and_then(|text| {
            LogLine::parse(text).ok_or_else(|| format!("a line that makes no sense: {text}"))
        }))
    }

    fn parse(text: &'a str) -> Option<LogLine<'a>> {
        // Client, date, frontend, server, times; then in HTTP status, bytes, two captures, state; in TCP
        // bytes, state; then counts and queues, and in HTTP the request line.
        let words: Vec<&str> = text.splitn(12, ' ').collect();
        let http = words.get(4)?.matches('/').count() == 4;
        let (state, counts, queues) = if http { (9, 10, 11) } else { (6, 7, 8) };
        let rest = words.get(queues)?;
        let (queues, request) = match rest.split_once(' ') {
            Some((queues, request)) => (queues, Some(request)),
            None => (*rest, None),
        };
        let retries = words.get(counts)?.rsplit('/').next()?;
        let target = request.and_then(|request| request.split(' ').nth(1));
        Some(LogLine {
            text,
            client: client_of(words[0]),
            request: target.and_then(RequestId::parse),
            server: words.get(3)?,
            status: if http { words.get(5)?.parse().ok() } else { None },
            state: words.get(state)?,
            retries: retries.trim_start_matches('+').parse().ok()?,
            redispatched: retries.starts_with('+'),
            queued: queues.rsplit('/').next()?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_understood() {
        let http = "10.2.0.3:1030 [01/Jan/2026:00:00:01.042] front back/s1 0/0/1/2/3 200 137 - - ---- \
                    1/1/1/1/+2 0/4 \"GET /3/1 HTTP/1.1\"";
        let tcp = "10.2.1.0:1030 [01/Jan/2026:00:00:01.042] front back/<NOSRV> -1/-1/0 0 SC 1/1/0/0/3 0/0";

        let line = LogLine::parse(http).expect("a line");
        assert_eq!((line.client, line.request), (Some(3), Some(RequestId { client: 3, index: 1 })));
        assert_eq!((line.state, line.retries, line.redispatched, line.queued), ("----", 2, true, 4));
        let line = LogLine::parse(tcp).expect("a line");
        assert_eq!((line.client, line.state, line.retries, line.status), (Some(256), "SC", 3, None));
    }
}
