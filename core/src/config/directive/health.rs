//! Health checks of a proxy's servers (configuration manual 4.2); the steps have tables of their own.

use super::balance::switch;
use super::{ProxyDirective, Side};
use crate::config::check::{read_check_step, read_option_httpchk, read_option_tcp_check};
use crate::config::draft::ProxyDraft;
use crate::config::line::Line;
use crate::keyword::{Kind, Support};

const ROW: ProxyDirective = ProxyDirective { side: Side::Back, ..ProxyDirective::ROW };
const OPTION: ProxyDirective =
    ProxyDirective { kind: Kind::OptionName, side: Side::Back, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "http-check",
        support: Support::Partial("connect, send, expect and comment; variables and states are planned"),
        set: step,
        summary: "A step of an HTTP check.",
        example: "http-check send meth GET uri /healthz",
        ..ROW
    },
    ProxyDirective {
        name: "tcp-check",
        support: Support::Partial("connect, send, send-binary, expect and comment; variables are planned"),
        set: step,
        summary: "A step of a TCP check.",
        example: "tcp-check connect",
        ..ROW
    },
    ProxyDirective {
        name: "httpchk",
        set: |proxy, line| read_option_httpchk(line.words, &mut proxy.settings.check, line.findings),
        summary: "Check servers by HTTP.",
        example: "option httpchk GET /healthz",
        ..OPTION
    },
    ProxyDirective {
        name: "tcp-check",
        set: |proxy, line| read_option_tcp_check(line.words, &mut proxy.settings.check, line.findings),
        summary: "Check servers by what they answer over TCP.",
        example: "option tcp-check",
        ..OPTION
    },
    ProxyDirective {
        name: "log-health-checks",
        negatable: true,
        set: |proxy, line| switch(line, &mut proxy.settings.log_health_checks),
        summary: "Log each check whose result changes.",
        example: "option log-health-checks",
        ..OPTION
    },
];

fn step(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let resolve = line.resolver();
    read_check_step(line.words, &mut proxy.settings.check, &resolve, line.findings);
}
