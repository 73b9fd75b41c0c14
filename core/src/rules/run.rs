//! Runs rules on heads.

use super::action::{Action, NameMatch};
use super::{Rule, captures};
use crate::base::priority::Priority;
use crate::http::{Fields, RequestHead, ResponseHead, path_and_query, reason_of};
use crate::log::Format;
use crate::sample::{Sample, Scope, Type, Value};

/// What a list of rules decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Continue,
    /// Answer with this status instead.
    Deny(u16),
}

/// What rules said about a request beside its head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// How urgent it is.
    pub priority: Priority,
    /// `disable-l7-retry`
    pub retry_disabled: bool,
}

/// Runs `http-request` rules. `scope` says all but the request and its captures, which are taken from here.
pub fn run_request(
    rules: &[Rule],
    scope: &Scope<'_>,
    request: &mut RequestHead,
    slots: &mut [Option<Vec<u8>>],
    remarks: &mut Remarks,
    scratch: &mut Vec<u8>,
) -> Verdict {
    for rule in rules {
        let priority = remarks.priority;
        let view = Scope { request: Some(request), request_captures: slots, priority, ..*scope };
        if rule.condition.as_ref().is_some_and(|condition| !condition.holds(&view, scratch)) {
            continue;
        }
        match &rule.action {
            Action::Allow => break,
            Action::Deny(status) => return Verdict::Deny(*status),
            Action::Capture { sample, slot, len } => {
                scratch.clear();
                if sample.eval(&view, scratch)
                    && let Some(slot) = slots.get_mut(*slot)
                {
                    captures::store(slot, scratch, *len);
                }
            }
            Action::DisableRetry => remarks.retry_disabled = true,
            Action::SetPriorityClass(sample) => {
                if let Some(class) = integer(sample, &view, scratch) {
                    remarks.priority.set_class(class);
                }
            }
            Action::SetPriorityOffset(sample) => {
                if let Some(offset_ms) = integer(sample, &view, scratch) {
                    remarks.priority.set_offset(offset_ms);
                }
            }
            Action::SetStatus(..) => debug_assert!(false, "no row offers set-status to requests"),
            Action::AddHeader(..) | Action::DelHeader(..) | Action::SetHeader(..) => {
                edit_fields(&rule.action, &view, scratch).apply(&mut request.fields, scratch);
            }
            Action::SetMethod(format) => {
                if render_token(format, &view, scratch) {
                    request.set_method(scratch);
                }
            }
            Action::SetPath(format)
            | Action::SetPathAndQuery(format)
            | Action::SetQuery(format)
            | Action::SetUri(format) => {
                if render_target(&rule.action, format, &view, scratch) {
                    request.set_target(scratch);
                }
            }
        }
    }
    Verdict::Continue
}

/// Runs `http-response` or `http-after-response` rules. `scope` says all but the response and its captures.
pub fn run_response(
    rules: &[Rule],
    scope: &Scope<'_>,
    response: &mut ResponseHead,
    slots: &mut [Option<Vec<u8>>],
    scratch: &mut Vec<u8>,
) -> Verdict {
    for rule in rules {
        let view = Scope { response: Some(response), response_captures: slots, ..*scope };
        if rule.condition.as_ref().is_some_and(|condition| !condition.holds(&view, scratch)) {
            continue;
        }
        match &rule.action {
            Action::Allow => break,
            Action::Deny(status) => return Verdict::Deny(*status),
            Action::Capture { sample, slot, len } => {
                scratch.clear();
                if sample.eval(&view, scratch)
                    && let Some(slot) = slots.get_mut(*slot)
                {
                    captures::store(slot, scratch, *len);
                }
            }
            Action::SetStatus(status, reason) => {
                response.status = *status;
                let reason = reason.as_deref().unwrap_or(reason_of(*status));
                response.reason_span = response.fields.append(reason.as_bytes());
            }
            Action::AddHeader(..) | Action::DelHeader(..) | Action::SetHeader(..) => {
                edit_fields(&rule.action, &view, scratch).apply(&mut response.fields, scratch);
            }
            Action::DisableRetry
            | Action::SetMethod(_)
            | Action::SetPath(_)
            | Action::SetPathAndQuery(_)
            | Action::SetPriorityClass(_)
            | Action::SetPriorityOffset(_)
            | Action::SetQuery(_)
            | Action::SetUri(_) => debug_assert!(false, "no row offers request edits to responses"),
        }
    }
    Verdict::Continue
}

/// The number that an expression gives here.
fn integer(sample: &Sample, view: &Scope<'_>, scratch: &mut Vec<u8>) -> Option<i64> {
    scratch.clear();
    match sample.eval_typed(Type::Integer, view, scratch) {
        Some(Value::Integer(number)) => Some(number),
        _ => None,
    }
}

/// An edit of fields whose value is in the scratch buffer.
enum Edit<'r> {
    Add(&'r str),
    Remove(&'r str, NameMatch),
    Set(&'r str),
    Nothing,
}

/// Renders the value of a header action; what is left needs no view of the exchange.
fn edit_fields<'r>(action: &'r Action, view: &Scope<'_>, scratch: &mut Vec<u8>) -> Edit<'r> {
    scratch.clear();
    match action {
        Action::AddHeader(name, format) => {
            render_value(format, view, scratch);
            Edit::Add(name)
        }
        Action::SetHeader(name, format) => {
            render_value(format, view, scratch);
            Edit::Set(name)
        }
        Action::DelHeader(name, method) => Edit::Remove(name, *method),
        Action::Allow
        | Action::Capture { .. }
        | Action::Deny(_)
        | Action::DisableRetry
        | Action::SetMethod(_)
        | Action::SetPath(_)
        | Action::SetPathAndQuery(_)
        | Action::SetPriorityClass(_)
        | Action::SetPriorityOffset(_)
        | Action::SetQuery(_)
        | Action::SetStatus(..)
        | Action::SetUri(_) => Edit::Nothing,
    }
}

impl Edit<'_> {
    fn apply(self, fields: &mut Fields, value: &[u8]) {
        match self {
            Edit::Add(name) => fields.push(name.as_bytes(), value),
            Edit::Set(name) => fields.set(name.as_bytes(), value),
            Edit::Remove(name, NameMatch::Exact) => {
                fields.remove(name.as_bytes());
            }
            Edit::Remove(name, method) => fields.retain(|_, own, _| !matches(own, name.as_bytes(), method)),
            Edit::Nothing => {}
        }
    }
}

fn matches(own: &[u8], name: &[u8], method: NameMatch) -> bool {
    let Some(longer) = own.len().checked_sub(name.len()) else {
        return false;
    };
    match method {
        NameMatch::Begins => own[..name.len()].eq_ignore_ascii_case(name),
        NameMatch::Contains => (0..=longer).any(|at| own[at..at + name.len()].eq_ignore_ascii_case(name)),
        NameMatch::Ends => own[longer..].eq_ignore_ascii_case(name),
        NameMatch::Exact => own.eq_ignore_ascii_case(name),
    }
}

/// A header's value. Line ends that came in through a decoded escape become spaces: RFC 9110 5.5.
fn render_value(format: &Format, view: &Scope<'_>, scratch: &mut Vec<u8>) {
    format.render(view, scratch);
    for byte in scratch.iter_mut().filter(|byte| matches!(**byte, b'\r' | b'\n' | 0)) {
        *byte = b' ';
    }
}

/// A method: `false` when it could not stand in a request line.
fn render_token(format: &Format, view: &Scope<'_>, scratch: &mut Vec<u8>) -> bool {
    scratch.clear();
    format.render(view, scratch);
    is_word(scratch)
}

fn is_word(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| *byte > b' ' && *byte != 0x7f)
}

/// A new request target: `false` when it could not stand in a request line.
fn render_target(action: &Action, format: &Format, view: &Scope<'_>, scratch: &mut Vec<u8>) -> bool {
    scratch.clear();
    let target = view.request.map_or(&b""[..], RequestHead::target);
    // `scheme://authority` of an absolute target stays in front of a new path.
    let front = target.len() - path_and_query(target).map_or(target.len(), <[u8]>::len);
    let query = memchr::memchr(b'?', target).unwrap_or(target.len());
    match action {
        Action::SetPath(_) => {
            scratch.extend_from_slice(&target[..front]);
            format.render(view, scratch);
            scratch.extend_from_slice(&target[query..]);
        }
        Action::SetPathAndQuery(_) => {
            scratch.extend_from_slice(&target[..front]);
            format.render(view, scratch);
        }
        Action::SetQuery(_) => {
            scratch.extend_from_slice(&target[..query]);
            scratch.push(b'?');
            format.render(view, scratch);
        }
        Action::SetUri(_)
        | Action::AddHeader(..)
        | Action::Allow
        | Action::Capture { .. }
        | Action::DelHeader(..)
        | Action::Deny(_)
        | Action::DisableRetry
        | Action::SetHeader(..)
        | Action::SetMethod(_)
        | Action::SetPriorityClass(_)
        | Action::SetPriorityOffset(_)
        | Action::SetStatus(..) => format.render(view, scratch),
    }
    is_word(scratch)
}
