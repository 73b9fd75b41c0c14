//! Sources to drafts, line by line. Every problem is collected; nothing stops at the first.

use std::sync::Arc;

use super::blocks::Blocks;
use super::draft::{GlobalDraft, ProxyDraft};
use super::environment::Environment;
use super::finding::{Findings, Weight};
use super::lex::{self, LexError, LexProblem, WORDS_MAX, Word};
use super::predicate;
use super::problem::{Place, Problem};
use super::section::Section;
use crate::base::limits::{CONFIG_LINE_MAX, PROBLEMS_MAX};
use crate::base::map::Map;

/// A configuration file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, as messages show it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Everything read so far.
pub(super) struct Reader<'e> {
    pub(super) environment: &'e dyn Environment,
    pub(super) problems: Vec<Problem>,
    pub(super) global: GlobalDraft,
    /// `defaults` sections, in order.
    pub(super) defaults: Vec<Defaults>,
    /// `frontend`, `backend` and `listen` sections, in order.
    pub(super) proxies: Vec<ProxyDraft>,
    /// Where in `proxies` a name is, in order.
    pub(super) names: Map<Arc<str>, Vec<usize>>,
    pub(super) section: Section,
    blocks: Blocks,
}

/// A `defaults` section and who uses it.
pub(super) struct Defaults {
    pub(super) draft: ProxyDraft,
    /// A proxy names it behind `from`.
    pub(super) named: bool,
    /// A proxy uses it because it is the last one.
    pub(super) implied: bool,
}

/// One line, split.
pub(super) struct Split<'l> {
    pub(super) file: &'l Arc<str>,
    pub(super) number: u32,
    pub(super) text: &'l Arc<str>,
    pub(super) words: &'l [Word],
}

impl Split<'_> {
    /// The place of a word; one behind the last word is the end of the line.
    pub(super) fn place(&self, word: usize) -> Place {
        let end = self.words.last().map_or(1, |word| word.column + word.length);
        let (column, length) = self.words.get(word).map_or((end, 1), |word| (word.column, word.length));
        Place { file: Arc::clone(self.file), line: self.number, column, length, text: Arc::clone(self.text) }
    }

    /// The place of the whole line, its comment aside.
    pub(super) fn whole(&self) -> Place {
        let place = self.place(0);
        let end = self.words.last().map_or(place.column, |word| word.column + word.length);
        Place { length: end.saturating_sub(place.column).max(1), ..place }
    }

    /// Whether the line starts in the first column, as sections do.
    pub(super) fn starts_the_line(&self) -> bool {
        self.words.first().is_some_and(|word| word.column == 1)
    }
}

impl<'e> Reader<'e> {
    pub(super) fn new(environment: &'e dyn Environment) -> Reader<'e> {
        Reader {
            environment,
            problems: Vec::new(),
            global: GlobalDraft::default(),
            defaults: Vec::new(),
            proxies: Vec::new(),
            names: Map::new(),
            section: Section::None,
            blocks: Blocks::default(),
        }
    }

    /// Reads one file. Sections and conditions end with it, as in HAProxy.
    pub(super) fn read(&mut self, source: &Source) {
        let file: Arc<str> = Arc::from(source.name.as_str());
        self.section = Section::None;
        let mut number = 0;
        let mut rest = source.bytes.as_slice();
        while !rest.is_empty() && self.problems.len() <= PROBLEMS_MAX {
            number += 1;
            let end = memchr::memchr(b'\n', rest);
            let (line, next) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            rest = next;
            if !self.read_line(&file, number, line.strip_suffix(b"\n").unwrap_or(line)) {
                return self.blocks.clear();
            }
            if end.is_none() {
                self.missing_end(&file, number, line);
            }
        }
        if self.blocks.is_open() {
            self.blocks.clear();
            let place = bare_place(&file, number, "");
            self.add(
                Weight::Alert,
                place,
                "non-terminated '.if' block.".into(),
                "end it with `.endif`".into(),
            );
        }
    }

    fn missing_end(&mut self, file: &Arc<str>, number: u32, line: &[u8]) {
        let message = format!(
            "Missing LF on last line, file might have been truncated at position {}.",
            line.len() + 1
        );
        let text = String::from_utf8_lossy(line);
        let place = bare_place(file, number, text.get(..text.len().min(CONFIG_LINE_MAX)).unwrap_or_default());
        self.add(Weight::Alert, place, message, "end the last line with a line feed".into());
    }

    /// Reads one line. Tells whether to go on: a file that is no text is told of once.
    fn read_line(&mut self, file: &Arc<str>, number: u32, line: &[u8]) -> bool {
        if line.len() > CONFIG_LINE_MAX {
            let message =
                format!("line too long: {} bytes, at most {CONFIG_LINE_MAX} are possible.", line.len());
            let start = String::from_utf8_lossy(&line[..80]);
            self.add(Weight::Alert, bare_place(file, number, &start), message, "is this a text file?".into());
            return true;
        }
        let blank = line.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(blank, None | Some(b'#')) && memchr::memchr(0, line).is_none() {
            return true;
        }
        let text = String::from_utf8_lossy(line);
        let (global, environment) = (&self.global, self.environment);
        let split = lex::split(&text, &|name| global.variables.get(environment, name));
        let text: Arc<str> = Arc::from(text.as_ref());
        match split {
            Err(error) => {
                self.report_lex(file, number, &text, &error);
                return error.problem != LexProblem::Nul;
            }
            Ok(words) => {
                let split = Split { file, number, text: &text, words: &words };
                if let Some(wrong) = words.iter().position(|word| word.text.contains('\u{fffd}')) {
                    let message = "this word is not valid UTF-8.";
                    self.report(&split, wrong, message, "save the file as UTF-8, or write \\xNN");
                    return true;
                }
                self.take(&split);
            }
        }
        true
    }

    fn report_lex(&mut self, file: &Arc<str>, number: u32, text: &Arc<str>, error: &LexError) {
        let at = error.column;
        let (message, help) = match error.problem {
            LexProblem::BadHex => (
                format!("truncated or invalid hexadecimal sequence at position {at}."),
                "write \\x and two digits",
            ),
            LexProblem::BadVariable => (
                format!("invalid environment variable name at position {at}."),
                "write \"${NAME}\" or \"${NAME-default}\"",
            ),
            LexProblem::Nul => (format!("Stray NUL character at position {at}."), "is this a text file?"),
            LexProblem::TooManyWords => (
                format!("too many words, at most {WORDS_MAX} are possible: position {at}."),
                "quote what is one word, or split the line",
            ),
            LexProblem::TrailingBackslash => {
                (format!("unmatched backslash at position {at}."), "a line does not go on behind its end")
            }
            LexProblem::UnclosedQuote => (
                format!("unmatched quote at position {at}."),
                "close it, or write \\\" or \\' for the character",
            ),
        };
        let place =
            Place { file: Arc::clone(file), line: number, column: at, length: 1, text: Arc::clone(text) };
        self.add(Weight::Alert, place, message, help.into());
    }

    /// One line with at least one word, or none.
    fn take(&mut self, split: &Split<'_>) {
        let Some(first) = split.words.first() else { return };
        if first.text.starts_with('.') {
            return self.mark(split);
        }
        if self.blocks.active() && !self.take_section(split) {
            self.take_directive(split);
        }
    }

    /// A line that starts with a dot: a condition or a message.
    fn mark(&mut self, split: &Split<'_>) {
        let name = split.words[0].text.as_str();
        let done = match name {
            ".if" => {
                let condition = self.blocks.active() && self.condition(split);
                self.blocks.begin(condition)
            }
            ".elif" => {
                let condition = self.blocks.undecided() && self.condition(split);
                self.blocks.otherwise_if(condition)
            }
            ".else" | ".endif" => {
                if let Some(extra) = split.words.get(1) {
                    let message = format!("Unexpected argument '{}' for '{name}'.", extra.text);
                    self.report(split, 1, &message, "remove it, or make it a comment");
                }
                if name == ".else" { self.blocks.otherwise() } else { self.blocks.end() }
            }
            ".notice" | ".warning" | ".alert" | ".diag" => {
                if self.blocks.active() {
                    self.message(split, name);
                }
                Ok(())
            }
            _ if !self.blocks.active() => Ok(()),
            _ => Err(format!("unknown directive '{name}'.")),
        };
        if let Err(message) = done {
            let help = "these are .if, .elif, .else, .endif, .notice, .warning, .alert and .diag";
            self.report(split, 0, &message, help);
        }
    }

    /// The value of the condition behind `.if` or `.elif`; false when it cannot be read.
    fn condition(&mut self, split: &Split<'_>) -> bool {
        let words: Vec<&str> = split.words.iter().skip(1).map(|word| word.text.as_str()).collect();
        let text = words.join(" ");
        let (global, environment) = (&self.global, self.environment);
        let value = predicate::evaluate(&text, &|name| global.variables.get(environment, name));
        value.unwrap_or_else(|error| {
            let name = &split.words[0].text;
            let message = format!("{} in '{name}' at position {}.", error.message, error.offset + 1);
            let mut word = 1;
            let mut before = 0;
            while words.get(word - 1).is_some_and(|text| before + text.len() < error.offset) {
                before += words[word - 1].len() + 1;
                word += 1;
            }
            self.report(split, word, &message, "for example: .if defined(DEBUG) && !streq(\"$ROLE\",backup)");
            false
        })
    }

    fn message(&mut self, split: &Split<'_>, name: &str) {
        let weight = match name {
            ".alert" => Weight::Alert,
            ".warning" => Weight::Warning,
            ".notice" => Weight::Notice,
            // `.diag` speaks in diagnostic mode only.
            _ => return,
        };
        if let Some(extra) = split.words.get(2) {
            let message = format!(
                "Unexpected argument '{}' for '{name}'. Use quotes if the message should contain spaces.",
                extra.text
            );
            return self.report(split, 2, &message, "put the whole message into double quotes");
        }
        let text = split.words.get(1).map_or("", |word| word.text.as_str());
        self.add(weight, split.whole(), format!("'{text}'."), String::new());
    }

    /// Reports a word: the configuration cannot be used.
    pub(super) fn report(&mut self, split: &Split<'_>, word: usize, message: &str, help: &str) {
        self.add(Weight::Alert, split.place(word), message.to_owned(), help.to_owned());
    }

    /// Takes over what a directive found; `before` words stand before those it saw.
    pub(super) fn take_findings(&mut self, split: &Split<'_>, before: usize, findings: Findings) {
        for finding in findings.list {
            let place = split.place(finding.word + before);
            self.add(finding.weight, place, finding.message, finding.help);
        }
    }

    /// Adds a problem; beyond the bound only the first one too many, which says so.
    pub(super) fn add(&mut self, weight: Weight, place: Place, message: String, help: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { weight, place: Some(place), message, help });
        } else if self.problems.len() == PROBLEMS_MAX {
            self.problems.push(Problem {
                weight: Weight::Alert,
                place: Some(place),
                message: format!("more than {PROBLEMS_MAX} problems; the others are not shown."),
                help: "mend the first ones and try again".to_owned(),
            });
        }
    }
}

fn bare_place(file: &Arc<str>, line: u32, text: &str) -> Place {
    Place { file: Arc::clone(file), line, column: 1, length: 1, text: Arc::from(text) }
}
