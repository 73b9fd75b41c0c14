//! The one place that decides how long a body is and whether the connection lives on (RFC 9112 6 and 9.3).

use super::Error;
use crate::http::{Fields, Known, Method, RequestHead, ResponseHead, Version, members};

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is no body.
    None,
    /// So many bytes; zero was said as well.
    Length(u64),
    /// By the last chunk.
    Chunked,
    /// By the end of the connection. Responses only.
    UntilClose,
}

/// What the head of a request says about the bytes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestFraming {
    /// The body's length.
    pub body: BodyLength,
    /// Whether the client wants to go on with this connection.
    pub persistent: bool,
    /// Whether the client may be waiting for `100 Continue` before it sends the body.
    pub expect_continue: bool,
    /// Whether the client offers another protocol than HTTP (HTTP/1.1 only, `h2c` aside).
    pub upgrade: bool,
    /// Whether it asks for a tunnel by `CONNECT`. There is no body then, whatever the fields say.
    pub connect: bool,
}

/// What the head of a response says about the bytes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseFraming {
    /// The body's length; `None` for a tunnel and for an interim response.
    pub body: BodyLength,
    /// Whether the server's connection can be used again after this response.
    pub persistent: bool,
    /// Whether another response follows: 1xx except 101.
    pub interim: bool,
    /// Whether bytes of another protocol follow: 101 after an upgrade request, or 2xx to `CONNECT`.
    pub tunnel: bool,
}

/// Reads the framing of a request. To be asked before hop-by-hop fields are stripped.
pub fn request_framing(head: &RequestHead) -> Result<RequestFraming, Error> {
    let facts = Facts::gather(&head.fields)?;
    let connect = head.method == Method::Connect;
    if connect && facts.codings.any() {
        return Err(Error::TransferCodingUnexpected);
    }
    let declared = facts.declared(head.version)?;
    let upgrade = facts.upgrade && facts.offers_upgrade && head.version == Version::Http11;
    if upgrade && facts.web_socket && head.fields.values(b"sec-websocket-key").next().is_none() {
        return Err(Error::WebSocketIncomplete);
    }
    Ok(RequestFraming {
        body: if connect { BodyLength::None } else { declared.unwrap_or(BodyLength::None) },
        persistent: facts.persistent(head.version),
        expect_continue: facts.expect_continue && head.version == Version::Http11,
        upgrade,
        connect,
    })
}

/// Reads the framing of a response to a request of this method. To be asked before hop-by-hop fields are
/// stripped. Faulty fields are faults even where there is no body, as HAProxy has it.
pub fn response_framing(
    head: &ResponseHead,
    request_method: Method,
    upgrade_asked: bool,
) -> Result<ResponseFraming, Error> {
    let facts = Facts::gather(&head.fields)?;
    let declared = facts.declared(head.version)?;
    let switched = head.status == 101;
    if switched {
        check_switch(head, &facts, upgrade_asked)?;
    }
    let tunnel = switched || (request_method == Method::Connect && (200..300).contains(&head.status));
    let bodiless = tunnel || request_method == Method::Head || matches!(head.status, 100..200 | 204 | 304);
    let body = if bodiless { BodyLength::None } else { declared.unwrap_or(BodyLength::UntilClose) };
    Ok(ResponseFraming {
        body,
        persistent: facts.persistent(head.version) && !tunnel && body != BodyLength::UntilClose,
        interim: matches!(head.status, 100..200) && !switched,
        tunnel,
    })
}

/// A 101 must have been asked for and must say `Connection: upgrade`; a WebSocket must prove its handshake.
fn check_switch(head: &ResponseHead, facts: &Facts, upgrade_asked: bool) -> Result<(), Error> {
    if !upgrade_asked || !facts.upgrade {
        return Err(Error::UpgradeUnasked);
    }
    if facts.web_socket && head.fields.values(b"sec-websocket-accept").next().is_none() {
        return Err(Error::WebSocketIncomplete);
    }
    Ok(())
}

/// What the fields say, gathered in one pass.
#[derive(Default)]
struct Facts {
    length: Option<u64>,
    codings: Codings,
    close: bool,
    keep_alive: bool,
    upgrade: bool,
    offers_upgrade: bool,
    web_socket: bool,
    expect_continue: bool,
}

impl Facts {
    /// Where they stand.
    const NAMES: &[Known] =
        &[Known::ContentLength, Known::TransferEncoding, Known::Connection, Known::Upgrade, Known::Expect];

    fn gather(fields: &Fields) -> Result<Facts, Error> {
        let mut facts = Facts::default();
        if !fields.may_have(Facts::NAMES) {
            return Ok(facts);
        }
        for (known, _, value) in fields.iter() {
            match known {
                Known::ContentLength => facts.read_length(value)?,
                Known::TransferEncoding => facts.codings.read(value),
                Known::Connection => facts.read_connection(value),
                Known::Upgrade => facts.read_upgrade(value),
                Known::Expect => facts.expect_continue |= value.eq_ignore_ascii_case(b"100-continue"),
                _ => {}
            }
        }
        Ok(facts)
    }

    /// Takes a list of equal decimal numbers for that number, as HAProxy does. An empty member is a fault.
    fn read_length(&mut self, value: &[u8]) -> Result<(), Error> {
        for member in value.split(|&byte| byte == b',') {
            let second = decimal(member.trim_ascii())?;
            match self.length {
                Some(first) if first != second => return Err(Error::TwoLengths { first, second }),
                _ => self.length = Some(second),
            }
        }
        Ok(())
    }

    fn read_connection(&mut self, value: &[u8]) {
        for member in members(value) {
            self.close |= member.eq_ignore_ascii_case(b"close");
            self.keep_alive |= member.eq_ignore_ascii_case(b"keep-alive");
            self.upgrade |= member.eq_ignore_ascii_case(b"upgrade");
        }
    }

    fn read_upgrade(&mut self, value: &[u8]) {
        for member in members(value) {
            self.offers_upgrade |= !member.eq_ignore_ascii_case(b"h2c");
            self.web_socket |= member.eq_ignore_ascii_case(b"websocket");
        }
    }

    /// The length that the fields declare, or that they contradict each other.
    fn declared(&self, version: Version) -> Result<Option<BodyLength>, Error> {
        if !self.codings.any() {
            return Ok(self.length.map(BodyLength::Length));
        }
        if version < Version::Http11 {
            return Err(Error::TransferCodingUnexpected);
        }
        self.codings.check()?;
        match self.length {
            // HAProxy drops the length and goes on; that has been used to smuggle requests.
            Some(_) => Err(Error::LengthAndChunked),
            None => Ok(Some(BodyLength::Chunked)),
        }
    }

    fn persistent(&self, version: Version) -> bool {
        !self.close && (self.keep_alive || version >= Version::Http11)
    }
}

/// The transfer codings of all fields, one after the other.
#[derive(Default)]
struct Codings {
    /// How many members, empty ones included.
    count: usize,
    /// How many of them are `chunked`.
    chunked: usize,
    /// Whether the last one is.
    chunked_last: bool,
    /// Whether one is empty.
    empty: bool,
}

impl Codings {
    fn read(&mut self, value: &[u8]) {
        for member in value.split(|&byte| byte == b',') {
            let member = member.trim_ascii();
            self.chunked_last = member.eq_ignore_ascii_case(b"chunked");
            self.chunked += usize::from(self.chunked_last);
            self.empty |= member.is_empty();
            self.count += 1;
        }
    }

    fn any(&self) -> bool {
        self.count > 0
    }

    /// Exactly one `chunked` and nothing else.
    fn check(&self) -> Result<(), Error> {
        match self {
            Codings { chunked: 1, chunked_last: true, empty: false, count: 1 } => Ok(()),
            Codings { chunked: 1, chunked_last: true, empty: false, .. } => {
                Err(Error::TransferCodingUnsupported)
            }
            _ => Err(Error::TransferCodingInvalid),
        }
    }
}

/// Reads digits and nothing else.
fn decimal(text: &[u8]) -> Result<u64, Error> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(Error::LengthInvalid);
    }
    let mut number: u64 = 0;
    for digit in text {
        let next = number.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit - b'0')));
        number = next.filter(|&next| next <= i64::MAX as u64).ok_or(Error::LengthOverflow)?;
    }
    Ok(number)
}
