//! What agents say about their servers, and what comes of it (`agent-check`).

use std::time::Duration;

use evenkeel_tests::origin::Act;

use super::Scenario;
use super::stage::Stage;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A server with an agent that says one thing after the other, the last again and again.
fn asked(turns: Vec<Vec<Act>>, back: &str, server: &str) -> Scenario {
    let lines: String = back.lines().map(|line| format!("  {}\n", line.trim())).collect();
    let config = format!(
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n  log {{log}} local0\n\
         listen in\n  bind 127.0.0.1:{{front}}\n{lines}  server s1 127.0.0.1:{{s1}} agent-check agent-port {{s2}} \
         agent-inter 150ms {server}\n"
    );
    Scenario::config(&config).answering(HELLO).turns(turns)
}

/// An answer, and the end of the connection.
fn says(line: impl AsRef<[u8]>) -> Vec<Act> {
    vec![Act::Send(line.as_ref().to_vec()), Act::Close]
}

fn lines(lines: &[&str]) -> Vec<Vec<Act>> {
    lines.iter().map(|line| says(format!("{line}\n"))).collect()
}

/// Waits until so many answers were heard.
fn heard(stage: &mut Stage, count: usize) {
    stage.hide_origins();
    stage.origin(2).wait(|seen| seen.len() > count);
    std::thread::sleep(Duration::from_millis(40));
}

/// Lets an agent say all it has to say; the log tells what came of it, and a request whether the server serves.
fn compare(turns: Vec<Vec<Act>>, back: &str, server: &str) {
    let count = turns.len();
    asked(turns, back, server).compare(move |stage| {
        heard(stage, count);
        let answer = stage.get("/");
        stage.note(answer.lines().next().unwrap_or_default());
    });
}

const LOG: &str = "option log-health-checks";

#[test]
fn up_and_down() {
    for back in ["", LOG] {
        compare(lines(&["up", "down", "down", "up", "up"]), back, "");
        compare(lines(&["down #out of coffee"]), back, "");
        compare(lines(&["STOPPED # why, ever ", "Fail#x", "fail #again", "UP"]), back, "");
    }
}

#[test]
fn explanations_with_all_kinds_of_bytes() {
    compare(vec![says(b"fail #a\"b\x01c\x7f\xff\n")], LOG, "");
    compare(vec![says([&b"fail #"[..], &b"x".repeat(300), b"\n"].concat())], LOG, "");
    compare(vec![says([&b"y".repeat(9_000)[..], b" down\n"].concat())], LOG, "");
}

#[test]
fn words_beside_others() {
    compare(lines(&["garbage down"]), LOG, "");
    compare(lines(&["50%x up,", "maxconn:x \t down", "maxconn: down #d", "down up", "up down"]), LOG, "");
    compare(lines(&["garbage", "", "#only", "down#x up", "up;down", "UP#", "-5%"]), LOG, "");
}

#[test]
fn an_operators_words() {
    for back in ["", LOG] {
        compare(lines(&["drain", "ready", "maint", "ready"]), back, "");
        compare(lines(&["maint", "drain", "READY"]), back, "");
        compare(lines(&["drain ready maint"]), back, "");
        compare(lines(&["maint down", "ready up"]), back, "");
        compare(lines(&["down", "maint", "ready"]), back, "");
        compare(lines(&["maint", "down ready", "up"]), back, "");
    }
}

#[test]
fn drain_that_is_said_again() {
    for turns in [lines(&["drain", "drain", "down", "ready", "up"]), lines(&["50% drain up", "drain"])] {
        let count = turns.len();
        let scenario = asked(turns, LOG, "").changed_since_2_6("2.6 tells of the drain each time");
        scenario.compare(move |stage| heard(stage, count));
    }
}

#[test]
fn a_server_that_is_disabled_listens_to_its_agent() {
    compare(lines(&["down", "ready"]), LOG, "disabled");
    compare(lines(&["50%", "ready"]), LOG, "disabled");
    compare(lines(&["up"]), LOG, "backup");
    compare(lines(&["down", "up"]), LOG, "backup");
}

#[test]
fn health_checks_and_agent_must_both_be_content() {
    // Nobody listens where the check goes.
    compare(lines(&["up", "down", "up"]), "", "check inter 150ms fall 1 addr 127.0.0.9");
    compare(lines(&["up", "down", "up"]), "", "check inter 150ms");
}

#[test]
fn agents_that_are_not_heard() {
    let silent = vec![Act::Pause(400), Act::Close];
    let late = vec![Act::Pause(250), Act::Send(b"down\n".to_vec()), Act::Close];
    let half = vec![Act::Send(b"down".to_vec()), Act::Close];
    let flood = vec![Act::Send(b"x".repeat(200_000)), Act::Pause(250), Act::Close];
    for odd in [silent, late, half, flood, vec![Act::Close]] {
        compare(vec![says("up\n"), odd.clone(), says("up\n")], LOG, "");
        compare(vec![odd.clone(), odd], LOG, "");
    }
    compare(vec![says("down\n"), vec![Act::Close], says("garbage\n"), says("up\n")], LOG, "");
}

#[test]
fn an_agent_that_nobody_is() {
    asked(Vec::new(), LOG, "agent-addr 127.0.0.9").compare(|stage| {
        stage.hide_origins();
        stage.wait_log("Agent check");
        let answer = stage.get("/");
        stage.note(answer.lines().next().unwrap_or_default());
    });
}

#[test]
fn an_answer_in_pieces_or_with_more_behind() {
    let pieces = ["do", "wn #a", " b\r", "\nup\n"].map(|piece| [Act::Send(piece.into()), Act::Pause(20)]);
    compare(vec![[pieces.concat(), vec![Act::Close]].concat()], LOG, "");
    compare(vec![vec![Act::Send(b"down\n".to_vec()), Act::Pause(300), Act::Close]], LOG, "");
    compare(vec![says("down\rup\n")], LOG, "");
}

#[test]
fn the_time_for_an_answer() {
    let slow = vec![Act::Pause(100), Act::Send(b"down\n".to_vec()), Act::Close];
    let quick = format!("{LOG}\ntimeout check 40ms");
    let scenario = asked(vec![slow.clone()], &quick, "")
        .changed_since_2_6("2.6 asks other times of servers without `check`");
    scenario.compare(|stage| heard(stage, 2));
    compare(vec![slow.clone(), slow], &format!("{LOG}\ntimeout check 400ms"), "agent-inter 90ms");
}

#[test]
fn what_an_agent_is_sent() {
    let answer = vec![Act::ReadUntil(b"two\n"), Act::Send(b"down\n".to_vec()), Act::Close];
    asked(vec![answer], "", "agent-send \"one two\\n\"").compare(|stage| {
        stage.wait_log("is DOWN");
        stage.hide_origins();
        let seen = stage.origin(2).seen();
        stage.note(seen[0].bytes.escape_ascii().to_string());
    });
}

/// Two servers, of which the first has an agent; tells how requests are shared once it was heard.
fn shared(turns: &'static [&'static str], back: &str) {
    let config = format!(
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n  log {{log}} local0\n\
         listen in\n  bind 127.0.0.1:{{front}}\n{back}  \
         server s1 127.0.0.1:{{s1}} weight 10 agent-check agent-port {{s2}} agent-inter 150ms\n  \
         server s3 127.0.0.1:{{s3}} weight 10\n"
    );
    let config = config.replace("listen in\n", "listen in\n  option httpclose\n");
    Scenario::config(&config).answering(HELLO).turns(lines(turns)).answering(HELLO).compare(|stage| {
        heard(stage, turns.len());
        for _ in 0..60 {
            stage.get("/");
        }
        let connections = [1, 3].map(|number| stage.origin(number).seen().len());
        stage.note(format!("shares: {connections:?}"));
    });
}

#[test]
fn weights_in_per_cent() {
    shared(&["50%"], "");
    shared(&["200%", "0.5%", "5 %"], "");
    shared(&["0%"], "");
    shared(&["0%", "100%"], "");
    shared(&["05%"], "");
    shared(&["50% ready"], "");
}

#[test]
fn weights_of_algorithms_that_have_none() {
    shared(&["50%"], "  balance static-rr\n");
    shared(&["0%"], "  balance static-rr\n");
}

#[test]
fn a_limit_that_an_agent_sets() {
    for (answers, server) in [
        (&["maxconn:1"][..], ""),
        (&["MAXCONN:+1 up"], "maxconn 5"),
        (&["maxconn:1", "maxconn:0"], "maxconn 1"),
        (&["maxconn:1x", "maxconn:"], "maxconn 5"),
    ] {
        let config = format!(
            "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n  \
             timeout queue 300ms\nlisten in\n  bind 127.0.0.1:{{front}}\n  \
             server s1 127.0.0.1:{{s1}} {server} agent-check agent-port {{s2}} agent-inter 150ms\n"
        );
        let slow = vec![Act::Await("served"), Act::Send(HELLO.into())];
        Scenario::config(&config).acting(slow).turns(lines(answers)).compare(|stage| {
            heard(stage, answers.len());
            let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            let mut first = stage.connect();
            first.send(request);
            stage.origin(1).wait(|seen| !seen.is_empty());
            let mut second = stage.connect();
            second.send(request);
            std::thread::sleep(Duration::from_millis(500));
            stage.open_gate("served");
            first.read_to_end();
            second.read_to_end();
        });
    }
}
