//! Converters of text and bytes (configuration manual 7.3.1). They work in place at the end of the buffer.

use super::Converter;
use crate::sample::arguments::{Argument, ArgumentKind, Signature};
use crate::sample::{Type, Value};

/// Index, separators, count.
const PIECE: Signature =
    Signature { kinds: &[ArgumentKind::Integer, ArgumentKind::Text, ArgumentKind::Integer], required: 2 };

/// Characters to leave out.
const CHARACTERS: Signature = Signature { kinds: &[ArgumentKind::Text], required: 1 };

pub(super) const TABLE: &[Converter] = &[
    Converter {
        name: "base64",
        takes: Type::Binary,
        yields: Some(Type::Text),
        apply: base64,
        summary: "Encodes bytes as base64.",
        example: "str(a),base64",
        ..Converter::ROW
    },
    Converter {
        name: "bytes",
        signature: Signature { kinds: &[ArgumentKind::Integer, ArgumentKind::Integer], required: 1 },
        takes: Type::Binary,
        yields: Some(Type::Binary),
        apply: bytes,
        summary: "A piece: offset from 0, and length.",
        example: "str(abc),bytes(1,1)",
    },
    Converter {
        name: "cut_crlf",
        takes: Type::Text,
        yields: Some(Type::Text),
        apply: |_, value, out, mark| {
            let end = memchr::memchr2(b'\r', b'\n', &out[mark..]);
            out.truncate(end.map_or(out.len(), |end| mark + end));
            Some(value)
        },
        summary: "All before the end of the first line.",
        example: "str(abc),cut_crlf",
        ..Converter::ROW
    },
    Converter {
        name: "field",
        signature: PIECE,
        takes: Type::Text,
        yields: Some(Type::Text),
        apply: field,
        summary: "A field between separators, empty ones counted.",
        example: "str(a-b),field(2,-)",
    },
    Converter {
        name: "hex",
        takes: Type::Binary,
        yields: Some(Type::Text),
        apply: hex,
        summary: "Encodes bytes as upper-case hexadecimal digits.",
        example: "str(a),hex",
        ..Converter::ROW
    },
    Converter {
        name: "length",
        takes: Type::Text,
        yields: Some(Type::Integer),
        apply: |_, _, out, mark| {
            let length = (out.len() - mark) as i64;
            out.truncate(mark);
            Some(Value::Integer(length))
        },
        summary: "Length in bytes.",
        example: "str(abc),length",
        ..Converter::ROW
    },
    Converter {
        name: "lower",
        takes: Type::Text,
        yields: Some(Type::Text),
        apply: |_, value, out, mark| {
            out[mark..].make_ascii_lowercase();
            Some(value)
        },
        summary: "Letters A to Z in lower case.",
        example: "str(ABC),lower",
        ..Converter::ROW
    },
    Converter {
        name: "ltrim",
        signature: CHARACTERS,
        takes: Type::Text,
        yields: Some(Type::Text),
        apply: |arguments, value, out, mark| {
            let kept = |byte: &u8| !arguments[0].text().as_bytes().contains(byte);
            let start = out[mark..].iter().position(kept).map_or(out.len(), |at| mark + at);
            out.drain(mark..start);
            Some(value)
        },
        summary: "Without these characters at its beginning.",
        example: "str(abc),ltrim(a)",
    },
    Converter {
        name: "rtrim",
        signature: CHARACTERS,
        takes: Type::Text,
        yields: Some(Type::Text),
        apply: |arguments, value, out, mark| {
            let kept = |byte: &u8| !arguments[0].text().as_bytes().contains(byte);
            let end = out[mark..].iter().rposition(kept).map_or(mark, |at| mark + at + 1);
            out.truncate(end);
            Some(value)
        },
        summary: "Without these characters at its end.",
        example: "str(abc),rtrim(c)",
    },
    Converter {
        name: "upper",
        takes: Type::Text,
        yields: Some(Type::Text),
        apply: |_, value, out, mark| {
            out[mark..].make_ascii_uppercase();
            Some(value)
        },
        summary: "Letters a to z in upper case.",
        example: "str(abc),upper",
        ..Converter::ROW
    },
    Converter {
        name: "url_dec",
        signature: Signature { kinds: &[ArgumentKind::Integer], required: 0 },
        takes: Type::Text,
        yields: Some(Type::Text),
        apply: url_dec,
        summary: "Decodes per cent escapes; a plus is a space in the query, or everywhere with 1.",
        example: "str(a%20b),url_dec",
    },
    Converter {
        name: "word",
        signature: PIECE,
        takes: Type::Text,
        yields: Some(Type::Text),
        apply: word,
        summary: "A word between separators, empty ones skipped.",
        example: "str(a--b),word(2,-)",
    },
];

/// Keeps `start..end` of the text behind `mark`.
fn keep(out: &mut Vec<u8>, mark: usize, start: usize, end: usize) {
    out.copy_within(mark + start..mark + end, mark);
    out.truncate(mark + end - start);
}

fn bytes(arguments: &[Argument], value: Value, out: &mut Vec<u8>, mark: usize) -> Option<Value> {
    let len = out.len() - mark;
    let start = usize::try_from(arguments[0].integer_or(0)).ok().filter(|start| *start < len)?;
    let wanted = usize::try_from(arguments[1].integer_or(i64::MAX)).ok()?;
    keep(out, mark, start, start.saturating_add(wanted).min(len));
    Some(value)
}

/// A run of `count` fields from field `index` on: from 1, or from the end below 0 and then leftwards.
/// A count of 0 means all that follow. `skip_empty` makes fields into words.
fn piece(text: &[u8], arguments: &[Argument], skip_empty: bool) -> Option<(usize, usize)> {
    let separators = arguments[1].text().as_bytes();
    let index = arguments[0].integer_or(0);
    let count = arguments[2].integer_or(1).max(0).unsigned_abs();
    let wanted = index.unsigned_abs().checked_sub(1)?;
    let backwards = index < 0;
    let (mut seen, mut found, mut end) = (0, None, 0);
    let mut visit = |from: usize, to: usize| {
        if skip_empty && from == to {
            return false;
        }
        if seen >= wanted {
            found.get_or_insert(if backwards { to } else { from });
            end = if backwards { from } else { to };
        }
        seen += 1;
        count != 0 && seen >= wanted + count
    };
    if backwards {
        let mut to = text.len();
        while let Some(at) = text[..to].iter().rposition(|byte| separators.contains(byte)) {
            if visit(at + 1, to) {
                return found.map(|last| (end, last));
            }
            to = at;
        }
        visit(0, to);
        return found.map(|last| (end, last));
    }
    let mut from = 0;
    while let Some(len) = text[from..].iter().position(|byte| separators.contains(byte)) {
        if visit(from, from + len) {
            return found.map(|first| (first, end));
        }
        from += len + 1;
    }
    visit(from, text.len());
    found.map(|first| (first, end))
}

fn field(arguments: &[Argument], value: Value, out: &mut Vec<u8>, mark: usize) -> Option<Value> {
    let (start, end) = piece(&out[mark..], arguments, false).filter(|(start, end)| start < end)?;
    keep(out, mark, start, end);
    Some(value)
}

fn word(arguments: &[Argument], value: Value, out: &mut Vec<u8>, mark: usize) -> Option<Value> {
    let (start, end) = piece(&out[mark..], arguments, true)?;
    keep(out, mark, start, end);
    Some(value)
}

fn hex(_: &[Argument], _: Value, out: &mut Vec<u8>, mark: usize) -> Option<Value> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let len = out.len() - mark;
    out.resize(mark + 2 * len, 0);
    for at in (0..len).rev() {
        let byte = out[mark + at];
        out[mark + 2 * at] = DIGITS[usize::from(byte >> 4)];
        out[mark + 2 * at + 1] = DIGITS[usize::from(byte & 15)];
    }
    Some(Value::Text)
}

fn base64(_: &[Argument], _: Value, out: &mut Vec<u8>, mark: usize) -> Option<Value> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let len = out.len() - mark;
    out.resize(mark + len.div_ceil(3) * 4, 0);
    for group in (0..len.div_ceil(3)).rev() {
        let from = mark + group * 3;
        let here = (len - group * 3).min(3);
        let byte = |at: usize, out: &[u8]| if at < here { u32::from(out[from + at]) } else { 0 };
        let bits = byte(0, out) << 16 | byte(1, out) << 8 | byte(2, out);
        for digit in 0..4 {
            let symbol = DIGITS[(bits >> (18 - 6 * digit)) as usize & 63];
            out[mark + group * 4 + digit] = if digit <= here { symbol } else { b'=' };
        }
    }
    Some(Value::Text)
}

fn url_dec(arguments: &[Argument], value: Value, out: &mut Vec<u8>, mark: usize) -> Option<Value> {
    let mut plus_is_space = arguments[0].integer_or(0) != 0;
    let (mut from, mut to) = (mark, mark);
    while from < out.len() {
        let mut byte = out[from];
        match byte {
            b'+' if plus_is_space => byte = b' ',
            b'?' => plus_is_space = true,
            b'%' => {
                let digit = |at: usize| char::from(*out.get(at)?).to_digit(16);
                byte = u8::try_from(digit(from + 1)? << 4 | digit(from + 2)?).ok()?;
                from += 2;
            }
            _ => {}
        }
        out[to] = byte;
        from += 1;
        to += 1;
    }
    out.truncate(to);
    Some(value)
}
