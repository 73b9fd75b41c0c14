//! Looking at what a TCP client sends before it gets a server (configuration manual 4.2, `tcp-request content`).

use std::time::Duration;

use crate::acl::Condition;

/// `tcp-request inspect-delay` and `tcp-request content` of one proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// How long rules may wait for more bytes; `None` is not at all.
    pub delay: Option<Duration>,
    /// The rules, in order: the first that applies counts, and without one the connection is accepted.
    pub rules: Vec<ContentRule>,
}

/// `tcp-request content accept` or `reject`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentRule {
    /// What becomes of the connection.
    pub ruling: Ruling,
    /// When; always if there is none.
    pub condition: Option<Condition>,
}

/// What a rule makes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It goes on.
    Accept,
    /// It is closed.
    Reject,
}
