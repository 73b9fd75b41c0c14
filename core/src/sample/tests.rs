//! Expressions from text to value, on one exchange.

use super::*;
use crate::base::address::Address;
use crate::base::time::{Time, Wall};
use crate::http::RequestHead;
use proptest::prelude::*;

/// Evaluates `text` on a request with the fields that the binary was asked about.
fn value_of(text: &str) -> Option<String> {
    let mut request = RequestHead::default();
    request.set_method(b"GET");
    request.set_target(b"/a/b?x=1&y=%20zq&x=2&z");
    for (name, value) in [
        (&b"Host"[..], &b"h.example:80"[..]),
        (b"Foo", b"one, two,,\"a,b\""),
        (b"Foo", b""),
        (b"foo", b"x,"),
        (b"Cookie", b"a=1; b=\"2\" ; c; a = 3"),
    ] {
        request.fields.push(name, value);
    }
    let sample = Sample::compile(text).unwrap();
    let mut out = b"before ".to_vec();
    let found = with_scope(&request, |scope| sample.eval(scope, &mut out));
    assert!(out.starts_with(b"before "), "what stood in the buffer stays");
    found.then(|| String::from_utf8(out[7..].to_vec()).unwrap())
}

fn with_scope<R>(request: &RequestHead, look: impl FnOnce(&Scope<'_>) -> R) -> R {
    let client: Address = "127.0.0.1:40001".parse::<std::net::SocketAddr>().unwrap().into();
    let local: Address = "127.0.0.1:80".parse::<std::net::SocketAddr>().unwrap().into();
    let times = StreamTimes {
        accepted: Time::ZERO,
        accepted_wall: Wall::default(),
        handshaken: Time::ZERO,
        first_byte: Time::ZERO,
        head: Time::ZERO,
        dequeued: Time::NEVER,
        connected: Time::NEVER,
        response: Time::NEVER,
        ended: Time::NEVER,
    };
    look(&Scope {
        client: &client,
        local: &local,
        source: None,
        server_address: None,
        frontend: "fe",
        http: true,
        backend: "fe",
        server: None,
        times: &times,
        request: Some(request),
        response: None,
        status: 0,
        bytes_out: 0,
        bytes_in: 0,
        ending: Ending { letters: *b"----" },
        counts: [0; 4],
        retries: 0,
        priority: Default::default(),
        redispatched: false,
        server_queue: 0,
        backend_queue: 0,
        request_captures: &[],
        response_captures: &[],
        cookie_captures: [b""; 2],
        request_counter: 0,
        log_counter: 0,
        farm: None,
        content: b"",
        content_grows: false,
        listener: 1,
        log_asap: false,
        check: None,
        process: (1, "box"),
    })
}

#[test]
fn values_are_those_that_haproxy_gives() {
    // Recorded from haproxy 2.8 and 2.6 with this very request.
    for (text, expected) in [
        ("req.hdr(foo)", Some("")),
        ("req.hdr(foo,1)", Some("one")),
        ("req.hdr(foo,3)", Some("")),
        ("req.hdr(foo,4)", Some("\"a,b\"")),
        ("req.hdr(foo,-2)", Some("x")),
        ("req.hdr_cnt(foo)", Some("7")),
        ("req.fhdr_cnt(foo)", Some("3")),
        ("req.fhdr(foo)", Some("x,")),
        ("req.fhdr(foo,1)", Some("one, two,,\"a,b\"")),
        ("req.fhdr(foo,-2)", Some("")),
        ("req.hdr(none)", None),
        ("req.hdr_names", Some("host,foo,foo,foo,cookie")),
        ("hdr(foo,1)", Some("one")),
        ("method", Some("GET")),
        ("path", Some("/a/b")),
        ("query", Some("x=1&y=%20zq&x=2&z")),
        ("base", Some("h.example:80/a/b")),
        ("req.ver", Some("1.1")),
        ("req.cook(a)", Some("3")),
        ("req.cook(b)", Some("\"2\"")),
        ("req.cook(c)", None),
        ("req.cook", Some("1")),
        ("req.cook_cnt", Some("3")),
        ("req.cook_cnt(a)", Some("2")),
        ("url_param(x)", Some("1")),
        ("url_param(y)", Some("%20zq")),
        ("url_param(z)", None),
        ("str('a,b,,c'),field(2,',')", Some("b")),
        ("str('a,b,,c'),field(3,',')", None),
        ("str('a,b,,c'),field(9,',')", None),
        ("str('a,b,,c'),field(-1,',')", Some("c")),
        ("str('a,b,,c'),field(2,',',2)", Some("b,")),
        ("str('a,b,,c'),field(2,',',0)", Some("b,,c")),
        ("str('a,b,,c'),field(-2,',',2)", Some("b,")),
        ("str('a,b,,c'),field(-1,',',0)", Some("a,b,,c")),
        ("str('a,b,,c'),word(3,',')", Some("c")),
        ("str('a,b,,c'),word(9,',')", None),
        ("str('a,b,,c'),word(2,',',2)", Some("b,,c")),
        ("str('a,b,,c'),word(-2,',',2)", Some("a,b")),
        ("str(abcdef),bytes(2,2)", Some("cd")),
        ("str(abcdef),bytes(9)", None),
        ("str(abcdef),bytes(4,9)", Some("ef")),
        ("str('  a b '),ltrim(' ')", Some("a b ")),
        ("str(xyaxx),rtrim(xy)", Some("xya")),
        ("str('a b'),cut_crlf", Some("a b")),
        ("str(abc),base64", Some("YWJj")),
        ("str(ab),base64", Some("YWI=")),
        ("str(),length", Some("0")),
        ("str(a%20b+c),url_dec", Some("a b+c")),
        ("str(a?a+b%41),url_dec(1)", Some("a?a bA")),
        ("str(a?a+b%4),url_dec", None),
        ("int(7),div(2)", Some("3")),
        ("int(-7),mod(4)", Some("-3")),
        ("int(7),div(0)", Some("9223372036854775807")),
        ("str(12x),add(1)", Some("13")),
        ("int(5),hex", Some("0000000000000005")),
        ("src,hex", Some("7F000001")),
        ("always_true,add(1)", Some("2")),
        ("src_port,hex", Some("0000000000009C41")),
    ] {
        assert_eq!(value_of(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn problems_point_at_the_word() {
    let problem = |text: &str| Sample::compile(text).unwrap_err();

    assert_eq!(problem("src,lowr").offset, 4);
    assert_eq!(problem("str(a").problem, SampleProblem::Unclosed);
    assert_eq!(problem("src]").problem, SampleProblem::TrailingText);
    assert_eq!(problem("").problem, SampleProblem::MissingName);
    assert!(matches!(problem("ssl_fc_sni").problem, SampleProblem::Planned { .. }));
    assert!(matches!(problem("nosuch").problem, SampleProblem::Unknown { .. }));
    assert!(matches!(problem("req.hdr").problem, SampleProblem::BadArguments { of: "req.hdr", .. }));
}

#[test]
fn every_row_is_known_unique_documented_and_has_an_example_that_compiles() {
    let mut names = Vec::new();
    for entry in rows() {
        assert!(crate::keyword::is_known(entry.kind, entry.name), "{} is not in the vocabulary", entry.name);
        assert!(entry.note.ends_with('.'), "{} has no sentence", entry.name);
        names.push((entry.kind, entry.name));
    }
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "names are unique");
    for example in fetches().map(|row| row.example).chain(converters().map(|row| row.example)) {
        assert!(Sample::compile(example).is_ok(), "{example}");
    }
}

proptest! {
    #[test]
    fn no_text_and_no_header_panics(text in "\\PC*", name in "[a-z_.]{2,9}", tail in "[(),a-z0-9'\" -]*", value in any::<Vec<u8>>()) {
        let mut request = RequestHead::default();
        request.set_target(&value);
        request.fields.push(b"cookie", &value);
        request.fields.push(b"a", &value);
        let converters: Vec<String> = converters().map(|row| row.example.replacen("str(abc)", "req.hdr(a)", 1)).collect();
        for text in [text, format!("{name}{tail}")].into_iter().chain(converters).chain(fetches().map(|row| row.example.to_owned())) {
            if let Ok(sample) = Sample::compile(&text) {
                with_scope(&request, |scope| sample.eval(scope, &mut Vec::new()));
            }
        }
    }
}
