//! What of a request chooses its server, and how (configuration manual 4.2, `balance` and `hash-type`).

use super::rules::sample_message;
use super::{ProxyDirective, Side};
use crate::config::draft::ProxyDraft;
use crate::config::line::Line;
use crate::keyword::Support;
use crate::model::{HashFunction, HashKey, Mapping, Mode, UriPart};
use crate::sample::{Needs, Sample};

const ROW: ProxyDirective = ProxyDirective { side: Side::Back, ..ProxyDirective::ROW };

pub(super) const TABLE: &[ProxyDirective] = &[
    ProxyDirective {
        name: "hash-balance-factor",
        set: balance_factor,
        summary: "Most connections of one server, in percent of its share.",
        example: "hash-balance-factor 150",
        ..ROW
    },
    ProxyDirective {
        name: "hash-type",
        set: hash_type,
        support: Support::Partial(
            "`none` takes keys for decimal numbers; not yet compared with a HAProxy that has it",
        ),
        summary: "How a key is hashed, and how the hash leads to a server.",
        example: "hash-type consistent djb2 avalanche",
        ..ROW
    },
];

fn balance_factor(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let message = "'hash-balance-factor' expects an integer argument.";
    let Some(text) = line.need(message, "for example: hash-balance-factor 150") else { return };
    line.passes_over(1);
    proxy.settings.hashing.balance_factor = match text.parse::<i32>() {
        Ok(0) => None,
        Ok(factor @ 101..) => Some(factor.unsigned_abs()),
        Ok(_) => {
            let message = "'hash-balance-factor' must be 0 or greater than 100.";
            return line.alert(0, message, "150 allows half more than the average");
        }
        Err(_) => return line.alert(0, message, "for example: hash-balance-factor 150"),
    };
}

fn hash_type(proxy: &mut ProxyDraft, line: &mut Line<'_>) {
    let settings = &mut proxy.settings;
    settings.mapping = match line.argument(0) {
        Some("consistent") => Mapping::Consistent,
        Some("map-based") => Mapping::Map,
        Some("avalanche") => {
            let message = "experimental feature 'hash-type avalanche' is not supported anymore, please use \
                           'hash-type map-based sdbm avalanche' instead.";
            return line.alert(0, message, "HAProxy removed it");
        }
        _ => {
            let message = "'hash-type' only supports 'consistent' and 'map-based'.";
            return line.alert(0, message, "map-based is the default");
        }
    };
    let hashing = &mut settings.hashing;
    hashing.function = match line.argument(1) {
        None => HashFunction::Sdbm,
        Some("crc32") => HashFunction::Crc32,
        Some("djb2") => HashFunction::Djb2,
        Some("none") => HashFunction::None,
        Some("sdbm") => HashFunction::Sdbm,
        Some("wt6") => HashFunction::Wt6,
        Some(_) => {
            let message =
                "'hash-type' only supports 'sdbm', 'djb2', 'crc32', 'wt6', or 'none' hash functions."
                    .to_owned();
            return line.alert(1, message, "sdbm is the default");
        }
    };
    hashing.avalanche = match (line.argument(1), line.argument(2)) {
        // Without a function a ring gets the usual one, and its bits spread.
        (None, _) => settings.mapping == Mapping::Consistent,
        (Some(_), None) => false,
        (Some(_), Some("avalanche")) => true,
        (Some(_), Some(_)) => {
            let message = "'hash-type' only supports 'avalanche' as a modifier for hash functions.";
            return line.alert(2, message, "for example: hash-type consistent sdbm avalanche");
        }
    };
    line.passes_over(3);
}

/// `random` and `random(draws)`; `inner` is what follows the parenthesis.
pub(super) fn draws(line: &mut Line<'_>, inner: Option<&str>) -> Option<u32> {
    let help = "for example: balance random(2)";
    line.passes_over(1);
    let Some(inner) = inner.filter(|inner| *inner != ")") else { return Some(2) };
    let Some(text) = inner.strip_suffix(')') else {
        line.alert(0, "balance random : missing closing parenthesis.", help);
        return None;
    };
    match text.parse::<u32>() {
        Ok(0) => {
            line.alert(0, "balance random : number of draws must be at least 1.", help);
            None
        }
        Ok(draws) => Some(draws),
        Err(_) => {
            let strange = text.chars().find(|character| !character.is_ascii_digit()).unwrap_or(')');
            let message = format!("balance random : unexpected character '{strange}' after argument.");
            line.alert(0, message, help);
            None
        }
    }
}

/// `hash EXPRESSION`.
pub(super) fn expression(line: &mut Line<'_>, mode: Mode) -> Option<HashKey> {
    let Some(text) = line.argument(1) else {
        line.alert(0, "balance hash requires a sample expression.", "for example: balance hash src");
        return None;
    };
    if let Some(extra) = line.argument(2) {
        let message = format!("balance hash takes no other argument (got '{extra}').");
        line.alert(2, message, "quote what is one word");
        return None;
    }
    let sample = match Sample::compile(text) {
        Ok(sample) => sample,
        Err(error) => {
            let (message, help) = sample_message(&error.problem);
            line.alert(1, format!("failed to parse 'balance hash' expression '{text}' : {message}."), help);
            return None;
        }
    };
    let offers = if mode == Mode::Http { Needs::AT_REQUEST } else { Needs::AT_CONTENT };
    if let Some(missing) = offers.missing(sample.needs()) {
        let message = format!(
            "error detected while parsing 'balance hash' expression '{text}' which requires information from \
             {missing}, which is not available here."
        );
        line.alert(1, message, "use what is known of the request");
        return None;
    }
    Some(HashKey::Expression(sample))
}

/// `hdr(name)`; `inner` is what follows the parenthesis.
pub(super) fn header(line: &mut Line<'_>, inner: &str) -> Option<HashKey> {
    let name = inner.split_once(')').map_or("", |(name, _)| name);
    if name.is_empty() {
        let message = "balance hdr requires an http header field name.";
        line.alert(0, message, "for example: balance hdr(host)");
        return None;
    }
    let domain_only = match line.argument(1) {
        None => false,
        Some("use_domain_only") => true,
        Some(word) => {
            let message =
                format!("balance hdr({name}) only accepts 'use_domain_only' modifier (got '{word}').");
            line.alert(1, message, "for example: balance hdr(host) use_domain_only");
            return None;
        }
    };
    line.passes_over(2);
    Some(HashKey::Header { name: name.to_owned(), domain_only })
}

/// `rdp-cookie` and `rdp-cookie(name)`; `inner` is what follows the parenthesis.
pub(super) fn rdp_cookie(line: &mut Line<'_>, inner: Option<&str>) -> Option<HashKey> {
    let name = match inner {
        None => "mstshash",
        Some(inner) => inner.split_once(')').map_or("", |(name, _)| name),
    };
    if name.is_empty() {
        let message = "balance rdp-cookie : missing cookie name.";
        line.alert(0, message, "for example: balance rdp-cookie(mstshash)");
        return None;
    }
    line.passes_over(1);
    Some(HashKey::RdpCookie { name: name.to_owned() })
}

/// `uri` and its words.
pub(super) fn uri(line: &mut Line<'_>) -> Option<HashKey> {
    let mut part = UriPart::default();
    let mut at = 1;
    while let Some(word) = line.argument(at) {
        match word {
            "whole" => part.whole = true,
            "path-only" => part.path_only = true,
            "len" | "depth" => {
                at += 1;
                let text = line.argument(at).unwrap_or_default();
                let number = text.parse().ok().filter(|number: &usize| *number > 0);
                if number.is_none() {
                    let message =
                        format!("balance uri : '{word}' expects a positive integer (got '{text}').");
                    line.alert(at, message, format!("for example: balance uri {word} 3"));
                    return None;
                }
                match word {
                    "len" => part.len = number,
                    _ => part.depth = number,
                }
            }
            _ => {
                let message = format!(
                    "balance uri only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '{word}')."
                );
                line.alert(at, message, "for example: balance uri depth 2");
                return None;
            }
        }
        at += 1;
    }
    Some(HashKey::Uri(part))
}

/// `url_param name` and `check_post`.
pub(super) fn url_parameter(line: &mut Line<'_>) -> Option<HashKey> {
    let Some(name) = line.argument(1) else {
        let message = "balance url_param requires an URL parameter name.";
        line.alert(0, message, "for example: balance url_param userid");
        return None;
    };
    // HAProxy searches the body of a POST with and without `check_post`, and reads no length behind it.
    if let Some(word) = line.argument(2).filter(|word| *word != "check_post") {
        let message = format!("balance url_param only accepts 'check_post' modifier (got '{word}').");
        line.alert(2, message, "for example: balance url_param userid check_post");
        return None;
    }
    Some(HashKey::UrlParameter { name: name.to_owned() })
}
