//! One line as its directive reads it.

use std::net::IpAddr;
use std::str::FromStr;

use super::environment::Environment;
use super::finding::Findings;
use super::problem::Place;

/// What stands before a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing.
    Plain,
    /// `no`.
    No,
    /// `default`.
    Default,
}

/// The words of one line and all that its directive may ask for.
pub(super) struct Line<'a> {
    /// The keyword's words and the arguments; a `no` or `default` before them is not among them.
    pub(super) words: &'a [&'a str],
    /// How many words name the directive.
    pub(super) skip: usize,
    pub(super) form: Form,
    pub(super) findings: &'a mut Findings,
    pub(super) environment: &'a dyn Environment,
    /// The place of the whole line.
    pub(super) place: &'a Place,
    /// How the directive is written.
    pub(super) example: &'static str,
}

impl<'a> Line<'a> {
    /// The directive's name, as it is written.
    pub(super) fn name(&self) -> String {
        self.words[..self.skip.min(self.words.len())].join(" ")
    }

    /// The words behind the name.
    pub(super) fn arguments(&self) -> &'a [&'a str] {
        self.words.get(self.skip..).unwrap_or_default()
    }

    /// An argument, if it is there and not empty.
    pub(super) fn argument(&self, at: usize) -> Option<&'a str> {
        self.arguments().get(at).copied().filter(|text| !text.is_empty())
    }

    /// The first argument; reports that it is missing.
    pub(super) fn need(&mut self, message: &str, help: &str) -> Option<&'a str> {
        let argument = self.argument(0);
        if argument.is_none() {
            self.alert(0, message, help);
        }
        argument
    }

    /// Whether there are not more than so many arguments; reports the first one too many.
    pub(super) fn at_most(&mut self, count: usize) -> bool {
        let Some(extra) = self.arguments().get(count) else { return true };
        let help = format!("quote what is one word; for example: {}", self.example);
        self.alert(count, format!("'{}' cannot handle unexpected argument '{extra}'.", self.name()), help);
        false
    }

    /// Warns of what stands behind so many arguments: HAProxy passes over it here.
    pub(super) fn passes_over(&mut self, count: usize) {
        if let Some(extra) = self.arguments().get(count) {
            let message = format!("'{}' : '{extra}' and what follows has no effect.", self.name());
            self.warning(count, message, "remove it");
        }
    }

    /// The first argument as a number, and nothing behind it.
    pub(super) fn number<T: FromStr + PartialOrd>(
        &mut self,
        low: T,
        high: T,
        message: &str,
        help: &str,
    ) -> Option<T> {
        let text = self.need(message, help)?;
        if !self.at_most(1) {
            return None;
        }
        let number = text.parse().ok().filter(|number| (low..=high).contains(number));
        if number.is_none() {
            self.alert(0, message, help);
        }
        number
    }

    /// Reports an argument: the configuration cannot be used.
    pub(super) fn alert(&mut self, argument: usize, message: impl Into<String>, help: impl Into<String>) {
        self.findings.alert(self.skip + argument, message, help);
    }

    /// Reports an argument that is probably not meant.
    pub(super) fn warning(&mut self, argument: usize, message: impl Into<String>, help: impl Into<String>) {
        self.findings.warning(self.skip + argument, message, help);
    }

    /// How host names are looked up.
    pub(super) fn resolver(&self) -> impl Fn(&str) -> Vec<IpAddr> + use<'a> {
        let environment = self.environment;
        move |host| environment.resolve(host)
    }
}
