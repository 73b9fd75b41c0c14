//! The sizes of messages as logs count them (`%B`, `%U`).
//!
//! HAProxy counts what its own representation of a message holds, not the bytes on the wire, and scripts
//! compare these numbers: 20 bytes for the start line and its three parts, the names and values of the
//! fields without what separates them, one for the end of the head, and one for the end of chunks.

use crate::http::{Fields, RequestHead, ResponseHead};

/// What stands for a start line, its parts aside.
const START_LINE: usize = 20;
/// `HTTP/1.1`.
const VERSION: usize = 8;
/// The end of a head.
const END_OF_HEAD: usize = 1;
/// The end of a chunked body.
const END_OF_CHUNKS: u64 = 1;

/// A request's head.
pub(super) fn request(head: &RequestHead) -> u64 {
    let line = START_LINE + head.method_text().len() + head.target().len() + VERSION;
    (line + fields(&head.fields) + END_OF_HEAD) as u64
}

/// A response's head.
pub(super) fn response(head: &ResponseHead) -> u64 {
    let line = START_LINE + VERSION + 3 + head.reason().len();
    (line + fields(&head.fields) + END_OF_HEAD) as u64
}

/// The end of a chunked body.
pub(super) fn trailers(trailers: &Fields) -> u64 {
    fields(trailers) as u64 + END_OF_CHUNKS
}

fn fields(fields: &Fields) -> usize {
    fields.iter().map(|(_, name, value)| name.len() + value.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h1::{HeadLimits, parse_request, parse_response};

    const LIMITS: HeadLimits = HeadLimits { bytes_max: 1_000, fields_max: 10 };

    #[test]
    fn sizes_are_those_that_haproxy_logs() {
        // Seen from HAProxy 2.8: `%B` of this answer is 54, five bytes of body included, `%U` is 58 with three.
        let mut head = ResponseHead::default();
        parse_response(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", &mut head, &LIMITS).expect("valid");
        assert_eq!(response(&head) + 5, 54);

        let mut head = RequestHead::default();
        let text = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
        parse_request(text, &mut head, &LIMITS).expect("valid");
        assert_eq!(request(&head) + 3, 58);
    }
}
