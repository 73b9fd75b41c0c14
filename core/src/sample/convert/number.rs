//! Converters of numbers (configuration manual 7.3.1). Results stop at the bounds of 64 bits.

use super::Converter;
use crate::sample::arguments::{Argument, Signature};
use crate::sample::{Type, Value};

pub(super) const TABLE: &[Converter] = &[
    Converter {
        name: "add",
        signature: Signature::INTEGER,
        takes: Type::Integer,
        yields: Some(Type::Integer),
        apply: |arguments, value, _, _| with(arguments, value, |left, right| left.saturating_add(right)),
        summary: "Adds a number.",
        example: "int(7),add(2)",
    },
    Converter {
        name: "and",
        signature: Signature::INTEGER,
        takes: Type::Integer,
        yields: Some(Type::Integer),
        apply: |arguments, value, _, _| with(arguments, value, |left, right| left & right),
        summary: "Bitwise and.",
        example: "int(7),and(2)",
    },
    Converter {
        name: "div",
        signature: Signature::INTEGER,
        takes: Type::Integer,
        yields: Some(Type::Integer),
        apply: |arguments, value, _, _| {
            with(arguments, value, |left, right| match right {
                0 => i64::MAX,
                _ => left.saturating_div(right),
            })
        },
        summary: "Divides by a number; by zero gives the largest number.",
        example: "int(7),div(2)",
    },
    Converter {
        name: "mod",
        signature: Signature::INTEGER,
        takes: Type::Integer,
        yields: Some(Type::Integer),
        apply: |arguments, value, _, _| {
            with(arguments, value, |left, right| left.checked_rem(right).unwrap_or(0))
        },
        summary: "Remainder of a division; 0 when dividing by zero.",
        example: "int(7),mod(2)",
    },
    Converter {
        name: "mul",
        signature: Signature::INTEGER,
        takes: Type::Integer,
        yields: Some(Type::Integer),
        apply: |arguments, value, _, _| with(arguments, value, |left, right| left.saturating_mul(right)),
        summary: "Multiplies.",
        example: "int(7),mul(2)",
    },
    Converter {
        name: "or",
        signature: Signature::INTEGER,
        takes: Type::Integer,
        yields: Some(Type::Integer),
        apply: |arguments, value, _, _| with(arguments, value, |left, right| left | right),
        summary: "Bitwise or.",
        example: "int(7),or(2)",
    },
    Converter {
        name: "sub",
        signature: Signature::INTEGER,
        takes: Type::Integer,
        yields: Some(Type::Integer),
        apply: |arguments, value, _, _| with(arguments, value, |left, right| left.saturating_sub(right)),
        summary: "Subtracts a number.",
        example: "int(7),sub(2)",
    },
    Converter {
        name: "xor",
        signature: Signature::INTEGER,
        takes: Type::Integer,
        yields: Some(Type::Integer),
        apply: |arguments, value, _, _| with(arguments, value, |left, right| left ^ right),
        summary: "Bitwise exclusive or.",
        example: "int(7),xor(2)",
    },
    Converter {
        name: "neg",
        takes: Type::Integer,
        yields: Some(Type::Integer),
        apply: |_, value, _, _| match value {
            Value::Integer(number) => Some(Value::Integer(number.saturating_neg())),
            Value::Address(_) | Value::Binary | Value::Boolean(_) | Value::Text => None,
        },
        summary: "Changes the sign.",
        example: "int(7),neg",
        ..Converter::ROW
    },
];

fn with(arguments: &[Argument], value: Value, apply: fn(i64, i64) -> i64) -> Option<Value> {
    let Value::Integer(left) = value else {
        return None;
    };
    Some(Value::Integer(apply(left, arguments[0].integer_or(0))))
}
