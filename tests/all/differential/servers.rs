//! The life of servers: what tells of their health besides checks, who follows whom, and what happens to
//! exchanges when a server goes down or comes up.

use evenkeel_tests::origin::{Act, Reply};

use super::Scenario;
use super::scenario::FromActs;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const GET: &str = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const SLOW: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nslow";

fn config(sections: &str) -> Scenario {
    Scenario::config(&format!(
        "defaults\n  mode http\n  retries 0\n  timeout connect 300ms\n  timeout client 5s\n  timeout server 3s\n  \
         log {{log}} local0\n  log-format \"done %b/%s %ST %ts\"\n  option http-server-close\n{sections}"
    ))
}

/// A server that is `observe`d while it answers its checks, and a backup. The first check has been made.
fn observed(options: &str, answers: &[&'static str], ends: &str) {
    let scenario = config(&format!(
        "listen in\n  bind 127.0.0.1:{{front}}\n  option log-health-checks\n  timeout server 200ms\n  \
         server s1 127.0.0.1:{{s1}} check port {{s3}} inter 60s fall 2 rise 2 {options}\n  \
         server s2 127.0.0.1:{{s2}} backup\n"
    ));
    let list: Vec<&'static str> = answers.to_vec();
    let count = answers.len();
    let scenario = scenario
        .origin(move |request| {
            let answer = list[request.number.min(list.len() - 1)];
            let silent = || Reply::from_acts(vec![Act::ReadEnd]);
            if answer == "silence" { silent() } else { Reply::from_acts(vec![Act::Send(answer.into())]) }
        })
        .answering(HELLO.replace("hello", "other"))
        .answering(HELLO);
    let ends = ends.to_owned();
    scenario.compare(move |stage| {
        stage.hide_origins();
        stage.loosen_log();
        // The first check of a server that is down.
        stage.overlook("status: 1/2 DOWN");
        stage.wait_log("Health check for server in/s1 succeeded");
        for _ in 0..count {
            let answer = stage.get("/x");
            stage.note(answer.lines().next().unwrap_or_default());
        }
        stage.wait_log(&ends);
        let after = stage.get("/after");
        stage.note(format!("after: {}", after.lines().last().unwrap_or_default()));
    });
}

const FAILED: &str = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
const DOWN: &str = "Server in/s1 is DOWN";

#[test]
fn answers_that_fail_in_a_row_bring_a_server_down() {
    let mixed = &[FAILED, HELLO, FAILED, "nonsense\r\n\r\n"];
    observed("observe layer7 error-limit 2 on-error mark-down", mixed, DOWN);
    observed("observe layer7 error-limit 1 on-error mark-down", &["silence"], DOWN);
    observed("observe layer7 error-limit 2", &[FAILED; 4], DOWN);
    observed("observe layer7 error-limit 2 on-error sudden-death", &[FAILED; 4], DOWN);
}

#[test]
fn answers_do_not_matter_to_layer4_nor_to_fastinter() {
    let checked = "Health check for server in/s1 succeeded";
    observed("observe layer4 error-limit 2 on-error mark-down", &[FAILED; 3], checked);
    observed("observe layer7 error-limit 2 on-error fastinter", &[FAILED; 3], checked);
    observed("error-limit 2 on-error mark-down", &[FAILED; 3], checked);
}

#[test]
fn connections_that_fail_bring_a_server_down_on_either_layer() {
    for layer in ["layer4", "layer7"] {
        let scenario = config(&format!(
            "listen in\n  bind 127.0.0.1:{{front}}\n  option log-health-checks\n  \
             server s1 127.0.0.1:{{s1}} check port {{s3}} inter 60s observe {layer} error-limit 2 on-error mark-down\n  \
             server s2 127.0.0.1:{{s2}} backup\n"
        ));
        let scenario = scenario.answering(HELLO).answering(HELLO.replace("hello", "other")).answering(HELLO);
        scenario.compare(|stage| {
            stage.hide_origins();
            stage.loosen_log();
            stage.wait_log("Health check for server in/s1 succeeded");
            stage.origin(1).kill();
            for _ in 0..3 {
                let answer = stage.get("/x");
                stage.note(answer.lines().next().unwrap_or_default());
            }
            stage.wait_log("done in/s2");
        });
    }
}

#[test]
fn servers_that_track_go_down_and_come_up_with_the_one_that_is_checked() {
    let scenario = config(
        "frontend in\n  bind 127.0.0.1:{front}\n  default_backend t\n\
         backend t\n  server t1 127.0.0.1:{s2} track b/s1\n  server t2 127.0.0.1:{s2} track t1 backup\n\
         backend b\n  server s1 127.0.0.1:{s1} check inter 100ms fall 2 rise 2\n",
    );
    scenario.answering(HELLO).answering(HELLO).compare(|stage| {
        stage.hide_origins();
        stage.loosen_log();
        let before = stage.get("/before");
        stage.note(before.lines().next().unwrap_or_default());
        stage.origin(1).kill();
        stage.wait_log("Backup Server t/t2 is DOWN via t/t1");
        let while_down = stage.get("/down");
        stage.note(while_down.lines().next().unwrap_or_default());
        stage.origin(1).revive();
        stage.wait_log("Backup Server t/t2 is UP via t/t1");
        let after = stage.get("/after");
        stage.note(after.lines().next().unwrap_or_default());
    });
}

#[test]
fn what_starts_in_maintenance_and_what_tracks_it_serves_nobody() {
    let scenario = config(
        "frontend in\n  bind 127.0.0.1:{front}\n  default_backend t\n\
         backend t\n  server t1 127.0.0.1:{s2} track b/s1\n  default-server disabled\n  \
         server t2 127.0.0.1:{s2}\n  server t3 127.0.0.1:{s1} enabled backup\n\
         backend b\n  server s1 127.0.0.1:{s1} check inter 100ms disabled\n",
    );
    scenario.answering(HELLO).answering(HELLO.replace("hello", "other")).compare(|stage| {
        for _ in 0..3 {
            let answer = stage.get("/x");
            stage.note(answer.lines().last().unwrap_or_default());
        }
    });
}

/// A server whose checks go elsewhere, and one exchange with it when those begin to fail.
fn shut_when_down(mode: &str, acts: Vec<Act>) {
    let scenario = config(&format!(
        "listen in\n  bind 127.0.0.1:{{front}}\n  {mode}\n  \
         server s1 127.0.0.1:{{s1}} check port {{s2}} inter 100ms fall 1 on-marked-down shutdown-sessions\n"
    ));
    let has_answer = acts.iter().any(|act| matches!(act, Act::Send(_)));
    scenario.acting(acts).answering(HELLO).compare(move |stage| {
        stage.hide_origins();
        stage.loosen_log();
        let mut client = stage.connect();
        client.send(GET);
        if has_answer {
            client.read_until(b"slow");
        } else {
            stage.origin(1).wait(|seen| seen.iter().any(|seen| !seen.bytes.is_empty()));
        }
        stage.origin(2).kill();
        stage.wait_log("Server in/s1 is DOWN");
        client.read_to_end();
        stage.wait_log("done in/s1");
    });
}

#[test]
fn exchanges_of_a_server_that_goes_down_end_if_that_is_asked_for() {
    shut_when_down("mode http", vec![Act::Send(SLOW.into()), Act::ReadEnd]);
    shut_when_down("mode http", vec![Act::ReadEnd]);
}

#[test]
fn tcp_connections_to_a_server_that_goes_down_end_if_that_is_asked_for() {
    shut_when_down("mode tcp\n  log-format \"done %b/%s %ts\"", vec![Act::Send(SLOW.into()), Act::ReadEnd]);
}

#[test]
fn exchanges_of_a_backup_end_when_a_server_comes_up_if_that_is_asked_for() {
    let scenario = config(
        "listen in\n  bind 127.0.0.1:{front}\n  \
         server s1 127.0.0.1:{s1} check port {s3} inter 100ms fall 1 rise 1 on-marked-up shutdown-backup-sessions\n  \
         server s2 127.0.0.1:{s2} backup\n",
    );
    let scenario =
        scenario.answering(HELLO).acting(vec![Act::Send(SLOW.into()), Act::ReadEnd]).answering(HELLO);
    scenario.compare(|stage| {
        stage.hide_origins();
        stage.loosen_log();
        stage.origin(3).wait(|seen| !seen.is_empty());
        stage.origin(3).kill();
        stage.wait_log("Server in/s1 is DOWN");
        let mut client = stage.connect();
        client.send(GET);
        client.read_until(b"slow");
        stage.origin(3).revive();
        stage.wait_log("Server in/s1 is UP");
        client.read_to_end();
        stage.wait_log("done in/s2");
    });
}

#[test]
fn a_server_that_comes_back_gets_little_at_first() {
    let scenario = config(
        "listen in\n  bind 127.0.0.1:{front}\n  option dontlog-normal\n  \
         server s1 127.0.0.1:{s1} check port {s3} inter 100ms fall 1 rise 1 weight 100 slowstart 1s\n  \
         server s2 127.0.0.1:{s2} weight 100\n",
    );
    scenario.answering(HELLO).answering(HELLO).answering(HELLO).compare(|stage| {
        stage.hide_origins();
        stage.loosen_log();
        let share = |stage: &mut super::stage::Stage, requests: usize| {
            let before = stage.origin(1).seen().len();
            (0..requests).for_each(|_| _ = stage.get("/x"));
            stage.origin(1).seen().len() - before
        };
        let at_start = share(stage, 4);
        stage.note(format!("at the start {at_start} of 4"));
        stage.origin(3).kill();
        stage.wait_log("Server in/s1 is DOWN");
        stage.origin(3).revive();
        stage.wait_log("Server in/s1 is UP, reason");
        let few = share(stage, 5) <= 1;
        stage.note(format!("few at first: {few}"));
        stage.wait_log("Server in/s1 is UP. 2 active");
        let at_end = share(stage, 4);
        stage.note(format!("at the end {at_end} of 4"));
    });
}

#[test]
fn a_backup_and_a_server_without_weight_serve_as_they_should() {
    let scenario = config(
        "listen in\n  bind 127.0.0.1:{front}\n  cookie S insert indirect\n  \
         server s1 127.0.0.1:{s1} cookie one weight 0\n  server s2 127.0.0.1:{s2} cookie two backup\n",
    );
    scenario.answering(HELLO).answering(HELLO.replace("hello", "other")).compare(|stage| {
        for cookie in ["", "Cookie: S=one\r\n", "Cookie: S=two\r\n", "Cookie: S=none\r\n"] {
            let mut client = stage.connect();
            client.send(format!("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{cookie}\r\n"));
            client.read_to_end();
        }
    });
}
