//! How servers are chosen and their connections used (configuration manual 4.2).

use super::{ProxyDirective, Side, hashing};
use crate::config::draft::ProxyDraft;
use crate::config::line::{Form, Line};
use crate::keyword::{Kind, Support, closest};
use crate::model::{Balance, HashKey, Redispatch, RetryOn, Reuse};

const ROW: ProxyDirective = ProxyDirective { side: Side::Back, ..ProxyDirective::ROW };
const OPTION: ProxyDirective =
    ProxyDirective { kind: Kind::OptionName, side: Side::Back, negatable: true, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "balance",
        support: Support::Partial("all but log-hash and log-sticky, which are for `mode log`"),
        set: balance,
        summary: "How to choose a server.",
        example: "balance roundrobin",
        ..ROW
    },
    ProxyDirective {
        name: "fullconn",
        set: |proxy, line| {
            let read = line.number(
                0,
                u32::MAX,
                "'fullconn' expects an integer argument.",
                "for example: fullconn 10000",
            );
            if let Some(count) = read {
                proxy.settings.fullconn = (count > 0).then_some(count);
            }
        },
        summary: "Connections at which servers with `minconn` take as many as `maxconn` says.",
        example: "fullconn 10000",
        ..ROW
    },
    ProxyDirective {
        name: "http-reuse",
        set: http_reuse,
        summary: "Whether requests of several clients may share a server connection.",
        example: "http-reuse safe",
        ..ROW
    },
    ProxyDirective {
        name: "retries",
        set: |proxy, line| {
            let message = "'retries' expects an integer argument (dispatch counts for one).";
            if let Some(count) = line.number(0, u32::MAX, message, "for example: retries 3") {
                proxy.settings.retries = count;
            }
        },
        summary: "How often a failed connect is tried again.",
        example: "retries 3",
        ..ROW
    },
    ProxyDirective {
        name: "retry-on",
        set: retry_on,
        summary: "Which failures make a request be tried again.",
        example: "retry-on conn-failure empty-response 503",
        ..ROW
    },
    ProxyDirective {
        name: "abortonclose",
        set: |proxy, line| switch(line, &mut proxy.settings.abort_on_close),
        summary: "Forget a waiting request whose client has closed.",
        example: "option abortonclose",
        ..OPTION
    },
    ProxyDirective {
        name: "allbackups",
        set: |proxy, line| switch(line, &mut proxy.settings.all_backups),
        summary: "Use all backup servers at once when no other is up.",
        example: "option allbackups",
        ..OPTION
    },
    ProxyDirective {
        name: "redispatch",
        set: redispatch,
        summary: "A retry may go to another server.",
        example: "option redispatch",
        ..OPTION
    },
];

/// Reads an option that is on or off.
pub(super) fn switch(line: &mut Line<'_>, value: &mut bool) {
    if line.at_most(0) {
        *value = line.form == Form::Plain;
    }
}

/// The algorithms that take no words of their own.
const PLAIN: [(&str, Balance); 4] = [
    ("first", Balance::First),
    ("leastconn", Balance::LeastConn),
    ("roundrobin", Balance::RoundRobin),
    ("static-rr", Balance::StaticRr),
];

/// Algorithms for logs, which HAProxy knows beside those for traffic.
const PLANNED: [&str; 2] = ["log-hash", "log-sticky"];

fn balance(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    // Without a word behind it HAProxy takes the usual one.
    let name = line.argument(0).unwrap_or("roundrobin");
    if let Some((_, algorithm)) = PLAIN.iter().find(|(known, _)| *known == name) {
        line.passes_over(1);
        proxy.settings.balance = *algorithm;
        return;
    }
    let (bare, inner) = match name.split_once('(') {
        Some((bare, rest)) => (bare, Some(rest)),
        None => (name, None),
    };
    let key = match (bare, inner) {
        ("random", _) => {
            if let Some(draws) = hashing::draws(line, inner) {
                proxy.settings.balance = Balance::Random { draws };
            }
            return;
        }
        ("hash", None) => hashing::expression(line, proxy.settings.mode),
        ("hdr", Some(inner)) => hashing::header(line, inner),
        ("rdp-cookie", _) => hashing::rdp_cookie(line, inner),
        ("source", None) => {
            line.passes_over(1);
            Some(HashKey::Source)
        }
        ("uri", None) => hashing::uri(line),
        ("url_param", None) => hashing::url_parameter(line),
        _ => return unknown(line, name, bare),
    };
    if let Some(key) = key {
        proxy.settings.balance = Balance::Hash(proxy.settings.mapping);
        proxy.settings.hashing.key = key;
    }
}

fn unknown(line: &mut Line<'_>, name: &str, bare: &str) {
    if PLANNED.contains(&bare) {
        let message = format!("'balance {bare}' is known, not supported yet.");
        return line.alert(0, message, "it is for `mode log`, which is not there either");
    }
    let others = ["hash", "hdr", "random", "rdp-cookie", "source", "uri", "url_param"];
    let names = PLAIN.iter().map(|(name, _)| *name).chain(others);
    let help = match closest(name, names) {
        Some(meant) => format!("did you mean `balance {meant}`?"),
        None => "for example: balance roundrobin".to_owned(),
    };
    let message = "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', \
                   'hdr(name)' and 'rdp-cookie(name)' options.";
    line.alert(0, message, help);
}

fn http_reuse(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let modes = [
        ("aggressive", Reuse::Aggressive),
        ("always", Reuse::Always),
        ("never", Reuse::Never),
        ("safe", Reuse::Safe),
    ];
    let name = line.argument(0).unwrap_or_default();
    match modes.iter().find(|(known, _)| *known == name) {
        None => {
            let message = "'http-reuse' only supports 'never', 'safe', 'aggressive', 'always'.";
            line.alert(0, message, "safe is the default");
        }
        Some((_, mode)) => {
            line.skip += 1;
            if line.at_most(0) {
                proxy.settings.reuse = *mode;
            }
        }
    }
}

fn retry_on(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let help = "write conn-failure, empty-response, junk-response, response-timeout, 0rtt-rejected, \
                all-retryable-errors, or a status: 401, 403, 404, 408, 425, 500, 501, 502, 503, 504";
    let words = line.arguments().to_vec();
    if words.is_empty() {
        let message = "'retry-on' needs at least one keyword to specify when to retry";
        return line.alert(0, message, help);
    }
    let mut failures = RetryOn::NONE;
    for (at, word) in words.iter().enumerate() {
        match RetryOn::word(word) {
            Some(failure) => failures = failures | failure,
            None if *word == "none" && words.len() == 1 => {}
            None if *word == "none" => {
                return line.alert(
                    at,
                    "'retry-on' 'none' keyword only usable alone",
                    "remove the other words",
                );
            }
            None => return line.alert(at, format!("'retry-on': unknown keyword '{word}'"), help),
        }
    }
    proxy.settings.retry_on = failures;
}

fn redispatch(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    line.passes_over(1);
    let interval = match line.argument(0) {
        _ if line.form != Form::Plain => Some(0),
        None => Some(-1),
        Some(text) => text.parse::<i32>().ok(),
    };
    proxy.settings.redispatch = match interval {
        Some(0) => Redispatch::Never,
        Some(number) if number > 0 => Redispatch::Every(number.unsigned_abs()),
        Some(number) => Redispatch::BeforeLast(number.unsigned_abs()),
        None => {
            let message = "'option redispatch' expects an integer argument.";
            return line.alert(0, message, "for example: option redispatch 1, for every retry");
        }
    };
}
