//! The first message of a remote desktop's client (MS-RDPBCGR 2.2.1.1): eleven bytes that nobody looks at, and a line
//! `Cookie: name=value`. Read as haproxy 2.6.12 and 2.8 read it.

/// What there is of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RdpCookie<'b> {
    /// No cookie, or another one.
    Absent,
    /// Its value.
    Found(&'b [u8]),
    /// More bytes may still make one.
    Undecided,
}

/// Bytes before the line: TPKT and X.224 headers.
const HEADER: usize = 11;

/// How the line begins, in any case.
const PREFIX: &[u8] = b"Cookie:";

impl<'b> RdpCookie<'b> {
    /// Looks for the cookie of this name, in any case, or of any name. Only the first line counts.
    pub fn read(bytes: &'b [u8], name: Option<&str>) -> RdpCookie<'b> {
        if bytes.len() <= HEADER + PREFIX.len() {
            return RdpCookie::Undecided;
        }
        let (prefix, rest) = bytes[HEADER..].split_at(PREFIX.len());
        if !prefix.eq_ignore_ascii_case(PREFIX) {
            return RdpCookie::Absent;
        }
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        let value = match name {
            Some(name) => value_of(&rest[spaces..], name.as_bytes()),
            None => value_of_any(&rest[spaces..]),
        };
        match value {
            RdpCookie::Found(value) => until_line_end(value),
            other => other,
        }
    }

    /// The value, if there is one.
    pub fn value(self) -> Option<&'b [u8]> {
        match self {
            RdpCookie::Found(value) => Some(value),
            RdpCookie::Absent | RdpCookie::Undecided => None,
        }
    }
}

/// What stands behind this name and its `=`.
fn value_of<'b>(pair: &'b [u8], name: &[u8]) -> RdpCookie<'b> {
    let Some((own, rest)) = pair.split_at_checked(name.len()).filter(|(_, rest)| !rest.is_empty()) else {
        return RdpCookie::Undecided;
    };
    match rest.strip_prefix(b"=") {
        Some(value) if own.eq_ignore_ascii_case(name) => RdpCookie::Found(value),
        Some(_) | None => RdpCookie::Absent,
    }
}

/// What stands behind the first `=` of the line.
fn value_of_any(pair: &[u8]) -> RdpCookie<'_> {
    match pair.iter().position(|byte| matches!(byte, b'=' | b'\r' | b'\n')) {
        None => RdpCookie::Undecided,
        Some(at) if pair[at] == b'=' => RdpCookie::Found(&pair[at + 1..]),
        Some(_) => RdpCookie::Absent,
    }
}

/// What stands before the end of the line; a carriage return ends it or spoils it.
fn until_line_end(value: &[u8]) -> RdpCookie<'_> {
    match value.iter().position(|byte| *byte == b'\r').map(|at| (at, value.get(at + 1))) {
        None | Some((_, None)) => RdpCookie::Undecided,
        Some((at, Some(b'\n'))) => RdpCookie::Found(&value[..at]),
        Some((_, Some(_))) => RdpCookie::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[u8], name: Option<&str>) -> String {
        let bytes = [&b"\x03\0\0\x20\x1b\xe0\0\0\0\0\0"[..], line].concat();
        match RdpCookie::read(&bytes, name) {
            RdpCookie::Absent => "absent".to_owned(),
            RdpCookie::Found(value) => format!("found {}", value.escape_ascii()),
            RdpCookie::Undecided => "undecided".to_owned(),
        }
    }

    /// Lines, and what haproxy 2.6.12 and 2.8 find in them: of any name, and of `msts`.
    const LINES: &[(&[u8], &str, &str)] = &[
        (b"", "undecided", "undecided"),
        (b"CookieX", "undecided", "undecided"),
        (b"CookieXY", "absent", "absent"),
        (b"\x01\0\x08\0\0\0\0\0", "absent", "absent"),
        (b"Cookie:", "undecided", "undecided"),
        (b"Cookie:        ", "undecided", "undecided"),
        (b"Cookie: m", "undecided", "undecided"),
        (b"Cookie: mstq", "undecided", "undecided"),
        (b"Cookie: msts:", "undecided", "absent"),
        (b"Cookie: msts\r", "absent", "absent"),
        (b"Cookie: msts=1", "undecided", "undecided"),
        (b"Cookie: msts=1\r", "undecided", "undecided"),
        (b"Cookie: msts=1\n", "undecided", "undecided"),
        (b"Cookie: msts=1\rx", "absent", "absent"),
        (b"Cookie: msts=1\r\n", "found 1", "found 1"),
        (b"cOOKIE:MSTS=a b\r\n\x01", "found a b", "found a b"),
        (b"Cookie:   msts= 1\r\n", "found  1", "found  1"),
        (b"Cookie: msts=1\n\r\n", "found 1\\n", "found 1\\n"),
        (b"Cookie: msts=\r\n", "found ", "found "),
        (b"Cookie:\tmsts=1\r\n", "found 1", "absent"),
        (b"Cookie: msts =1\r\n", "found 1", "absent"),
        (b"Cookie: =5\r\n\x01", "found 5", "absent"),
        (b"Cookie: msts\n=1\r\n", "absent", "absent"),
        (b"Cookie: \r\nCookie: msts=1\r\n", "absent", "absent"),
        (b"Cookie: zz=1\r\nCookie: msts=1\r\n", "found 1", "absent"),
        (b"Cookie: a=1; msts=2\r\n", "found 1; msts=2", "absent"),
    ];

    #[test]
    fn a_cookie_is_found_absent_or_yet_to_come() {
        for (line, any, named) in LINES {
            assert_eq!(read(line, None), *any, "{}", line.escape_ascii());
            assert_eq!(read(line, Some("msts")), *named, "{} by name", line.escape_ascii());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80), cut in 0usize..80) {
            let whole = RdpCookie::read(&bytes, None);
            let part = RdpCookie::read(&bytes[..cut.min(bytes.len())], None);
            proptest::prop_assert!(part == RdpCookie::Undecided || part == whole);
        }
    }

    #[test]
    fn a_decision_stands_whatever_follows() {
        for (line, _, _) in LINES {
            for name in [None, Some("msts")] {
                let mut decided = None;
                for end in 0..=line.len() {
                    let now = read(&line[..end], name);
                    assert!(decided.is_none() || decided.as_ref() == Some(&now), "{}", line.escape_ascii());
                    decided = (now != "undecided").then_some(now);
                }
            }
        }
    }
}
