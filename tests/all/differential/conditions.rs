//! Conditions: which requests each matching method, flag, operator and combination lets through. Each condition
//! of a scenario adds a header, which the server sees.

use evenkeel_tests::origin::Reply;

use super::Scenario;
use super::scenario::FromActs;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Lines before conditions, and a header for each condition that holds.
fn scenario(lines: &str, conditions: &[&str]) -> Scenario {
    let rules = conditions.iter().enumerate();
    let rules: String = rules
        .map(|(number, condition)| format!("http-request set-header c{number} 1 {condition}\n"))
        .collect();
    plain(&format!("{lines}\n{rules}"), "").answering(OK)
}

/// A frontend before one server, each request on a connection of its own.
fn plain(front: &str, back: &str) -> Scenario {
    Scenario::http(&format!("option http-server-close\n{front}"), back)
}

/// Asks each condition about each request.
fn ask(lines: &str, conditions: &[&str], requests: &'static [&'static str]) {
    send(scenario(lines, conditions), requests);
}

fn send(scenario: Scenario, requests: &'static [&'static str]) {
    scenario.compare(move |stage| {
        for request in requests {
            let (line, fields) = request.split_once('\n').unwrap_or((request, ""));
            let fields: String = fields.lines().map(|field| format!("{field}\r\n")).collect();
            let mut client = stage.connect();
            client.send(format!(
                "{line} HTTP/1.1\r\nHost: www.Example.com\r\n{fields}Connection: close\r\n\r\n"
            ));
            client.read_to_end();
        }
    });
}

const PATHS: &[&str] = &[
    "GET /images/png/logo/32x32.png",
    "GET /a?b/c=1",
    "GET /",
    "GET //x//y/",
    "GET /PNG/",
    "GET http://www1.dc-eu.example.com:80/blah",
];

#[test]
fn texts_as_a_whole_at_the_beginning_and_at_the_end() {
    let conditions = [
        "if { path / }",
        "if { path -i /png/ /x }",
        "if { path -- -i / }",
        "if { path /PNG/ -i /png/ }",
        "if { path_beg /im }",
        "if { path_beg -i /IM /p /images }",
        "if { path_end png }",
        "if { path_end -i NG G/ }",
        "if { path -m beg -i -- /png }",
        "if { hdr_beg(host) www. }",
        "if { hdr_end(host) -i .EXAMPLE.com }",
        "if { hdr(host) www.example.com }",
        "if { hdr(host),lower www.example.com }",
        "if { hdr_beg(host),lower www. }",
        "if { hdr_beg(host),lower -m beg www. }",
        "if { hdr_dom(host) -m beg www. }",
        "if { url http://www1.dc-eu.example.com:80/blah }",
        "if { base_beg www.Example.com/a }",
        "if { str(ge) -m str ge }",
    ];
    ask("", &conditions, PATHS);
}

#[test]
fn texts_anywhere_and_between_delimiters() {
    let conditions = [
        "if { path_sub o/3 zz }",
        "if { path_sub -i pNg }",
        "if { path_dir png }",
        "if { path_dir -i png }",
        "if { path_dir /images }",
        "if { path_dir images/png }",
        "if { path_dir logo/32x32.png }",
        "if { path_dir 32x32 }",
        "if { path_dir /png/ }",
        "if { url_dir b }",
        "if { url_dir c=1 }",
        "if { path_dir / }",
        "if { path_dir x//y }",
        "if { path_dir x }",
        "if { url_dom www1 }",
        "if { url_dom eu }",
        "if { url_dom dc-eu.example }",
        "if { url_dom :www1: }",
        "if { url_dom dc-eu.example:80 }",
        "if { url_dom b/c=1 }",
        "if { url_dom . }",
        "if { hdr_dom(host) example.com }",
        "if { hdr_dom(host) -i example.com }",
    ];
    ask("", &conditions, PATHS);
}

#[test]
fn regular_expressions_lengths_and_bytes() {
    let conditions = [
        "if { path_reg ^/im.*g$ }",
        "if { path_reg -i ^/png }",
        "if { path_reg ^/$ ^//x }",
        "if { path_reg /[0-9]{2}x\\d+\\. }",
        "if { hdr_reg(host) -i ^(www|ftp)\\.example }",
        "if { url_reg ^[^/:]*:// }",
        "if { path_len 1 }",
        "if { path_len gt 5 }",
        "if { path_len 2:8 }",
        "if { url_len le 6 lt 1 }",
        "if { path -m len 0 }",
        "if { path -m bin 2f }",
        "if { path -m bin 2f504e472f 00 }",
        "if { path,hex -m str 2F }",
        "if { src -m bin 7f000001 }",
        "if { src -m len 9 }",
        "if { src -m reg ^127 }",
        "if { src -m sub 0.0 }",
        "if { path -m found }",
        "if { hdr(nobody) -m found }",
        "if { path -m found ignored }",
    ];
    ask("", &conditions, PATHS);
}

#[test]
fn numbers_ranges_and_operators() {
    let conditions = [
        "if { int(5) 5 }",
        "if { int(5) ge 5 }",
        "if { int(5) gt 5 }",
        "if { int(5) lt 6 7 }",
        "if { int(5) le 4 5 }",
        "if { int(5) eq 5 }",
        "if { int(5) gt 9 3 }",
        "if { int(5) 1:4 6: }",
        "if { int(5) :5 }",
        "if { int(5) 5: }",
        "if { int(5) gt 1:7 }",
        "if { int(5) gt 1:4 }",
        "if { int(5) gt 5:9 }",
        "if { int(5) gt 4: }",
        "if { int(5) gt 5: }",
        "if { int(5) lt 7:9 }",
        "if { int(5) lt 4:9 }",
        "if { int(5) lt :5 }",
        "if { int(5) lt 7: }",
        "if { int(5) ge 6:9 }",
        "if { int(5) ge 5:9 }",
        "if { int(5) le 1:5 }",
        "if { int(5) le 1:4 }",
        "if { int(5) le 7: }",
        "if { int(5) ge :4 }",
        "if { int(-5) -- -5 }",
        "if { int(-5) lt 0 }",
        "if { int(-5) -- :-1 }",
        "if { str(5) -m int 5 }",
        "if { str(5x) -m int 5 }",
        "if { str(x) -m int 0 }",
        "if { always_true -m int 1 }",
        "if { int(5) -m bool }",
        "if { int(0) -m bool }",
        "if { str(1) -m bool }",
        "if { str(yes) -m bool }",
        "if { always_true 0 }",
        "if { always_false 0 }",
        "if { int(55) -m beg 5 }",
        "if { int(5) 6 ge 5 }",
        "if { int(5) ge 9 eq 5 }",
        "if { int(5) 05 }",
        "if { int(5) ge }",
        "if { int(5),mul(2) 10 }",
        "if { str(5),add(1) 6 }",
        "if { src -m int 2130706433 }",
        "if { hdr_cnt(x) gt 1 }",
        "if { hdr_val(x) 7 }",
        "if { hdr(x) -m int 7 }",
        "if HTTP_CONTENT",
    ];
    ask("", &conditions, &["GET /", "GET /\nX: 3, 7x", "GET /\nX: 07\nContent-Length: 0"]);
}

#[test]
fn addresses_and_networks() {
    let conditions = [
        "if { src 127.0.0.1 }",
        "if { src 127.0.0.0/8 }",
        "if { src 127.1 }",
        "if { src 127 }",
        "if { src ::1 }",
        "if { src ::ffff:127.0.0.1 }",
        "if { src ::ffff:0:0/96 }",
        "if { src 127.0.0.1/255.0.0.255 }",
        "if { src 127.9.0.2/255.0.0.255 }",
        "if { src 127.0.0.1/255.255.0.0 }",
        "if { src 127.9.9.9/8 }",
        "if { src -n 10.0.0.0/8 127.0.0.0/30 }",
        "if { src ::/0 }",
        "if { src 0.0.0.0/0 }",
        "if { src 128.0.0.0/1 }",
        "if LOCALHOST",
        "if { src -m str 127.0.0.1 ::1 }",
        "if { str(::ffff:127.0.0.1) -m ip 127.0.0.0/8 }",
        "if { str(2002:7f00:1::) -m ip 127.0.0.0/8 }",
        "if { str(::127.0.0.1) -m ip 127.0.0.1 }",
        "if { str(2001:db8::7) -m ip 2001:db8::/32 }",
        "if { str(x) -m ip 0.0.0.0/0 }",
        "if { int(2130706433) -m ip 127.0.0.1 }",
        "if { hdr_ip(x-forwarded-for) 10.0.0.0/8 }",
        "if { hdr_ip(x-forwarded-for,-1) 10.0.0.0/8 }",
        "if { hdr_ip(x-forwarded-for) -m found }",
        "if { hdr_ip(x-forwarded-for) 2001:db8::/32 }",
        "if { hdr(x-forwarded-for) -m ip 10.0.0.0/8 }",
    ];
    ask(
        "",
        &conditions,
        &[
            "GET /",
            "GET /\nX-Forwarded-For: 10.1.2.3, 192.0.2.1",
            "GET /\nX-Forwarded-For: nobody, 192.0.2.1, 10.0.0.9:80",
            "GET /\nX-Forwarded-For: 2001:db8::9",
            "GET /\nX-Forwarded-For: nobody",
        ],
    );
}

#[test]
fn methods_and_predefined_acls() {
    let conditions = [
        "if { method GET }",
        "if { method get }",
        "if { method -i get }",
        "if { method FOO }",
        "if { method foo }",
        "if { method -i foo }",
        "if { method FOO HEAD }",
        "if { method -m str GET }",
        "if { method -m beg G }",
        "if { method -m len 3 }",
        "if { method,lower get }",
        "if METH_GET",
        "if METH_HEAD",
        "if METH_POST",
        "if METH_PUT",
        "if METH_DELETE",
        "if METH_OPTIONS",
        "if METH_TRACE",
        "if HTTP",
        "if HTTP_1.0",
        "if HTTP_1.1",
        "if HTTP_2.0",
        "if HTTP_CONTENT",
        "if HTTP_URL_ABS",
        "if HTTP_URL_SLASH",
        "if HTTP_URL_STAR",
        "if TRUE",
        "if FALSE",
        "if { req.ver -m beg 1. }",
        "if { req.proto_http }",
    ];
    let requests = &[
        "GET /",
        "HEAD /",
        "get /",
        "FOO /",
        "POST /\nContent-Length: 0",
        "PUT /\nContent-Length: 0",
        "DELETE /",
        "OPTIONS *",
        "GET http://a/x",
    ];
    ask("", &conditions, requests);
}

#[test]
fn every_value_of_a_header_a_cookie_and_a_parameter() {
    let conditions = [
        "if { hdr(x) a }",
        "if { hdr(x) b }",
        "if { hdr(x) c }",
        "if { hdr(x,1) a }",
        "if { hdr(x,1) b }",
        "if { hdr(x,-1) c }",
        "if { hdr(x),upper B }",
        "if { hdr(x),field(2,-) -m str b }",
        "if { hdr(x),length 3 }",
        "if { req.fhdr(x) a }",
        "if { req.fhdr(x) -m beg a, }",
        "if { hdr(x) -m found }",
        "if { hdr(x) -m len 0 }",
        "if { hdr_len(x) gt 1 }",
        "if { hdr_cnt(x) 3 }",
        "if { cook(a) 1 }",
        "if { cook(a) 3 4 }",
        "if { cook 2 }",
        "if { cook_beg(b) 2 }",
        "if { cook_cnt(a) 2 }",
        "if { urlp(a) 1 }",
        "if { urlp(a) 3 }",
        "if { urlp(c) -m found }",
        "if { urlp_sub(b) 2 }",
        "if { url_param(b) 2 }",
    ];
    let requests = &[
        "GET /\nX: a, b\nX: c",
        "GET /\nX: a-b",
        "GET /\nX: q,a-b",
        "GET /\nX:",
        "GET /\nCookie: a=1; b=2; a=3",
        "GET /\nCookie: a=1\nCookie: a=4",
        "GET /?a=1&b=2&a=3&c",
    ];
    ask("", &conditions, requests);
}

#[test]
fn combinations() {
    let lines = "acl a hdr(a) 1\nacl b hdr(b) 1\nacl c hdr(c) 1\nacl c path /c\nacl TRUE path /x\nacl late hdr(late) 1";
    let conditions = [
        "",
        "if",
        "unless",
        "if a",
        "if !a",
        "if ! a",
        "if !!a",
        "unless a",
        "if a b",
        "if a !b",
        "if a || b",
        "if a or b c",
        "if a b or c !a or !b",
        "unless a b or c",
        "if a or",
        "if or a",
        "if a or or b",
        "if TRUE",
        "if c",
        "if !c",
        "if a { path / } !{ hdr(b) 1 } or { path /c } c",
        "if late",
    ];
    scenario_with_late_line(lines, &conditions);
}

/// An ACL that grows behind the rules that ask it.
fn scenario_with_late_line(lines: &str, conditions: &[&str]) {
    let rules = conditions.iter().enumerate();
    let rules: String = rules
        .map(|(number, condition)| format!("http-request set-header c{number} 1 {condition}\n"))
        .collect();
    let scenario = plain(&format!("{lines}\n{rules}acl late path /late\n"), "").answering(OK);
    send(
        scenario,
        &[
            "GET /",
            "GET /\nA: 1",
            "GET /\nB: 1",
            "GET /\nC: 1",
            "GET /\nA: 1\nB: 1",
            "GET /\nA: 1\nB: 1\nC: 1",
            "GET /c\nA: 1",
            "GET /x",
            "GET /late",
            "GET /\nLate: 1",
        ],
    );
}

#[test]
fn pattern_files() {
    let conditions = [
        "if { hdr(x) -f {scratch}/plain }",
        "if { hdr(x) -i -f {scratch}/folded }",
        "if { hdr(x) -f {scratch}/plain -i -f {scratch}/folded z }",
        "if { hdr(x) -M -f {scratch}/map }",
        "if { hdr(x) -u 7 -f {scratch}/plain -- -i }",
        "if { hdr(x) -m beg -f {scratch}/begins }",
        "if { hdr(x) -m int -f {scratch}/numbers }",
        "if { src -f {scratch}/networks }",
    ];
    let scenario = scenario("", &conditions)
        .file("plain", "# no\n\n  one\n\ttwo words\n #three\n")
        .file("folded", "Four\n")
        .file("map", "five 6\nseven\t8\n")
        .file("begins", "ni\n")
        .file("numbers", "10\n12:14\n")
        .file("networks", "127.0.0.0/8\n");
    let requests = &[
        "GET /\nX: one",
        "GET /\nX: ONE",
        "GET /\nX: two words",
        "GET /\nX: #three",
        "GET /\nX: # no",
        "GET /\nX: four",
        "GET /\nX: five",
        "GET /\nX: 6",
        "GET /\nX: seven",
        "GET /\nX: nine",
        "GET /\nX: 13",
        "GET /\nX: Z",
        "GET /\nX: -i",
    ];
    send(scenario, requests);
}

#[test]
fn conditions_of_responses() {
    let back = "acl json res.hdr(content-type) application/json\n\
                http-response set-header a 1 if json\n\
                http-response set-header b 1 unless json\n\
                http-response set-header c 1 if { status 200:299 }\n\
                http-response set-header d 1 if { shdr(set-cookie) -m found } { scook(s) 1 }\n\
                http-response set-header e 1 if { src 127.0.0.0/8 } METH_GET\n\
                http-response deny if { res.hdr(x-deny) 1 }\n";
    let origin = |request: &evenkeel_tests::origin::Request| {
        let fields = match request.head.split(' ').nth(1) {
            Some("/json") => "Content-Type: application/json\r\n",
            Some("/cookie") => "Set-Cookie: s=1; path=/\r\n",
            Some("/deny") => "X-Deny: 0, 1\r\n",
            _ => "",
        };
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{fields}\r\n");
        Reply::from_acts(vec![evenkeel_tests::origin::Act::Send(answer.into_bytes())])
    };
    let scenario = plain("", back).origin(origin);
    send(scenario, &["GET /", "GET /json", "GET /cookie", "GET /deny", "POST /\nContent-Length: 0"]);
}

#[test]
fn a_request_test_never_holds_in_a_response_rule() {
    let back = "http-response set-header a 1 if { path / }\n\
                http-response set-header b 1 unless { path / }\n\
                http-response set-header c 1 if !{ hdr(host) -m found }\n";
    send(plain("", back).answering(OK), &["GET /", "GET /x"]);
}

#[test]
fn denied_on_a_condition() {
    let front = "http-request deny if { path /default }\n\
                 http-request deny deny_status 429 if { path_beg /slow } !{ hdr(pass) 1 }\n\
                 http-request allow if { path /allow }\n\
                 http-request deny deny_status 404 unless { path / } or { path_beg /slow }\n";
    let requests = &["GET /", "GET /default", "GET /slow", "GET /slow\nPass: 1", "GET /allow", "GET /other"];
    send(plain(front, "").answering(OK), requests);
}

/// A frontend before three backends, whose servers name themselves.
fn switching(front: &str, default: &str) -> Scenario {
    let answer = |name: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
    let front: String = front.lines().map(|line| format!("  {}\n", line.trim())).collect();
    let backends: String =
        (1..=3).map(|n| format!("backend b{n}\n  server s 127.0.0.1:{{s{n}}}\n")).collect();
    Scenario::config(&format!(
        "defaults\n  mode http\n  option httplog\n  option http-server-close\n  log {{log}} local0\n  timeout connect 5s\n  timeout client 10s\n  \
         timeout server 10s\nfrontend in\n  bind 127.0.0.1:{{front}}\n{front}{default}{backends}"
    ))
    .answering(answer("1"))
    .answering(answer("2"))
    .answering(answer("3"))
}

#[test]
fn backends_by_rules() {
    let rules = "acl two path_beg /two\nuse_backend b2 if two\nuse_backend b3 unless { path_beg /one } or { hdr(x) 1 }";
    let requests = &["GET /two", "GET /one", "GET /three", "GET /three\nX: 1", "GET /two\nX: 1"];
    send(switching(rules, "  default_backend b1\n"), requests);
    send(switching(rules, ""), requests);
    send(switching("use_backend b2\nuse_backend b3 if TRUE", "  default_backend b1\n"), &["GET /"]);
}

#[test]
fn backends_by_names_of_the_moment() {
    let rules =
        "use_backend b3 if { path /three }\nuse_backend %[hdr(to)] if { path /name }\nuse_backend b2 if TRUE";
    let requests = &[
        "GET /name\nTo: b1",
        "GET /name\nTo: b3",
        "GET /name\nTo: nobody",
        "GET /name",
        "GET /three\nTo: b1",
        "GET /",
    ];
    send(switching(rules, "  default_backend b1\n"), requests);
    send(switching("use_backend b%[hdr(to),length]", ""), &["GET /\nTo: xx", "GET /\nTo: xxxxx"]);
}

#[test]
fn the_monitor_fails_on_a_condition() {
    let front = "monitor-uri /health\nacl ill hdr(ill) 1\nmonitor fail if ill\nmonitor fail unless { hdr(host) -m found }";
    send(
        plain(front, "").answering(OK),
        &["GET /health", "GET /health\nIll: 1", "GET /other\nIll: 1", "HEAD /health\nIll: 1"],
    );
}
