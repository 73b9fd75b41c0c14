//! The real worker machine under the driver, over real sockets: the whole data path but the configuration.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use evenkeel_core::base::ids::{BackendId, FrontendId, LogTargetId, WorkerId};
use evenkeel_core::base::random::Seed;
use evenkeel_core::log::Format;
use evenkeel_core::model::{
    Backend, Balance, BindAddress, CheckKind, ClientTimeouts, Config, Frontend, Global, Listener, Mode,
    Redispatch, Server, ServerTimeouts, SocketOptions,
};
use evenkeel_core::proxy::{Facts, Input, Shared, Signal, Worker};

use super::Driver;
use crate::Mailbox;
use crate::clock::Clock;
use crate::log_sink::LogSink;
use crate::sockets;
use crate::tokio_net::{TokioListener, TokioNet};

#[test]
fn requests_of_one_client_take_turns_among_the_servers() {
    let origins = [origin("one"), origin("two")];
    let proxy = Proxy::start(Mode::Http, &origins);

    let mut client = proxy.connect();
    let bodies: Vec<String> = (0..4).map(|_| ask(&mut client)).collect();

    let mut sorted = bodies.clone();
    sorted.sort();
    assert_eq!(sorted, ["one", "one", "two", "two"], "{bodies:?}");
}

#[test]
fn a_long_body_passes_unchanged() {
    let length = 3_000_000;
    let body: Vec<u8> = (0..length).map(|at: u32| (at / 3) as u8).collect();
    let proxy = Proxy::start(Mode::Http, &[origin_of_bytes(body.clone())]);

    let mut client = proxy.connect();
    client.write_all(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").expect("open");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("an answer");

    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    assert!(answer[head + 4..] == body, "{} of {length} bytes came", answer.len() - head - 4);
}

#[test]
fn a_tunnel_passes_both_directions_and_their_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let echo = thread::spawn(move || {
        let (mut conn, _) = listener.accept().expect("the tunnel");
        let mut all = Vec::new();
        conn.read_to_end(&mut all).expect("the client's bytes");
        conn.write_all(&all).expect("open");
    });
    let proxy = Proxy::start(Mode::Tcp, &[address]);

    let mut client = proxy.connect();
    client.write_all(&[7; 500_000]).expect("open");
    client.shutdown(Shutdown::Write).expect("open");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("the echo");
    echo.join().expect("no panic");

    assert_eq!(answer.len(), 500_000);
}

#[test]
fn a_soft_stop_answers_what_is_running_and_then_ends() {
    let proxy = Proxy::start(Mode::Http, &[origin("last")]);
    let mut client = proxy.connect();
    assert_eq!(ask(&mut client), "last");

    proxy.mailbox.send(Input::Signal(Signal::SoftStop));
    drop(client);

    proxy.join();
}

/// A server that answers every request with its name.
fn origin(name: &'static str) -> SocketAddr {
    origin_of_bytes(name.as_bytes().to_vec())
}

fn origin_of_bytes(body: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend(body);
    // It ends with the test process.
    thread::spawn(move || {
        while let Ok((mut conn, _)) = listener.accept() {
            let answer = answer.clone();
            thread::spawn(move || {
                let mut request = [0; 4096];
                while matches!(conn.read(&mut request), Ok(1..)) && conn.write_all(&answer).is_ok() {}
            });
        }
    });
    address
}

/// Asks once on an open connection, and returns the body.
fn ask(client: &mut TcpStream) -> String {
    client.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").expect("open");
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = client.read(&mut buffer).expect("an answer");
        assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        if body.len().to_string() == length {
            return body.to_string();
        }
    }
}

struct NoLog;

impl LogSink for NoLog {
    fn write(&mut self, _: LogTargetId, _: &[u8]) {}
    fn flush(&mut self) {}
}

/// One worker in a thread of its own.
struct Proxy {
    address: SocketAddr,
    mailbox: Mailbox,
    thread: JoinHandle<()>,
}

impl Proxy {
    fn start(mode: Mode, servers: &[SocketAddr]) -> Proxy {
        let config = Arc::new(config(mode, servers));
        let bound = sockets::bind(&config.listeners[0], "front", 100).expect("a port");
        let address = bound.socket.local_addr().expect("bound").as_socket().expect("an IP socket");
        let mailbox = Mailbox::new();
        let mailboxes = [mailbox.clone()];
        let thread = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let _inside = runtime.enter();
            let clock = Clock::start();
            let shared = Shared::new(&config, clock.now());
            let facts = Facts { pid: 1, hostname: "test".to_string(), workers: 1 };
            let machine = Worker::new(config, shared, WorkerId(0), facts, Seed(1), clock.now());
            let listener = TokioListener::new(bound.socket).expect("listening");
            let net = TokioNet::new(clock);
            let driver = Driver::new(net, machine, NoLog, WorkerId(0), &mailboxes, vec![Some(listener)]);
            runtime.block_on(tokio::task::unconstrained(driver.run()));
        });
        Proxy { address, mailbox, thread }
    }

    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).expect("listening");
        client.set_read_timeout(Some(Duration::from_secs(20))).expect("open");
        client
    }

    fn join(self) {
        self.thread.join().expect("no panic in the worker");
    }
}

fn config(mode: Mode, servers: &[SocketAddr]) -> Config {
    let long = Some(Duration::from_secs(30));
    let frontend = Frontend {
        name: "front".into(),
        mode,
        disabled: false,
        maxconn: None,
        default_backend: Some(BackendId(0)),
        switch_rules: Vec::new(),
        backend_names: Default::default(),
        inspection: Default::default(),
        monitor_rules: Vec::new(),
        timeouts: ClientTimeouts { client: long, ..ClientTimeouts::default() },
        connection_mode: Default::default(),
        forward_for: None,
        request_rules: Vec::new(),
        response_rules: Vec::new(),
        request_captures: Vec::new(),
        response_captures: Vec::new(),
        cookie_capture: None,
        error_pages: Default::default(),
        log: Vec::new(),
        log_format: Format::default(),
        dont_log_null: false,
        dont_log_normal: false,
        log_asap: false,
        log_separate_errors: false,
        ignore_probes: false,
        accept_invalid: false,
        monitor_uri: None,
        log_tag: None,
    };
    Config {
        global: Global::default(),
        frontends: vec![Arc::new(frontend)],
        backends: vec![Arc::new(backend(mode, servers))],
        listeners: vec![listener()],
        tables: Vec::new(),
        asks_about_servers: false,
        log_targets: Vec::new(),
    }
}

fn backend(mode: Mode, servers: &[SocketAddr]) -> Backend {
    let long = Some(Duration::from_secs(30));
    Backend {
        name: "back".into(),
        listen: false,
        mode,
        disabled: false,
        balance: Balance::RoundRobin,
        hashing: Default::default(),
        servers: servers.iter().enumerate().map(|(index, address)| server(index, *address)).collect(),
        timeouts: ServerTimeouts { connect: long, server: long, ..ServerTimeouts::default() },
        retries: 3,
        retry_on: Default::default(),
        redispatch: Redispatch::Never,
        reuse: Default::default(),
        fullconn: None,
        connection_mode: Default::default(),
        forward_for: None,
        all_backups: false,
        abort_on_close: false,
        cookie: None,
        inspection: Default::default(),
        rdp_persistence: None,
        persist: false,
        persist_rules: Vec::new(),
        server_rules: Vec::new(),
        stick_rules: Vec::new(),
        request_rules: Vec::new(),
        response_rules: Vec::new(),
        error_pages: Default::default(),
        log: Vec::new(),
        external_check: None,
        log_health_checks: false,
        check: CheckKind::Connect,
    }
}

fn listener() -> Listener {
    Listener {
        frontend: FrontendId(0),
        name: None,
        address: BindAddress::Ip("127.0.0.1:0".parse().expect("an address")),
        maxconn: None,
        options: SocketOptions::default(),
        at: "test:1".to_string(),
    }
}

fn server(index: usize, address: SocketAddr) -> Arc<Server> {
    Arc::new(Server {
        name: format!("server{index}").into(),
        id: index as u32 + 1,
        address: address.into(),
        cookie: None,
        ring_key: Default::default(),
        stick: true,
        weight: 1,
        maxconn: None,
        minconn: None,
        maxqueue: None,
        backup: false,
        disabled: false,
        source: None,
        pool_max_conn: None,
        init_state: Default::default(),
        track: None,
        observe: None,
        shut_when_down: false,
        shut_backups_when_up: false,
        slow_start: None,
        pool_purge_delay: Duration::from_secs(5),
        agent: None,
        check: None,
    })
}
