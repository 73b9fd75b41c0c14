//! Bodies in every framing, both ways, and the answers that have none.

use evenkeel_tests::origin::{Act, Reply};

use super::Scenario;
use super::scenario::FromActs;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Sends one request and waits for one answer.
fn exchange(scenario: Scenario, request: impl AsRef<[u8]> + Send + Sync + 'static) {
    scenario.compare(move |stage| {
        let mut client = stage.connect();
        client.send(request.as_ref());
        client.read_answer();
    });
}

#[test]
fn a_request_with_a_length() {
    exchange(
        Scenario::http("", "").answering(HELLO),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world",
    );
}

#[test]
fn a_request_with_an_empty_body() {
    exchange(
        Scenario::http("", "").answering(HELLO),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    );
}

#[test]
fn a_chunked_request_with_trailers() {
    exchange(
        Scenario::http("", "").answering(HELLO),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n",
    );
}

#[test]
fn a_chunked_answer_with_trailers() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n";
    exchange(Scenario::http("", "").answering(answer), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn slow_chunks_both_ways() {
    let parts = [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "5\r\nhel",
        "lo\r\n",
        "6\r\n world\r",
        "\n0\r\n",
        "\r\n",
    ];
    let acts = parts.iter().flat_map(|part| [Act::Send((*part).into()), Act::Pause(30)]).collect();
    Scenario::http("", "").acting(acts).compare(|stage| {
        let mut client = stage.connect();
        client.send_slowly(&[
            b"POST / HTTP/1.1\r\nHo",
            b"st: a\r\nTransfer-Encoding: chunked\r\n\r",
            b"\n4\r\nab",
            b"cd\r",
            b"\n0\r\n\r",
            b"\n",
        ]);
        client.read_answer();
    });
}

#[test]
fn a_head_byte_by_byte() {
    Scenario::http("", "").answering(HELLO).compare(|stage| {
        let mut client = stage.connect();
        for byte in b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" {
            client.send([*byte]);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        client.read_answer();
    });
}

fn expecting(early: Vec<Act>, body_at_once: bool) {
    let answer = vec![Act::Send(HELLO.into())];
    let scenario =
        Scenario::http("", "").origin(move |_| Reply { early: early.clone(), acts: answer.clone() });
    scenario.compare(move |stage| {
        let mut client = stage.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        if !body_at_once {
            client.read_until(b"\r\n\r\n");
        }
        client.send("body");
        client.read_until(b"hello");
    });
}

#[test]
fn expect_continue_is_answered_by_the_server() {
    expecting(vec![Act::Send("HTTP/1.1 100 Continue\r\n\r\n".into())], false);
}

#[test]
fn expect_continue_and_a_server_that_does_not_say_it() {
    expecting(Vec::new(), true);
}

#[test]
fn expect_continue_and_a_final_answer_at_once() {
    let early = vec![
        Act::Send("HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into()),
        Act::Close,
    ];
    let scenario = Scenario::http("", "").origin(move |_| Reply { early: early.clone(), acts: Vec::new() });
    scenario.compare(|stage| {
        let mut client = stage.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        client.read_answer();
    });
}

#[test]
fn early_hints_pass() {
    let acts = vec![
        Act::Send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n".into()),
        Act::Pause(30),
        Act::Send(HELLO.into()),
    ];
    Scenario::http("", "").acting(acts).compare(|stage| {
        let mut client = stage.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_until(b"hello");
    });
}

/// An answer without a body, then another request on the same connection.
fn bodiless(method: &'static str, answer: &'static str) {
    let scenario = Scenario::http("", "").origin(move |request| {
        let text = if request.number == 0 { answer } else { HELLO };
        Reply::from_acts(vec![Act::Send(text.into())])
    });
    scenario.compare(move |stage| {
        let mut client = stage.connect();
        client.send(format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"));
        client.read_until(b"\r\n\r\n");
        client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_until(b"hello");
    });
}

#[test]
fn head_with_a_length() {
    bodiless("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
}

#[test]
fn head_with_chunked() {
    bodiless("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

#[test]
fn head_with_neither() {
    bodiless("HEAD", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n");
}

#[test]
fn status_204() {
    bodiless("GET", "HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn status_304_with_a_length() {
    bodiless("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"x\"\r\n\r\n");
}

#[test]
fn status_200_of_length_zero() {
    bodiless("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

#[test]
fn an_answer_until_close() {
    let acts = vec![
        Act::Send("HTTP/1.1 200 OK\r\nX: y\r\n\r\nsome ".into()),
        Act::Pause(30),
        Act::Send("bytes".into()),
        Act::Close,
    ];
    Scenario::http("", "").acting(acts).compare(|stage| {
        let mut client = stage.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_until(b"bytes");
    });
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at * 7 + at / 251) % 251).unwrap_or(0)).collect()
}

#[test]
fn large_bodies_both_ways() {
    let size = 3_000_000;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").into_bytes();
    Scenario::http("", "").answering([head, pattern(size)].concat()).compare(move |stage| {
        let mut client = stage.connect();
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"));
        client.send(pattern(size));
        client.read_answer();
    });
}

#[test]
fn large_chunked_bodies_both_ways() {
    let chunked = |size: usize| {
        let mut bytes = Vec::new();
        for part in pattern(size).chunks(70_001) {
            bytes.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            bytes.extend_from_slice(part);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        bytes
    };
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    Scenario::http("", "").answering([head, chunked(1_000_000)].concat()).compare(move |stage| {
        let mut client = stage.connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send(chunked(1_000_000));
        client.read_answer();
    });
}

#[test]
fn an_answer_before_the_request_is_whole() {
    let early =
        vec![Act::Send("HTTP/1.1 413 Too Big\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig".into())];
    let scenario =
        Scenario::http("", "").origin(move |_| Reply { early: early.clone(), acts: vec![Act::ReadEnd] });
    let gentler = "a reset could cost the server the end of the request";
    scenario.stricter(gentler, &["halfa body\n    end: Closed"], &["halfa body\n    end: Reset"]).compare(
        |stage| {
            let mut client = stage.connect();
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
            client.read_answer();
            client.send("a body");
        },
    );
}
