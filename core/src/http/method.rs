//! Request methods (RFC 9110 9).

/// A method the machine treats specially, or any other. Its text stays in the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// `CONNECT`
    Connect,
    /// `DELETE`
    Delete,
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// Any other token.
    #[default]
    Other,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `TRACE`
    Trace,
}

impl Method {
    /// The method that this text names. Methods are case-sensitive (RFC 9110 9.1).
    pub fn from_bytes(text: &[u8]) -> Method {
        match text {
            b"CONNECT" => Method::Connect,
            b"DELETE" => Method::Delete,
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"OPTIONS" => Method::Options,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"TRACE" => Method::Trace,
            _ => Method::Other,
        }
    }
}
