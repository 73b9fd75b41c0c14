//! What a check sends, as haproxy sends it.

use bytes::{BufMut, Bytes, BytesMut};

use super::judge::{Texts, unhex};
use crate::base::address::Address;
use crate::base::time::Now;
use crate::http::members;
use crate::model::{CheckRequest, CheckSend, CheckText};

/// The bytes of a `send`; nothing where a format does not give hexadecimal digits.
pub(super) fn sent_bytes(send: &CheckSend, now: Now, texts: &mut Texts<'_>) -> Option<Bytes> {
    Some(match send {
        CheckSend::Bytes(bytes) => bytes.clone(),
        CheckSend::Hex(format) => unhex(&texts(format))?.into(),
        CheckSend::SslHello => ssl_hello((now.wall.unix_nanos / 1_000_000_000) as u32),
        CheckSend::Text(format) => texts(format).into(),
    })
}

/// A hello of SSL 3.0 that offers all old ciphers (RFC 6101, 5.6.1.2), with the time of day in it.
fn ssl_hello(seconds: u32) -> Bytes {
    const CIPHERS: std::ops::RangeInclusive<u16> = 0x01..=0x1b;
    const MORE_CIPHERS: std::ops::RangeInclusive<u16> = 0x2f..=0x3a;
    let mut bytes = BytesMut::with_capacity(128);
    // A handshake record, the hello in it, and the version that it asks for.
    bytes.put_slice(&[0x16, 3, 0, 0, 0x79, 1, 0, 0, 0x75, 3, 0]);
    bytes.put_u32(seconds);
    bytes.put_slice(b"HAPROXYSSLCHK\nHAPROXYSSLCHK\n");
    // No session, 39 ciphers, and no compression.
    bytes.put_slice(&[0, 0, 78]);
    CIPHERS.chain(MORE_CIPHERS).for_each(|cipher| bytes.put_u16(cipher));
    bytes.put_slice(&[1, 0]);
    bytes.freeze()
}

/// A PROXY protocol line of version 1 with both ends of the connection.
pub(super) fn proxy_line(from: Option<&Address>, to: &Address) -> Bytes {
    let ends = from.and_then(Address::ip).zip(to.ip());
    let line = match ends {
        Some((from, to)) if from.is_ipv4() == to.is_ipv4() => {
            let family = if from.is_ipv4() { "TCP4" } else { "TCP6" };
            format!("PROXY {family} {} {} {} {}\r\n", from.ip(), to.ip(), from.port(), to.port())
        }
        Some(_) | None => "PROXY UNKNOWN\r\n".to_owned(),
    };
    line.into()
}

/// The request: names in lower case, the true length of a body in the place of any other, and `connection:
/// close` where HTTP/1.1 would otherwise keep the connection. `state` is the value of
/// `X-Haproxy-Server-State`, where it is asked for.
pub(super) fn request_bytes(request: &CheckRequest, state: Option<&str>, texts: &mut Texts<'_>) -> Bytes {
    let mut text = |text: &CheckText| match text {
        CheckText::Plain(text) => text.as_bytes().to_vec(),
        CheckText::Format(format) => texts(format),
    };
    let uri = text(&request.uri);
    let body = text(&request.body);
    let mut fields = Vec::with_capacity(request.headers.len() + 1);
    for (name, value) in &request.headers {
        fields.push((name.to_ascii_lowercase(), text(value)));
    }
    if let Some(state) = state {
        fields.push(("x-haproxy-server-state".to_owned(), state.as_bytes().to_vec()));
    }
    // How the body is announced is no matter of what the configuration says.
    fields
        .retain(|(name, value)| !value.is_empty() && name != "content-length" && name != "transfer-encoding");
    let wish = take_wish(&mut fields);
    let host = fields.iter().find(|(name, _)| name == "host").map(|(_, value)| &value[..]);

    let mut bytes = BytesMut::with_capacity(256 + body.len());
    bytes.put_slice(request.method.as_bytes());
    bytes.put_u8(b' ');
    bytes.put_slice(&target(&uri, host));
    bytes.put_slice(format!(" {}\r\n", request.version).as_bytes());
    for (name, value) in &fields {
        put_field(&mut bytes, name, value);
    }
    if !body.is_empty() || usually_has_body(&request.method) {
        put_field(&mut bytes, "content-length", body.len().to_string().as_bytes());
    }
    put_connection(&mut bytes, wish, &request.version);
    bytes.put_slice(b"\r\n");
    bytes.put_slice(&body);
    bytes.freeze()
}

fn put_field(bytes: &mut BytesMut, name: &str, value: &[u8]) {
    bytes.put_slice(name.as_bytes());
    bytes.put_slice(b": ");
    bytes.put_slice(value);
    bytes.put_slice(b"\r\n");
}

/// The connection's fate: what the configuration says, unless the version means that anyway.
fn put_connection(bytes: &mut BytesMut, wish: Option<Wish>, version: &str) {
    match (wish, version == "HTTP/1.1") {
        (None | Some(Wish::Close), true) => put_field(bytes, "connection", b"close"),
        (Some(Wish::KeepAlive), false) => put_field(bytes, "connection", b"keep-alive"),
        (None | Some(Wish::Close), false) | (Some(Wish::KeepAlive), true) | (Some(Wish::Other), _) => {}
    }
}

/// What `Connection` fields say about the end of the connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Close,
    KeepAlive,
    /// Something, and nothing about the end.
    Other,
}

/// Takes what is said about the connection's end out of the `Connection` fields; the rest stays where it is.
fn take_wish(fields: &mut Vec<(String, Vec<u8>)>) -> Option<Wish> {
    let mut wish = None;
    for (_, value) in fields.iter_mut().filter(|(name, _)| name == "connection") {
        let mut rest: Vec<&[u8]> = Vec::new();
        for member in members(value) {
            match member {
                _ if member.eq_ignore_ascii_case(b"close") => wish = Some(Wish::Close),
                _ if member.eq_ignore_ascii_case(b"keep-alive") => wish = Some(Wish::KeepAlive),
                _ => rest.push(member),
            }
        }
        wish = wish.or(Some(Wish::Other));
        *value = rest.join(&b", "[..]);
    }
    fields.retain(|(_, value)| !value.is_empty());
    wish
}

/// The target: `/` in the place of nothing, and the host that a field names in the place of another.
fn target(uri: &[u8], host: Option<&[u8]>) -> Vec<u8> {
    let Some(host) = host.filter(|_| !uri.starts_with(b"/") && uri != b"*" && !uri.is_empty()) else {
        return if uri.is_empty() { b"/".to_vec() } else { uri.to_vec() };
    };
    let Some(start) = memchr::memmem::find(uri, b"://").map(|at| at + 3) else {
        return host.to_vec();
    };
    let path = memchr::memchr(b'/', &uri[start..]).map_or(&[][..], |at| &uri[start + at..]);
    [&uri[..start], host, path].concat()
}

/// Whether a missing body of this method is announced as one of no length.
fn usually_has_body(method: &str) -> bool {
    !matches!(method, "DELETE" | "GET" | "HEAD" | "OPTIONS")
}
