//! How a check ended, in HAProxy's words.

use std::fmt;
use std::time::Duration;

pub use crate::model::CheckStatus;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the server did well, perhaps only on condition.
    pub passed: bool,
    /// How it ended.
    pub status: CheckStatus,
    /// The HTTP status received, or the step of a failed `tcp-check`; zero for none.
    pub code: u16,
    /// More words, possibly from the server.
    pub info: Option<String>,
    /// From the start to the end.
    pub duration: Duration,
}

impl Outcome {
    /// Whether it passed on condition only: the server finishes what it has and gets nothing new.
    pub fn is_conditional(&self) -> bool {
        self.passed && self.status == CheckStatus::Layer7Conditional
    }
}

impl Outcome {
    /// The code of a program that a signal ended; logs show -1.
    pub const NO_CODE: u16 = u16::MAX;
}

/// Where a server stands between down and up, for the timing of its next check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// Up, and the last check passed.
    Up,
    /// Up with failed checks, or down with passed ones.
    Between,
    /// Down, and the last check failed.
    Down,
}

/// How a server is seen, as `http-check send-state` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether it is up.
    pub up: bool,
    /// Whether it is up on condition and gets nothing new.
    pub stopping: bool,
    /// Points and most points within its state.
    pub progress: (u32, u32),
    /// Its weight, and that of all usable servers.
    pub weight: (u32, u32),
    /// Its connections, and those of the backend.
    pub connections: (u32, u32),
    /// Requests in its queue.
    pub queued: u32,
}

impl fmt::Display for Seen {
    /// The words before the first semicolon: points are told on the way from one state to the other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (points, most) = self.progress;
        f.write_str(match (self.up, self.stopping) {
            (true, true) => "NOLB",
            (true, false) => "UP",
            (false, _) => "DOWN",
        })?;
        let between = if self.up { points < most } else { points > 0 };
        if between { write!(f, " {points}/{most}") } else { Ok(()) }
    }
}
