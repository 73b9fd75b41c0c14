//! Conversations with a worker, input by input and order by order, as a person can follow them.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{ConnectError, Facts, Input, Output, Shared, Signal, Worker};
use crate::base::address::Address;
use crate::base::ids::{ConnId, ListenerId, WorkerId};
use crate::base::random::Seed;
use crate::base::slots::Key;
use crate::base::time::{Now, Time, Wall};
use crate::config::environment::Tables;
use crate::config::{Source, load};

const DEFAULTS: &str = "defaults\n mode http\n timeout client 10s\n timeout connect 1s\n timeout server 5s\n retries 1\n\
                        log 127.0.0.1 format raw local0\n option httplog\n";

fn client(index: u32) -> ConnId {
    ConnId::client(Key { index, generation: 0 })
}

fn server(index: u32) -> ConnId {
    ConnId::server(Key { index, generation: 0 })
}

/// A worker, and everything said so far.
struct Talk {
    worker: Worker,
    now: Time,
    text: String,
}

impl Talk {
    fn new(config: &str) -> Talk {
        let source =
            Source { name: "talk.cfg".to_owned(), bytes: format!("{DEFAULTS}{config}").into_bytes() };
        let loaded = load(&[source], &Tables::default());
        let config = Arc::new(loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.problems)));
        let facts = Facts { pid: 1, hostname: "here".to_owned(), workers: 1 };
        let shared = Shared::new(&config, at(Time::ZERO));
        let worker = Worker::new(config, shared, WorkerId(0), facts, Seed(1), at(Time::ZERO));
        let mut talk = Talk { worker, now: Time::ZERO, text: String::new() };
        talk.listen();
        talk
    }

    /// Says something to the worker and writes down what it orders.
    fn say(&mut self, input: Input) -> &mut Talk {
        let shown = match &input {
            Input::Received { conn, bytes } => format!("Received {conn:?} {}", bytes.escape_ascii()),
            other => format!("{other:?}"),
        };
        let _ = writeln!(self.text, "> {shown}");
        self.worker.handle(at(self.now), input);
        self.listen();
        self
    }

    fn listen(&mut self) {
        let mut sent = Vec::new();
        while let Some(output) = self.worker.poll_output() {
            let shown = match &output {
                Output::Send { conn, bytes, last: false } => {
                    format!("Send {conn:?} {}", bytes.escape_ascii())
                }
                Output::Send { conn, bytes, last: true } => {
                    format!("Send {conn:?} last {}", bytes.escape_ascii())
                }
                Output::Log { line, .. } => format!("Log {}", line.escape_ascii()),
                other => format!("{other:?}"),
            };
            let _ = writeln!(self.text, "    {shown}");
            match output {
                Output::Send { conn, bytes, .. } => sent.push(Input::Sent { conn, count: bytes.len() }),
                Output::Tell { message, .. } => sent.push(Input::Message(message)),
                _ => {}
            }
        }
        self.worker.check_invariants();
        // The system takes everything at once here, and messages arrive at once.
        for input in sent {
            self.worker.handle(at(self.now), input);
            self.listen();
        }
    }

    fn accept(&mut self, conn: ConnId) -> &mut Talk {
        let address = |port| Address::Ip(([127, 0, 0, 1], port).into());
        let (peer, local) = (address(1_000), address(80));
        self.say(Input::Accepted { conn, listener: ListenerId(0), peer, local })
    }

    fn receive(&mut self, conn: ConnId, bytes: &'static str) -> &mut Talk {
        self.say(Input::Received { conn, bytes: Bytes::from_static(bytes.as_bytes()) })
    }

    /// Lets time pass until the worker, woken when it wants to be, orders something.
    fn wait(&mut self) -> &mut Talk {
        for _ in 0..10 {
            let (due, why) = self.worker.poll_timeout().expect("it waits for something");
            assert!(due > self.now, "the next timeout lies in the future");
            self.now = due;
            let before = self.text.len();
            self.worker.handle(at(due), Input::Timeout);
            self.listen();
            if self.text.len() > before {
                self.text.insert_str(before, &format!("... {due:?} {why:?}\n"));
                return self;
            }
        }
        panic!("it waits for ever:\n{}", self.text);
    }

    fn pass(&mut self, millis: u64) -> &mut Talk {
        self.now = self.now + Duration::from_millis(millis);
        self
    }
}

fn at(time: Time) -> Now {
    Now { time, wall: Wall { unix_nanos: time.as_nanos(), offset_seconds: 0 } }
}

macro_rules! snapshot {
    ($name:literal, $talk:expr) => {
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/machines"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!($name, $talk.text) })
    };
}

const ONE: &str = "listen web\n bind :80\n server s1 127.0.0.1:81\n";
const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

#[test]
fn two_requests_share_both_connections() {
    let mut talk = Talk::new(ONE);
    talk.accept(client(0)).pass(1).receive(client(0), GET);
    talk.pass(2).say(Input::Connected { conn: server(0), local: None });
    talk.pass(3)
        .receive(server(0), ANSWER)
        .pass(4)
        .receive(client(0), GET)
        .pass(5)
        .receive(server(0), ANSWER);
    talk.say(Input::ReadClosed { conn: client(0) });
    snapshot!("worker_two_requests", talk);
}

#[test]
fn a_waiting_request_gets_the_slot_that_another_gives_back() {
    let mut talk = Talk::new("listen web\n bind :80\n server s1 127.0.0.1:81 maxconn 1\n");
    talk.accept(client(0)).receive(client(0), GET).say(Input::Connected { conn: server(0), local: None });
    talk.accept(client(1)).receive(client(1), GET).pass(10).receive(server(0), ANSWER);
    snapshot!("worker_queue", talk);
}

#[test]
fn a_refused_connect_is_tried_again_after_a_pause() {
    let mut talk = Talk::new(ONE);
    talk.accept(client(0)).receive(client(0), GET);
    talk.say(Input::ConnectFailed { conn: server(0), why: ConnectError::Refused }).wait();
    let again = ConnId::server(Key { index: 0, generation: 1 });
    talk.say(Input::ConnectFailed { conn: again, why: ConnectError::Refused });
    snapshot!("worker_retry", talk);
}

#[test]
fn a_request_is_sent_again_after_an_answer_that_is_asked_for() {
    let mut talk = Talk::new("listen web\n bind :80\n retry-on 503\n server s1 127.0.0.1:81\n");
    talk.accept(client(0)).receive(client(0), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    talk.say(Input::Connected { conn: server(0), local: None });
    talk.receive(server(0), "HTTP/1.1 503 Busy\r\nContent-Length: 3\r\n\r\nno");
    let again = ConnId::server(Key { index: 0, generation: 1 });
    talk.say(Input::Connected { conn: again, local: None }).receive(again, ANSWER);
    snapshot!("worker_retry_status", talk);
}

#[test]
fn a_silent_server_is_given_up() {
    let mut talk = Talk::new(ONE);
    talk.accept(client(0)).receive(client(0), GET).say(Input::Connected { conn: server(0), local: None });
    talk.wait();
    snapshot!("worker_silent_server", talk);
}

#[test]
fn an_answer_may_come_before_its_request_is_whole() {
    let mut talk = Talk::new(ONE);
    talk.accept(client(0)).receive(client(0), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
    talk.say(Input::Connected { conn: server(0), local: None });
    talk.receive(server(0), ANSWER).receive(client(0), "def").receive(client(0), GET);
    snapshot!("worker_early_answer", talk);
}

#[test]
fn who_comes_when_the_process_is_full_waits_unread() {
    let mut talk = Talk::new(&format!("global\n maxconn 1\n{ONE}"));
    talk.accept(client(0)).accept(client(1));
    talk.say(Input::ReadClosed { conn: client(0) }).receive(client(1), GET);
    snapshot!("worker_full", talk);
}

#[test]
fn a_soft_stop_lets_what_runs_finish() {
    let mut talk = Talk::new(ONE);
    talk.accept(client(0)).receive(client(0), GET).say(Input::Connected { conn: server(0), local: None });
    talk.say(Input::Signal(Signal::SoftStop)).receive(server(0), ANSWER);
    snapshot!("worker_soft_stop", talk);
}
