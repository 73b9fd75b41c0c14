//! The number that a request is balanced by: which part of it is the key, and what it hashes to (configuration
//! manual 4.2, `balance` and `hash-type`).
//!
//! Which server the number leads to is `balance`'s.

use std::net::IpAddr;

use super::stream::Stream;
use super::worker::Worker;
use crate::base::hash;
use crate::base::ids::BackendId;
use crate::http::{Method, RequestHead};
use crate::model::{Balance, HashFunction, HashKey, Hashing, UriPart};
use crate::sample::{RdpCookie, Scope};

impl Worker {
    /// What the backend's `balance` makes of the exchange; `None` where it does not look, or finds no key.
    pub(super) fn balance_key(&mut self, stream: &Stream, id: BackendId) -> Option<u32> {
        let balance = self.config.backends[id.index()].balance;
        match balance {
            Balance::RoundRobin | Balance::StaticRr | Balance::LeastConn | Balance::First => None,
            // The upper half, for a stream of chance has no better one.
            Balance::Random { .. } => Some((self.chance.next_u64() >> 32) as u32),
            Balance::Hash(_) => {
                let client = self.clients.get(stream.client)?;
                let mut buffer = std::mem::take(&mut self.scratch);
                buffer.clear();
                let hashing = &self.config.backends[id.index()].hashing;
                let body = self.seen_body(stream);
                let key = hash_number(hashing, &self.scope(stream, client, [0; 4]), body, &mut buffer);
                self.scratch = buffer;
                key
            }
        }
    }
}

/// Hashes the key of what `scope` shows: the number for [`crate::balance::Balancer::pick`]. `body` is the
/// beginning of the request's body; `buffer` is any memory.
pub fn hash_number(hashing: &Hashing, scope: &Scope<'_>, body: &[u8], buffer: &mut Vec<u8>) -> Option<u32> {
    let plain = match &hashing.key {
        // An address is a number already, whatever the function.
        HashKey::Source => source(scope.client.ip()?.ip()),
        HashKey::Expression(sample) => {
            sample.eval_bytes(scope, buffer).then(|| hashed(hashing.function, buffer))?
        }
        HashKey::Header { name, domain_only } => {
            let value = header(scope.request?, name)?;
            hashed(hashing.function, if *domain_only { domain(value) } else { value })
        }
        HashKey::RdpCookie { name } => {
            hashed(hashing.function, RdpCookie::read(scope.content, Some(name)).value()?)
        }
        HashKey::Uri(part) => hashed(hashing.function, uri(scope.request?, *part)?),
        HashKey::UrlParameter { name } => {
            hashed(hashing.function, url_parameter(scope.request?, body, name)?)
        }
    };
    Some(if hashing.avalanche { hash::avalanche(plain) } else { plain })
}

fn hashed(function: HashFunction, key: &[u8]) -> u32 {
    match function {
        HashFunction::Crc32 => hash::crc32(key),
        HashFunction::Djb2 => hash::djb2(key),
        HashFunction::None => hash::none(key),
        HashFunction::Sdbm => hash::sdbm(key),
        HashFunction::Wt6 => hash::wt6(key),
    }
}

/// The words of an address, laid over each other.
fn source(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(address) => u32::from(address),
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            (0..4).fold(0, |folded, word| folded ^ (bits >> (32 * word)) as u32)
        }
    }
}

/// The start of the target, up to where the part ends.
fn uri(request: &RequestHead, part: UriPart) -> Option<&[u8]> {
    let target = if part.path_only { request.path_and_query()? } else { request.target() };
    let mut slashes = 0;
    let ends = |byte: &u8| {
        slashes += usize::from(*byte == b'/');
        (*byte == b'?' && !part.whole) || part.depth.is_some_and(|most| slashes > most)
    };
    let within = &target[..target.len().min(part.len.unwrap_or(usize::MAX))];
    let end = within.iter().position(ends).unwrap_or(within.len());
    Some(&within[..end])
}

/// The first member of a header's first value; an empty one is none.
fn header<'r>(request: &'r RequestHead, name: &'r str) -> Option<&'r [u8]> {
    let value = request.fields.values(name.as_bytes()).next()?;
    let member = value.split(|byte| *byte == b',').next()?.trim_ascii();
    (!member.is_empty()).then_some(member)
}

/// What stands before the last dot of a host name, back to the dot before that. One byte at least: a name
/// that starts with its only dot, or has none, is whole.
fn domain(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|byte| *byte == b'.') {
        None | Some(0) => host,
        Some(end) => {
            let start = host[..end - 1].iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1);
            &host[start..end]
        }
    }
}

/// The parameter's value in the query, or in the body of a POST.
fn url_parameter<'r>(request: &'r RequestHead, body: &'r [u8], name: &str) -> Option<&'r [u8]> {
    let target = request.target();
    let query = memchr::memchr(b'?', target).map(|at| &target[at + 1..]);
    if let Some(value) = query.and_then(|query| parameter(query, name)) {
        return Some(value);
    }
    if request.method != Method::Post {
        return None;
    }
    let value = parameter(body, name)?;
    let end = value.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(value.len());
    // haproxy 2.6 takes any bytes here, the end of a line included.
    value[..end].iter().all(|byte| is_token(*byte)).then_some(&value[..end])
}

/// The value of the first parameter of this name that has one.
fn parameter<'t>(text: &'t [u8], name: &str) -> Option<&'t [u8]> {
    let value = |pair: &'t [u8]| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    text.split(|byte| *byte == b'&').find_map(value)
}

/// Whether the byte may stand in a token (RFC 9110 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &[u8], fields: &[(&[u8], &[u8])]) -> RequestHead {
        let mut request = RequestHead::default();
        request.set_target(target);
        for (name, value) in fields {
            request.fields.push(name, value);
        }
        request
    }

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    /// Targets and what `balance uri` hashes of them, found with haproxy 2.6.12 and 2.8.25.
    #[test]
    fn a_uri_ends_at_its_query_its_length_or_one_slash_too_many() {
        let plain = UriPart::default();
        let whole = UriPart { whole: true, ..plain };
        let depth = |depth| UriPart { depth: Some(depth), ..plain };
        let path_only = UriPart { path_only: true, ..plain };
        let expected: &[(&[u8], UriPart, &str)] = &[
            (b"/", plain, "/"),
            (b"/a/b?x=1/2", plain, "/a/b"),
            (b"/a/b?x=1/2", whole, "/a/b?x=1/2"),
            (b"http://a/p/q?z=1", plain, "http://a/p/q"),
            (b"http://a/p/q?z=1", path_only, "/p/q"),
            (b"http://a/p/q?z=1", UriPart { whole: true, ..path_only }, "/p/q?z=1"),
            (b"/abc/def", UriPart { len: Some(5), ..plain }, "/abc/"),
            (b"/a?b/c/d", UriPart { len: Some(5), ..plain }, "/a"),
            (b"/a/b/c/d", depth(1), "/a"),
            (b"/a/b/", depth(1), "/a"),
            (b"http://a/p/q", depth(1), "http:/"),
            (b"http://a/p/q", depth(2), "http://a"),
            (b"//a//b//c", depth(1), "/"),
            (b"//a//b//c", depth(3), "//a/"),
            (b"/a?b/c/d", UriPart { whole: true, ..depth(2) }, "/a?b/c"),
            (b"/aaaaaaaaaa/b", UriPart { len: Some(8), ..depth(2) }, "/aaaaaaa"),
        ];
        for (target, part, key) in expected {
            let request = request(target, &[]);

            assert_eq!(text(uri(&request, *part).unwrap()), *key, "{} {part:?}", text(target));
        }

        assert_eq!(uri(&request(b"*", &[]), path_only), None);
    }

    /// As haproxy 2.6.12 and 2.8.25 cut host names with `use_domain_only`.
    #[test]
    fn a_domain_stands_before_the_last_dot() {
        let expected: &[(&str, &str)] = &[
            ("haproxy.1wt.eu", "1wt"),
            ("www.haproxy.1wt.eu", "1wt"),
            ("haproxy.1wt.eu:80", "1wt"),
            ("example.co", "example"),
            ("localhost", "localhost"),
            ("localhost:80", "localhost:80"),
            ("a.b.c.", "c"),
            (".b.c", "b"),
            ("b..c", "b."),
            ("a..", "a."),
            ("..", "."),
            (".", "."),
            (".a", ".a"),
            ("[1.2::1]:80", "[1"),
        ];
        for (host, part) in expected {
            assert_eq!(text(domain(host.as_bytes())), *part, "{host}");
        }
    }

    #[test]
    fn a_header_is_its_first_member_and_an_empty_one_is_none() {
        let header = |values: &[&'static [u8]]| {
            let fields: Vec<_> = values.iter().map(|value| (&b"X-K"[..], *value)).collect();
            super::header(&request(b"/", &fields), "x-k").map(<[u8]>::to_vec)
        };

        assert_eq!(header(&[b"x, y", b"z"]), Some(b"x".to_vec()));
        assert_eq!(header(&[b""]), None);
        assert_eq!(header(&[]), None);
    }

    #[test]
    fn a_url_parameter_is_found_in_the_query_then_in_a_posts_body() {
        let find = |method: Method, target: &[u8], body: &[u8]| {
            let mut request = request(target, &[]);
            request.method = method;
            url_parameter(&request, body, "id").map(|value| text(value).to_owned())
        };
        let found = |value: &str| Some(value.to_owned());

        assert_eq!(find(Method::Get, b"/?a=b&id=v1&id=v2", b""), found("v1"));
        assert_eq!(find(Method::Get, b"/?id=v1;id=v2", b""), found("v1;id=v2"));
        assert_eq!(find(Method::Get, b"/?id=&id=v2", b""), found(""), "an empty value is one");
        for none in [&b"/?id"[..], b"/?xid=v1", b"/?ID=v1", b"/?a=b;id=v1", b"/?a=?id=v1", b"/;id=v1?a=b"] {
            assert_eq!(find(Method::Get, none, b"id=v1"), None);
        }
        assert_eq!(find(Method::Post, b"/", b"a=b&id=v1"), found("v1"));
        assert_eq!(find(Method::Post, b"/?id=v2", b"id=v1"), found("v2"));
        assert_eq!(find(Method::Post, b"/", b"id=v1\r\nx"), found("v1"), "white space ends it");
        assert_eq!(find(Method::Post, b"/", b"id=v\"1"), None, "not a word");
        assert_eq!(find(Method::Put, b"/", b"id=v1"), None);
    }

    #[test]
    fn addresses_of_both_families_are_numbers() {
        let number = |address: &str| source(address.parse().unwrap());

        assert_eq!(number("127.0.0.1"), 0x7f00_0001);
        assert_eq!(number("::1"), 1);
        assert_eq!(number("1:2:3:4:5:6:7:8"), 0x10002 ^ 0x30004 ^ 0x50006 ^ 0x70008);
    }
}
