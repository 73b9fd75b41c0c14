//! Full servers: who waits, for how long, and in which order.

use evenkeel_tests::origin::Act;

use super::Scenario;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

fn full(timeout_queue: &str) -> Scenario {
    let config = format!(
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 10s\n  timeout server 10s\n  timeout queue {timeout_queue}\n\
         listen in\n  bind 127.0.0.1:{{front}}\n  server s1 127.0.0.1:{{s1}} maxconn 1\n"
    );
    Scenario::config(&config).acting(vec![Act::Await("first"), Act::Send(HELLO.into())])
}

fn occupy(stage: &mut super::Stage) -> evenkeel_tests::client::Client {
    let mut first = stage.connect();
    first.send("GET /first HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stage.origin(1).wait(|seen| seen.iter().any(|seen| seen.bytes.ends_with(b"\r\n\r\n")));
    first
}

#[test]
fn waiting_requests_are_served_in_order() {
    // Which idle connections are left over is another matter: none are.
    let mut scenario = full("10s");
    scenario.config.push_str("  option http-server-close\n");
    scenario.compare(|stage| {
        let mut first = occupy(stage);
        let mut waiting = Vec::new();
        for path in ["/second", "/third"] {
            let mut client = stage.connect();
            client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
            // Their order of arrival is the point.
            std::thread::sleep(std::time::Duration::from_millis(100));
            waiting.push(client);
        }
        stage.open_gate("first");
        first.read_to_end();
        waiting.iter_mut().for_each(|client| drop(client.read_to_end()));
    });
}

#[test]
fn waiting_too_long_gives_503() {
    full("200ms").compare(|stage| {
        let mut first = occupy(stage);
        stage.get("/second");
        stage.open_gate("first");
        first.read_to_end();
    });
}

#[test]
fn one_who_leaves_the_queue_is_not_served() {
    full("10s").compare(|stage| {
        let mut first = occupy(stage);
        let mut second = stage.connect();
        second.send("GET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        std::thread::sleep(std::time::Duration::from_millis(100));
        second.close();
        std::thread::sleep(std::time::Duration::from_millis(100));
        stage.open_gate("first");
        first.read_to_end();
        stage.get("/third");
        stage.hide_origins();
    });
}

#[test]
fn another_server_takes_what_a_full_one_cannot() {
    let config = "defaults\n  mode http\n  timeout connect 5s\n  timeout client 10s\n  timeout server 10s\n\
                  listen in\n  bind 127.0.0.1:{front}\n  balance first\n\
                  server s1 127.0.0.1:{s1} maxconn 1\n  server s2 127.0.0.1:{s2} maxconn 1\n";
    let slow = vec![Act::Await("first"), Act::Send(HELLO.into())];
    Scenario::config(config).acting(slow).answering(HELLO).compare(|stage| {
        let mut first = occupy(stage);
        stage.get("/second");
        stage.open_gate("first");
        first.read_to_end();
    });
}

/// A proxy before one or more servers that answer when their gate opens, and keep no connection.
fn gated(lines: &str, servers: &[&str]) -> Scenario {
    let lines: String = lines.lines().map(|line| format!("  {}\n", line.trim())).collect();
    let servers: String = servers
        .iter()
        .enumerate()
        .map(|(at, options)| format!("  server s{0} 127.0.0.1:{{s{0}}} {options}\n", at + 1))
        .collect();
    Scenario::config(&format!(
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 10s\n  timeout server 10s\n  \
         timeout queue 10s\n  log {{log}} local0\n  option httplog\n  option http-server-close\n\
         listen in\n  bind 127.0.0.1:{{front}}\n{lines}{servers}"
    ))
}

fn waits() -> Vec<Act> {
    vec![Act::Await("all"), Act::Send(HELLO.into())]
}

/// Sends requests one after the other, so that their order of arrival is certain.
fn arrive(stage: &mut super::Stage, heads: &[&str]) -> Vec<evenkeel_tests::client::Client> {
    let mut clients = Vec::new();
    for head in heads {
        let mut client = stage.connect();
        let (path, fields) = head.split_once(' ').unwrap_or((head, ""));
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n"));
        std::thread::sleep(std::time::Duration::from_millis(80));
        clients.push(client);
    }
    clients
}

fn finish(stage: &mut super::Stage, mut clients: Vec<evenkeel_tests::client::Client>) {
    stage.open_gate("all");
    clients.iter_mut().for_each(|client| drop(client.read_to_end()));
}

/// How many requests a server has got.
fn got(stage: &mut super::Stage, server: usize) -> usize {
    let seen = stage.origin(server).seen();
    seen.iter().filter(|seen| seen.bytes.ends_with(b"\r\n\r\n")).count()
}

const PRIORITIES: &str = "http-request set-priority-class req.hdr(x-class)\n\
                          http-request set-priority-offset req.hdr(x-offset)";

#[test]
fn the_lower_class_is_served_first() {
    gated(PRIORITIES, &["maxconn 1"]).acting(waits()).compare(|stage| {
        let heads = [
            "/first",
            "/five x-class: 5\r\n",
            "/none",
            "/minus x-class: -3\r\n",
            "/beyond x-class: 99999\r\n",
            "/below x-class: -99999\r\n",
            "/no-number x-class: abc\r\n",
            "/minus-again x-class: -3\r\n",
        ];
        let clients = arrive(stage, &heads);
        finish(stage, clients);
    });
}

#[test]
fn an_offset_shifts_the_arrival_within_a_class() {
    gated(PRIORITIES, &["maxconn 1"]).acting(waits()).compare(|stage| {
        let heads = [
            "/first",
            "/plain",
            "/later x-offset: 3000\r\n",
            "/sooner x-offset: -3000\r\n",
            "/late",
            "/class-wins x-class: -1\r\nx-offset: 5000\r\n",
            "/beyond x-offset: 99999999\r\n",
        ];
        let clients = arrive(stage, &heads);
        finish(stage, clients);
    });
}

#[test]
fn a_servers_queue_and_the_backends_are_one_order() {
    let lines = format!("balance first\ncookie S\n{PRIORITIES}");
    let scenario = gated(&lines, &["maxconn 1 cookie a"]).acting(waits());
    scenario.compare(|stage| {
        let heads = [
            "/first",
            "/shared-1",
            "/bound-1 Cookie: S=a\r\n",
            "/shared-2 x-class: 1\r\n",
            "/bound-2 Cookie: S=a\r\nx-class: -1\r\n",
            "/bound-3 Cookie: S=a\r\nx-class: 1\r\n",
            "/shared-3 x-class: -1\r\n",
        ];
        let clients = arrive(stage, &heads);
        finish(stage, clients);
    });
}

#[test]
fn priorities_are_logged() {
    let lines = format!("{PRIORITIES}\nlog-format \"%HU %[prio_class] %[prio_offset] %sq %bq\"");
    gated(&lines, &["maxconn 1"]).answering(HELLO).compare(|stage| {
        stage.get("/none");
        let clients = arrive(stage, &["/both x-class: 7\r\nx-offset: -12\r\n"]);
        finish(stage, clients);
        stage.wait_log("/both");
    });
}

#[test]
fn a_dynamic_limit_follows_the_number_of_streams() {
    // As many more connections as there are streams more: nobody waits below the limit.
    for (lines, options) in [
        ("fullconn 6", "minconn 2 maxconn 6"),
        ("fullconn 3", "minconn 2 maxconn 6"),
        ("fullconn 6", "minconn 2"),
        ("fullconn 6", "minconn 3 maxconn 2"),
        // A tenth of the frontend's 60 is 6.
        ("maxconn 60", "minconn 1 maxconn 6"),
    ] {
        let mut scenario = gated(lines, &[options]).acting(waits());
        // In which order they end is another matter.
        scenario.config = scenario.config.replace("option httplog", "no log");
        scenario.compare(|stage| {
            let paths: Vec<String> = (0..8).map(|number| format!("/{number}")).collect();
            let mut clients = Vec::new();
            for path in &paths {
                clients.extend(arrive(stage, &[path]));
                let count = got(stage, 1);
                stage.note(format!("{count} after {path}"));
            }
            stage.hide_origins();
            stage.open_gate("all");
            clients.iter_mut().for_each(|client| drop(client.read_to_end()));
        });
    }
}

#[test]
fn a_limit_that_rises_serves_those_who_wait() {
    gated("fullconn 8", &["minconn 1 maxconn 4"])
        .acting(waits())
        .stricter(
            "haproxy lets a limit that has risen take effect when the next stream ends",
            &["4 of 8 are served"],
            &["1 of 8 are served"],
        )
        .compare(|stage| {
            let clients = arrive(stage, &["/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8"]);
            let count = got(stage, 1);
            stage.note(format!("{count} of 8 are served"));
            finish(stage, clients);
        });
}

#[test]
fn a_full_queue_sends_the_next_elsewhere_or_away() {
    for option in ["option redispatch", "no option redispatch"] {
        let lines = format!("balance first\ncookie S\n{option}");
        let scenario = gated(&lines, &["maxconn 1 maxqueue 1 cookie a", "cookie b"]).acting(waits());
        scenario.answering(HELLO).compare(|stage| {
            let heads =
                ["/first Cookie: S=a\r\n", "/waits Cookie: S=a\r\n", "/finds-it-full Cookie: S=a\r\n"];
            let clients = arrive(stage, &heads);
            stage.wait_log("/finds-it-full");
            finish(stage, clients);
        });
    }
}

#[test]
fn a_full_queue_of_the_hashed_server_turns_the_next_away() {
    for option in ["option redispatch", "no option redispatch"] {
        let lines = format!("balance source\n{option}");
        let scenario = gated(&lines, &["maxconn 1 maxqueue 1"]).acting(waits());
        scenario.compare(|stage| {
            let clients = arrive(stage, &["/first", "/waits", "/finds-it-full"]);
            stage.wait_log("/finds-it-full");
            finish(stage, clients);
        });
    }
}

#[test]
fn a_wait_that_is_too_long_is_logged() {
    let scenario = gated("timeout queue 200ms", &["maxconn 1"]).acting(waits());
    scenario.compare(|stage| {
        let mut clients = arrive(stage, &["/first", "/second"]);
        clients[1].read_to_end();
        stage.wait_log("/second");
        finish(stage, clients);
    });
}

#[test]
fn who_waits_for_a_server_that_goes_down_goes_elsewhere() {
    let lines = "balance first\ncookie S\noption redispatch";
    // The checks have a door of their own, so that the server can go down and stay busy.
    let options = "maxconn 1 cookie a check port {s3} inter 100ms fall 1 rise 1";
    let scenario = gated(lines, &[options, "cookie b"]).acting(waits()).answering(HELLO);
    scenario.raw_origin(vec![Act::ReadEnd]).compare(|stage| {
        stage.hide_origins();
        let mut clients = arrive(stage, &["/first Cookie: S=a\r\n", "/waits Cookie: S=a\r\n"]);
        stage.origin(3).kill();
        clients[1].read_to_end();
        stage.wait_log("/waits");
        stage.wait_log("DOWN");
        finish(stage, clients);
    });
}
