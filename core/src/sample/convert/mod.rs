//! Converters: rows of data, each beside its function, a file per family (configuration manual 7.3.1).

mod number;
mod text;

use super::arguments::{Argument, Signature};
use super::value::{Type, Value};

/// Changes a value; its text is all of the buffer behind the mark.
type Apply = fn(&[Argument], Value, &mut Vec<u8>, usize) -> Option<Value>;

/// One converter.
pub struct Converter {
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub signature: Signature,
    /// What it takes; other types are cast before.
    pub takes: Type,
    /// What it gives; `None` is what it was given.
    pub yields: Option<Type>,
    /// Changes a value.
    pub apply: Apply,
    /// One line about it.
    pub summary: &'static str,
    /// An expression that uses it.
    pub example: &'static str,
}

impl std::fmt::Debug for Converter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Converter {
    /// What most rows share.
    const ROW: Converter = Converter {
        name: "",
        signature: Signature::NONE,
        takes: Type::Text,
        yields: None,
        apply: |_, value, _, _| Some(value),
        summary: "",
        example: "",
    };
}

/// All converters, family by family.
pub fn converters() -> impl Iterator<Item = &'static Converter> {
    [number::TABLE, text::TABLE].into_iter().flatten()
}

/// The converter of this name.
pub(super) fn find(name: &str) -> Option<&'static Converter> {
    converters().find(|row| row.name == name)
}
