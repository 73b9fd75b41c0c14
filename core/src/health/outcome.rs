//! How a check ended, in HAProxy's words.

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
