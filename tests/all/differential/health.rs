//! Health checks as a server sees them, and what follows from their outcome.

use evenkeel_tests::origin::{Act, Reply};

use super::Scenario;
use super::scenario::FromActs;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

fn checked(back: &str, server: &str) -> Scenario {
    let config = format!(
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n  log {{log}} local0\n\
         listen in\n  bind 127.0.0.1:{{front}}\n{back}  server s1 127.0.0.1:{{s1}} check {server}\n"
    );
    Scenario::config(&config)
}

/// The bytes of the first check.
fn first_check(back: &str) {
    checked(back, "inter 60s").answering(HELLO).compare(|stage| {
        stage.origin(1).wait(|seen| seen.first().is_some_and(|seen| seen.bytes.ends_with(b"\r\n\r\n")));
    });
}

#[test]
fn httpchk_plain() {
    first_check("  option httpchk\n");
}

#[test]
fn httpchk_uri() {
    first_check("  option httpchk /check\n");
}

#[test]
fn httpchk_method_uri() {
    first_check("  option httpchk GET /check\n");
}

#[test]
fn httpchk_method_uri_version() {
    first_check("  option httpchk HEAD /check HTTP/1.1\n");
}

#[test]
fn http_check_send() {
    first_check(
        "  option httpchk\n  http-check send meth GET uri /check ver HTTP/1.1 hdr Host example.org hdr X-Probe yes\n",
    );
}

#[test]
fn http_check_send_with_a_body() {
    first_check(
        "  option httpchk\n  http-check send meth POST uri /check ver HTTP/1.1 hdr Host a body ping\n",
    );
}

/// A server that passes `good` checks and then fails.
fn down_and_up(back: &str, server: &str, changes: &'static [&'static str]) {
    let scenario = checked(back, server).origin(|_| Reply::from_acts(vec![Act::Send(HELLO.into())]));
    scenario.compare(move |stage| {
        stage.hide_origins();
        stage.origin(1).wait(|seen| !seen.is_empty());
        let up = stage.get("/up");
        stage.note(format!("before: {}", up.lines().next().unwrap_or_default()));
        stage.origin(1).kill();
        stage.wait_log(changes[0]);
        let down = stage.get("/down");
        stage.note(format!("while dead: {}", down.lines().next().unwrap_or_default()));
        stage.origin(1).revive();
        stage.wait_log(changes[1]);
        let again = stage.get("/again");
        stage.note(format!("after: {}", again.lines().next().unwrap_or_default()));
    });
}

#[test]
fn a_killed_server_goes_down_and_comes_back_by_tcp_checks() {
    down_and_up("", "inter 100ms fall 2 rise 2", &["is DOWN", "is UP"]);
}

#[test]
fn a_killed_server_goes_down_and_comes_back_by_http_checks() {
    down_and_up("  option httpchk GET /check\n", "inter 100ms fall 3 rise 2", &["is DOWN", "is UP"]);
}

#[test]
fn each_check_may_be_logged() {
    down_and_up(
        "  option httpchk GET /check\n  option log-health-checks\n",
        "inter 300ms fall 2 rise 2",
        &["is DOWN", "is UP"],
    );
}

/// A server whose check answer is not what is wanted.
fn failing_check(back: &str, answer: &str) {
    checked(back, "inter 100ms fall 2").answering(answer).compare(|stage| {
        stage.hide_origins();
        stage.wait_log("has no server available");
        let answer = stage.get("/");
        stage.note(answer.lines().next().unwrap_or_default());
    });
}

#[test]
fn a_check_answered_with_500() {
    failing_check("  option httpchk GET /check\n", "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn a_check_answered_with_garbage() {
    let scenario = checked("  option httpchk GET /check\n", "inter 100ms fall 2").answering("what?\r\n\r\n");
    let scenario = scenario.changed_since_2_6("more is awaited until the check's time is over");
    let reason = "what is no answer is known to be none at once";
    scenario.stricter(reason, &["Layer7 invalid response"], &["Layer7 timeout"]).compare(|stage| {
        stage.hide_origins();
        stage.wait_log("has no server available");
    });
}

#[test]
fn a_check_that_expects_another_status() {
    failing_check("  option httpchk GET /check\n  http-check expect status 204\n", HELLO);
}

#[test]
fn a_check_that_expects_another_string() {
    failing_check("  option httpchk GET /check\n  http-check expect string goodbye\n", HELLO);
}

#[test]
fn a_check_that_is_never_answered() {
    let scenario = checked("  option httpchk GET /check\n  timeout check 100ms\n", "inter 100ms fall 2");
    scenario.acting(vec![Act::ReadEnd]).compare(|stage| {
        stage.hide_origins();
        stage.wait_log("has no server available");
    });
}

#[test]
fn traffic_moves_to_the_server_that_lives() {
    let config = "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n  log {log} local0\n\
                  listen in\n  bind 127.0.0.1:{front}\n  default-server check inter 100ms fall 2 rise 2\n\
                  server s1 127.0.0.1:{s1}\n  server s2 127.0.0.1:{s2}\n";
    Scenario::config(config).answering(HELLO).answering(HELLO.replace("hello", "other")).compare(|stage| {
        stage.hide_origins();
        stage.origin(1).kill();
        stage.wait_log("is DOWN");
        for _ in 0..4 {
            stage.get("/");
        }
    });
}
