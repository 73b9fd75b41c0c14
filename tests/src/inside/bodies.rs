//! Chunked bodies outside the machine: decoded, and encoded anew. With the machine around them they are among
//! the sites.

use bytes::{Bytes, BytesMut};
use evenkeel_core::h1::{ChunkDecoder, HeadLimits, Piece, encode_chunk_header, encode_last_chunk};
use evenkeel_core::http::Fields;

use super::Workload;

const LIMITS: HeadLimits = HeadLimits { bytes_max: 16_384, fields_max: 101 };

pub(super) fn workloads() -> Vec<Workload> {
    vec![
        Workload::new("bodies", "chunks-of-16-bytes", || chunks(16, 64)),
        Workload::new("bodies", "chunks-of-8-kB", || chunks(8_192, 12)),
    ]
}

/// A chunked body of so many chunks of one size.
pub(super) fn chunked(size: usize, count: usize) -> Vec<u8> {
    let chunk = [format!("{size:x}\r\n").into_bytes(), vec![b'x'; size], b"\r\n".to_vec()].concat();
    [chunk.repeat(count), b"0\r\n\r\n".to_vec()].concat()
}

fn chunks(size: usize, count: usize) -> impl FnMut() {
    let body = Bytes::from(chunked(size, count));
    let (mut trailers, mut out) = (Fields::default(), BytesMut::new());
    move || {
        let (mut decoder, mut input) = (ChunkDecoder::default(), body.clone());
        out.clear();
        loop {
            match decoder.next(&mut input, &mut trailers, &LIMITS).expect("well formed") {
                Piece::Data(data) => {
                    encode_chunk_header(&mut out, data.len());
                    out.extend_from_slice(&data);
                    out.extend_from_slice(b"\r\n");
                }
                Piece::End => break,
                Piece::NeedMore => panic!("the body is whole"),
            }
        }
        encode_last_chunk(&mut out, &trailers);
        assert_eq!(out.len(), body.len(), "the same chunks go out");
    }
}
