//! How a check ends, and what is told of it.

use super::super::judge::{Cause, Failure, escaped, whereabouts};
use super::Script;
use crate::base::limits::CHECK_WORDS_MAX;
use crate::base::time::Now;
use crate::log::Format;
use crate::model::{CheckAction, CheckFamily, CheckStatus, CheckStep, Expect};
use crate::sample::{Type, Value};

/// How it ended.
#[derive(Debug)]
pub(in crate::health) struct Ended {
    pub(in crate::health) status: CheckStatus,
    pub(in crate::health) code: u16,
    pub(in crate::health) info: Option<String>,
}

impl Script {
    /// `disable-on-404`: a server that is up says so that it wants no more.
    pub(super) fn softly_stopped(&self) -> Option<Ended> {
        let up = self.state.is_none_or(|state| state.up);
        let stops = self.script.disable_on_404 && up && self.head.status == 404;
        stops.then_some(Ended { status: CheckStatus::Layer7Conditional, code: 404, info: None })
    }

    /// The result where an answer is not as expected, with what the step says about that.
    pub(super) fn failed(&self, now: Now, step: &CheckStep, expect: &Expect, failure: Failure) -> Ended {
        let Failure { mut status, mut code, mut info, cause } = failure;
        if cause == Cause::Answer {
            status = expect.error_status.unwrap_or(status);
            code = self.code(now, expect).unwrap_or(code);
        }
        if let (Cause::Answer | Cause::Syntax, Some(format)) = (cause, &expect.on_error) {
            info = self.words(now, format);
        }
        if let (Cause::Answer | Cause::Pattern | Cause::Syntax, Some(comment)) = (cause, &step.comment) {
            let mut words = info.unwrap_or_default();
            words.extend_from_slice(format!(" comment: {comment}").as_bytes());
            info = Some(words);
        }
        Ended { status, code, info: info.map(|info| escaped(&info)) }
    }

    /// The result once all steps are done.
    pub(super) fn succeeded(&self, now: Now) -> Ended {
        let variable = |step: &&CheckStep| {
            !matches!(step.action, CheckAction::SetVariable(..) | CheckAction::UnsetVariable(_))
        };
        let spoken = |step: &CheckStep| !matches!(step.action, CheckAction::Connect(_));
        let last = self.script.steps.iter().rev().find(variable);
        let mut status = CheckStatus::Layer7Ok;
        let mut code = self.passed.code;
        let mut info = self.passed.info.clone();
        if !self.script.steps.iter().filter(variable).any(spoken) {
            status = CheckStatus::Layer4Ok;
        }
        if self.script.family == CheckFamily::Tcp && self.script.steps.iter().any(|step| step.number > 0) {
            info = Some(b"(tcp-check)".to_vec());
        }
        if let Some(CheckStep { action: CheckAction::Expect(expect), .. }) = last {
            status = expect.ok_status.unwrap_or(status);
            code = self.code(now, expect).unwrap_or(code);
            if let Some(format) = &expect.on_success {
                info = self.words(now, format);
            }
        }
        Ended { status, code, info: info.map(|info| escaped(&info)) }
    }

    /// The result where the time of the step that waits is over.
    pub(in crate::health) fn time_out(&self, connecting: bool) -> Ended {
        let status = match self.script.steps.get(self.at).map(|step| &step.action) {
            _ if connecting => CheckStatus::Layer4Timeout,
            Some(CheckAction::Expect(expect)) => expect.timeout_status.unwrap_or(CheckStatus::Layer7Timeout),
            _ => CheckStatus::Layer7Timeout,
        };
        self.fail(status, None)
    }

    /// The result where the check ends at the step that waits.
    pub(in crate::health) fn fail(&self, status: CheckStatus, words: Option<&str>) -> Ended {
        let place = self.script.steps.get(self.at).map(|step| whereabouts(self.script.family, step));
        let info = format!("{}{}", words.unwrap_or_default(), place.unwrap_or_default());
        Ended { status, code: 0, info: Some(escaped(info.as_bytes())).filter(|info| !info.is_empty()) }
    }

    /// The number that `status-code` gives.
    fn code(&self, now: Now, expect: &Expect) -> Option<u16> {
        let sample = expect.status_code.as_ref()?;
        match self.look(now, |scope| sample.eval_typed(Type::Integer, scope, &mut Vec::new())) {
            Some(Value::Integer(number)) => Some(u16::try_from(number).unwrap_or_default()),
            _ => None,
        }
    }

    /// Words for a result, as far as they are told; none instead of empty ones.
    fn words(&self, now: Now, format: &Format) -> Option<Vec<u8>> {
        let mut text = self.render(now, format);
        text.truncate(CHECK_WORDS_MAX);
        Some(text).filter(|text| !text.is_empty())
    }
}

/// A format gave what cannot be sent.
pub(super) fn unsendable(step: &CheckStep) -> Ended {
    let info = format!("tcp-check send : failed to build log-format string at step {}", step.number);
    Ended { status: CheckStatus::Layer7Response, code: 0, info: Some(info) }
}
