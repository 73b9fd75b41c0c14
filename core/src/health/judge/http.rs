//! An HTTP response against `http-check expect`.

use std::borrow::Cow;

use bytes::Bytes;

use super::bytes::{find, least};
use super::{Answer, Cause, Failure, Passed, Texts, Verdict, pattern};
use crate::base::limits::{CHECK_ANSWER_MAX, CHECK_WORDS_MAX, FIELDS_MAX};
use crate::h1::{BodyLength, ChunkDecoder, HeadLimits, Parse, Piece, parse_response, response_framing};
use crate::http::{Fields, Method, ResponseHead};
use crate::model::{CheckStatus, CheckStep, CheckText, Expect, ExpectHeader, ExpectWhat, TextMatch};

const LIMITS: HeadLimits = HeadLimits { bytes_max: CHECK_ANSWER_MAX, fields_max: FIELDS_MAX };

/// What the bytes so far are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Reading {
    /// Not yet a head.
    Partial,
    /// A head, which ends here.
    Head(usize),
    /// No HTTP response, or only a piece of one.
    Broken(Failure),
}

/// Reads the head, anew from its first byte each time: answers are short.
pub(in super::super) fn read_head(answer: Answer<'_>, head: &mut ResponseHead) -> Reading {
    let broken = |status, cause| Reading::Broken(Failure { status, code: 0, info: None, cause });
    match parse_response(answer.bytes, head, &LIMITS) {
        Ok(Parse::Complete(end)) => Reading::Head(end),
        Ok(Parse::Partial) if !answer.over => Reading::Partial,
        // 2.8 speaks of the socket here, 2.6 of an invalid response.
        Ok(Parse::Partial) if answer.bytes.len() < CHECK_ANSWER_MAX => {
            broken(CheckStatus::SocketError, Cause::Connection)
        }
        // 2.8 waits for the timeout when it cannot read the head; 2.6 says so at once, and so do we.
        Ok(Parse::Partial) | Err(_) => broken(CheckStatus::Layer7Response, Cause::Syntax),
    }
}

/// Judges a response whose head is read and whose body begins at `body`.
pub(in super::super) fn judge_http(
    step: &CheckStep,
    expect: &Expect,
    head: &ResponseHead,
    body: Answer<'_>,
    texts: &mut Texts<'_>,
) -> Verdict {
    let found = match &expect.what {
        ExpectWhat::Status(ranges) => ranges.iter().any(|(from, to)| (*from..=*to).contains(&head.status)),
        ExpectWhat::StatusRegex(regex) => regex.is_match(format!("{:03}", head.status).as_bytes()),
        ExpectWhat::Header(wanted) => match has_field(wanted, &head.fields, texts) {
            Ok(found) => found,
            Err(failure) => return Verdict::Fail(failure),
        },
        ExpectWhat::Binary(_)
        | ExpectWhat::BinaryFormat(_)
        | ExpectWhat::BinaryRegex(_)
        | ExpectWhat::Contains(_)
        | ExpectWhat::ContainsFormat(_)
        | ExpectWhat::Regex(_)
        | ExpectWhat::LdapBind
        | ExpectWhat::MysqlAnswer
        | ExpectWhat::MysqlGreeting => return judge_body(expect, head, body, texts),
    };
    if found != expect.negate {
        return Verdict::Pass(Passed { code: head.status, info: None });
    }
    let reason = head.reason();
    let info = match &expect.what {
        _ if !reason.is_empty() => reason[..reason.len().min(CHECK_WORDS_MAX)].to_vec(),
        // 2.6 says nothing in the place of a missing reason.
        what => {
            let what = match what {
                ExpectWhat::Header(_) => "header pattern",
                ExpectWhat::StatusRegex(_) => "status regex",
                _ => "status codes",
            };
            format!("TCPCHK did not match content({what}) at step {}", step.number).into()
        }
    };
    Failure::of_answer(CheckStatus::Layer7Status, head.status, info)
}

fn judge_body(expect: &Expect, head: &ResponseHead, rest: Answer<'_>, texts: &mut Texts<'_>) -> Verdict {
    let Some(body) = Body::read(rest.bytes, head) else {
        let (status, cause) = (CheckStatus::Layer7Response, Cause::Answer);
        return Verdict::Fail(Failure { status, code: head.status, info: None, cause });
    };
    let whole = body.whole || rest.over;
    let failed = |info: &str| Failure::of_answer(CheckStatus::Layer7Response, head.status, info);
    if body.bytes.is_empty() {
        return if whole {
            failed("HTTP content check could not find a response body")
        } else {
            Verdict::Wait
        };
    }
    if !whole && body.bytes.len() < least(expect) {
        return Verdict::Wait;
    }
    let found = match find(&expect.what, &body.bytes, texts) {
        Ok(found) => found,
        Err(failure) => return Verdict::Fail(failure),
    };
    if !found && !whole && expect.min_recv.is_none() {
        return Verdict::Wait;
    }
    if found != expect.negate {
        return Verdict::Pass(Passed { code: head.status, info: None });
    }
    failed(if found { "HTTP check matched unwanted content" } else { "HTTP content check did not match" })
}

/// The body of a response as far as it came; nothing where its framing is broken.
pub(in super::super) fn body_of<'a>(rest: &'a [u8], head: &ResponseHead) -> Cow<'a, [u8]> {
    Body::read(rest, head).map(|body| body.bytes).unwrap_or_default()
}

/// The body so far.
struct Body<'a> {
    bytes: Cow<'a, [u8]>,
    whole: bool,
}

impl<'a> Body<'a> {
    /// `None` when the bytes make no sense.
    fn read(rest: &'a [u8], head: &ResponseHead) -> Option<Body<'a>> {
        let framing = response_framing(head, Method::Get, false).ok()?;
        Some(match framing.body {
            BodyLength::None => Body { bytes: Cow::Borrowed(&[]), whole: true },
            BodyLength::UntilClose => Body { bytes: Cow::Borrowed(rest), whole: false },
            BodyLength::Length(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let bytes = &rest[..rest.len().min(length)];
                Body { whole: bytes.len() == length, bytes: Cow::Borrowed(bytes) }
            }
            BodyLength::Chunked => Body::unchunk(rest)?,
        })
    }

    fn unchunk(rest: &[u8]) -> Option<Body<'static>> {
        let mut body = Vec::new();
        let mut whole = false;
        let (mut decoder, mut trailers) = (ChunkDecoder::default(), Fields::default());
        let mut rest = Bytes::copy_from_slice(rest);
        loop {
            match decoder.next(&mut rest, &mut trailers, &LIMITS).ok()? {
                Piece::Data(bytes) => body.extend_from_slice(&bytes),
                Piece::NeedMore => break,
                Piece::End => {
                    whole = true;
                    break;
                }
            }
        }
        Some(Body { bytes: Cow::Owned(body), whole })
    }
}

/// Whether a field is there, with a value that is wanted.
fn has_field(wanted: &ExpectHeader, fields: &Fields, texts: &mut Texts<'_>) -> Result<bool, Failure> {
    let name = Matcher::new(&wanted.name, Case::Folded, texts)?;
    let value = wanted.value.as_ref().map(|value| Matcher::new(value, Case::Exact, texts)).transpose()?;
    let fits = |text: &[u8]| match &value {
        Some(value) if wanted.full => value.fits(text),
        Some(value) => values(text).any(|one| value.fits(one)),
        None => true,
    };
    Ok(fields.iter().any(|(_, field, text)| name.fits(&field.to_ascii_lowercase()) && fits(text)))
}

/// The values that commas separate, outside of quotes, without white space around them.
fn values(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    let split = move |&byte: &u8| {
        let plain = !std::mem::take(&mut escaped);
        quoted ^= byte == b'"' && plain;
        escaped = byte == b'\\' && quoted && plain;
        byte == b',' && !quoted
    };
    text.split(split).map(<[u8]>::trim_ascii)
}

/// How a text is compared, its format rendered.
enum Matcher<'m> {
    Begins(Cow<'m, [u8]>),
    Ends(Cow<'m, [u8]>),
    Is(Cow<'m, [u8]>),
    Regex(&'m regex::bytes::Regex),
    Within(Cow<'m, [u8]>),
}

impl<'m> Matcher<'m> {
    fn new(wanted: &'m TextMatch, case: Case, texts: &mut Texts<'_>) -> Result<Matcher<'m>, Failure> {
        let mut text = |text: &'m CheckText| {
            let text = match text {
                CheckText::Plain(text) => Cow::Borrowed(text.as_bytes()),
                CheckText::Format(format) => Cow::Owned(pattern(format, texts)?),
            };
            Ok(if case == Case::Folded { Cow::Owned(text.to_ascii_lowercase()) } else { text })
        };
        Ok(match wanted {
            TextMatch::Begins(wanted) => Matcher::Begins(text(wanted)?),
            TextMatch::Ends(wanted) => Matcher::Ends(text(wanted)?),
            TextMatch::Is(wanted) => Matcher::Is(text(wanted)?),
            TextMatch::Regex(regex) => Matcher::Regex(regex),
            TextMatch::Within(wanted) => Matcher::Within(text(wanted)?),
        })
    }

    fn fits(&self, text: &[u8]) -> bool {
        match self {
            Matcher::Begins(wanted) => text.starts_with(wanted),
            Matcher::Ends(wanted) => text.ends_with(wanted),
            Matcher::Is(wanted) => text == &wanted[..],
            Matcher::Regex(regex) => regex.is_match(text),
            Matcher::Within(wanted) => memchr::memmem::find(text, wanted).is_some(),
        }
    }
}

/// Whether letters are compared as they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    /// As they are: values.
    Exact,
    /// In lower case: names.
    Folded,
}
