//! Log lines: formats compiled once, rendered into a buffer that is used again.

mod format;

pub use format::Format;
