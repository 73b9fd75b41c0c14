//! Request and response heads.

use super::*;

#[test]
fn a_request_is_taken_apart_and_its_text_copied_once() {
    let text = b"\r\nGET /a?b HTTP/1.1\r\nHost: x\r\nX-Foo: \t b c \r\nY:\r\n\r\nrest";
    let mut head = RequestHead::default();

    let parsed = parse_request(text, &mut head, &LIMITS);

    assert_eq!(parsed, Ok(Parse::Complete(text.len() - 4)));
    assert_eq!((head.method, head.method_text(), head.target()), (Method::Get, &b"GET"[..], &b"/a?b"[..]));
    assert_eq!(head.version, Version::Http11);
    let all: Vec<_> = head.fields.iter().map(|(_, name, value)| (name, value)).collect();
    assert_eq!(all, [(&b"host"[..], &b"x"[..]), (b"x-foo", b"b c"), (b"y", b"")]);
    assert_eq!(head.fields.buffer, b"GET /a?b HTTP/1.1\r\nhost: x\r\nx-foo: \t b c \r\ny:\r\n\r\n");
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

#[test]
fn faults_in_request_lines_are_told_apart() {
    let cases = [
        ("GET / HTTP/0.9\r\n\r\n", Error::BadVersion { position: 6 }),
        ("GET /\r\n\r\n", Error::BadVersion { position: 5 }),
        ("GET / HTTP/2.0\r\n\r\n", Error::BadVersion { position: 6 }),
        ("GET / http/1.1\r\n\r\n", Error::BadVersion { position: 6 }),
        ("GET / HTTP/1.10\r\n\r\n", Error::BadVersion { position: 6 }),
        ("GET / HTTP/1.1 \r\n\r\n", Error::BadVersion { position: 6 }),
        ("GET /a b HTTP/1.1\r\n\r\n", Error::BadVersion { position: 7 }),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Error::BadMethod { position: 0 }),
        ("PRI * HTTP/1.1\r\n\r\n", Error::BadMethod { position: 0 }),
        (" GET / HTTP/1.1\r\n\r\n", Error::BadMethod { position: 0 }),
        ("GET\t/ HTTP/1.1\r\n\r\n", Error::BadMethod { position: 3 }),
        ("F(O / HTTP/1.1\r\n\r\n", Error::BadMethod { position: 1 }),
        ("\rGET / HTTP/1.1\r\n\r\n", Error::BareCr { position: 0 }),
        ("GET / HTTP/1.1\rX: y\r\n\r\n", Error::BareCr { position: 14 }),
        ("GET / HTTP/1.1\r\n\rX", Error::BareCr { position: 16 }),
    ];
    for (text, error) in cases {
        assert_eq!(request(text.as_bytes()).unwrap_err(), error, "{text:?}");
    }
}

#[test]
fn faults_in_status_lines_are_told_apart() {
    let cases = [
        ("HTTP/1.1 20 OK\r\n\r\n", Error::BadStatus { position: 11 }),
        ("HTTP/1.1 2000 OK\r\n\r\n", Error::BadStatus { position: 12 }),
        ("HTTP/1.1 099 OK\r\n\r\n", Error::BadStatus { position: 9 }),
        ("HTTP/1.1 20x OK\r\n\r\n", Error::BadStatus { position: 11 }),
        ("HTTP/2.0 200 OK\r\n\r\n", Error::BadVersion { position: 0 }),
        ("ICY 200 OK\r\n\r\n", Error::BadVersion { position: 0 }),
        ("HTTP/1.1 200 a\0\r\n\r\n", Error::NulByte { position: 14 }),
        ("HTTP/1.1 200 a\rb\r\n\r\n", Error::BareCr { position: 14 }),
        ("HTTP/1.1 200 OK\r\nX : a\r\n\r\n", Error::SpaceBeforeColon { position: 18 }),
        ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", Error::ObsFold { position: 23 }),
    ];
    for (text, error) in cases {
        assert_eq!(response(text.as_bytes()).unwrap_err(), error, "{text:?}");
    }
}

#[test]
fn line_ends_may_lack_the_carriage_return_and_spaces_may_be_several() {
    let head = request(b"\n\r\nfoo  /  HTTP/1.7\nHost: a\nX: y\r\n\n").unwrap();

    assert_eq!((head.method, head.method_text(), head.target()), (Method::Other, &b"foo"[..], &b"/"[..]));
    assert_eq!(head.version, Version::Http11);
    assert_eq!(head.fields.values(b"x").next(), Some(&b"y"[..]));
}

#[test]
fn heads_are_bounded_to_the_byte_and_the_field() {
    let text = b"GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n";
    let mut head = RequestHead::default();
    let mut parse = |bytes_max, fields_max, text: &[u8]| {
        parse_request(text, &mut head, &HeadLimits { bytes_max, fields_max })
    };

    assert_eq!(parse(text.len(), 2, text), Ok(Parse::Complete(text.len())));
    assert_eq!(parse(text.len() - 1, 2, text), Err(Error::HeadTooLarge { limit: text.len() - 1 }));
    assert_eq!(parse(8, 2, &text[..8]), Err(Error::HeadTooLarge { limit: 8 }));
    assert_eq!(parse(9, 2, &text[..8]), Ok(Parse::Partial));
    assert_eq!(parse(99, 1, text), Err(Error::TooManyFields { limit: 1 }));
}

#[test]
fn a_warm_head_takes_no_more_memory() {
    let text = b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    let mut head = request(text).unwrap();
    let before = (head.fields.buffer.as_ptr(), head.fields.buffer.capacity());

    for _ in 0..3 {
        assert_eq!(parse_request(text, &mut head, &LIMITS), Ok(Parse::Complete(text.len())));
    }

    assert_eq!((head.fields.buffer.as_ptr(), head.fields.buffer.capacity()), before);
}
