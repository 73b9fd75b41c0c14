//! Chunked bodies (RFC 9112 7.1), decoded without copying the data.

use bytes::{Buf, Bytes};

use super::classes::is_value;
use super::cursor::{outcome, read_fields, window};
use super::{Error, HeadLimits, Parse};
use crate::http::{Fields, Known};

/// What the decoder came upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The input is used up.
    NeedMore,
    /// Some bytes of the body: a slice of the input, never empty.
    Data(Bytes),
    /// The body is over. Trailers, if any, are in `trailers`; what is left of the input is not ours.
    End,
}

/// Decodes one chunked body from input in any pieces. `NeedMore` leaves no input behind.
#[derive(Debug, Default)]
pub struct ChunkDecoder {
    state: State,
    /// Bytes of the size line so far.
    line_len: usize,
    /// A trailer section that came in parts. Takes no memory otherwise.
    pending: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the first digit of a size.
    #[default]
    Start,
    /// Among the digits.
    Size(u64),
    /// In the white space after them. HAProxy takes it.
    Space(u64),
    /// In an extension, which is dropped.
    Extension(u64),
    /// After the carriage return of the size line.
    SizeEnd(u64),
    /// So many bytes of data left, never zero.
    Data(u64),
    /// After the data.
    DataCr,
    /// After the carriage return behind the data.
    DataLf,
    /// In the trailer section.
    Trailers,
    /// After the end.
    Done,
}

/// Sizes are below this, as in HAProxy: thirteen hexadecimal digits after leading zeros.
const SIZE_LIMIT: u64 = 1 << 52;

impl ChunkDecoder {
    /// Decodes up to the next piece and advances `input` past it.
    ///
    /// Trailers are held to `limits`, and so is each size line. After an error the decoder is of no use.
    pub fn next(
        &mut self,
        input: &mut Bytes,
        trailers: &mut Fields,
        limits: &HeadLimits,
    ) -> Result<Piece, Error> {
        while !input.is_empty() {
            match self.state {
                State::Data(left) => return Ok(Piece::Data(self.take_data(left, input))),
                State::Trailers => return self.take_trailers(input, trailers, limits),
                State::Done => return Ok(Piece::End),
                _ => {
                    self.state = self.step(input[0], limits)?;
                    input.advance(1);
                }
            }
        }
        Ok(if self.state == State::Done { Piece::End } else { Piece::NeedMore })
    }

    /// One byte between the data. Line ends are CR LF and nothing else here, as in HAProxy 2.8.
    fn step(&mut self, byte: u8, limits: &HeadLimits) -> Result<State, Error> {
        self.line_len += 1;
        if self.line_len > limits.bytes_max {
            return Err(Error::HeadTooLarge { limit: limits.bytes_max });
        }
        match (self.state, byte) {
            (State::Start, _) => Ok(State::Size(hex(byte).ok_or(Error::ChunkSizeInvalid { byte })?)),
            (State::Size(size), _) if hex(byte).is_some() => {
                let grown = size * 16 + hex(byte).unwrap_or(0);
                if grown < SIZE_LIMIT { Ok(State::Size(grown)) } else { Err(Error::ChunkSizeOverflow) }
            }
            (State::Size(size) | State::Space(size), b' ' | b'\t') => Ok(State::Space(size)),
            (State::Size(size) | State::Space(size), b';') => Ok(State::Extension(size)),
            (State::Size(size) | State::Space(size) | State::Extension(size), b'\r') => {
                Ok(State::SizeEnd(size))
            }
            (State::Extension(size), _) if is_value(byte) => Ok(State::Extension(size)),
            (State::SizeEnd(0), b'\n') => Ok(State::Trailers),
            (State::SizeEnd(size), b'\n') => Ok(State::Data(size)),
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => {
                self.line_len = 0;
                Ok(State::Start)
            }
            (State::DataCr | State::DataLf, _) => Err(Error::ChunkEndInvalid { byte }),
            _ => Err(Error::ChunkSizeInvalid { byte }),
        }
    }

    fn take_data(&mut self, left: u64, input: &mut Bytes) -> Bytes {
        let len = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        let left = left - len as u64;
        if left == 0 {
            self.line_len = 0;
            self.state = State::DataCr;
        } else {
            self.state = State::Data(left);
        }
        input.split_to(len)
    }

    fn take_trailers(
        &mut self,
        input: &mut Bytes,
        trailers: &mut Fields,
        limits: &HeadLimits,
    ) -> Result<Piece, Error> {
        let held = self.pending.len();
        let parsed = if held == 0 {
            parse_trailers(input, trailers, limits)?
        } else {
            let room = limits.bytes_max.saturating_sub(held).min(input.len());
            self.pending.extend_from_slice(&input[..room]);
            parse_trailers(&self.pending, trailers, limits)?
        };
        match parsed {
            Parse::Complete(end) => {
                input.advance(end - held);
                self.pending = Vec::new();
                self.state = State::Done;
                Ok(Piece::End)
            }
            Parse::Partial => {
                if held == 0 {
                    self.pending.extend_from_slice(input);
                }
                input.clear();
                Ok(Piece::NeedMore)
            }
        }
    }
}

/// Parses a whole trailer section into `trailers`, without the fields that may not be there.
fn parse_trailers(input: &[u8], trailers: &mut Fields, limits: &HeadLimits) -> Result<Parse, Error> {
    trailers.clear();
    let window = window(input, limits);
    let parsed = outcome(read_fields(window, 0, 0, trailers, limits), window, limits)?;
    if let Parse::Complete(end) = parsed {
        trailers.adopt(&input[..end]);
        trailers.retain(|known, name, _| is_allowed_trailer(known, name));
    }
    Ok(parsed)
}

/// Whether a field may come as a trailer (RFC 9110 6.5.1): nothing that frames, routes, authenticates or
/// describes the content, nothing of one connection. HAProxy forwards them; a careless peer merges them.
fn is_allowed_trailer(known: Known, name: &[u8]) -> bool {
    const FORBIDDEN: [&[u8]; 9] = [
        b"authorization",
        b"cache-control",
        b"content-encoding",
        b"content-range",
        b"content-type",
        b"max-forwards",
        b"proxy-authorization",
        b"range",
        b"www-authenticate",
    ];
    known == Known::Other && !FORBIDDEN.iter().any(|forbidden| name.eq_ignore_ascii_case(forbidden))
}

fn hex(byte: u8) -> Option<u64> {
    match byte {
        b'0'..=b'9' => Some(u64::from(byte - b'0')),
        b'a'..=b'f' => Some(u64::from(byte - b'a') + 10),
        b'A'..=b'F' => Some(u64::from(byte - b'A') + 10),
        _ => None,
    }
}
