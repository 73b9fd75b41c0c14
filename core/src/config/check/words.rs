//! The words of a check's line, read one after the other.

use std::borrow::Cow;

use regex::bytes::{Regex, RegexBuilder};

use crate::base::limits::CHECK_REGEX_BYTES_MAX;
use crate::config::directive::format_message;
use crate::config::finding::Findings;
use crate::config::line_option::Resolve;
use crate::log::{Format, FormatProblem, Options};
use crate::model::CheckText;
use crate::sample::{Needs, Sample};

/// A cursor over the words of one line, behind the two that name the step.
pub(super) struct Words<'a, 'f> {
    name: &'static str,
    words: &'a [&'a str],
    at: usize,
    findings: &'f mut Findings,
    /// How to look host names up.
    pub(super) resolve: Resolve<'a>,
}

impl<'a, 'f> Words<'a, 'f> {
    /// The cursor behind the first two words.
    pub(super) fn new(
        name: &'static str,
        words: &'a [&'a str],
        resolve: Resolve<'a>,
        findings: &'f mut Findings,
    ) -> Self {
        Words { name, words, at: 2, findings, resolve }
    }

    /// The next word; an empty one ends the line, as HAProxy has it.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied().filter(|word| !word.is_empty())?;
        self.at += 1;
        Some(word)
    }

    /// The next word, which stays.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied().filter(|word| !word.is_empty())
    }

    /// The second word of the line, which names the step.
    pub(super) fn step(&self) -> &'a str {
        self.words.get(1).copied().unwrap_or_default()
    }

    /// Reports a word too many, if there is one.
    pub(super) fn end(&mut self) -> Option<()> {
        let Some(word) = self.next() else { return Some(()) };
        self.alert(&format!("unexpected argument '{word}'."), "put text with blanks into quotes");
        None
    }

    /// Reports the second word of the line.
    pub(super) fn alert_step(&mut self, message: &str, help: impl Into<String>) {
        self.findings.alert(1, format!("'{}' : {message}", self.name), help);
    }

    /// The argument that follows; without one says `missing`.
    pub(super) fn argument(&mut self, missing: &str) -> Option<&'a str> {
        let word = self.next();
        if word.is_none() {
            self.at += 1;
            self.alert(missing, "add it, or remove the word before");
        }
        word
    }

    /// Reports the word read last.
    pub(super) fn alert(&mut self, message: &str, help: impl Into<String>) {
        let word = self.at.saturating_sub(1);
        self.findings.alert(word, format!("'{}' : {message}", self.name), help);
    }

    /// Reports that the word read last is known and not supported yet.
    pub(super) fn planned(&mut self, what: &str) {
        let message = format!("'{what}' is known, not supported yet.");
        self.alert(&message, "remove it if the check can do without");
    }

    /// A format that is given as `text`.
    pub(super) fn format(&mut self, text: &str) -> Option<Format> {
        match Format::compile(text, Options::CHECK) {
            Ok(format) => Some(format),
            Err(error) => {
                let (message, help) = format_message(&error.problem);
                let message = message.trim_end_matches('.');
                self.alert(&format!("'{text}' invalid log-format string ({message})."), help);
                None
            }
        }
    }

    /// A text that may hold tags and expressions.
    pub(super) fn text(&mut self, text: &str) -> Option<CheckText> {
        match text.contains('%') {
            true => self.format(text).map(CheckText::Format),
            false => Some(CheckText::Plain(text.to_owned())),
        }
    }

    /// An expression that is given as `text`, the value of `what`.
    pub(super) fn sample(&mut self, text: &str, what: &str) -> Option<Sample> {
        let problem = match Sample::compile(text) {
            Ok(sample) => match Needs::AT_CHECK.missing(sample.needs()) {
                None => return Some(sample),
                Some(missing) => FormatProblem::Unavailable { fetch: sample.name(), missing },
            },
            Err(error) => FormatProblem::Sample(error.problem),
        };
        let (message, help) = format_message(&problem);
        let message =
            message.trim_start_matches("failed to parse sample expression : ").trim_end_matches('.');
        self.alert(&format!("error detected while parsing {what} expression : {message}."), help);
        None
    }

    /// A regular expression over bytes that is given as `text`.
    pub(super) fn regex(&mut self, text: &str, ignore_case: bool) -> Option<Regex> {
        let built = RegexBuilder::new(&with_last_line(text))
            .unicode(false)
            .case_insensitive(ignore_case)
            .size_limit(CHECK_REGEX_BYTES_MAX)
            .build();
        match built {
            Ok(regex) => Some(regex),
            Err(error) => {
                let told = error.to_string();
                let why = told.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let help = "a backslash takes a character as it is; look-around, back references, and atomic \
                            groups are not supported";
                self.alert(&format!("regex '{text}' is invalid (error={why})."), help);
                None
            }
        }
    }

    /// The value of `comment`.
    pub(super) fn comment(&mut self) -> Option<String> {
        self.argument("'comment' expects a string as argument.").map(str::to_owned)
    }
}

/// The bytes that pairs of hexadecimal digits say.
pub(super) fn hex(text: &str) -> Result<Vec<u8>, String> {
    if let Some(other) = text.chars().find(|character| !character.is_ascii_hexdigit()) {
        return Err(format!("invalid binary string (an hex digit is expected (found '{other}'))."));
    }
    if !text.len().is_multiple_of(2) {
        return Err("invalid binary string (an even number of hex digit is expected).".to_owned());
    }
    let pairs = text.as_bytes().chunks_exact(2);
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or_default() as u8;
    Ok(pairs.map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect())
}

/// HAProxy's expressions let a `$` at the end match before a last line feed too.
fn with_last_line(pattern: &str) -> Cow<'_, str> {
    match pattern.strip_suffix('$') {
        Some(rest) if (rest.len() - rest.trim_end_matches('\\').len()).is_multiple_of(2) => {
            Cow::Owned(format!("{rest}\n?$"))
        }
        Some(_) | None => Cow::Borrowed(pattern),
    }
}
