//! News for a worker: plain owned data, so that a run is a list of `(Now, Input)`.

use bytes::Bytes;

use crate::backend::{Grant, Order, ShutCause};
use crate::base::address::Address;
use crate::base::ids::{BackendId, ConnId, ListenerId, ServerId};
use crate::base::program::{Exit, RunId};
pub use crate::base::socket::{ConnectError, LostReason};
use crate::base::time::Time;

/// One piece of news. An id that is no longer known is a lost race: it is counted and ignored.
#[derive(Clone, Debug)]
pub enum Input {
    /// A client connected. The shell gives the id and reads from the connection until told otherwise.
    Accepted {
        /// The new connection.
        conn: ConnId,
        /// Where it arrived.
        listener: ListenerId,
        /// The client's address.
        peer: Address,
        /// The address it connected to.
        local: Address,
    },
    /// A connection asked for by `Output::Connect` is there. The shell reads from it until told otherwise.
    Connected {
        /// Which.
        conn: ConnId,
        /// Our end.
        local: Option<Address>,
    },
    /// A connection asked for is not to be had. The shell has forgotten it already.
    ConnectFailed {
        /// Which.
        conn: ConnId,
        /// Why.
        why: ConnectError,
    },
    /// Bytes arrived.
    Received {
        /// From.
        conn: ConnId,
        /// What, never empty.
        bytes: Bytes,
    },
    /// The shell moved bytes under `Output::Relay`.
    Relayed {
        /// Where they came from.
        from: ConnId,
        /// How many were taken by the other side since the last report.
        count: u64,
        /// How many were read and wait for the other side to take them.
        held: u64,
    },
    /// The peer will send no more. Everything it sent was delivered (or relayed and taken) before.
    ReadClosed {
        /// By.
        conn: ConnId,
    },
    /// Bytes of `Output::Send` were taken by the system.
    Sent {
        /// To.
        conn: ConnId,
        /// How many.
        count: usize,
    },
    /// Both directions are gone. The shell has forgotten the connection already.
    Lost {
        /// Which.
        conn: ConnId,
        /// Why.
        why: LostReason,
    },
    /// A program has ended, by itself or because of `Output::Kill`.
    Exited {
        /// Which run.
        run: RunId,
        /// How.
        exit: Exit,
    },
    /// A message from another worker.
    Message(Message),
    /// The operator wants something.
    Signal(Signal),
    /// The time that `poll_timeout` named has come.
    Timeout,
}

/// What one worker's decision means for another. The shell carries it; it may be late, and messages to
/// different workers may overtake each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A stream that waited in a backend's queue has a slot.
    Granted(Grant),
    /// A stream that waited must be looked at again: its server went down or the backend changed.
    Redistribute(Grant),
    /// The process or a frontend has room again: listeners paused for it may accept.
    RoomToAccept,
    /// An operator wants something of a server.
    Order {
        /// Backend.
        backend: BackendId,
        /// Server within it.
        server: ServerId,
        /// What.
        order: Order,
    },
    /// A server is to be checked soon; for the worker that runs checks.
    CheckSoon {
        /// Backend.
        backend: BackendId,
        /// Server within it.
        server: ServerId,
    },
    /// A backend wants the time told; for the worker that runs checks.
    WakeAt {
        /// Backend.
        backend: BackendId,
        /// When.
        at: Time,
    },
    /// The streams on a server are to end.
    ShutSessions {
        /// Backend.
        backend: BackendId,
        /// Server within it.
        server: ServerId,
        /// Why.
        cause: ShutCause,
    },
    /// A server's state changed; idle connections to a server that is down are closed.
    ServerDown {
        /// Backend.
        backend: BackendId,
        /// Server within it.
        server: ServerId,
    },
}

/// What the operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Finish what is running, accept nothing new (SIGUSR1).
    SoftStop,
    /// Stop now (SIGTERM, SIGINT).
    HardStop,
}
