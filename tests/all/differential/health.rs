//! Health checks as a server sees them, what is made of its answers, and what follows from their outcome.

use std::collections::BTreeMap;

use evenkeel_tests::origin::{Act, Reply, Request};

use super::scenario::FromActs;
use super::{Scenario, transcript};

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

/// Results of checks, as the core's tests replay them. Those with a star are the same in all versions of haproxy.
const RECORDED: &str = include_str!("../../differential/check_results.txt");

/// The bytes that a recorded server sent.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let (byte, len) = match rest.as_bytes()[at + 1] {
            b'r' => (b'\r', 2),
            b'n' => (b'\n', 2),
            b's' => (b' ', 2),
            _ => (u8::from_str_radix(&rest[at + 2..at + 4], 16).expect("two digits"), 4),
        };
        bytes.push(byte);
        rest = &rest[at + len..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// What a recorded server did, and that it waits after it.
fn acts_of(text: &str) -> Vec<Act> {
    let act = |act: &str| match act.split_once(':').unwrap_or((act, "")) {
        ("close", _) => Act::Close,
        ("fill", count) => Act::Send(vec![b'a'; count.parse().expect("a number")]),
        ("nothing", _) => Act::Pause(60),
        ("read", _) => Act::ReadSome,
        ("reset", _) => Act::Reset,
        ("send", bytes) => Act::Send(unescaped(bytes)),
        ("wait", millis) => Act::Pause(millis.parse().expect("a number")),
        (other, _) => panic!("{other} is no act"),
    };
    text.split(' ').map(act).chain([Act::ReadEnd]).collect()
}

/// Checks many servers at once, each as it was recorded: every fourth record from `first` on.
fn recorded_servers(first: usize) {
    let records: Vec<&str> = RECORDED.lines().filter_map(|line| line.strip_prefix('*')).collect();
    let records: Vec<&str> = records.into_iter().skip(first).step_by(4).collect();
    let mut config = "defaults\n  timeout connect 2s\n  timeout client 5s\n  timeout server 5s\n  \
                      timeout check 1500ms\n  log {log} local0\nfrontend in\n  bind 127.0.0.1:{front}\n"
        .to_owned();
    let mut origins = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let (lines, acts) = record.split_once('\t').expect("a record has columns");
        let mode = if lines.contains("httpchk") { "http" } else { "tcp" };
        let lines = lines.replace(" ; ", "\n  ");
        config.push_str(&format!(
            "backend b{at}\n  mode {mode}\n  option log-health-checks\n  {lines}\n  \
             server s1 127.0.0.1:{{s{}}} check inter 3s\n",
            at + 1
        ));
        origins.push(acts_of(acts.split('\t').next().unwrap_or_default()));
    }
    let scenario = origins.into_iter().fold(Scenario::config(&config), Scenario::raw_origin);
    let count = records.len();
    let records: Vec<String> = records.into_iter().map(str::to_owned).collect();
    scenario.compare(move |stage| {
        stage.hide_origins();
        stage.hide_logs();
        let lines = stage.logged(|lines| first_results(lines).len() == count);
        for (backend, result) in first_results(&lines) {
            stage.note(format!("{}: {result}", records[backend]));
        }
    });
}

/// The first result of each backend's check, without how long it took.
fn first_results(lines: &[String]) -> BTreeMap<usize, String> {
    let mut results = BTreeMap::new();
    for line in lines {
        let Some((_, rest)) = line.split_once("Health check for server b") else { continue };
        let Some((backend, result)) = rest.split_once("/s1 ") else { continue };
        let (told, state) = result.split_once(", check duration: ").unwrap_or((result, ""));
        let state = state.split_once(", ").map_or("", |(_, state)| state);
        let backend = backend.parse().expect("a number");
        results.entry(backend).or_insert_with(|| format!("{told}, {state}"));
    }
    results
}

#[test]
fn recorded_servers_have_the_same_results_1() {
    recorded_servers(0);
}

#[test]
fn recorded_servers_have_the_same_results_2() {
    recorded_servers(1);
}

#[test]
fn recorded_servers_have_the_same_results_3() {
    recorded_servers(2);
}

#[test]
fn recorded_servers_have_the_same_results_4() {
    recorded_servers(3);
}

/// A server that asks for no new traffic by a 404, fails, and comes back: what it is told, and what is logged.
#[test]
fn a_server_that_answers_404_is_stopped_softly() {
    let config = "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n  log {log} local0\n\
                  listen in\n  bind 127.0.0.1:{front}\n  option httpchk GET /check\n  http-check disable-on-404\n  \
                  http-check send-state\n  option log-health-checks\n  \
                  server s1 127.0.0.1:{s1} check inter 200ms fall 2 rise 2 weight 5\n  server s2 127.0.0.1:{s2}\n";
    // What the server is told decides what it says, so that the tale goes round and round.
    let answer = |request: &Request| match state_of(request.head.as_bytes()).split(';').next() {
        Some("UP") => "404 Not Found",
        Some("NOLB" | "NOLB 1/2") => "500 Ill",
        _ => "200 OK",
    };
    let scenario = Scenario::config(config).origin(move |request| {
        let status = answer(request);
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Reply::from_acts(vec![Act::Send(text.into())])
    });
    scenario.answering(HELLO).compare(|stage| {
        stage.hide_origins();
        let stops = |lines: &[String]| lines.iter().filter(|line| line.contains("s1 is stopping")).count();
        let stopped = stage.logged(|lines| stops(lines) == 2);
        assert!(stops(&stopped) >= 2, "the tale went round twice: {stopped:?}");
        stage.hide_logs();
        let states: Vec<String> = stage.origin(1).seen().iter().map(|seen| state_of(&seen.bytes)).collect();
        for state in states.into_iter().take(9) {
            stage.note(state);
        }
        for line in stage.logged(|_| true).iter().filter_map(|line| line.split_once("]: ")).take(8) {
            stage.note(transcript::log_line(&format!("a b c d {}", line.1)));
        }
    });
}

/// The value of `X-Haproxy-Server-State`, without what differs from run to run.
fn state_of(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request).into_owned();
    let state =
        text.split_once("x-haproxy-server-state: ").map_or("", |(_, rest)| rest.lines().next().unwrap_or(""));
    let stays = |field: &&str| !field.starts_with("port=") && !field.starts_with("node=");
    state.split("; ").filter(stays).collect::<Vec<_>>().join("; ")
}

/// What is logged of a server whose checks pass and fail by turns, a hundred milliseconds apart.
fn flapping(limits: &str) {
    let back = "  option httpchk GET /flap\n  option log-health-checks\n";
    let scenario = checked(back, &format!("inter 100ms {limits}")).origin(|request| {
        let status = if request.number % 2 == 0 { "200 Well" } else { "500 Ill" };
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Reply::from_acts(vec![Act::Send(text.into())])
    });
    scenario.compare(|stage| {
        stage.hide_origins();
        stage.hide_logs();
        for line in stage.logged(|lines| lines.len() >= 12).iter().take(12) {
            stage.note(transcript::log_line(line));
        }
    });
}

#[test]
fn a_server_that_fails_every_other_check_stays_up() {
    flapping("fall 2 rise 2");
}

#[test]
fn a_server_goes_up_and_down_as_fast_as_one_check_allows() {
    flapping("fall 1 rise 1");
}

#[test]
fn an_answer_after_its_time_is_no_answer() {
    let scenario = checked(
        "  option httpchk GET /check\n  timeout check 100ms\n  option log-health-checks\n",
        "inter 300ms fall 2 rise 1",
    );
    // The answer comes when the check is over, whichever of the two times counts.
    scenario.acting(vec![Act::Pause(350), Act::Send(HELLO.into())]).compare(|stage| {
        stage.hide_origins();
        stage.hide_logs();
        for line in stage.logged(|lines| lines.len() >= 2).iter().take(2) {
            stage.note(transcript::log_line(line));
        }
    });
}
