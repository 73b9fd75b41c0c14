//! What the operator reads about servers that come and go, in HAProxy's words.

use std::fmt;
use std::sync::Arc;

use super::health::Status;
use crate::health::Outcome;
use crate::model::Level;

/// One line for the backend's logs, without a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A server went up or down.
    StateChanged(StateChange),
    /// `option log-health-checks`: a check ended otherwise than the one before.
    Checked(CheckReport),
    /// The last server is gone.
    NoServer {
        /// Whether the backend is the back half of a `listen`.
        listen: bool,
        /// The backend's name.
        backend: Arc<str>,
    },
}

/// Which server a notice is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The backend's name.
    pub backend: Arc<str>,
    /// The server's name.
    pub server: Arc<str>,
    /// Whether it is a backup.
    pub backup: bool,
}

/// A server went up or down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// Which.
    pub subject: Subject,
    /// The new state.
    pub status: Status,
    /// The check that decided; `None` where a report of it was logged already.
    pub because: Option<Outcome>,
    /// Active servers that are usable now.
    pub active: u32,
    /// Backup servers that are usable now.
    pub backup: u32,
    /// Whether traffic goes to backups now.
    pub on_backup: bool,
    /// Connections that the server still has.
    pub sessions: u32,
    /// Streams that moved from or to the server because of the change.
    pub requeued: u32,
    /// Streams that wait still.
    pub queued: u32,
}

/// The end of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Which server.
    pub subject: Subject,
    /// How it ended.
    pub outcome: Outcome,
    /// Points and most points within the state.
    pub progress: (u32, u32),
    /// Whether the server is up after it.
    pub up: bool,
}

impl Notice {
    /// How important it is.
    pub fn level(&self) -> Level {
        match self {
            Notice::StateChanged(change) if change.status == Status::Up => Level::NOTICE,
            Notice::StateChanged(_) => Level::ALERT,
            Notice::Checked(_) => Level::NOTICE,
            Notice::NoServer { .. } => Level::EMERG,
        }
    }

    /// The notice as standard error has it: there HAProxy quotes a backend's name.
    pub fn told(&self) -> String {
        match self {
            Notice::StateChanged(_) | Notice::Checked(_) => self.to_string(),
            Notice::NoServer { listen, backend } => {
                format!("{} '{backend}' has no server available!", kind(*listen))
            }
        }
    }
}

/// What HAProxy calls a backend, and the back half of a `listen`.
fn kind(listen: bool) -> &'static str {
    if listen { "proxy" } else { "backend" }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::StateChanged(change) => change.fmt(f),
            Notice::Checked(report) => report.fmt(f),
            Notice::NoServer { listen, backend } => {
                write!(f, "{} {backend} has no server available!", kind(*listen))
            }
        }
    }
}

impl fmt::Display for StateChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.subject.backup { "Backup Server" } else { "Server" };
        let Subject { backend, server, .. } = &self.subject;
        let up = self.status == Status::Up;
        write!(f, "{kind} {backend}/{server} is {}", if up { "UP" } else { "DOWN" })?;
        if let Some(outcome) = &self.because {
            write!(f, ", {}", Reason(outcome))?;
        }
        let StateChange { active, backup, sessions, requeued, queued, .. } = self;
        let on_backup = if self.on_backup { " Running on backup." } else { "" };
        if up {
            write!(f, ". {active} active and {backup} backup servers online.{on_backup}")?;
            write!(f, " {requeued} sessions requeued, {queued} total in queue.")
        } else {
            write!(f, ". {active} active and {backup} backup servers left.{on_backup}")?;
            write!(f, " {sessions} sessions active, {requeued} requeued, {queued} remaining in queue.")
        }
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.subject.backup { "backup server" } else { "server" };
        let Subject { backend, server, .. } = &self.subject;
        let verdict = match &self.outcome {
            outcome if outcome.is_conditional() => "conditionally succeeded",
            outcome if outcome.passed => "succeeded",
            _ => "failed",
        };
        let (points, most) = self.progress;
        let state = if self.up { "UP" } else { "DOWN" };
        write!(f, "Health check for {kind} {backend}/{server} {verdict}, {}", Reason(&self.outcome))?;
        write!(f, ", status: {points}/{most} {state}.")
    }
}

/// The words from `reason` to the duration.
struct Reason<'a>(&'a Outcome);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { status, code, info, duration, .. } = self.0;
        write!(f, "reason: {}", status.text())?;
        if status.has_code() {
            write!(f, ", code: {code}")?;
        }
        if let Some(info) = info {
            write!(f, ", info: \"{info}\"")?;
        }
        write!(f, ", check duration: {}ms", duration.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::health::CheckStatus;

    /// What followed `reason: ` in lines of both binaries, and the outcome behind it.
    #[test]
    fn reasons_are_worded_as_recorded() {
        use CheckStatus::*;
        let recorded = [
            (
                Layer4Connection,
                0,
                "Connection refused",
                "Layer4 connection problem, info: \"Connection refused\"",
            ),
            (Layer4Timeout, 0, "", "Layer4 timeout"),
            (Layer4Ok, 0, "", "Layer4 check passed"),
            (Layer7Ok, 200, "", "Layer7 check passed, code: 200"),
            (Layer7Ok, 0, "(tcp-check)", "Layer7 check passed, code: 0, info: \"(tcp-check)\""),
            (Layer7Status, 404, "Not Found", "Layer7 wrong status, code: 404, info: \"Not Found\""),
            (Layer7Conditional, 404, "", "Layer7 check conditionally passed, code: 404"),
            (Layer6Ok, 0, "", "Layer6 check passed"),
            (Layer6Response, 0, "", "Layer6 invalid response"),
            (Layer7Timeout, 0, "", "Layer7 timeout"),
            (Layer7Response, 0, "", "Layer7 invalid response"),
            (SocketError, 0, "Connection reset by peer", "Socket error, info: \"Connection reset by peer\""),
        ];

        for (status, code, info, expected) in recorded {
            let info = (!info.is_empty()).then(|| info.to_owned());
            let outcome =
                Outcome { passed: false, status, code, info, duration: Duration::from_micros(1_999) };

            assert_eq!(Reason(&outcome).to_string(), format!("reason: {expected}, check duration: 1ms"));
        }
    }
}
