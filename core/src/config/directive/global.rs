//! Section `global`: the process (configuration manual 3.1).

use super::GlobalDirective;
use crate::config::draft::GlobalDraft;
use crate::config::line::{Form, Line};
use crate::keyword::{Kind, Support};
use crate::model::Identity;

pub(super) const ROW: GlobalDirective = GlobalDirective { kind: Kind::Global, ..GlobalDirective::ROW };

/// Set aside without effect: one word behind it at most.
const HARMLESS: GlobalDirective = GlobalDirective {
    set: |_, line| {
        line.at_most(1);
    },
    ..ROW
};
const POLLERS: Support = Support::Ignored("tokio chooses the poller");
const NO_PAGE: Support = Support::Ignored("only the statistics page shows it");
const PLACEMENT: Support = Support::Ignored("only says on which processors threads run");
const NO_TLS: Support = Support::Ignored("there is no TLS yet, and `ssl` on a line is refused");
const DEBUGGING: Support = Support::Ignored("only measures HAProxy's own machinery");

pub(super) const TABLE: &[GlobalDirective] = &[
    GlobalDirective {
        name: "chroot",
        set: |global, line| {
            let help = "for example: chroot /var/lib/haproxy";
            if let Some(path) = line.need("'chroot' expects a directory as an argument.", help)
                && line.at_most(1)
                && once(global, line, "chroot")
            {
                global.model.chroot = Some(path.to_owned());
            }
        },
        summary: "The directory that the process locks itself into.",
        example: "chroot /var/lib/haproxy",
        ..ROW
    },
    GlobalDirective {
        name: "daemon",
        set: |global, line| global.model.daemon |= line.at_most(0),
        summary: "Run in the background.",
        example: "daemon",
        ..ROW
    },
    GlobalDirective {
        name: "description",
        support: NO_PAGE,
        set: |global, line| {
            let help = "for example: description Main balancer";
            if line.need("'description' expects a string argument.", help).is_some() {
                global.model.description = Some(line.arguments().join(" "));
            }
        },
        summary: "A sentence about this process.",
        example: "description Main balancer",
        ..ROW
    },
    GlobalDirective {
        name: "gid",
        set: |global, line| identity(global, line, "group/gid", false, false),
        summary: "The group's number.",
        example: "gid 0",
        ..ROW
    },
    GlobalDirective {
        name: "group",
        set: |global, line| identity(global, line, "group/gid", true, false),
        summary: "The group to run as.",
        example: "group haproxy",
        ..ROW
    },
    GlobalDirective {
        name: "localpeer",
        support: Support::Ignored("peers are not supported yet, and their section is refused"),
        summary: "This process's name among its peers.",
        example: "localpeer lb1",
        ..HARMLESS
    },
    GlobalDirective {
        name: "node",
        set: node,
        support: NO_PAGE,
        summary: "This node's name.",
        example: "node lb1",
        ..ROW
    },
    GlobalDirective {
        name: "pidfile",
        set: |global, line| {
            let help = "for example: pidfile /run/haproxy.pid";
            if let Some(path) = line.need("'pidfile' expects a file name as an argument.", help)
                && line.at_most(1)
                && once(global, line, "pidfile")
            {
                global.model.pidfile = Some(path.to_owned());
            }
        },
        summary: "The file that gets the process id.",
        example: "pidfile /run/haproxy.pid",
        ..ROW
    },
    GlobalDirective {
        name: "quiet",
        set: |global, line| global.model.quiet |= line.at_most(0),
        summary: "Say nothing while starting.",
        example: "quiet",
        ..ROW
    },
    GlobalDirective {
        name: "uid",
        set: |global, line| identity(global, line, "user/uid", false, true),
        summary: "The user's number.",
        example: "uid 0",
        ..ROW
    },
    GlobalDirective {
        name: "user",
        set: |global, line| identity(global, line, "user/uid", true, true),
        summary: "The user to run as.",
        example: "user haproxy",
        ..ROW
    },
    GlobalDirective {
        name: "zero-warning",
        set: |global, line| global.zero_warning |= line.at_most(0),
        summary: "Treat warnings as errors.",
        example: "zero-warning",
        ..ROW
    },
    GlobalDirective {
        name: "busy-polling",
        negatable: true,
        support: Support::Ignored("trades power for latency"),
        summary: "Poll without sleeping.",
        example: "busy-polling",
        ..HARMLESS
    },
    GlobalDirective {
        name: "cpu-map",
        support: PLACEMENT,
        set: |_, line| {
            line.need("'cpu-map' expects threads and processors.", "for example: cpu-map auto:1/1-4 0-3");
        },
        summary: "Which processors threads run on.",
        example: "cpu-map 1/all 0",
        ..ROW
    },
    GlobalDirective {
        name: "numa-cpu-mapping",
        negatable: true,
        support: PLACEMENT,
        summary: "Stay on one memory node.",
        example: "numa-cpu-mapping",
        ..HARMLESS
    },
    GlobalDirective {
        name: "set-dumpable",
        negatable: true,
        support: DEBUGGING,
        summary: "Allow core dumps.",
        example: "set-dumpable",
        ..HARMLESS
    },
    GlobalDirective {
        name: "default-path",
        support: Support::Partial("`current`; the others are planned"),
        set: |_, line| match line.argument(0) {
            Some("current") => {}
            Some(other @ ("config" | "origin" | "parent")) => {
                let message = format!("'default-path {other}' is known, not supported yet.");
                line.alert(0, message, "relative names start where the program was started");
            }
            _ => {
                let message = "'default-path' expects 'current', 'config', 'origin' or 'parent'.";
                line.alert(0, message, "current is the default");
            }
        },
        summary: "Where relative names start.",
        example: "default-path current",
        ..ROW
    },
    GlobalDirective {
        name: "expose-experimental-directives",
        support: Support::Ignored("no directive here is hidden"),
        summary: "Accept experimental directives.",
        example: "expose-experimental-directives",
        ..HARMLESS
    },
    GlobalDirective {
        name: "master-worker",
        support: Support::Ignored("one process does what HAProxy's master and worker do"),
        summary: "Supervise the worker by another process.",
        example: "master-worker",
        ..HARMLESS
    },
    GlobalDirective {
        name: "maxsslconn",
        support: NO_TLS,
        summary: "TLS connections at one time.",
        example: "maxsslconn 1000",
        ..HARMLESS
    },
    GlobalDirective {
        name: "maxsslrate",
        support: NO_TLS,
        summary: "TLS connections per second.",
        example: "maxsslrate 1000",
        ..HARMLESS
    },
    GlobalDirective {
        name: "mworker-max-reloads",
        support: Support::Ignored("there is no master whose reloads could be counted"),
        summary: "Reloads that an old worker survives.",
        example: "mworker-max-reloads 3",
        ..HARMLESS
    },
    GlobalDirective {
        name: "server-state-base",
        support: Support::Ignored("state files are not supported yet, and their keywords are refused"),
        summary: "Where state files are.",
        example: "server-state-base /var/lib/haproxy",
        ..HARMLESS
    },
    GlobalDirective {
        name: "noepoll",
        support: POLLERS,
        summary: "Do not use epoll.",
        example: "noepoll",
        ..HARMLESS
    },
    GlobalDirective {
        name: "noevports",
        support: POLLERS,
        summary: "Do not use event ports.",
        example: "noevports",
        ..HARMLESS
    },
    GlobalDirective {
        name: "nokqueue",
        support: POLLERS,
        summary: "Do not use kqueue.",
        example: "nokqueue",
        ..HARMLESS
    },
    GlobalDirective {
        name: "nopoll",
        support: POLLERS,
        summary: "Do not use poll.",
        example: "nopoll",
        ..HARMLESS
    },
    GlobalDirective {
        name: "nosplice",
        support: super::TUNING,
        summary: "Do not let the kernel forward.",
        example: "nosplice",
        ..HARMLESS
    },
    GlobalDirective {
        name: "profiling.memory",
        support: DEBUGGING,
        summary: "Measure memory.",
        example: "profiling.memory on",
        ..HARMLESS
    },
    GlobalDirective {
        name: "profiling.tasks",
        support: DEBUGGING,
        summary: "Measure tasks.",
        example: "profiling.tasks auto",
        ..HARMLESS
    },
];

/// Whether this keyword may still be set; a second line is told about and left out, as HAProxy does.
pub(super) fn once(global: &mut GlobalDraft, line: &mut Line<'_>, name: &'static str) -> bool {
    let first = global.seen.insert(name);
    if !first {
        let message = format!("'{name}' already specified. Continuing.");
        line.findings.warning(0, message, "the first line counts; remove this one");
    }
    first
}

/// `on`, `off`, or nothing behind a keyword with a `no` form.
pub(super) fn is_on(line: &Line<'_>) -> bool {
    line.form == Form::Plain
}

fn identity(global: &mut GlobalDraft, line: &mut Line<'_>, seen: &'static str, by_name: bool, user: bool) {
    let what = if user { "user" } else { "group" };
    let Some(text) = line.argument(0) else {
        let message = format!("cannot find {what} id for ''");
        return line.alert(0, message, format!("for example: {} haproxy", line.name()));
    };
    if !line.at_most(1) || !once(global, line, seen) {
        return;
    }
    let identity = if by_name {
        let known = if user { line.environment.has_user(text) } else { line.environment.has_group(text) };
        if !known {
            let message = format!("cannot find {what} id for '{text}'");
            return line.alert(0, message, format!("create the {what}, or name another"));
        }
        Identity::Name(text.to_owned())
    } else {
        match text.parse() {
            Ok(number) => Identity::Number(number),
            Err(_) => {
                let message = format!("{}: string '{text}' is not a number.", line.name());
                return line.alert(0, message, format!("write `{what} {text}` for a name"));
            }
        }
    };
    *(if user { &mut global.model.user } else { &mut global.model.group }) = Some(identity);
}

fn node(global: &mut GlobalDraft, line: &mut Line<'_>) {
    let valid = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    match line.argument(0).filter(|name| name.chars().all(valid)) {
        Some(name) => global.model.node = Some(name.to_owned()),
        None => {
            let message = "'node' requires valid node name - non-empty string with digits(0-9), letters(A-Z, a-z), \
                           dot(.), hyphen(-) or underscode(_).";
            line.alert(0, message, "for example: node lb1");
        }
    }
}
