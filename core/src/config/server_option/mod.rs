//! Options of `server` and `default-server` lines (configuration manual 5.2), a file per family of rows.

mod agent;
mod check;
mod distinct;
mod draft;
mod identity;
mod life;
mod limits;
mod line;
mod pool;
mod refused;
mod source;

pub use distinct::{LinePlace, ServerNames};
pub use draft::{InitAddress, Reach, ServerDraft};
pub use line::{ServerContext, read_default_server, read_server};

use super::line_option::{Fault, LineOption, entries};
use crate::keyword::{Entry, Kind};

/// One option of a `server` line.
pub type ServerOption = LineOption<ServerDraft>;

/// Every table of server options.
pub const TABLES: &[&[ServerOption]] = &[
    agent::TABLE,
    check::TABLE,
    identity::TABLE,
    life::TABLE,
    limits::TABLE,
    pool::TABLE,
    refused::TABLE,
    source::TABLE,
];

/// The catalog's entries of all server options.
pub fn rows() -> impl Iterator<Item = Entry> {
    entries(Kind::ServerOption, TABLES)
}

/// A whole number of an option, within `low` and `high`.
fn number(text: &str, low: u32, high: u32, message: impl FnOnce() -> String) -> Result<u32, Fault> {
    let valid = text.parse().ok().filter(|number| (low..=high).contains(number));
    valid.ok_or_else(|| Fault::new(message(), format!("write a whole number from {low} to {high}")))
}

#[cfg(test)]
mod tests;
