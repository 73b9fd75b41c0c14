//! Formats from text to line, on one exchange; the expected lines were recorded from haproxy 2.8.

use std::net::SocketAddr;

use super::*;
use crate::base::address::Address;
use crate::base::time::{Time, Wall};
use crate::http::RequestHead;
use crate::sample::{Ending, Scope, StreamTimes};
use proptest::prelude::*;

fn exchange(request: Option<&RequestHead>, look: impl FnOnce(&mut Scope<'_>)) {
    let client: Address = "127.0.0.1:59360".parse::<SocketAddr>().unwrap().into();
    let local: Address = "127.0.0.1:18100".parse::<SocketAddr>().unwrap().into();
    let server: Address = "127.0.0.1:18999".parse::<SocketAddr>().unwrap().into();
    let times = StreamTimes {
        accepted: Time::ZERO,
        accepted_wall: Wall { unix_nanos: 1_795_471_147_256_000_000, offset_seconds: 0 },
        handshaken: Time::ZERO,
        first_byte: Time::from_millis(5),
        head: Time::from_millis(6),
        dequeued: Time::from_millis(8),
        connected: Time::from_millis(11),
        response: Time::from_millis(15),
        ended: Time::from_millis(20),
    };
    look(&mut Scope {
        client: &client,
        local: &local,
        source: None,
        server_address: Some(&server),
        frontend: "fe",
        http: true,
        backend: "be",
        server: Some("s1"),
        times: &times,
        request,
        response: None,
        status: 200,
        bytes_out: 199,
        bytes_in: 109,
        ending: Ending { letters: *b"----" },
        counts: [1, 1, 0, 0],
        retries: 0,
        priority: Default::default(),
        redispatched: false,
        server_queue: 0,
        backend_queue: 0,
        request_captures: &[Some(b"three \"q".to_vec()), None],
        response_captures: &[Some(b"d".to_vec())],
        cookie_captures: [b""; 2],
        request_counter: 3,
        log_counter: 0,
        farm: None,
        content: b"",
        content_grows: false,
        listener: 1,
        log_asap: false,
        check: None,
        process: (7609, "vm"),
    });
}

fn request() -> RequestHead {
    let mut request = RequestHead::default();
    request.set_method(b"GET");
    request.set_target(b"/a/b?x=1&y=%20\"q");
    request.received = None;
    request
}

fn line(format: &Format) -> String {
    let request = request();
    let mut out = Vec::new();
    exchange(Some(&request), |scope| format.render(scope, &mut out));
    String::from_utf8(out).unwrap()
}

#[test]
fn every_form_is_as_haproxy_writes_it() {
    for (text, expected) in [
        ("a  b   c %ci  %cp    x", "a b c 127.0.0.1 59360 x"),
        ("  lead %ci  ", "lead 127.0.0.1 "),
        ("%%x%%%%y", "%x%%y"),
        ("%ci%cp%[src]%%%ci", "127.0.0.159360127.0.0.1%127.0.0.1"),
        ("%hr|%hrl|%hs|%hsl", "{three #22q|}|three #22q -|{d}|d"),
        ("%{+Q}hr|%{+Q}hrl", "\"{three #22q|}\"|\"three #22q\" \"\""),
        ("%HM %HP %HPO %HQ %HU %HV", "GET /a/b /a/b ?x=1&y=%20#22q /a/b?x=1&y=%20#22q HTTP/1.1"),
        (
            "%{+X}ci %{+X}cp %{+X}Ts %{+X}rt %{+X}pid %{+X}ac %{+X}sp %{+X}lc",
            "7F000001 E7E0 6B04B72B 0003 1DB9 1 4A37 0000",
        ),
        ("%T|%t|%ms", "23/Nov/2026:21:59:07 +0000|23/Nov/2026:21:59:07.256|256"),
        ("%Th %Ti %TR %Tq %Tw %Tc %Tr %Td %Ta %Tt %Tu", "0 5 1 6 2 3 4 5 15 20 15"),
        ("%{+Q}o %ci %cp %s %tsc %ID %{-Q}s %[int(3)]", "\"127.0.0.1\" 59360 \"s1\" ---- \"\" s1 \"3\""),
        ("%[capture.req.hdr(0)] %[capture.req.hdr(1)] %{+Q}[capture.req.hdr(1)]", "three \"q - \"\""),
        ("%bi %bp %ID %CC", "- - - -"),
    ] {
        let format = Format::compile(text, Options::LOG).unwrap();
        assert_eq!(line(&format), expected, "{text}");
    }
    let escaped = Format::compile("%{+Q,+E}[str('a\"b]')]|%{+E}[str(\"a\\]b\")]", Options::LOG).unwrap();
    assert_eq!(line(&escaped), "\"a\\\"b\\]\"|a\\]b");
}

#[test]
fn header_values_keep_spaces_and_show_no_dash() {
    let format = Format::compile("a  b  %[src]   c%[req.hdr(none)]  ", Options::REQUEST_RULE).unwrap();

    assert_eq!(line(&format), "a  b  127.0.0.1   c  ");
}

#[test]
fn the_documented_lines() {
    let http = "127.0.0.1:59360 [23/Nov/2026:21:59:07.261] fe be/s1 1/2/3/4/15 200 199 - - ---- 1/1/0/0/0 0/0 \
                {three #22q|} {d} \"GET /a/b?x=1&y=%20#22q HTTP/1.1\"";
    let clf = "127.0.0.1 - - [23/Nov/2026:21:59:07 +0000] \"GET /a/b?x=1&y=%20#22q HTTP/1.1\" 200 199 \"\" \"\" \
               59360 256 \"fe\" \"be\" \"s1\" 1 2 3 4 15 ---- 1 1 0 0 0 0 0 \"\" \"\" \"three #22q\" \"\" \"d\"";

    assert_eq!(line(&Format::http()), http);
    assert_eq!(line(&Format::http_clf()), clf);
    assert_eq!(
        line(&Format::tcp()),
        "127.0.0.1:59360 [23/Nov/2026:21:59:07.256] fe be/s1 2/3/20 199 -- 1/1/0/0/0 0/0"
    );
    assert_eq!(line(&Format::short(true)), "Connect from 127.0.0.1:59360 to 127.0.0.1:18100 (fe/HTTP)");
}

#[test]
fn a_bad_request_and_no_server_are_named() {
    let format = Format::compile("%b/%s %r %hr %si", Options::LOG).unwrap();
    let mut out = Vec::new();

    exchange(None, |scope| {
        scope.server = None;
        scope.server_address = None;
        scope.request_captures = &[];
        format.render(scope, &mut out);
    });

    assert_eq!(out, b"be/<NOSRV> <BADREQ> -");
}

#[test]
fn long_request_lines_are_cut_where_haproxy_cuts() {
    let mut request = request();
    request.set_target(&[b'u'; 1100]);
    request.received = None;
    for (text, length) in [("%r", 1023), ("%HU", 1019)] {
        let format = Format::compile(text, Options::LOG).unwrap();
        let mut out = Vec::new();
        exchange(Some(&request), |scope| format.render(scope, &mut out));
        assert_eq!(out.len(), length, "{text}");
    }
}

#[test]
fn early_lines_mark_what_still_grows() {
    let format = Format::compile("%Ta %Tt %Tu %B %U %Tr", Options::LOG).unwrap();
    let request = request();
    let mut out = Vec::new();

    exchange(Some(&request), |scope| {
        scope.log_asap = true;
        format.render(scope, &mut out);
    });

    assert_eq!(out, b"+15 +20 +15 +199 109 4");
}

#[test]
fn problems_point_at_the_place() {
    let problem = |text: &str| Format::compile(text, Options::LOG).unwrap_err();

    assert_eq!(problem("ab %zz").problem, FormatProblem::UnknownTag("zz".to_owned()));
    assert_eq!(problem("ab %zz").offset, 3);
    assert_eq!(problem("%{+Q,+Z}r").offset, 5);
    assert_eq!(problem("%[src").problem, FormatProblem::Unclosed);
    assert!(matches!(problem("%[req.ver]").problem, FormatProblem::Unavailable { fetch: "req.ver", .. }));
    assert_eq!(problem("50%").problem, FormatProblem::MissingTag);
}

#[test]
fn every_tag_is_known() {
    for row in rows() {
        let name = row.name;
        let known = [name.to_owned(), format!("%{name}")];
        assert!(known.iter().any(|name| crate::keyword::is_known(row.kind, name)), "{name}");
        assert!(row.note.ends_with('.'), "{name} has no sentence");
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in "([%{}+QXEo\\[\\]() a-zA-Z]|%r|%hr|%\\[src\\])*", target in any::<Vec<u8>>()) {
        if let Ok(format) = Format::compile(&text, Options::LOG) {
            let mut request = request();
            request.set_target(&target);
            exchange(Some(&request), |scope| format.render(scope, &mut Vec::new()));
        }
    }
}
