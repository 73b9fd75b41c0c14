//! Rules that choose where traffic goes (configuration manual 4.2, `use_backend`, `use-server`,
//! `force-persist`, `ignore-persist`).

use crate::acl::Condition;
use crate::base::ids::{BackendId, ServerId};
use crate::log::Format;

/// Who is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice<Id> {
    /// Always the same.
    Fixed(Id),
    /// Who has the name that the format renders, if anybody has.
    Named(Format),
}

/// `use_backend`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchRule {
    /// Where to.
    pub backend: Choice<BackendId>,
    /// When; always if there is none.
    pub condition: Option<Condition>,
}

/// `use-server`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerRule {
    /// Where to.
    pub server: Choice<ServerId>,
    /// When.
    pub condition: Condition,
}

/// What a rule makes of persistence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// `force-persist`: a server that is down is asked all the same.
    Forced,
    /// `ignore-persist`: neither a cookie nor a table leads anywhere.
    Ignored,
}

/// `force-persist` or `ignore-persist`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersistRule {
    /// What it makes of persistence.
    pub persistence: Persistence,
    /// When.
    pub condition: Condition,
}
