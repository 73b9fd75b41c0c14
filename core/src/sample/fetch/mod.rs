//! Fetches: rows of data, each beside its function, a file per family (configuration manual 7.3.2 to 7.3.6).

mod captured;
mod check;
mod connection;
mod content;
mod farm;
mod heads;
mod internal;
mod request;
mod response;

pub use farm::Names;

use super::arguments::{Argument, Signature};
use super::needs::Needs;
use super::scope::Scope;
use super::value::{Type, Value};
use crate::keyword::Support;

/// Looks at the scope; text goes to the end of the buffer.
type Eval = fn(&[Argument], &Scope<'_>, &mut Vec<u8>) -> Option<Value>;

/// Gives each value in turn, its text at the end of the buffer, until one is taken; tells whether one was.
type Each = fn(&[Argument], &Scope<'_>, &mut Vec<u8>, &mut Take<'_>) -> bool;

/// Who looks at one of several values: tells whether it is taken, and leaves the buffer as it was before.
pub(super) type Take<'t> = dyn FnMut(Value, &mut Vec<u8>) -> bool + 't;

/// One fetch.
pub struct Fetch {
    /// Its name.
    pub name: &'static str,
    /// Other names of the same fetch.
    pub aliases: &'static [&'static str],
    /// Its arguments.
    pub signature: Signature,
    /// What must be known.
    pub needs: Needs,
    /// Type of the value.
    pub yields: Type,
    /// Looks at the scope.
    pub eval: Eval,
    /// Whether bytes that are yet to come may change what it gives; asked only of what looks at content.
    pub undecided: fn(&[Argument], &Scope<'_>) -> bool,
    /// What its argument names.
    pub names: Names,
    /// Gives all values, where there may be several and an ACL looks at each.
    pub each: Option<Each>,
    /// How far it is supported.
    pub support: Support,
    /// One line about it.
    pub summary: &'static str,
    /// An expression that uses it.
    pub example: &'static str,
}

impl std::fmt::Debug for Fetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Fetch {
    /// What most rows share.
    const ROW: Fetch = Fetch {
        name: "",
        aliases: &[],
        signature: Signature::NONE,
        needs: Needs::NONE,
        yields: Type::Text,
        eval: |_, _, _| None,
        undecided: |_, _| false,
        names: Names::Nothing,
        each: None,
        support: Support::Full,
        summary: "",
        example: "",
    };
}

/// All fetches, family by family.
pub fn fetches() -> impl Iterator<Item = &'static Fetch> {
    [
        captured::TABLE,
        check::TABLE,
        connection::TABLE,
        content::TABLE,
        farm::TABLE,
        internal::TABLE,
        request::TABLE,
        response::TABLE,
    ]
    .into_iter()
    .flatten()
}

/// The fetch of this name.
pub(super) fn find(name: &str) -> Option<&'static Fetch> {
    fetches().find(|row| row.name == name || row.aliases.contains(&name))
}

/// Gives each text in turn until one is taken.
fn each_text<'v>(texts: impl Iterator<Item = &'v [u8]>, out: &mut Vec<u8>, take: &mut Take<'_>) -> bool {
    texts.into_iter().any(|text| {
        out.extend_from_slice(text);
        take(Value::Text, out)
    })
}

/// Appends text.
fn text(out: &mut Vec<u8>, text: &[u8]) -> Option<Value> {
    out.extend_from_slice(text);
    Some(Value::Text)
}
