//! What must hold for any input. Shared, by path, between the tests here and the targets under `fuzz/`.

use bytes::{Bytes, BytesMut};

use super::{
    ChunkDecoder, Connection, Error, Fields, HeadLimits, Method, Parse, Piece, RequestHead, ResponseHead,
    encode_request, encode_response, parse_request, parse_response, request_framing, response_framing,
};

const LIMITS: HeadLimits = HeadLimits { bytes_max: 4096, fields_max: 64 };

/// A head's fields, names in lower case.
type List = Vec<(Vec<u8>, Vec<u8>)>;

/// Any prefix of a request is either undecided or decided as the whole; httparse reads it the same way; and
/// what we would send for it means the same.
pub(super) fn check_request(input: &[u8]) {
    let mut head = RequestHead::default();
    let whole = parse_request(input, &mut head, &LIMITS);
    let mut scratch = RequestHead::default();
    for end in 0..input.len() {
        let part = parse_request(&input[..end], &mut scratch, &LIMITS);
        assert!(part == Ok(Parse::Partial) || part == whole, "{part:?} at {end}, {whole:?} at the end");
    }
    let Ok(Parse::Complete(end)) = whole else { return };
    compare_request(&input[..end], &head);
    let Ok(framing) = request_framing(&head) else { return };

    let mut out = BytesMut::new();
    encode_request(&mut out, &head, head.version, framing.body, Connection::Default);
    let mut again = RequestHead::default();
    assert_eq!(parse_request(&out, &mut again, &WIDE), Ok(Parse::Complete(out.len())));
    assert_eq!(again.method_text(), head.method_text());
    assert_eq!(again.target(), head.target());
    assert_eq!(request_framing(&again).map(|again| again.body), Ok(framing.body));
    assert_eq!(end_to_end(&again.fields), end_to_end(&head.fields));
}

/// The same for responses.
pub(super) fn check_response(input: &[u8]) {
    let mut head = ResponseHead::default();
    let whole = parse_response(input, &mut head, &LIMITS);
    let mut scratch = ResponseHead::default();
    for end in 0..input.len() {
        let part = parse_response(&input[..end], &mut scratch, &LIMITS);
        assert!(part == Ok(Parse::Partial) || part == whole, "{part:?} at {end}, {whole:?} at the end");
    }
    let Ok(Parse::Complete(end)) = whole else { return };
    compare_response(&input[..end], &head);
    let Ok(framing) = response_framing(&head, Method::Get, true) else { return };

    let mut out = BytesMut::new();
    let connection = if framing.tunnel { Connection::Upgrade } else { Connection::Default };
    encode_response(&mut out, &head, head.version, framing.body, connection);
    let mut again = ResponseHead::default();
    assert_eq!(parse_response(&out, &mut again, &WIDE), Ok(Parse::Complete(out.len())));
    assert_eq!(again.status, head.status);
    let second = response_framing(&again, Method::Get, true);
    assert_eq!(second.map(|second| (second.body, second.tunnel)), Ok((framing.body, framing.tunnel)));
    assert_eq!(end_to_end(&again.fields), end_to_end(&head.fields));
}

/// What we send may be longer than what we received: line ends and spaces are made whole.
const WIDE: HeadLimits = HeadLimits { bytes_max: 3 * LIMITS.bytes_max, fields_max: LIMITS.fields_max + 1 };

/// A chunked body gives the same bytes, whole or in pieces, as the slow reader below.
pub(super) fn check_chunked(input: &[u8]) {
    let reference = read_slowly(input);
    for step in [input.len().max(1), 1, 2, 3, 7] {
        let (body, end) = read_in_pieces(input, step);
        match (end, &reference) {
            (Ok(Some(taken)), Slow::End { body: slow, taken: slow_taken }) => {
                assert_eq!((&body, taken), (slow, *slow_taken));
            }
            (Ok(None), Slow::More { body: slow }) => assert_eq!(&body, slow),
            // The slow reader looks at whole lines only, so it may see a fault later.
            (Err(_), Slow::Fault { body: slow } | Slow::More { body: slow }) => assert_eq!(&body, slow),
            (end, slow) => panic!("{end:?} in steps of {step}, but {slow:?}"),
        }
    }
}

/// Everything but what the encoder words anew, names in lower case.
fn end_to_end(fields: &Fields) -> List {
    let own = ["connection", "content-length", "transfer-encoding", "upgrade"];
    let mut list = Vec::new();
    for (_, name, value) in fields.iter() {
        if !own.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes())) {
            list.push((name.to_ascii_lowercase(), value.to_vec()));
        }
    }
    list
}

fn all(fields: &Fields) -> List {
    fields.iter().map(|(_, name, value)| (name.to_vec(), value.to_vec())).collect()
}

/// httparse accepts what we accept, and reads the same. It knows no HTTP/1.2 and later, which we take for 1.1.
fn compare_request(text: &[u8], head: &RequestHead) {
    let mut storage = [httparse::EMPTY_HEADER; 64];
    let mut other = httparse::Request::new(&mut storage);
    let mut config = httparse::ParserConfig::default();
    config.allow_multiple_spaces_in_request_line_delimiters(true);
    match config.parse_request(&mut other, text) {
        Ok(httparse::Status::Complete(end)) => assert_eq!(end, text.len()),
        Err(httparse::Error::Version) => return,
        other => panic!("{other:?} for {}", text.escape_ascii()),
    }
    assert_eq!(other.method.map(str::as_bytes), Some(head.method_text()));
    if matches!(head.target(), [b'/' | b'*', ..]) {
        assert_eq!(other.path.map(str::as_bytes), Some(head.target()));
        compare_fields(&head.fields, other.headers);
    } else {
        // Another form is put into HAProxy's words, and `Host` with it.
        assert_eq!(head.fields.len(), other.headers.len());
    }
}

fn compare_response(text: &[u8], head: &ResponseHead) {
    let mut storage = [httparse::EMPTY_HEADER; 64];
    let mut other = httparse::Response::new(&mut storage);
    let mut config = httparse::ParserConfig::default();
    config.allow_multiple_spaces_in_response_status_delimiters(true);
    match config.parse_response(&mut other, text) {
        Ok(httparse::Status::Complete(end)) => assert_eq!(end, text.len()),
        Err(httparse::Error::Version) => return,
        other => panic!("{other:?} for {}", text.escape_ascii()),
    }
    assert_eq!(other.code, Some(head.status));
    compare_fields(&head.fields, other.headers);
}

fn compare_fields(fields: &Fields, others: &[httparse::Header<'_>]) {
    let others: List = others
        .iter()
        .map(|other| (other.name.to_ascii_lowercase().into_bytes(), other.value.to_vec()))
        .collect();
    assert_eq!(all(fields), others);
}

/// Feeds the decoder `step` bytes at a time; gives the body and, at the end, how much of the input it took.
fn read_in_pieces(input: &[u8], step: usize) -> (Vec<u8>, Result<Option<usize>, Error>) {
    let mut decoder = ChunkDecoder::default();
    let mut trailers = Fields::default();
    let (mut body, mut offered) = (Vec::new(), 0);
    for part in input.chunks(step) {
        let mut part = Bytes::copy_from_slice(part);
        offered += part.len();
        loop {
            match decoder.next(&mut part, &mut trailers, &LIMITS) {
                Ok(Piece::Data(data)) => {
                    assert!(!data.is_empty());
                    body.extend_from_slice(&data);
                }
                Ok(Piece::NeedMore) => break,
                Ok(Piece::End) => return (body, Ok(Some(offered - part.len()))),
                Err(error) => return (body, Err(error)),
            }
        }
        assert!(part.is_empty(), "what asks for more has used up what it had");
    }
    (body, Ok(None))
}

/// What the slow reader came to.
#[derive(Debug)]
enum Slow {
    End { body: Vec<u8>, taken: usize },
    More { body: Vec<u8> },
    Fault { body: Vec<u8> },
}

/// Reads chunks line by line, in the plainest way.
fn read_slowly(input: &[u8]) -> Slow {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Some(line) = input[at..].iter().position(|&byte| byte == b'\n') else {
            return Slow::More { body };
        };
        let Some(size) = slow_size(&input[at..at + line]) else { return Slow::Fault { body } };
        at += line + 1;
        if size == 0 {
            return slow_trailers(input, at, body);
        }
        let data = &input[at..input.len().min(at + size)];
        body.extend_from_slice(data);
        at += data.len();
        match &input[at..] {
            [] | [b'\r'] => return Slow::More { body },
            [b'\r', b'\n', ..] => at += 2,
            _ => return Slow::Fault { body },
        }
    }
}

/// The size on a line that still has its carriage return.
fn slow_size(line: &[u8]) -> Option<usize> {
    let text = line.strip_suffix(b"\r")?;
    if line.len() >= LIMITS.bytes_max {
        return None;
    }
    let (size, extension) = match text.iter().position(|&byte| byte == b';') {
        Some(at) => text.split_at(at),
        None => (text, &b""[..]),
    };
    if extension.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control()) {
        return None;
    }
    let size = size.split(|&byte| byte == b' ' || byte == b'\t').collect::<Vec<_>>();
    let (digits, blanks) = size.split_first()?;
    if blanks.iter().any(|blank| !blank.is_empty()) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let size = u128::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    usize::try_from(size).ok().filter(|size| *size < 1 << 52)
}

fn slow_trailers(input: &[u8], start: usize, body: Vec<u8>) -> Slow {
    let mut at = start;
    let mut count = 0;
    loop {
        let line = input[at..].iter().position(|&byte| byte == b'\n');
        let full = at - start + line.unwrap_or(input.len() - at) >= LIMITS.bytes_max;
        let Some(line) = line else {
            return if full { Slow::Fault { body } } else { Slow::More { body } };
        };
        let text = &input[at..at + line];
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        at += line + 1;
        if full {
            return Slow::Fault { body };
        }
        if text.is_empty() {
            return Slow::End { body, taken: at };
        }
        count += 1;
        let name = text.split(|&byte| byte == b':').next().unwrap_or(b"");
        let named = name.len() < text.len() && !name.is_empty() && name.iter().all(|&byte| is_name(byte));
        if count > LIMITS.fields_max || !named || text.iter().any(|&b| b != b'\t' && b.is_ascii_control()) {
            return Slow::Fault { body };
        }
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
