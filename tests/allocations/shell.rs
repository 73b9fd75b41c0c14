//! The real driver over loopback sockets: a keep-alive request, and a message through a tunnel, take no memory on
//! their way through sockets, poller, machine and back. Client and server are threads of this process with
//! buffers of their own, so all that is counted is the proxy's.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use evenkeel_core::base::ids::{LogTargetId, WorkerId};
use evenkeel_core::base::random::Seed;
use evenkeel_core::config::environment::Tables;
use evenkeel_core::config::{Source, load};
use evenkeel_core::proxy::{Facts, Input, Shared, Signal, Worker};
use evenkeel_io::Mailbox;
use evenkeel_io::clock::Clock;
use evenkeel_io::driver::Driver;
use evenkeel_io::log_sink::LogSink;
use evenkeel_io::net::Net;
use evenkeel_io::tokio_net::{TokioListener, TokioNet};
use evenkeel_tests::PATIENCE;

use crate::blocks;

const WARM_UP: u64 = 200;
const MEASURED: u64 = 500;

const REQUEST: &[u8] = b"GET /path?q=1 HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 5\r\n\r\nhello";

pub(crate) fn complaints() -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, mode) in [("keep-alive requests", "http"), ("messages through a tunnel", "tcp")] {
        let blocks = blocks_of(mode);
        println!("{name} through the shell: {blocks} blocks in {MEASURED}");
        if blocks > 0 {
            complaints.push(format!("{MEASURED} {name} through the shell took {blocks} blocks"));
        }
    }
    complaints
}

/// Blocks that requests take once everything is warm.
fn blocks_of(mode: &str) -> u64 {
    let origin = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin_at = origin.local_addr().expect("bound");
    let origin = thread::spawn(move || answer_all(&origin));
    let door = TcpListener::bind("127.0.0.1:0").expect("a port");
    let door_at = door.local_addr().expect("bound");
    let mailbox = Mailbox::new();
    let proxy = thread::spawn({
        let (mode, mailbox) = (mode.to_owned(), mailbox.clone());
        move || drive(&mode, door, origin_at, &mailbox)
    });
    let mut client = TcpStream::connect(door_at).expect("the proxy listens");
    client.set_read_timeout(Some(PATIENCE)).expect("not zero");
    client.set_nodelay(true).expect("an option of TCP");

    (0..WARM_UP).for_each(|_| ask(&mut client));
    let blocks = blocks(|| (0..MEASURED).for_each(|_| ask(&mut client)));

    drop(client);
    mailbox.send(Input::Signal(Signal::HardStop));
    proxy.join().expect("the proxy ends");
    origin.join().expect("the origin ends");
    blocks
}

fn ask(client: &mut TcpStream) {
    client.write_all(REQUEST).expect("the proxy reads");
    let (mut answer, mut len) = ([0; 1_024], 0);
    while !answer[..len].ends_with(b"hello") {
        let count = client.read(&mut answer[len..]).expect("the proxy answers");
        assert!(count > 0, "the connection stays open");
        len += count;
    }
}

/// Answers every request of the one connection that a proxy needs for one client.
fn answer_all(listener: &TcpListener) {
    let (mut stream, _) = listener.accept().expect("the proxy connects");
    let (mut request, mut len) = ([0; 1_024], 0);
    while let Ok(count @ 1..) = stream.read(&mut request[len..]) {
        len += count;
        if request[..len].ends_with(b"\r\n\r\n") {
            stream.write_all(ANSWER).expect("the proxy reads");
            len = 0;
        }
    }
}

/// One worker, as a thread of the program runs it.
fn drive(mode: &str, door: TcpListener, origin: SocketAddr, mailbox: &Mailbox) {
    let text = format!(
        "defaults\n mode {mode}\n timeout client 30s\n timeout connect 5s\n timeout server 30s\n\
         frontend in\n bind {}\n default_backend out\nbackend out\n server s1 {origin}\n",
        door.local_addr().expect("bound")
    );
    let source = Source { name: "shell.cfg".to_owned(), bytes: text.into_bytes() };
    let loaded = load(&[source], &Tables::default());
    let config = Arc::new(loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.problems)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a poller");
    let _inside = runtime.enter();
    let net = TokioNet::new(Clock::start());
    let facts = Facts { pid: 1, hostname: "here".to_owned(), workers: 1 };
    let shared = Shared::new(&config, net.now());
    let worker = Worker::new(config, shared, WorkerId(0), facts, Seed(1), net.now());
    let door = TokioListener::new(door.into()).expect("listening");
    let mailboxes = std::slice::from_ref(mailbox);
    let driver = Driver::new(net, worker, Silence, WorkerId(0), mailboxes, vec![Some(door)]);
    runtime.block_on(tokio::task::unconstrained(driver.run()));
}

/// Nothing is logged.
struct Silence;

impl LogSink for Silence {
    fn write(&mut self, _: LogTargetId, _: &[u8]) {}

    fn flush(&mut self) {}
}
