//! Conditions of `.if`, `.elif` and `-cc` (configuration manual 2.4).

use std::cmp::Ordering;

use super::LANGUAGE;

/// Parentheses and negations within each other, at most.
const DEPTH_MAX: u32 = 64;

/// Features that a condition may ask for and that this program has.
const FEATURES: [&str; 6] = ["ACCEPT4", "EPOLL", "GETADDRINFO", "LINUX_TPROXY", "TFO", "THREAD"];

/// Options that `enabled()` may ask for and that are on.
const ENABLED: [&str; 4] = ["EPOLL", "GETADDRINFO", "REUSEPORT", "SPLICE"];

/// A predicate, by its arguments and how variables are looked up.
type Test = fn(&[&str], &dyn Fn(&str) -> Option<String>) -> bool;

/// The predicates: name, least number of arguments, what they say.
const PREDICATES: [(&str, usize, Test); 11] = [
    ("defined", 0, |arguments, variable| variable(first(arguments)).is_some()),
    ("enabled", 1, |arguments, _| ENABLED.contains(&first(arguments))),
    ("feature", 1, |arguments, _| FEATURES.contains(&first(arguments))),
    // There is no TLS library to ask about.
    ("openssl_version_atleast", 1, |_, _| false),
    ("openssl_version_before", 1, |_, _| false),
    ("ssllib_name_startswith", 1, |_, _| false),
    ("streq", 2, |arguments, _| arguments[0] == arguments[1]),
    ("strneq", 2, |arguments, _| arguments[0] != arguments[1]),
    ("strstr", 2, |arguments, _| arguments[0].contains(arguments[1])),
    ("version_atleast", 1, |arguments, _| compare_version(first(arguments)) != Ordering::Greater),
    ("version_before", 1, |arguments, _| compare_version(first(arguments)) == Ordering::Greater),
];

/// What cannot be read in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What is wrong, in HAProxy's words.
    pub message: String,
}

/// Evaluates a condition. An empty one is false.
pub fn evaluate(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<bool, ConditionError> {
    let mut reader = Reader { text, at: 0, depth: 0, variable };
    reader.skip_blank();
    if reader.rest().is_empty() {
        return Ok(false);
    }
    let value = reader.alternatives()?;
    reader.skip_blank();
    match reader.rest().chars().next() {
        None => Ok(value),
        Some(character) => Err(ConditionError {
            offset: reader.at,
            message: format!(
                "unexpected character '{character}' at the end of conditional expression '{text}'"
            ),
        }),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    fn take(&mut self, wanted: &str) -> bool {
        self.skip_blank();
        let there = self.rest().starts_with(wanted);
        self.at += if there { wanted.len() } else { 0 };
        there
    }

    fn unparsable(&self) -> ConditionError {
        let rest = self.rest();
        ConditionError { offset: self.at, message: format!("unparsable conditional expression '{rest}'") }
    }

    /// `A || B`.
    fn alternatives(&mut self) -> Result<bool, ConditionError> {
        let mut value = self.conjunction()?;
        while self.take("||") {
            value |= self.conjunction()?;
        }
        Ok(value)
    }

    /// `A && B`.
    fn conjunction(&mut self) -> Result<bool, ConditionError> {
        let mut value = self.term()?;
        while self.take("&&") {
            value &= self.term()?;
        }
        Ok(value)
    }

    /// `!A`, `(A)`, a number or a predicate.
    fn term(&mut self) -> Result<bool, ConditionError> {
        self.skip_blank();
        if self.depth == DEPTH_MAX {
            return Err(self.unparsable());
        }
        self.depth += 1;
        let start = self.at;
        let value = if self.take("!") {
            !self.term()?
        } else if self.take("(") {
            let value = self.alternatives()?;
            if !self.take(")") {
                let rest = &self.text[start..];
                let message = format!("expected ')' after conditional expression '{rest}'");
                return Err(ConditionError { offset: start, message });
            }
            value
        } else if self.rest().starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
            self.number()?
        } else {
            self.predicate()?
        };
        self.depth -= 1;
        Ok(value)
    }

    /// Any number but 0 is true.
    fn number(&mut self) -> Result<bool, ConditionError> {
        let sign = usize::from(!self.rest().starts_with(|c: char| c.is_ascii_digit()));
        let digits = self.rest()[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(self.unparsable());
        }
        let number = &self.rest()[sign..sign + digits];
        self.at += sign + digits;
        Ok(number.bytes().any(|digit| digit != b'0'))
    }

    fn predicate(&mut self) -> Result<bool, ConditionError> {
        let unparsable = self.unparsable();
        let rest = self.rest();
        let (name, inside) = rest.split_once('(').ok_or(unparsable.clone())?;
        let (_, least, test) = PREDICATES.iter().find(|row| row.0 == name).ok_or(unparsable)?;
        let Some((list, _)) = inside.split_once(')') else {
            let message = format!("expected ')' after conditional expression '{rest}'");
            return Err(ConditionError { offset: self.at, message });
        };
        let arguments: Vec<&str> = list.split(',').map(str::trim).collect();
        let given = if list.trim().is_empty() { 0 } else { arguments.len() };
        // `streq(,)` gives two empty ones.
        if arguments.len() < *least || (*least == 1 && given == 0) {
            let message = format!(
                "missing arguments (got {given}/{least}), type 'string' expected in argument {} of predicate \
                 '{name}' used in conditional expression",
                given + 1
            );
            return Err(ConditionError { offset: self.at + name.len() + 1, message });
        }
        self.at += name.len() + list.len() + 2;
        Ok(test(&arguments, self.variable))
    }
}

fn first<'a>(arguments: &[&'a str]) -> &'a str {
    arguments.first().copied().unwrap_or_default()
}

/// How `version` compares to the language level that is followed.
fn compare_version(version: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u32> {
        let parts = text.split(['.', '-']).map_while(|part| part.parse().ok());
        parts.chain([0; 3]).take(3).collect()
    };
    numbers(version).cmp(&numbers(LANGUAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<bool, String> {
        let variable = |name: &str| (name == "HOME").then(|| "/root".to_owned());
        evaluate(text, &variable).map_err(|error| format!("{}: {}", error.offset, error.message))
    }

    #[test]
    fn operators_bind_as_in_c() {
        for (text, value) in [
            ("", false),
            ("1", true),
            ("00", false),
            ("-1", true),
            ("0 && 0 || 1", true),
            ("1 || 0 && 0", true),
            ("(1 || 0) && 0", false),
            ("!0 && !(1 && 0)", true),
            ("defined(HOME) && !defined(NOSUCH)", true),
            ("streq(a, a) && strneq(a,b) && strstr(abc,b)", true),
            ("version_atleast(2.4) && version_before(9.0)", true),
            ("version_atleast(2.9)", false),
            ("feature(THREAD) && !feature(OPENSSL) && enabled(EPOLL)", true),
        ] {
            assert_eq!(told(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_told_with_its_place() {
        for (text, error) in [
            ("foo", "0: unparsable conditional expression 'foo'"),
            ("1 2", "2: unexpected character '2' at the end of conditional expression '1 2'"),
            ("1 &&", "4: unparsable conditional expression ''"),
            ("(1", "0: expected ')' after conditional expression '(1'"),
            ("1)", "1: unexpected character ')' at the end of conditional expression '1)'"),
            (
                "streq(a)",
                "6: missing arguments (got 1/2), type 'string' expected in argument 2 of predicate 'streq' used \
                 in conditional expression",
            ),
        ] {
            assert_eq!(told(text), Err(error.to_owned()), "{text}");
        }
        assert!(told(&"(".repeat(100_000)).is_err());
        assert!(told(&"!".repeat(100_000)).is_err());
    }
}
