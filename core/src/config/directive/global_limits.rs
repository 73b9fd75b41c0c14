//! Section `global`: how much, how many, how long (configuration manual 3.1 and 3.2).

use super::global::{ROW, is_on, once};
use super::timeout::span;
use super::{GlobalDirective, TUNING};
use crate::config::draft::GlobalDraft;
use crate::config::line::Line;
use crate::keyword::Support;

/// Most worker threads.
const THREADS_MAX: u16 = 256;

pub(super) const TABLE: &[GlobalDirective] = &[
    GlobalDirective {
        name: "close-spread-time",
        set: |global, line| time(line, |span| global.model.close_spread_time = Some(span)),
        support: Support::Partial("read; idle connections close at once on a soft stop"),
        summary: "Close idle connections over this time on a soft stop.",
        example: "close-spread-time 10s",
        ..ROW
    },
    GlobalDirective {
        name: "grace",
        set: |_, line| time(line, |_| ()),
        support: Support::Ignored("listeners close at once on a soft stop; a balancer in front sees that"),
        summary: "How long to go on listening on a soft stop.",
        example: "grace 10s",
        ..ROW
    },
    GlobalDirective {
        name: "hard-stop-after",
        set: |global, line| time(line, |span| global.model.hard_stop_after = Some(span)),
        summary: "How long a soft stop may take.",
        example: "hard-stop-after 30s",
        ..ROW
    },
    GlobalDirective {
        name: "max-spread-checks",
        set: |global, line| {
            let message = "'max-spread-checks' expects an integer delay.";
            if line.need(message, "for example: max-spread-checks 10s").is_some()
                && let Some(span) = span(line, 0, "'max-spread-checks'")
            {
                global.model.max_spread_checks = Some(span);
            }
        },
        summary: "All first checks start within this time.",
        example: "max-spread-checks 10s",
        ..ROW
    },
    GlobalDirective {
        name: "maxconn",
        set: |global, line| {
            let text = line.argument(0).unwrap_or_default();
            let message = match text {
                "" => "'maxconn' expects an integer argument.".to_owned(),
                _ => format!("cannot parse 'maxconn' value '{text}', an integer is expected."),
            };
            let read = line.number(0, i32::MAX as u32, &message, "for example: maxconn 50000");
            if let Some(count) = read
                && once(global, line, "maxconn")
            {
                global.model.maxconn = (count > 0).then_some(count);
            }
        },
        summary: "Connections accepted at one time; more wait in the backlog.",
        example: "maxconn 50000",
        ..ROW
    },
    GlobalDirective {
        name: "nbthread",
        set: threads,
        summary: "Worker threads.",
        example: "nbthread 4",
        ..ROW
    },
    GlobalDirective {
        name: "nbproc",
        support: Support::Ignored("HAProxy has removed it; 1 is accepted"),
        set: |_, line| {
            if line.argument(0) != Some("1") {
                let message = "nbproc is not supported any more since HAProxy 2.5. Threads will automatically be \
                               used on multi-processor machines if available.";
                line.alert(0, message, "use `nbthread`");
            }
        },
        summary: "Processes.",
        example: "nbproc 1",
        ..ROW
    },
    GlobalDirective {
        name: "spread-checks",
        set: |global, line| {
            let message = match line.argument(0) {
                None => "'spread-checks' expects an integer argument (0..50).",
                Some(_) => "'spread-checks' needs a positive value in range 0..50.",
            };
            if let Some(percent) = line.number(0, 50, message, "for example: spread-checks 5") {
                global.model.spread_checks = percent;
            }
        },
        summary: "Vary the time between checks by so many per cent.",
        example: "spread-checks 5",
        ..ROW
    },
    GlobalDirective {
        name: "strict-limits",
        negatable: true,
        set: |global, line| {
            if line.at_most(0) {
                global.model.strict_limits = is_on(line);
            }
        },
        summary: "Refuse to start when limits cannot be raised.",
        example: "strict-limits",
        ..ROW
    },
    GlobalDirective {
        name: "thread-groups",
        support: TUNING,
        set: |_, line| {
            line.number(1, THREADS_MAX, "'thread-groups' expects a number.", "for example: thread-groups 1");
        },
        summary: "Groups of threads.",
        example: "thread-groups 1",
        ..ROW
    },
    GlobalDirective {
        name: "ulimit-n",
        set: |global, line| {
            let read = line.number(
                1,
                i32::MAX as u32,
                "'ulimit-n' expects an integer argument.",
                "better leave it out",
            );
            if let Some(count) = read
                && once(global, line, "ulimit-n")
            {
                global.model.ulimit_n = Some(count);
            }
        },
        summary: "File descriptors, in place of the computed number.",
        example: "ulimit-n 65536",
        ..ROW
    },
];

fn threads(global: &mut GlobalDraft, line: &mut Line<'_>) {
    let text = line.argument(0).unwrap_or_default();
    let message = match text.parse::<i64>() {
        Ok(_) => format!("'nbthread' value must be between 1 and {THREADS_MAX} (was {text})"),
        Err(_) => format!("'nbthread' passed a missing or unparsable integer value in '{text}'"),
    };
    if let Some(count) = line.number(1, THREADS_MAX, &message, "for example: nbthread 4") {
        global.model.nbthread = Some(count);
    }
}

fn time(line: &mut Line<'_>, put: impl FnOnce(std::time::Duration)) {
    let name = line.name();
    let message = format!("'{name}' expects <time> as argument.");
    if line.need(&message, &format!("for example: {name} 30s")).is_some()
        && line.at_most(1)
        && let Some(span) = span(line, 0, &format!("argument to <{name}>"))
    {
        put(span);
    }
}
