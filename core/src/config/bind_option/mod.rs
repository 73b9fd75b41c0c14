//! `bind` lines and their options (configuration manual 5.1), a file per family of rows.

mod idle;
mod line;
mod owner;
mod socket;

pub use line::{BindContext, BindDraft, read_bind};

use super::line_option::{LineOption, entries};
use crate::keyword::{Entry, Kind};

/// One option of a `bind` line.
pub type BindOption = LineOption<BindDraft>;

/// Every table of bind options.
pub const TABLES: &[&[BindOption]] = &[idle::TABLE, owner::TABLE, socket::TABLE];

/// The catalog's entries of all bind options.
pub fn rows() -> impl Iterator<Item = Entry> {
    entries(Kind::BindOption, TABLES)
}

#[cfg(test)]
mod tests;
