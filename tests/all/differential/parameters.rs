//! `balance url_param` with parameters in the bodies of POSTs: how long is waited for them, and who gets them.

use std::time::{Duration, Instant};

use evenkeel_tests::origin::{Act, Reply};

use super::Scenario;
use super::scenario::FromActs;

/// Six servers, of which the log tells one, behind these lines.
fn six(lines: &str) -> Scenario {
    let mut config = format!(
        "defaults\n  mode http\n  log {{log}} local0\n  log-format \"%s %ST %B %U %tsc\"\n  timeout connect 1s\n  \
         timeout client 5s\n  timeout server 5s\nlisten in\n  bind 127.0.0.1:{{front}}\n{}",
        lines.lines().map(|line| format!("  {}\n", line.trim())).collect::<String>()
    );
    for number in 1..=6 {
        config += &format!("  server n{number} 127.0.0.1:{{s1}}\n");
    }
    let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    Scenario::config(&config).origin(|_| Reply::from_acts(vec![Act::Send(answer.to_vec()), Act::Close]))
}

const CONSISTENT: &str = "balance url_param id check_post\nhash-type consistent";

fn head(method: &str, target: &str, fields: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n").into_bytes()
}

fn post(length: usize) -> Vec<u8> {
    head("POST", "/x", &format!("Content-Length: {length}\r\n"))
}

fn chunked() -> Vec<u8> {
    head("POST", "/x", "Transfer-Encoding: chunked\r\n")
}

/// Sends each request over a connection of its own, part by part.
fn send_all(scenario: Scenario, requests: Vec<Vec<Vec<u8>>>) {
    scenario.compare(move |stage| {
        for parts in &requests {
            let mut client = stage.connect();
            for (number, part) in parts.iter().enumerate() {
                if number > 0 {
                    std::thread::sleep(Duration::from_millis(80));
                }
                client.send(part);
            }
            client.read_to_end();
        }
    });
}

#[test]
fn a_parameter_that_comes_after_the_head() {
    let body = |value: &str| format!("a=b&id={value}").into_bytes();
    for line in
        ["balance url_param id check_post", "balance url_param id", "balance url_param id check_post 64"]
    {
        let requests = ["k1", "k2", "k3", "k4", "k5", "k6"].map(|value| vec![post(9), body(value)]);
        send_all(six(&format!("{line}\nhash-type consistent")), requests.to_vec());
    }
}

#[test]
fn a_parameter_in_pieces() {
    let requests = ["key1", "key2", "key3", "key4"].map(|value| {
        let (first, last) = value.split_at(2);
        vec![post(7), b"id=".to_vec(), first.into(), last.into()]
    });
    send_all(six(CONSISTENT), requests.to_vec());
}

#[test]
fn a_parameter_at_the_edge_of_chunks() {
    let mut requests = Vec::new();
    for value in ["key1", "key2", "key3"] {
        let (first, last) = value.split_at(3);
        let whole = format!("7\r\nid={value}\r\n").into_bytes();
        requests.push(vec![chunked(), whole.clone(), b"0\r\n\r\n".to_vec()]);
        requests.push(vec![[chunked(), whole, b"0\r\n\r\n".to_vec()].concat()]);
        let pieces = format!("3;e=f\r\nid=\r\n3\r\n{first}\r\n1\r\n{last}\r\n0\r\nT: u\r\n\r\n");
        requests.push(vec![chunked(), pieces.clone().into()]);
        let (start, end) = pieces.as_bytes().split_at(9);
        requests.push(vec![chunked(), start.to_vec(), end.to_vec()]);
    }
    send_all(six(CONSISTENT), requests);
}

#[test]
fn methods_and_targets_that_are_not_waited_for() {
    let length = "Content-Length: 7\r\n";
    send_all(
        six(CONSISTENT),
        vec![
            vec![head("PUT", "/x?id=key1", length), b"id=key2".to_vec()],
            vec![head("GET", "/x?id=key1", length), b"id=key2".to_vec()],
            vec![head("POST", "/x?id=key1", length), b"id=key2".to_vec()],
            vec![head("POST", "/x?id=key1", "Content-Length: 0\r\n")],
        ],
    );
}

#[test]
fn a_long_body_is_read_as_far_as_a_buffer_goes() {
    let begun = |count: usize| [&post(60_000)[..], b"id=key1&", &b"x".repeat(count - 8)].concat();
    let rest = |count: usize| b"y".repeat(60_000 - count);
    // The first part fits with the head, or it does not.
    let requests = [100, 14_000, 20_000].map(|count| vec![begun(count), rest(count)]);
    send_all(six(CONSISTENT), requests.to_vec());
    let late = [&b"x".repeat(30_000)[..], b"&id=key1&", &b"x".repeat(29_991)].concat();
    six("balance url_param id check_post").compare(move |stage| {
        // A parameter behind the buffer is not found: the first server's turn.
        let mut client = stage.connect();
        client.send(post(60_000));
        client.send(&late);
        client.read_to_end();
    });
}

#[test]
fn a_client_that_expects_to_be_asked_is_asked() {
    for expect in ["100-continue", "100-Continue", "else"] {
        let fields = format!("Content-Length: 7\r\nExpect: {expect}\r\n");
        six(CONSISTENT).compare(move |stage| {
            let mut client = stage.connect();
            client.send(head("POST", "/x", &fields));
            if expect != "else" {
                client.read_until(b"100 Continue\r\n\r\n");
            }
            client.send("id=key1");
            client.read_to_end();
            // The body is there already; it came with the head, in part or whole.
            for (here, rest) in [("id=key2", ""), ("id=", "key3")] {
                let mut client = stage.connect();
                client.send([&head("POST", "/x", &fields)[..], here.as_bytes()].concat());
                std::thread::sleep(Duration::from_millis(50));
                client.send(rest);
                client.read_to_end();
            }
        });
    }
}

#[test]
fn requests_behind_the_body_wait_for_their_turn() {
    six(CONSISTENT).compare(|stage| {
        let request = |more: &str| {
            format!("POST /x HTTP/1.1\r\nHost: a\r\n{more}Content-Length: 7\r\n\r\n").into_bytes()
        };
        let mut client = stage.connect();
        client.send(request(""));
        std::thread::sleep(Duration::from_millis(50));
        client.send([&b"id=key1"[..], &request("Connection: close\r\n"), b"id="].concat());
        std::thread::sleep(Duration::from_millis(50));
        client.send("key2");
        client.read_to_end();
    });
}

#[test]
fn a_body_that_does_not_come() {
    let silent = |lines: &str| {
        six(&format!("{CONSISTENT}\n{lines}")).compare(|stage| {
            for parts in [
                vec![post(9)],
                vec![[post(9), b"id=".to_vec()].concat()],
                vec![chunked(), b"2\r\nid\r\n".into()],
            ] {
                let mut client = stage.connect();
                for part in parts {
                    client.send(part);
                    std::thread::sleep(Duration::from_millis(30));
                }
                client.read_to_end();
            }
        });
    };
    silent("timeout client 300ms");
    silent("timeout http-request 300ms");
    silent("timeout http-request 300ms\nerrorfile 408 /dev/null");
}

#[test]
fn time_for_the_body_counts_from_its_head() {
    let lines = "timeout http-request 1s\ntimeout client 800ms";
    six(&format!("{CONSISTENT}\n{lines}")).compare(|stage| {
        // A drip within the limit of each silence, up to that of the whole.
        let mut client = stage.connect();
        client.send(post(30));
        let start = Instant::now();
        for _ in 0..8 {
            std::thread::sleep(Duration::from_millis(100));
            client.send("x");
        }
        client.read_to_end();
        stage.note(format!("at once: {}", start.elapsed() < Duration::from_millis(1_500)));
    });
    six(&format!("{CONSISTENT}\ntimeout client 400ms")).compare(|stage| {
        let mut client = stage.connect();
        client.send(post(7));
        for byte in "id=key1".chars() {
            std::thread::sleep(Duration::from_millis(100));
            client.send(byte.to_string());
        }
        client.read_to_end();
    });
}

#[test]
fn a_client_that_leaves_in_its_body() {
    let reason = "a client that has closed its direction alone still reads what the log says it was told";
    let ours = &["HTTP/1.1 400 Bad request", "400 206 55 CR--", "400 206 58 CR--", "400 206 66 CR--"];
    let theirs = &["!HTTP/1.1 400 Bad request", "400 206 55 CR--", "400 206 58 CR--", "400 206 66 CR--"];
    let scenario = six(CONSISTENT).changed_since_2_6("2.6 tells nobody of the status");
    scenario.stricter(reason, ours, theirs).compare(|stage| {
        for parts in [vec![post(9)], vec![post(9), b"id=".to_vec()], vec![chunked(), b"2\r\nid\r\n".into()]] {
            let mut client = stage.connect();
            for part in parts {
                client.send(part);
                std::thread::sleep(Duration::from_millis(30));
            }
            client.shut_write();
            client.read_to_end();
        }
    });
}

#[test]
fn garbage_instead_of_chunks() {
    let requests = ["zz\r\nid=key1\r\n", "2\r\nidX", "2\r\nid\r\nzz\r\n", "-2\r\nid\r\n"]
        .map(|garbage| vec![chunked(), garbage.as_bytes().to_vec()]);
    send_all(six(CONSISTENT), requests.to_vec());
}
