//! The words of a check's line, read one after the other.

use crate::config::finding::Findings;
use crate::config::line_option::Resolve;

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
