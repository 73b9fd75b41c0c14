//! What the program promises whatever haproxy does: it survives any bytes, holds no more memory than its
//! buffers, and lets go of every descriptor.

use std::time::{Duration, Instant};

use evenkeel_tests::origin::Act;
use evenkeel_tests::record::End;

use crate::differential::scenario::Scenario;
use crate::differential::stage::Stage;

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// A generator of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }
}

/// Requests with some bytes replaced, taken out or repeated.
fn mutated(numbers: &mut Numbers) -> Vec<u8> {
    let seeds = [
        "GET /path?q=1 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ];
    let odd = [0, b'\r', b'\n', b' ', b':', b',', b';', b'\t', 0x7f, 0x80, 0xff, b'0', b'f'];
    let mut bytes = seeds[numbers.below(seeds.len())].as_bytes().to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        match numbers.below(3) {
            0 => bytes[at] = odd[numbers.below(odd.len())],
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, odd[numbers.below(odd.len())]),
        }
    }
    bytes
}

#[test]
fn no_bytes_of_a_client_end_the_program() {
    let scenario = Scenario::http("timeout http-request 2s", "timeout server 2s").answering(HELLO);
    scenario.play_alone(|stage| {
        let mut numbers = Numbers(1);
        for _ in 0..300 {
            let mut client = stage.connect();
            client.send(mutated(&mut numbers));
            client.shut_write();
        }
        assert!(stage.get("/after").contains("200 OK"), "it does not answer any more");
    });
}

#[test]
fn no_bytes_of_a_server_end_the_program() {
    let mut numbers = Numbers(2);
    let answers: Vec<Vec<u8>> = (0..200)
        .map(|_| {
            let mut bytes =
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".to_vec();
            let at = numbers.below(bytes.len());
            bytes[at] = u8::try_from(numbers.below(256)).unwrap_or(0);
            bytes
        })
        .collect();
    let count = answers.len();
    let scenario = Scenario::http("", "timeout server 2s\nretries 0").origin(move |request| {
        let answer = answers.get(request.number).map_or(HELLO.as_bytes(), Vec::as_slice).to_vec();
        evenkeel_tests::origin::Reply { early: Vec::new(), acts: vec![Act::Send(answer), Act::Close] }
    });
    scenario.play_alone(move |stage| {
        for _ in 0..count {
            stage.get("/");
        }
        assert!(stage.get("/after").contains("hello"), "it does not answer any more");
    });
}

/// Kilobytes of memory that are the process's own.
fn private_memory(stage: &Stage) -> u64 {
    let text =
        std::fs::read_to_string(format!("/proc/{}/smaps_rollup", stage.program_id())).unwrap_or_default();
    let kilobytes = |line: &str| line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok());
    text.lines().filter(|line| line.starts_with("Private")).filter_map(kilobytes).sum()
}

fn descriptors(stage: &Stage) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", stage.program_id())).map_or(0, Iterator::count)
}

#[test]
fn a_body_of_any_size_passes_in_constant_memory() {
    let size = 100_000_000;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").into_bytes();
    let body = vec![b'x'; 1_000_000];
    let mut acts = vec![Act::Send(head)];
    acts.extend(std::iter::repeat_n(Act::Send(body), 100));
    Scenario::http("", "").acting(acts).play_alone(move |stage| {
        let before = private_memory(stage);
        let mut client = stage.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let record = client.record();
        let deadline = Instant::now() + evenkeel_tests::PATIENCE;
        let mut highest = 0;
        while record.received() < size && record.seen_end() == End::Open && Instant::now() < deadline {
            highest = private_memory(stage).max(highest);
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(record.received() > size, "the body is cut after {} bytes", record.received());
        assert!(highest < before + 16_000, "memory grew from {before} kB to {highest} kB");
    });
}

#[test]
fn every_descriptor_is_given_back() {
    let scenario = Scenario::http("option http-server-close", "").answering(HELLO);
    scenario.play_alone(|stage| {
        stage.get("/warm");
        let before = descriptors(stage);
        for number in 0..100 {
            stage.get(&format!("/{number}"));
            let mut client = stage.connect();
            client.send("GET / HTTP");
            client.close();
        }
        let deadline = Instant::now() + evenkeel_tests::PATIENCE;
        while descriptors(stage) > before + 4 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let after = descriptors(stage);
        assert!(after <= before + 4, "{before} descriptors before, {after} after");
    });
}
