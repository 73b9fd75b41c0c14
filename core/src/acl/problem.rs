//! What can be wrong with an ACL or a condition.

use crate::sample::SampleProblem;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclError {
    /// Position among the words; one past the last when a word is missing.
    pub word: usize,
    /// What is wrong.
    pub problem: AclProblem,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AclProblem {
    /// No address and no network.
    BadAddress(String),
    /// No even number of hexadecimal digits.
    BadHex,
    /// No number.
    BadNumber(String),
    /// A range that is none, or whose end is before its beginning.
    BadRange(String),
    /// A regular expression that cannot be compiled.
    BadRegex {
        /// The expression.
        text: String,
        /// Why, in one line.
        why: String,
    },
    /// `-u` wants a number.
    BadUniqueId,
    /// An empty word, which matches nothing.
    EmptyPattern,
    /// A word with a dash that is no flag.
    Flag(String),
    /// Patterns come after `-m`, and some were there before.
    LateMethod,
    /// The method does not fit the fetch.
    Misfit {
        /// The method.
        method: &'static str,
        /// The fetch.
        fetch: &'static str,
    },
    /// No expression.
    MissingFetch,
    /// Bytes need `-m`.
    NeedsMethod {
        /// The fetch.
        fetch: &'static str,
    },
    /// No ACL of this name was declared before.
    NoSuchAcl {
        /// The name.
        name: String,
        /// What was probably meant.
        meant: Option<String>,
    },
    /// HAProxy has this ACL on its own, evenkeel does not yet.
    PlannedAcl(String),
    /// The expression is wrong.
    Sample {
        /// The expression.
        text: String,
        /// Why.
        problem: SampleProblem,
    },
    /// A brace stays open.
    Unclosed,
    /// No method of this name.
    UnknownMethod(String),
    /// A pattern file that cannot be read.
    UnreadableFile(String),
}
