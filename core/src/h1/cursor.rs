//! The steps that request heads, response heads and trailers share.

use super::classes::{is_token, value_end};
use super::{Error, HeadLimits, Parse};
use crate::http::{Fields, Span, Version};

/// Why a step did not go on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// The input ended.
    Partial,
    /// The input is wrong.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Error(error)
    }
}

/// What a step found, or why it stopped.
pub(super) type Step<T> = Result<T, Stop>;

/// The byte at `at`.
pub(super) fn byte(input: &[u8], at: usize) -> Step<u8> {
    input.get(at).copied().ok_or(Stop::Partial)
}

/// The part of `input` that a head may fill.
pub(super) fn window<'a>(input: &'a [u8], limits: &HeadLimits) -> &'a [u8] {
    &input[..input.len().min(limits.bytes_max)]
}

/// Turns the end of the last step into the parser's answer. A full window without an end is a head too large.
pub(super) fn outcome(step: Step<usize>, window: &[u8], limits: &HeadLimits) -> Result<Parse, Error> {
    match step {
        Ok(end) => Ok(Parse::Complete(end)),
        Err(Stop::Partial) if window.len() < limits.bytes_max => Ok(Parse::Partial),
        Err(Stop::Partial) => Err(Error::HeadTooLarge { limit: limits.bytes_max }),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// Skips empty lines before a start line. HAProxy takes any number of them, before requests and responses.
pub(super) fn skip_empty_lines(input: &[u8]) -> Step<usize> {
    let mut at = 0;
    while matches!(byte(input, at)?, b'\r' | b'\n') {
        at = line_end(input, at)?;
    }
    Ok(at)
}

/// Steps over a line end: CR LF, or a bare LF, which HAProxy takes in heads and trailers.
pub(super) fn line_end(input: &[u8], at: usize) -> Step<usize> {
    match byte(input, at)? {
        b'\n' => Ok(at + 1),
        b'\r' if byte(input, at + 1)? == b'\n' => Ok(at + 2),
        b'\r' => Err(Error::BareCr { position: at }.into()),
        0 => Err(Error::NulByte { position: at }.into()),
        other => Err(Error::ControlByte { position: at, byte: other }.into()),
    }
}

/// Steps over at least one space; HAProxy takes several between the parts of a start line.
pub(super) fn skip_spaces(input: &[u8], at: usize) -> Step<usize> {
    end_of_run(input, at, |byte| byte == b' ')
}

/// Reads `HTTP/1.x`. HAProxy takes HTTP/0.9 and HTTP/2.0 here as well; we do not.
pub(super) fn version(input: &[u8], at: usize) -> Step<(Version, usize)> {
    const PREFIX: &[u8] = b"HTTP/1.";
    let bad = Stop::Error(Error::BadVersion { position: at });
    let rest = &input[at..];
    let seen = rest.len().min(PREFIX.len());
    if rest[..seen] != PREFIX[..seen] {
        return Err(bad);
    }
    match byte(rest, PREFIX.len())? {
        b'0' => Ok((Version::Http10, at + 8)),
        b'1'..=b'9' => Ok((Version::Http11, at + 8)),
        _ => Err(bad),
    }
}

/// Reads fields up to and with the blank line. Spans count from `base`; the caller has
/// the fields adopt the text.
pub(super) fn read_fields(
    input: &[u8],
    mut at: usize,
    base: usize,
    fields: &mut Fields,
    limits: &HeadLimits,
) -> Step<usize> {
    loop {
        match byte(input, at)? {
            b'\n' | b'\r' => return line_end(input, at),
            b' ' | b'\t' => return Err(Error::ObsFold { position: at }.into()),
            _ if fields.len() == limits.fields_max => {
                return Err(Error::TooManyFields { limit: limits.fields_max }.into());
            }
            _ => at = read_field(input, at, base, fields)?,
        }
    }
}

/// Reads one field line.
fn read_field(input: &[u8], start: usize, base: usize, fields: &mut Fields) -> Step<usize> {
    let name_end = end_of_run(input, start, is_token)?;
    check_colon(input, start, name_end)?;
    let value_start = end_of_run(input, name_end + 1, |byte| matches!(byte, b' ' | b'\t'))?;
    let line = value_end(input, value_start);
    let next = line_end(input, line)?;
    let trailing = input[value_start..line].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t'));
    let end = line - trailing.count();
    fields.note(Span::between(start - base, name_end - base), Span::between(value_start - base, end - base));
    Ok(next)
}

/// Steps over the bytes of a class.
pub(super) fn end_of_run(input: &[u8], start: usize, class: impl Fn(u8) -> bool) -> Step<usize> {
    let rest = input.get(start..).ok_or(Stop::Partial)?;
    let length = rest.iter().position(|byte| !class(*byte)).ok_or(Stop::Partial)?;
    Ok(start + length)
}

/// Sees to it that a name ends in a colon and is not empty.
fn check_colon(input: &[u8], start: usize, position: usize) -> Result<(), Error> {
    match input[position] {
        b':' if position == start => Err(Error::EmptyName { position }),
        b':' => Ok(()),
        b' ' | b'\t' => Err(Error::SpaceBeforeColon { position }),
        0 => Err(Error::NulByte { position }),
        byte => Err(Error::BadName { position, byte }),
    }
}
