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
