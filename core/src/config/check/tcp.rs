//! The steps of `tcp-check`.

use bytes::Bytes;

use super::CheckStep;
use super::connect::read_connect;
use super::expect::{Family, read_expect};
use super::steps::{Saying, Step};
use super::variable::{read_set, read_set_format, read_unset};
use super::words::{Words, hex};
use crate::keyword::Support;
use crate::model::{CheckAction, CheckSend};

/// The rows of this family.
pub(super) const TABLE: &[CheckStep] = &[
    CheckStep {
        name: "tcp-check comment",
        read: |draft, words| {
            if let Some(comment) = words.argument("expects a string as argument.") {
                draft.tcp.add_tcp(Step::plain(Saying::Comment(comment.to_owned())), words);
            }
        },
        support: Support::Full,
        summary: "Names the step that follows in messages.",
        example: "tcp-check comment greeting",
    },
    CheckStep {
        name: "tcp-check connect",
        read: |draft, words| {
            if let Some(step) = read_connect(Family::Tcp, words) {
                draft.tcp.add_tcp(step, words);
            }
        },
        support: Support::Partial("no TLS, no SOCKS"),
        summary: "Opens a connection for the steps that follow.",
        example: "tcp-check connect port 25",
    },
    CheckStep {
        name: "tcp-check expect",
        read: |draft, words| {
            if let Some(step) = read_expect(Family::Tcp, words) {
                draft.tcp.add_tcp(step, words);
            }
        },
        support: Support::Partial("regular expressions: no look-around, no back references"),
        summary: "Says which bytes are a good answer.",
        example: "tcp-check expect string +PONG",
    },
    CheckStep {
        name: "tcp-check send",
        read: |draft, words| {
            if let Some(step) = read_send("send", words) {
                draft.tcp.add_tcp(step, words);
            }
        },
        support: Support::Full,
        summary: "Sends text.",
        example: "tcp-check send PING\r\n",
    },
    CheckStep {
        name: "tcp-check send-binary",
        read: |draft, words| {
            if let Some(step) = read_send("send-binary", words) {
                draft.tcp.add_tcp(step, words);
            }
        },
        support: Support::Full,
        summary: "Sends bytes, written in hexadecimal.",
        example: "tcp-check send-binary 50494e470d0a",
    },
    CheckStep {
        name: "tcp-check send-binary-lf",
        read: |draft, words| {
            if let Some(step) = read_send("send-binary-lf", words) {
                draft.tcp.add_tcp(step, words);
            }
        },
        support: Support::Full,
        summary: "Sends bytes that a format writes in hexadecimal.",
        example: "tcp-check send-binary-lf %[srv_name,hex]",
    },
    CheckStep {
        name: "tcp-check send-lf",
        read: |draft, words| {
            if let Some(step) = read_send("send-lf", words) {
                draft.tcp.add_tcp(step, words);
            }
        },
        support: Support::Full,
        summary: "Sends the text of a format.",
        example: "tcp-check send-lf %[srv_name]",
    },
    CheckStep {
        name: "tcp-check set-var",
        read: |draft, words| {
            if let Some(step) = read_set(words) {
                draft.tcp.add_tcp(step, words);
            }
        },
        support: Support::Partial("scopes `check` and `sess`"),
        summary: "Keeps the value of an expression for later steps.",
        example: "tcp-check set-var(check.port) int(8081)",
    },
    CheckStep {
        name: "tcp-check set-var-fmt",
        read: |draft, words| {
            if let Some(step) = read_set_format(words) {
                draft.tcp.add_tcp(step, words);
            }
        },
        support: Support::Partial("scopes `check` and `sess`"),
        summary: "Keeps the text of a format for later steps.",
        example: "tcp-check set-var-fmt(check.name) %[srv_name]",
    },
    CheckStep {
        name: "tcp-check unset-var",
        read: |draft, words| {
            if let Some(step) = read_unset(words) {
                draft.tcp.add_tcp(step, words);
            }
        },
        support: Support::Partial("scopes `check` and `sess`"),
        summary: "Forgets a variable.",
        example: "tcp-check unset-var(check.port)",
    },
];

/// Reads a step that sends, in the form that is named.
fn read_send(form: &str, words: &mut Words<'_, '_>) -> Option<Step> {
    let argument = if form == "send-binary" { "binary string" } else { "string" };
    let text = words.argument(&format!("'{argument}' expects a {form} as argument."))?;
    let send = match form {
        "send" => CheckSend::Bytes(Bytes::copy_from_slice(text.as_bytes())),
        "send-binary" => match hex(text) {
            Ok(bytes) => CheckSend::Bytes(bytes.into()),
            Err(message) => {
                words.alert(&format!("'{text}' {message}"), "write two digits for each byte");
                return None;
            }
        },
        "send-lf" => CheckSend::Text(words.format(text)?),
        _ => CheckSend::Hex(words.format(text)?),
    };
    let comment = match words.next() {
        None => None,
        Some("comment") => Some(words.comment()?),
        Some(word) => {
            let message = format!("expects 'comment' but got '{word}' as argument.");
            words.alert(&message, "put text with blanks into quotes, or escape the blank");
            return None;
        }
    };
    Some(Step::action(CheckAction::Send(send), comment))
}
