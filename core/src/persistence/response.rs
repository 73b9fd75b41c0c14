//! Responses: what becomes of the server's own cookie, and whether the client gets one of ours.

use super::{Affinity, Presented, Returned, Slot};
use crate::http::{Fields, Known, Method, members, set_cookie};
use crate::model::{Cookie, CookieMode, Persistence};

/// An answer on its way to the client.
#[derive(Debug)]
pub struct Answer<'a> {
    /// Its fields.
    pub fields: &'a mut Fields,
    /// Its status.
    pub status: u16,
    /// The request's method.
    pub method: Method,
    /// The cookie value of the server that answered.
    pub server: Option<&'a str>,
}

/// Edits the fields of an answer and says in `affinity` what was done. `now` is in seconds since 1970.
pub fn settle(
    cookie: &Cookie,
    affinity: &mut Affinity,
    answer: &mut Answer<'_>,
    scratch: &mut Vec<u8>,
    now: u64,
) {
    let method = answer.method;
    let provided = pass_server_cookies(cookie, affinity, answer, scratch);
    if cookie.is_shown() {
        affinity.returned = provided;
    }
    let kept = provided == Returned::Provided;
    let barred = cookie.postonly && method != Method::Post;
    let ignored = affinity.rule == Some(Persistence::Ignored);
    if cookie.mode != Some(CookieMode::Insert) || kept || barred || ignored {
        return;
    }
    let slot = Slot::at(now);
    // Who is tied to the server by a stick table needs no cookie either.
    affinity.returned = if affinity.server.is_none() {
        Returned::Inserted
    } else if cookie.is_dated()
        && affinity.presented == Presented::Valid
        && needs_update(cookie, affinity, slot)
    {
        Returned::Updated
    } else {
        return;
    };
    scratch.clear();
    write_cookie(cookie, affinity, answer.server, slot, scratch);
    answer.fields.push(b"set-cookie", scratch);
    if cookie.nocache && is_cacheable(method, answer.status, answer.fields) {
        answer.fields.push(b"cache-control", b"private");
    }
}

/// Removes, changes or passes each cookie of the name that the server sets.
fn pass_server_cookies(
    cookie: &Cookie,
    affinity: &Affinity,
    answer: &mut Answer<'_>,
    scratch: &mut Vec<u8>,
) -> Returned {
    let mut returned = Returned::Nothing;
    let tied = affinity.server.is_some();
    let insert = cookie.mode == Some(CookieMode::Insert);
    let removed = !cookie.preserve && (insert || (cookie.indirect && tied));
    let server = answer.server.filter(|_| !insert);
    answer.fields.rewrite_known(Known::SetCookie, scratch, |field, out| {
        let Some((name, value, rest)) = set_cookie(field) else {
            out.extend_from_slice(field);
            return true;
        };
        let own = name == cookie.name.as_bytes();
        if own && removed {
            returned = Returned::Deleted;
            return false;
        }
        out.extend_from_slice(name);
        out.push(b'=');
        match (cookie.mode, server) {
            (Some(CookieMode::Rewrite), Some(server)) if own => {
                returned = Returned::Rewritten;
                out.extend_from_slice(server.as_bytes());
            }
            (Some(CookieMode::Prefix), Some(server)) if own => {
                returned = Returned::Rewritten;
                out.extend_from_slice(server.as_bytes());
                out.push(b'~');
                out.extend_from_slice(value);
            }
            _ => {
                if own {
                    returned = Returned::Provided;
                }
                out.extend_from_slice(value);
            }
        }
        out.extend_from_slice(rest);
        true
    });
    returned
}

/// Whether a valid cookie's dates are not those that it would be given.
fn needs_update(cookie: &Cookie, affinity: &Affinity, now: Slot) -> bool {
    let dates = affinity.dates;
    dates.last.is_none_or(|last| last < now) || dates.first.is_some() != cookie.max_life.is_some()
}

/// The value of the `Set-Cookie` field. A server without a value takes the client's cookie away.
fn write_cookie(cookie: &Cookie, affinity: &Affinity, server: Option<&str>, now: Slot, out: &mut Vec<u8>) {
    out.extend_from_slice(cookie.name.as_bytes());
    out.push(b'=');
    match server {
        Some(server) => {
            out.extend_from_slice(server.as_bytes());
            if cookie.is_dated() {
                out.push(b'|');
                now.write(out);
            }
            if cookie.max_life.is_some() {
                out.push(b'|');
                let updated = affinity.presented == Presented::Valid;
                affinity.dates.first.filter(|_| updated).unwrap_or(now).write(out);
            }
        }
        None => out.extend_from_slice(b"; Expires=Thu, 01-Jan-1970 00:00:01 GMT"),
    }
    out.extend_from_slice(b"; path=/");
    out.extend_from_slice(cookie.attributes.as_bytes());
}

/// Whether a cache may keep the answer, as HAProxy judges it: the method and the status allow it (RFC 9110
/// 9.2.3, 15.1) or `public` does, the server says how long or how to ask again, and does not forbid it.
fn is_cacheable(method: Method, status: u16, fields: &Fields) -> bool {
    let status_allows = matches!(status, 200 | 203 | 204 | 206 | 300 | 301 | 404 | 405 | 410 | 414 | 501);
    let method_allows = matches!(method, Method::Get | Method::Head | Method::Options | Method::Trace);
    let mut allowed = status_allows && method_allows;
    let mut invited = false;
    for (_, name, value) in fields.iter() {
        if name.eq_ignore_ascii_case(b"pragma") && value.eq_ignore_ascii_case(b"no-cache") {
            return false;
        }
        invited |= is_one_of(name, &[b"etag", b"expires", b"last-modified"]);
        if !name.eq_ignore_ascii_case(b"cache-control") {
            continue;
        }
        for word in members(value) {
            if is_one_of(word, &[b"no-cache", b"no-store", b"private", b"max-age=0", b"s-maxage=0"]) {
                return false;
            }
            allowed |= word.eq_ignore_ascii_case(b"public");
            let end = memchr::memchr(b'=', word).map_or(0, |equals| equals + 1);
            invited |= is_one_of(&word[..end], &[b"max-age=", b"s-maxage="]);
        }
    }
    allowed && invited
}

fn is_one_of(text: &[u8], known: &[&[u8]]) -> bool {
    known.iter().any(|known| text.eq_ignore_ascii_case(known))
}
