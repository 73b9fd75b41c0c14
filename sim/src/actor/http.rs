//! Reading HTTP/1 as a stranger would: heads by httparse, bodies by a few lines of our own. Nothing of the
//! core's codec is used, so that one mistake is not made on both sides.

use std::ops::Range;

/// The header field by which requests and answers are told apart.
pub const ID: &str = "x-id";
/// Longest head that is waited for.
const HEAD_MAX: usize = 64 * 1024;

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimited {
    /// After so many bytes.
    Length(u64),
    /// By an empty chunk.
    Chunked,
    /// With the connection.
    Close,
}

/// A head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The target of a request.
    pub target: String,
    /// The status of an answer.
    pub status: u16,
    /// What `x-id` says.
    pub id: Option<String>,
    /// How the body ends.
    pub body: Delimited,
    /// `expect: 100-continue`.
    pub expects: bool,
    /// `connection: close`.
    pub closes: bool,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its beginning.
    Head(Head),
    /// Bytes of its body: where [`Reader::bytes`] shows them, until more is fed.
    Body(Range<usize>),
    /// Its end.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Length(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    UntilClose,
}

/// Which messages a reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A server's.
    Requests,
    /// A client's.
    Answers,
}

/// Reads one message after another.
#[derive(Debug)]
pub struct Reader {
    kind: Kind,
    buffer: Vec<u8>,
    /// So much of the buffer is read.
    at: usize,
    state: State,
}

impl Reader {
    /// A reader of nothing so far.
    pub fn new(kind: Kind) -> Reader {
        Reader { kind, buffer: Vec::new(), at: 0, state: State::Head }
    }

    /// Takes bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..std::mem::take(&mut self.at));
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes of a body.
    pub fn bytes(&self, place: Range<usize>) -> &[u8] {
        &self.buffer[place]
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// What follows is no message any more.
    pub fn upgrade(&mut self) {
        self.state = State::UntilClose;
    }

    /// Whether a message has begun and not ended, or bytes wait.
    pub fn is_amid(&self) -> bool {
        self.state != State::Head || !self.rest().is_empty()
    }

    /// Whether the end of the connection is the end of the body.
    pub fn ends_with_connection(&self) -> bool {
        self.state == State::UntilClose
    }

    /// The next part. `bodyless` says that the answer to the question asked has no body (HEAD).
    pub fn next(&mut self, bodyless: bool) -> Result<Option<Part>, String> {
        loop {
            match self.state {
                State::Head => return self.head(bodyless),
                State::Length(0) => return Ok(Some(self.end())),
                State::Length(left) => {
                    let Some(place) = self.some(left) else { return Ok(None) };
                    self.state = State::Length(left - place.len() as u64);
                    return Ok(Some(Part::Body(place)));
                }
                State::Chunk(left) => {
                    let Some(place) = self.some(left) else { return Ok(None) };
                    let left = left - place.len() as u64;
                    self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
                    return Ok(Some(Part::Body(place)));
                }
                State::UntilClose => return Ok(self.some(u64::MAX).map(Part::Body)),
                State::ChunkSize | State::ChunkEnd | State::Trailers => {
                    let Some(line) = self.line()? else { return Ok(None) };
                    if let Some(part) = self.framing_line(line)? {
                        return Ok(Some(part));
                    }
                }
            }
        }
    }

    fn framing_line(&mut self, line: Range<usize>) -> Result<Option<Part>, String> {
        let line = std::str::from_utf8(&self.buffer[line]).map_err(|error| error.to_string())?;
        match self.state {
            State::ChunkEnd if line.is_empty() => self.state = State::ChunkSize,
            State::ChunkEnd => return Err(format!("{line:?} behind a chunk")),
            State::ChunkSize => {
                let size = u64::from_str_radix(line, 16).map_err(|_| format!("chunk size {line:?}"))?;
                self.state = if size == 0 { State::Trailers } else { State::Chunk(size) };
            }
            State::Trailers if line.is_empty() => return Ok(Some(self.end())),
            State::Trailers | State::Head | State::Length(_) | State::Chunk(_) | State::UntilClose => {}
        }
        Ok(None)
    }

    fn end(&mut self) -> Part {
        self.state = State::Head;
        Part::End
    }

    fn some(&mut self, most: u64) -> Option<Range<usize>> {
        let count = self.rest().len().min(usize::try_from(most).unwrap_or(usize::MAX));
        let place = self.at..self.at + count;
        self.at = place.end;
        (count > 0).then_some(place)
    }

    fn line(&mut self) -> Result<Option<Range<usize>>, String> {
        let Some(length) = self.rest().iter().position(|byte| *byte == b'\n') else {
            return if self.rest().len() > 1_000 { Err("an endless line".to_owned()) } else { Ok(None) };
        };
        let from = self.at;
        self.at += length + 1;
        match self.buffer[from..from + length].ends_with(b"\r") {
            true => Ok(Some(from..from + length - 1)),
            false => Err("a line without a carriage return".to_owned()),
        }
    }

    fn head(&mut self, bodyless: bool) -> Result<Option<Part>, String> {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let parsed = match self.kind {
            Kind::Requests => {
                let mut request = httparse::Request::new(&mut fields);
                request.parse(&self.buffer[self.at..]).map(|status| {
                    let target = request.path.unwrap_or_default().to_owned();
                    (status, target, 0, facts(request.headers))
                })
            }
            Kind::Answers => {
                let mut answer = httparse::Response::new(&mut fields);
                answer.parse(&self.buffer[self.at..]).map(|status| {
                    (status, String::new(), answer.code.unwrap_or_default(), facts(answer.headers))
                })
            }
        };
        let (status, target, code, facts) = parsed.map_err(|error| error.to_string())?;
        let httparse::Status::Complete(length) = status else {
            return if self.rest().len() > HEAD_MAX { Err("an endless head".to_owned()) } else { Ok(None) };
        };
        self.at += length;
        let interim = (100..200).contains(&code) && code != 101;
        let body = match (facts.chunked, facts.length) {
            _ if code == 101 => Delimited::Close,
            _ if bodyless || interim || code == 204 || code == 304 => Delimited::Length(0),
            (true, None) => Delimited::Chunked,
            (false, Some(length)) => Delimited::Length(length),
            (true, Some(_)) => return Err("a length and chunks".to_owned()),
            (false, None) if self.kind == Kind::Requests => Delimited::Length(0),
            (false, None) => Delimited::Close,
        };
        self.state = match body {
            _ if interim => State::Head,
            Delimited::Length(length) => State::Length(length),
            Delimited::Chunked => State::ChunkSize,
            Delimited::Close => State::UntilClose,
        };
        let Facts { id, expects, closes, .. } = facts;
        Ok(Some(Part::Head(Head { target, status: code, id, body, expects, closes })))
    }
}

struct Facts {
    id: Option<String>,
    length: Option<u64>,
    chunked: bool,
    expects: bool,
    closes: bool,
}

fn facts(fields: &[httparse::Header<'_>]) -> Facts {
    let mut facts = Facts { id: None, length: None, chunked: false, expects: false, closes: false };
    for field in fields {
        let value = || String::from_utf8_lossy(field.value);
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        if is(ID) {
            facts.id = Some(value().into_owned());
        } else if is("content-length") {
            facts.length = value().parse().ok();
        } else if is("transfer-encoding") {
            facts.chunked = true;
        } else if is("expect") {
            facts.expects = true;
        } else if is("connection") {
            facts.closes = value().eq_ignore_ascii_case("close");
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whatever_their_segments() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-id: 7\r\n\r\n\
                    3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nHTTP/1.1 204 None\r\n\r\n";
        let mut reader = Reader::new(Kind::Answers);
        let mut seen = Vec::new();

        for byte in text.bytes() {
            reader.feed(&[byte]);
            while let Some(part) = reader.next(false).expect("well formed") {
                seen.push(match part {
                    Part::Head(head) => format!("{} {:?}", head.status, head.id),
                    Part::Body(place) => String::from_utf8_lossy(reader.bytes(place)).into_owned(),
                    Part::End => "end".to_owned(),
                });
            }
        }

        assert_eq!(seen.join(" "), "100 None 200 Some(\"7\") a b c d e end 204 None end");
        assert!(!reader.is_amid());
    }
}
