//! The steps of `http-check`.

use bytes::Bytes;

use super::CheckStep;
use super::build::{HttpStep, Request};
use super::connect::read_connect;
use super::expect::{Family, read_expect};
use super::words::Words;
use crate::keyword::Support;

/// The rows of this family.
pub(super) const TABLE: &[CheckStep] = &[
    CheckStep {
        name: "http-check comment",
        read: |draft, words| {
            if let Some(comment) = words.argument("expects a string as argument.") {
                draft.add_http(HttpStep::Comment(comment.to_owned()), words);
            }
        },
        support: Support::Full,
        summary: "Names the step that follows in messages.",
        example: "http-check comment ready",
    },
    CheckStep {
        name: "http-check connect",
        read: |draft, words| {
            if let Some(connect) = read_connect(words) {
                draft.add_http(HttpStep::Connect(connect), words);
            }
        },
        support: Support::Partial(
            "`port`, `addr`, `proto h1`, `linger`, `default` and `comment`; no TLS, no SOCKS",
        ),
        summary: "Opens a connection for the steps that follow.",
        example: "http-check connect port 8081",
    },
    CheckStep {
        name: "http-check expect",
        read: |draft, words| {
            if let Some(expect) = read_expect(Family::Http, words) {
                draft.add_http(HttpStep::Expect(expect), words);
            }
        },
        support: Support::Partial("`status` and `string`; no regular expressions, no header fields"),
        summary: "Says which answer is good.",
        example: "http-check expect status 200-399",
    },
    CheckStep {
        name: "http-check send",
        read: |draft, words| {
            if let Some(request) = read_send(words) {
                draft.add_http(HttpStep::Send(request), words);
            }
        },
        support: Support::Partial("plain text; no log-format in `uri-lf`, `body-lf` or a field's value"),
        summary: "Says which request to send.",
        example: "http-check send meth GET uri /health ver HTTP/1.1 hdr Host www.example.com",
    },
];

fn read_send(words: &mut Words<'_, '_>) -> Option<Request> {
    let mut request = Request::default();
    while let Some(word) = words.next() {
        match word {
            "meth" => request.method = Some(text(word, words)?),
            "uri" => request.uri = Some(text(word, words)?),
            "ver" => request.version = Some(text(word, words)?),
            "body" => request.body = Some(Bytes::from(text(word, words)?)),
            "comment" => request.comment = Some(words.comment()?),
            "hdr" => request.headers.push(read_field(words)?),
            "uri-lf" | "body-lf" => {
                words.planned(word);
                return None;
            }
            _ => {
                let message = format!(
                    "expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got \
                     '{word}' as argument."
                );
                words.alert(&message, "for example: meth GET uri /health");
                return None;
            }
        }
    }
    Some(request)
}

fn text(name: &str, words: &mut Words<'_, '_>) -> Option<String> {
    words.argument(&format!("'{name}' expects a string as argument.")).map(str::to_owned)
}

/// A header field. The value is a log-format, of which only `%%` is understood yet.
fn read_field(words: &mut Words<'_, '_>) -> Option<(String, String)> {
    let missing = "'hdr' expects <name> and <value> as arguments.";
    let name = words.argument(missing)?;
    let value = words.argument(missing)?;
    if value.replace("%%", "").contains('%') {
        words.alert(
            "a log-format in the value of 'hdr' is not supported yet.",
            "write %% for a per cent sign",
        );
        return None;
    }
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.bytes().all(token) || value.bytes().any(|byte| byte < b' ' && byte != b'\t') {
        // HAProxy sends it as it is; an origin would refuse every such check.
        words.alert(
            &format!("'hdr {name}' is no header field."),
            "use letters, digits and dashes in its name",
        );
        return None;
    }
    Some((name.to_owned(), value.replace("%%", "%")))
}
