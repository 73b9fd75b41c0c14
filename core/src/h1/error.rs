//! What can be wrong with a message. Exact and without text, so that rules, logs and tests can tell.

use std::fmt;

/// Why a message was refused. `position` counts from the first byte given to the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A carriage return that no line feed follows.
    BareCr {
        /// Where.
        position: usize,
    },
    /// White space between a field name and its colon.
    SpaceBeforeColon {
        /// Where.
        position: usize,
    },
    /// A line that starts with white space and so would continue the one before.
    ObsFold {
        /// Where.
        position: usize,
    },
    /// A NUL byte.
    NulByte {
        /// Where.
        position: usize,
    },
    /// Another control byte.
    ControlByte {
        /// Where.
        position: usize,
        /// Which.
        byte: u8,
    },
    /// A field without a name.
    EmptyName {
        /// Where.
        position: usize,
    },
    /// A byte that no field name may have, or a line without a colon.
    BadName {
        /// Where.
        position: usize,
        /// Which.
        byte: u8,
    },
    /// The method is no token, or is the one that opens HTTP/2.
    BadMethod {
        /// Where.
        position: usize,
    },
    /// The request target has a byte it may not have, or no known form.
    BadTarget {
        /// Where.
        position: usize,
    },
    /// The version is missing or is not HTTP/1.0 or a later HTTP/1.
    BadVersion {
        /// Where.
        position: usize,
    },
    /// The status is not three digits from 100 to 999.
    BadStatus {
        /// Where.
        position: usize,
    },
    /// The head, a trailer section or one chunk-size line is longer than allowed.
    HeadTooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// More fields than allowed.
    TooManyFields {
        /// Fields allowed.
        limit: usize,
    },
    /// More than one `Host`.
    HostRepeated,
    /// `Host` has a byte that no authority may have.
    HostInvalid,
    /// `Host` and the authority of the request target name different places.
    HostDiffers,
    /// `Content-Length` is not a list of decimal numbers.
    LengthInvalid,
    /// `Content-Length` is beyond what can be counted.
    LengthOverflow,
    /// Two different lengths.
    TwoLengths {
        /// The first.
        first: u64,
        /// The other.
        second: u64,
    },
    /// `Content-Length` together with `Transfer-Encoding`.
    LengthAndChunked,
    /// `Transfer-Encoding` does not end in exactly one `chunked`.
    TransferCodingInvalid,
    /// A transfer coding before the final `chunked`.
    TransferCodingUnsupported,
    /// `Transfer-Encoding` in HTTP/1.0, which has none, or in a `CONNECT`, which has no body.
    TransferCodingUnexpected,
    /// A chunk size that does not start with a hexadecimal digit or ends in something else than a line end
    /// or an extension.
    ChunkSizeInvalid {
        /// The byte found.
        byte: u8,
    },
    /// A chunk size of more than 52 bits.
    ChunkSizeOverflow,
    /// Something else than a line end after the data of a chunk.
    ChunkEndInvalid {
        /// The byte found.
        byte: u8,
    },
    /// A `101` that nobody asked for, or that does not say `Connection: upgrade`.
    UpgradeUnasked,
    /// A WebSocket handshake without `Sec-WebSocket-Key` or `Sec-WebSocket-Accept`.
    WebSocketIncomplete,
}

impl Error {
    /// The status that answers a request with this fault: 400, save for an unknown transfer coding, where
    /// HAProxy answers 422. A response with any fault becomes a 502.
    pub fn request_status(&self) -> u16 {
        match self {
            Error::TransferCodingUnsupported => 422,
            _ => 400,
        }
    }

    /// Where in the input the fault was found, when it lies at one place.
    pub fn position(&self) -> Option<usize> {
        match *self {
            Error::BareCr { position }
            | Error::SpaceBeforeColon { position }
            | Error::ObsFold { position }
            | Error::NulByte { position }
            | Error::ControlByte { position, .. }
            | Error::EmptyName { position }
            | Error::BadName { position, .. }
            | Error::BadMethod { position }
            | Error::BadTarget { position }
            | Error::BadVersion { position }
            | Error::BadStatus { position } => Some(position),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::BareCr { .. } => f.write_str("a carriage return without a line feed"),
            Error::SpaceBeforeColon { .. } => f.write_str("white space before the colon of a field"),
            Error::ObsFold { .. } => f.write_str("a folded field line"),
            Error::NulByte { .. } => f.write_str("a NUL byte"),
            Error::ControlByte { byte, .. } => write!(f, "the control byte 0x{byte:02x}"),
            Error::EmptyName { .. } => f.write_str("a field without a name"),
            Error::BadName { byte, .. } => write!(f, "the byte 0x{byte:02x} in a field name"),
            Error::BadMethod { .. } => f.write_str("a method that is no token"),
            Error::BadTarget { .. } => f.write_str("a malformed request target"),
            Error::BadVersion { .. } => f.write_str("a version other than HTTP/1"),
            Error::BadStatus { .. } => f.write_str("a status that is not three digits"),
            Error::HeadTooLarge { limit } => write!(f, "more than {limit} bytes of head"),
            Error::TooManyFields { limit } => write!(f, "more than {limit} fields"),
            Error::HostRepeated => f.write_str("more than one Host"),
            Error::HostInvalid => f.write_str("a malformed Host"),
            Error::HostDiffers => f.write_str("a Host that contradicts the request target"),
            Error::LengthInvalid => f.write_str("a Content-Length that is no number"),
            Error::LengthOverflow => f.write_str("a Content-Length beyond all bounds"),
            Error::TwoLengths { first, second } => write!(f, "two lengths, {first} and {second}"),
            Error::LengthAndChunked => f.write_str("Content-Length together with Transfer-Encoding"),
            Error::TransferCodingInvalid => {
                f.write_str("a Transfer-Encoding that does not end in one chunked")
            }
            Error::TransferCodingUnsupported => f.write_str("a transfer coding other than chunked"),
            Error::TransferCodingUnexpected => f.write_str("a Transfer-Encoding where none may be"),
            Error::ChunkSizeInvalid { byte } => write!(f, "the byte 0x{byte:02x} in a chunk size"),
            Error::ChunkSizeOverflow => f.write_str("a chunk size beyond all bounds"),
            Error::ChunkEndInvalid { byte } => write!(f, "the byte 0x{byte:02x} after the data of a chunk"),
            Error::UpgradeUnasked => f.write_str("a switch of protocols that was not asked for"),
            Error::WebSocketIncomplete => f.write_str("an incomplete WebSocket handshake"),
        }?;
        match self.position() {
            Some(position) => write!(f, " at byte {position}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_in_plain_words_with_its_place() {
        assert_eq!(
            Error::BareCr { position: 7 }.to_string(),
            "a carriage return without a line feed at byte 7"
        );
        assert_eq!(Error::TwoLengths { first: 2, second: 3 }.to_string(), "two lengths, 2 and 3");
    }

    #[test]
    fn an_unknown_coding_is_unprocessable_and_all_else_is_a_bad_request() {
        assert_eq!(Error::TransferCodingUnsupported.request_status(), 422);
        assert_eq!(Error::LengthAndChunked.request_status(), 400);
    }
}
