//! Persistence in one exchange: the request's cookie chooses the server, the answer renews it.

use super::stream::Stream;
use super::switching::asks_despite;
use super::worker::Worker;
use crate::backend::{Assigned, Wish};
use crate::http::{Known, cookies, set_cookie};
use crate::model::{CookieCapture, Redispatch};
use crate::persistence::{self, Answer};

impl Worker {
    /// Looks for the cookie of the exchange's backend and takes it out where servers shall not see it.
    pub(super) fn find_affinity(&mut self, stream: &mut Stream) {
        let Some(id) = stream.backend else { return };
        let backend = self.config.backends[id.index()].clone();
        self.apply_server_rules(stream);
        let Some(cookie) = &backend.cookie else { return };
        let mut scratch = std::mem::take(&mut self.scratch);
        let (before, despite) = (stream.affinity, asks_despite(stream, &backend));
        let fields = &mut stream.request.fields;
        stream.affinity = self.with_backend(id, |machine, now| {
            let seconds = now.wall.unix_nanos / 1_000_000_000;
            persistence::affinity(cookie, before, fields, &mut scratch, seconds, |value| {
                machine.named(value, despite)
            })
        });
        self.scratch = scratch;
    }

    /// Asks for the server that the cookie or a stick table names, or for any.
    pub(super) fn assign_by_affinity(&mut self, stream: &mut Stream) {
        self.match_tables(stream);
        let (Some(id), Some(server)) = (stream.backend, stream.affinity.server) else {
            return self.assign(stream, Wish::default());
        };
        if !stream.affinity.forced {
            return self.assign(stream, Wish { only: Some(server), ..Wish::default() });
        }
        match self.with_backend(id, |backend, _| backend.assign_despite(server)) {
            Assigned::Server(server) => self.connect(stream, server),
            Assigned::Queued { .. } | Assigned::NoServer | Assigned::QueueFull(_) => {
                stream.affinity.lose();
                self.assign(stream, Wish::default());
            }
        }
    }

    /// Edits the cookies of the answer.
    pub(super) fn settle_affinity(&mut self, stream: &mut Stream) {
        let (Some(id), Some(server)) = (stream.backend, stream.server) else { return };
        let backend = self.config.backends[id.index()].clone();
        let Some(cookie) = &backend.cookie else { return };
        let mut answer = Answer {
            fields: &mut stream.response.fields,
            status: stream.response.status,
            method: stream.request.method,
            server: backend.servers[server.index()].cookie.as_deref(),
        };
        let seconds = self.now.wall.unix_nanos / 1_000_000_000;
        persistence::settle(cookie, &mut stream.affinity, &mut answer, &mut self.scratch, seconds);
    }
}

/// Whether a request whose cookie names a server may leave it with this retry, the first being 1.
pub(super) fn may_leave(redispatch: Redispatch, retry: u32, retries: u32) -> bool {
    match redispatch {
        Redispatch::Never => false,
        Redispatch::Every(step) => retry.is_multiple_of(step),
        Redispatch::BeforeLast(back) => retry + back == retries + 1,
    }
}

/// Keeps the first cookie of a request that `capture cookie` asks for.
pub(super) fn capture_request(capture: &CookieCapture, stream: &mut Stream) {
    let kept = &mut stream.cookie_captures[0];
    for value in stream.request.fields.known(Known::Cookie) {
        for (name, value) in cookies(value) {
            if kept.is_empty() {
                capture_one(capture, name, value, kept);
            }
        }
    }
}

/// Keeps the first cookie of an answer that `capture cookie` asks for.
pub(super) fn capture_response(capture: &CookieCapture, stream: &mut Stream) {
    let kept = &mut stream.cookie_captures[1];
    for (name, value, _) in stream.response.fields.known(Known::SetCookie).filter_map(set_cookie) {
        if kept.is_empty() {
            capture_one(capture, name, value, kept);
        }
    }
}

/// Writes `name=value` if it begins as the capture wants.
fn capture_one(capture: &CookieCapture, name: &[u8], value: &[u8], kept: &mut Vec<u8>) {
    kept.extend_from_slice(name);
    kept.push(b'=');
    kept.extend_from_slice(value);
    if kept.starts_with(capture.prefix.as_bytes()) {
        kept.truncate(capture.len);
    } else {
        kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redispatch_counts_from_either_end() {
        let leaves = |rule| (1..=4).filter(|retry| may_leave(rule, *retry, 4)).collect::<Vec<_>>();

        assert_eq!(leaves(Redispatch::Never), []);
        assert_eq!(leaves(Redispatch::Every(2)), [2, 4]);
        assert_eq!(leaves(Redispatch::BeforeLast(1)), [4]);
        assert_eq!(leaves(Redispatch::BeforeLast(2)), [3]);
    }
}
