//! Request heads (RFC 9112 3).

use super::classes::{is_target, is_token};
use super::cursor::{
    Step, byte, end_of_run, line_end, outcome, read_fields, skip_empty_lines, skip_spaces, version, window,
};
use super::target::{check_target, normalize_target};
use super::{Error, HeadLimits, Parse};
use crate::http::{Method, RequestHead, Span};

/// Parses a request head at the start of `input`.
///
/// `head` is cleared first and is meaningful only after [`Parse::Complete`]; then its text is a single copy
/// of the head, without the empty lines before it. No memory is taken once `head` is warm. A target that names
/// a host is put into HAProxy's form.
///
/// After [`Parse::Partial`] it is enough to try again when a line feed has come or the input is full.
pub fn parse_request(input: &[u8], head: &mut RequestHead, limits: &HeadLimits) -> Result<Parse, Error> {
    head.clear();
    let window = window(input, limits);
    outcome(request(window, head, limits), window, limits)
}

fn request(input: &[u8], head: &mut RequestHead, limits: &HeadLimits) -> Step<usize> {
    let base = skip_empty_lines(input)?;
    let method_end = method(input, base)?;
    let target_start = skip_spaces(input, method_end)?;
    let target_end = target(input, target_start)?;
    let version_start = skip_spaces(input, target_end)?;
    let (version, after) = version(input, version_start)?;
    if !matches!(byte(input, after)?, b'\r' | b'\n') {
        return Err(Error::BadVersion { position: version_start }.into());
    }
    let fields_start = line_end(input, after)?;
    let end = read_fields(input, fields_start, base, &mut head.fields, limits)?;
    head.fields.adopt(&input[base..end]);
    head.method = Method::from_bytes(&input[base..method_end]);
    head.method_span = Span::between(0, method_end - base);
    head.target_span = Span::between(target_start - base, target_end - base);
    head.version = version;
    check_target(head, target_start)?;
    if input[target_start] != b'/' {
        normalize_target(head);
    }
    Ok(end)
}

/// Where the method ends: at a space. `PRI` opens HTTP/2 and is refused whatever follows, as HAProxy does.
fn method(input: &[u8], start: usize) -> Step<usize> {
    let end = end_of_run(input, start, is_token)?;
    if end == start || input[end] != b' ' {
        return Err(Error::BadMethod { position: end }.into());
    }
    if &input[start..end] == b"PRI" {
        return Err(Error::BadMethod { position: start }.into());
    }
    Ok(end)
}

/// Where the target ends: at a space. A line end here is HTTP/0.9.
fn target(input: &[u8], start: usize) -> Step<usize> {
    let end = end_of_run(input, start, is_target)?;
    match input[end] {
        b' ' => Ok(end),
        b'\r' | b'\n' => Err(Error::BadVersion { position: end }.into()),
        _ => Err(Error::BadTarget { position: end }.into()),
    }
}
