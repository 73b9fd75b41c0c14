//! `stick-table` and the `stick` rules (configuration manual 4.2).

use std::time::Duration;

use super::acl::{Spot, condition};
use super::rules::sample_message;
use super::{ProxyDirective, Side};
use crate::config::draft::{ProxyDraft, StickDraft};
use crate::config::duration::{DurationError, parse_duration};
use crate::config::line::Line;
use crate::keyword::Support;
use crate::model::{KeyType, Mode, ServerKey, StickAction, StickTable};
use crate::sample::{Needs, Sample};

const ROW: ProxyDirective = ProxyDirective { side: Side::Back, in_defaults: false, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "stick match",
        set: |proxy, line| rule(proxy, line, StickAction::Match),
        summary: "Send a request where a table says that its key was served.",
        example: "stick match src table web",
        ..ROW
    },
    ProxyDirective {
        name: "stick on",
        set: |proxy, line| rule(proxy, line, StickAction::On),
        summary: "Send all requests with one key to one server.",
        example: "stick on src table web",
        ..ROW
    },
    ProxyDirective {
        name: "stick store-request",
        set: |proxy, line| rule(proxy, line, StickAction::StoreRequest),
        summary: "Remember which server served a key of a request.",
        example: "stick store-request src table web",
        ..ROW
    },
    ProxyDirective {
        name: "stick store-response",
        set: |proxy, line| rule(proxy, line, StickAction::StoreResponse),
        summary: "Remember which server gave out a key in a response.",
        example: "stick store-response src table web",
        ..ROW
    },
    ProxyDirective {
        name: "stick-table",
        side: Side::Both,
        support: Support::Partial("all but `peers` and `store`"),
        set: table,
        summary: "A table of keys and the servers that served them.",
        example: "stick-table type ip size 200k expire 30m",
        ..ROW
    },
];

/// Reads `EXPRESSION [table NAME]`.
fn rule(proxy: &mut ProxyDraft, line: &mut Line<'_>, action: StickAction) {
    let Some(text) = line.need("'stick' expects a fetch method.", "for example: stick on src") else {
        return;
    };
    let key = match Sample::compile(text) {
        Ok(key) => key,
        Err(error) => {
            let (message, help) = sample_message(&error.problem);
            return line.alert(0, format!("'{}' : {message}.", line.name()), help);
        }
    };
    let response = action == StickAction::StoreResponse;
    let offers = match (proxy.settings.mode, response) {
        (Mode::Http, false) => Needs::AT_REQUEST,
        (Mode::Http, true) => Needs::AT_RESPONSE,
        (Mode::Tcp, false) => Needs::AT_CONTENT,
        (Mode::Tcp, true) => Needs::CLIENT,
    };
    if let Some(missing) = offers.missing(key.needs()) {
        let message = format!(
            "'{}' : fetch method '{}' extracts information from '{missing}', none of which is available here.",
            line.name(),
            key.name()
        );
        return line.alert(0, message, "stick store-response sees responses, the others requests");
    }
    let mut table = None;
    let mut when = None;
    let mut at = 1;
    while let Some(&word) = line.arguments().get(at) {
        match word {
            "table" if table.is_none() => {
                table = Some(line.arguments().get(at + 1).copied().unwrap_or_default().to_owned());
                at += 2;
            }
            "if" | "unless" => {
                let told = "'stick': error detected while parsing sticking condition : ";
                let kind =
                    if response { "stick-store rule" } else { "use-server, balance or stick-match rule" };
                let offers = if response { Needs::AT_RESPONSE } else { Needs::AT_REQUEST };
                let spot = Spot { told, offers, rule: kind };
                let Some(draft) = condition(proxy, line, at, spot) else { return };
                when = Some(draft);
                break;
            }
            _ => {
                let message = format!("'{}': unknown keyword '{word}'.", line.name());
                return line.alert(at, message, "quote what is one word");
            }
        }
    }
    let table = table.unwrap_or_else(|| proxy.name.to_string());
    proxy.stick_rules.push(StickDraft { action, key, table, condition: when, place: line.place.clone() });
}

/// The words of a `stick-table` line so far.
#[derive(Default)]
struct Draft {
    keys: Option<KeyType>,
    size: usize,
    expire: Option<Duration>,
    nopurge: bool,
    server_key: Option<ServerKey>,
}

fn table(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    if proxy.stick_table.is_some() {
        let message = format!("stick-table name '{}' conflicts with table declared before.", proxy.name);
        return line.alert(0, message, "a section has one table; put others into backends of their own");
    }
    let mut draft = Draft::default();
    let mut at = 0;
    while at < line.arguments().len() {
        match read_word(&mut draft, at, line) {
            Some(next) => at = next,
            None => return,
        }
    }
    let help = "for example: stick-table type ip size 200k expire 30m";
    if draft.size == 0 {
        return line.alert(0, "stick-table: missing size.", help);
    }
    let Some(keys) = draft.keys else {
        return line.alert(0, "stick-table: missing type.", help);
    };
    proxy.stick_table = Some(StickTable {
        name: proxy.name.to_string(),
        keys,
        size: draft.size,
        expire: draft.expire,
        nopurge: draft.nopurge,
        server_key: draft.server_key.unwrap_or(ServerKey::Id),
    });
}

/// Reads the word at `at` with what belongs to it. Gives where the next one is; `None` after a fault.
fn read_word(draft: &mut Draft, at: usize, line: &mut Line<'_>) -> Option<usize> {
    let word = line.arguments()[at];
    let value = line.arguments().get(at + 1).copied().unwrap_or_default();
    let fault = match word {
        "nopurge" => {
            draft.nopurge = true;
            return Some(at + 1);
        }
        "type" => return read_type(draft, at, line),
        "size" | "expire" if value.is_empty() => format!("stick-table: missing argument after '{word}'."),
        "size" => match read_size(value) {
            Ok(size) => {
                draft.size = size;
                return Some(at + 2);
            }
            Err(strange) => format!("stick-table: unexpected character '{strange}' in argument of 'size'."),
        },
        "expire" => match parse_duration(value) {
            Ok(span) => {
                draft.expire = (!span.is_zero()).then_some(span);
                return Some(at + 2);
            }
            Err(DurationError::Character(strange)) => {
                format!("stick-table: unexpected character '{strange}' in argument of 'expire'.")
            }
            Err(DurationError::TooLong) => {
                format!("stick-table: timer overflow in argument <{value}> to <expire>.")
            }
        },
        "srvkey" => match value {
            "addr" | "name" => {
                draft.server_key = Some(if value == "addr" { ServerKey::Address } else { ServerKey::Id });
                return Some(at + 2);
            }
            _ => format!("stick-table: unknown server key type '{value}'."),
        },
        "peers" | "store" => format!("'stick-table' : '{word}' is known, not supported yet."),
        _ => format!("stick-table: unknown argument '{word}'."),
    };
    line.alert(at, fault, "for example: stick-table type ip size 200k expire 30m");
    None
}

/// Reads `type NAME [len N]`.
fn read_type(draft: &mut Draft, at: usize, line: &mut Line<'_>) -> Option<usize> {
    let name = line.arguments().get(at + 1).copied().unwrap_or_default();
    let lengthy = matches!(name, "binary" | "string");
    let mut len = KEY_LENGTH;
    let mut next = at + 2;
    if lengthy && line.arguments().get(next) == Some(&"len") {
        let text = line.arguments().get(next + 1).copied().unwrap_or_default();
        let Some(given) = text.parse().ok().filter(|len| (1..=KEY_LENGTH_MAX).contains(len)) else {
            let message = "stick-table: 'len' expects a positive integer argument.";
            line.alert(next + 1, message, format!("write a number from 1 to {KEY_LENGTH_MAX}"));
            return None;
        };
        len = given;
        next += 2;
    }
    draft.keys = Some(match name {
        "binary" => KeyType::Binary(len),
        "integer" => KeyType::Integer,
        "ip" => KeyType::Ipv4,
        "ipv6" => KeyType::Ipv6,
        "string" => KeyType::Text(len),
        _ => {
            let message = format!("stick-table: unknown type '{name}'.");
            line.alert(at + 1, message, "types are ip, ipv6, integer, string and binary");
            return None;
        }
    });
    Some(next)
}

/// Reads a number with `k`, `m` or `g` for 2^10, 2^20 and 2^30.
fn read_size(text: &str) -> Result<usize, char> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: usize = match unit {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return Err(unit.chars().next().unwrap_or(' ')),
    };
    let strange = text.chars().next().unwrap_or(' ');
    number.parse::<usize>().map_err(|_| strange)?.checked_mul(factor).ok_or(strange)
}

/// Bytes of a key where the line does not say.
const KEY_LENGTH: usize = 32;

/// Most bytes of a key.
const KEY_LENGTH_MAX: usize = 16_384;
