//! All that a fetch or a log tag may see: a plain view that the stream fills.

use std::time::Duration;

use super::Variables;
use super::farm::Farm;
use crate::base::address::Address;
use crate::base::priority::Priority;
use crate::base::time::{Time, Wall};
use crate::http::{RequestHead, ResponseHead};

/// When the steps of one exchange happened. `NEVER` means not reached.
#[derive(Clone, Copy, Debug)]
pub struct StreamTimes {
    /// The connection was accepted.
    pub accepted: Time,
    /// Accept date on the wall clock.
    pub accepted_wall: Wall,
    /// The handshake (TLS, PROXY) ended; equals `accepted` without one.
    pub handshaken: Time,
    /// First byte of this request.
    pub first_byte: Time,
    /// Request head complete.
    pub head: Time,
    /// Left the queue (or needed none).
    pub dequeued: Time,
    /// Connected to the server.
    pub connected: Time,
    /// Response head complete.
    pub response: Time,
    /// Last byte left.
    pub ended: Time,
}

impl StreamTimes {
    /// Milliseconds from one point to the other; `-1` when either was not reached.
    pub fn between(from: Time, to: Time) -> i64 {
        if from == Time::NEVER || to == Time::NEVER {
            return -1;
        }
        i64::try_from(to.since(from).as_millis()).unwrap_or(i64::MAX)
    }

    /// Time since the start of this exchange: the request's first byte, or the accept.
    pub fn elapsed(&self, now: Time) -> Duration {
        let start = if self.first_byte == Time::NEVER { self.accepted } else { self.first_byte };
        now.since(start)
    }
}

/// How the exchange ended, as HAProxy's logs show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The four letters of the termination state (configuration manual 8.5). TCP logs show two.
    pub letters: [u8; 4],
}

/// What a health check adds to what its expressions see.
#[derive(Clone, Copy, Debug)]
pub struct CheckScope<'a> {
    /// The bytes received (`res.payload`); empty in HTTP checks.
    pub payload: &'a [u8],
    /// The body of the HTTP response (`res.body`).
    pub body: &'a [u8],
    /// What steps before set.
    pub variables: &'a Variables,
}

/// One exchange as expressions see it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The client's address (`%ci`, `src`).
    pub client: &'a Address,
    /// The address the client connected to (`%fi`, `dst`).
    pub local: &'a Address,
    /// Our address towards the server (`%bi`).
    pub source: Option<&'a Address>,
    /// The server's address (`%si`).
    pub server_address: Option<&'a Address>,
    /// Frontend's name (`%f`).
    pub frontend: &'a str,
    /// Whether the frontend is in HTTP mode.
    pub http: bool,
    /// Backend's name (`%b`); the frontend's name until one is chosen.
    pub backend: &'a str,
    /// Server's name (`%s`); `None` shows as `<NOSRV>`.
    pub server: Option<&'a str>,
    /// Points in time.
    pub times: &'a StreamTimes,
    /// Who knows all backends.
    pub farm: Option<&'a dyn Farm>,
    /// The request, once parsed.
    pub request: Option<&'a RequestHead>,
    /// What a TCP client sent and no server got yet.
    pub content: &'a [u8],
    /// More of it may come before a decision is due.
    pub content_grows: bool,
    /// The response, once parsed.
    pub response: Option<&'a ResponseHead>,
    /// Status sent to the client (`%ST`); 0 shows as `-1`.
    pub status: u16,
    /// Bytes sent to the client (`%B`).
    pub bytes_out: u64,
    /// Bytes received from the client (`%U`).
    pub bytes_in: u64,
    /// How it ended.
    pub ending: Ending,
    /// Process-wide, frontend's, backend's and server's connection counts at the end (`%ac %fc %bc %sc`).
    pub counts: [u32; 4],
    /// What `capture cookie` kept of the request and of the answer (`%CC %CS`); empty is nothing.
    pub cookie_captures: [&'a [u8]; 2],
    /// How urgent it is (`prio_class`, `prio_offset`).
    pub priority: Priority,
    /// Retries (`%rc`).
    pub retries: u32,
    /// Whether it was redispatched: `%rc` starts with `+`.
    pub redispatched: bool,
    /// Position in the server's queue on arrival (`%sq`).
    pub server_queue: u32,
    /// Position in the backend's queue on arrival (`%bq`).
    pub backend_queue: u32,
    /// Captured request headers by slot (`%hr`, `%hrl`); `None` when absent.
    pub request_captures: &'a [Option<Vec<u8>>],
    /// Captured response headers by slot (`%hs`, `%hsl`).
    pub response_captures: &'a [Option<Vec<u8>>],
    /// Number of this exchange in this process (`%rt`).
    pub request_counter: u64,
    /// Number of log lines this frontend sent before (`%lc`).
    pub log_counter: u64,
    /// Number of the listener (`so_id`), shown as the port of clients on Unix sockets.
    pub listener: u32,
    /// `option logasap` is set: times and byte counts get a `+`, since more follows.
    pub log_asap: bool,
    /// The health check that this is.
    pub check: Option<&'a CheckScope<'a>>,
    /// Process id (`%pid`) and host name (`%H`).
    pub process: (u32, &'a str),
}

/// Shows a scope in which nothing has happened but a client's coming.
#[cfg(test)]
pub fn with_empty_scope<R>(look: impl FnOnce(&Scope<'_>) -> R) -> R {
    let client: Address = "192.0.2.7:40001".parse::<std::net::SocketAddr>().unwrap().into();
    let never = Time::NEVER;
    let times = StreamTimes {
        accepted: Time::ZERO,
        accepted_wall: Wall::default(),
        handshaken: never,
        first_byte: never,
        head: never,
        dequeued: never,
        connected: never,
        response: never,
        ended: never,
    };
    look(&Scope {
        priority: Priority::default(),
        client: &client,
        local: &client,
        source: None,
        server_address: None,
        frontend: "fe",
        http: true,
        backend: "be",
        server: None,
        times: &times,
        request: None,
        farm: None,
        content: b"",
        content_grows: false,
        response: None,
        status: 0,
        bytes_out: 0,
        bytes_in: 0,
        ending: Ending { letters: *b"----" },
        counts: [0; 4],
        retries: 0,
        redispatched: false,
        server_queue: 0,
        backend_queue: 0,
        request_captures: &[],
        response_captures: &[],
        cookie_captures: [b""; 2],
        request_counter: 0,
        log_counter: 0,
        listener: 1,
        log_asap: false,
        check: None,
        process: (1, "box"),
    })
}
