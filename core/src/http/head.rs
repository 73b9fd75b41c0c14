//! Request and response heads. The version is a fact for logs and rules; framing is the codec's.

use super::fields::{Fields, Span};
use super::method::Method;

/// The HTTP version a message came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    #[default]
    Http11,
}

impl Version {
    /// As it stands in a start line.
    pub const fn text(self) -> &'static str {
        match self {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        }
    }
}

/// The head of a request.
#[derive(Debug, Default)]
pub struct RequestHead {
    /// The method, if special.
    pub method: Method,
    /// Text of the method, in `fields.buffer`.
    pub method_span: Span,
    /// The request target as received, in `fields.buffer`.
    pub target_span: Span,
    /// Method and target as received, once a rule has changed either: logs show these.
    pub received: Option<(Span, Span)>,
    /// Version received.
    pub version: Version,
    /// Header fields.
    pub fields: Fields,
}

impl RequestHead {
    /// Forgets everything but keeps the memory.
    pub fn clear(&mut self) {
        self.fields.clear();
        self.method = Method::Other;
        self.method_span = Span::default();
        self.target_span = Span::default();
        self.received = None;
        self.version = Version::default();
    }

    /// Text of the method.
    pub fn method_text(&self) -> &[u8] {
        self.fields.text(self.method_span)
    }

    /// The request target.
    pub fn target(&self) -> &[u8] {
        self.fields.text(self.target_span)
    }

    /// Text of the method as received, whatever rules made of it.
    pub fn received_method(&self) -> &[u8] {
        self.fields.text(self.received.map_or(self.method_span, |(method, _)| method))
    }

    /// The request target as received, whatever rules made of it.
    pub fn received_target(&self) -> &[u8] {
        self.fields.text(self.received.map_or(self.target_span, |(_, target)| target))
    }

    /// Changes the method; what was received is kept for logs.
    pub fn set_method(&mut self, method: &[u8]) {
        self.received.get_or_insert((self.method_span, self.target_span));
        self.method = Method::from_bytes(method);
        self.method_span = self.fields.append(method);
    }

    /// Changes the request target; what was received is kept for logs.
    pub fn set_target(&mut self, target: &[u8]) {
        self.received.get_or_insert((self.method_span, self.target_span));
        self.target_span = self.fields.append(target);
    }

    /// The target from the path's first slash on; `None` for `*` and for an authority alone.
    pub fn path_and_query(&self) -> Option<&[u8]> {
        path_and_query(self.target())
    }

    /// The path without its query.
    pub fn path(&self) -> Option<&[u8]> {
        self.path_and_query().map(|text| &text[..memchr::memchr(b'?', text).unwrap_or(text.len())])
    }

    /// The query behind the question mark; `None` when there is no question mark.
    pub fn query(&self) -> Option<&[u8]> {
        let target = self.target();
        memchr::memchr(b'?', target).map(|at| &target[at + 1..])
    }
}

/// What of a request target is path and query: from the first slash that is not part of `scheme://`.
pub fn path_and_query(target: &[u8]) -> Option<&[u8]> {
    if target.starts_with(b"/") {
        return Some(target);
    }
    let authority = memchr::memmem::find(target, b"://")? + 3;
    let slash = memchr::memchr(b'/', &target[authority..])?;
    Some(&target[authority + slash..])
}

/// The head of a response.
#[derive(Debug, Default)]
pub struct ResponseHead {
    /// Status code, 100 to 999.
    pub status: u16,
    /// Reason phrase, in `fields.buffer`.
    pub reason_span: Span,
    /// Version received.
    pub version: Version,
    /// Header fields.
    pub fields: Fields,
}

impl ResponseHead {
    /// Forgets everything but keeps the memory.
    pub fn clear(&mut self) {
        self.fields.clear();
        self.status = 0;
        self.reason_span = Span::default();
        self.version = Version::default();
    }

    /// Reason phrase.
    pub fn reason(&self) -> &[u8] {
        self.fields.text(self.reason_span)
    }
}
