//! What a backend's decision means for others than the caller.

use super::grant::Grant;
use super::notice::Notice;
use crate::base::ids::ServerId;
use crate::base::time::Time;

/// Why streams end before their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutCause {
    /// Their server went down (`on-marked-down`).
    ServerDown,
    /// They are on a backup, and a server came up (`on-marked-up`).
    ServerUp,
}

/// One consequence. Whoever called the backend drains and carries all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A stream that waited has a slot: tell its worker.
    Granted(Grant),
    /// A stream that waited for this server waits no longer and must ask again: tell its worker.
    Redistribute(Grant),
    /// The server went down or into maintenance: every worker closes its idle connections to it.
    ServerDown {
        /// Which.
        server: ServerId,
    },
    /// The server is to be checked soon, if it is checked.
    CheckSoon {
        /// Which.
        server: ServerId,
    },
    /// The streams on this server are to end: every worker looks for its own.
    ShutSessions {
        /// Which.
        server: ServerId,
        /// Why.
        cause: ShutCause,
    },
    /// The backend wants [`super::Backend::on_time`] at this time, if not earlier.
    WakeAt {
        /// When.
        at: Time,
    },
    /// Servers that track this one must look at it again.
    Changed {
        /// Which.
        server: ServerId,
    },
    /// Something to log for the operator.
    Notice(Notice),
}
