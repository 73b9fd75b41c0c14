//! What a proxy is called and whether it runs (configuration manual 4.2).

use super::ProxyDirective;
use crate::config::draft::ProxyDraft;
use crate::config::line::Line;
use crate::keyword::Support;

const OWN: ProxyDirective = ProxyDirective { in_defaults: false, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "description",
        support: Support::Ignored("only the statistics page shows it"),
        set: |_, line| {
            line.need("'description' expects a string argument.", "for example: description The shop");
        },
        summary: "A sentence about the proxy.",
        example: "description The shop",
        ..OWN
    },
    ProxyDirective {
        name: "disabled",
        set: |proxy, line| {
            if line.at_most(0) {
                proxy.settings.disabled = true;
            }
        },
        summary: "Read the proxy, but do not run it.",
        example: "disabled",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "enabled",
        set: |proxy, line| {
            if line.at_most(0) {
                proxy.settings.disabled = false;
            }
        },
        summary: "Run the proxy although its defaults are disabled.",
        example: "enabled",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "id",
        support: Support::Partial("checked to be unique; statistics that show it are planned"),
        set: id,
        summary: "The proxy's number in statistics.",
        example: "id 100",
        ..OWN
    },
];

fn id(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let message = "custom id has to be > 0.";
    if let Some(id) = line.number(1, i32::MAX as u32, message, "for example: id 100") {
        proxy.id = Some((id, line.place.clone()));
    }
}
