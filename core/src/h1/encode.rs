//! Heads and chunks to bytes, in HAProxy's order.
//!
//! What the binaries send: names in lower case, one space after the colon, fields in the order of arrival.
//! The length or the coding stands where the received one stood, once, and anew behind the other fields if
//! there was none; then `connection`, which is always last unless it carries other members (an upgrade).

use std::ops::Range;

use bytes::{BufMut, BytesMut};

use super::BodyLength;
use crate::base::text::put_decimal;
use crate::http::{Fields, Known, RequestHead, ResponseHead, Version, members, reason_of};

/// What the head says about its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Nothing; the version's own rule holds.
    Default,
    /// `keep-alive`
    KeepAlive,
    /// `close`
    Close,
    /// `upgrade`; `Upgrade` fields are sent only with this one.
    Upgrade,
}

impl Connection {
    /// What HAProxy tells a server: 1.1 persists and 1.0 does not unless something else is said.
    pub fn for_request(version: Version, persistent: bool) -> Connection {
        match (version, persistent) {
            (Version::Http10, true) => Connection::KeepAlive,
            (Version::Http11, false) => Connection::Close,
            _ => Connection::Default,
        }
    }

    /// What HAProxy tells a client, by the version of the response and that of the request.
    pub fn for_response(version: Version, client: Version, persistent: bool) -> Connection {
        match (version, client, persistent) {
            (Version::Http11, Version::Http11, true) | (Version::Http10, _, false) => Connection::Default,
            (_, _, true) => Connection::KeepAlive,
            (_, _, false) => Connection::Close,
        }
    }
}

/// Appends a request head. With no body, no length and no coding are sent; zero length is sent if said.
pub fn encode_request(
    out: &mut BytesMut,
    head: &RequestHead,
    version: Version,
    body: BodyLength,
    connection: Connection,
) {
    reserve(out, &head.fields);
    out.extend_from_slice(head.method_text());
    out.put_u8(b' ');
    out.extend_from_slice(head.target());
    out.put_u8(b' ');
    out.extend_from_slice(version.text().as_bytes());
    out.extend_from_slice(b"\r\n");
    encode_fields(out, &head.fields, body, false, connection);
}

/// Appends a response head. With no body, what the fields say of the length is sent on, for it describes the
/// answer to a GET; but not in 1xx and 204, which can have none. A missing reason is filled in.
pub fn encode_response(
    out: &mut BytesMut,
    head: &ResponseHead,
    version: Version,
    body: BodyLength,
    connection: Connection,
) {
    reserve(out, &head.fields);
    out.extend_from_slice(version.text().as_bytes());
    out.put_u8(b' ');
    put_decimal(out, u64::from(head.status));
    out.put_u8(b' ');
    let reason = if head.reason().is_empty() { reason_of(head.status).as_bytes() } else { head.reason() };
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
    let describes = body == BodyLength::None && !matches!(head.status, 100..200 | 204);
    encode_fields(out, &head.fields, body, describes, connection);
}

/// Appends the line before a chunk of `len` bytes, which must not be zero. The chunk itself needs a line end
/// behind it.
pub fn encode_chunk_header(out: &mut BytesMut, len: usize) {
    debug_assert!(len > 0, "an empty chunk would end the body");
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digits = (usize::BITS - len.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        out.put_u8(DIGITS[(len >> (place * 4)) & 15]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the last chunk, the trailers and the blank line.
pub fn encode_last_chunk(out: &mut BytesMut, trailers: &Fields) {
    out.extend_from_slice(b"0\r\n");
    for (_, name, value) in trailers.iter() {
        put_field(out, name, value);
    }
    out.extend_from_slice(b"\r\n");
}

/// Room for the head and the little that may be added to it.
fn reserve(out: &mut BytesMut, fields: &Fields) {
    out.reserve(fields.buffer.len() + 2 * fields.len() + 96);
}

fn encode_fields(
    out: &mut BytesMut,
    fields: &Fields,
    body: BodyLength,
    describes: bool,
    connection: Connection,
) {
    let mut length_due = matches!(body, BodyLength::Length(_)) || describes;
    let mut coding_due = body == BodyLength::Chunked || describes;
    let mut upgrade_due = connection == Connection::Upgrade;
    let mut run = Run { text: &fields.buffer, start: 0, end: 0 };
    for (known, name, value, line) in fields.lines() {
        match known {
            Known::ContentLength if length_due => {
                length_due = false;
                match line.filter(|_| is_plain_length(value, body)) {
                    Some(line) => run.add(out, line),
                    None => put_length(run.flush(out), body, value),
                }
            }
            Known::TransferEncoding if coding_due => {
                coding_due = false;
                run.flush(out).extend_from_slice(b"transfer-encoding: chunked\r\n");
            }
            Known::ContentLength | Known::TransferEncoding => {}
            Known::Connection => upgrade_due &= !put_connection(run.flush(out), value, connection),
            Known::Upgrade if connection != Connection::Upgrade => {}
            _ => match line {
                Some(line) => run.add(out, line),
                None => put_field(run.flush(out), name, value),
            },
        }
    }
    run.flush(out);
    if let (BodyLength::Length(_), true) = (body, length_due) {
        put_length(out, body, b"");
    }
    if body == BodyLength::Chunked && coding_due {
        out.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    out.extend_from_slice(match connection {
        Connection::KeepAlive => b"connection: keep-alive\r\n",
        Connection::Close => b"connection: close\r\n",
        Connection::Upgrade if upgrade_due => b"connection: upgrade\r\n",
        Connection::Upgrade | Connection::Default => b"",
    });
    out.extend_from_slice(b"\r\n");
}

/// Neighbouring fields that stand in the buffer as they are sent, so that they are copied as one.
struct Run<'a> {
    text: &'a [u8],
    start: usize,
    end: usize,
}

impl Run<'_> {
    fn add(&mut self, out: &mut BytesMut, line: Range<usize>) {
        if line.start != self.end {
            self.flush(out);
            self.start = line.start;
        }
        self.end = line.end;
    }

    /// Appends what was added.
    fn flush<'o>(&mut self, out: &'o mut BytesMut) -> &'o mut BytesMut {
        out.extend_from_slice(&self.text[self.start..self.end]);
        self.start = self.end;
        out
    }
}

/// Whether a received length is the body's, written as it would be written here.
fn is_plain_length(value: &[u8], body: BodyLength) -> bool {
    let BodyLength::Length(length) = body else { return false };
    value.len() == length.checked_ilog10().unwrap_or(0) as usize + 1
}

/// Appends the length: the body's own, or the number that a bodiless response describes.
fn put_length(out: &mut BytesMut, body: BodyLength, described: &[u8]) {
    out.extend_from_slice(b"content-length: ");
    match body {
        BodyLength::Length(length) => put_decimal(out, length),
        _ => out.extend_from_slice(without_zeros(described)),
    }
    out.extend_from_slice(b"\r\n");
}

/// The first number of a described length, which framing has checked, without leading zeros.
fn without_zeros(described: &[u8]) -> &[u8] {
    let digits = members(described).next().unwrap_or(b"0");
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    &digits[zeros.min(digits.len().saturating_sub(1))..]
}

/// Appends a received `Connection` without the members that are ours to say; returns whether `upgrade` was
/// among the others.
fn put_connection(out: &mut BytesMut, value: &[u8], connection: Connection) -> bool {
    let is_upgrade = |member: &[u8]| member.eq_ignore_ascii_case(b"upgrade");
    let keep = |member: &&[u8]| {
        !member.eq_ignore_ascii_case(b"close")
            && !member.eq_ignore_ascii_case(b"keep-alive")
            && (connection == Connection::Upgrade || !is_upgrade(member))
    };
    let upgrade = connection == Connection::Upgrade && members(value).any(is_upgrade);
    if members(value).all(|member| keep(&member)) {
        if !value.is_empty() {
            put_field(out, b"connection", value);
        }
        return upgrade;
    }
    let mut separator: &[u8] = b"connection: ";
    for member in members(value).filter(keep) {
        out.extend_from_slice(separator);
        out.extend_from_slice(member);
        separator = b",";
    }
    if separator == b"," {
        out.extend_from_slice(b"\r\n");
    }
    upgrade
}

fn put_field(out: &mut BytesMut, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}
