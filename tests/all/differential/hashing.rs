//! Which key goes to which server: the same as with haproxy, for every way to hash.
//!
//! `tests/differential/hashing.txt` records where haproxy sends all keys, and `hashing` holds the core against
//! it. Here both programs are really asked, about the first keys of every way, so that neither the record nor what
//! lies between the core and a client goes wrong unseen. Each runs one configuration with a proxy per way; a
//! header of the answer names the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use evenkeel_tests::program::{Program, Running, Scratch, free_port};

use super::scenario::say;
use crate::hashing::record::{BLOCK, Record};
use crate::hashing::ways::{self, KEYS, Phase, SERVERS, Way};

/// Keys of each way that are asked about when nothing is recorded.
const SAMPLE: usize = BLOCK;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Lines of a proxy which takes the client's address from a header, in haproxy only.
const CLIENT_BY_HEADER: &str = "  http-request set-src req.hdr_ip(x-key)\n";

/// An origin that answers everything at once, but nothing that is to be held. Its threads end with the process.
#[derive(Clone)]
struct Origin {
    port: u16,
    held: Arc<AtomicUsize>,
}

impl Origin {
    fn start() -> Origin {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let origin = Origin { port, held: Arc::new(AtomicUsize::new(0)) };
        let shared = origin.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let origin = shared.clone();
                std::thread::spawn(move || origin.answer(&stream));
            }
        });
        origin
    }

    fn answer(&self, mut stream: &TcpStream) {
        let mut lines = BufReader::new(stream).lines();
        let mut hold = false;
        while let Some(Ok(line)) = lines.next() {
            hold |= line.starts_with("GET /hold");
            if !line.is_empty() {
                continue;
            }
            if std::mem::take(&mut hold) {
                self.held.fetch_add(1, Ordering::SeqCst);
            } else if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_err() {
                return;
            }
        }
    }

    fn wait_for_held(&self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.held.load(Ordering::SeqCst) < count {
            assert!(Instant::now() < deadline, "request {count} does not reach a server");
            std::thread::yield_now();
        }
    }
}

/// A program with its proxies, one for each way.
struct Field {
    ports: Vec<u16>,
    origin: Origin,
    scratch: Scratch,
    _running: Running,
}

impl Field {
    fn start(program: &Program, ways: &[Way], client_by_header: bool) -> Field {
        let scratch = Scratch::new();
        let origin = Origin::start();
        for _ in 0..3 {
            let ports: Vec<u16> = ways.iter().map(|_| free_port()).collect();
            let mut config = "global\n  maxconn 2000\n  nbthread 1\n".to_owned();
            if program.is_haproxy() {
                let socket = scratch.path().join("socket");
                config += &format!("  stats socket {} level admin\n", socket.display());
            }
            config +=
                "defaults\n  mode http\n  timeout connect 5s\n  timeout client 600s\n  timeout server 600s\n";
            for (number, (way, port)) in ways.iter().zip(&ports).enumerate() {
                config += &format!("listen in{number}\n  bind 127.0.0.1:{port}\n{}", way.lines());
                config += "  http-response set-header x-server %s\n";
                if client_by_header && way.is_source() {
                    config += CLIENT_BY_HEADER;
                }
                for (index, options) in SERVERS.iter().enumerate() {
                    config += &format!("  server s{} 127.0.0.1:{} {options}\n", index + 1, origin.port);
                }
            }
            let file = scratch.write("haproxy.cfg", config);
            let mut command = Command::new(&program.path);
            command.arg("-db").arg("-f").arg(&file);
            if let Ok(running) = Running::start(&mut command, ports.last().copied(), &scratch) {
                return Field { ports, origin, scratch, _running: running };
            }
        }
        panic!("{} does not start", program.name);
    }

    /// Where the first `count` keys of a way go in each of its phases. The servers' life is left out where they
    /// cannot be commanded.
    fn ask(&self, number: usize, way: &Way, count: usize) -> Vec<(Phase, Vec<u8>)> {
        let before = self.origin.held.load(Ordering::SeqCst);
        let mut held = Vec::new();
        for (index, request) in way.requests.held(way.held()).iter().enumerate() {
            let mut stream = connect(self.ports[number], Ipv4Addr::LOCALHOST);
            stream.write_all(request.as_bytes()).expect("the proxy reads");
            held.push(stream);
            self.origin.wait_for_held(before + index + 1);
        }
        let requests = way.requests.take(count);
        let can_command = self.scratch.path().join("socket").exists();
        let mut answers = Vec::new();
        for phase in &way.phases[..if can_command { way.phases.len() } else { 1 }] {
            if can_command && way.phases.len() > 1 {
                self.enter(number, way, phase);
            }
            let mut stream = connect(self.ports[number], Ipv4Addr::LOCALHOST);
            let mut ask = |requests: &[String]| {
                let part = |part: &[String]| {
                    stream.write_all(part.concat().as_bytes()).expect("the proxy reads");
                    servers_of(&mut stream, part.len())
                };
                requests.chunks(way.requests.at_once()).flat_map(part).collect::<Vec<u8>>()
            };
            ask(&requests[..way.requests.rehearsed()]);
            answers.push((*phase, ask(&requests)));
        }
        answers
    }

    /// Brings the servers of a proxy into the state that the phase says.
    fn enter(&self, number: usize, way: &Way, phase: &Phase) {
        let weighed = way.phases.iter().any(|phase| !phase.weights.is_empty());
        for (index, options) in SERVERS.iter().enumerate().filter(|(_, options)| **options != "disabled") {
            let server = format!("in{number}/s{}", index + 1);
            let state = if phase.down.contains(&index) { "maint" } else { "ready" };
            self.command(&format!("set server {server} state {state}"));
            let configured =
                options.strip_prefix("weight ").and_then(|rest| rest.split(' ').next()?.parse().ok());
            let changed = phase.weights.iter().find(|(at, _)| *at == index).map(|(_, weight)| *weight);
            if weighed {
                self.command(&format!("set server {server} weight {}", changed.or(configured).unwrap_or(1)));
            }
        }
    }

    fn command(&self, line: &str) {
        let mut socket = UnixStream::connect(self.scratch.path().join("socket")).expect("haproxy listens");
        socket.write_all(format!("{line}\n").as_bytes()).expect("haproxy reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("haproxy answers");
        assert_eq!(answer.trim(), "", "{line}");
    }
}

fn connect(port: u16, from: Ipv4Addr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let socket = socket.expect("sockets are to be had");
    socket.bind(&SocketAddr::from((from, 0)).into()).expect("loopback addresses are ours");
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into()).expect("the proxy listens");
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout is possible");
    stream
}

/// The digits of the servers of so many answers, `-` where none is named.
fn servers_of(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut servers = Vec::new();
    let mut lines = BufReader::new(stream).lines();
    let mut server = b'-';
    while servers.len() < count {
        let Some(Ok(line)) = lines.next() else {
            servers.push(b'?');
            return servers;
        };
        if let Some(name) = line.strip_prefix("x-server: s") {
            server = name.as_bytes()[0];
        }
        if line.is_empty() {
            servers.push(std::mem::replace(&mut server, b'-'));
        }
    }
    servers
}

/// The first keys of every way go where the record says: in haproxy throughout the servers' life, and here.
///
/// With `EVENKEEL_RECORD` set, haproxy is asked about all keys of the ways whose names contain its value, and the
/// record is renewed. Every name contains a comma.
#[test]
fn keys_go_where_the_record_says() {
    let oracles = Program::haproxies();
    if !Program::evenkeel_starts() || oracles.is_empty() {
        return say("skipped: evenkeel or haproxy is missing");
    }
    if let Ok(part) = std::env::var("EVENKEEL_RECORD") {
        return record_anew(&oracles, &part);
    }
    let record = Record::read();
    let (groups, ours) = (ways::all(), Program::evenkeel());
    let mut wrong = Vec::new();
    for (program, ways) in
        oracles.iter().chain([&ours]).flat_map(|program| groups.iter().map(move |ways| (program, ways)))
    {
        let field = Field::start(program, ways, program.is_haproxy());
        for (number, way) in ways.iter().enumerate() {
            if way.is_source() && !program.is_haproxy() {
                continue;
            }
            for (phase, servers) in field.ask(number, way, SAMPLE) {
                let verdict = record.compare(way, &phase, &servers);
                wrong.extend(verdict.err().map(|error| format!("{}: {error}", program.name)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Asks every haproxy about everything; they must agree.
fn record_anew(oracles: &[Program], part: &str) {
    let ask_all = |program: &Program| {
        let mut record = Record::read();
        for mut ways in ways::all() {
            ways.retain(|way| way.name().contains(part));
            if ways.is_empty() {
                continue;
            }
            let field = Field::start(program, &ways, true);
            for (number, way) in ways.iter().enumerate() {
                for (phase, servers) in field.ask(number, way, KEYS) {
                    assert_eq!(servers.len(), KEYS, "{}: {} {}", program.name, way.name(), phase.name);
                    record.insert(way, &phase, &servers);
                }
            }
        }
        record
    };
    let records: Vec<Record> = std::thread::scope(|scope| {
        let started: Vec<_> = oracles.iter().map(|program| scope.spawn(|| ask_all(program))).collect();
        started.into_iter().map(|thread| thread.join().expect("haproxy answers")).collect()
    });
    for record in &records[1..] {
        assert_eq!(record.differences(&records[0]), Vec::<String>::new(), "haproxy has changed its mind");
    }
    records[0].write();
}

/// Clients from many addresses, over connections of their own.
#[test]
fn addresses_of_clients() {
    let oracles = Program::haproxies();
    if !Program::evenkeel_starts() || oracles.is_empty() {
        return say("skipped: evenkeel or haproxy is missing");
    }
    let kinds = ["map-based", "map-based djb2 avalanche", "consistent", "consistent sdbm"];
    let ways: Vec<Way> = ways::addresses().into_iter().filter(|way| kinds.contains(&way.kind)).collect();
    let ask = |program: &Program| {
        let field = Field::start(program, &ways, false);
        let visit = |number: usize, index: usize| {
            let from = Ipv4Addr::new(127, (index / 251) as u8, (index % 251) as u8, (index % 253 + 1) as u8);
            let mut stream = connect(field.ports[number], from);
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("the proxy reads");
            servers_of(&mut stream, 1)[0]
        };
        let visits = |number| (0..SAMPLE).map(|index| visit(number, 7 * index)).collect::<Vec<u8>>();
        (0..ways.len()).map(visits).map(|servers| String::from_utf8_lossy(&servers).into_owned()).collect()
    };
    let ours: Vec<String> = ask(&Program::evenkeel());
    for program in &oracles {
        assert_eq!(ask(program), ours, "{}", program.name);
    }
}
