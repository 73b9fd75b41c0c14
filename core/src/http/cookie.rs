//! Cookies within the values of `Cookie` and `Set-Cookie` fields: found, taken out and changed.
//!
//! Peers write what they like here. Whatever stands between two delimiters is a piece; one with an equals
//! sign is a cookie. What is in double quotes behind the equals sign delimits nothing.

/// What is to become of one cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes, and its `$` attributes with it.
    Dropped,
    /// It stays.
    Kept,
    /// It stays; its value begins so many bytes later.
    ValueFrom(usize),
}

/// Reads one piece from the front of `text`: the piece, and the delimiter that ends it unless `text` does.
fn next_piece<'a>(text: &'a [u8], delimiters: &[u8]) -> (&'a [u8], Option<u8>) {
    let (mut valued, mut quoted, mut at) = (false, false, 0);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' if valued => quoted = !quoted,
            b'\\' if quoted => at += 1,
            b'=' => valued = true,
            _ if !quoted && delimiters.contains(&byte) => return (&text[..at], Some(byte)),
            _ => {}
        }
        at += 1;
    }
    (text, None)
}

/// Name and value of a piece, white space around either dropped.
fn pair(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = memchr::memchr(b'=', piece)?;
    Some((piece[..equals].trim_ascii(), piece[equals + 1..].trim_ascii()))
}

/// Writes the value of a `Cookie` field as `decide` wants it, which sees each cookie's name and value. White
/// space around equals signs goes, as with HAProxy. Gives whether anything is left to be sent.
pub fn rewrite_cookies(
    value: &[u8],
    out: &mut Vec<u8>,
    mut decide: impl FnMut(&[u8], &[u8]) -> Fate,
) -> bool {
    let start = out.len();
    let (mut rest, mut before) = (value, None);
    let (mut any, mut dropped, mut content, mut removed) = (false, false, false, false);
    loop {
        let (piece, delimiter) = next_piece(rest, b";,");
        let length = piece.len();
        let attribute = piece.trim_ascii_start().starts_with(b"$");
        let cookie = if attribute { None } else { pair(piece) };
        let fate = match cookie {
            Some((name, value)) => decide(name, value),
            None if attribute && dropped => Fate::Dropped,
            None => Fate::Kept,
        };
        if fate == Fate::Dropped {
            (dropped, removed) = (true, true);
        } else {
            let mut piece = piece;
            if dropped {
                while out.len() > start && out[out.len() - 1].is_ascii_whitespace() {
                    out.pop();
                }
                piece = piece.trim_ascii_start();
            }
            if any {
                out.extend(before);
                if dropped {
                    out.push(b' ');
                }
            }
            write_piece(piece, fate, out);
            content |= !attribute && out.len() > start;
            (any, dropped) = (true, false);
        }
        before = delimiter;
        let Some(_) = delimiter else {
            // Where nothing was taken out, all that there was stays, were it only white space.
            return content || !removed;
        };
        // The delimiter stands behind the piece.
        rest = &rest[length + 1..];
    }
}

/// Writes a piece without white space around its equals sign.
fn write_piece(piece: &[u8], fate: Fate, out: &mut Vec<u8>) {
    let Some(equals) = memchr::memchr(b'=', piece) else {
        return out.extend_from_slice(piece);
    };
    out.extend_from_slice(piece[..equals].trim_ascii_end());
    out.push(b'=');
    let value = piece[equals + 1..].trim_ascii_start();
    let from = if let Fate::ValueFrom(offset) = fate { offset.min(value.len()) } else { 0 };
    out.extend_from_slice(&value[from..]);
}

/// The cookies of a `Cookie` field's value: the text of each, and its name and value.
pub fn cookies(value: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let (piece, delimiter) = next_piece(rest?, b";,");
        rest = delimiter.and_then(|_| rest?.get(piece.len() + 1..));
        Some(piece)
    })
    .filter(|piece| !piece.trim_ascii_start().starts_with(b"$"))
    .filter_map(pair)
}

/// The cookie that a `Set-Cookie` field's value sets: its name, its value, and what follows, the white space
/// before it included.
pub fn set_cookie(value: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (piece, _) = next_piece(value, b";");
    let (name, own) = pair(piece)?;
    let end = piece.trim_ascii_end().len();
    Some((name, own, &value[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value without cookies named S; `None` when nothing is left.
    fn without(value: &str) -> Option<String> {
        let mut out = Vec::new();
        let drop = |name: &[u8], _: &[u8]| if name == b"S" { Fate::Dropped } else { Fate::Kept };
        let left = rewrite_cookies(value.as_bytes(), &mut out, drop);
        left.then(|| String::from_utf8(out).expect("text stays text"))
    }

    #[test]
    fn what_is_left_of_a_field_is_what_haproxy_leaves() {
        let all = [
            ("x=1; S=a; y=2", Some("x=1; y=2")),
            ("S=b; x=1", Some("x=1")),
            ("x=1;S=a", Some("x=1")),
            ("S=a; S=b", None),
            ("S = a ; q=1", Some("q=1")),
            ("q = 1 ; S = a ; r = 2", Some("q=1; r=2")),
            ("q=1,S=b;z=2", Some("q=1; z=2")),
            ("q=1;S=b,z=2", Some("q=1, z=2")),
            ("S=b;z=2;S=a,y=1", Some("z=2, y=1")),
            ("q=1;  S=b  ;  z=2", Some("q=1; z=2")),
            (";;S=b;;", Some(";; ;")),
            ("S=b;", None),
            ("S=b; ;x=1", Some(";x=1")),
            ("q=1; S=b;", Some("q=1; ")),
            ("q=1; S=b; ;", Some("q=1; ;")),
            ("S; S=b", Some("S")),
            ("$Version=1; S=b; $Path=/; q=2", Some("$Version=1; q=2")),
            ("S=b; $Path=/; $Port; q=2", Some("q=2")),
            ("$Version=1; S=b", None),
            ("q=\"a;S=b\"; S=a", Some("q=\"a;S=b\"")),
            ("S=\"b; x=1", None),
            ("S=b\\;x=1;z=1", Some("x=1;z=1")),
            ("=b; S=b", Some("=b")),
            (" q = 1 ;  r", Some(" q=1 ;  r")),
        ];
        for (value, expected) in all {
            assert_eq!(without(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_value_may_lose_its_beginning() {
        let mut out = Vec::new();

        rewrite_cookies(b"S = b~q~r; x=1", &mut out, |name, _| {
            if name == b"S" { Fate::ValueFrom(2) } else { Fate::Kept }
        });

        assert_eq!(out, b"S=q~r; x=1");
    }

    #[test]
    fn a_set_cookie_field_sets_one_cookie() {
        assert_eq!(set_cookie(b" S  =  \"a;b\" ; x"), Some((&b"S"[..], &b"\"a;b\""[..], &b" ; x"[..])));
        assert_eq!(set_cookie(b"S; path=/"), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_read(value in "[S=;, \"\\\\$a]{0,40}") {
            let _ = without(&value);
            let _ = cookies(value.as_bytes()).count();
            let _ = set_cookie(value.as_bytes());
        }
    }
}
