//! Answers of servers whose protocol an `option` checks. Lengths in them are believed no further than what came.

use super::bytes::empty_response;
use super::{Answer, Failure, Passed, Verdict};
use crate::base::limits::CHECK_WORDS_MAX;
use crate::model::{CheckStatus, CheckStep};

/// More bytes are needed: wait for them, or fail without a word if none will come.
fn unfinished(answer: Answer<'_>) -> Verdict {
    match answer.over {
        true => Failure::of_answer(CheckStatus::Layer7Response, 0, ""),
        false => Verdict::Wait,
    }
}

/// Words of a server, up to a NUL.
fn words(bytes: &[u8]) -> Vec<u8> {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    bytes[..end.min(CHECK_WORDS_MAX)].to_vec()
}

/// The first packet of MySQL's protocol, and what lies behind it; `None` while it is not whole.
fn mysql_packet(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, rest) = bytes.split_at_checked(4)?;
    let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
    rest.split_at_checked(length)
}

/// The failure that an error packet tells of.
fn mysql_error(packet: &[u8]) -> Option<Verdict> {
    let error = packet.strip_prefix(&[0xff])?;
    let code = error.get(..2).map_or(0, |code| u16::from_le_bytes([code[0], code[1]]));
    let info = words(error.get(2..).unwrap_or_default());
    Some(Failure::of_answer(CheckStatus::Layer7Status, code, info))
}

/// The first packet is a greeting: a protocol version and the server's version. An error packet may come instead.
pub(super) fn mysql_greeting(step: &CheckStep, answer: Answer<'_>) -> Verdict {
    if answer.bytes.is_empty() && answer.over {
        return empty_response(step);
    }
    let Some((packet, _)) = mysql_packet(answer.bytes) else {
        return unfinished(answer);
    };
    if let Some(error) = mysql_error(packet) {
        return error;
    }
    let version = words(packet.get(1..).unwrap_or_default());
    Verdict::Pass(Passed { code: 0, info: Some(version).filter(|version| !version.is_empty()) })
}

/// The second packet is anything but an error.
pub(super) fn mysql_answer(step: &CheckStep, answer: Answer<'_>) -> Verdict {
    if answer.bytes.is_empty() && answer.over {
        return empty_response(step);
    }
    let second = mysql_packet(answer.bytes).and_then(|(_, rest)| mysql_packet(rest));
    match second {
        None => unfinished(answer),
        Some((packet, _)) => mysql_error(packet).unwrap_or(Verdict::Pass(Passed::default())),
    }
}

/// The answer to a bind with message id 1 (RFC 4511, 4.1.1 and 4.2.2) whose result is success.
pub(super) fn ldap_bind(step: &CheckStep, answer: Answer<'_>) -> Verdict {
    if answer.bytes.is_empty() && answer.over {
        return empty_response(step);
    }
    let strange = || Failure::of_answer(CheckStatus::Layer7Response, 0, "Not LDAPv3 protocol");
    let (length, rest) = match ldap_length(answer.bytes.get(1..).unwrap_or_default()) {
        LdapLength::Known(length, rest) => (length, rest),
        LdapLength::Partial => return unfinished(answer),
        LdapLength::Strange => return strange(),
    };
    let Some(message) = rest.get(..length) else {
        return unfinished(answer);
    };
    // A message id of one byte, then a bind response.
    let Some(response) = message.strip_prefix(&[0x02, 0x01, 0x01, 0x61]) else {
        return strange();
    };
    // How long the response says it is does not matter, only in how many bytes it says so.
    let skipped =
        response.first().map_or(1, |first| if first & 0x80 == 0 { 1 } else { 1 + usize::from(first & 0x7f) });
    match response.get(skipped..) {
        Some([0x0a, 0x01, 0, ..]) => Verdict::Pass(Passed { code: 0, info: Some(b"Success".to_vec()) }),
        Some([0x0a, 0x01, code, ..]) => {
            let info = "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9";
            Failure::of_answer(CheckStatus::Layer7Status, u16::from(*code), info)
        }
        Some(_) | None => strange(),
    }
}

/// A length of BER, and what lies behind it.
enum LdapLength<'a> {
    Known(usize, &'a [u8]),
    Partial,
    Strange,
}

/// HAProxy reads lengths of two and of four bytes, and those below 128.
fn ldap_length(bytes: &[u8]) -> LdapLength<'_> {
    let Some((&first, rest)) = bytes.split_first() else {
        return LdapLength::Partial;
    };
    let size = usize::from(first & 0x7f);
    match (first & 0x80 != 0, rest.split_at_checked(size)) {
        (false, _) => LdapLength::Known(size, rest),
        (true, None) => LdapLength::Partial,
        (true, Some((digits, rest))) if size == 2 || size == 4 => {
            let length = digits.iter().fold(0, |length, digit| length << 8 | u32::from(*digit));
            LdapLength::Known(length as usize, rest)
        }
        (true, Some(_)) => LdapLength::Strange,
    }
}
