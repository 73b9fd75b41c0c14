//! Request targets and `Host`.

use super::*;

fn target(line: &str, host: &str) -> Result<(), Error> {
    request(format!("{line} HTTP/1.1\r\n{host}\r\n").as_bytes()).map(drop)
}

#[test]
fn a_place_named_twice_must_be_the_same() {
    for (line, host) in [
        ("GET http://a/x", "Host: A\r\n"),
        ("GET http://a:80/x", "Host: a\r\n"),
        ("GET http://a/x", "Host: a:80\r\n"),
        ("GET http://a:/x", "Host: a\r\n"),
        ("GET https://a:443", "Host: a\r\n"),
        ("GET http://user@a/x", "Host: a\r\n"),
        ("GET http://[::1]:80/", "Host: [::1]\r\n"),
        ("GET ftp://a/x", ""),
        ("CONNECT a:443", "Host: a\r\n"),
        ("CONNECT a:81", "Host: a:81\r\n"),
        ("CONNECT a:81", ""),
    ] {
        assert_eq!(target(line, host), Ok(()), "{line} {host}");
    }
    for (line, host) in [
        ("GET http://b/x", "Host: a\r\n"),
        ("GET http://a:81/x", "Host: a\r\n"),
        ("GET http://a:443/x", "Host: a\r\n"),
        ("GET http://a/x", "Host:\r\n"),
        ("CONNECT b:443", "Host: a:443\r\n"),
        ("CONNECT a:81", "Host: a\r\n"),
    ] {
        assert_eq!(target(line, host), Err(Error::HostDiffers), "{line} {host}");
    }
}

#[test]
fn other_forms_are_refused() {
    for line in [
        "GET foo",
        "GET foo:bar",
        "GET 1foo://a/",
        "GET http:///x",
        "GET http://a?x",
        "GET http://a,b/",
        "OPTIONS *x",
        "CONNECT a",
        "CONNECT a:",
        "CONNECT a:x",
        "CONNECT /a",
        "CONNECT http://a:443/",
    ] {
        let position = line.find(' ').unwrap() + 1;
        assert_eq!(target(line, ""), Err(Error::BadTarget { position }), "{line}");
    }
}

#[test]
fn bytes_that_a_target_may_not_have_are_refused() {
    for byte in [0x01, b'\t', b'#', 0x7f, 0xff] {
        let text = [b"GET /a", &[byte][..], b" HTTP/1.1\r\n\r\n"].concat();
        assert_eq!(request(&text).unwrap_err(), Error::BadTarget { position: 6 }, "{byte:#x}");
    }
    assert_eq!(target("GET /\"<>\\^`{|}", ""), Ok(()));
}

#[test]
fn host_may_be_missing_or_empty_but_neither_repeated_nor_malformed() {
    assert_eq!(target("GET /", ""), Ok(()));
    assert_eq!(target("GET /", "Host:\r\n"), Ok(()));
    assert_eq!(target("GET /", "Host: [::1]:80\r\n"), Ok(()));
    assert_eq!(target("GET /", "Host: a\r\nhost: a\r\n"), Err(Error::HostRepeated));
    for host in ["a b", "a,b", "u@a", "a/b", "a?b", "a#b", "[::1", "[::1]x", "[::1]:x", "a]", "\u{e9}"] {
        assert_eq!(target("GET /", &format!("Host: {host}\r\n")), Err(Error::HostInvalid), "{host}");
    }
}

#[test]
fn targets_that_name_a_host_take_the_form_that_haproxy_sends() {
    for (line, host, target, sent_host) in [
        ("GET http://a:80/x", "a:80", "http://a/x", "a"),
        ("GET http://A:80/x", "a", "http://A/x", "A"),
        ("GET http://a:80", "a", "http://a/", "a"),
        ("GET http://u:p@a:80", "a", "http://u:p@a/", "a"),
        ("GET http://a:/x", "a", "http://a/x", "a"),
        ("GET http://[::1]:80/x", "[::1]", "http://[::1]/x", "[::1]"),
        ("GET HTTPS://a:443/x", "a:443", "HTTPS://a/x", "a"),
        ("GET http://a:443/x", "a:443", "http://a:443/x", "a:443"),
        ("GET http://a", "a:80", "http://a/", "a"),
        ("GET http://a/x", "a:80", "http://a/x", "a:80"),
        ("GET http://a/x", "a:", "http://a/x", "a:"),
        ("GET ws://a:80/x", "a:80", "ws://a:80/x", "a:80"),
        ("OPTIONS http://a", "a", "http://a", "a"),
        ("GET /x?http://a:80", "a:80", "/x?http://a:80", "a:80"),
        ("CONNECT a:443", "A:443", "a:443", "A"),
        ("CONNECT a:80", "a:80", "a:80", "a"),
        ("CONNECT a:81", "a:81", "a:81", "a:81"),
    ] {
        let head = request(format!("{line} HTTP/1.1\r\nHost: {host}\r\nX: y\r\n\r\n").as_bytes()).unwrap();

        let all: Vec<_> = head.fields.iter().map(|(_, _, value)| value).collect();
        assert_eq!(head.target(), target.as_bytes(), "{line} {host}");
        assert_eq!(all, [sent_host.as_bytes(), b"y"], "{line} {host}");
    }
}
