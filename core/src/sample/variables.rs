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

/// When a variable is set: the words behind its name (`set-var(check.a,ifnotexists)`), all of which must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableCondition {
    /// `ifempty`: the new value is an empty text.
    Empty,
    /// `ifexists`, `ifset`: it has a value.
    Exists,
    /// `ifgt`: both are numbers, and the old one is greater; or they are not both numbers.
    Greater,
    /// `iflt`: both are numbers, and the old one is less; or they are not both numbers.
    Less,
    /// `ifnotempty`: the new value is no empty text.
    NotEmpty,
    /// `ifnotexists`, `ifnotset`: it has no value.
    NotExists,
}

impl VariableCondition {
    /// The condition of this name.
    pub fn of_name(name: &str) -> Option<VariableCondition> {
        Some(match name {
            "ifempty" => VariableCondition::Empty,
            "ifexists" | "ifset" => VariableCondition::Exists,
            "ifgt" => VariableCondition::Greater,
            "iflt" => VariableCondition::Less,
            "ifnotempty" => VariableCondition::NotEmpty,
            "ifnotexists" | "ifnotset" => VariableCondition::NotExists,
            _ => return None,
        })
    }

    fn holds(self, old: Option<&Held>, new: Value, text: &[u8]) -> bool {
        let is_empty = matches!(new, Value::Text | Value::Binary) && text.is_empty();
        let numbers = match (old, new) {
            (Some(Held::Integer(old)), Value::Integer(new)) => Some((*old, new)),
            _ => None,
        };
        match self {
            VariableCondition::Empty => is_empty,
            VariableCondition::Exists => old.is_some(),
            VariableCondition::Greater => numbers.is_none_or(|(old, new)| old > new),
            VariableCondition::Less => numbers.is_none_or(|(old, new)| old < new),
            VariableCondition::NotEmpty => !is_empty,
            VariableCondition::NotExists => old.is_none(),
        }
    }
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

    /// Sets one if all conditions hold; `text` holds the text or the bytes. What is longer than a variable may be is
    /// not set.
    pub fn set(&mut self, name: &VariableName, conditions: &[VariableCondition], value: Value, text: &[u8]) {
        let old = self.held.get(&name.0);
        let holds = conditions.iter().all(|condition| condition.holds(old, value, text));
        if !holds || text.len() > VARIABLES_BYTES_MAX {
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

        variables.set(&name, &[], Value::Integer(7), b"");
        assert_eq!(variables.value("check.a", &mut out), Some(Value::Integer(7)));
        variables.set(&name, &[], Value::Text, b"seven");
        assert_eq!(variables.value("check.a", &mut out), Some(Value::Text));
        assert_eq!(out, b"seven");
        variables.set(&name, &[], Value::Text, &vec![b'x'; VARIABLES_BYTES_MAX + 1]);
        assert_eq!(variables.value("check.a", &mut Vec::new()), Some(Value::Text), "too long: as before");
        variables.unset(&name);
        assert_eq!(variables.value("check.a", &mut out), None);
    }

    #[test]
    fn conditions_are_those_that_haproxy_has() {
        // Recorded from haproxy 2.8: a condition, the old value, the new one, and which of them stays.
        let recorded = [
            ("ifexists", None, "7", ""),
            ("ifexists", Some("5"), "7", "7"),
            ("ifnotset", None, "7", "7"),
            ("ifnotset", Some(""), "7", ""),
            ("ifempty", Some("5"), "7", "5"),
            ("ifempty", Some("abc"), "", ""),
            ("ifnotempty", Some("abc"), "", "abc"),
            ("ifnotempty", None, "xyz", "xyz"),
            ("ifgt", Some("5"), "7", "5"),
            ("ifgt", Some("5"), "3", "3"),
            ("ifgt", Some("abc"), "7", "7"),
            ("ifgt", None, "7", "7"),
            ("iflt", Some("5"), "7", "7"),
            ("iflt", Some("5"), "3", "5"),
            ("iflt", Some("5"), "xyz", "xyz"),
        ];
        let name = VariableName::parse("check.a").unwrap();
        let typed = |text: &str| text.parse().map_or(Value::Text, Value::Integer);

        for (condition, old, new, stays) in recorded {
            let mut variables = Variables::default();
            if let Some(old) = old {
                variables.set(&name, &[], typed(old), old.as_bytes());
            }
            let conditions = [VariableCondition::of_name(condition).unwrap()];
            variables.set(&name, &conditions, typed(new), new.as_bytes());
            let mut out = Vec::new();
            let value = variables.value("check.a", &mut out);
            let value = value.and_then(|value| value.cast(Type::Text, &mut out, 0)).map(|_| out);
            let told = String::from_utf8(value.unwrap_or_default()).unwrap();
            assert_eq!(told, stays, "{condition} from {old:?} to {new}");
        }
    }
}
