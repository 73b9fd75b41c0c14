//! Variables (configuration manual 2.8, `set-var`): values that a script keeps under a name.
//!
//! Only checks have some yet: those of scopes `check` and `sess`, which both last for one check.

use std::net::IpAddr;

use super::value::{Type, Value};
use crate::base::limits::VARIABLES_BYTES_MAX;
use crate::base::map::Map;

/// A variable's name, its scope included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VariableName(Box<str>);

/// What is wrong with a variable's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableProblem {
    /// A character that no name has.
    BadCharacter(char),
    /// Nothing at all.
    Empty,
    /// HAProxy knows the scope, evenkeel does not yet.
    PlannedScope(String),
    /// It does not begin with a scope and a point.
    UnknownScope(String),
}

impl VariableName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<VariableName, VariableProblem> {
        if text.is_empty() {
            return Err(VariableProblem::Empty);
        }
        match text.split_once('.').filter(|(_, name)| !name.is_empty()) {
            Some(("check" | "sess", _)) => {}
            Some((scope @ ("proc" | "txn" | "req" | "res"), _)) => {
                return Err(VariableProblem::PlannedScope(scope.to_owned()));
            }
            _ => return Err(VariableProblem::UnknownScope(text.to_owned())),
        }
        let strange =
            |character: &char| !character.is_ascii_alphanumeric() && !['_', '.'].contains(character);
        match text.chars().find(strange) {
            Some(strange) => Err(VariableProblem::BadCharacter(strange)),
            None => Ok(VariableName(text.into())),
        }
    }
}

/// A value that outlives the buffer it was made in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    Address(IpAddr),
    Binary(Box<[u8]>),
    Boolean(bool),
    Integer(i64),
    Text(Box<[u8]>),
}

/// All variables of one script.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    held: Map<Box<str>, Held>,
}

impl Variables {
    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Sets one; `text` holds the text or the bytes. What is longer than a variable may be is not set.
    pub fn set(&mut self, name: &VariableName, value: Value, text: &[u8]) {
        if text.len() > VARIABLES_BYTES_MAX {
            return;
        }
        let held = match value {
            Value::Address(address) => Held::Address(address),
            Value::Binary => Held::Binary(text.into()),
            Value::Boolean(truth) => Held::Boolean(truth),
            Value::Integer(number) => Held::Integer(number),
            Value::Text => Held::Text(text.into()),
        };
        self.held.insert(name.0.clone(), held);
    }

    /// Forgets one.
    pub fn unset(&mut self, name: &VariableName) {
        self.held.remove(&name.0);
    }

    /// The value of one; text and bytes are appended.
    pub(super) fn value(&self, name: &str, out: &mut Vec<u8>) -> Option<Value> {
        Some(match self.held.get(name)? {
            Held::Address(address) => Value::Address(*address),
            Held::Binary(bytes) => {
                out.extend_from_slice(bytes);
                Value::Binary
            }
            Held::Boolean(truth) => Value::Boolean(*truth),
            Held::Integer(number) => Value::Integer(*number),
            Held::Text(text) => {
                out.extend_from_slice(text);
                Value::Text
            }
        })
    }
}

/// What `var` is before it is known what the variable holds: anything may be made of a text.
pub(super) const VARIABLE_TYPE: Type = Type::Text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_a_scope() {
        assert!(VariableName::parse("check.port").is_ok());
        assert!(VariableName::parse("sess.a.b_1").is_ok());
        assert_eq!(VariableName::parse(""), Err(VariableProblem::Empty));
        assert_eq!(VariableName::parse("port"), Err(VariableProblem::UnknownScope("port".to_owned())));
        assert_eq!(VariableName::parse("check."), Err(VariableProblem::UnknownScope("check.".to_owned())));
        assert_eq!(VariableName::parse("proc.a"), Err(VariableProblem::PlannedScope("proc".to_owned())));
        assert_eq!(VariableName::parse("check.a-b"), Err(VariableProblem::BadCharacter('-')));
    }

    #[test]
    fn a_variable_keeps_its_type_until_it_is_unset() {
        let name = VariableName::parse("check.a").unwrap();
        let mut variables = Variables::default();
        let mut out = Vec::new();

        variables.set(&name, Value::Integer(7), b"");
        assert_eq!(variables.value("check.a", &mut out), Some(Value::Integer(7)));
        variables.set(&name, Value::Text, b"seven");
        assert_eq!(variables.value("check.a", &mut out), Some(Value::Text));
        assert_eq!(out, b"seven");
        variables.set(&name, Value::Text, &vec![b'x'; VARIABLES_BYTES_MAX + 1]);
        assert_eq!(variables.value("check.a", &mut Vec::new()), Some(Value::Text), "too long: as before");
        variables.unset(&name);
        assert_eq!(variables.value("check.a", &mut out), None);
    }
}
