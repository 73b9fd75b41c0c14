//! The rules of the codec, one by one, through its public face.

mod checks;
mod chunks;
mod corpus;
mod encoding;
mod framings;
mod generated;
mod heads;
mod targets;

use super::*;
use crate::http::{Fields, Method, RequestHead, ResponseHead, Version, strip_hop_by_hop};

/// What HAProxy allows with its default buffer of 16 kB.
pub(super) const LIMITS: HeadLimits = HeadLimits { bytes_max: 15 * 1024, fields_max: 101 };

/// Parses a whole request head.
pub(super) fn request(text: &[u8]) -> Result<RequestHead, Error> {
    let mut head = RequestHead::default();
    match parse_request(text, &mut head, &LIMITS)? {
        Parse::Complete(_) => Ok(head),
        Parse::Partial => panic!("partial: {}", text.escape_ascii()),
    }
}

/// Parses a whole response head.
pub(super) fn response(text: &[u8]) -> Result<ResponseHead, Error> {
    let mut head = ResponseHead::default();
    match parse_response(text, &mut head, &LIMITS)? {
        Parse::Complete(_) => Ok(head),
        Parse::Partial => panic!("partial: {}", text.escape_ascii()),
    }
}
