//! The driver over real loopback sockets, with machines that follow a script.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::{ConnId, ListenerId, LogTargetId, WorkerId};
use evenkeel_core::base::slots::Key;
use evenkeel_core::base::time::{Now, Time};
use evenkeel_core::proxy::{CloseHow, ConnectError, FirstWord, Input, LostReason, Output, Signal, Wakeup};
use socket2::Socket;

use super::{Driver, Machine};
use crate::Mailbox;
use crate::clock::Clock;
use crate::log_sink::LogSink;
use crate::tokio_net::{TokioListener, TokioNet};

const LISTENER: ListenerId = ListenerId(0);
const SERVER: ConnId = ConnId::server(Key { index: 0, generation: 0 });

#[test]
fn a_tunnel_carries_many_bytes_both_ways_and_half_closes() {
    let origin = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = Address::Ip(origin.local_addr().expect("bound"));
    let shell = Shell::start(Tunnel { to, client: None, done: 0 });
    let payload: Vec<u8> = (0..5_000_000u32).map(|at| (at / 7) as u8).collect();

    let answering = thread::spawn(move || {
        let (mut conn, _) = origin.accept().expect("the tunnel");
        let mut got = Vec::new();
        conn.read_to_end(&mut got).expect("the client's bytes");
        got.reverse();
        conn.write_all(&got).expect("the answer");
    });
    let mut client = shell.connect();
    client.write_all(&payload).expect("the request");
    client.shutdown(std::net::Shutdown::Write).expect("open");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("the answer");
    answering.join().expect("no panic");

    answer.reverse();
    assert!(answer == payload, "{} bytes came back", answer.len());
}

#[test]
fn what_a_slow_reader_does_not_take_is_reported_as_held_and_then_as_moved() {
    let origin = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = Address::Ip(origin.local_addr().expect("bound"));
    let (report, reports) = mpsc::channel();
    let mut tunnel = Tunnel { to, client: None, done: 0 };
    let shell = Shell::start(move |now: Now, input: Input, orders: &mut VecDeque<Output>| {
        if let Input::Relayed { from, count, held } = &input {
            let _ = report.send((*from, *count, *held));
        }
        tunnel.react(now, input, orders);
    });
    let mut client = shell.connect();
    let (mut conn, _) = origin.accept().expect("the tunnel");
    let writing = thread::spawn(move || conn.write_all(&vec![7; 20_000_000]));

    let (from, mut moved, _) = wait_for(&reports, |(_, _, held)| *held > 0);
    let mut sink = Vec::new();
    client.read_to_end(&mut sink).expect("everything");
    writing.join().expect("no panic").expect("everything was taken");
    shell.stop();

    assert_eq!(from, SERVER);
    assert_eq!(sink.len(), 20_000_000);
    moved += reports.try_iter().map(|(_, count, _)| count).sum::<u64>();
    assert!(moved <= 20_000_000, "{moved}");
}

#[test]
fn a_relay_stops_at_its_limit_and_shows_the_rest_when_told() {
    let origin = TcpListener::bind("127.0.0.1:0").expect("a port");
    let to = Address::Ip(origin.local_addr().expect("bound"));
    let (report, reports) = mpsc::channel();
    let mut client_id = None;
    let shell = Shell::start(move |_: Now, input: Input, orders: &mut VecDeque<Output>| match input {
        Input::Accepted { conn, .. } => {
            client_id = Some(conn);
            orders.push_back(Output::PauseRead { conn });
            orders.push_back(Output::Connect {
                conn: SERVER,
                to: to.clone(),
                from: None,
                first_word: FirstWord::Either,
            });
        }
        Input::Connected { .. } => {
            let from = client_id.expect("accepted before");
            orders.push_back(Output::Relay { from, to: SERVER, limit: Some(5) });
        }
        Input::Relayed { from, count: 5, held: 0 } => orders.push_back(Output::ResumeRead { conn: from }),
        Input::Received { bytes, .. } => report.send(bytes).expect("the test waits"),
        _ => {}
    });

    let mut client = shell.connect();
    client.write_all(b"12345the rest").expect("open");
    let (mut conn, _) = origin.accept().expect("the tunnel");
    let mut relayed = [0; 5];
    conn.read_exact(&mut relayed).expect("five bytes");

    assert_eq!(&relayed, b"12345");
    assert_eq!(next(&reports), "the rest");
}

#[test]
fn a_refused_connect_is_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let (report, reports) = mpsc::channel();
    let shell = Shell::start(move |_: Now, input: Input, orders: &mut VecDeque<Output>| match input {
        Input::Accepted { .. } => {
            orders.push_back(Output::Connect {
                conn: SERVER,
                to: closed.into(),
                from: None,
                first_word: FirstWord::Either,
            });
        }
        Input::ConnectFailed { conn, why } => report.send((conn, why)).expect("the test waits"),
        _ => {}
    });

    let _client = shell.connect();

    assert_eq!(next(&reports), (SERVER, ConnectError::Refused));
}

#[test]
fn a_paused_listener_accepts_nothing_until_it_is_resumed() {
    let (report, reports) = mpsc::channel();
    let shell = Shell::start(move |_: Now, input: Input, orders: &mut VecDeque<Output>| match input {
        Input::Accepted { conn, .. } => {
            report.send(conn).expect("the test waits");
            orders.push_back(Output::PauseAccepting { listener: LISTENER });
        }
        Input::ReadClosed { conn } => {
            orders.push_back(Output::Close { conn, how: CloseHow::Graceful });
            orders.push_back(Output::ResumeAccepting { listener: LISTENER });
        }
        _ => {}
    });

    let first = shell.connect();
    let _second = shell.connect();
    let accepted = next(&reports);
    shell.mailbox.send(Input::Timeout);
    assert_eq!(reports.try_recv(), Err(mpsc::TryRecvError::Empty));
    drop(first);
    let next_accepted = next(&reports);

    assert_eq!(accepted.key().index, next_accepted.key().index, "its slot is free again");
    assert_ne!(accepted, next_accepted);
}

#[test]
fn sends_leave_in_order_and_a_graceful_close_loses_none() {
    let shell = Shell::start(|_: Now, input: Input, orders: &mut VecDeque<Output>| {
        if let Input::Received { conn, .. } = input {
            for text in ["one ", "two ", "three"] {
                orders.push_back(Output::Send {
                    conn,
                    bytes: Bytes::from_static(text.as_bytes()),
                    last: false,
                });
            }
            orders.push_back(Output::Close { conn, how: CloseHow::Graceful });
        }
    });

    let mut client = shell.connect();
    client.write_all(&[b'x'; 30_000]).expect("open");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("no reset");

    assert_eq!(answer, "one two three");
}

#[test]
fn a_reset_reaches_the_peer_as_one() {
    let shell = Shell::start(|_: Now, input: Input, orders: &mut VecDeque<Output>| {
        if let Input::Received { conn, .. } = input {
            orders.push_back(Output::Close { conn, how: CloseHow::Reset });
        }
    });

    let mut client = shell.connect();
    client.write_all(b"x").expect("open");
    let error = client.read(&mut [0]).expect_err("reset");

    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_peers_reset_is_a_loss() {
    let (report, reports) = mpsc::channel();
    let shell = Shell::start(move |_: Now, input: Input, _: &mut VecDeque<Output>| {
        if let Input::Lost { why, .. } = input {
            report.send(why).expect("the test waits");
        }
    });

    let client = Socket::from(shell.connect());
    client.set_linger(Some(Duration::ZERO)).expect("open");
    drop(client);

    assert_eq!(next(&reports), LostReason::Reset);
}

#[test]
fn the_timer_comes_when_wanted_and_not_before() {
    let (report, reports) = mpsc::channel();
    let shell = Shell::start(Alarmed { at: Time::from_millis(30), report });

    let fired = next(&reports);
    drop(shell);

    assert!(fired >= Time::from_millis(30), "{fired:?}");
}

/// A machine made of one reaction.
trait React: Send + 'static {
    fn react(&mut self, now: Now, input: Input, orders: &mut VecDeque<Output>);

    fn wants(&self) -> Option<Time> {
        None
    }
}

impl<F: FnMut(Now, Input, &mut VecDeque<Output>) + Send + 'static> React for F {
    fn react(&mut self, now: Now, input: Input, orders: &mut VecDeque<Output>) {
        self(now, input, orders);
    }
}

/// Relays everything to one server.
struct Tunnel {
    to: Address,
    client: Option<ConnId>,
    done: usize,
}

impl React for Tunnel {
    fn react(&mut self, _: Now, input: Input, orders: &mut VecDeque<Output>) {
        match input {
            Input::Accepted { conn, .. } => {
                self.client = Some(conn);
                orders.push_back(Output::PauseRead { conn });
                orders.push_back(Output::Connect {
                    conn: SERVER,
                    to: self.to.clone(),
                    from: None,
                    first_word: FirstWord::Either,
                });
            }
            Input::Connected { conn, .. } => {
                let client = self.client.expect("accepted before");
                orders.push_back(Output::Relay { from: client, to: conn, limit: None });
                orders.push_back(Output::Relay { from: conn, to: client, limit: None });
            }
            Input::ReadClosed { conn } => {
                let client = self.client.expect("accepted before");
                let other = if conn == client { SERVER } else { client };
                orders.push_back(Output::ShutWrite { conn: other });
                self.done += 1;
                if self.done == 2 {
                    orders.push_back(Output::Close { conn: client, how: CloseHow::Graceful });
                    orders.push_back(Output::Close { conn: SERVER, how: CloseHow::Graceful });
                }
            }
            _ => {}
        }
    }
}

struct Alarmed {
    at: Time,
    report: mpsc::Sender<Time>,
}

impl React for Alarmed {
    fn react(&mut self, now: Now, input: Input, _: &mut VecDeque<Output>) {
        if matches!(input, Input::Timeout) {
            self.at = Time::NEVER;
            self.report.send(now.time).expect("the test waits");
        }
    }

    fn wants(&self) -> Option<Time> {
        Some(self.at)
    }
}

struct Scripted<R> {
    reaction: R,
    orders: VecDeque<Output>,
}

impl<R: React> Machine for Scripted<R> {
    fn handle(&mut self, now: Now, input: Input) {
        if matches!(input, Input::Signal(Signal::HardStop)) {
            self.orders.push_back(Output::Stopped);
        }
        self.reaction.react(now, input, &mut self.orders);
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.orders.pop_front()
    }

    fn poll_timeout(&mut self) -> Option<(Time, Wakeup)> {
        self.reaction.wants().map(|at| (at, Wakeup::Worker))
    }

    fn check_invariants(&self) {}
}

struct NoLog;

impl LogSink for NoLog {
    fn write(&mut self, _: LogTargetId, _: &[u8]) {}
    fn flush(&mut self) {}
}

/// A driver in a thread of its own, with one listener.
struct Shell {
    address: SocketAddr,
    mailbox: Mailbox,
    thread: Option<JoinHandle<()>>,
}

impl Shell {
    fn start(reaction: impl React) -> Shell {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let mailbox = Mailbox::new();
        let mailboxes = [mailbox.clone()];
        let thread = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let _inside = runtime.enter();
            let listener = TokioListener::new(listener.into()).expect("listening");
            let machine = Scripted { reaction, orders: VecDeque::new() };
            let net = TokioNet::new(Clock::start());
            let driver = Driver::new(net, machine, NoLog, WorkerId(0), &mailboxes, vec![Some(listener)]);
            runtime.block_on(tokio::task::unconstrained(driver.run()));
        });
        Shell { address, mailbox, thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).expect("listening");
        client.set_read_timeout(Some(Duration::from_secs(20))).expect("open");
        client
    }

    fn stop(mut self) {
        self.mailbox.send(Input::Signal(Signal::HardStop));
        self.thread.take().expect("running").join().expect("no panic in the driver");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.mailbox.send(Input::Signal(Signal::HardStop));
        if let Some(thread) = self.thread.take()
            && !thread::panicking()
        {
            thread.join().expect("no panic in the driver");
        }
    }
}

fn next<T>(reports: &mpsc::Receiver<T>) -> T {
    reports.recv_timeout(Duration::from_secs(20)).expect("a report within twenty seconds")
}

fn wait_for<T>(reports: &mpsc::Receiver<T>, wanted: impl Fn(&T) -> bool) -> T {
    loop {
        let report = next(reports);
        if wanted(&report) {
            return report;
        }
    }
}
