//! What the shell is to do.

use bytes::Bytes;

use super::input::Message;
use crate::base::address::Address;
use crate::base::ids::{ConnId, ListenerId, LogTargetId, WorkerId};
use crate::base::program::{Program, RunId};
pub use crate::base::socket::{CloseHow, FirstWord};

/// One order. The shell carries them out in the order given.
#[derive(Clone, Debug)]
pub enum Output {
    /// Open a connection. Answered by `Connected` or `ConnectFailed`.
    Connect {
        /// Its id, given by the core.
        conn: ConnId,
        /// Where to.
        to: Address,
        /// Local address to use.
        from: Option<std::net::SocketAddr>,
        /// Who speaks first.
        first_word: FirstWord,
    },
    /// Write these bytes, after all bytes given before. Answered by `Sent`.
    Send {
        /// To.
        conn: ConnId,
        /// What, never empty.
        bytes: Bytes,
        /// The connection is closed as soon as this is `Sent`, so that its end may travel with it.
        last: bool,
    },
    /// Stop reading; what arrives waits in the system.
    PauseRead {
        /// From.
        conn: ConnId,
    },
    /// Read again.
    ResumeRead {
        /// From.
        conn: ConnId,
    },
    /// Copy bytes from one connection to another without showing them, up to `limit` or the end of the
    /// input. Reading waits while the other side takes nothing. Answered by `Relayed`; after `limit` bytes
    /// reading stays paused until `ResumeRead` or another `Relay`.
    Relay {
        /// From.
        from: ConnId,
        /// To.
        to: ConnId,
        /// Most bytes; `None` until the end of the input.
        limit: Option<u64>,
    },
    /// Say that no more bytes follow (everything was `Sent`).
    ShutWrite {
        /// To.
        conn: ConnId,
    },
    /// Forget the connection now. No further input names it.
    Close {
        /// Which.
        conn: ConnId,
        /// How.
        how: CloseHow,
    },
    /// Accept nothing on this listener until `ResumeAccepting`.
    PauseAccepting {
        /// Which.
        listener: ListenerId,
    },
    /// Accept again.
    ResumeAccepting {
        /// Which.
        listener: ListenerId,
    },
    /// Close this listener for good.
    StopListening {
        /// Which.
        listener: ListenerId,
    },
    /// Run a program. Answered by `Exited`, once, whatever happens.
    Run {
        /// Its number, given by the core.
        run: RunId,
        /// What to run.
        program: Program,
    },
    /// End a run at once.
    Kill {
        /// Which.
        run: RunId,
    },
    /// Carry a message to another worker.
    Tell {
        /// Which.
        to: WorkerId,
        /// What.
        message: Message,
    },
    /// Write one line.
    Log {
        /// Where.
        target: LogTargetId,
        /// The whole line with its header, without a line end.
        line: Bytes,
    },
    /// Tell the operator in front of the terminal: a server's state has changed.
    Notice {
        /// It is an alert, not a warning.
        alert: bool,
        /// What, without a line end.
        text: String,
    },
    /// The worker has stopped: nothing is open and nothing will be.
    Stopped,
}

/// Which timer wants the next wake-up, so that a stuck run explains itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// A health check.
    Check,
    /// A client connection.
    Client,
    /// An idle server connection.
    Pool,
    /// A worker-wide deadline, such as the end of a soft stop.
    Worker,
    /// A server that starts slowly.
    SlowStart,
    /// An exchange.
    Stream,
}
