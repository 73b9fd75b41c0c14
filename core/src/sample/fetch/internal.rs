//! Constants and facts about the process (configuration manual 7.3.2).

use super::{Fetch, text};
use crate::sample::arguments::{ArgumentKind, Signature};
use crate::sample::{Type, Value};

pub(super) const TABLE: &[Fetch] = &[
    Fetch {
        name: "always_false",
        yields: Type::Boolean,
        eval: |_, _, _| Some(Value::Boolean(false)),
        summary: "False.",
        example: "always_false",
        ..Fetch::ROW
    },
    Fetch {
        name: "always_true",
        yields: Type::Boolean,
        eval: |_, _, _| Some(Value::Boolean(true)),
        summary: "True.",
        example: "always_true",
        ..Fetch::ROW
    },
    Fetch {
        name: "hostname",
        eval: |_, scope, out| text(out, scope.process.1.as_bytes()),
        summary: "The system's host name.",
        example: "hostname",
        ..Fetch::ROW
    },
    Fetch {
        name: "int",
        signature: Signature::INTEGER,
        yields: Type::Integer,
        eval: |arguments, _, _| Some(Value::Integer(arguments[0].integer_or(0))),
        summary: "The number given.",
        example: "int(42)",
        ..Fetch::ROW
    },
    Fetch {
        name: "prio_class",
        yields: Type::Integer,
        eval: |_, scope, _| Some(Value::Integer(i64::from(scope.priority.class))),
        summary: "What `set-priority-class` set last.",
        example: "prio_class",
        ..Fetch::ROW
    },
    Fetch {
        name: "prio_offset",
        yields: Type::Integer,
        eval: |_, scope, _| Some(Value::Integer(i64::from(scope.priority.offset_ms))),
        summary: "What `set-priority-offset` set last, in milliseconds.",
        example: "prio_offset",
        ..Fetch::ROW
    },
    Fetch {
        name: "str",
        signature: Signature { kinds: &[ArgumentKind::Text], required: 1 },
        eval: |arguments, _, out| text(out, arguments[0].text().as_bytes()),
        summary: "The text given.",
        example: "str(hello)",
        ..Fetch::ROW
    },
];
