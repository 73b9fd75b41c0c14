//! `server` and `default-server` lines; their options have tables of their own.

use super::{ProxyDirective, Side};
use crate::config::draft::ProxyDraft;
use crate::config::line::Line;
use crate::config::server_option::{InitAddress, LinePlace, ServerContext, read_default_server, read_server};
use crate::keyword::Support;

const ROW: ProxyDirective = ProxyDirective { side: Side::Back, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "default-server",
        support: Support::Partial("most options; the table of server options says which"),
        set: |proxy, line| {
            let resolve = line.resolver();
            read_default_server(line.words, &mut proxy.settings.default_server, &resolve, line.findings);
        },
        summary: "Options of the servers that follow.",
        example: "default-server inter 5s fall 3 rise 2",
        ..ROW
    },
    ProxyDirective {
        name: "server",
        in_defaults: false,
        support: Support::Partial("most options; the table of server options says which"),
        set: server,
        summary: "A server to send traffic to.",
        example: "server web1 192.0.2.10:80 check",
        ..ROW
    },
];

fn server(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let resolve = line.resolver();
    let context = ServerContext { backend: &proxy.name, resolve: &resolve };
    let mut defaults = proxy.settings.default_server.clone();
    if line.environment.keeps_unresolved() {
        defaults.init_address.push(InitAddress::None);
    }
    if let Some(mut server) = read_server(line.words, &defaults, &context, line.findings) {
        server.place = Some(line.place.clone());
        let place = LinePlace { file: line.place.file.to_string(), line: line.place.line as usize };
        proxy.server_names.add(&proxy.name, &server, line.words, &place, line.findings);
        proxy.servers.push(server);
    }
}
