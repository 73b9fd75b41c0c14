//! Where a proxy accepts connections, how many, and where they go by default (configuration manual 4.2).

use super::{ProxyDirective, Side};
use crate::config::bind_option::{BindContext, read_bind};
use crate::config::draft::ProxyDraft;
use crate::config::line::Line;
use crate::config::server_option::LinePlace;
use crate::keyword::Support;

const ROW: ProxyDirective = ProxyDirective { side: Side::Front, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "backlog",
        set: |proxy, line| {
            let message = "'backlog' expects an integer argument.";
            if let Some(count) = line.number(0, i32::MAX as u32, message, "for example: backlog 1000") {
                proxy.settings.backlog = (count > 0).then_some(count);
            }
        },
        summary: "Connections that may wait to be accepted.",
        example: "backlog 1000",
        ..ROW
    },
    ProxyDirective {
        name: "bind",
        in_defaults: false,
        support: Support::Partial("most options; the TLS ones are planned"),
        set: bind,
        summary: "Where to listen.",
        example: "bind 127.0.0.1:8080",
        ..ROW
    },
    ProxyDirective {
        name: "default_backend",
        set: |proxy, line| {
            if let Some(name) =
                line.need("'default_backend' expects a backend name.", "name one of the backends")
                && line.at_most(1)
            {
                let mut place = line.place.clone();
                // The name is what the place shows.
                if let Some(at) = place.text.rfind(name) {
                    place.column = u32::try_from(at + 1).unwrap_or(place.column);
                    place.length = u32::try_from(name.len()).unwrap_or(place.length);
                }
                proxy.settings.default_backend = Some((name.to_owned(), place));
            }
        },
        summary: "The backend for traffic that no rule sends elsewhere.",
        example: "default_backend web",
        ..ROW
    },
    ProxyDirective {
        name: "maxconn",
        set: |proxy, line| {
            let message = "'maxconn' expects an integer argument.";
            if let Some(count) = line.number(0, i32::MAX as u32, message, "for example: maxconn 2000") {
                proxy.settings.maxconn = (count > 0).then_some(count);
            }
        },
        summary: "Connections accepted at one time; more wait in the backlog.",
        example: "maxconn 2000",
        ..ROW
    },
    ProxyDirective {
        name: "monitor-uri",
        set: |proxy, line| {
            if let Some(uri) = line.need("'monitor-uri' expects an URI.", "for example: monitor-uri /alive") {
                proxy.settings.monitor_uri = Some(uri.to_owned());
            }
        },
        summary: "Answer requests for this URI ourselves, and do not log them.",
        example: "monitor-uri /alive",
        ..ROW
    },
];

fn bind(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let resolve = line.resolver();
    let context = BindContext { section: proxy.kind.keyword(), resolve: &resolve };
    let Some(draft) = read_bind(line.words, &context, line.findings) else { return };
    let place = LinePlace { file: line.place.file.to_string(), line: line.place.line as usize };
    if let Some(id) = draft.id
        && let Some((first, at)) = proxy.binds.iter().find(|(bind, _)| bind.id == Some(id))
    {
        let message = format!(
            "'bind {}' in section '{}' : 'id' : custom id {id} already used at {}:{} ('bind {}')",
            line.argument(0).unwrap_or_default(),
            proxy.kind.keyword(),
            at.file,
            at.line,
            first.name.as_deref().unwrap_or("…"),
        );
        let word = line.words.iter().rposition(|word| *word == "id").unwrap_or(0);
        line.findings.alert(word + 1, message, "choose another number, or leave it out");
    }
    proxy.binds.push((draft, place));
}
