//! Names behind `timeout` (chapter 4).

#[rustfmt::skip]
pub(super) const NAMES: &[&str] = &[
    "check",
    "client",
    "client-fin",
    "client-hs",
    "connect",
    "http-keep-alive",
    "http-request",
    "queue",
    "server",
    "server-fin",
    "tarpit",
    "tunnel",
];
