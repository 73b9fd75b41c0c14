//! Whether what a server sent is what a step expects.

mod bytes;
mod http;
mod protocol;

pub(super) use bytes::judge_bytes;
pub(super) use http::{Reading, body_of, judge_http, read_head};

use crate::log::Format;
use crate::model::{CheckAction, CheckFamily, CheckStatus, CheckStep, Expect, ExpectWhat};

/// What came so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    pub(super) bytes: &'a [u8],
    /// No more will come, or no more is taken.
    pub(super) over: bool,
}

/// What an expectation makes of the bytes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// More bytes may change it.
    Wait,
    /// As expected.
    Pass(Passed),
    /// Not as expected.
    Fail(Failure),
}

/// What is known of an answer that is as expected.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Passed {
    /// The code received, zero for none.
    pub(super) code: u16,
    /// Words of the server, for the result of the whole check.
    pub(super) info: Option<Vec<u8>>,
}

/// Why an expectation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: CheckStatus,
    pub(super) code: u16,
    pub(super) info: Option<Vec<u8>>,
    /// Whose fault it is decides whether the options of `expect` have a say.
    pub(super) cause: Cause,
}

/// Why it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The answer: `error-status`, `on-error` and `status-code` apply.
    Answer,
    /// The pattern could not be made: only the comment is told.
    Pattern,
    /// The connection ended too early: nothing more is told.
    Connection,
    /// The bytes are no HTTP: `on-error` applies.
    Syntax,
}

impl Failure {
    pub(super) fn of_answer(status: CheckStatus, code: u16, info: impl Into<Vec<u8>>) -> Verdict {
        let info = Some(info.into()).filter(|info: &Vec<u8>| !info.is_empty());
        Verdict::Fail(Failure { status, code, info, cause: Cause::Answer })
    }

    pub(super) fn of_pattern(info: &str) -> Failure {
        let (status, cause) = (CheckStatus::Layer7Response, Cause::Pattern);
        Failure { status, code: 0, info: Some(info.into()), cause }
    }
}

/// Renders a format at this moment of the check.
pub(super) type Texts<'t> = dyn FnMut(&Format) -> Vec<u8> + 't;

/// What a format gives as a pattern: an empty one would match everything.
fn pattern(format: &Format, texts: &mut Texts<'_>) -> Result<Vec<u8>, Failure> {
    let text = texts(format);
    match text.is_empty() {
        true => Err(Failure::of_pattern("log-format string evaluated to an empty string")),
        false => Ok(text),
    }
}

/// The bytes that pairs of hexadecimal digits say.
pub(super) fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.chunks(2).map(|pair| match *pair {
        [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    });
    pairs.collect()
}

/// Bytes as pairs of upper-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02X}");
    }
    text
}

/// Words safe within quotes: what is not printable, and the quote itself, as `<hex>`.
pub(super) fn escaped(words: &[u8]) -> String {
    let mut text = String::with_capacity(words.len());
    for &byte in words {
        if (byte == b' ' || byte.is_ascii_graphic()) && byte != b'"' && byte != b'<' && byte != b'>' {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("<{byte:02X}>"));
        }
    }
    text
}

/// Where a `tcp-check` stopped, as logs name it.
pub(super) fn whereabouts(family: CheckFamily, step: &CheckStep) -> String {
    if family != CheckFamily::Tcp {
        return String::new();
    }
    if step.number == 0 {
        return " at initial connection step of tcp-check".to_owned();
    }
    let comment = step.comment.as_ref().map(|words| format!(" comment: '{words}'")).unwrap_or_default();
    format!(" at step {} of tcp-check ({}){comment}", step.number, named(&step.action))
}

fn named(action: &CheckAction) -> String {
    match action {
        CheckAction::Connect(connect) => match connect.port {
            Some(crate::model::CheckPort::Number(port)) => format!("connect port {port}"),
            Some(crate::model::CheckPort::Sample(_)) | None => "connect".to_owned(),
        },
        CheckAction::Request(_) | CheckAction::Send(_) => "send".to_owned(),
        CheckAction::SetVariable(..) => "set-var".to_owned(),
        CheckAction::UnsetVariable(_) => "unset-var".to_owned(),
        CheckAction::Expect(expect) => expected(expect),
    }
}

fn expected(expect: &Expect) -> String {
    match &expect.what {
        // 2.6 shows the bytes themselves.
        ExpectWhat::Binary(wanted) => format!("expect binary '{}'", hex(wanted)),
        ExpectWhat::BinaryFormat(_) => "expect log-format binary".to_owned(),
        ExpectWhat::BinaryRegex(_) => "expect binary regex".to_owned(),
        ExpectWhat::Contains(wanted) => format!("expect string '{}'", String::from_utf8_lossy(wanted)),
        ExpectWhat::ContainsFormat(_) => "expect log-format string".to_owned(),
        ExpectWhat::Header(_) => "expect HTTP header pattern".to_owned(),
        ExpectWhat::LdapBind | ExpectWhat::MysqlAnswer | ExpectWhat::MysqlGreeting => {
            "expect custom function".to_owned()
        }
        ExpectWhat::Regex(_) => "expect regex".to_owned(),
        ExpectWhat::Status(_) => "expect HTTP status codes".to_owned(),
        ExpectWhat::StatusRegex(_) => "expect HTTP status regex".to_owned(),
    }
}
