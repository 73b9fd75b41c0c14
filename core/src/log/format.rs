//! `log-format` strings, compiled (configuration manual 8.2.4).

/// A compiled format.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Format {
    text: String,
}
