//! What is wrong on one line, by word: how the readers of `server`, `bind`, checks and `log` report.
//!
//! A reader sees the words of a line and knows nothing about files; whoever calls it knows where each word
//! is and turns a finding into a problem with its place.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing.
    Notice,
    /// Probably not what was meant.
    Warning,
    /// The configuration cannot be used.
    Alert,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub weight: Weight,
    /// Which word of the line; the one behind the last where something is missing.
    pub word: usize,
    /// What is wrong, in HAProxy's words where it has any.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

/// All findings of one line.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// In the order found.
    pub list: Vec<Finding>,
}

impl Findings {
    /// Something that makes the configuration unusable.
    pub fn alert(&mut self, word: usize, message: impl Into<String>, help: impl Into<String>) {
        self.add(Weight::Alert, word, message.into(), help.into());
    }

    /// Something that is probably not meant.
    pub fn warning(&mut self, word: usize, message: impl Into<String>, help: impl Into<String>) {
        self.add(Weight::Warning, word, message.into(), help.into());
    }

    /// Something worth knowing.
    pub fn notice(&mut self, word: usize, message: impl Into<String>, help: impl Into<String>) {
        self.add(Weight::Notice, word, message.into(), help.into());
    }

    fn add(&mut self, weight: Weight, word: usize, message: String, help: String) {
        self.list.push(Finding { weight, word, message, help });
    }

    /// Whether nothing so far makes the configuration unusable.
    pub fn usable(&self) -> bool {
        self.list.iter().all(|finding| finding.weight < Weight::Alert)
    }
}
