//! Response heads (RFC 9112 4).

use super::classes::value_end;
use super::cursor::{
    Step, byte, line_end, outcome, read_fields, skip_empty_lines, skip_spaces, version, window,
};
use super::{Error, HeadLimits, Parse};
use crate::http::{ResponseHead, Span};

/// Parses a response head at the start of `input`, under the same terms as [`super::parse_request`].
pub fn parse_response(input: &[u8], head: &mut ResponseHead, limits: &HeadLimits) -> Result<Parse, Error> {
    head.clear();
    let window = window(input, limits);
    outcome(response(window, head, limits), window, limits)
}

fn response(input: &[u8], head: &mut ResponseHead, limits: &HeadLimits) -> Step<usize> {
    let base = skip_empty_lines(input)?;
    let (version, after) = version(input, base)?;
    if byte(input, after)? != b' ' {
        return Err(Error::BadVersion { position: base }.into());
    }
    let status_start = skip_spaces(input, after)?;
    let status = status(input, status_start)?;
    let reason_start = reason_start(input, status_start + 3)?;
    let reason_end = value_end(input, reason_start);
    let fields_start = line_end(input, reason_end)?;
    let end = read_fields(input, fields_start, base, &mut head.fields, limits)?;
    head.fields.adopt(&input[base..end]);
    head.status = status;
    head.reason_span = Span::between(reason_start - base, reason_end - base);
    head.version = version;
    Ok(end)
}

/// Reads exactly three digits. HAProxy takes two or four as well; what they would mean is anyone's guess.
fn status(input: &[u8], start: usize) -> Step<u16> {
    let mut status = 0;
    for at in start..start + 3 {
        let digit = byte(input, at)?;
        if !digit.is_ascii_digit() || (at == start && digit == b'0') {
            return Err(Error::BadStatus { position: at }.into());
        }
        status = status * 10 + u16::from(digit - b'0');
    }
    Ok(status)
}

/// Where the reason phrase starts. It may be missing, and so may the space before it.
fn reason_start(input: &[u8], at: usize) -> Step<usize> {
    match byte(input, at)? {
        b'\r' | b'\n' => Ok(at),
        b' ' => skip_spaces(input, at),
        _ => Err(Error::BadStatus { position: at }.into()),
    }
}
