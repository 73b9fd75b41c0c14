//! The tags of log formats (configuration manual 8.2.6): a row for each, beside what it writes.

use super::date::Civil;
use super::line::{Encoding, Line};
use crate::base::limits::LOG_URI_MAX;
use crate::base::text::put_padded;
use crate::base::time::{Time, Wall};
use crate::http::{RequestHead, path_and_query};
use crate::keyword::{Entry, Kind, Support};
use crate::sample::{Scope, StreamTimes};

/// One tag.
pub(super) struct Tag {
    /// Its name, without the per cent sign.
    pub(super) name: &'static str,
    /// Writes its value.
    pub(super) write: fn(&mut Line<'_>, &Scope<'_>),
    summary: &'static str,
    support: Support,
}

impl std::fmt::Debug for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "%{}", self.name)
    }
}

const fn tag(name: &'static str, summary: &'static str, write: fn(&mut Line<'_>, &Scope<'_>)) -> Tag {
    Tag { name, write, summary, support: Support::Full }
}

const fn absent(name: &'static str, summary: &'static str, why: &'static str) -> Tag {
    Tag { name, write: |line, _| line.nothing(), summary, support: Support::Partial(why) }
}

/// All tags, by name.
const TABLE: &[Tag] = &[
    tag("B", "Bytes sent to the client.", |line, scope| {
        if scope.log_asap {
            line.out.push(b'+');
        }
        line.number(scope.bytes_out);
    }),
    tag("CC", "Captured request cookie.", |line, scope| line.text(scope.cookie_captures[0], Encoding::Raw)),
    tag("CS", "Captured response cookie.", |line, scope| line.text(scope.cookie_captures[1], Encoding::Raw)),
    tag("H", "Host name.", |line, scope| line.text(scope.process.1.as_bytes(), Encoding::Raw)),
    tag("HM", "Method.", |line, scope| of_request(line, scope, |request| request.received_method())),
    tag("HP", "Request target without query.", |line, scope| {
        of_request(line, scope, |request| before_query(logged_target(request)));
    }),
    tag("HPO", "Path alone.", |line, scope| {
        of_request(line, scope, |request| {
            before_query(path_and_query(logged_target(request)).unwrap_or_default())
        });
    }),
    tag("HQ", "Query with its question mark.", |line, scope| {
        of_request(line, scope, |request| {
            let target = logged_target(request);
            &target[before_query(target).len()..]
        });
    }),
    tag("HU", "Request target.", |line, scope| of_request(line, scope, logged_target)),
    tag("HV", "Version.", |line, scope| of_request(line, scope, |request| request.version.text().as_bytes())),
    absent("ID", "Unique id.", "no unique id is made yet"),
    tag("ST", "Status.", |line, scope| match scope.status {
        0 => line.out.extend_from_slice(b"-1"),
        status => line.number(status),
    }),
    tag("T", "Accept date in UTC.", |line, scope| dated(line, Civil::utc(scope.times.accepted_wall))),
    tag("TR", "Time to receive the request.", |line, scope| {
        line.timer(StreamTimes::between(scope.times.first_byte, scope.times.head), false);
    }),
    tag("Ta", "Active time of the request.", |line, scope| line.timer(active(scope), scope.log_asap)),
    tag("Tc", "Time to connect to the server.", |line, scope| line.timer(connecting(scope), false)),
    tag("Td", "Time to send the data.", |line, scope| line.timer(sending(scope), false)),
    tag("Th", "Handshake time.", |line, scope| line.timer(handshake(scope), false)),
    tag("Ti", "Idle time before the request.", |line, scope| line.timer(idle(scope), false)),
    tag("Tl", "Accept date in local time.", |line, scope| {
        dated(line, Civil::local(scope.times.accepted_wall));
    }),
    tag("Tq", "Handshake, idle and receive time.", |line, scope| {
        line.timer(StreamTimes::between(scope.times.accepted, scope.times.head), false);
    }),
    tag("Tr", "Response time of the server.", |line, scope| line.timer(responding(scope), false)),
    tag("Ts", "Accept date in seconds since 1970.", |line, scope| {
        line.hex_number(scope.times.accepted_wall.unix_nanos / 1_000_000_000);
    }),
    tag("Tt", "Total time.", |line, scope| line.timer(total(scope), scope.log_asap)),
    tag("Tu", "Total time without idle time.", |line, scope| {
        line.timer(total(scope) - idle(scope).max(0), scope.log_asap);
    }),
    tag("Tw", "Time in queues.", |line, scope| line.timer(queueing(scope), false)),
    tag("U", "Bytes received from the client.", |line, scope| line.number(scope.bytes_in)),
    tag("ac", "Connections of the process.", |line, scope| line.number(scope.counts[0])),
    tag("b", "Backend.", |line, scope| line.text(scope.backend.as_bytes(), Encoding::Raw)),
    tag("bc", "Connections of the backend.", |line, scope| line.number(scope.counts[2])),
    tag("bi", "Our address towards the server.", |line, scope| line.address(scope.source)),
    tag("bp", "Our port towards the server.", |line, scope| line.port(scope.source, scope.listener)),
    tag("bq", "Requests before this one in the backend's queue.", |line, scope| {
        line.number(scope.backend_queue);
    }),
    tag("ci", "Client's address.", |line, scope| line.address(Some(scope.client))),
    tag("cp", "Client's port.", |line, scope| line.port(Some(scope.client), scope.listener)),
    tag("f", "Frontend.", |line, scope| line.text(scope.frontend.as_bytes(), Encoding::Raw)),
    tag("fc", "Connections of the frontend.", |line, scope| line.number(scope.counts[1])),
    tag("fi", "Address that the client connected to.", |line, scope| line.address(Some(scope.local))),
    tag("fp", "Port that the client connected to.", |line, scope| {
        line.port(Some(scope.local), scope.listener);
    }),
    tag("ft", "Frontend, marked when it is encrypted.", |line, scope| {
        line.text(scope.frontend.as_bytes(), Encoding::Raw);
    }),
    tag("hr", "Captured request headers in braces.", |line, scope| braces(line, scope.request_captures)),
    tag("hrl", "Captured request headers, one by one.", |line, scope| list(line, scope.request_captures)),
    tag("hs", "Captured response headers in braces.", |line, scope| braces(line, scope.response_captures)),
    tag("hsl", "Captured response headers, one by one.", |line, scope| list(line, scope.response_captures)),
    tag("lc", "Lines logged before by this frontend.", |line, scope| line.hex_number(scope.log_counter)),
    tag("ms", "Milliseconds of the accept date.", |line, scope| {
        let millis = scope.times.accepted_wall.unix_nanos / 1_000_000 % 1_000;
        write_millis(line, millis);
    }),
    tag("pid", "Process id.", |line, scope| line.hex_number(u64::from(scope.process.0))),
    tag("r", "Request line.", request_line),
    tag("rc", "Retries, with a plus when redispatched.", |line, scope| {
        if scope.redispatched {
            line.out.push(b'+');
        }
        line.number(scope.retries);
    }),
    tag("rt", "Number of the request in this process.", |line, scope| line.hex_number(scope.request_counter)),
    tag("s", "Server.", |line, scope| {
        line.text(scope.server.unwrap_or("<NOSRV>").as_bytes(), Encoding::Raw);
    }),
    tag("sc", "Connections of the server.", |line, scope| line.number(scope.counts[3])),
    tag("si", "Server's address.", |line, scope| line.address(scope.server_address)),
    tag("sp", "Server's port.", |line, scope| line.port(scope.server_address, 0)),
    tag("sq", "Requests before this one in the server's queue.", |line, scope| {
        line.number(scope.server_queue);
    }),
    absent("sslc", "Cipher of the client's connection.", "there is no TLS yet"),
    absent("sslv", "TLS version of the client's connection.", "there is no TLS yet"),
    tag("t", "Accept date with milliseconds.", |line, scope| exact(line, scope.times.accepted_wall)),
    tag("tr", "Date of the request with milliseconds.", |line, scope| exact(line, request_wall(scope))),
    tag("trg", "Date of the request in UTC.", |line, scope| dated(line, Civil::utc(request_wall(scope)))),
    tag("trl", "Date of the request in local time.", |line, scope| {
        dated(line, Civil::local(request_wall(scope)));
    }),
    tag("ts", "How it ended, two letters.", |line, scope| {
        line.out.extend_from_slice(&scope.ending.letters[..2]);
    }),
    tag("tsc", "How it ended, four letters.", |line, scope| {
        line.out.extend_from_slice(&scope.ending.letters);
    }),
];

/// The row of a tag.
pub(super) fn find(name: &str) -> Option<&'static Tag> {
    TABLE.iter().find(|row| row.name == name)
}

/// Every tag, for the catalog.
pub fn rows() -> impl Iterator<Item = Entry> {
    let flags = Entry {
        name: "o",
        kind: Kind::LogTag,
        support: Support::Full,
        note: "Sets flags for all tags that follow.",
    };
    let rows = TABLE.iter().map(|row| Entry {
        name: row.name,
        kind: Kind::LogTag,
        support: row.support,
        note: row.summary,
    });
    rows.chain([flags])
}

/// A part of the request line; `<BADREQ>` when none could be read.
fn of_request(line: &mut Line<'_>, scope: &Scope<'_>, part: fn(&RequestHead) -> &[u8]) {
    line.text(scope.request.map_or(b"<BADREQ>", part), Encoding::Uri);
}

/// The target as far as logs show it: HAProxy keeps the request line up to a bound, method first.
fn logged_target(request: &RequestHead) -> &[u8] {
    let target = request.received_target();
    let bound = LOG_URI_MAX.saturating_sub(request.received_method().len() + 1);
    &target[..target.len().min(bound)]
}

fn before_query(target: &[u8]) -> &[u8] {
    &target[..memchr::memchr(b'?', target).unwrap_or(target.len())]
}

/// `%r`: method, target and version, cut where HAProxy cuts.
fn request_line(line: &mut Line<'_>, scope: &Scope<'_>) {
    let Some(request) = scope.request else {
        return line.text(b"<BADREQ>", Encoding::Uri);
    };
    line.quote();
    let mut left = LOG_URI_MAX;
    let version = request.version.text().as_bytes();
    for part in [request.received_method(), b" ", request.received_target(), b" ", version] {
        let taken = part.len().min(left);
        line.bytes(&part[..taken], Encoding::Uri);
        left -= taken;
    }
    line.quote();
}

/// `{a|b}`; nothing at all when nothing is to be captured.
fn braces(line: &mut Line<'_>, slots: &[Option<Vec<u8>>]) {
    if slots.is_empty() {
        return;
    }
    line.quote();
    line.out.push(b'{');
    for (at, slot) in slots.iter().enumerate() {
        if at > 0 {
            line.out.push(b'|');
        }
        line.bytes(slot.as_deref().unwrap_or_default(), Encoding::Capture);
    }
    line.out.push(b'}');
    line.quote();
}

/// The captures as texts of their own.
fn list(line: &mut Line<'_>, slots: &[Option<Vec<u8>>]) {
    for (at, slot) in slots.iter().enumerate() {
        if at > 0 {
            line.out.push(b' ');
        }
        line.text(slot.as_deref().unwrap_or_default(), Encoding::Capture);
    }
}

fn write_millis(line: &mut Line<'_>, millis: u64) {
    use std::io::Write;
    if line.flags.hex {
        let _ = write!(line.out, "{millis:02X}");
    } else {
        put_padded(line.out, millis, 3);
    }
}

/// `10/Oct/2026:13:55:36.123`
fn exact(line: &mut Line<'_>, wall: Wall) {
    let civil = Civil::local(wall);
    civil.write_log(line.out);
    line.out.push(b'.');
    put_padded(line.out, u64::from(civil.nanos / 1_000_000), 3);
}

/// `10/Oct/2026:13:55:36 +0000`
fn dated(line: &mut Line<'_>, civil: Civil) {
    civil.write_log(line.out);
    line.out.push(b' ');
    civil.write_offset("", line.out);
}

/// When the request began on the wall clock; when the connection was accepted if none did.
fn request_wall(scope: &Scope<'_>) -> Wall {
    let times = scope.times;
    let mut wall = times.accepted_wall;
    if times.first_byte != Time::NEVER {
        let waited = times.first_byte.since(times.accepted).as_nanos();
        wall.unix_nanos = wall.unix_nanos.saturating_add(u64::try_from(waited).unwrap_or(u64::MAX));
    }
    wall
}

/// Up to when times are counted: the end, or the last point reached when the line is early.
fn end(times: &StreamTimes) -> Time {
    let points = [times.ended, times.response, times.connected, times.dequeued, times.head, times.first_byte];
    points.into_iter().find(|point| *point != Time::NEVER).unwrap_or(times.accepted)
}

fn handshake(scope: &Scope<'_>) -> i64 {
    StreamTimes::between(scope.times.accepted, scope.times.handshaken)
}

fn idle(scope: &Scope<'_>) -> i64 {
    StreamTimes::between(scope.times.handshaken, scope.times.first_byte)
}

fn queueing(scope: &Scope<'_>) -> i64 {
    // A TCP exchange has no head: it enters the queue when the handshake is over.
    let times = scope.times;
    let from = if scope.http { times.head } else { times.handshaken };
    StreamTimes::between(from, times.dequeued)
}

fn connecting(scope: &Scope<'_>) -> i64 {
    StreamTimes::between(scope.times.dequeued, scope.times.connected)
}

fn responding(scope: &Scope<'_>) -> i64 {
    StreamTimes::between(scope.times.connected, scope.times.response)
}

fn total(scope: &Scope<'_>) -> i64 {
    StreamTimes::between(scope.times.accepted, end(scope.times))
}

fn active(scope: &Scope<'_>) -> i64 {
    let times = scope.times;
    let from = if times.first_byte == Time::NEVER { times.handshaken } else { times.first_byte };
    StreamTimes::between(from, end(times)).max(0)
}

/// The time after the response's head: from the last point before the data to the end.
fn sending(scope: &Scope<'_>) -> i64 {
    let times = scope.times;
    let from = if scope.http { times.response } else { times.connected };
    StreamTimes::between(from, end(times))
}
