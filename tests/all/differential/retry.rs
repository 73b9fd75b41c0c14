//! What is tried again, how often, and where: `retries`, `retry-on`, `option redispatch`.

use evenkeel_tests::origin::{Act, Reply};

use super::Scenario;
use super::scenario::FromActs;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const GET: &str = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A proxy before servers of which the first is asked first. It keeps no idle connections: how many of them
/// are left over is another matter.
fn proxy(lines: &str) -> Scenario {
    let lines: String = lines.lines().map(|line| format!("  {}\n", line.trim())).collect();
    Scenario::config(&format!(
        "defaults\n  mode http\n  retries 2\n  timeout connect 300ms\n  timeout client 5s\n  timeout server 300ms\n  \
         log {{log}} local0\n  option httplog\n  option http-server-close\n\
         listen in\n  bind 127.0.0.1:{{front}}\n  balance first\n{lines}  server s1 127.0.0.1:{{s1}}\n"
    ))
}

/// One that fails so many times before it answers.
fn failing(scenario: Scenario, times: usize, failure: Vec<Act>) -> Scenario {
    scenario.origin(move |request| {
        let fails = request.number < times;
        Reply::from_acts(if fails { failure.clone() } else { vec![Act::Send(HELLO.into())] })
    })
}

fn one_request(scenario: Scenario, request: impl AsRef<[u8]>) {
    let request = request.as_ref().to_vec();
    scenario.compare(move |stage| {
        let mut client = stage.connect();
        client.send(&request);
        client.read_to_end();
        stage.wait_log("in in/");
    });
}

fn post(length: usize) -> String {
    let body = "x".repeat(length);
    format!("POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// Plays a failure that happens once, and one that never ends; alone, and with another server that answers.
fn each_way(word: &str, failure: &[Act]) {
    for times in [1, 100] {
        one_request(failing(proxy(&format!("retry-on {word}")), times, failure.to_vec()), GET);
        for option in ["", "option redispatch", "option redispatch 2"] {
            let mut scenario = failing(proxy(&format!("retry-on {word}\n{option}")), times, failure.to_vec());
            scenario.config.push_str("  server s2 127.0.0.1:{s2}\n");
            one_request(scenario.answering(HELLO.replace("hello", "other")), GET);
        }
    }
}

fn status(status: u16) -> Vec<Act> {
    vec![Act::Send(format!("HTTP/1.1 {status} No\r\nContent-Length: 3\r\n\r\nbad").into_bytes())]
}

#[test]
fn empty_response() {
    each_way("empty-response", &[Act::Close]);
    each_way("empty-response", &[Act::Reset]);
}

#[test]
fn a_redispatch_of_zero_is_none() {
    let mut scenario = failing(proxy("retry-on empty-response\noption redispatch 0"), 1, vec![Act::Close]);
    scenario.config.push_str("  server s2 127.0.0.1:{s2}\n");
    one_request(scenario.answering(HELLO).changed_since_2_6("2.6 leaves the server all the same"), GET);
}

#[test]
fn junk_response() {
    each_way("junk-response", &[Act::Send("nonsense\r\n\r\n".into()), Act::ReadEnd]);
}

#[test]
fn response_timeout() {
    each_way("response-timeout", &[Act::ReadEnd]);
}

#[test]
fn a_status() {
    each_way("503", &status(503));
}

#[test]
fn every_status_that_may_be_asked_for() {
    for code in [401, 403, 404, 408, 425, 500, 501, 502, 503, 504] {
        one_request(failing(proxy(&format!("retry-on {code}")), 1, status(code)), GET);
        one_request(failing(proxy("retry-on all-retryable-errors"), 1, status(code)), GET);
    }
}

#[test]
fn half_a_head_is_junk() {
    let half = vec![Act::Send("HTTP/1.1 200 OK\r\nX-Half".into()), Act::Close];
    for word in ["junk-response", "empty-response", "none"] {
        for times in [1, 100] {
            let scenario = failing(proxy(&format!("retry-on {word}")), times, half.clone());
            one_request(scenario.changed_since_2_6("2.6 calls half a head empty"), GET);
        }
    }
}

#[test]
fn what_is_not_asked_for_is_not_tried_again() {
    one_request(failing(proxy("retry-on none"), 1, vec![Act::Close]), GET);
    one_request(failing(proxy("retry-on junk-response"), 1, vec![Act::Close]), GET);
    one_request(failing(proxy("retry-on empty-response"), 1, vec![Act::ReadEnd]), GET);
    one_request(failing(proxy("retry-on response-timeout"), 1, status(503)), GET);
    one_request(failing(proxy(""), 1, vec![Act::Close]), GET);
    one_request(failing(proxy(""), 1, vec![Act::Close]), post(10));
    one_request(failing(proxy("retry-on 503\nretries 0"), 1, status(503)), GET);
}

#[test]
fn a_rule_keeps_requests_from_being_sent_twice() {
    let lines = "retry-on all-retryable-errors\nhttp-request disable-l7-retry";
    one_request(failing(proxy(lines), 1, status(503)), GET);
    one_request(failing(proxy(lines), 1, vec![Act::Close]), GET);
}

#[test]
fn connections_are_tried_again_only_if_asked_for() {
    for word in ["none", "conn-failure", "empty-response", "503", "all-retryable-errors"] {
        let config = proxy(&format!("retry-on {word}\noption redispatch\nserver dead 127.0.0.1:{{dead}}"));
        one_request(config.answering(HELLO), GET);
    }
}

#[test]
fn bodies_are_sent_again_if_all_of_them_fit() {
    for length in [1, 5_000, 14_000, 17_000, 100_000] {
        one_request(failing(proxy("retry-on 503"), 1, status(503)), post(length));
    }
}

#[test]
fn chunks_are_sent_again() {
    let head = "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    one_request(
        failing(proxy("retry-on 503"), 2, status(503)),
        format!("{head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
    );
}

#[test]
fn a_body_that_comes_late_is_not_sent_again() {
    failing(proxy("retry-on 503"), 1, status(503)).compare(|stage| {
        let mut client = stage.connect();
        client.send("POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc");
        stage.origin(1).wait(|seen| seen.iter().any(|seen| seen.bytes.ends_with(b"abc")));
        client.send("def");
        client.read_to_end();
        stage.wait_log("in in/");
    });
}

#[test]
fn nothing_is_tried_again_once_an_answer_has_begun() {
    let cut = vec![Act::Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".into()), Act::Close];
    one_request(failing(proxy("retry-on all-retryable-errors"), 1, cut), GET);
}

#[test]
fn an_interim_answer_is_an_answer_begun() {
    let interim =
        vec![Act::Send("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n".into()), Act::Pause(50), Act::Close];
    failing(proxy("retry-on empty-response"), 1, interim)
        .stricter(
            "a client that has seen the hints of one answer gets no other; haproxy's way depends on timing",
            &["103 Early Hints", "502 Bad Gateway", "!hello"],
            &["103 Early Hints"],
        )
        .compare(|stage| {
            let mut client = stage.connect();
            client.send(GET);
            client.read_to_end();
        });
}

#[test]
fn an_idle_connection_that_dies_is_as_dead_as_another() {
    for request in [post(3), GET.to_owned()] {
        let lines = "retry-on empty-response\nhttp-reuse always\nno option http-server-close";
        let scenario = proxy(lines).origin(|request| {
            let dies = request.number == 1;
            Reply::from_acts(vec![if dies { Act::Close } else { Act::Send(HELLO.into()) }])
        });
        scenario.compare(move |stage| {
            stage.get("/first");
            stage.wait_log("/first");
            let mut client = stage.connect();
            client.send(&request);
            client.read_to_end();
            stage.wait_log("/x");
        });
    }
}

#[test]
fn a_cookie_holds_until_the_last_retry() {
    for option in ["option redispatch", "option redispatch 1", "option redispatch -2", "no option redispatch"]
    {
        let mut scenario =
            failing(proxy(&format!("retry-on 503\ncookie S insert indirect\n{option}")), 100, status(503));
        scenario.config = scenario.config.replace("{s1}\n", "{s1} cookie a\n");
        scenario.config.push_str("  server s2 127.0.0.1:{s2} cookie b\n");
        one_request(
            scenario.answering(HELLO),
            "GET /x HTTP/1.1\r\nHost: a\r\nCookie: S=a\r\nConnection: close\r\n\r\n",
        );
    }
}
