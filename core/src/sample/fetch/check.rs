//! What a server answered to a health check, and variables (configuration manual 7.3.5 and 7.3.2). In checks only.

use super::{Fetch, text};
use crate::keyword::Support;
use crate::sample::arguments::{Argument, ArgumentKind, Signature};
use crate::sample::variables::VARIABLE_TYPE;
use crate::sample::{Needs, Scope, Type, Value};

const ROW: Fetch = Fetch { support: Support::Partial("in health checks only"), ..Fetch::ROW };

/// Offset and length.
const PIECE: Signature = Signature { kinds: &[ArgumentKind::Integer, ArgumentKind::Integer], required: 2 };

/// Offset of the length, its size, and where the bytes begin.
const MEASURED: Signature =
    Signature { kinds: &[ArgumentKind::Integer, ArgumentKind::Integer, ArgumentKind::Text], required: 2 };

pub(super) const TABLE: &[Fetch] = &[
    Fetch {
        name: "res.body",
        needs: Needs::ANSWER,
        yields: Type::Binary,
        eval: |_, scope, out| {
            let body = scope.check.filter(|_| scope.response.is_some())?.body;
            out.extend_from_slice(body);
            Some(Value::Binary)
        },
        summary: "Body of the response, as far as it came.",
        example: "res.body",
        ..ROW
    },
    Fetch {
        name: "res.body_len",
        needs: Needs::ANSWER,
        yields: Type::Integer,
        eval: |_, scope, _| {
            let body = scope.check.filter(|_| scope.response.is_some())?.body;
            Some(Value::Integer(body.len() as i64))
        },
        summary: "Length of the response's body, as far as it came.",
        example: "res.body_len",
        ..ROW
    },
    Fetch {
        name: "res.len",
        needs: Needs::ANSWER,
        yields: Type::Integer,
        eval: |_, scope, _| Some(Value::Integer(scope.check?.payload.len() as i64)),
        summary: "Number of bytes received.",
        example: "res.len",
        ..ROW
    },
    Fetch {
        name: "res.payload",
        aliases: &["payload"],
        signature: PIECE,
        needs: Needs::ANSWER,
        yields: Type::Binary,
        eval: payload,
        summary: "Bytes received: offset, and length, of which 0 is all the rest.",
        example: "res.payload(0,4)",
        ..ROW
    },
    Fetch {
        name: "res.payload_lv",
        aliases: &["payload_lv"],
        signature: MEASURED,
        needs: Needs::ANSWER,
        yields: Type::Binary,
        eval: measured_payload,
        summary: "Bytes received behind their length: its offset, its size, and where the bytes begin.",
        example: "res.payload_lv(0,2)",
        ..ROW
    },
    Fetch {
        name: "var",
        signature: Signature { kinds: &[ArgumentKind::Variable, ArgumentKind::Text], required: 1 },
        needs: Needs::VARIABLES,
        yields: VARIABLE_TYPE,
        eval: |arguments, scope, out| {
            let variables = scope.check?.variables;
            match variables.value(arguments[0].text(), out) {
                None if arguments[1] != Argument::Absent => text(out, arguments[1].text().as_bytes()),
                value => value,
            }
        },
        summary: "Value of a variable, or the default given.",
        example: "var(check.port,80)",
        ..ROW
    },
];

fn payload(arguments: &[Argument], scope: &Scope<'_>, out: &mut Vec<u8>) -> Option<Value> {
    let number = |at: usize| usize::try_from(arguments[at].integer_or(0)).ok();
    let rest = scope.check?.payload.get(number(0)?..).filter(|rest| !rest.is_empty())?;
    let piece = match number(1)? {
        0 => rest,
        length => rest.get(..length)?,
    };
    out.extend_from_slice(piece);
    Some(Value::Binary)
}

fn measured_payload(arguments: &[Argument], scope: &Scope<'_>, out: &mut Vec<u8>) -> Option<Value> {
    let number = |at: usize| usize::try_from(arguments[at].integer_or(0)).ok();
    let (offset, size) = (number(0)?, number(1)?);
    let bytes = scope.check?.payload;
    let length_ends = offset.checked_add(size).filter(|_| (1..=8).contains(&size))?;
    let digits = bytes.get(offset..length_ends)?;
    let length = digits.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
    let start = match arguments[2].text() {
        "" => length_ends,
        text if text.starts_with(['+', '-']) => length_ends.checked_add_signed(text.parse().ok()?)?,
        text => text.parse().ok()?,
    };
    let piece = bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)?;
    out.extend_from_slice(piece);
    Some(Value::Binary)
}
