//! Actions: a row for each, beside the function that compiles it (configuration manual 4.2, `http-request`).

use super::words::{RuleError, RuleProblem, Words};
use super::{CaptureSlots, RuleSet};
use crate::keyword::{Entry, Kind, Support};
use crate::log::Format;
use crate::sample::Sample;

/// Most bytes that one slot may keep.
const CAPTURE_MAX: usize = 16 * 1024;

/// How `del-header` finds names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameMatch {
    /// `-m beg`
    Begins,
    /// `-m end`
    Ends,
    /// The whole name, or `-m str`.
    Exact,
    /// `-m sub`
    Contains,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `add-header NAME FORMAT`
    AddHeader(String, Format),
    /// `allow`: the rules that follow are skipped.
    Allow,
    /// `capture SAMPLE len N` or `id N`
    Capture {
        /// What to keep.
        sample: Sample,
        /// Where.
        slot: usize,
        /// Most bytes.
        len: usize,
    },
    /// `del-header NAME [-m METHOD]`
    DelHeader(String, NameMatch),
    /// `deny [status N]`
    Deny(u16),
    /// `disable-l7-retry`: an answer, or none, is never a reason to try again.
    DisableRetry,
    /// `set-header NAME FORMAT`
    SetHeader(String, Format),
    /// `set-method FORMAT`
    SetMethod(Format),
    /// `set-path FORMAT`: the query stays.
    SetPath(Format),
    /// `set-pathq FORMAT`
    SetPathAndQuery(Format),
    /// `set-priority-class SAMPLE`
    SetPriorityClass(Sample),
    /// `set-priority-offset SAMPLE`
    SetPriorityOffset(Sample),
    /// `set-query FORMAT`: the path stays.
    SetQuery(Format),
    /// `set-status N [reason TEXT]`
    SetStatus(u16, Option<String>),
    /// `set-uri FORMAT`
    SetUri(Format),
}

/// One action.
pub(super) struct Row {
    name: &'static str,
    sets: &'static [RuleSet],
    /// Reads the words behind the name.
    pub(super) compile: fn(&mut Words<'_>, RuleSet, &mut CaptureSlots) -> Result<Action, RuleError>,
    summary: &'static str,
    support: Support,
    /// The words of a rule that uses it.
    pub(super) example: &'static str,
}

const ALL: &[RuleSet] = &[RuleSet::HttpRequest, RuleSet::HttpResponse, RuleSet::HttpAfterResponse];
const REQUEST: &[RuleSet] = &[RuleSet::HttpRequest];
const DECIDING: &[RuleSet] = &[RuleSet::HttpRequest, RuleSet::HttpResponse];
const RESPONSES: &[RuleSet] = &[RuleSet::HttpResponse, RuleSet::HttpAfterResponse];

/// All actions, by name.
pub(super) const TABLE: &[Row] = &[
    Row {
        name: "add-header",
        sets: ALL,
        compile: |words, set, _| {
            let name = words.need()?.to_owned();
            Ok(Action::AddHeader(name, words.format(set)?))
        },
        summary: "Adds a header behind those of the same name.",
        support: Support::Full,
        example: "add-header X-Via evenkeel",
    },
    Row {
        name: "allow",
        sets: ALL,
        compile: |_, _, _| Ok(Action::Allow),
        summary: "Skips the rules that follow.",
        support: Support::Full,
        example: "allow",
    },
    Row {
        name: "capture",
        sets: DECIDING,
        compile: capture,
        summary: "Keeps a value for the log.",
        support: Support::Partial("http-request and http-response"),
        example: "capture str(x) len 10",
    },
    Row {
        name: "del-header",
        sets: ALL,
        compile: del_header,
        summary: "Removes all headers of a name.",
        support: Support::Partial("no -m reg"),
        example: "del-header x- -m beg",
    },
    Row {
        name: "deny",
        sets: DECIDING,
        compile: deny,
        summary: "Refuses with a status.",
        support: Support::Partial("status and deny_status; no content of its own"),
        example: "deny deny_status 429",
    },
    Row {
        name: "disable-l7-retry",
        sets: REQUEST,
        compile: |_, _, _| Ok(Action::DisableRetry),
        summary: "Only a failed connection makes the request be tried again.",
        support: Support::Full,
        example: "disable-l7-retry",
    },
    Row {
        name: "set-header",
        sets: ALL,
        compile: |words, set, _| {
            let name = words.need()?.to_owned();
            Ok(Action::SetHeader(name, words.format(set)?))
        },
        summary: "Replaces all headers of a name by one.",
        support: Support::Full,
        example: "set-header X-Client %[src]",
    },
    Row {
        name: "set-method",
        sets: REQUEST,
        compile: |words, set, _| words.format(set).map(Action::SetMethod),
        summary: "Changes the method.",
        support: Support::Full,
        example: "set-method GET",
    },
    Row {
        name: "set-path",
        sets: REQUEST,
        compile: |words, set, _| words.format(set).map(Action::SetPath),
        summary: "Changes the path and leaves the query.",
        support: Support::Full,
        example: "set-path /old%[path]",
    },
    Row {
        name: "set-pathq",
        sets: REQUEST,
        compile: |words, set, _| words.format(set).map(Action::SetPathAndQuery),
        summary: "Changes path and query.",
        support: Support::Full,
        example: "set-pathq /old%[pathq]",
    },
    Row {
        name: "set-priority-class",
        sets: REQUEST,
        compile: |words, set, _| words.sample(set.options().offers).map(Action::SetPriorityClass),
        summary: "How urgent the request is if it has to wait: the lower, the sooner.",
        support: Support::Full,
        example: "set-priority-class int(-5)",
    },
    Row {
        name: "set-priority-offset",
        sets: REQUEST,
        compile: |words, set, _| words.sample(set.options().offers).map(Action::SetPriorityOffset),
        summary: "Milliseconds by which the request counts as having come later.",
        support: Support::Full,
        example: "set-priority-offset int(500)",
    },
    Row {
        name: "set-query",
        sets: REQUEST,
        compile: |words, set, _| words.format(set).map(Action::SetQuery),
        summary: "Changes the query and leaves the path.",
        support: Support::Full,
        example: "set-query a=1",
    },
    Row {
        name: "set-status",
        sets: RESPONSES,
        compile: set_status,
        summary: "Changes the status and its reason.",
        support: Support::Full,
        example: "set-status 431 reason Busy",
    },
    Row {
        name: "set-uri",
        sets: REQUEST,
        compile: |words, set, _| words.format(set).map(Action::SetUri),
        summary: "Changes the whole request target.",
        support: Support::Full,
        example: "set-uri /",
    },
];

/// The row of this name, if it may stand in this rule set.
pub(super) fn find(name: &str, set: RuleSet) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name && row.sets.contains(&set))
}

/// Whether some rule set has this action.
pub(super) fn exists(name: &str) -> bool {
    TABLE.iter().any(|row| row.name == name)
}

/// Every action, for the catalog.
pub fn rows() -> impl Iterator<Item = Entry> {
    TABLE.iter().map(|row| Entry {
        name: row.name,
        kind: Kind::Action,
        support: row.support,
        note: row.summary,
    })
}

fn capture(words: &mut Words<'_>, set: RuleSet, slots: &mut CaptureSlots) -> Result<Action, RuleError> {
    let sample = words.sample(set.options().offers)?;
    let in_backend = slots.in_backend;
    let request = set == RuleSet::HttpRequest;
    let list = if request { &mut slots.request } else { &mut slots.response };
    if request && words.take("len") {
        let len = words.number(1, CAPTURE_MAX)?;
        if in_backend {
            return Err(words.here(RuleProblem::NotInBackend));
        }
        list.push((None, len));
        return Ok(Action::Capture { sample, slot: list.len() - 1, len });
    }
    if words.take("id") {
        let slot = words.number(0, CAPTURE_MAX)?;
        return match list.get(slot) {
            Some((_, len)) => Ok(Action::Capture { sample, slot, len: *len }),
            None if in_backend => Ok(Action::Capture { sample, slot, len: CAPTURE_MAX }),
            None => Err(words.here(RuleProblem::UnknownSlot(slot))),
        };
    }
    match words.next() {
        Some(extra) => Err(words.here(RuleProblem::ExtraWord(extra.to_owned()))),
        None => words.need().map(|_| Action::Allow),
    }
}

fn del_header(words: &mut Words<'_>, _: RuleSet, _: &mut CaptureSlots) -> Result<Action, RuleError> {
    let name = words.need()?.to_owned();
    if !words.take("-m") {
        return Ok(Action::DelHeader(name, NameMatch::Exact));
    }
    let method = match words.need()? {
        "beg" => NameMatch::Begins,
        "end" => NameMatch::Ends,
        "str" => NameMatch::Exact,
        "sub" => NameMatch::Contains,
        "reg" => return Err(words.here(RuleProblem::Planned("-m reg".to_owned()))),
        other => return Err(words.here(RuleProblem::ExtraWord(other.to_owned()))),
    };
    Ok(Action::DelHeader(name, method))
}

fn deny(words: &mut Words<'_>, set: RuleSet, _: &mut CaptureSlots) -> Result<Action, RuleError> {
    if words.take("deny_status") || words.take("status") {
        return Ok(Action::Deny(words.number(200, 599)? as u16));
    }
    Ok(Action::Deny(if set == RuleSet::HttpRequest { 403 } else { 502 }))
}

fn set_status(words: &mut Words<'_>, _: RuleSet, _: &mut CaptureSlots) -> Result<Action, RuleError> {
    let status = words.number(100, 999)? as u16;
    let reason = if words.take("reason") { Some(words.need()?.to_owned()) } else { None };
    Ok(Action::SetStatus(status, reason))
}
