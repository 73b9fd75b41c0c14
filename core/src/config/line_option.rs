//! Options on one line: the rows behind `bind` and `server`, and the one loop that reads them.

use std::net::IpAddr;

use super::finding::{Findings, Weight};
use crate::keyword::{self, Entry, Kind, Support};

/// Looks a host name up.
pub type Resolve<'a> = &'a dyn Fn(&str) -> Vec<IpAddr>;

/// One option: its name, its argument, and the function that puts it into a draft.
pub struct LineOption<Draft: 'static> {
    /// Its name.
    pub name: &'static str,
    /// Its argument.
    pub argument: Argument,
    /// Puts it into the draft.
    pub set: fn(&mut Draft, Value<'_>) -> Result<(), Fault>,
    /// How far it is supported.
    pub support: Support,
    /// Whether `default-server` may carry it.
    pub in_default: bool,
    /// What it does, in one line.
    pub summary: &'static str,
    /// A whole line that uses it.
    pub example: &'static str,
}

impl<Draft> LineOption<Draft> {
    /// What most rows have in common: no argument, no effect, accepted everywhere.
    pub const ROW: LineOption<Draft> = LineOption {
        name: "",
        argument: Argument::None,
        set: |_, _| Ok(()),
        support: Support::Full,
        in_default: true,
        summary: "",
        example: "",
    };
}

/// The argument of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// None.
    None,
    /// One word; the text is what to say when it is missing.
    One(&'static str),
}

/// What a setter gets.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    /// The argument; empty where the option has none.
    pub text: &'a str,
    /// How to look host names up.
    pub resolve: Resolve<'a>,
}

/// What a setter does not like about its argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How bad.
    pub weight: Weight,
    /// What is wrong, in HAProxy's words where it has any.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl Fault {
    /// A fault that makes the configuration unusable.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Fault {
        Fault { weight: Weight::Alert, message: message.into(), help: help.into() }
    }

    /// A fault that is only worth a warning.
    pub fn warning(message: impl Into<String>, help: impl Into<String>) -> Fault {
        Fault { weight: Weight::Warning, message: message.into(), help: help.into() }
    }
}

/// What the loop needs to know besides the words.
pub struct Reading<'a> {
    /// What stands before each message and its colon (`'server web/s1'`).
    pub subject: &'a str,
    /// The catalog's kind of these options.
    pub kind: Kind,
    /// Whether this is a `default-server` line.
    pub on_default: bool,
    /// How to look host names up.
    pub resolve: Resolve<'a>,
}

/// Reads `words` from `start` on into `draft`, by the rows of `tables`. Reports everything that is wrong.
pub fn read_options<Draft>(
    tables: &[&'static [LineOption<Draft>]],
    words: &[&str],
    start: usize,
    draft: &mut Draft,
    reading: &Reading<'_>,
    findings: &mut Findings,
) {
    let mut at = start;
    while let Some(&word) = words.get(at) {
        let row = tables.iter().copied().flatten().find(|row| row.name == word);
        match row {
            Some(row) => at = read_one(row, words, at, draft, reading, findings),
            None => {
                let meant = report_unknown(word, at, reading, findings);
                let row = tables.iter().copied().flatten().find(|row| Some(row.name) == meant);
                at = match row.map(|row| row.argument) {
                    Some(Argument::None) => at + 1,
                    Some(Argument::One(_)) => at + 2,
                    None => skip_to_option(words, at + 1, reading.kind),
                };
            }
        }
    }
}

/// Reads one option and returns where the next one starts.
fn read_one<Draft>(
    row: &LineOption<Draft>,
    words: &[&str],
    at: usize,
    draft: &mut Draft,
    reading: &Reading<'_>,
    findings: &mut Findings,
) -> usize {
    let subject = reading.subject;
    let (text, next) = match row.argument {
        Argument::None => ("", at + 1),
        Argument::One(missing) => match words.get(at + 1) {
            Some(text) => (*text, at + 2),
            None => {
                findings.alert(at + 1, format!("{subject} : {missing}"), example_help(row));
                return at + 1;
            }
        },
    };
    if reading.on_default && !row.in_default {
        let message = format!("'{}' option is not accepted in default-server sections", row.name);
        findings.alert(at, message, "set it on each `server` line");
        return next;
    }
    if let Err(fault) = (row.set)(draft, Value { text, resolve: reading.resolve }) {
        let message = format!("{subject} : {}", fault.message);
        match fault.weight {
            Weight::Alert => findings.alert(next - 1, message, fault.help),
            Weight::Warning => findings.warning(next - 1, message, fault.help),
            Weight::Notice => findings.notice(next - 1, message, fault.help),
        }
    }
    next
}

fn example_help<Draft>(row: &LineOption<Draft>) -> String {
    format!("for example: {}", row.example)
}

/// A word that is no row: planned, misspelt, or of another kind. Gives what was probably meant.
fn report_unknown(
    word: &str,
    at: usize,
    reading: &Reading<'_>,
    findings: &mut Findings,
) -> Option<&'static str> {
    let (subject, kind) = (reading.subject, reading.kind);
    if keyword::is_known(kind, word) {
        let message = format!("{subject} : '{word}' is known, not supported yet.");
        let help = "remove it if you can do without; it is refused because leaving it out in silence \
                    would change what happens";
        findings.alert(at, message, help);
        return None;
    }
    // HAProxy leaves no blank before this colon on `bind` lines.
    let unknown = match kind {
        Kind::BindOption => format!("{subject}: unknown keyword '{word}'"),
        _ => format!("{subject} : unknown keyword '{word}'"),
    };
    let meant = keyword::suggest(kind, word);
    if let Some(meant) = meant {
        let message = format!("{unknown}; did you mean '{meant}' maybe ?");
        findings.alert(at, message, format!("write `{meant}`"));
        return Some(meant);
    }
    let help = match keyword::kinds_of(word).next() {
        Some(other) => format!("`{word}` is a {}, not a {}", other.label(), kind.label()),
        None => format!("no {} has this name; docs/keywords.md lists them all", kind.label()),
    };
    findings.alert(at, format!("{unknown}."), help);
    None
}

/// The next word from `at` on that is an option, so that the arguments of an unknown one are not reported.
fn skip_to_option(words: &[&str], at: usize, kind: Kind) -> usize {
    let rest = words.get(at..).unwrap_or_default();
    let known = rest.iter().position(|word| keyword::is_known(kind, word));
    known.map_or(words.len(), |skipped| at + skipped)
}

/// The catalog's entries of `tables`.
pub fn entries<Draft>(
    kind: Kind,
    tables: &'static [&'static [LineOption<Draft>]],
) -> impl Iterator<Item = Entry> {
    tables.iter().copied().flatten().map(move |row| Entry {
        name: row.name,
        kind,
        support: row.support,
        note: row.summary,
    })
}
