//! How a check ended, in HAProxy's words.

use std::time::Duration;

/// The codes of check results (management guide, `check_status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStatus {
    /// The check could not be made: no socket, no port.
    SocketError,
    /// The connection was enough.
    Layer4Ok,
    /// No connection in time.
    Layer4Timeout,
    /// No connection.
    Layer4Connection,
    /// The answer is as expected.
    Layer7Ok,
    /// No answer in time.
    Layer7Timeout,
    /// The answer is not to be understood, or is not as expected.
    Layer7Response,
    /// The HTTP status is not as expected.
    Layer7Status,
}

impl CheckStatus {
    /// The short code, as in statistics.
    pub const fn code(self) -> &'static str {
        match self {
            CheckStatus::SocketError => "SOCKERR",
            CheckStatus::Layer4Ok => "L4OK",
            CheckStatus::Layer4Timeout => "L4TOUT",
            CheckStatus::Layer4Connection => "L4CON",
            CheckStatus::Layer7Ok => "L7OK",
            CheckStatus::Layer7Timeout => "L7TOUT",
            CheckStatus::Layer7Response => "L7RSP",
            CheckStatus::Layer7Status => "L7STS",
        }
    }

    /// What logs say.
    pub const fn text(self) -> &'static str {
        match self {
            CheckStatus::SocketError => "Socket error",
            CheckStatus::Layer4Ok => "Layer4 check passed",
            CheckStatus::Layer4Timeout => "Layer4 timeout",
            CheckStatus::Layer4Connection => "Layer4 connection problem",
            CheckStatus::Layer7Ok => "Layer7 check passed",
            CheckStatus::Layer7Timeout => "Layer7 timeout",
            CheckStatus::Layer7Response => "Layer7 invalid response",
            CheckStatus::Layer7Status => "Layer7 wrong status",
        }
    }

    /// Whether logs name the code received.
    pub const fn has_code(self) -> bool {
        matches!(self, CheckStatus::Layer7Ok | CheckStatus::Layer7Status)
    }
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the server did well.
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
