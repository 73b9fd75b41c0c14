//! Section `global`: `tune.*` (configuration manual 3.2). Sizes that decide what is accepted have an effect;
//! what only makes HAProxy's own machinery faster is accepted without one.

use super::global::ROW;
use super::{GlobalDirective, TUNING};
use crate::config::line::Line;
use crate::keyword::Support;

/// Buffers between these sizes, in bytes.
const BUFFER_MIN: usize = 1_024;
const BUFFER_MAX: usize = 64 * 1024 * 1024;

const TUNED: GlobalDirective = GlobalDirective {
    support: TUNING,
    set: |_, line| {
        let name = line.name();
        line.need(&format!("'{name}' expects an argument."), &format!("for example: {name} 100"));
    },
    summary: "Tunes HAProxy's machinery.",
    ..ROW
};
const NO_TLS: GlobalDirective = GlobalDirective {
    support: Support::Ignored("there is no TLS yet, and `bind … ssl` is refused"),
    summary: "Tunes TLS.",
    ..TUNED
};
const NO_H2: GlobalDirective = GlobalDirective {
    support: Support::Ignored("there is no HTTP/2 yet, and `alpn h2` is refused"),
    summary: "Tunes HTTP/2.",
    ..TUNED
};

pub(super) const TABLE: &[GlobalDirective] = &[
    GlobalDirective {
        name: "tune.bufsize",
        set: |global, line| {
            let message = "'tune.bufsize' expects a positive integer argument.";
            if let Some(size) =
                line.number(BUFFER_MIN, BUFFER_MAX, message, "for example: tune.bufsize 32768")
            {
                global.model.tune.bufsize = size;
            }
        },
        summary: "Bytes of a message head, less tune.maxrewrite.",
        example: "tune.bufsize 32768",
        ..ROW
    },
    GlobalDirective {
        name: "tune.http.logurilen",
        set: |global, line| {
            let message = "'tune.http.logurilen' expects a positive integer argument.";
            let read = line.number(1, 65_535, message, "for example: tune.http.logurilen 4096");
            if let Some(size) = read {
                global.model.tune.http_logurilen = size;
            }
        },
        summary: "Bytes of a request line that log lines show.",
        example: "tune.http.logurilen 4096",
        ..ROW
    },
    GlobalDirective {
        name: "tune.http.maxhdr",
        set: |global, line| {
            let message = "'tune.http.maxhdr' expects a numeric value between 1 and 32767";
            if let Some(count) = line.number(1, 32_767, message, "for example: tune.http.maxhdr 200") {
                global.model.tune.http_maxhdr = count;
            }
        },
        summary: "Header fields of one message.",
        example: "tune.http.maxhdr 200",
        ..ROW
    },
    GlobalDirective {
        name: "tune.maxrewrite",
        set: |global, line| {
            let message = "'tune.maxrewrite' expects a positive integer argument.";
            if let Some(size) = line.number(0, BUFFER_MAX, message, "for example: tune.maxrewrite 1024") {
                global.model.tune.maxrewrite = size;
            }
        },
        summary: "Bytes kept free for added header fields.",
        example: "tune.maxrewrite 1024",
        ..ROW
    },
    GlobalDirective { name: "tune.buffers.limit", example: "tune.buffers.limit 0", ..TUNED },
    GlobalDirective { name: "tune.buffers.reserve", example: "tune.buffers.reserve 2", ..TUNED },
    GlobalDirective { name: "tune.chksize", example: "tune.chksize 16384", ..TUNED },
    GlobalDirective { name: "tune.comp.maxlevel", example: "tune.comp.maxlevel 1", ..TUNED },
    GlobalDirective { name: "tune.fd.edge-triggered", example: "tune.fd.edge-triggered off", ..TUNED },
    GlobalDirective {
        name: "tune.idle-pool.shared",
        set: on_off,
        example: "tune.idle-pool.shared on",
        ..TUNED
    },
    GlobalDirective { name: "tune.idletimer", example: "tune.idletimer 1000", ..TUNED },
    GlobalDirective { name: "tune.listener.multi-queue", example: "tune.listener.multi-queue on", ..TUNED },
    GlobalDirective { name: "tune.maxaccept", example: "tune.maxaccept 64", ..TUNED },
    GlobalDirective { name: "tune.maxpollevents", example: "tune.maxpollevents 200", ..TUNED },
    GlobalDirective { name: "tune.memory.hot-size", example: "tune.memory.hot-size 262144", ..TUNED },
    GlobalDirective { name: "tune.pattern.cache-size", example: "tune.pattern.cache-size 10000", ..TUNED },
    GlobalDirective { name: "tune.pipesize", example: "tune.pipesize 524288", ..TUNED },
    GlobalDirective { name: "tune.pool-high-fd-ratio", example: "tune.pool-high-fd-ratio 25", ..TUNED },
    GlobalDirective { name: "tune.pool-low-fd-ratio", example: "tune.pool-low-fd-ratio 20", ..TUNED },
    GlobalDirective { name: "tune.rcvbuf.client", example: "tune.rcvbuf.client 65536", ..TUNED },
    GlobalDirective { name: "tune.rcvbuf.server", example: "tune.rcvbuf.server 65536", ..TUNED },
    GlobalDirective { name: "tune.recv_enough", example: "tune.recv_enough 10000", ..TUNED },
    GlobalDirective { name: "tune.runqueue-depth", example: "tune.runqueue-depth 200", ..TUNED },
    GlobalDirective {
        name: "tune.sched.low-latency",
        set: on_off,
        example: "tune.sched.low-latency on",
        ..TUNED
    },
    GlobalDirective { name: "tune.sndbuf.client", example: "tune.sndbuf.client 65536", ..TUNED },
    GlobalDirective { name: "tune.sndbuf.server", example: "tune.sndbuf.server 65536", ..TUNED },
    GlobalDirective { name: "tune.h2.header-table-size", example: "tune.h2.header-table-size 4096", ..NO_H2 },
    GlobalDirective {
        name: "tune.h2.initial-window-size",
        example: "tune.h2.initial-window-size 65535",
        ..NO_H2
    },
    GlobalDirective {
        name: "tune.h2.max-concurrent-streams",
        example: "tune.h2.max-concurrent-streams 100",
        ..NO_H2
    },
    GlobalDirective { name: "tune.h2.max-frame-size", example: "tune.h2.max-frame-size 16384", ..NO_H2 },
    GlobalDirective { name: "tune.ssl.cachesize", example: "tune.ssl.cachesize 20000", ..NO_TLS },
    GlobalDirective {
        name: "tune.ssl.capture-buffer-size",
        example: "tune.ssl.capture-buffer-size 0",
        ..NO_TLS
    },
    GlobalDirective {
        name: "tune.ssl.default-dh-param",
        example: "tune.ssl.default-dh-param 2048",
        ..NO_TLS
    },
    GlobalDirective { name: "tune.ssl.lifetime", example: "tune.ssl.lifetime 300", ..NO_TLS },
    GlobalDirective { name: "tune.ssl.maxrecord", example: "tune.ssl.maxrecord 16384", ..NO_TLS },
    GlobalDirective {
        name: "tune.ssl.ssl-ctx-cache-size",
        example: "tune.ssl.ssl-ctx-cache-size 1000",
        ..NO_TLS
    },
];

fn on_off(_: &mut crate::config::draft::GlobalDraft, line: &mut Line<'_>) {
    let (name, value) = (line.name(), line.argument(0).unwrap_or_default());
    if !matches!(value, "on" | "off") {
        let message = format!("'{name}' expects either 'on' or 'off' but got '{value}'.");
        line.alert(0, message, format!("for example: {name} on"));
    }
}
