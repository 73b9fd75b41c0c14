//! `http-request`, `http-response` and `http-after-response` rules: compiled once, run on heads in place.
//!
//! A value is rendered from a view of the exchange into a scratch buffer first, and the head is edited after;
//! so rules borrow nothing while they edit, and a warm scratch buffer means no allocation.

mod action;
pub mod captures;
mod run;
#[cfg(test)]
mod tests;
mod words;

pub use action::{Action, NameMatch, rows};
pub use captures::CaptureSlots;
pub use run::{Remarks, Verdict, run_request, run_response};
pub use words::{RuleError, RuleProblem};

use words::Words;

use crate::acl::{self, Acls, Condition, Outside};
use crate::keyword::{Kind, is_known};
use crate::log::Options;

/// A list of rules by where it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSet {
    /// `http-after-response`: on every response that leaves, our own included.
    HttpAfterResponse,
    /// `http-request`.
    HttpRequest,
    /// `http-response`.
    HttpResponse,
}

impl RuleSet {
    /// The keyword.
    pub const fn keyword(self) -> &'static str {
        match self {
            RuleSet::HttpAfterResponse => "http-after-response",
            RuleSet::HttpRequest => "http-request",
            RuleSet::HttpResponse => "http-response",
        }
    }

    /// How its formats are compiled.
    pub(crate) const fn options(self) -> Options {
        match self {
            RuleSet::HttpRequest => Options::REQUEST_RULE,
            RuleSet::HttpAfterResponse | RuleSet::HttpResponse => Options::RESPONSE_RULE,
        }
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<C = Condition> {
    /// What it does.
    pub action: Action,
    /// When; always if there is none.
    pub condition: Option<C>,
}

/// A rule whose condition may still change with the ACLs of its section.
pub type Draft = Rule<acl::Draft>;

impl Draft {
    /// The rule, its condition finished.
    pub fn finish(&self, acls: &Acls) -> Rule {
        let condition = self.condition.as_ref().map(|condition| condition.finish(acls));
        Rule { action: self.action.clone(), condition }
    }
}

/// What rules of one section share.
#[derive(Debug)]
pub struct Context<'a> {
    /// Capture slots; a rule may open another.
    pub slots: &'a mut CaptureSlots,
    /// ACLs.
    pub acls: &'a mut Acls,
    /// Files and names.
    pub outside: Outside<'a>,
}

/// Compiles the words behind `http-request` and its kin.
pub fn compile(set: RuleSet, words: &[&str], context: &mut Context<'_>) -> Result<Draft, RuleError> {
    let mut words = Words::new(words);
    let name = words.next().ok_or(RuleError { word: 0, offset: 0, problem: RuleProblem::MissingAction })?;
    // `set-header(...)` style arguments belong to actions that are not written yet (`set-var(txn.x)`).
    let bare = name.split('(').next().unwrap_or(name);
    let Some(row) = action::find(bare, set) else {
        let problem = match is_known(Kind::Action, bare) {
            true if action::exists(bare) => RuleProblem::WrongRuleSet { action: bare.to_owned(), set },
            true => RuleProblem::Planned(bare.to_owned()),
            false => RuleProblem::UnknownAction(bare.to_owned()),
        };
        return Err(words.problem(0, problem));
    };
    words.example = row.example;
    let action = (row.compile)(&mut words, set, context.slots)?;
    let unless = match words.next() {
        None => return Ok(Rule { action, condition: None }),
        Some("if") => false,
        Some("unless") => true,
        Some(extra) => return Err(words.here(RuleProblem::ExtraWord(extra.to_owned()))),
    };
    let (start, rest) = words.rest();
    let condition = acl::Draft::compile(rest, unless, set.options().offers, context.acls, context.outside)
        .map_err(|error| words.problem(start + error.word, RuleProblem::Condition(error.problem)))?;
    Ok(Rule { action, condition: Some(condition) })
}
