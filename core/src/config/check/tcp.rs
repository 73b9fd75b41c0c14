//! The steps of `tcp-check`.

use bytes::Bytes;

use super::CheckStep;
use super::connect::read_connect;
use super::expect::{Family, read_expect};
use super::words::{Words, hex};
use crate::keyword::Support;
use crate::model::TcpCheckStep;

/// The rows of this family.
pub(super) const TABLE: &[CheckStep] = &[
    CheckStep {
        name: "tcp-check comment",
        read: |draft, words| {
            if let Some(comment) = words.argument("expects a string as argument.") {
                draft.add_tcp(TcpCheckStep::Comment(comment.to_owned()), words);
            }
        },
        support: Support::Full,
        summary: "Names the step that follows in messages.",
        example: "tcp-check comment greeting",
    },
    CheckStep {
        name: "tcp-check connect",
        read: |draft, words| {
            if let Some(connect) = read_connect(words) {
                let step = TcpCheckStep::Connect {
                    port: connect.port,
                    address: connect.address,
                    linger: connect.linger,
                    comment: connect.comment,
                };
                draft.add_tcp(step, words);
            }
        },
        support: Support::Partial(
            "`port`, `addr`, `proto h1`, `linger`, `default` and `comment`; no TLS, no SOCKS",
        ),
        summary: "Opens a connection for the steps that follow.",
        example: "tcp-check connect port 25",
    },
    CheckStep {
        name: "tcp-check expect",
        read: |draft, words| {
            if let Some(expect) = read_expect(Family::Tcp, words) {
                draft.add_tcp(TcpCheckStep::Expect(expect), words);
            }
        },
        support: Support::Partial("`string` and `binary`; no regular expressions"),
        summary: "Says which bytes are a good answer.",
        example: "tcp-check expect string +PONG",
    },
    CheckStep {
        name: "tcp-check send",
        read: |draft, words| {
            if let Some(text) = words.argument("'string' expects a send as argument.") {
                send(draft, Bytes::copy_from_slice(text.as_bytes()), words);
            }
        },
        support: Support::Full,
        summary: "Sends text.",
        example: "tcp-check send PING\r\n",
    },
    CheckStep {
        name: "tcp-check send-binary",
        read: |draft, words| {
            let missing = "'binary string' expects a send-binary as argument.";
            let Some(text) = words.argument(missing) else { return };
            match hex(text) {
                Ok(bytes) => send(draft, bytes.into(), words),
                Err(message) => words.alert(&format!("'{text}' {message}"), "write two digits for each byte"),
            }
        },
        support: Support::Full,
        summary: "Sends bytes, written in hexadecimal.",
        example: "tcp-check send-binary 50494e470d0a",
    },
];

/// Adds a step that sends `bytes`, after reading what else the line says.
fn send(draft: &mut super::CheckDraft, bytes: Bytes, words: &mut Words<'_, '_>) {
    let comment = match words.next() {
        None => None,
        Some("comment") => match words.comment() {
            Some(comment) => Some(comment),
            None => return,
        },
        Some(word) => {
            let message = format!("expects 'comment' but got '{word}' as argument.");
            return words.alert(&message, "put text with blanks into quotes, or escape the blank");
        }
    };
    draft.add_tcp(TcpCheckStep::Send { bytes, comment }, words);
}
