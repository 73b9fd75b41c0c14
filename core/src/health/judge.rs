//! Whether what a server sent is what a step expects.

use std::borrow::Cow;

use bytes::Bytes;

use super::outcome::CheckStatus;
use super::plan::{Action, Family, Step};
use crate::base::limits::{CHECK_ANSWER_MAX, FIELDS_MAX};
use crate::h1::{BodyLength, ChunkDecoder, HeadLimits, Parse, Piece, parse_response, response_framing};
use crate::http::{Fields, Method, ResponseHead};
use crate::model::{Expect, ExpectWhat};

/// What an expectation makes of the bytes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// More bytes may change it.
    Wait,
    /// As expected; the code received, zero for none.
    Pass(u16),
    /// Not as expected.
    Fail(Failure),
}

/// Why an expectation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: CheckStatus,
    pub(super) code: u16,
    pub(super) info: Option<String>,
}

impl Failure {
    /// The answer makes no sense.
    fn unreadable() -> Failure {
        Failure { status: CheckStatus::Layer7Response, code: 0, info: None }
    }

    fn response(info: String) -> Verdict {
        Verdict::Fail(Failure { status: CheckStatus::Layer7Response, code: 0, info: Some(info) })
    }
}

/// Judges plain bytes. `over` says that no more will come.
pub(super) fn judge_bytes(step: &Step, expect: &Expect, received: &[u8], over: bool) -> Verdict {
    if received.is_empty() && over {
        return Failure::response(format!("TCPCHK got an empty response at step {}", step.number));
    }
    if received.is_empty() || (!over && expect.min_recv.is_some_and(|least| received.len() < least)) {
        return Verdict::Wait;
    }
    let wanted = match &expect.what {
        ExpectWhat::Contains(wanted) | ExpectWhat::Binary(wanted) => wanted,
        // The reader refuses a status here: bytes alone have none.
        ExpectWhat::Status(_) => return Verdict::Fail(Failure::unreadable()),
    };
    let found = memchr::memmem::find(received, wanted).is_some();
    if found != expect.negate {
        return if found || over || expect.min_recv.is_some() { Verdict::Pass(0) } else { Verdict::Wait };
    }
    if !found && !over && expect.min_recv.is_none() {
        return Verdict::Wait;
    }
    let verb = if found { "matched unwanted content" } else { "did not match content" };
    let content = match &expect.what {
        ExpectWhat::Contains(wanted) => format!("'{}'", String::from_utf8_lossy(wanted)),
        ExpectWhat::Binary(_) | ExpectWhat::Status(_) => "(binary)".to_owned(),
    };
    Failure::response(format!("TCPCHK {verb} {content} at step {}{}", step.number, remark(step)))
}

/// The comment of a step that was judged.
fn remark(step: &Step) -> String {
    step.comment.as_ref().map(|words| format!(" comment: {words}")).unwrap_or_default()
}

/// Judges an HTTP response, read anew from its first byte each time: answers are short.
pub(super) fn judge_http(
    step: &Step,
    expect: &Expect,
    received: &[u8],
    over: bool,
    head: &mut ResponseHead,
) -> Verdict {
    let limits = HeadLimits { bytes_max: CHECK_ANSWER_MAX, fields_max: FIELDS_MAX };
    let end = match parse_response(received, head, &limits) {
        Ok(Parse::Complete(end)) => end,
        Ok(Parse::Partial) if !over && received.len() < CHECK_ANSWER_MAX => return Verdict::Wait,
        // 2.8 speaks of the socket here, 2.6 of an invalid response.
        Ok(Parse::Partial) if over => {
            return Verdict::Fail(Failure { status: CheckStatus::SocketError, code: 0, info: None });
        }
        // 2.8 waits for the timeout when it cannot read the head; 2.6 says so at once, and so do we.
        Ok(Parse::Partial) | Err(_) => {
            return Verdict::Fail(Failure::unreadable());
        }
    };
    match &expect.what {
        ExpectWhat::Status(ranges) => judge_status(step, expect.negate, ranges, head),
        ExpectWhat::Contains(wanted) | ExpectWhat::Binary(wanted) => {
            let Some(body) = Body::read(&received[end..], head, &limits) else {
                return Verdict::Fail(Failure::unreadable());
            };
            judge_body(step, expect.negate, wanted, &body, over, head.status)
        }
    }
}

fn judge_status(step: &Step, negate: bool, ranges: &[(u16, u16)], head: &ResponseHead) -> Verdict {
    let found = ranges.iter().any(|(from, to)| (*from..=*to).contains(&head.status));
    if found != negate {
        return Verdict::Pass(head.status);
    }
    let reason = head.reason();
    let mut info = if reason.is_empty() {
        format!("TCPCHK did not match content(status codes) at step {}", step.number)
    } else {
        escaped(reason)
    };
    info.push_str(&remark(step));
    Verdict::Fail(Failure { status: CheckStatus::Layer7Status, code: head.status, info: Some(info) })
}

fn judge_body(step: &Step, negate: bool, wanted: &[u8], body: &Body<'_>, over: bool, code: u16) -> Verdict {
    let whole = body.whole || over || body.bytes.len() >= CHECK_ANSWER_MAX;
    if body.bytes.is_empty() {
        let info = "HTTP content check could not find a response body".to_owned();
        return if whole { Failure::response(info) } else { Verdict::Wait };
    }
    let found = memchr::memmem::find(&body.bytes, wanted).is_some();
    if !found && !whole {
        return Verdict::Wait;
    }
    if found != negate {
        return Verdict::Pass(code);
    }
    let verb = if found { "HTTP check matched unwanted content" } else { "HTTP content check did not match" };
    Failure::response(format!("{verb}{}", remark(step)))
}

/// The body so far.
struct Body<'a> {
    bytes: Cow<'a, [u8]>,
    whole: bool,
}

impl<'a> Body<'a> {
    /// `None` when the bytes make no sense.
    fn read(rest: &'a [u8], head: &ResponseHead, limits: &HeadLimits) -> Option<Body<'a>> {
        let framing = response_framing(head, Method::Get, false).ok()?;
        Some(match framing.body {
            BodyLength::None => Body { bytes: Cow::Borrowed(&[]), whole: true },
            BodyLength::UntilClose => Body { bytes: Cow::Borrowed(rest), whole: false },
            BodyLength::Length(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let bytes = &rest[..rest.len().min(length)];
                Body { whole: bytes.len() == length, bytes: Cow::Borrowed(bytes) }
            }
            BodyLength::Chunked => {
                let mut body = Vec::new();
                let mut whole = false;
                let (mut decoder, mut trailers) = (ChunkDecoder::default(), Fields::default());
                let mut rest = Bytes::copy_from_slice(rest);
                loop {
                    match decoder.next(&mut rest, &mut trailers, limits).ok()? {
                        Piece::Data(bytes) => body.extend_from_slice(&bytes),
                        Piece::NeedMore => break,
                        Piece::End => {
                            whole = true;
                            break;
                        }
                    }
                }
                Body { bytes: Cow::Owned(body), whole }
            }
        })
    }
}

/// A server's words, safe within quotes: what is not printable, and the quote itself, as `<hex>`.
fn escaped(words: &[u8]) -> String {
    const WORDS_MAX: usize = 128;
    let mut text = String::new();
    for &byte in &words[..words.len().min(WORDS_MAX)] {
        if (byte == b' ' || byte.is_ascii_graphic()) && byte != b'"' {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("<{byte:02X}>"));
        }
    }
    text
}

/// Where a `tcp-check` stopped, as logs name it.
pub(super) fn whereabouts(family: Family, step: &Step) -> String {
    if family != Family::Tcp {
        return String::new();
    }
    if step.number == 0 {
        return " at initial connection step of tcp-check".to_owned();
    }
    let what = match &step.action {
        Action::Connect { port: Some(port), .. } => format!("connect port {port}"),
        Action::Connect { .. } => "connect".to_owned(),
        Action::Send(_) => "send".to_owned(),
        Action::Expect(expect) => match &expect.what {
            ExpectWhat::Contains(wanted) => format!("expect string '{}'", String::from_utf8_lossy(wanted)),
            // 2.6 shows the bytes themselves.
            ExpectWhat::Binary(wanted) => {
                let digits: String = wanted.iter().map(|byte| format!("{byte:02X}")).collect();
                format!("expect binary '{digits}'")
            }
            ExpectWhat::Status(_) => "expect status".to_owned(),
        },
    };
    let comment = step.comment.as_ref().map(|words| format!(" comment: '{words}'")).unwrap_or_default();
    format!(" at step {} of tcp-check ({what}){comment}", step.number)
}
