//! What the operator reads about servers that come and go, in HAProxy's words.

use std::fmt;
use std::sync::Arc;

use crate::health::{CheckStatus, Outcome};
use crate::model::Level;

/// One line for the backend's logs, without a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The state of a server changed.
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

/// A server's state changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// Which.
    pub subject: Subject,
    /// How.
    pub change: Change,
    /// The server that it tracks, if the change comes from there.
    pub via: Option<Arc<str>>,
    /// What decided.
    pub because: Because,
    /// Whether the server took new traffic before: then its loss is an alert.
    pub was_in_use: bool,
    /// What is left.
    pub census: Census,
}

/// How a server's state changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its health is good.
    Up,
    /// It asks for no new traffic.
    Stopping,
    /// Its health is bad.
    Down,
    /// Into maintenance, from up.
    EntersMaintenance,
    /// Into maintenance, from down.
    DownEntersMaintenance,
    /// The operator takes maintenance back, but it is inherited too.
    StaysInInheritedMaintenance,
    /// Maintenance is inherited no longer, but the operator wants it too.
    StaysInForcedMaintenance,
    /// Out of maintenance.
    LeavesMaintenance {
        /// Whether its health is good.
        up: bool,
        /// Whether it drains now.
        drain: bool,
        /// Whether the operator had said so of this server.
        forced: bool,
    },
    /// Into drain mode.
    EntersDrain {
        /// Whether its health is good.
        up: bool,
    },
    /// Still in drain mode, for another reason.
    StaysInDrain,
    /// Out of drain mode.
    LeavesDrain {
        /// Whether its health is good.
        up: bool,
        /// Whether the operator had said so of this server.
        forced: bool,
    },
}

/// What decided about a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// A report of it was logged already, or there is nothing to say.
    Unsaid,
    /// A check, of health or by an agent.
    Check(Outcome),
    /// A command of the operator.
    Operator,
}

/// What a backend has once a server's state changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// Active servers that are usable.
    pub active: u32,
    /// Backup servers that are usable.
    pub backup: u32,
    /// Whether traffic goes to backups.
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
    /// It was by the server's agent.
    pub agent: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// Points and most points within the state.
    pub progress: (u32, u32),
    /// What it makes of the server: `UP`, `DRAIN` without a weight, or `DOWN`.
    pub standing: &'static str,
}

impl Notice {
    /// How important it is.
    pub fn level(&self) -> Level {
        match self {
            Notice::StateChanged(change) if change.is_loss() => Level::ALERT,
            Notice::StateChanged(_) => Level::NOTICE,
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

impl StateChange {
    /// Whether a server is gone that took new traffic.
    fn is_loss(&self) -> bool {
        self.was_in_use && matches!(self.change, Change::Down | Change::EntersMaintenance)
    }

    /// What happened, without what is left.
    fn write_change(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subject { backend, server, backup } = &self.subject;
        write!(f, "{} {backend}/{server} ", if *backup { "Backup Server" } else { "Server" })?;
        let health = |up: bool| if up { "UP" } else { "DOWN" };
        let via = Via(self.via.as_deref());
        match self.change {
            Change::Up => write!(f, "is UP{via}"),
            Change::Stopping => write!(f, "is stopping{via}"),
            Change::Down => write!(f, "is DOWN{via}"),
            Change::EntersMaintenance => write!(f, "is going DOWN for maintenance{via}"),
            Change::DownEntersMaintenance => write!(f, "was DOWN and now enters maintenance{via}"),
            Change::StaysInInheritedMaintenance => {
                write!(f, "is leaving forced maintenance but remains in maintenance{via}")
            }
            Change::StaysInForcedMaintenance => f.write_str("remains in forced maintenance"),
            Change::LeavesMaintenance { up, drain, forced } => {
                let mode = if drain { "DRAIN" } else { "READY" };
                let forced = if forced { "forced " } else { "" };
                write!(f, "is {}/{mode} (leaving {forced}maintenance)", health(up))
            }
            Change::EntersDrain { .. } => write!(f, "enters drain state{via}"),
            Change::StaysInDrain if self.via.is_none() => f.write_str("remains in forced drain mode"),
            Change::StaysInDrain => write!(f, "remains in drain mode{via}"),
            Change::LeavesDrain { up, forced: true } => write!(f, "is {} (leaving forced drain)", health(up)),
            Change::LeavesDrain { up, forced: false } => {
                write!(f, "is {} (leaving drain){via}", health(up))
            }
        }
    }

    /// Whether what is left is told, and whether the server is among it.
    fn shows_census(&self) -> Option<bool> {
        match self.change {
            Change::Up | Change::Stopping => Some(true),
            Change::Down | Change::EntersMaintenance => Some(false),
            Change::EntersDrain { up } => Some(up),
            Change::DownEntersMaintenance
            | Change::StaysInInheritedMaintenance
            | Change::StaysInForcedMaintenance
            | Change::LeavesMaintenance { .. }
            | Change::StaysInDrain
            | Change::LeavesDrain { .. } => None,
        }
    }
}

/// The server that a change comes from.
struct Via<'a>(Option<&'a str>);

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |server| write!(f, " via {server}"))
    }
}

impl fmt::Display for StateChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_change(f)?;
        match &self.because {
            Because::Unsaid => {}
            Because::Check(outcome) => write!(f, ", {}", Reason(outcome))?,
            Because::Operator => f.write_str(", changed from CLI")?,
        }
        f.write_str(".")?;
        let Census { active, backup, on_backup, sessions, requeued, queued } = self.census;
        let on_backup = if on_backup { " Running on backup." } else { "" };
        match self.shows_census() {
            None => Ok(()),
            Some(true) => write!(
                f,
                " {active} active and {backup} backup servers online.{on_backup} {requeued} sessions requeued, \
                 {queued} total in queue."
            ),
            Some(false) => write!(
                f,
                " {active} active and {backup} backup servers left.{on_backup} {sessions} sessions active, \
                 {requeued} requeued, {queued} remaining in queue."
            ),
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
        let state = self.standing;
        let check = if self.agent { "Agent check" } else { "Health check" };
        write!(f, "{check} for {kind} {backend}/{server} {verdict}, {}", Reason(&self.outcome))?;
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
            // A program that a signal ended has -1.
            write!(f, ", code: {}", i32::from(*code as i16))?;
        }
        if let Some(info) = info {
            write!(f, ", info: \"{info}\"")?;
        }
        if *status == CheckStatus::HealthAnalyzed {
            return Ok(());
        }
        write!(f, ", check duration: {}ms", duration.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
