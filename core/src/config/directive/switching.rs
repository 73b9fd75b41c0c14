//! Rules that choose backends and servers, and what goes with them (configuration manual 4.2).

use super::acl::{Spot, condition};
use super::rules::format_message;
use super::{ProxyDirective, Side};
use crate::config::draft::{PersistDraft, ProxyDraft, ServerRuleDraft, SwitchDraft};
use crate::config::line::Line;
use crate::keyword::Support;
use crate::log::{Format, Options};
use crate::model::Persistence;
use crate::sample::Needs;

const ROW: ProxyDirective = ProxyDirective { in_defaults: false, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "force-persist",
        side: Side::Back,
        set: |proxy, line| persist(proxy, line, Persistence::Forced),
        summary: "Ask the server of a cookie or table even if it is down, on a condition.",
        example: "force-persist if { src 10.0.0.0/8 }",
        ..ROW
    },
    ProxyDirective {
        name: "ignore-persist",
        side: Side::Back,
        set: |proxy, line| persist(proxy, line, Persistence::Ignored),
        summary: "Let cookies and tables lead nowhere, on a condition.",
        example: "ignore-persist if { path_beg /img }",
        ..ROW
    },
    ProxyDirective {
        name: "monitor fail",
        side: Side::Front,
        set: monitor,
        summary: "Answer the monitor's requests by 503, on a condition.",
        example: "monitor fail if { src 10.0.0.0/8 }",
        ..ROW
    },
    ProxyDirective {
        name: "use-server",
        side: Side::Back,
        set: use_server,
        summary: "Use one server, on a condition.",
        example: "use-server www1 if { path_beg /old }",
        ..ROW
    },
    ProxyDirective {
        name: "use_backend",
        side: Side::Front,
        support: Support::Partial("no HTTP backend behind a TCP frontend"),
        set: use_backend,
        summary: "Use a backend, on a condition.",
        example: "use_backend static if { path_beg /img }",
        ..ROW
    },
];

fn use_backend(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "for example: use_backend static if { path_beg /img }";
    let Some(name) = line.need("'use_backend' expects a backend name.", help) else { return };
    let format = match read_name(line, name, &format!("failed to parse use_backend rule '{name}'")) {
        Ok(format) => format,
        Err(()) => return,
    };
    let spot = Spot {
        told: "error detected while parsing switching rule : ",
        offers: Needs::AT_REQUEST,
        rule: "use-backend rule",
    };
    let draft = condition(proxy, line, 1, spot);
    if let Some(word) = line.argument(1)
        && draft.is_none()
    {
        if !matches!(word, "if" | "unless") {
            let message = format!(
                "unexpected keyword '{word}' after switching rule, only 'if' and 'unless' are allowed."
            );
            line.alert(1, message, help);
        }
        return;
    }
    let place = line.place.clone();
    proxy.switch_rules.push(SwitchDraft { name: name.to_owned(), format, condition: draft, place });
}

/// Reads a name that may be a format; gives the format where it is one.
fn read_name(line: &mut Line<'_>, name: &str, told: &str) -> Result<Option<Format>, ()> {
    if !name.contains('%') {
        return Ok(None);
    }
    Format::compile(name, Options::REQUEST_RULE).map(Some).map_err(|error| {
        let (message, help) = format_message(&error.problem);
        line.alert(0, format!("{told} : {message}."), help);
    })
}

/// Reads a condition that must be there.
fn required(
    proxy: &mut ProxyDraft,
    line: &mut Line<'_>,
    at: usize,
    spot: Spot<'_>,
) -> Option<crate::acl::Draft> {
    if !matches!(line.argument(at), Some("if" | "unless")) {
        let message = format!("'{}' requires either 'if' or 'unless' followed by a condition.", line.name());
        line.alert(at, message, format!("for example: {}", line.example));
        return None;
    }
    condition(proxy, line, at, spot)
}

fn monitor(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    // HAProxy lets any keyword stand here, for what is not there never matches.
    let told = "error detected while parsing a 'monitor fail' condition : ";
    if let Some(draft) =
        required(proxy, line, 0, Spot { told, offers: Needs::AT_REQUEST, rule: "monitor rule" })
    {
        proxy.monitor_rules.push(draft);
    }
}

fn persist(proxy: &mut ProxyDraft, line: &mut Line<'_>, persistence: Persistence) {
    let told = format!("error detected while parsing a '{}' rule : ", line.name());
    let spot = Spot { told: &told, offers: Needs::AT_REQUEST, rule: "tcp-request content rule" };
    if let Some(condition) = required(proxy, line, 0, spot) {
        proxy.persist_rules.push(PersistDraft { persistence, condition });
    }
}

fn use_server(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "for example: use-server www1 if { path_beg /old }";
    let Some(name) = line.need("'use-server' expects a server name.", help) else { return };
    let told = format!("use-server rule failed to parse log-format '{name}'");
    let Ok(format) = read_name(line, name, &told) else { return };
    let spot = Spot {
        told: "error detected while parsing switching rule : ",
        offers: Needs::AT_REQUEST,
        rule: "use-server, balance or stick-match rule",
    };
    if let Some(condition) = required(proxy, line, 1, spot) {
        let place = line.place.clone();
        proxy.server_rules.push(ServerRuleDraft { name: name.to_owned(), format, condition, place });
    }
}
