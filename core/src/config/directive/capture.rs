//! `capture` lines (configuration manual 4.2): header fields that log lines show.

use super::{ProxyDirective, Side};
use crate::config::draft::ProxyDraft;
use crate::config::line::Line;
use crate::keyword::Support;
use crate::model::CookieCapture;

const ROW: ProxyDirective = ProxyDirective { side: Side::Front, in_defaults: false, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "capture",
        support: Support::Full,
        set: |_, line| {
            let message = "'capture' expects 'cookie' or 'request header' or 'response header'.";
            line.alert(0, message, "for example: capture request header Host len 64");
        },
        summary: "Keep something for the log.",
        example: "capture request header Host len 64",
        ..ROW
    },
    ProxyDirective {
        name: "capture cookie",
        set: capture_cookie,
        summary: "Keep a cookie of the request and of the answer for the log.",
        example: "capture cookie SESSION= len 32",
        ..ROW
    },
    ProxyDirective {
        name: "capture request header",
        set: |proxy, line| capture(proxy, line, "request"),
        summary: "Keep a request header field for the log.",
        example: "capture request header Host len 64",
        ..ROW
    },
    ProxyDirective {
        name: "capture response header",
        set: |proxy, line| capture(proxy, line, "response"),
        summary: "Keep a response header field for the log.",
        example: "capture response header Server len 20",
        ..ROW
    },
];

/// Reads `NAME len LENGTH`, the name being the beginning of what is to be kept.
fn capture_cookie(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let message = "'capture' expects 'cookie' <cookie_name> 'len' <len>.";
    let help = "for example: capture cookie SESSION= len 32";
    let (Some(name), Some("len"), Some(text)) = (line.argument(0), line.argument(1), line.argument(2)) else {
        return line.alert(line.arguments().len().min(2), message, help);
    };
    let Some(len) = text.parse().ok().filter(|len: &usize| *len > 0) else {
        let message = format!("'capture cookie' expects a length of at least 1, not '{text}'.");
        return line.alert(2, message, help);
    };
    if len > COOKIE_LENGTH_MAX {
        let message = format!("truncating capture length to {COOKIE_LENGTH_MAX} bytes.");
        line.warning(2, message, "HAProxy keeps no more either");
    }
    line.passes_over(3);
    let len = len.min(COOKIE_LENGTH_MAX);
    proxy.cookie_capture = Some(CookieCapture { prefix: name.to_owned(), len });
}

/// Most bytes of a captured cookie, its name included.
const COOKIE_LENGTH_MAX: usize = 63;

/// Reads `NAME len LENGTH`.
fn capture(proxy: &mut ProxyDraft, line: &mut Line<'_>, what: &str) {
    let message = format!("'capture {what}' expects 'header' <header_name> 'len' <len>.");
    let help = format!("for example: capture {what} header Host len 64");
    let (Some(name), Some("len"), Some(text)) = (line.argument(0), line.argument(1), line.argument(2)) else {
        return line.alert(line.arguments().len().min(2), message, help);
    };
    let Some(length) = text.parse().ok().filter(|length| (1..=LENGTH_MAX).contains(length)) else {
        let message = format!("'capture {what}' expects a length between 1 and {LENGTH_MAX}, not '{text}'.");
        return line.alert(2, message, help);
    };
    if let Some(extra) = line.argument(3) {
        let message = format!("'capture {what}' cannot handle unexpected argument '{extra}'.");
        return line.alert(3, message, help);
    }
    let slots = match what {
        "request" => &mut proxy.captures.request,
        _ => &mut proxy.captures.response,
    };
    slots.push((Some(name.to_owned()), length));
}

/// Most bytes of one capture.
const LENGTH_MAX: usize = 65_535;
