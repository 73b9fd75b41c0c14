//! Health checks by programs (configuration manual 3.1 and 4.2, `external-check`).

use super::{GlobalDirective, ProxyDirective, Side};
use crate::config::draft::{GlobalDraft, ProxyDraft};
use crate::config::line::{Form, Line};
use crate::keyword::Kind;

pub(super) const GLOBALS: &[GlobalDirective] = &[
    GlobalDirective {
        name: "external-check",
        kind: Kind::Global,
        set: global,
        summary: "Allow health checks by programs; `preserve-env` passes them our environment.",
        example: "external-check",
        ..GlobalDirective::ROW
    },
    GlobalDirective {
        name: "insecure-fork-wanted",
        kind: Kind::Global,
        negatable: true,
        set: |global, line| {
            if line.at_most(0) {
                global.model.fork_wanted = line.form == Form::Plain;
            }
        },
        summary: "Allow starting other programs; without it, checks by programs are warned of.",
        example: "insecure-fork-wanted",
        ..GlobalDirective::ROW
    },
];

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "external-check",
        side: Side::Both,
        set: |_, line| {
            let help = "for example: external-check command /usr/local/bin/check";
            let Some(word) = line.need("missing argument after 'external-check'.", help) else { return };
            let message = format!("'external-check' only supports 'command' and 'path'. but got '{word}'.");
            line.alert(0, message, help);
        },
        summary: "See its two forms.",
        example: "external-check command /bin/true",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "external-check command",
        set: |proxy, line| {
            if let Some(word) = word(line, "command") {
                proxy.settings.external_check.command = Some((word, line.place.clone()));
            }
        },
        summary: "The program that checks a server: all is well if it exits with 0.",
        example: "external-check command /bin/true",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "external-check path",
        set: |proxy, line| {
            if let Some(word) = word(line, "path") {
                proxy.settings.external_check.path = Some((word, line.place.clone()));
            }
        },
        summary: "Where programs that check servers are looked for.",
        example: "external-check path /usr/bin:/bin",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "external-check",
        kind: Kind::OptionName,
        set: option,
        summary: "Check servers by a program.",
        example: "option external-check",
        ..ProxyDirective::ROW
    },
];

fn global(global: &mut GlobalDraft, line: &mut Line<'_>) {
    match line.argument(0) {
        None => {}
        Some("preserve-env") => {
            line.skip += 1;
            global.model.external_check.preserve_env = true;
        }
        Some(word) => {
            let message =
                format!("'external-check' only supports 'preserve-env' as an argument, found '{word}'.");
            return line.alert(0, message, "for example: external-check preserve-env");
        }
    }
    if line.at_most(0) {
        global.model.external_check.allowed = true;
    }
}

/// The one word behind `command` or `path`.
fn word(line: &mut Line<'_>, what: &str) -> Option<String> {
    let help = format!("for example: {}", line.example);
    let word = line.need(&format!("missing argument after '{what}'."), &help)?;
    if let Some(extra) = line.argument(1) {
        let message = format!("'external-check' cannot handle unexpected argument '{extra}'.");
        line.alert(1, message, "the program gets its words from us");
        return None;
    }
    Some(word.to_owned())
}

fn option(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    if line.at_most(0) {
        proxy.settings.external_check.wanted = Some(line.place.clone());
    }
}
