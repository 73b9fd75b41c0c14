//! What nobody means to ask of a backend: no weight at all, keys that are missing. `docs/backends.md` has it in words.

use evenkeel_tests::origin::{Act, Reply, Request};

use super::Scenario;
use super::scenario::FromActs;

fn named(name: &'static str) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |_| {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}", name.len());
        Reply::from_acts(vec![Act::Send(answer.into_bytes())])
    }
}

fn two(back: &str, option: &str) -> Scenario {
    let config = format!(
        "defaults\n  mode http\n  option httplog\n  option http-server-close\n  log {{log}} local0\n  \
         timeout connect 5s\n  timeout client 5s\n  \
         timeout server 5s\nfrontend in\n  bind 127.0.0.1:{{front}}\n  default_backend out\nbackend out\n  {back}\n  \
         server s1 127.0.0.1:{{s1}} cookie a {option}\n  server s2 127.0.0.1:{{s2}} cookie b {option}\n"
    );
    Scenario::config(&config).origin(named("one")).origin(named("two"))
}

/// The bodies of the answers to these requests: a query and more fields.
fn ask(scenario: Scenario, requests: &'static [(&'static str, &'static str)]) {
    scenario.compare(move |stage| {
        for (number, (query, fields)) in requests.iter().enumerate() {
            let path = format!("/{number}{query}");
            let mut client = stage.connect();
            client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{fields}Connection: close\r\n\r\n"));
            client.read_to_end();
            // The next one shall find the backend empty.
            stage.wait_log(&path);
        }
    });
}

#[test]
fn weights_that_sum_to_zero() {
    for balance in ["roundrobin", "static-rr", "leastconn", "first", "source", "hdr(x)", "random"] {
        ask(two(&format!("balance {balance}"), "weight 0"), &[("", ""), ("", "X: 1\r\n")]);
    }
}

#[test]
fn a_cookie_finds_a_server_of_no_weight() {
    ask(
        two("cookie S insert indirect", "weight 0"),
        &[("", "Cookie: S=a\r\n"), ("", "Cookie: S=b\r\n"), ("", "Cookie: S=c\r\n"), ("", "")],
    );
}

#[test]
fn requests_without_their_key_take_turns() {
    const REQUESTS: &[(&str, &str)] =
        &[("", ""), ("", ""), ("", "X: \r\n"), ("?", ""), ("?x", ""), ("?x=", ""), ("", "")];
    for balance in ["hdr(x)", "url_param x", "url_param x check_post"] {
        ask(two(&format!("balance {balance}"), ""), REQUESTS);
        ask(two(&format!("balance {balance}\n  hash-type consistent"), ""), REQUESTS);
    }
}
