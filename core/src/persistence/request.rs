//! Requests: finds the server that the cookie names, and takes the cookie out if servers shall not see it.

use super::{Affinity, Dates, Named, Presented, Returned};
use crate::http::{Fate, Fields, Known, rewrite_cookies};
use crate::model::{Cookie, CookieMode, Persistence};

/// Reads all cookies of a request and edits its fields. What ties the exchange to a server `before` goes before
/// any cookie. `find` says which server a value names; `now` is in
/// seconds since 1970.
pub fn affinity(
    cookie: &Cookie,
    before: Affinity,
    fields: &mut Fields,
    scratch: &mut Vec<u8>,
    now: u64,
    find: impl Fn(&[u8]) -> Named,
) -> Affinity {
    let mut affinity = Affinity { presented: Presented::Absent, ..before };
    let decided = before.server.is_some() || before.rule == Some(Persistence::Ignored);
    let hidden = cookie.indirect && cookie.mode == Some(CookieMode::Insert);
    fields.rewrite_known(Known::Cookie, scratch, |value, out| {
        rewrite_cookies(value, out, |name, value| {
            if name != cookie.name.as_bytes() {
                return Fate::Kept;
            }
            let (server, behind) = split(cookie, value);
            // The first cookie that leads somewhere decides.
            if decided {
                affinity.presented = Presented::Unused;
            } else if affinity.server.is_none() {
                consider(cookie, &mut affinity, server, behind, now, &find);
            }
            match behind {
                _ if hidden => Fate::Dropped,
                Some(behind) if cookie.mode == Some(CookieMode::Prefix) => {
                    Fate::ValueFrom(value.len() - behind.len())
                }
                _ => Fate::Kept,
            }
        })
    });
    if cookie.is_shown() {
        affinity.returned = Returned::Nothing;
    } else {
        affinity.presented = Presented::Unasked;
    }
    affinity
}

/// The part of a value that names the server, and what is behind the delimiter.
fn split<'v>(cookie: &Cookie, value: &'v [u8]) -> (&'v [u8], Option<&'v [u8]>) {
    let delimiter = if cookie.mode == Some(CookieMode::Prefix) { b'~' } else { b'|' };
    match memchr::memchr(delimiter, value) {
        Some(at) => (&value[..at], Some(&value[at + 1..])),
        None => (value, None),
    }
}

fn consider(
    cookie: &Cookie,
    affinity: &mut Affinity,
    server: &[u8],
    behind: Option<&[u8]>,
    now: u64,
    find: impl Fn(&[u8]) -> Named,
) {
    let mut dates = Dates::default();
    if cookie.is_dated() {
        dates = behind.map(Dates::read).unwrap_or_default();
        let stale = |date: Option<super::Slot>, most: Option<std::time::Duration>| {
            date.zip(most).is_some_and(|(date, most)| date.is_stale(now, most.as_secs()))
        };
        // However long the client has kept away: too old is too old.
        if stale(dates.first, cookie.max_life) {
            affinity.presented = Presented::TooOld;
            return;
        }
        if stale(dates.last, cookie.max_idle) {
            affinity.presented = Presented::Expired;
            return;
        }
    }
    match find(server) {
        Named::Up(server) => {
            *affinity = Affinity { server: Some(server), presented: Presented::Valid, dates, ..*affinity };
        }
        Named::Down(wanted) => {
            *affinity = Affinity {
                server: wanted,
                forced: wanted.is_some(),
                presented: Presented::Down,
                ..*affinity
            };
        }
        Named::Nobody if affinity.presented == Presented::Absent => affinity.presented = Presented::Invalid,
        Named::Nobody => {}
    }
}
