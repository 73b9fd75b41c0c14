//! What was seen as text that two programs can agree on: ports by name, chunks of a body joined, long
//! bodies by length and checksum, clocks and process ids of log lines blanked.

use evenkeel_tests::record::Seen;
use evenkeel_tests::wire;

/// Bodies above this many bytes are shown by length and checksum.
const BODY_MAX: usize = 2000;

/// Renders what a client or a server received.
pub(super) fn peer(seen: &Seen) -> String {
    format!("{}    end: {:?}\n", stream(&seen.bytes), seen.end)
}

/// Renders a byte stream line by line. Chunked bodies are shown by their data, because where one chunk ends
/// and the next begins depends on how the bytes fell into packets.
fn stream(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let Some(head_length) = wire::find(&bytes[at..], b"\r\n\r\n").map(|found| found + 4) else { break };
        let (head, rest) = bytes[at..].split_at(head_length);
        let chunked =
            wire::field(head, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        let whole =
            wire::first_message(&bytes[at..], false, false).filter(|message| message.chunked && chunked);
        text.push_str(&lines(head));
        at += head_length;
        if let Some(message) = whole {
            at += message.body.len();
            let (data, trailers) = wire::unchunk(message.body).unwrap_or_default();
            text.push_str(&format!("    [chunked, {} bytes]\n{}    [trailers]\n", data.len(), lines(&data)));
            text.push_str(&lines(&trailers));
        } else if let Some(length) =
            wire::field(head, "content-length").and_then(|length| length.parse().ok())
        {
            let length: usize = length;
            let is_body = rest.len() >= length && !rest.starts_with(b"HTTP/1.");
            if is_body {
                text.push_str(&lines(&rest[..length]));
                at += length;
            }
        }
    }
    text.push_str(&lines(&bytes[at.min(bytes.len())..]));
    text
}

fn lines(bytes: &[u8]) -> String {
    if bytes.len() > BODY_MAX {
        return format!("    [{} bytes, checksum {:016x}]\n", bytes.len(), checksum(bytes));
    }
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| format!("    {}\n", line.escape_ascii()))
        .collect()
}

/// FNV-1a: no defence against malice, but a changed body shows.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Blanks what differs from run to run in a log line: the date, the tag with the process id, the client's
/// port, times, and durations.
pub(super) fn log_line(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut timers_seen = false;
    for (at, word) in line.split(' ').filter(|word| !word.is_empty()).enumerate() {
        words.push(match at {
            0 => word
                .split_once('>')
                .map_or_else(|| word.to_owned(), |(priority, _)| format!("{priority}>[date]")),
            1 | 2 => continue,
            3 => "[tag]".to_owned(),
            _ if word.starts_with("127.0.0.1:") && word[10..].parse::<u16>().is_ok() => {
                "127.0.0.1:[port]".to_owned()
            }
            _ if is_date(word) => "[date]".to_owned(),
            _ if !timers_seen && is_timers(word) => {
                timers_seen = true;
                blank_timers(word)
            }
            _ if word.trim_end_matches([',', '.']).strip_suffix("ms").is_some_and(is_number) => {
                "[time]ms".to_owned()
            }
            _ => word.to_owned(),
        });
    }
    words.join(" ")
}

/// Blanks the number of sessions that a server had when it went.
pub(super) fn without_sessions(line: &str) -> String {
    let Some((before, after)) = line.split_once(" sessions active") else { return line.to_owned() };
    let head = before.rsplit_once(' ').map_or("", |(head, _)| head);
    format!("{head} [n] sessions active{after}")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[23/Nov/2026:21:00:00.123]`
fn is_date(word: &str) -> bool {
    word.starts_with('[') && word.ends_with(']') && word.matches(':').count() == 3
}

/// `0/0/1/2/3`, also with -1 and with a + in front of the last.
fn is_timers(word: &str) -> bool {
    let parts: Vec<&str> = word.split('/').collect();
    parts.len() >= 3 && parts.iter().all(|part| is_number(part.trim_start_matches(['-', '+'])))
}

fn blank_timers(word: &str) -> String {
    let blank = |part: &str| if part == "-1" { "-1".to_owned() } else { "T".to_owned() };
    word.split('/').map(blank).collect::<Vec<String>>().join("/")
}

#[test]
fn chunk_boundaries_do_not_matter_but_data_and_trailers_do() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let joined = stream(format!("{head}4\r\nabcd\r\n0\r\nx: y\r\n\r\n").as_bytes());
    let split = stream(format!("{head}1\r\na\r\n3\r\nbcd\r\n0\r\nx: y\r\n\r\n").as_bytes());
    let other = stream(format!("{head}4\r\nabcd\r\n0\r\nx: z\r\n\r\n").as_bytes());

    assert_eq!(joined, split);
    assert_ne!(joined, other);
}

#[test]
fn the_number_of_sessions_may_be_left_out() {
    let line = "is DOWN. 1 active and 0 backup servers left. 12 sessions active, 0 requeued.";

    let blank = "is DOWN. 1 active and 0 backup servers left. [n] sessions active, 0 requeued.";
    assert_eq!(without_sessions(line), blank);
    assert_eq!(without_sessions("is UP."), "is UP.");
}

#[test]
fn log_lines_keep_what_must_agree() {
    let line = "<134>Nov 23 21:00:00 haproxy[12]: 127.0.0.1:4321 [23/Nov/2026:21:00:00.123] in out/s1 \
                0/0/3/-1/5 504 194 - - sH-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"";

    assert_eq!(
        log_line(line),
        "<134>[date] [tag] 127.0.0.1:[port] [date] in out/s1 T/T/T/-1/T 504 194 - - sH-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\""
    );
}
