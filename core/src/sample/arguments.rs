//! Arguments in parentheses: split and unquoted once, at load time.

use super::VariableName;

/// One argument as a row sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Left out.
    Absent,
    /// A number.
    Integer(i64),
    /// Text.
    Text(Box<str>),
}

impl Argument {
    /// The text; empty when left out.
    pub fn text(&self) -> &str {
        match self {
            Argument::Text(text) => text,
            Argument::Absent | Argument::Integer(_) => "",
        }
    }

    /// The number, or `default` when left out.
    pub fn integer_or(&self, default: i64) -> i64 {
        match self {
            Argument::Integer(number) => *number,
            Argument::Absent | Argument::Text(_) => default,
        }
    }
}

/// What one position takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// A signed number.
    Integer,
    /// Any text.
    Text,
    /// A variable's name.
    Variable,
}

/// What a row takes: kinds by position, of which the first `required` must be there.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Kinds by position.
    pub kinds: &'static [ArgumentKind],
    /// How many may not be left out.
    pub required: usize,
}

impl Signature {
    /// No arguments.
    pub const NONE: Signature = Signature { kinds: &[], required: 0 };
    /// One text, which may be left out.
    pub const NAME: Signature = Signature { kinds: &[ArgumentKind::Text], required: 0 };
    /// One text.
    pub const REQUIRED_NAME: Signature = Signature { kinds: &[ArgumentKind::Text], required: 1 };
    /// One number.
    pub const INTEGER: Signature = Signature { kinds: &[ArgumentKind::Integer], required: 1 };

    /// Types the texts; `None` when their number or form is wrong. Missing ones are filled with `Absent`.
    pub(super) fn check(&self, texts: Vec<String>) -> Option<Box<[Argument]>> {
        let given = texts.iter().rposition(|text| !text.is_empty()).map_or(0, |at| at + 1);
        // `str()` is the empty text: a single required text may be empty.
        let empty_text = self.kinds == [ArgumentKind::Text] && texts.len() == 1;
        if given > self.kinds.len() || (given < self.required && !empty_text) {
            return None;
        }
        let mut arguments = Vec::with_capacity(self.kinds.len());
        let mut texts = texts.into_iter();
        for kind in self.kinds {
            arguments.push(match (kind, texts.next()) {
                (_, None) => Argument::Absent,
                (ArgumentKind::Text, Some(text)) => Argument::Text(text.into()),
                (ArgumentKind::Variable, Some(text)) => {
                    VariableName::parse(&text).ok()?;
                    Argument::Text(text.into())
                }
                (ArgumentKind::Integer, Some(text)) if text.is_empty() => Argument::Absent,
                (ArgumentKind::Integer, Some(text)) => Argument::Integer(text.parse().ok()?),
            });
        }
        Some(arguments.into())
    }
}

/// Splits the text behind an opening parenthesis; also returns how many bytes it took with the closing one.
/// Quotes protect commas and parentheses, a backslash the next character (configuration manual 2.2).
pub(super) fn split(text: &str) -> Option<(Vec<String>, usize)> {
    let mut arguments = vec![String::new()];
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        let argument = arguments.last_mut()?;
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None | Some('"'), '\\') => argument.push(characters.next()?.1),
            (Some(_), _) => argument.push(character),
            (None, ',') => arguments.push(String::new()),
            (None, ')') => return Some((arguments, at + 1)),
            (None, _) => argument.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_protect_separators() {
        let (arguments, len) = split(r#"'a,b)',"c\"d",e\,f) rest"#).unwrap();

        assert_eq!(arguments, ["a,b)", "c\"d", "e,f"]);
        assert_eq!(len, 19);
        assert_eq!(split("a,b"), None);
    }
}
