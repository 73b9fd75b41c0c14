//! `option httpchk` and `option tcp-check`: which check it is, and the request of the short form.

use super::CheckDraft;
use super::build::Protocol;
use super::steps::Request;
use crate::config::finding::Findings;
use crate::model::CheckText;

/// Reads the words of `option httpchk [[METHOD] URI [VERSION]]`, `option` included.
pub fn read_option_httpchk(words: &[&str], draft: &mut CheckDraft, findings: &mut Findings) {
    if let Some(word) = words.get(5) {
        let message = format!("'option httpchk' cannot handle unexpected argument '{word}'.");
        return findings.alert(5, message, "write header fields as `http-check send hdr NAME VALUE`");
    }
    let arguments = words.get(2..).unwrap_or_default();
    let mut request = Request::default();
    let text = |word: &str| Some(word.to_owned());
    let plain = |word: &str| Some(CheckText::Plain(word.to_owned()));
    match *arguments {
        [] => {}
        [uri] => request.uri = plain(uri),
        [method, uri] => (request.method, request.uri) = (text(method), plain(uri)),
        [method, uri, version, ..] => {
            (request.method, request.uri) = (text(method), plain(uri));
            read_version(version, &mut request, findings);
        }
    }
    draft.protocol = Protocol::Http;
    draft.request = request;
}

/// The version; HAProxy up to 2.6 let header fields and a body hide behind it, 2.8 refuses them.
fn read_version(text: &str, request: &mut Request, findings: &mut Findings) {
    let (version, hidden) = text.split_once("\r\n").unwrap_or((text, ""));
    request.version = Some(version.to_owned());
    if version.len() == text.len() {
        return;
    }
    let message = "'option httpchk' : hiding headers or body at the end of the version string is deprecated. \
                   Please, consider to use 'http-check send' directive instead.";
    let (fields, body) = hidden.split_once("\r\n\r\n").unwrap_or((hidden, ""));
    for line in fields.split("\r\n").filter(|line| !line.is_empty()) {
        match line.split_once(':') {
            Some((name, value)) => {
                let value = CheckText::Plain(value.trim().to_owned());
                request.headers.push((name.trim().to_owned(), value));
            }
            None => {
                let message = format!("'option httpchk' : invalid header '{line}'.");
                findings.alert(4, message, "write NAME:\\ VALUE, or better `http-check send hdr NAME VALUE`");
            }
        }
    }
    if !body.is_empty() {
        request.body = Some(CheckText::Plain(body.to_owned()));
    }
    let fields = fields.split("\r\n").filter_map(|line| line.split_once(':'));
    let fields: Vec<String> =
        fields.map(|(name, value)| format!(" hdr {} {}", name.trim(), quoted(value.trim()))).collect();
    findings.warning(
        4,
        message,
        format!("write `http-check send{}`; HAProxy 2.8 refuses this line", fields.concat()),
    );
}

/// `text` as one word of a configuration.
fn quoted(text: &str) -> String {
    if text.contains([' ', '"', '\\', '#', '\'']) {
        format!("\"{}\"", text.escape_default())
    } else {
        text.to_owned()
    }
}

/// Reads the words of `option tcp-check`, `option` included.
pub fn read_option_tcp_check(words: &[&str], draft: &mut CheckDraft, findings: &mut Findings) {
    if let Some(word) = words.get(2) {
        let message = format!("'option tcp-check' cannot handle unexpected argument '{word}'.");
        return findings.alert(2, message, "write what to send and expect as `tcp-check` lines");
    }
    draft.protocol = Protocol::Tcp;
}
