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
