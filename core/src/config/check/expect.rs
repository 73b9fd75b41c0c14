//! `expect` steps, almost the same for `http-check` and `tcp-check`.

use bytes::Bytes;

use super::words::{Words, hex};
use crate::model::{Expect, ExpectWhat};

/// Whose `expect` it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// `http-check expect`.
    Http,
    /// `tcp-check expect`.
    Tcp,
}

/// Reads the words of an `expect` step; `None` when one of them is wrong.
pub(super) fn read_expect(family: Family, words: &mut Words<'_, '_>) -> Option<Expect> {
    let mut what = None;
    let (mut negate, mut min_recv, mut comment) = (false, None, None);
    let mut any = false;
    // A `!` of its own, waiting for its pattern.
    let mut bang = false;
    while let Some(word) = words.next() {
        any = true;
        let bare = word.trim_start_matches('!');
        bang ^= (word.len() - bare.len()) % 2 == 1;
        match bare {
            "" => {}
            "min-recv" | "comment" if bang => {
                return refuse(words, &format!("[!] not supported with '{bare}'."));
            }
            "min-recv" => min_recv = read_min_recv(words)?,
            "comment" => comment = Some(words.comment()?),
            _ if what.is_some() && is_pattern(family, bare) => {
                return refuse(words, "only one pattern expected.");
            }
            _ => {
                what = Some(read_pattern(family, bare, words)?);
                negate = std::mem::take(&mut bang);
            }
        }
    }
    match what {
        _ if bang => refuse(words, &unsupported(family, "")),
        Some(what) => Some(Expect { what, negate, min_recv, comment }),
        None if any => refuse(words, "pattern not found."),
        None => refuse(words, "expects at least a matching pattern as arguments."),
    }
}

fn refuse<T>(words: &mut Words<'_, '_>, message: &str) -> Option<T> {
    words.alert(message, "for example: expect string ready");
    None
}

fn is_pattern(family: Family, word: &str) -> bool {
    match family {
        Family::Http => matches!(word, "string" | "status" | "rstring" | "rstatus" | "hdr" | "fhdr"),
        Family::Tcp => matches!(word, "string" | "binary" | "rstring" | "rbinary"),
    }
}

/// A pattern by its name and the word behind it.
fn read_pattern(family: Family, name: &str, words: &mut Words<'_, '_>) -> Option<ExpectWhat> {
    match (family, name) {
        (Family::Http | Family::Tcp, "string") => {
            let text = pattern(name, words)?;
            Some(ExpectWhat::Contains(Bytes::copy_from_slice(text.as_bytes())))
        }
        (Family::Tcp, "binary") => match hex(pattern(name, words)?) {
            Ok(bytes) => Some(ExpectWhat::Binary(bytes.into())),
            Err(message) => refuse(words, &message),
        },
        (Family::Http, "status") => read_statuses(words),
        (Family::Http | Family::Tcp, "rstring" | "string-lf")
        | (Family::Http, "rstatus" | "hdr" | "fhdr")
        | (Family::Tcp, "rbinary" | "binary-lf" | "custom")
        | (
            Family::Http | Family::Tcp,
            "ok-status" | "error-status" | "tout-status" | "on-success" | "on-error" | "status-code",
        ) => {
            words.planned(name);
            None
        }
        (Family::Http | Family::Tcp, _) => refuse(words, &unsupported(family, name)),
    }
}

fn pattern<'a>(name: &str, words: &mut Words<'a, '_>) -> Option<&'a str> {
    words.argument(&format!("'{name}' expects a <pattern> as argument."))
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
fn read_statuses(words: &mut Words<'_, '_>) -> Option<ExpectWhat> {
    let text = pattern("status", words)?;
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
