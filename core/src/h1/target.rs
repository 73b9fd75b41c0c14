//! Request targets and `Host` (RFC 9112 3.2): which forms there are, and that both name one place.

use super::Error;
use super::classes::is_host;
use crate::http::{Known, Method, RequestHead, Span};

/// A place: host in any case, and port.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Authority<'a> {
    host: &'a [u8],
    port: Option<&'a [u8]>,
}

impl<'a> Authority<'a> {
    /// Splits at the colon outside brackets. An empty port is none.
    fn split(text: &'a [u8]) -> Authority<'a> {
        let after = memchr::memrchr(b']', text).unwrap_or(0);
        match memchr::memchr(b':', &text[after..]) {
            None => Authority { host: text, port: None },
            Some(offset) => {
                let (host, port) = text.split_at(after + offset);
                Authority { host, port: (port.len() > 1).then(|| &port[1..]) }
            }
        }
    }

    /// Whether both name the same place, where a missing port is one of `defaults`.
    fn same(self, other: Authority<'_>, defaults: &[&[u8]]) -> bool {
        let ports = match (self.port, other.port) {
            (Some(own), Some(theirs)) => own == theirs,
            (None, None) => true,
            (Some(port), None) | (None, Some(port)) => defaults.contains(&port),
        };
        ports && self.host.eq_ignore_ascii_case(other.host)
    }
}

/// Checks the target's form, and `Host` by itself and against it.
///
/// A request without `Host` passes, in HTTP/1.1 too, as in HAProxy. HAProxy 2.8 lets targets of no known form
/// pass (`GET foo`); 2.6 refuses them and so do we.
pub(super) fn check_target(head: &RequestHead, position: usize) -> Result<(), Error> {
    let mut hosts = head.fields.known(Known::Host);
    let host = hosts.next();
    if hosts.next().is_some() {
        // HAProxy merges two equal ones; RFC 9112 3.2 wants them refused.
        return Err(Error::HostRepeated);
    }
    if !host.is_none_or(is_valid_host) {
        return Err(Error::HostInvalid);
    }
    let target = head.target();
    let bad = Error::BadTarget { position };
    if head.method == Method::Connect {
        return check_connect(target, host).ok_or(bad)?;
    }
    match target {
        [b'/', ..] | b"*" => Ok(()),
        _ => check_absolute(target, host).ok_or(bad)?,
    }
}

/// `host:port`; `None` if it is not. A `Host` without a port stands for the two usual ones.
fn check_connect(target: &[u8], host: Option<&[u8]>) -> Option<Result<(), Error>> {
    let authority = without_user(target);
    let place = Authority::split(authority);
    if place.host.is_empty() || !is_valid_host(authority) {
        return None;
    }
    place.port.filter(|port| port.iter().all(u8::is_ascii_digit))?;
    Some(agree(place, host, &[b"80", b"443"]))
}

/// `scheme://authority/path`; `None` if it is not.
fn check_absolute(target: &[u8], host: Option<&[u8]>) -> Option<Result<(), Error>> {
    let colon = memchr::memchr(b':', target)?;
    let (scheme, rest) = target.split_at(colon);
    let rest = rest.strip_prefix(b"://")?;
    let is_scheme_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    if !scheme.first()?.is_ascii_alphabetic() || !scheme.iter().all(is_scheme_byte) {
        return None;
    }
    let end = memchr::memchr(b'/', rest).unwrap_or(rest.len());
    let authority = without_user(&rest[..end]);
    let place = Authority::split(authority);
    if place.host.is_empty() || !is_valid_host(authority) {
        return None;
    }
    Some(agree(place, host, default_ports(scheme)))
}

/// The port that a scheme stands for, if it is one of ours.
fn default_ports(scheme: &[u8]) -> &'static [&'static [u8]] {
    match scheme {
        scheme if scheme.eq_ignore_ascii_case(b"http") => &[b"80"],
        scheme if scheme.eq_ignore_ascii_case(b"https") => &[b"443"],
        _ => &[],
    }
}

/// Brings a checked target into the form that HAProxy 2.8 sends and that its rules see.
///
/// Of `http` and `https` targets goes a port that says nothing, and an empty path becomes `/` (save for
/// `OPTIONS`); a target that was changed thereby also words `Host` anew. With `CONNECT` it is `Host` that
/// loses port 80 or 443. All else stays as received.
pub(super) fn normalize_target(head: &mut RequestHead) {
    if head.method == Method::Connect {
        return shorten_connect_host(head);
    }
    let target = head.target();
    let Some(colon) = memchr::memmem::find(target, b"://").filter(|_| target[0] != b'/') else { return };
    let defaults = default_ports(&target[..colon]);
    if defaults.is_empty() {
        return;
    }
    let start = colon + 3;
    let end = memchr::memchr(b'/', &target[start..]).map_or(target.len(), |offset| start + offset);
    let place_start = end - without_user(&target[start..end]).len();
    let place = Authority::split(&target[place_start..end]);
    let silent_port = place.port.is_none_or(|port| defaults.contains(&port));
    let place_end = if silent_port { place_start + place.host.len() } else { end };
    let slash_due = end == target.len() && head.method != Method::Options;
    if place_end == end && !slash_due {
        return;
    }
    let old = head.target_span.start as usize;
    let buffer = &mut head.fields.buffer;
    let new = buffer.len();
    let path = old + end..old + head.target_span.len as usize;
    buffer.extend_from_within(old..old + place_end);
    buffer.extend_from_within(path);
    if slash_due {
        buffer.push(b'/');
    }
    head.target_span = Span::between(new, buffer.len());
    head.fields.replace_known(Known::Host, Span::between(new + place_start, new + place_end));
}

/// Drops a usual port from the `Host` of a `CONNECT`.
fn shorten_connect_host(head: &mut RequestHead) {
    let Some(host) = head.fields.known(Known::Host).next() else { return };
    let place = Authority::split(host);
    if place.port.is_some_and(|port| port == b"80" || port == b"443") {
        let len = place.host.len();
        head.fields.truncate_known(Known::Host, len);
    }
}

/// The authority without what names a user.
fn without_user(authority: &[u8]) -> &[u8] {
    memchr::memrchr(b'@', authority).map_or(authority, |at| &authority[at + 1..])
}

/// Whether `Host`, if there is one, names the target's place.
fn agree(place: Authority<'_>, host: Option<&[u8]>, defaults: &[&[u8]]) -> Result<(), Error> {
    match host {
        Some(host) if !place.same(Authority::split(host), defaults) => Err(Error::HostDiffers),
        _ => Ok(()),
    }
}

/// Whether the text may be a `Host`: empty, a name, or an address in brackets, and perhaps a port.
fn is_valid_host(text: &[u8]) -> bool {
    let Some(inside) = text.strip_prefix(b"[") else {
        return text.iter().copied().all(is_host);
    };
    let Some(end) = memchr::memchr(b']', inside) else {
        return false;
    };
    let is_address_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b":.%-_~".contains(byte);
    inside[..end].iter().all(is_address_byte) && matches!(&inside[end + 1..], [] | [b':', ..]) && {
        inside[end + 1..].iter().skip(1).all(u8::is_ascii_digit)
    }
}
