//! The words of one rule as its row reads them, and what can be wrong with them.

use super::RuleSet;
use crate::acl::AclProblem;
use crate::log::{Format, FormatError, FormatProblem};
use crate::sample::{Needs, Sample, SampleError, SampleProblem};

/// What is wrong with a rule, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// Position among the words; one past the last when a word is missing.
    pub word: usize,
    /// Byte offset within the word.
    pub offset: usize,
    /// What is wrong.
    pub problem: RuleProblem,
}

/// What can be wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleProblem {
    /// Not a number, or not one that is possible here.
    BadNumber(String),
    /// The condition is wrong.
    Condition(AclProblem),
    /// A word too many.
    ExtraWord(String),
    /// The format of a value is wrong.
    Format(FormatProblem),
    /// No action.
    MissingAction,
    /// A word is missing; the example says which.
    MissingWord {
        /// How the rule is written.
        example: &'static str,
    },
    /// A capture of a new length is possible in a frontend only.
    NotInBackend,
    /// HAProxy knows this, evenkeel does not yet.
    Planned(String),
    /// The expression is wrong.
    Sample(SampleProblem),
    /// The expression looks at something that is not known here.
    Unavailable {
        /// The fetch.
        fetch: &'static str,
        /// What it needs, in words.
        missing: &'static str,
    },
    /// Nobody knows this action.
    UnknownAction(String),
    /// No capture slot has this number.
    UnknownSlot(usize),
    /// The action belongs to other rules.
    WrongRuleSet {
        /// The action.
        action: String,
        /// The rules it was used in.
        set: RuleSet,
    },
}

/// Reads words one by one.
pub(super) struct Words<'w> {
    words: &'w [&'w str],
    at: usize,
    /// How the rule is written, for messages.
    pub(super) example: &'static str,
}

impl<'w> Words<'w> {
    pub(super) fn new(words: &'w [&'w str]) -> Words<'w> {
        Words { words, at: 0, example: "" }
    }

    pub(super) fn next(&mut self) -> Option<&'w str> {
        let word = self.words.get(self.at).copied()?;
        self.at += 1;
        Some(word)
    }

    /// All words that are left, and where they begin.
    pub(super) fn rest(&self) -> (usize, &'w [&'w str]) {
        (self.at, self.words.get(self.at..).unwrap_or_default())
    }

    /// Takes the next word if it is this one.
    pub(super) fn take(&mut self, wanted: &str) -> bool {
        let found = self.words.get(self.at) == Some(&wanted);
        self.at += usize::from(found);
        found
    }

    /// The next word, which must be there. A condition is no value: it means that the value is missing.
    pub(super) fn need(&mut self) -> Result<&'w str, RuleError> {
        match self.words.get(self.at).copied() {
            None | Some("if" | "unless") => Err(RuleError {
                word: self.at,
                offset: 0,
                problem: RuleProblem::MissingWord { example: self.example },
            }),
            Some(word) => {
                self.at += 1;
                Ok(word)
            }
        }
    }

    /// A problem at a word.
    pub(super) fn problem(&self, word: usize, problem: RuleProblem) -> RuleError {
        RuleError { word, offset: 0, problem }
    }

    /// A problem at the word taken last.
    pub(super) fn here(&self, problem: RuleProblem) -> RuleError {
        self.problem(self.at.saturating_sub(1), problem)
    }

    /// A value.
    pub(super) fn format(&mut self, set: RuleSet) -> Result<Format, RuleError> {
        let text = self.need()?;
        let word = self.at - 1;
        Format::compile(text, set.options()).map_err(|FormatError { offset, problem }| RuleError {
            word,
            offset,
            problem: match problem {
                FormatProblem::Unavailable { fetch, missing } => RuleProblem::Unavailable { fetch, missing },
                other => RuleProblem::Format(other),
            },
        })
    }

    /// An expression.
    pub(super) fn sample(&mut self, offers: Needs) -> Result<Sample, RuleError> {
        let text = self.need()?;
        let word = self.at - 1;
        let sample = Sample::compile(text).map_err(|SampleError { offset, problem }| RuleError {
            word,
            offset,
            problem: RuleProblem::Sample(problem),
        })?;
        match offers.missing(sample.needs()) {
            Some(missing) => Err(self.here(RuleProblem::Unavailable { fetch: sample.name(), missing })),
            None => Ok(sample),
        }
    }

    /// A number of at least `low` and at most `high`.
    pub(super) fn number(&mut self, low: usize, high: usize) -> Result<usize, RuleError> {
        let text = self.need()?;
        let number = text.parse().ok().filter(|number| (low..=high).contains(number));
        number.ok_or_else(|| self.here(RuleProblem::BadNumber(text.to_owned())))
    }
}
