//! Which key goes to which server: the same as with haproxy, for every way to hash.
//!
//! Both programs run one configuration with a proxy per way. Clients send the keys over few connections, and
//! a header of the answer names the server.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use evenkeel_tests::program::{Program, Running, Scratch, free_port};

use super::scenario::say;

/// Keys per way.
const KEYS: usize = 10_000;

/// Servers of each way, beside their address: weights, ids and places in the list all count.
const SERVERS: [&str; 6] =
    ["weight 10", "weight 30 id 7", "weight 20", "disabled", "id 3", "weight 50 backup"];

/// Requests sent at once. haproxy does not do well with thousands.
const MANY: usize = 50;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every function, with and without the modifier, over both mappings.
const TYPES: [&str; 14] = [
    "map-based",
    "map-based sdbm",
    "map-based sdbm avalanche",
    "map-based djb2",
    "map-based djb2 avalanche",
    "map-based crc32",
    "map-based crc32 avalanche",
    "consistent",
    "consistent sdbm",
    "consistent sdbm avalanche",
    "consistent djb2",
    "consistent djb2 avalanche",
    "consistent crc32",
    "consistent crc32 avalanche",
];

/// Keys of all sorts: numbers, words, short and long, with bytes of all kinds that a request may hold.
fn keys() -> Vec<String> {
    let mut number: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut key = |index: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match index % 5 {
            0 => index.to_string(),
            1 => format!("{:x}", number >> 16),
            2 => format!("user-{index}.example.com"),
            3 => format!("/a{}/b{index}/c.html", number >> 52),
            _ => format!("{}~{:08b}", index, number >> 56),
        }
    };
    (0..KEYS).map(&mut key).collect()
}

/// An origin that answers everything at once. Its thread ends with the process.
fn origin() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(&stream));
        }
    });
    port
}

fn answer(mut stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(line)) = lines.next() {
        if line.is_empty() && stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

/// A program with its proxies, one for each set of lines.
struct Field {
    ports: Vec<u16>,
    _running: Running,
    _scratch: Scratch,
}

impl Field {
    fn start(program: &Program, proxies: &[String], servers: &[&str]) -> Field {
        let scratch = Scratch::new();
        let origin = origin();
        for _ in 0..3 {
            let ports: Vec<u16> = proxies.iter().map(|_| free_port()).collect();
            let mut config =
                "global\n  maxconn 1000\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client \
                              30s\n  timeout server 30s\n"
                    .to_owned();
            for (number, (lines, port)) in proxies.iter().zip(&ports).enumerate() {
                config += &format!("listen in{number}\n  bind 127.0.0.1:{port}\n{lines}");
                config += "  http-response set-header x-server %s\n";
                for (index, options) in servers.iter().enumerate() {
                    config += &format!("  server s{} 127.0.0.1:{origin} {options}\n", index + 1);
                }
            }
            let file = scratch.write("haproxy.cfg", config);
            let mut command = Command::new(&program.path);
            command.arg("-db").arg("-f").arg(&file);
            if let Ok(running) = Running::start(&mut command, ports.last().copied(), &scratch) {
                return Field { ports, _running: running, _scratch: scratch };
            }
        }
        panic!("{} does not start", program.name);
    }

    /// Sends the requests over one connection, so many at once; gives the servers that answered.
    fn ask(&self, proxy: usize, requests: &[String], at_once: usize) -> Vec<String> {
        let mut stream = connect(self.ports[proxy], Ipv4Addr::LOCALHOST);
        let mut servers = Vec::new();
        for part in requests.chunks(at_once) {
            stream.write_all(part.concat().as_bytes()).expect("the proxy reads");
            servers.extend(servers_of(&mut stream, part.len()));
        }
        servers
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

/// The servers of so many answers, or the status where no server is named.
fn servers_of(stream: &mut TcpStream, count: usize) -> Vec<String> {
    let mut servers = Vec::new();
    let mut lines = BufReader::new(stream).lines();
    let mut name = String::new();
    while servers.len() < count {
        let Some(Ok(line)) = lines.next() else {
            servers.push("no answer".to_owned());
            return servers;
        };
        if line.starts_with("HTTP/1.1 ") {
            name.clone_from(&line);
        }
        if let Some(server) = line.strip_prefix("x-server: ") {
            server.clone_into(&mut name);
        }
        if line.is_empty() {
            servers.push(std::mem::take(&mut name));
        }
    }
    servers
}

/// Asks every program the same and compares who answers.
fn compare(proxies: &[String], servers: &[&str], ask: impl Fn(&Field, usize) -> Vec<String>) {
    let oracles = Program::haproxies();
    if !Program::evenkeel_starts() || oracles.is_empty() {
        return say("skipped: evenkeel or haproxy is missing");
    }
    let ours = Field::start(&Program::evenkeel(), proxies, servers);
    let theirs: Vec<Field> = oracles.iter().map(|program| Field::start(program, proxies, servers)).collect();
    for (proxy, lines) in proxies.iter().enumerate() {
        let ours = ask(&ours, proxy);
        let odd = ours.iter().find(|server| !server.starts_with('s'));
        assert_eq!(odd, None, "{lines}: a server answers");
        for (oracle, field) in oracles.iter().zip(&theirs) {
            let theirs = ask(field, proxy);
            let differ = |at: &usize| ours.get(*at) != theirs.get(*at);
            let wrong: Vec<usize> = (0..ours.len().max(theirs.len())).filter(differ).collect();
            let shown = wrong.iter().take(10).map(|at| (at, ours.get(*at), theirs.get(*at)));
            let shown: Vec<_> = shown.collect();
            assert!(
                wrong.is_empty(),
                "{lines}{} of {}: {} differ: {shown:?}",
                oracle.name,
                ours.len(),
                wrong.len()
            );
        }
    }
}

/// The proxies of one `balance` line, one for each `hash-type`.
fn all_types(balance: &str) -> Vec<String> {
    TYPES.iter().map(|kind| format!("  balance {balance}\n  hash-type {kind}\n")).collect()
}

/// Every key in a header, over every type.
#[test]
fn keys_of_headers_over_every_type() {
    let request = |key: String| format!("GET / HTTP/1.1\r\nHost: a\r\nX-Key: {key}\r\n\r\n");
    let requests: Vec<String> = keys().into_iter().map(request).collect();

    compare(&all_types("hdr(x-key)"), &SERVERS, |field, proxy| field.ask(proxy, &requests, MANY));
}

/// Every way to take a key from the target.
#[test]
fn keys_of_targets() {
    let request = |(index, key): (usize, String)| match index % 3 {
        0 => format!("GET /{key}?id={index}&x=/{key} HTTP/1.1\r\nHost: a\r\n\r\n"),
        1 => format!("GET /x?a=b&id={key} HTTP/1.1\r\nHost: {}\r\n\r\n", key.replace(['/', '~'], "x.")),
        _ => format!("GET http://a/{index}//{key}?id= HTTP/1.1\r\nHost: a\r\n\r\n"),
    };
    let requests: Vec<String> = keys().into_iter().enumerate().map(request).collect();
    let proxies = [
        "uri",
        "uri whole",
        "uri path-only",
        "uri len 9",
        "uri depth 2",
        "uri path-only whole len 12 depth 3",
        "url_param id",
        "hash path",
        "hash url_param(id)",
        "hash req.hdr(host),lower",
    ];
    let proxies: Vec<String> = proxies.iter().map(|words| format!("  balance {words}\n")).collect();

    compare(&proxies, &SERVERS, |field, proxy| field.ask(proxy, &requests, MANY));
}

/// Host names, one after the other: of pipelined ones haproxy sometimes cuts out something else than of the same
/// names alone.
#[test]
fn keys_of_domains() {
    let request = |key: String| {
        format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", key.trim_start_matches('/').replace(['/', '~'], "."))
    };
    let requests: Vec<String> = keys().into_iter().map(request).collect();

    compare(&["  balance hdr(host) use_domain_only\n".to_owned()], &SERVERS, |field, proxy| {
        field.ask(proxy, &requests, 1)
    });
}

/// Requests without a key go by turns, in the table's order and around the ring, and keys between them do not
/// change whose turn it is.
#[test]
fn requests_without_a_key_among_others() {
    let request = |(index, key): (usize, String)| match index % 4 {
        0 => format!("GET / HTTP/1.1\r\nHost: a\r\nX-Key: {key}\r\n\r\n"),
        1 => "GET / HTTP/1.1\r\nHost: a\r\nX-Key:\r\n\r\n".to_owned(),
        _ => "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
    };
    let requests: Vec<String> = keys().into_iter().enumerate().map(request).collect();
    let proxies =
        ["hdr(x-key)", "hash req.hdr(x-key)"].map(|key| ["map-based", "consistent"].map(|kind| (key, kind)));
    let proxies: Vec<String> =
        proxies.concat().iter().map(|(key, kind)| format!("  balance {key}\n  hash-type {kind}\n")).collect();

    compare(&proxies, &SERVERS, |field, proxy| field.ask(proxy, &requests, MANY));
}

/// Clients from many addresses. A connection each takes its time, so the ways share the ten thousand.
#[test]
fn addresses_of_clients() {
    let types = ["map-based", "map-based djb2 avalanche", "consistent", "consistent sdbm"];
    let proxies: Vec<String> =
        types.iter().map(|kind| format!("  balance source\n  hash-type {kind}\n")).collect();

    compare(&proxies, &SERVERS, |field, proxy| {
        let visit = |index: usize| {
            let from = Ipv4Addr::new(127, (index / 251) as u8, (index % 251) as u8, (index % 253 + 1) as u8);
            let mut stream = connect(field.ports[proxy], from);
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("the proxy reads");
            servers_of(&mut stream, 1).remove(0)
        };
        (0..KEYS / types.len()).map(visit).collect()
    });
}
