//! Section `global`: logs (configuration manual 3.1).

use super::GlobalDirective;
use super::global::{ROW, once};
use crate::config::draft::GlobalDraft;
use crate::config::line::{Form, Line};
use crate::config::logging::{LogLine, LogScope, read_log, read_no_log};
use crate::keyword::Support;

pub(super) const TABLE: &[GlobalDirective] = &[
    GlobalDirective {
        name: "log",
        negatable: true,
        support: Support::Partial("UDP, Unix datagram, stdout, stderr and fd@; rings and TCP are planned"),
        set: log,
        summary: "Where `log global` sends lines.",
        example: "log /dev/log local0",
        ..ROW
    },
    GlobalDirective {
        name: "log-send-hostname",
        set: |global, line| {
            if line.at_most(1) && once(global, line, "log-send-hostname") {
                global.model.log_send_hostname = Some(line.argument(0).unwrap_or_default().to_owned());
            }
        },
        summary: "Put the host's name, or this one, into syslog headers.",
        example: "log-send-hostname",
        ..ROW
    },
    GlobalDirective {
        name: "log-tag",
        set: |global, line| {
            if let Some(tag) =
                line.need("'log-tag' expects a tag for use in syslog.", "for example: log-tag web")
                && line.at_most(1)
            {
                global.model.log_tag = Some(tag.to_owned());
            }
        },
        summary: "The program's name in syslog headers.",
        example: "log-tag haproxy",
        ..ROW
    },
];

fn log(global: &mut GlobalDraft, line: &mut Line<'_>) {
    if line.form != Form::Plain {
        read_no_log(line.words, line.findings);
        return global.log.clear();
    }
    let resolve = line.resolver();
    if let Some(LogLine::Target(target)) = read_log(line.words, LogScope::Global, &resolve, line.findings) {
        global.log.push(target);
    }
}
