//! Request and response heads.

use super::*;
use crate::http::{Method, Version};

#[test]
fn a_request_is_taken_apart_and_its_text_copied_once() {
    let text = b"\r\nGET /a?b HTTP/1.1\r\nHost: x\r\nX-Foo: \t b c \r\nY:\r\n\r\nrest";
    let mut head = RequestHead::default();

    let parsed = parse_request(text, &mut head, &LIMITS);

    assert_eq!(parsed, Ok(Parse::Complete(text.len() - 4)));
    assert_eq!((head.method, head.method_text(), head.target()), (Method::Get, &b"GET"[..], &b"/a?b"[..]));
    assert_eq!(head.version, Version::Http11);
    let all: Vec<_> = head.fields.iter().map(|(_, name, value)| (name, value)).collect();
    assert_eq!(all, [(&b"Host"[..], &b"x"[..]), (b"X-Foo", b"b c"), (b"Y", b"")]);
    assert_eq!(head.fields.buffer, &text[2..text.len() - 4]);
}

#[test]
fn a_response_is_taken_apart() {
    let head = response(b"HTTP/1.0 404  Not  Found \r\nServer: x\r\n\r\n").unwrap();

    assert_eq!((head.status, head.reason(), head.version), (404, &b"Not  Found "[..], Version::Http10));
    assert_eq!(head.fields.values(b"server").next(), Some(&b"x"[..]));
}

#[test]
fn a_reason_may_be_missing_with_or_without_its_space() {
    for text in [&b"HTTP/1.1 200\r\n\r\n"[..], b"HTTP/1.1 200 \r\n\r\n"] {
        assert_eq!(response(text).unwrap().reason(), b"");
    }
}

#[test]
fn faults_in_request_heads_are_told_apart() {
    let with = |line: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n").into_bytes();
    let at = 25;
    let cases = [
        ("X: a\rb", Error::BareCr { position: at + 4 }),
        ("X: a\r", Error::BareCr { position: at + 4 }),
        ("X: a\r\n b", Error::ObsFold { position: at + 6 }),
        ("\tX: a", Error::ObsFold { position: at }),
        ("X : a", Error::SpaceBeforeColon { position: at + 1 }),
        ("X: a\0", Error::NulByte { position: at + 4 }),
        ("X\0: a", Error::NulByte { position: at + 1 }),
        ("X: a\x01", Error::ControlByte { position: at + 4, byte: 1 }),
        ("X: a\x7f", Error::ControlByte { position: at + 4, byte: 0x7f }),
        (": a", Error::EmptyName { position: at }),
        ("X", Error::BadName { position: at + 1, byte: b'\r' }),
        ("X(: a", Error::BadName { position: at + 1, byte: b'(' }),
        ("Host: a", Error::HostRepeated),
    ];
    for (line, error) in cases {
        assert_eq!(request(&with(line)).unwrap_err(), error, "{line:?}");
    }
}
