//! What requests and responses share: occurrences of fields and of cookies.

use crate::http::{Fields, Known, Version};
use crate::sample::arguments::{Argument, ArgumentKind, Signature};
use crate::sample::value::address_of;
use crate::sample::{Type, Value};

use super::{Take, each_text, text};

/// A field's name and an occurrence: 1 is the first, -1 the last.
pub(super) const OCCURRENCE: Signature =
    Signature { kinds: &[ArgumentKind::Text, ArgumentKind::Integer], required: 1 };

/// The members of comma-separated values: commas in quotes do not separate, empty members count.
fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        let mut quoted = false;
        let mut escaped = false;
        let end = value.iter().position(|&byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b',' if !quoted => return true,
                _ => {}
            }
            false
        });
        rest = end.map(|end| &value[end + 1..]);
        Some(value[..end.unwrap_or(value.len())].trim_ascii())
    })
}

/// The values of the fields of this name, or of all fields when there is no name.
fn lines<'f>(fields: &'f Fields, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
    let wanted = |own: &[u8]| name.is_empty() || own.eq_ignore_ascii_case(name.as_bytes());
    fields.iter().filter(move |(_, own, _)| wanted(own)).map(|(_, _, value)| value)
}

/// The member or line that the arguments ask for: position from 1, or from the end below 0.
fn occurrence<'f, I: Iterator<Item = &'f [u8]>>(all: impl Fn() -> I, position: i64) -> Option<&'f [u8]> {
    let index = match position {
        0 => return None,
        1.. => position - 1,
        _ => i64::try_from(all().count()).ok()? + position,
    };
    all().nth(usize::try_from(index).ok()?)
}

/// `hdr`: members of comma-separated values.
pub(super) fn member(fields: &Fields, arguments: &[Argument], out: &mut Vec<u8>) -> Option<Value> {
    let all = || lines(fields, arguments[0].text()).flat_map(members);
    text(out, occurrence(all, arguments[1].integer_or(-1))?)
}

/// `hdr` in an ACL: all members, unless one is asked for.
pub(super) fn each_member(
    fields: &Fields,
    arguments: &[Argument],
    out: &mut Vec<u8>,
    take: &mut Take<'_>,
) -> bool {
    match arguments[1] {
        Argument::Absent => each_text(lines(fields, arguments[0].text()).flat_map(members), out, take),
        _ => member(fields, arguments, out).is_some_and(|value| take(value, out)),
    }
}

/// `fhdr` in an ACL: all lines, unless one is asked for.
pub(super) fn each_line(
    fields: &Fields,
    arguments: &[Argument],
    out: &mut Vec<u8>,
    take: &mut Take<'_>,
) -> bool {
    match arguments[1] {
        Argument::Absent => each_text(lines(fields, arguments[0].text()), out, take),
        _ => line(fields, arguments, out).is_some_and(|value| take(value, out)),
    }
}

/// `hdr_ip`: a member that is an address, of IPv4 with a port perhaps.
pub(super) fn member_address(fields: &Fields, arguments: &[Argument], out: &mut Vec<u8>) -> Option<Value> {
    let mark = out.len();
    member(fields, arguments, out).and_then(|_| address_behind(mark, out))
}

/// `hdr_ip` in an ACL.
pub(super) fn each_address(
    fields: &Fields,
    arguments: &[Argument],
    out: &mut Vec<u8>,
    take: &mut Take<'_>,
) -> bool {
    let mark = out.len();
    each_member(fields, arguments, out, &mut |_, out| {
        address_behind(mark, out).is_some_and(|address| take(address, out))
    })
}

/// Takes an address out of the buffer.
fn address_behind(mark: usize, out: &mut Vec<u8>) -> Option<Value> {
    let address = std::str::from_utf8(&out[mark..]).ok().and_then(address_of);
    out.truncate(mark);
    address.map(Value::Address)
}

/// `hdr_val`: a member that is a number.
pub(super) fn member_number(fields: &Fields, arguments: &[Argument], out: &mut Vec<u8>) -> Option<Value> {
    let mark = out.len();
    member(fields, arguments, out).and_then(|value| value.cast(Type::Integer, out, mark))
}

/// `hdr_val` in an ACL.
pub(super) fn each_number(
    fields: &Fields,
    arguments: &[Argument],
    out: &mut Vec<u8>,
    take: &mut Take<'_>,
) -> bool {
    let mark = out.len();
    each_member(fields, arguments, out, &mut |value, out| {
        value.cast(Type::Integer, out, mark).is_some_and(|number| take(number, out))
    })
}

/// `hdr_cnt`.
pub(super) fn member_count(fields: &Fields, arguments: &[Argument]) -> Option<Value> {
    count(lines(fields, arguments[0].text()).flat_map(members))
}

/// `fhdr`: whole lines.
pub(super) fn line(fields: &Fields, arguments: &[Argument], out: &mut Vec<u8>) -> Option<Value> {
    let all = || lines(fields, arguments[0].text());
    text(out, occurrence(all, arguments[1].integer_or(-1))?)
}

/// `fhdr_cnt`.
pub(super) fn line_count(fields: &Fields, arguments: &[Argument]) -> Option<Value> {
    count(lines(fields, arguments[0].text()))
}

/// `hdr_names`: all names in order, in lower case as they are sent.
pub(super) fn names(fields: &Fields, arguments: &[Argument], out: &mut Vec<u8>) -> Option<Value> {
    let delimiter = arguments[0].text().bytes().next().unwrap_or(b',');
    for (at, (_, name, _)) in fields.iter().enumerate() {
        if at > 0 {
            out.push(delimiter);
        }
        out.extend(name.iter().map(u8::to_ascii_lowercase));
    }
    Some(Value::Text)
}

/// `ver`: the digits of the version.
pub(super) fn version(version: Version, out: &mut Vec<u8>) -> Option<Value> {
    text(out, version.text().trim_start_matches("HTTP/").as_bytes())
}

/// All cookies that a request brings: name and value, white space around either dropped.
pub(super) fn cookies(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields.known(Known::Cookie).flat_map(|value| value.split(|&byte| byte == b';')).filter_map(pair)
}

/// All cookies that a response sets, their attributes dropped.
pub(super) fn set_cookies(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> {
    fields.known(Known::SetCookie).filter_map(|value| pair(value.split(|&byte| byte == b';').next()?))
}

/// The last cookie of this name, or the first of all when there is no name.
pub(super) fn cookie<'f>(
    mut all: impl Iterator<Item = (&'f [u8], &'f [u8])>,
    arguments: &[Argument],
    out: &mut Vec<u8>,
) -> Option<Value> {
    let name = arguments[0].text().as_bytes();
    let found = if name.is_empty() { all.next() } else { all.filter(|(own, _)| *own == name).last() };
    text(out, found?.1)
}

/// Cookies in an ACL: all of this name, or all where there is no name.
pub(super) fn each_cookie<'f>(
    all: impl Iterator<Item = (&'f [u8], &'f [u8])>,
    arguments: &[Argument],
    out: &mut Vec<u8>,
    take: &mut Take<'_>,
) -> bool {
    let name = arguments[0].text().as_bytes();
    each_text(all.filter(|(own, _)| name.is_empty() || *own == name).map(|(_, value)| value), out, take)
}

/// How many cookies of this name there are, or of any when there is no name.
pub(super) fn cookie_count<'f>(
    all: impl Iterator<Item = (&'f [u8], &'f [u8])>,
    arguments: &[Argument],
) -> Option<Value> {
    let name = arguments[0].text().as_bytes();
    count(all.filter(|(own, _)| name.is_empty() || *own == name))
}

fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'=', text)?;
    Some((text[..at].trim_ascii(), text[at + 1..].trim_ascii()))
}

fn count(all: impl Iterator) -> Option<Value> {
    i64::try_from(all.count()).ok().map(Value::Integer)
}
