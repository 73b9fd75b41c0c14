//! The steps of `http-check`.

use super::CheckStep;
use super::connect::read_connect;
use super::expect::{Family, read_expect};
use super::steps::{Request, Saying, Step};
use super::variable::{read_set, read_set_format, read_unset};
use super::words::Words;
use crate::keyword::Support;
use crate::model::CheckText;

/// The rows of this family.
pub(super) const TABLE: &[CheckStep] = &[
    CheckStep {
        name: "http-check comment",
        read: |draft, words| {
            if let Some(comment) = words.argument("expects a string as argument.") {
                draft.http.add_http(Step::plain(Saying::Comment(comment.to_owned())), words);
            }
        },
        support: Support::Full,
        summary: "Names the step that follows in messages.",
        example: "http-check comment ready",
    },
    CheckStep {
        name: "http-check connect",
        read: |draft, words| {
            if let Some(step) = read_connect(Family::Http, words) {
                draft.http.add_http(step, words);
            }
        },
        support: Support::Partial("no TLS, no SOCKS"),
        summary: "Opens a connection for the steps that follow.",
        example: "http-check connect port 8081",
    },
    CheckStep {
        name: "http-check disable-on-404",
        read: |draft, words| draft.disable_on_404 |= words.end().is_some(),
        support: Support::Full,
        summary: "A server that answers 404 gets no new traffic, and is not down.",
        example: "http-check disable-on-404",
    },
    CheckStep {
        name: "http-check expect",
        read: |draft, words| {
            if let Some(step) = read_expect(Family::Http, words) {
                draft.http.add_http(step, words);
            }
        },
        support: Support::Partial("regular expressions: no look-around, no back references"),
        summary: "Says which answer is good.",
        example: "http-check expect status 200-399",
    },
    CheckStep {
        name: "http-check send",
        read: |draft, words| {
            if let Some(step) = read_send(words) {
                draft.http.add_http(step, words);
            }
        },
        support: Support::Full,
        summary: "Says which request to send.",
        example: "http-check send meth GET uri /health ver HTTP/1.1 hdr Host www.example.com",
    },
    CheckStep {
        name: "http-check send-state",
        read: |draft, words| draft.send_state |= words.end().is_some(),
        support: Support::Full,
        summary: "Tells the server in X-Haproxy-Server-State how it is seen.",
        example: "http-check send-state",
    },
    CheckStep {
        name: "http-check set-var",
        read: |draft, words| {
            if let Some(step) = read_set(words) {
                draft.http.add_http(step, words);
            }
        },
        support: Support::Partial("scopes `check` and `sess`"),
        summary: "Keeps the value of an expression for later steps.",
        example: "http-check set-var(check.port) int(8081)",
    },
    CheckStep {
        name: "http-check set-var-fmt",
        read: |draft, words| {
            if let Some(step) = read_set_format(words) {
                draft.http.add_http(step, words);
            }
        },
        support: Support::Partial("scopes `check` and `sess`"),
        summary: "Keeps the text of a format for later steps.",
        example: "http-check set-var-fmt(check.name) %[srv_name]",
    },
    CheckStep {
        name: "http-check unset-var",
        read: |draft, words| {
            if let Some(step) = read_unset(words) {
                draft.http.add_http(step, words);
            }
        },
        support: Support::Partial("scopes `check` and `sess`"),
        summary: "Forgets a variable.",
        example: "http-check unset-var(check.port)",
    },
];

fn read_send(words: &mut Words<'_, '_>) -> Option<Step> {
    let mut request = Request::default();
    let mut comment = None;
    while let Some(word) = words.next() {
        match word {
            "meth" => request.method = Some(text(word, words)?),
            "uri" => request.uri = Some(CheckText::Plain(text(word, words)?)),
            "ver" => request.version = Some(text(word, words)?),
            "body" => request.body = Some(CheckText::Plain(text(word, words)?)),
            "comment" => comment = Some(words.comment()?),
            "hdr" => {
                let field = read_field(&request, words)?;
                request.headers.push(field);
            }
            "uri-lf" => request.uri = Some(text_format(word, words)?),
            "body-lf" => request.body = Some(text_format(word, words)?),
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
    Some(Step { comment, saying: Saying::Request(Box::new(request)) })
}

fn text(name: &str, words: &mut Words<'_, '_>) -> Option<String> {
    words.argument(&format!("'{name}' expects a string as argument.")).map(str::to_owned)
}

fn text_format(name: &str, words: &mut Words<'_, '_>) -> Option<CheckText> {
    let text = words.argument(&format!("'{name}' expects a string as argument."))?;
    words.text(text)
}

/// A header field.
fn read_field(request: &Request, words: &mut Words<'_, '_>) -> Option<(String, CheckText)> {
    let missing = "'hdr' expects <name> and <value> as arguments.";
    let name = words.argument(missing)?;
    let value = words.argument(missing)?;
    let is_host = |name: &str| name.eq_ignore_ascii_case("host");
    if is_host(name) && request.headers.iter().any(|(name, _)| is_host(name)) {
        words.alert(&format!("'{name}' header already defined."), "a request has one host");
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
    Some((name.to_owned(), words.text(value)?))
}
