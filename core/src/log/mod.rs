//! Log lines: formats compiled once, rendered into a buffer that is used again.

mod date;
mod format;
mod line;
mod syslog;
mod tag;

pub use format::{Format, FormatError, FormatProblem, Options};
pub use syslog::{Header, Sampler, Stamp, Wire, encode_line};
pub use tag::rows;

#[cfg(test)]
mod tests;
