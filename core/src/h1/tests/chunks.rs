//! Chunked bodies.

use bytes::Bytes;

use super::*;

/// Decodes the whole text; gives body, trailers and what is left over.
fn decode(text: &[u8]) -> Result<(Vec<u8>, Fields, Bytes), Error> {
    let mut decoder = ChunkDecoder::default();
    let mut input = Bytes::copy_from_slice(text);
    let mut trailers = Fields::default();
    let mut body = Vec::new();
    loop {
        match decoder.next(&mut input, &mut trailers, &LIMITS)? {
            Piece::Data(data) => body.extend_from_slice(&data),
            Piece::End => return Ok((body, trailers, input)),
            Piece::NeedMore => panic!("no end in {}", text.escape_ascii()),
        }
    }
}

#[test]
fn sizes_extensions_and_leading_zeros_are_read_and_the_rest_left_alone() {
    let text = b"2\r\nhi\r\n0000000000000000000A \t;x=\"y\xff\r\n0123456789\r\n00\r\n\r\nGET";

    let (body, trailers, rest) = decode(text).unwrap();

    assert_eq!(body, b"hi0123456789");
    assert!(trailers.is_empty());
    assert_eq!(rest, &b"GET"[..]);
}

#[test]
fn data_is_a_slice_of_the_input() {
    let mut input = Bytes::from_static(b"5\r\nhello\r\n");
    let place = input[3..].as_ptr();

    let piece = ChunkDecoder::default().next(&mut input, &mut Fields::default(), &LIMITS).unwrap();

    let Piece::Data(data) = piece else { panic!("{piece:?}") };
    assert_eq!((data.as_ptr(), data.len()), (place, 5));
}

#[test]
fn faults_are_told_apart() {
    let cases: [(&[u8], Error); 15] = [
        (b"\r\n", Error::ChunkSizeInvalid { byte: b'\r' }),
        (b" 2\r\n", Error::ChunkSizeInvalid { byte: b' ' }),
        (b"-2\r\n", Error::ChunkSizeInvalid { byte: b'-' }),
        (b"0x2\r\n", Error::ChunkSizeInvalid { byte: b'x' }),
        (b"2 2\r\n", Error::ChunkSizeInvalid { byte: b'2' }),
        (b"2\nhi", Error::ChunkSizeInvalid { byte: b'\n' }),
        (b"2\rhi", Error::ChunkSizeInvalid { byte: b'h' }),
        (b"2;a\rb", Error::ChunkSizeInvalid { byte: b'b' }),
        (b"2;a\n", Error::ChunkSizeInvalid { byte: b'\n' }),
        (b"2;\0", Error::ChunkSizeInvalid { byte: 0 }),
        (b"2\r\nhix", Error::ChunkEndInvalid { byte: b'x' }),
        (b"2\r\nhi\n", Error::ChunkEndInvalid { byte: b'\n' }),
        (b"10000000000000\r\n", Error::ChunkSizeOverflow),
        (b"10000000000000002\r\n", Error::ChunkSizeOverflow),
        (b"0\r\nA: b\r\n c\r\n\r\n", Error::ObsFold { position: 6 }),
    ];
    for (text, error) in cases {
        assert_eq!(decode(text).unwrap_err(), error, "{}", text.escape_ascii());
    }
}

#[test]
fn size_lines_and_trailers_are_bounded() {
    let too_large = Error::HeadTooLarge { limit: LIMITS.bytes_max };
    let line = [b"2;", &[b'a'; 16 * 1024][..]].concat();
    assert_eq!(decode(&line).unwrap_err(), too_large);
    let zeros = [b'0'; 16 * 1024];
    assert_eq!(decode(&zeros).unwrap_err(), too_large);
    let trailer = [b"0\r\nA: ", &[b'a'; 16 * 1024][..]].concat();
    assert_eq!(decode(&trailer).unwrap_err(), too_large);
    let many = [b"0\r\n", "A: b\r\n".repeat(102).as_bytes(), b"\r\n"].concat();
    assert_eq!(decode(&many).unwrap_err(), Error::TooManyFields { limit: 101 });
}

#[test]
fn trailers_in_any_pieces_lose_what_may_not_be_there() {
    let text = b"0\r\nX-A: 1\r\nHost: b\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nTE: x\r\n\
        Authorization: y\r\nCookie: z\r\nx-b: 2\r\n\r\n";
    for step in 1..text.len() {
        let (mut decoder, mut trailers) = (ChunkDecoder::default(), Fields::default());
        let mut last = Piece::NeedMore;
        for part in text.chunks(step) {
            assert_eq!(last, Piece::NeedMore);
            last = decoder.next(&mut Bytes::from_static(part), &mut trailers, &LIMITS).unwrap();
        }

        assert_eq!(last, Piece::End);
        let all: Vec<_> = trailers.iter().map(|(_, name, value)| (name, value)).collect();
        assert_eq!(all, [(&b"x-a"[..], &b"1"[..]), (b"x-b", b"2")]);
    }
}
