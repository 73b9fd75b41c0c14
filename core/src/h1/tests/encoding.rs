//! What leaves. The expected texts are what HAProxy 2.8 was seen to send.

use bytes::BytesMut;

use super::*;

/// Parses, strips and encodes a request as a proxy that keeps its server connection does.
fn forward_request(text: &str) -> String {
    let mut head = request(text.as_bytes()).unwrap();
    let framing = request_framing(&head).unwrap();
    strip_hop_by_hop(&mut head.fields, framing.upgrade);
    let connection =
        if framing.upgrade { Connection::Upgrade } else { Connection::for_request(head.version, true) };
    let mut out = BytesMut::new();
    encode_request(&mut out, &head, head.version, framing.body, connection);
    String::from_utf8(out.to_vec()).unwrap()
}

/// The same for the response to a client of this version that persists or not.
fn forward_response(text: &str, method: Method, client: Version, persistent: bool) -> String {
    let mut head = response(text.as_bytes()).unwrap();
    let framing = response_framing(&head, method, true).unwrap();
    strip_hop_by_hop(&mut head.fields, framing.tunnel);
    let persistent = persistent && framing.body != BodyLength::UntilClose;
    let connection = match framing {
        _ if head.status == 101 => Connection::Upgrade,
        ResponseFraming { interim: true, .. } => Connection::Default,
        _ => Connection::for_response(head.version, client, persistent),
    };
    let mut out = BytesMut::new();
    encode_response(&mut out, &head, head.version, framing.body, connection);
    String::from_utf8(out.to_vec()).unwrap()
}

#[test]
fn requests_leave_as_from_haproxy() {
    let cases = [
        ("GET / HTTP/1.1\nHost: A\nX-Foo: Bar \n\n", "GET / HTTP/1.1\r\nhost: A\r\nx-foo: Bar\r\n\r\n"),
        (
            "POST / HTTP/1.1\r\nX-A: b\r\nContent-Length: 02, 2\r\nX-C: d\r\ncontent-length: 2\r\n\r\n",
            "POST / HTTP/1.1\r\nx-a: b\r\ncontent-length: 2\r\nx-c: d\r\n\r\n",
        ),
        (
            "POST / HTTP/1.1\r\nX-A: b\r\nTransfer-Encoding: Chunked\r\nX-B: c\r\n\r\n",
            "POST / HTTP/1.1\r\nx-a: b\r\ntransfer-encoding: chunked\r\nx-b: c\r\n\r\n",
        ),
        ("POST / HTTP/1.1\r\nX: y\r\n\r\n", "POST / HTTP/1.1\r\nx: y\r\n\r\n"),
        ("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"),
        ("GET / HTTP/1.0\r\nX: y\r\n\r\n", "GET / HTTP/1.0\r\nx: y\r\nconnection: keep-alive\r\n\r\n"),
        ("GET / HTTP/1.1\r\nConnection: close\r\nX: q\r\n\r\n", "GET / HTTP/1.1\r\nx: q\r\n\r\n"),
        (
            "GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: foo\r\nX-A: q\r\n\r\n",
            "GET / HTTP/1.1\r\nconnection: Upgrade\r\nupgrade: foo\r\nx-a: q\r\n\r\n",
        ),
        ("GET / HTTP/1.1\r\nUpgrade: foo\r\nX: y\r\n\r\n", "GET / HTTP/1.1\r\nx: y\r\n\r\n"),
        (
            "GET / HTTP/1.1\r\nConnection: X-B, foo\r\nTE: trailers, gzip\r\nTrailer: x\r\n\r\n",
            "GET / HTTP/1.1\r\nconnection: X-B, foo\r\nte: trailers\r\ntrailer: x\r\n\r\n",
        ),
        ("CONNECT a:1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\n\r\n"),
    ];
    for (received, sent) in cases {
        assert_eq!(forward_request(received), sent);
    }
}

#[test]
fn responses_leave_as_from_haproxy() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let cases = [
        (
            format!("{ok}Server: X\r\nContent-Length: 2\r\nX-B: c\r\n\r\n"),
            "server: X\r\ncontent-length: 2\r\nx-b: c\r\n",
        ),
        (
            format!("{ok}Transfer-Encoding: Chunked\r\nX-B: c\r\n\r\n"),
            "transfer-encoding: chunked\r\nx-b: c\r\n",
        ),
        (format!("{ok}Connection: close\r\nX-B: c\r\n\r\n"), "x-b: c\r\nconnection: close\r\n"),
        (
            format!("{ok}Connection: close, bar\r\nX: c\r\n\r\n"),
            "connection: bar\r\nx: c\r\nconnection: close\r\n",
        ),
    ];
    for (received, fields) in cases {
        assert_eq!(
            forward_response(&received, Method::Get, Version::Http11, true),
            format!("{ok}{fields}\r\n")
        );
    }
}

#[test]
fn the_connection_is_told_by_both_versions() {
    let new = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    let old = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n";
    let cases = [
        (new, Version::Http11, true, ""),
        (new, Version::Http11, false, "connection: close\r\n"),
        (new, Version::Http10, true, "connection: keep-alive\r\n"),
        (new, Version::Http10, false, "connection: close\r\n"),
        (old, Version::Http11, true, "connection: keep-alive\r\n"),
        (old, Version::Http11, false, ""),
        (old, Version::Http10, true, "connection: keep-alive\r\n"),
        (old, Version::Http10, false, ""),
    ];
    for (received, client, persistent, connection) in cases {
        let sent = forward_response(received, Method::Get, client, persistent);
        assert!(sent.ends_with(&format!("content-length: 2\r\n{connection}\r\n")), "{sent}");
    }
}

#[test]
fn bodiless_responses_describe_what_a_get_would_bring_but_for_1xx_and_204() {
    let sent = |text: &str, method| forward_response(text, method, Version::Http11, true);
    let length = "content-length: 7\r\n\r\n";
    let coding = "transfer-encoding: chunked\r\n\r\n";

    assert!(sent("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", Method::Head).ends_with(length));
    assert!(sent("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Method::Head).ends_with(coding));
    assert!(
        sent("HTTP/1.1 304 No\r\nContent-Length: 07\r\n\r\n", Method::Get).contains("content-length: 7\r\n")
    );
    assert_eq!(sent("HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", Method::Get), "HTTP/1.1 204 No\r\n\r\n");
    let coded = "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(sent(coded, Method::Get), "HTTP/1.1 204 No\r\n\r\n");
    let early = "HTTP/1.1 103 Early\r\nLink: x\r\nContent-Length: 4\r\n\r\n";
    assert_eq!(sent(early, Method::Get), "HTTP/1.1 103 Early\r\nlink: x\r\n\r\n");
}

#[test]
fn a_switch_of_protocols_keeps_its_fields_in_place() {
    let text =
        "HTTP/1.1 101 Sw\r\nUpgrade: foo\r\nConnection: Upgrade, close\r\nX: a\r\nContent-Length: 3\r\n\r\n";

    let sent = forward_response(text, Method::Get, Version::Http11, true);

    assert_eq!(sent, "HTTP/1.1 101 Sw\r\nupgrade: foo\r\nconnection: Upgrade\r\nx: a\r\n\r\n");
}

#[test]
fn a_missing_reason_is_filled_in() {
    let sent =
        forward_response("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", Method::Get, Version::Http11, true);

    assert!(sent.starts_with("HTTP/1.1 200 OK\r\n"), "{sent}");
}

#[test]
fn framing_that_the_fields_lack_is_added_before_connection() {
    let head = response(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX: y\r\n\r\n").unwrap();
    let mut out = BytesMut::new();

    encode_response(&mut out, &head, Version::Http11, BodyLength::Chunked, Connection::Close);

    let expected = b"HTTP/1.1 200 OK\r\nx: y\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    assert_eq!(out, &expected[..]);
}

#[test]
fn connection_members_that_contradict_are_not_sent() {
    let mut head = request(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    head.fields.push(b"Connection", b"keep-alive, foo, upgrade");
    head.fields.push(b"Upgrade", b"x");
    let mut out = BytesMut::new();

    encode_request(&mut out, &head, Version::Http11, BodyLength::None, Connection::Close);

    assert_eq!(out, &b"GET / HTTP/1.1\r\nhost: a\r\nconnection: foo\r\nconnection: close\r\n\r\n"[..]);
}

#[test]
fn chunk_sizes_are_upper_case_hexadecimal() {
    for (len, line) in [
        (1, "1\r\n"),
        (10, "A\r\n"),
        (16, "10\r\n"),
        (0xabc_def, "ABCDEF\r\n"),
        (usize::MAX, "FFFFFFFFFFFFFFFF\r\n"),
    ] {
        let mut out = BytesMut::new();
        encode_chunk_header(&mut out, len);
        assert_eq!(out, line.as_bytes());
    }
}

#[test]
fn the_last_chunk_carries_the_trailers() {
    let mut trailers = Fields::default();
    trailers.push(b"X-T", b"q");
    let mut out = BytesMut::new();

    encode_last_chunk(&mut out, &trailers);

    assert_eq!(out, &b"0\r\nx-t: q\r\n\r\n"[..]);
}
