//! Health checks of a proxy's servers (configuration manual 4.2); the steps have tables of their own.

use super::balance::switch;
use super::{ProxyDirective, Side};
use crate::config::check::{
    read_check_step, read_option_httpchk, read_option_ldap_check, read_option_mysql_check,
    read_option_pgsql_check, read_option_redis_check, read_option_smtpchk, read_option_ssl_hello_chk,
    read_option_tcp_check,
};
use crate::config::draft::ProxyDraft;
use crate::config::line::Line;
use crate::keyword::{Kind, Support};

const ROW: ProxyDirective = ProxyDirective { side: Side::Back, ..ProxyDirective::ROW };
const OPTION: ProxyDirective =
    ProxyDirective { kind: Kind::OptionName, side: Side::Back, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "http-check",
        support: Support::Partial("no TLS; variables of scopes `check` and `sess`"),
        set: step,
        summary: "A step of an HTTP check.",
        example: "http-check send meth GET uri /healthz",
        ..ROW
    },
    ProxyDirective {
        name: "tcp-check",
        support: Support::Partial("no TLS; variables of scopes `check` and `sess`"),
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
        name: "smtpchk",
        set: |proxy, line| read_option_smtpchk(line.words, &mut proxy.settings.check, line.findings),
        summary: "Check SMTP servers by a greeting and its answer.",
        example: "option smtpchk EHLO example.org",
        ..OPTION
    },
    ProxyDirective {
        name: "mysql-check",
        set: |proxy, line| read_option_mysql_check(line.words, &mut proxy.settings.check, line.findings),
        summary: "Check MySQL and MariaDB servers by a login.",
        example: "option mysql-check user haproxy",
        ..OPTION
    },
    ProxyDirective {
        name: "pgsql-check",
        set: |proxy, line| read_option_pgsql_check(line.words, &mut proxy.settings.check, line.findings),
        summary: "Check PostgreSQL servers by the beginning of a login.",
        example: "option pgsql-check user haproxy",
        ..OPTION
    },
    ProxyDirective {
        name: "redis-check",
        set: |proxy, line| read_option_redis_check(line.words, &mut proxy.settings.check, line.findings),
        summary: "Check Redis servers by a ping.",
        example: "option redis-check",
        ..OPTION
    },
    ProxyDirective {
        name: "ldap-check",
        set: |proxy, line| read_option_ldap_check(line.words, &mut proxy.settings.check, line.findings),
        summary: "Check LDAP servers by an anonymous bind.",
        example: "option ldap-check",
        ..OPTION
    },
    ProxyDirective {
        name: "ssl-hello-chk",
        set: |proxy, line| read_option_ssl_hello_chk(line.words, &mut proxy.settings.check, line.findings),
        summary: "Check TLS servers by a hello of SSL 3.0, without TLS of our own.",
        example: "option ssl-hello-chk",
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
