//! A plain keep-alive request allocates nothing once everything is warm: the core is driven directly, and the
//! allocator counts.

use std::sync::Arc;

use bytes::Bytes;
use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::{ConnId, ListenerId, WorkerId};
use evenkeel_core::base::random::Seed;
use evenkeel_core::base::slots::Key;
use evenkeel_core::base::time::{Now, Time, Wall};
use evenkeel_core::config::environment::Tables;
use evenkeel_core::config::{Source, load};
use evenkeel_core::proxy::{Facts, Input, Output, Shared, Worker};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const CLIENT: ConnId = ConnId::client(Key { index: 0, generation: 0 });
const REQUEST: &[u8] =
    b"GET /path?q=1 HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello";
const WARM_UP: u64 = 500;
const MEASURED: u64 = 500;

/// A worker and what plays its shell, client and server.
struct Bench {
    worker: Worker,
    nanos: u64,
    answers: u64,
    lines: u64,
}

impl Bench {
    fn new(options: &str) -> Bench {
        let text = format!(
            "defaults\n mode http\n timeout client 30s\n timeout connect 5s\n timeout server 30s\n{options}\
             frontend in\n bind 127.0.0.1:80\n default_backend out\n\
             backend out\n server s1 127.0.0.1:81 maxconn 10\n server s2 127.0.0.1:82 maxconn 10\n"
        );
        let source = Source { name: "bench.cfg".to_owned(), bytes: text.into_bytes() };
        let loaded = load(&[source], &Tables::default());
        let config = Arc::new(loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.problems)));
        let facts = Facts { pid: 1, hostname: "here".to_owned(), workers: 1 };
        let shared = Shared::new(&config, now(0));
        let worker = Worker::new(config, shared, WorkerId(0), facts, Seed(1), now(0));
        let mut bench = Bench { worker, nanos: 1, answers: 0, lines: 0 };
        let address = |port| Address::Ip(([127, 0, 0, 1], port).into());
        let (peer, local) = (address(1_000), address(80));
        bench.feed(Input::Accepted { conn: CLIENT, listener: ListenerId(0), peer, local });
        bench
    }

    fn feed(&mut self, input: Input) {
        self.nanos += 1_000;
        self.worker.handle(now(self.nanos), input);
        self.carry_out();
    }

    /// Does what the worker says; servers answer each send at once.
    fn carry_out(&mut self) {
        while let Some(output) = self.worker.poll_output() {
            let follows = match output {
                Output::Connect { conn, .. } => [Some(Input::Connected { conn, local: None }), None],
                Output::Send { conn, bytes, .. } => {
                    let count = bytes.len();
                    drop(bytes);
                    let sent = Input::Sent { conn, count };
                    if conn == CLIENT {
                        self.answers += 1;
                        [Some(sent), None]
                    } else {
                        [Some(sent), Some(Input::Received { conn, bytes: Bytes::from_static(ANSWER) })]
                    }
                }
                Output::Log { .. } => {
                    self.lines += 1;
                    [None, None]
                }
                _ => [None, None],
            };
            for input in follows.into_iter().flatten() {
                self.feed(input);
            }
        }
        let _ = self.worker.poll_timeout();
    }

    fn request(&mut self) {
        self.feed(Input::Received { conn: CLIENT, bytes: Bytes::from_static(REQUEST) });
    }

    /// Blocks that so many requests allocate once everything is warm.
    fn blocks(mut self) -> (u64, Bench) {
        (0..WARM_UP).for_each(|_| self.request());
        let before = dhat::HeapStats::get().total_blocks;
        (0..MEASURED).for_each(|_| self.request());
        let blocks = dhat::HeapStats::get().total_blocks - before;
        assert_eq!(self.answers, WARM_UP + MEASURED, "each request is answered");
        (blocks, self)
    }
}

fn now(nanos: u64) -> Now {
    Now { time: Time::from_nanos(nanos), wall: Wall { unix_nanos: nanos, offset_seconds: 0 } }
}

/// One test, for there is one allocator.
#[test]
fn plain_requests_allocate_nothing_once_warm() {
    let _profiler = dhat::Profiler::builder().testing().build();

    let (plain, _) = Bench::new("").blocks();
    let (logged, bench) = Bench::new(" log 127.0.0.1 local0\n option httplog\n").blocks();
    assert_eq!(bench.lines, WARM_UP + MEASURED, "each request is logged");

    assert_eq!(plain, 0, "blocks of {MEASURED} plain requests");
    assert_eq!(logged, 0, "blocks of {MEASURED} logged requests");
}
