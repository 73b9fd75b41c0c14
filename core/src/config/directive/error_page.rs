//! `errorfile` and `errorloc` (configuration manual 4.2): answers of the user's own.

use bytes::Bytes;

use super::ProxyDirective;
use crate::base::limits::{ERROR_PAGE_MAX, FIELDS_MAX};
use crate::config::draft::ProxyDraft;
use crate::config::environment::ReadError;
use crate::config::line::Line;
use crate::h1::{HeadLimits, Parse, parse_response};
use crate::http::ResponseHead;

/// Statuses that this program or HAProxy may answer with by itself.
const STATUSES: [u16; 18] =
    [200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 425, 429, 431, 500, 501, 502, 503];
const LAST_STATUS: u16 = 504;

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "errorfile",
        set: error_file,
        summary: "Answer a status with the content of a file.",
        example: "errorfile 503 /etc/haproxy/errors/503.http",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "errorloc",
        set: |proxy, line| error_location(proxy, line, "302 Found"),
        summary: "Answer a status with a redirection (302).",
        example: "errorloc 503 http://status.example.com/",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "errorloc302",
        set: |proxy, line| error_location(proxy, line, "302 Found"),
        summary: "Answer a status with a redirection (302).",
        example: "errorloc302 503 http://status.example.com/",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "errorloc303",
        set: |proxy, line| error_location(proxy, line, "303 See Other"),
        summary: "Answer a status with a redirection (303).",
        example: "errorloc303 503 http://status.example.com/",
        ..ProxyDirective::ROW
    },
];

/// The status and the argument behind it.
fn arguments<'a>(line: &mut Line<'a>, what: &str) -> Option<(u16, &'a str)> {
    let name = line.name();
    let (Some(status), Some(argument)) = (line.argument(0), line.argument(1)) else {
        let at = line.arguments().len().min(1);
        let message = format!("{name} : expects <status_code> and <{what}> as arguments.");
        line.alert(at, message, format!("for example: {name} 503 {what}"));
        return None;
    };
    let known = |status: &u16| STATUSES.contains(status) || *status == LAST_STATUS;
    let Some(status) = status.parse().ok().filter(known) else {
        let list: Vec<String> = STATUSES.iter().chain([&LAST_STATUS]).map(u16::to_string).collect();
        let message = format!("{name} : status code '{status}' not handled.");
        line.alert(0, message, format!("these are: {}", list.join(", ")));
        return None;
    };
    line.at_most(2).then_some((status, argument))
}

fn error_file(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let Some((status, path)) = arguments(line, "file") else { return };
    match line.environment.read(path, ERROR_PAGE_MAX) {
        Err(ReadError::Open) => {
            let message = format!("errorfile : error opening file '{path}'.");
            line.alert(1, message, "the file must exist and be readable; the package haproxy has examples");
        }
        Err(ReadError::Read) => {
            let message = format!("errorfile : error reading file '{path}'.");
            line.alert(1, message, "it must be a plain file");
        }
        Ok(content) if content.len() > ERROR_PAGE_MAX => {
            let message =
                format!("errorfile : custom error message file '{path}' larger than {ERROR_PAGE_MAX} bytes.");
            line.alert(1, message, "an error page must fit one buffer: shorten it, or use errorloc");
        }
        Ok(content) => match check_message(&content) {
            Ok(()) => {
                proxy.settings.error_pages.insert(status, Bytes::from(content));
            }
            Err(offset) => {
                let message =
                    format!("errorfile : '{path}': unable to parse headers (error offset: {offset})");
                line.alert(
                    1,
                    message,
                    "it must begin with a status line and end its header fields with an empty line",
                );
            }
        },
    }
}

/// Whether a page is a whole HTTP answer; an empty one closes silently. Gives the offset of what is wrong.
fn check_message(content: &[u8]) -> Result<(), usize> {
    let limits = HeadLimits { bytes_max: ERROR_PAGE_MAX, fields_max: FIELDS_MAX };
    let mut head = ResponseHead::default();
    match parse_response(content, &mut head, &limits) {
        _ if content.is_empty() => Ok(()),
        Ok(Parse::Complete(_)) => Ok(()),
        Ok(Parse::Partial) => Err(content.len()),
        Err(error) => Err(error.position().unwrap_or(0)),
    }
}

fn error_location(proxy: &mut ProxyDraft, line: &mut Line<'_>, answer: &str) {
    if let Some((status, location)) = arguments(line, "url") {
        let page = format!(
            "HTTP/1.1 {answer}\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: {location}\r\n\r\n"
        );
        proxy.settings.error_pages.insert(status, Bytes::from(page));
    }
}
