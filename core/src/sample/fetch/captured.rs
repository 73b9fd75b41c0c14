//! What was captured: all that a log line still sees of the heads (configuration manual 7.3.6).

use super::{Fetch, text};
use crate::sample::arguments::{Argument, Signature};
use crate::sample::{Needs, Value};

pub(super) const TABLE: &[Fetch] = &[
    Fetch {
        name: "capture.req.hdr",
        signature: Signature::INTEGER,
        eval: |arguments, scope, out| slot(arguments, scope.request_captures, out),
        summary: "The value in a slot of captured request headers, counted from 0.",
        example: "capture.req.hdr(0)",
        ..Fetch::ROW
    },
    Fetch {
        name: "capture.req.method",
        eval: |_, scope, out| text(out, scope.request?.received_method()),
        summary: "The method, as received.",
        example: "capture.req.method",
        ..Fetch::ROW
    },
    Fetch {
        name: "capture.req.uri",
        eval: |_, scope, out| text(out, scope.request?.received_target()),
        summary: "The request target, as received.",
        example: "capture.req.uri",
        ..Fetch::ROW
    },
    Fetch {
        name: "capture.req.ver",
        eval: |_, scope, out| text(out, scope.request?.version.text().as_bytes()),
        summary: "The request's version, such as HTTP/1.1.",
        example: "capture.req.ver",
        ..Fetch::ROW
    },
    Fetch {
        name: "capture.res.hdr",
        signature: Signature::INTEGER,
        needs: Needs::SERVER,
        eval: |arguments, scope, out| slot(arguments, scope.response_captures, out),
        summary: "The value in a slot of captured response headers, counted from 0.",
        example: "capture.res.hdr(0)",
        ..Fetch::ROW
    },
    Fetch {
        name: "capture.res.ver",
        needs: Needs::SERVER,
        eval: |_, scope, out| text(out, scope.response?.version.text().as_bytes()),
        summary: "The response's version, such as HTTP/1.1.",
        example: "capture.res.ver",
        ..Fetch::ROW
    },
];

fn slot(arguments: &[Argument], slots: &[Option<Vec<u8>>], out: &mut Vec<u8>) -> Option<Value> {
    let slot = usize::try_from(arguments[0].integer_or(0)).ok()?;
    text(out, slots.get(slot)?.as_ref()?)
}
