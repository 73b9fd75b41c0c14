//! Servers that are checked by programs (`external-check`).

use super::Scenario;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// One server, checked by this script; `{scratch}` is where it may leave things.
fn checked(script: &str, back: &str, server: &str) -> Scenario {
    let config = format!(
        "  external-check\n  insecure-fork-wanted\n\
         defaults\n  mode http\n  timeout connect 300ms\n  timeout client 5s\n  timeout server 5s\n  log {{log}} local0\n\
         listen in\n  bind 127.0.0.1:{{front}}\n  option external-check\n  external-check path /usr/bin:/bin\n  \
         external-check command {{scratch}}/check\n{back}  server s1 127.0.0.1:{{s1}} check {server}\n"
    );
    Scenario::config(&config).answering(HELLO).file("check", format!("#!/bin/sh\n{script}\n"))
}

/// Waits for this in the log.
fn said(scenario: Scenario, text: &'static [&'static str]) {
    scenario.compare(move |stage| {
        stage.hide_origins();
        for text in text {
            stage.wait_log(text);
        }
    });
}

#[test]
fn a_program_that_says_that_all_is_well() {
    let log = "  option log-health-checks\n";
    said(checked("exit 0", log, "inter 500ms fall 1 rise 1"), &["External check passed"]);
}

#[test]
fn a_program_that_tells_of_a_failure() {
    for script in ["exit 1", "echo out; echo err >&2; exit 77", "kill -9 $$", "kill -11 $$", "exit 255"] {
        said(checked(script, "", "inter 300ms fall 1"), &["no server available"]);
        let log = "  option log-health-checks\n";
        said(checked(script, log, "inter 300ms fall 1"), &["no server available"]);
    }
}

#[test]
fn a_program_that_does_not_end() {
    for script in ["exec sleep 9", "trap '' TERM INT HUP; while :; do sleep 0.05; done"] {
        for (back, inter) in [("", "inter 200ms"), ("  timeout check 100ms\n", "inter 1s")] {
            let server = format!("{inter} fall 1");
            said(checked(script, back, &server), &["no server available"]);
        }
    }
}

#[test]
fn a_program_that_cannot_be_run() {
    let mut scenario = checked("exit 0", "", "inter 300ms fall 1");
    scenario.files = vec![("check", b"no script".to_vec())];
    scenario.compare(|stage| {
        stage.hide_origins();
        stage.wait_log("no server available");
    });
}

#[test]
fn a_server_goes_and_comes_with_what_its_program_says() {
    let script = "test -e ${0%check}ill && exit 3; exit 0";
    checked(script, "", "inter 200ms fall 2 rise 2").compare(|stage| {
        stage.hide_origins();
        let up = stage.get("/up");
        stage.note(up.lines().next().unwrap_or_default());
        std::fs::write(stage.scratch().join("ill"), "").expect("the folder is ours");
        stage.wait_log("is DOWN");
        let down = stage.get("/down");
        stage.note(down.lines().next().unwrap_or_default());
        std::fs::remove_file(stage.scratch().join("ill")).expect("the file is there");
        stage.wait_log("is UP");
    });
}

/// What a program writes down about itself.
fn written(scenario: Scenario) {
    scenario.compare(|stage| {
        stage.hide_origins();
        stage.wait_log("External check passed");
        let text = std::fs::read_to_string(stage.scratch().join("out")).unwrap_or_default();
        let own = |line: &&str| line.starts_with("HAPROXY_S") || line.starts_with("HAPROXY_P");
        let known = |line: &&str| own(line) || line.starts_with("PATH=") || !line.contains('=');
        // What haproxy tells of itself to programs that inherit is left out.
        let foreign = |line: &&str| line.starts_with("HAPROXY_STARTUP");
        let mut lines: Vec<&str> = text.lines().filter(known).filter(|line| !foreign(line)).collect();
        lines.sort_unstable();
        let front = stage.front().to_string();
        let server = stage.origin(1).port().to_string();
        for line in lines {
            let line = line.replace(&front, "<front>").replace(&server, "<s1>");
            stage.note(line);
        }
    });
}

const WRITING: &str = "(env; echo \"args $@\"; readlink /proc/self/fd/0) > ${0%check}out.new\nmv ${0%check}out.new ${0%check}out";

#[test]
fn what_a_program_is_told() {
    let log = "  option log-health-checks\n";
    written(checked(WRITING, log, "inter 500ms fall 1"));
    let more = "  option log-health-checks\n  id 77\n";
    written(checked(WRITING, more, "inter 500ms fall 1 id 42 maxconn 7 addr 127.0.0.9 port 99"));
}

#[test]
fn what_a_program_inherits() {
    let log = "  option log-health-checks\n";
    let mut scenario = checked(WRITING, log, "inter 500ms fall 1");
    scenario.config = scenario.config.replace("  external-check\n", "  external-check preserve-env\n");
    written(scenario.changed_since_2_6("2.6 does not know preserve-env"));
}

#[test]
fn a_backend_of_its_own_has_no_address_to_tell() {
    let log = "  option log-health-checks\n";
    let mut scenario = checked(WRITING, log, "inter 500ms fall 1");
    scenario.config = scenario.config.replace("listen in\n", "frontend in\n").replace(
        "  option external-check\n",
        "  default_backend out\nbackend out\n  mode tcp\n  option external-check\n",
    );
    scenario.config = scenario.config.replace("frontend in\n", "frontend in\n  mode tcp\n");
    written(scenario);
}
