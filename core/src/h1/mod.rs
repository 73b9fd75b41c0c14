//! HTTP/1 on the wire (RFC 9112): bytes to heads and bodies, and back.
//!
//! Everything here is a pure function or a small value without a clock. Parsing works on plain slices and
//! copies a head once, when it is complete. What may be read in two ways is an [`Error`] and is never
//! forwarded. Where the specification leaves a choice, HAProxy 2.8 was asked, and a comment says so.

mod chunk;
mod classes;
mod cursor;
mod encode;
mod error;
mod framing;
mod request;
mod response;
mod target;
#[cfg(test)]
mod tests;

pub use chunk::{ChunkDecoder, Piece};
pub use encode::{Connection, encode_chunk_header, encode_last_chunk, encode_request, encode_response};
pub use error::Error;
pub use framing::{BodyLength, RequestFraming, ResponseFraming, request_framing, response_framing};
pub use request::parse_request;
pub use response::parse_response;

/// How much a head may hold. Trailers are held to the same bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes, from the first one received to the blank line.
    pub bytes_max: usize,
    /// Fields.
    pub fields_max: usize,
}

/// How far a parser came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parse {
    /// The head is whole. So many bytes of the input belong to it: empty lines before it and the blank line
    /// at its end included.
    Complete(usize),
    /// More input is needed; parse again from the same first byte.
    Partial,
}
