//! `timeout` lines (configuration manual 4.2, `timeout …`).

use std::time::Duration;

use super::{ProxyDirective, Side};
use crate::config::duration::{DurationError, parse_duration};
use crate::config::line::Line;
use crate::keyword::{Kind, Support};

const ROW: ProxyDirective = ProxyDirective { kind: Kind::TimeoutName, ..ProxyDirective::ROW };
const FRONT: ProxyDirective = ProxyDirective { side: Side::Front, ..ROW };
const BACK: ProxyDirective = ProxyDirective { side: Side::Back, ..ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "check",
        set: |proxy, line| set(line, |span| proxy.settings.server.check = span),
        summary: "How long a health check waits for the answer once connected.",
        example: "timeout check 2s",
        ..BACK
    },
    ProxyDirective {
        name: "client",
        set: |proxy, line| set(line, |span| proxy.settings.client.client = span),
        summary: "How long a client may be silent.",
        example: "timeout client 30s",
        ..FRONT
    },
    ProxyDirective {
        name: "client-fin",
        set: |proxy, line| set(line, |span| proxy.settings.client.client_fin = span),
        summary: "How long a client may be silent once one direction is closed.",
        example: "timeout client-fin 10s",
        ..FRONT
    },
    ProxyDirective {
        name: "connect",
        set: |proxy, line| set(line, |span| proxy.settings.server.connect = span),
        summary: "How long connecting to a server may take.",
        example: "timeout connect 5s",
        ..BACK
    },
    ProxyDirective {
        name: "http-keep-alive",
        set: |proxy, line| set(line, |span| proxy.settings.client.http_keep_alive = span),
        summary: "How long to wait for the next request of a connection.",
        example: "timeout http-keep-alive 10s",
        ..ROW
    },
    ProxyDirective {
        name: "http-request",
        set: |proxy, line| set(line, |span| proxy.settings.client.http_request = span),
        summary: "How long a whole request head may take.",
        example: "timeout http-request 5s",
        ..ROW
    },
    ProxyDirective {
        name: "queue",
        set: |proxy, line| set(line, |span| proxy.settings.server.queue = span),
        summary: "How long a request may wait for a server.",
        example: "timeout queue 10s",
        ..BACK
    },
    ProxyDirective {
        name: "server",
        set: |proxy, line| set(line, |span| proxy.settings.server.server = span),
        summary: "How long a server may be silent.",
        example: "timeout server 30s",
        ..BACK
    },
    ProxyDirective {
        name: "server-fin",
        set: |proxy, line| set(line, |span| proxy.settings.server.server_fin = span),
        summary: "How long a server may be silent once one direction is closed.",
        example: "timeout server-fin 10s",
        ..BACK
    },
    ProxyDirective {
        name: "tarpit",
        support: Support::Ignored("only `http-request tarpit` uses it, which is not supported yet"),
        set: |_, line| set(line, |_| ()),
        summary: "How long a tarpitted request is held.",
        example: "timeout tarpit 10s",
        ..ROW
    },
    ProxyDirective {
        name: "tunnel",
        set: |proxy, line| set(line, |span| proxy.settings.server.tunnel = span),
        summary: "How long both sides of a tunnel may be silent.",
        example: "timeout tunnel 1h",
        ..BACK
    },
];

/// Reads the span of a timeout. 0 means none.
fn set(line: &mut Line<'_>, put: impl FnOnce(Option<Duration>)) {
    let name = line.name();
    let Some(text) = line.need(
        &format!("'{name}' expects an integer value (in milliseconds)"),
        &format!("for example: {name} 30s"),
    ) else {
        return;
    };
    if let Some(extra) = line.argument(1) {
        let message = format!("'{name}' : unexpected extra argument '{extra}' after value '{text}'.");
        return line.alert(1, message, "a timeout is one word: 30s, 5m, 1500ms");
    }
    match parse_duration(text) {
        Ok(span) => put((!span.is_zero()).then_some(span)),
        Err(DurationError::Character(character)) => {
            let message = format!("unexpected character '{character}' in '{name}'");
            line.alert(0, message, "write a number and a unit: us, ms, s, m, h or d");
        }
        Err(DurationError::TooLong) => {
            let message = format!(
                "timer overflow in argument '{text}' to '{name}' (maximum value is 2147483647 ms or ~24.8 days)"
            );
            line.alert(0, message, "leave the line out for no timeout at all");
        }
    }
}

/// A span of another keyword; reports what is wrong in HAProxy's words.
pub(super) fn span(line: &mut Line<'_>, at: usize, what: &str) -> Option<Duration> {
    let text = line.argument(at)?;
    match parse_duration(text) {
        Ok(span) => Some(span),
        Err(DurationError::Character(character)) => {
            let message = format!("unexpected character '{character}' in {what}.");
            line.alert(at, message, "write a number and a unit: us, ms, s, m, h or d");
            None
        }
        Err(DurationError::TooLong) => {
            let message = format!("timer overflow in {what} (maximum value is 2147483647 ms or ~24.8 days).");
            line.alert(at, message, "write a shorter time");
            None
        }
    }
}
