//! Just enough HTTP/1 to know where a message ends. It trusts its input: scripts write it, or a proxy that
//! is compared with another one byte by byte.

/// One message found in a byte stream.
pub struct Message<'a> {
    /// Start line and fields, with the empty line.
    pub head: &'a [u8],
    /// The body as it was on the wire.
    pub body: &'a [u8],
    /// Whether the body is chunked.
    pub chunked: bool,
}

/// How the body of a message is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    None,
    Length(usize),
    Chunked,
    UntilClose,
}

/// The first message of `bytes`, when it is complete. `bodiless` says that the head is an answer to HEAD.
pub fn first_message(bytes: &[u8], bodiless: bool, ended: bool) -> Option<Message<'_>> {
    let head_length = find(bytes, b"\r\n\r\n")? + 4;
    let (head, rest) = bytes.split_at(head_length);
    let framing = if bodiless { Framing::None } else { framing_of(head) };
    let length = match framing {
        Framing::None => 0,
        Framing::Length(length) if rest.len() >= length => length,
        Framing::Length(_) => return None,
        Framing::Chunked => chunked_length(rest)?,
        Framing::UntilClose if ended => rest.len(),
        Framing::UntilClose => return None,
    };
    Some(Message { head, body: &rest[..length], chunked: framing == Framing::Chunked })
}

/// The value of a field, by its name in lower case.
pub fn field(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head).into_owned();
    text.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// Where `needle` starts in `bytes`.
pub fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// The data and the trailer section of a chunked body that is complete.
pub fn unchunk(body: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut data = Vec::new();
    let mut at = 0;
    loop {
        let line = find(&body[at..], b"\r\n")?;
        let size = chunk_size(&body[at..at + line])?;
        at += line + 2;
        if size == 0 {
            return Some((data, body[at..].to_vec()));
        }
        data.extend_from_slice(body.get(at..at + size)?);
        at += size + 2;
    }
}

fn framing_of(head: &[u8]) -> Framing {
    let start = String::from_utf8_lossy(&head[..find(head, b"\r\n").unwrap_or(0)]).into_owned();
    let status = start
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5))
        .and_then(|code| code.parse::<u16>().ok());
    if matches!(status, Some(100..=199 | 204 | 304)) {
        return Framing::None;
    }
    if field(head, "transfer-encoding").is_some() {
        return Framing::Chunked;
    }
    match (field(head, "content-length").and_then(|length| length.parse().ok()), status) {
        (Some(length), _) => Framing::Length(length),
        (None, Some(_)) => Framing::UntilClose,
        (None, None) => Framing::None,
    }
}

fn chunked_length(body: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = find(&body[at..], b"\r\n")?;
        let size = chunk_size(&body[at..at + line])?;
        at += line + 2;
        if size > 0 {
            at += size + 2;
            if at > body.len() {
                return None;
            }
            continue;
        }
        if body[at..].starts_with(b"\r\n") {
            return Some(at + 2);
        }
        return find(&body[at..], b"\r\n\r\n").map(|end| at + end + 4);
    }
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line).ok()?;
    usize::from_str_radix(text.split(';').next()?.trim(), 16).ok()
}
