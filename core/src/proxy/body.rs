//! Chunked bodies on their way through: decoded, and encoded anew.

use bytes::{Bytes, BytesMut};

use crate::h1::{self, ChunkDecoder, Error, HeadLimits, Piece};
use crate::http::Fields;

/// Passes all whole and partial chunks of `input` on into `out`, and counts what logs count. Tells whether the
/// body is over.
pub(super) fn pass_chunks(
    decoder: &mut ChunkDecoder,
    input: &mut Bytes,
    trailers: &mut Fields,
    limits: &HeadLimits,
    out: &mut BytesMut,
    counted: &mut u64,
) -> Result<Piece, Error> {
    loop {
        match decoder.next(input, trailers, limits)? {
            Piece::Data(data) => {
                *counted += data.len() as u64;
                h1::encode_chunk_header(out, data.len());
                out.extend_from_slice(&data);
                out.extend_from_slice(b"\r\n");
            }
            Piece::End => {
                *counted += super::size::trailers(trailers);
                h1::encode_last_chunk(out, trailers);
                return Ok(Piece::End);
            }
            Piece::NeedMore => return Ok(Piece::NeedMore),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_lose_their_extensions_and_keep_their_data() {
        let mut input = Bytes::from_static(b"3;a=b\r\nabc\r\n0\r\n\r\nGET");
        let mut out = BytesMut::new();
        let limits = HeadLimits { bytes_max: 1_000, fields_max: 10 };

        let (mut decoder, mut trailers, mut counted) = (ChunkDecoder::default(), Fields::default(), 0);
        let end = pass_chunks(&mut decoder, &mut input, &mut trailers, &limits, &mut out, &mut counted);

        assert_eq!(end, Ok(Piece::End));
        assert_eq!(&out[..], b"3\r\nabc\r\n0\r\n\r\n");
        assert_eq!((&input[..], counted), (&b"GET"[..], 4));
    }
}
