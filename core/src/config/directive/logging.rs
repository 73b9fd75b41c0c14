//! What is logged, where and how (configuration manual 4.2 and 8).

use super::balance::switch;
use super::{ProxyDirective, Side, format_message};
use crate::config::draft::{LogStyle, ProxyDraft, ProxyKind};
use crate::config::line::{Form, Line};
use crate::config::logging::{LogScope, read_log, read_no_log};
use crate::keyword::{Kind, Support};
use crate::log::{Format, Options};

const OPTION: ProxyDirective = ProxyDirective { kind: Kind::OptionName, ..ProxyDirective::ROW };
const FRONT: ProxyDirective = ProxyDirective { side: Side::Front, negatable: true, ..OPTION };
const COUNTERS: Support = Support::Ignored("only statistics show what it counts");

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "log",
        negatable: true,
        support: Support::Partial("UDP, Unix datagram, stdout, stderr and fd@; rings and TCP are planned"),
        set: log,
        summary: "Where log lines go.",
        example: "log /dev/log local0",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "log-format",
        set: log_format,
        support: Support::Partial("most tags, and the sample fetches there are"),
        summary: "What log lines say.",
        example: "log-format \"%ci:%cp %ST %B\"",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "log-tag",
        set: |proxy, line| {
            if let Some(tag) =
                line.need("'log-tag' expects a tag for use in syslog.", "for example: log-tag web")
            {
                line.passes_over(1);
                proxy.settings.log_tag = Some(tag.to_owned());
            }
        },
        summary: "The program's name in syslog headers.",
        example: "log-tag web",
        ..ProxyDirective::ROW
    },
    ProxyDirective {
        name: "contstats",
        support: COUNTERS,
        set: |_, line| {
            line.at_most(0);
        },
        summary: "Count bytes while they pass.",
        example: "option contstats",
        ..FRONT
    },
    ProxyDirective {
        name: "dontlog-normal",
        set: |proxy, line| switch(line, &mut proxy.settings.dont_log_normal),
        summary: "Log only what went wrong.",
        example: "option dontlog-normal",
        ..FRONT
    },
    ProxyDirective {
        name: "dontlognull",
        set: |proxy, line| switch(line, &mut proxy.settings.dont_log_null),
        summary: "Do not log connections without any data.",
        example: "option dontlognull",
        ..FRONT
    },
    ProxyDirective {
        name: "httplog",
        set: http_log,
        summary: "Log HTTP requests with all their details.",
        example: "option httplog",
        ..OPTION
    },
    ProxyDirective {
        name: "log-separate-errors",
        set: |proxy, line| switch(line, &mut proxy.settings.log_separate_errors),
        summary: "Log failed requests at level err.",
        example: "option log-separate-errors",
        ..FRONT
    },
    ProxyDirective {
        name: "socket-stats",
        support: COUNTERS,
        set: |_, line| {
            line.at_most(0);
        },
        summary: "Count each listening socket apart.",
        example: "option socket-stats",
        ..FRONT
    },
    ProxyDirective {
        name: "tcplog",
        set: |proxy, line| {
            if line.at_most(0) {
                put_style(proxy, line, LogStyle::Tcp);
            }
        },
        summary: "Log connections with all their details.",
        example: "option tcplog",
        ..OPTION
    },
];

fn log(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    if line.form != Form::Plain {
        read_no_log(line.words, line.findings);
        return proxy.settings.log.clear();
    }
    let resolve = line.resolver();
    let read = read_log(line.words, LogScope::Proxy, &resolve, line.findings);
    proxy.settings.log.extend(read);
}

fn http_log(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    match line.argument(0) {
        None => put_style(proxy, line, LogStyle::Http),
        Some("clf") => {
            if line.at_most(1) {
                put_style(proxy, line, LogStyle::HttpClf);
            }
        }
        Some(_) => line.alert(0, "keyword 'httplog' only supports option 'clf'.", "write `option httplog`"),
    }
}

fn log_format(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "for example: log-format \"%ci:%cp [%tr] %ft %b/%s %ST %B\"";
    let Some(text) = line.need("log-format expects an argument.", help) else { return };
    if line.argument(1).is_some() {
        let message = "log-format expects only one argument, don't forget to escape spaces!";
        return line.alert(1, message, "put the whole format into double quotes");
    }
    if proxy.kind == ProxyKind::Backend {
        return put_style(proxy, line, LogStyle::Short);
    }
    match Format::compile(text, Options::LOG) {
        Ok(format) => put_style(proxy, line, LogStyle::Custom(format)),
        Err(error) => {
            let (message, help) = format_message(&error.problem);
            line.alert(0, format!("failed to parse log-format : {message}."), help);
        }
    }
}

/// Sets the style; the last line of a proxy counts. Backends log nothing of their own.
fn put_style(proxy: &mut ProxyDraft, line: &mut Line<'_>, style: LogStyle) {
    if proxy.kind == ProxyKind::Backend {
        let message = format!("{} : '{}' directive is ignored in backends.", proxy.title(), line.name());
        return line.findings.warning(0, message, "requests are logged by their frontend");
    }
    proxy.settings.log_style = style;
    proxy.log_style_at = Some(line.place.clone());
}
