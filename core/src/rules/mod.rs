//! `http-request` and `http-response` rules.

use crate::log::Format;

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it does.
    pub action: Action,
}

/// What a rule does.
#[derive(Clone, Debug)]
pub enum Action {
    /// `set-header NAME FORMAT`.
    SetHeader(String, Format),
}
