//! Whole exchanges through the worker machine: what is configured, what clients send and servers answer.

use bytes::Bytes;

use super::bodies::chunked;
use super::heads::SHORT_REQUEST;
use super::{REPEATED, Stage, Workload};

/// A configuration with its traffic.
#[derive(Clone, Copy)]
pub struct Site {
    /// How it is called.
    pub name: &'static str,
    /// Lines of its `defaults`.
    pub defaults: &'static str,
    /// Lines of its frontend.
    pub frontend: &'static str,
    /// Lines of its backend, servers included.
    pub backend: &'static str,
    /// What a client sends. Empty in TCP mode, where the shell shows the core no bytes.
    pub request: &'static [u8],
    /// Whether each request comes over a connection of its own.
    pub connection_each: bool,
    /// What a server answers, as the shell reads it.
    pub answer: fn() -> Vec<Bytes>,
    /// Bytes of an answer that the shell reads only after the core has let them pass by.
    pub relayed: u64,
    /// Log lines of an exchange.
    pub lines: u64,
    /// Blocks of memory that so many exchanges as [`REPEATED`] may take once everything is warm.
    pub blocks_max: u64,
}

const SERVERS: &str = " server s1 127.0.0.1:81 maxconn 10\n server s2 127.0.0.1:82 maxconn 10\n";

const PLAIN: Site = Site {
    name: "plain",
    defaults: " mode http\n",
    frontend: "",
    backend: SERVERS,
    request: SHORT_REQUEST,
    connection_each: false,
    answer: || vec![whole(b"hello")],
    relayed: 0,
    lines: 0,
    blocks_max: 0,
};

/// Timers of connections that are over stay queued until their time comes, and the queue grows by doubling.
const QUEUED: u64 = 2;

const LOGGED: &str = " mode http\n log 127.0.0.1 local0\n option httplog\n";

/// What a site of usual kind has switched on.
const TYPICAL: Site = Site {
    name: "typical",
    defaults: " mode http\n log 127.0.0.1 local0\n option httplog\n option dontlognull\n option forwardfor\n",
    frontend: " http-request capture req.hdr(Host) len 64\n\
        http-response set-header X-Content-Type-Options nosniff\n\
        http-response set-header X-Frame-Options SAMEORIGIN\n",
    backend: " balance roundrobin\n cookie SRV insert indirect nocache\n\
        server web-01 127.0.0.1:81 cookie a maxconn 200\n\
        server web-02 127.0.0.1:82 cookie b maxconn 200\n\
        server web-03 127.0.0.1:83 cookie c maxconn 200\n",
    lines: 1,
    // The captured value: a slot that is emptied gives its memory back.
    blocks_max: REPEATED,
    ..PLAIN
};

const TCP: Site = Site {
    name: "tcp-message",
    defaults: " mode tcp\n",
    request: b"",
    answer: Vec::new,
    relayed: 100,
    ..PLAIN
};

/// All of them.
const SITES: &[Site] = &[
    PLAIN,
    Site { name: "logged", defaults: LOGGED, lines: 1, ..PLAIN },
    TYPICAL,
    Site {
        name: "request-body",
        request: b"POST /form HTTP/1.1\r\nHost: example.org\r\nContent-Length: 11\r\n\r\nname=person",
        // What came behind the head is copied until it is known where it goes.
        blocks_max: REPEATED,
        ..PLAIN
    },
    Site { name: "relayed-100-kB", answer: start_of_long_answer, relayed: 100_000 - 16_000, ..PLAIN },
    Site { name: "chunked-96-kB", answer: chunked_answer, ..PLAIN },
    Site { name: "connection-each", connection_each: true, blocks_max: QUEUED, ..PLAIN },
    TCP,
    Site { name: "tcp-connection", connection_each: true, blocks_max: QUEUED, ..TCP },
];

pub(super) fn workloads() -> Vec<Workload> {
    let workload = |site: &'static Site| {
        let start = move || {
            let mut stage = Stage::new(site);
            move || stage.exchange()
        };
        Workload { blocks_max: site.blocks_max, ..Workload::new("machine", site.name, start) }
    };
    SITES.iter().map(workload).collect()
}

const HEAD: &str = "HTTP/1.1 200 OK\r\nServer: test\r\nContent-Type: text/plain\r\n";

fn whole(body: &[u8]) -> Bytes {
    let head = format!("{HEAD}Content-Length: {}\r\n\r\n", body.len());
    Bytes::from([head.as_bytes(), body].concat())
}

/// The head with the body's first bytes, as one read of a socket brings them.
fn start_of_long_answer() -> Vec<Bytes> {
    let head = format!("{HEAD}Content-Length: 100000\r\n\r\n");
    vec![Bytes::from([head.as_bytes(), &[b'x'; 16_000]].concat())]
}

/// The head and twelve chunks in six reads.
fn chunked_answer() -> Vec<Bytes> {
    let head = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
    let mut all = Bytes::from([head.into_bytes(), chunked(8_192, 12)].concat());
    let mut reads = Vec::new();
    while !all.is_empty() {
        reads.push(all.split_to(all.len().min(16_384)));
    }
    reads
}
