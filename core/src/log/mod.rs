//! Log lines: formats compiled once, rendered into a buffer that is used again.

mod date;
mod format;
mod line;
mod tag;

pub use format::{Format, FormatError, FormatProblem, Options};
pub use tag::rows;

#[cfg(test)]
mod tests;
