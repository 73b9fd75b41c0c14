//! `tcp-request` rules on content, and persistence by what they wait for (configuration manual 4.2).

use super::acl::{Spot, condition};
use super::{ProxyDirective, Side};
use crate::config::draft::{ContentDraft, ProxyDraft};
use crate::config::duration::{DurationError, parse_duration};
use crate::config::line::Line;
use crate::keyword::{Kind, Support, is_known};
use crate::model::Ruling;
use crate::sample::Needs;

const ROW: ProxyDirective = ProxyDirective { in_defaults: false, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "persist rdp-cookie",
        side: Side::Back,
        in_defaults: true,
        set: |proxy, line| persist_rdp_cookie(proxy, line, None),
        summary: "Lead remote desktops back to the server that their cookie's address names.",
        example: "persist rdp-cookie",
        ..ROW
    },
    ProxyDirective {
        name: "persist",
        side: Side::Back,
        in_defaults: true,
        set: persist,
        summary: "The same with another cookie's name: `persist rdp-cookie(name)`.",
        example: "persist rdp-cookie(msts)",
        ..ROW
    },
    ProxyDirective {
        name: "tcp-request content",
        support: Support::Partial("`accept` and `reject`, in `mode tcp`; not in `defaults`"),
        set: content,
        summary: "Let a connection go on or close it, by the first bytes that its client sends.",
        example: "tcp-request content accept if RDP_COOKIE",
        ..ROW
    },
    ProxyDirective {
        name: "tcp-request inspect-delay",
        support: Support::Partial("not in `defaults`"),
        set: inspect_delay,
        summary: "How long rules on content may wait for more bytes.",
        example: "tcp-request inspect-delay 5s",
        ..ROW
    },
];

fn inspect_delay(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "for example: tcp-request inspect-delay 5s";
    let message =
        format!("'tcp-request inspect-delay' expects a positive delay in milliseconds, in {}", proxy.title());
    let Some(text) = line.need(&message, help) else { return };
    line.passes_over(1);
    match parse_duration(text) {
        Ok(delay) => proxy.inspect_delay = (!delay.is_zero()).then_some(delay),
        Err(DurationError::Character(strange)) => {
            line.alert(0, format!("{message} (unexpected character '{strange}')"), help);
        }
        Err(DurationError::TooLong) => line.alert(0, format!("{message} (timer overflow in '{text}')"), help),
    }
}

fn content(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "for example: tcp-request content accept if RDP_COOKIE";
    let title = proxy.title();
    let ruling = match line.argument(0) {
        Some("accept") => Ruling::Accept,
        Some("reject") => Ruling::Reject,
        Some(word) if is_known(Kind::Action, word.split('(').next().unwrap_or(word)) => {
            let message = format!("'tcp-request content {word}' is known, not supported yet.");
            return line.alert(0, message, "leaving it out in silence would change what happens");
        }
        other => {
            let got = other.unwrap_or_default();
            let message =
                format!("'tcp-request content' expects 'accept' or 'reject', in {title} (got '{got}').");
            return line.alert(0, message, help);
        }
    };
    let name = if ruling == Ruling::Accept { "accept" } else { "reject" };
    let told = format!("error detected in {title} while parsing a 'tcp-request content {name}' condition : ");
    let spot = Spot { told: &told, offers: Needs::AT_CONTENT, rule: "tcp-request content rule" };
    let condition = match line.argument(1) {
        None => None,
        Some("if" | "unless") => match condition(proxy, line, 1, spot) {
            Some(draft) => Some(draft),
            None => return,
        },
        Some(word) => {
            let message = format!(
                "'tcp-request content {name}' only accepts 'if' or 'unless', in {title} (got '{word}')"
            );
            return line.alert(1, message, help);
        }
    };
    let place = line.place.clone();
    proxy.content_rules.push(ContentDraft { ruling, condition, place });
}

/// `persist` with a word that is not just `rdp-cookie`.
fn persist(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "for example: persist rdp-cookie";
    let Some(method) = line.need("missing persist method.", help) else { return };
    let Some(inner) = method.strip_prefix("rdp-cookie") else {
        return line.alert(0, "unknown persist method.", help);
    };
    let name = inner.strip_prefix('(').and_then(|inner| inner.split_once(')')).map_or("", |(name, _)| name);
    if name.is_empty() {
        return line.alert(0, "persist rdp-cookie(name)' requires an rdp cookie name.", help);
    }
    line.skip += 1;
    persist_rdp_cookie(proxy, line, Some(name));
}

fn persist_rdp_cookie(proxy: &mut ProxyDraft, line: &mut Line<'_>, name: Option<&str>) {
    if let Some(extra) = line.arguments().first() {
        let message = format!("'persist' cannot handle unexpected argument '{extra}'.");
        return line.alert(0, message, "for example: persist rdp-cookie");
    }
    proxy.settings.rdp_persistence = Some(name.unwrap_or("msts").to_owned());
}
