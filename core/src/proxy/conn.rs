//! What the worker remembers of a socket: of a client's, and of one to a server.

use bytes::Bytes;

use crate::base::address::Address;
use crate::base::ids::{BackendId, FrontendId, ListenerId, ServerId, StreamId};
use crate::base::slots::Key;
use crate::base::time::{Now, Time};
use crate::base::timers::Timer;

/// An accepted connection. It holds no buffer while it is idle.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) listener: ListenerId,
    pub(super) frontend: FrontendId,
    pub(super) peer: Address,
    pub(super) local: Address,
    pub(super) accepted: Now,
    pub(super) stream: Option<StreamId>,
    /// A partial head, or pipelined requests.
    pub(super) buffer: Vec<u8>,
    /// Arrival of the first byte of the request in `buffer`.
    pub(super) first_byte: Time,
    /// When the connection last became idle.
    pub(super) idle_since: Time,
    pub(super) requests: u64,
    /// Bytes given to the shell and not yet taken by the system.
    pub(super) unsent: usize,
    /// Bytes received before a request was complete.
    pub(super) received: u64,
    pub(super) read_closed: bool,
    pub(super) paused: bool,
    /// Close as soon as everything is sent.
    pub(super) closing: bool,
    /// Half-close as soon as everything is sent.
    pub(super) shut: bool,
    /// Accepted while there was no room; not counted and not read yet.
    pub(super) parked: bool,
    /// An idle server connection of this session alone (`http-reuse never`).
    pub(super) own: Option<Key>,
    pub(super) deadline: Time,
    pub(super) timer: Timer,
}

/// What a connection to a server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// An agent check, by position.
    Agent(usize),
    /// A health check, by position.
    Check(usize),
    /// Waiting in the pool.
    Idle,
    /// Waiting for the next request of one client (`http-reuse never`).
    Kept(Key),
    /// An exchange.
    Stream(StreamId),
}

/// A connection to a server.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) backend: BackendId,
    pub(super) server: ServerId,
    pub(super) usage: Use,
    pub(super) open: bool,
    pub(super) local: Option<Address>,
    /// Exchanges it carried before.
    pub(super) reuses: u32,
    /// A partial response head.
    pub(super) buffer: Vec<u8>,
    pub(super) unsent: usize,
    pub(super) paused: bool,
    pub(super) shut: bool,
    pub(super) read_closed: bool,
    pub(super) deadline: Time,
    pub(super) timer: Timer,
}

impl Upstream {
    pub(super) fn new(backend: BackendId, server: ServerId, usage: Use) -> Upstream {
        Upstream {
            backend,
            server,
            usage,
            open: false,
            local: None,
            reuses: 0,
            buffer: Vec::new(),
            unsent: 0,
            paused: false,
            shut: false,
            read_closed: false,
            deadline: Time::NEVER,
            timer: Timer::default(),
        }
    }
}

/// Puts `bytes` behind what waits in `buffer` and gives the whole; copies only if something waits.
pub(super) fn join(buffer: &mut Vec<u8>, bytes: Bytes) -> Bytes {
    if buffer.is_empty() {
        return bytes;
    }
    buffer.extend_from_slice(&bytes);
    Bytes::from(std::mem::take(buffer))
}
