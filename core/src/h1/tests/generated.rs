//! Generated input through the shared checks.

use proptest::prelude::*;
use proptest::sample::select;

use super::checks::{check_chunked, check_request, check_response};

/// Start lines, good and bad.
const REQUEST_LINES: [&[u8]; 12] = [
    b"GET / HTTP/1.1\r\n",
    b"\r\nPOST /a?b=c HTTP/1.1\r\n",
    b"HEAD  /x  HTTP/1.0\n",
    b"OPTIONS * HTTP/1.1\r\n",
    b"CONNECT a:443 HTTP/1.1\r\n",
    b"GET http://A:80/x HTTP/1.1\r\n",
    b"GET https://u@[::1]:443 HTTP/1.1\r\n",
    b"get /\"<>\\^`{|} HTTP/1.2\r\n",
    b"GET /\r\n",
    b"PRI * HTTP/2.0\r\n",
    b"F(O / HTTP/1.1\r\n",
    b"GET /\xff HTTP/1.1\r\n",
];

const STATUS_LINES: [&[u8]; 10] = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 404 Not Found\r\n",
    b"HTTP/1.1 204\r\n",
    b"\nHTTP/1.1 304 \n",
    b"HTTP/1.1  101 Switching\r\n",
    b"HTTP/1.1 103 Early\xff\r\n",
    b"HTTP/1.9 999 x\r\n",
    b"HTTP/1.1 20 OK\r\n",
    b"HTTP/2.0 200 OK\r\n",
    b"HTTP/1.1 2000 OK\r\n",
];

const FIELD_LINES: [&[u8]; 24] = [
    b"Host: a\r\n",
    b"Host: a:80\r\n",
    b"Host: [::1]:443\n",
    b"Content-Length: 2\r\n",
    b"content-length: 2, 02\r\n",
    b"Content-Length: 18446744073709551616\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: Upgrade, keep-alive\r\n",
    b"Connection: foo,,Close , bar\r\n",
    b"Upgrade: foo\r\n",
    b"Upgrade: websocket\r\n",
    b"Sec-WebSocket-Key: x\r\n",
    b"Expect: 100-continue\r\n",
    b"X: \t a \t b\xff \t\r\n",
    b"X:\n",
    b"X-Long-Name!#$%&'*+-.^_`|~: 0123456789\t0123456789\r\n",
    b"X: a\rb\r\n",
    b" folded\r\n",
    b"X : a\r\n",
    b"X: \x01\r\n",
    b": a\r\n",
    b"X: \0\r\n",
];

const CHUNK_PARTS: [&[u8]; 22] = [
    b"2\r\nhi\r\n",
    b"a\r\n0123456789\r\n",
    b"00000000000000000001;a=\"b\"\r\n\r\r\n",
    b"1 \t;\xff\r\n\n\r\n",
    b"0\r\n",
    b"\r\n",
    b"\n",
    b"A: b\r\n",
    b"Content-Length: 3\r\n",
    b"2",
    b"F",
    b";",
    b" ",
    b"x",
    b"\0",
    b"FFFFFFFFFFFFF\r\n",
    b"10000000000000\r\n",
    b"2\nhi\r\n",
    b"2\r\nhi\n",
    b"A : b\r\n",
    b" b\r\n",
    b"0\r\nX: y\r\n\r\n",
];

/// A start line, fields and a blank line, now and then with one byte changed.
fn head(starts: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let lines = prop::collection::vec(select(&FIELD_LINES[..]), 0..7);
    (select(starts), lines, prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())))
        .prop_map(|(start, lines, change)| {
            let mut text = [start, &lines.concat(), b"\r\nGET"].concat();
            if let Some((index, byte)) = change {
                let index = index.index(text.len());
                text[index] = byte;
            }
            text
        })
}

proptest! {
    #[test]
    fn requests_hold_in_any_split_and_after_a_round_trip(text in head(&REQUEST_LINES)) {
        check_request(&text);
    }

    #[test]
    fn responses_hold_in_any_split_and_after_a_round_trip(text in head(&STATUS_LINES)) {
        check_response(&text);
    }

    #[test]
    fn chunks_are_neither_lost_nor_invented(parts in prop::collection::vec(select(&CHUNK_PARTS[..]), 0..12)) {
        check_chunked(&parts.concat());
    }

    #[test]
    fn no_bytes_bring_the_codec_down(text in prop::collection::vec(any::<u8>(), 0..300)) {
        check_request(&text);
        check_response(&text);
        check_chunked(&text);
    }
}
