//! `expect` steps, almost the same for `http-check` and `tcp-check`.

use bytes::Bytes;

use super::steps::Step;
use super::words::{Words, hex};
use crate::model::{CheckAction, CheckStatus, CheckText, Expect, ExpectHeader, ExpectWhat, TextMatch};

/// Whose `expect` it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// `http-check expect`.
    Http,
    /// `tcp-check expect`.
    Tcp,
}

/// Reads the words of an `expect` step; `None` when one of them is wrong.
pub(super) fn read_expect(family: Family, words: &mut Words<'_, '_>) -> Option<Step> {
    // The pattern is not known yet: this one is never used.
    let mut expect = Expect::new(ExpectWhat::Status(Vec::new()));
    let mut what = None;
    let mut comment = None;
    let mut any = false;
    // A `!` of its own, waiting for its pattern.
    let mut bang = false;
    while let Some(word) = words.next() {
        any = true;
        let bare = word.trim_start_matches('!');
        bang ^= (word.len() - bare.len()) % 2 == 1;
        match bare {
            "" => {}
            _ if bang && is_option(bare) => {
                return refuse(words, &format!("[!] not supported with '{bare}'."));
            }
            "comment" => comment = Some(words.comment()?),
            _ if is_option(bare) => read_option(bare, &mut expect, words)?,
            _ if what.is_some() && is_pattern(family, bare) => {
                return refuse(words, "only one pattern expected.");
            }
            _ => {
                what = Some(read_pattern(family, bare, words)?);
                expect.negate = std::mem::take(&mut bang);
            }
        }
    }
    match what {
        _ if bang => refuse(words, &unsupported(family, "")),
        Some(what) => Some(Step::action(CheckAction::Expect(Box::new(Expect { what, ..expect })), comment)),
        None if any => refuse(words, "pattern not found."),
        None => refuse(words, "expects at least a matching pattern as arguments."),
    }
}

fn refuse<T>(words: &mut Words<'_, '_>, message: &str) -> Option<T> {
    words.alert(message, "for example: expect string ready");
    None
}

fn is_option(word: &str) -> bool {
    matches!(
        word,
        "min-recv"
            | "comment"
            | "ok-status"
            | "error-status"
            | "tout-status"
            | "on-success"
            | "on-error"
            | "status-code"
    )
}

fn is_pattern(family: Family, word: &str) -> bool {
    match family {
        Family::Http => {
            matches!(word, "string" | "string-lf" | "status" | "rstring" | "rstatus" | "hdr" | "fhdr")
        }
        Family::Tcp => {
            matches!(word, "string" | "string-lf" | "binary" | "binary-lf" | "rstring" | "rbinary")
        }
    }
}

/// An option by its name and the word behind it.
fn read_option(name: &str, expect: &mut Expect, words: &mut Words<'_, '_>) -> Option<()> {
    match name {
        "min-recv" => expect.min_recv = read_min_recv(words)?,
        "ok-status" => expect.ok_status = Some(read_status(name, OK_STATUSES, words)?),
        "error-status" => expect.error_status = Some(read_status(name, ERROR_STATUSES, words)?),
        "tout-status" => expect.timeout_status = Some(read_status(name, TIMEOUT_STATUSES, words)?),
        "on-success" => expect.on_success = Some(read_format(name, words)?),
        "on-error" => expect.on_error = Some(read_format(name, words)?),
        _ => {
            let text = words.argument("'status-code' expects an expression as argument.")?;
            expect.status_code = Some(words.sample(text, "status-code")?);
        }
    }
    Some(())
}

const OK_STATUSES: &[CheckStatus] =
    &[CheckStatus::Layer4Ok, CheckStatus::Layer6Ok, CheckStatus::Layer7Ok, CheckStatus::Layer7Conditional];
const ERROR_STATUSES: &[CheckStatus] = &[
    CheckStatus::Layer4Connection,
    CheckStatus::Layer6Response,
    CheckStatus::Layer7Response,
    CheckStatus::Layer7Status,
    CheckStatus::Layer7Conditional,
];
const TIMEOUT_STATUSES: &[CheckStatus] =
    &[CheckStatus::Layer4Timeout, CheckStatus::Layer6Timeout, CheckStatus::Layer7Timeout];

/// A code of a result, one of those that are possible here.
fn read_status(name: &str, possible: &[CheckStatus], words: &mut Words<'_, '_>) -> Option<CheckStatus> {
    let text = words.argument(&format!("'{name}' expects a string as argument."))?;
    let found = possible.iter().find(|status| status.code() == text);
    if found.is_none() {
        let codes: Vec<String> = possible.iter().map(|status| format!("'{}'", status.code())).collect();
        let codes = codes.join(", ");
        words.alert(
            &format!("'{name}' only supports {codes} status (got '{text}')."),
            format!("for example: {name} {}", possible[0].code()),
        );
    }
    found.copied()
}

fn read_format(name: &str, words: &mut Words<'_, '_>) -> Option<crate::log::Format> {
    let text = words.argument(&format!("'{name}' expects a string as argument."))?;
    words.format(text)
}

/// A pattern by its name and the word behind it.
fn read_pattern(family: Family, name: &str, words: &mut Words<'_, '_>) -> Option<ExpectWhat> {
    if !is_pattern(family, name) {
        return refuse(words, &unsupported(family, name));
    }
    if matches!(name, "hdr" | "fhdr") {
        return read_header(name, words).map(ExpectWhat::Header);
    }
    let text = words.argument(&format!("'{name}' expects a <pattern> as argument."))?;
    match name {
        "binary" => match hex(text) {
            Ok(bytes) => Some(ExpectWhat::Binary(bytes.into())),
            Err(message) => refuse(words, &message),
        },
        "binary-lf" => words.format(text).map(ExpectWhat::BinaryFormat),
        "rbinary" => words.regex(text, false).map(ExpectWhat::BinaryRegex),
        "rstatus" => words.regex(text, false).map(ExpectWhat::StatusRegex),
        "rstring" => words.regex(text, false).map(ExpectWhat::Regex),
        "status" => read_statuses(text, words),
        "string-lf" => words.format(text).map(ExpectWhat::ContainsFormat),
        _ => Some(ExpectWhat::Contains(Bytes::copy_from_slice(text.as_bytes()))),
    }
}

fn unsupported(family: Family, word: &str) -> String {
    let patterns = match family {
        Family::Http => {
            "'[!]string', '[!]rstring', '[!]string-lf', '[!]status', '[!]rstatus', '[!]hdr', '[!]fhdr'"
        }
        Family::Tcp => "'[!]binary', '[!]string', '[!]rstring', '[!]string-lf', '[!]rbinary', '[!]binary-lf'",
    };
    format!("only supports 'min-recv', {patterns} or 'comment' but got '{word}' as argument.")
}

/// `min-recv`: how many bytes to wait for; -1 is no wait.
fn read_min_recv(words: &mut Words<'_, '_>) -> Option<Option<usize>> {
    let text = words.argument("'min-recv' expects a integer as argument.")?;
    match text.parse::<i32>().ok().map(usize::try_from) {
        Some(Ok(count)) => Some(Some(count)),
        _ if text == "-1" => Some(None),
        Some(Err(_)) | None => refuse(words, "'min-recv' expects -1 or an integer from 0 to INT_MAX."),
    }
}

/// Status codes: numbers and ranges, separated by commas.
fn read_statuses(text: &str, words: &mut Words<'_, '_>) -> Option<ExpectWhat> {
    let stray = |character: &char| !character.is_ascii_digit() && !['-', ','].contains(character);
    if let Some(character) = text.chars().find(stray) {
        return refuse(words, &format!("invalid character '{character}' in the list of status codes."));
    }
    let mut ranges = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        match status_range(part) {
            Some(range) => ranges.push(range),
            None => return refuse(words, &format!("invalid range of status codes '{part}'.")),
        }
    }
    Some(ExpectWhat::Status(ranges))
}

fn status_range(part: &str) -> Option<(u16, u16)> {
    let (low, high) = part.split_once('-').unwrap_or((part, part));
    // A missing start counts from 0, as HAProxy reads it.
    let low = if low.is_empty() { 0 } else { low.parse().ok()? };
    let high = high.parse().ok()?;
    (low <= high).then_some((low, high))
}

/// `{ name | name-lf } [-m METHOD] NAME [{ value | value-lf } [-m METHOD] VALUE]`.
fn read_header(keyword: &str, words: &mut Words<'_, '_>) -> Option<ExpectHeader> {
    let missing = format!("'{keyword}' expects at the name keyword as first argument followed by a pattern.");
    let name = match words.argument(&missing)? {
        "name" => read_match(keyword, Part::Name, false, &missing, words)?,
        "name-lf" => read_match(keyword, Part::Name, true, &missing, words)?,
        _ => return refuse(words, &missing),
    };
    let missing = format!("'{keyword}' expect a pattern with the value keyword.");
    let value = match words.peek() {
        Some("value") => Some(false),
        Some("value-lf") => Some(true),
        _ => None,
    };
    let value = match value {
        Some(is_format) => {
            words.next();
            Some(read_match(keyword, Part::Value, is_format, &missing, words)?)
        }
        None => None,
    };
    Some(ExpectHeader { name, value, full: keyword == "fhdr" })
}

/// Which part of a field is compared: names are without case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Name,
    Value,
}

/// `[-m METHOD] PATTERN`.
fn read_match(
    keyword: &str,
    part: Part,
    is_format: bool,
    missing: &str,
    words: &mut Words<'_, '_>,
) -> Option<TextMatch> {
    let mut method = "str";
    if words.peek() == Some("-m") {
        words.next();
        let names = "'str', 'beg', 'end', 'sub' or 'reg'";
        method = words.argument(&format!("'{keyword}' : '-m' expects at a matching pattern ({names})."))?;
        if !matches!(method, "str" | "beg" | "end" | "sub" | "reg") {
            return refuse(words, &format!("'{keyword}' : '-m' only supports {names} (got '{method}')."));
        }
        if method == "reg" && is_format {
            let why = "log-format string is not supported with a regex matching method.";
            return refuse(words, &format!("'{keyword}': {why}"));
        }
    }
    let text = words.argument(missing)?;
    if method == "reg" {
        return words.regex(text, part == Part::Name).map(TextMatch::Regex);
    }
    let text = match is_format {
        true => CheckText::Format(words.format(text)?),
        false => CheckText::Plain(text.to_owned()),
    };
    Some(match method {
        "beg" => TextMatch::Begins(text),
        "end" => TextMatch::Ends(text),
        "sub" => TextMatch::Within(text),
        _ => TextMatch::Is(text),
    })
}
