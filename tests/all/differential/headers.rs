//! What is added to, changed in and taken from heads.

use evenkeel_tests::origin::Act;

use super::Scenario;

const HELLO: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\nX-Frame-Options: ALLOW\r\n\r\nhello";

fn with_request(front: &str, back: &str, request: &'static str) {
    Scenario::http(front, back).answering(HELLO).compare(move |stage| {
        let mut client = stage.connect();
        client.send(request);
        client.read_answer();
    });
}

const PLAIN: &str = "GET /path?q=1 HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\n\r\n";

#[test]
fn forwardfor_adds_the_client() {
    with_request("option forwardfor", "", PLAIN);
}

#[test]
fn forwardfor_comes_after_an_existing_one() {
    with_request(
        "option forwardfor",
        "",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\nX-Last: 1\r\n\r\n",
    );
}

#[test]
fn forwardfor_in_both_halves_is_added_once() {
    with_request("option forwardfor", "option forwardfor", PLAIN);
}

#[test]
fn forwardfor_except_the_loopback() {
    with_request("option forwardfor except 127.0.0.0/8", "", PLAIN);
}

#[test]
fn forwardfor_under_another_name() {
    with_request("option forwardfor header X-Client", "", PLAIN);
}

#[test]
fn forwardfor_if_none_with_one() {
    with_request(
        "option forwardfor if-none",
        "",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n",
    );
}

#[test]
fn forwardfor_if_none_without_one() {
    with_request("option forwardfor if-none", "", PLAIN);
}

#[test]
fn response_headers_are_set() {
    with_request(
        "http-response set-header X-Frame-Options SAMEORIGIN\nhttp-response set-header X-New yes",
        "http-response set-header X-Frame-Options DENY",
        PLAIN,
    );
}

#[test]
fn request_headers_are_set() {
    with_request(
        "http-request set-header User-Agent replaced",
        "http-request set-header X-New %[src]",
        PLAIN,
    );
}

#[test]
fn hop_by_hop_fields_of_the_client() {
    with_request(
        "",
        "",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: x\r\n\r\n",
    );
}

#[test]
fn hop_by_hop_fields_of_the_server() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nhello";
    Scenario::http("", "").answering(answer).compare(|stage| {
        let mut client = stage.connect();
        client.send(PLAIN);
        client.read_answer();
    });
}

#[test]
fn odd_but_legal_fields_pass() {
    with_request(
        "",
        "",
        "OPTIONS * HTTP/1.1\r\nHost:a\r\nEmpty:\r\nSpaces:   around   \r\nTab:\tx\r\nCookie: a=1\r\nCookie: b=2\r\nX-Umlaut: öä\r\n\r\n",
    );
}

#[test]
fn an_absolute_target_passes() {
    with_request("", "", "GET http://example.org/x HTTP/1.1\r\nHost: example.org\r\n\r\n");
}

#[test]
fn an_unknown_method_passes() {
    with_request("", "", "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn a_missing_host_passes() {
    with_request("", "", "GET / HTTP/1.1\r\n\r\n");
}

#[test]
fn the_reason_of_the_server_passes() {
    Scenario::http("", "")
        .acting(vec![Act::Send("HTTP/1.1 299 Quite Odd\r\nContent-Length: 0\r\n\r\n".into())])
        .compare(|stage| {
            let mut client = stage.connect();
            client.send(PLAIN);
            client.read_answer();
        });
}

#[test]
fn an_answer_without_a_reason_passes() {
    let scenario = Scenario::http("", "").answering("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n");
    scenario.changed_since_2_6("the usual reason is filled in").compare(|stage| {
        let mut client = stage.connect();
        client.send(PLAIN);
        client.read_answer();
    });
}
