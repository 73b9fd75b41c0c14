//! Who gets which request.

use evenkeel_tests::origin::{Act, Reply, Request};

use super::Scenario;
use super::scenario::FromActs;

/// An answer that names its server.
fn named(name: &'static str) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |_| {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
        Reply::from_acts(vec![Act::Send(answer.into_bytes())])
    }
}

/// Three servers with options, and the order in which requests reach them.
fn sequence(back: &str, options: [&str; 3], requests: usize) {
    let server =
        |number: usize| format!("  server s{number} 127.0.0.1:{{s{number}}} {}\n", options[number - 1]);
    let config = format!(
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n\
         listen in\n  bind 127.0.0.1:{{front}}\n  {back}\n{}",
        (1..=3).map(server).collect::<String>()
    );
    let scenario = Scenario::config(&config).origin(named("one")).origin(named("two")).origin(named("three"));
    scenario.compare(move |stage| {
        stage.hide_origins();
        let mut order = Vec::new();
        for number in 0..requests {
            let answer = stage.get(&format!("/{number}?a={number}"));
            order.push(answer.rsplit("\r\n").next().unwrap_or_default().to_owned());
        }
        stage.note(order.join(" "));
    });
}

#[test]
fn roundrobin_in_turn() {
    sequence("balance roundrobin", [""; 3], 9);
}

#[test]
fn roundrobin_is_the_default() {
    sequence("", [""; 3], 6);
}

#[test]
fn roundrobin_by_weight() {
    sequence("balance roundrobin", ["weight 10", "weight 20", "weight 30"], 24);
}

#[test]
fn roundrobin_by_odd_weights() {
    sequence("balance roundrobin", ["weight 1", "weight 3", "weight 2"], 18);
}

#[test]
fn roundrobin_with_weight_zero() {
    sequence("balance roundrobin", ["", "weight 0", ""], 6);
}

#[test]
fn static_rr_by_weight() {
    sequence("balance static-rr", ["weight 1", "weight 3", "weight 2"], 18);
}

#[test]
fn leastconn_when_idle() {
    sequence("balance leastconn", ["weight 1", "weight 2", "weight 1"], 8);
}

#[test]
fn first_takes_the_first() {
    sequence("balance first", [""; 3], 4);
}

#[test]
fn a_backup_server_waits() {
    sequence("balance roundrobin", ["", "backup", ""], 6);
}

#[test]
fn a_backup_server_serves_when_alone() {
    sequence("balance roundrobin", ["disabled", "backup", "disabled"], 3);
}

#[test]
fn nine_connections_kept_alive() {
    let config = "defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n\
                  listen in\n  bind 127.0.0.1:{front}\n  balance roundrobin\n\
                  server s1 127.0.0.1:{s1}\n  server s2 127.0.0.1:{s2}\n";
    Scenario::config(config).origin(named("one")).origin(named("two")).compare(|stage| {
        let mut client = stage.connect();
        for number in 0..9 {
            client.send(format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n"));
            client.read_answer();
        }
    });
}
