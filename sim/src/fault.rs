//! The closed list of faults, as plain data: what goes wrong, when, and for how long. Healing is the end of a
//! fault's time; it injects nothing by itself.

use serde::{Deserialize, Serialize};

/// One fault with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFault {
    /// When it begins, in milliseconds since the start.
    pub at_ms: u64,
    /// How long it lasts.
    pub for_ms: u64,
    /// What it is.
    pub fault: Fault,
}

/// What can go wrong. Servers are named by position; a number beyond the last one wraps around.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Connects to the server get no answer; its open connections go on.
    BlackHole {
        /// Which server.
        server: usize,
    },
    /// All clients are cut off: packets wait until the end.
    ClientsPartitioned,
    /// The server's process dies: its connections are closed and connects are refused.
    Crash {
        /// Which server.
        server: usize,
    },
    /// Answers end in the middle of the body, by FIN.
    CutMidBody {
        /// Which server.
        server: usize,
    },
    /// Clients read nothing.
    DeafClients,
    /// Packets to and from the server are late.
    Delay {
        /// Which server.
        server: usize,
        /// By how much, one way.
        by_ms: u64,
    },
    /// Answers are no HTTP.
    Garbage {
        /// Which server.
        server: usize,
        /// Which sort of garbage.
        sort: u8,
    },
    /// The server closes every idle connection at the beginning and each one that becomes idle until the end.
    IdleClose {
        /// Which server.
        server: usize,
    },
    /// Messages between workers are late.
    LateMessages {
        /// By how much, at most.
        by_ms: u64,
    },
    /// The server is cut off: packets wait until the end.
    Partition {
        /// Which server.
        server: usize,
    },
    /// The server loses power and comes back with no memory of its connections.
    PowerLoss {
        /// Which server.
        server: usize,
    },
    /// Connects are refused; open connections go on.
    Refuse {
        /// Which server.
        server: usize,
    },
    /// Answers end in the middle of the body, by RST.
    ResetMidBody {
        /// Which server.
        server: usize,
    },
    /// Requests that arrive are never answered.
    Silence {
        /// Which server.
        server: usize,
    },
    /// Answers take longer.
    SlowAnswers {
        /// Which server.
        server: usize,
        /// By how much.
        by_ms: u64,
    },
    /// The server reads nothing.
    StalledReading {
        /// Which server.
        server: usize,
    },
    /// Health checks are answered with an error.
    Unhealthy {
        /// Which server.
        server: usize,
    },
}

impl Fault {
    /// Its name, as in replay files.
    pub fn name(self) -> &'static str {
        match self {
            Fault::BlackHole { .. } => "black-hole",
            Fault::ClientsPartitioned => "clients-partitioned",
            Fault::Crash { .. } => "crash",
            Fault::CutMidBody { .. } => "cut-mid-body",
            Fault::DeafClients => "deaf-clients",
            Fault::Delay { .. } => "delay",
            Fault::Garbage { .. } => "garbage",
            Fault::IdleClose { .. } => "idle-close",
            Fault::LateMessages { .. } => "late-messages",
            Fault::Partition { .. } => "partition",
            Fault::PowerLoss { .. } => "power-loss",
            Fault::Refuse { .. } => "refuse",
            Fault::ResetMidBody { .. } => "reset-mid-body",
            Fault::Silence { .. } => "silence",
            Fault::SlowAnswers { .. } => "slow-answers",
            Fault::StalledReading { .. } => "stalled-reading",
            Fault::Unhealthy { .. } => "unhealthy",
        }
    }

    /// The server it befalls, if it is one server's.
    pub fn server(self) -> Option<usize> {
        match self {
            Fault::ClientsPartitioned | Fault::DeafClients | Fault::LateMessages { .. } => None,
            Fault::BlackHole { server }
            | Fault::Crash { server }
            | Fault::CutMidBody { server }
            | Fault::Delay { server, .. }
            | Fault::Garbage { server, .. }
            | Fault::IdleClose { server }
            | Fault::Partition { server }
            | Fault::PowerLoss { server }
            | Fault::Refuse { server }
            | Fault::ResetMidBody { server }
            | Fault::Silence { server }
            | Fault::SlowAnswers { server, .. }
            | Fault::StalledReading { server }
            | Fault::Unhealthy { server } => Some(server),
        }
    }
}
