//! The statistics page and the admin socket (configuration manual 3.1 and 4.2): read and checked; neither is
//! served yet, and the first line about each says so.

use super::timeout::span;
use super::{GlobalDirective, ProxyDirective};
use crate::config::draft::{GlobalDraft, ProxyDraft};
use crate::config::line::Line;
use crate::keyword::{Kind, Support, closest, is_known};

const SOCKET: Support = Support::Partial("read and checked; the admin socket is not served yet");
const PAGE: Support = Support::Partial("read and checked; the page is not served yet");

pub(super) const GLOBALS: &[GlobalDirective] = &[GlobalDirective {
    name: "stats",
    kind: Kind::Global,
    support: SOCKET,
    set: global,
    summary: "The admin socket.",
    example: "stats timeout 30s",
    ..GlobalDirective::ROW
}];

const ROW: ProxyDirective = ProxyDirective { support: PAGE, set: page, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "stats auth",
        summary: "Who may see the page.",
        example: "stats auth me:secret",
        ..ROW
    },
    ProxyDirective { name: "stats enable", summary: "Serve the page.", example: "stats enable", ..ROW },
    ProxyDirective {
        name: "stats hide-version",
        summary: "Do not show the version.",
        example: "stats hide-version",
        ..ROW
    },
    ProxyDirective {
        name: "stats realm",
        summary: "The realm of its login.",
        example: "stats realm Statistics",
        ..ROW
    },
    ProxyDirective {
        name: "stats refresh",
        summary: "How often it reloads.",
        example: "stats refresh 10s",
        ..ROW
    },
    ProxyDirective {
        name: "stats scope",
        summary: "Which proxies it shows.",
        example: "stats scope .",
        ..ROW
    },
    ProxyDirective {
        name: "stats show-desc",
        summary: "Show a description.",
        example: "stats show-desc Main",
        ..ROW
    },
    ProxyDirective {
        name: "stats show-legends",
        summary: "Show more about each server.",
        example: "stats show-legends",
        ..ROW
    },
    ProxyDirective {
        name: "stats show-modules",
        summary: "Show counters of modules.",
        example: "stats show-modules",
        ..ROW
    },
    ProxyDirective {
        name: "stats show-node",
        summary: "Show the node's name.",
        example: "stats show-node",
        ..ROW
    },
    ProxyDirective {
        name: "stats show-version",
        summary: "Show the version.",
        example: "stats show-version",
        ..ROW
    },
    ProxyDirective { name: "stats uri", summary: "Where it is.", example: "stats uri /stats", ..ROW },
    ProxyDirective {
        name: "stats",
        set: |_, line| {
            let names = TABLE.iter().filter_map(|row| row.name.strip_prefix("stats "));
            let name = line.argument(0).unwrap_or_default();
            let help = match closest(name, names) {
                Some(meant) => format!("did you mean `stats {meant}`?"),
                None => "for example: stats uri /stats".to_owned(),
            };
            let message = format!(
                "unknown stats parameter '{name}', expects 'admin', 'uri', 'realm', 'auth', 'scope', 'enable', \
                 'hide-version', 'show-node', 'show-desc' or 'show-legends'."
            );
            line.alert(0, message, help);
        },
        summary: "The statistics page.",
        example: "stats enable",
        ..ROW
    },
];

/// A line about the page.
fn page(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    proxy.stats_at.get_or_insert_with(|| line.place.clone());
    let missing = |what: &str| format!("'{what}' needs ");
    match line.words.get(1).copied().unwrap_or_default() {
        "auth" if line.argument(0).is_none_or(|account| !account.contains(':')) => {
            let message = missing("auth") + "a user:password account.";
            line.alert(0, message, "for example: stats auth admin:secret");
        }
        "realm" => {
            line.need(&(missing("realm") + "an realm name."), "for example: stats realm Statistics");
        }
        "refresh" if line.need("missing refresh interval.", "for example: stats refresh 10s").is_some() => {
            span(line, 0, "argument to stats refresh interval");
        }
        "scope" => {
            line.need(&(missing("scope") + "a proxy name."), "for example: stats scope .");
        }
        "uri" => {
            line.need(&(missing("uri") + "an URI prefix."), "for example: stats uri /stats");
        }
        _ => {}
    }
}

/// A `stats` line of section `global`.
fn global(global: &mut GlobalDraft, line: &mut Line<'_>) {
    match line.argument(0) {
        Some("socket") => socket(line),
        Some("timeout") => {
            let Some(text) = line.argument(1) else {
                let message = "'stats timeout' expects an argument.";
                return line.alert(1, message, "for example: stats timeout 30s");
            };
            if let Err(crate::config::duration::DurationError::Character(character)) =
                crate::config::duration::parse_duration(text)
            {
                let message = format!("'stats timeout' : unexpected character '{character}'");
                return line.alert(1, message, "for example: stats timeout 30s");
            }
        }
        Some("maxconn") => {
            if line.argument(1).and_then(|text| text.parse::<u32>().ok()).is_none_or(|count| count == 0) {
                return line.alert(
                    1,
                    "'stats maxconn' expects a positive value",
                    "for example: stats maxconn 10",
                );
            }
        }
        other => {
            let message = format!(
                "'stats' only supports 'socket', 'maxconn', 'bind-process' and 'timeout' (got '{}')",
                other.unwrap_or_default()
            );
            return line.alert(0, message, "the statistics page belongs into a proxy section");
        }
    }
    if !std::mem::replace(&mut global.warned_of_socket, true) {
        let message = "the admin socket is not served yet; its keywords are only checked.";
        line.warning(0, message, "everything else works without it");
    }
}

/// Checks a `stats socket` line: an address, then options of a `bind` line.
fn socket(line: &mut Line<'_>) {
    if line.argument(1).is_none() {
        let message = "'stats socket' in global section expects an address or a path to a UNIX socket";
        return line.alert(
            1,
            message,
            "for example: stats socket /run/haproxy/admin.sock mode 660 level admin",
        );
    }
    let mut at = 2;
    while let Some(option) = line.argument(at) {
        let value = line.argument(at + 1);
        match option {
            "level" => {
                if !matches!(value, Some("user" | "operator" | "admin")) {
                    let message = format!(
                        "'stats socket' : 'level' only supports 'user', 'operator', and 'admin' (got '{}')",
                        value.unwrap_or_default()
                    );
                    line.alert(at + 1, message, "admin may change everything");
                }
            }
            "expose-fd" => {
                if value != Some("listeners") {
                    let message = "'stats socket' : 'expose-fd' only supports 'listeners'";
                    line.alert(at + 1, message, "write `expose-fd listeners`");
                }
            }
            "mode" => {
                if value.is_none_or(|mode| u32::from_str_radix(mode, 8).is_err()) {
                    line.alert(
                        at + 1,
                        "'stats socket' : 'mode' expects octal permissions",
                        "for example: mode 660",
                    );
                }
            }
            "accept-proxy" | "defer-accept" | "tfo" | "transparent" | "v4v6" | "v6only" | "ssl" => {
                at += 1;
                continue;
            }
            _ if is_known(Kind::BindOption, option) => {}
            _ => {
                let message = format!("'stats socket' : unknown keyword '{option}'.");
                line.alert(at, message, "the options are those of `bind` lines");
                at += 1;
                continue;
            }
        }
        at += 2;
    }
}
