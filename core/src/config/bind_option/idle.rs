//! Bind options that ask for what evenkeel does anyway, or that have no effect on a socket for traffic.

use super::BindOption;
use crate::config::line_option::{Argument, Fault};
use crate::keyword::Support;

/// The rows of this family.
pub(super) const TABLE: &[BindOption] = &[
    BindOption {
        name: "expose-fd",
        argument: Argument::One("'expose-fd' : missing fd type"),
        set: |_, value| one_of("expose-fd", value.text, &["listeners"]),
        support: Support::Ignored("only an administration socket hands descriptors on"),
        summary: "What an administration socket hands to a new process.",
        example: "bind :8080 expose-fd listeners",
        ..BindOption::ROW
    },
    BindOption {
        name: "level",
        argument: Argument::One("'level' only supports 'user', 'operator', and 'admin' (got '')"),
        set: |_, value| one_of("level", value.text, &["user", "operator", "admin"]),
        support: Support::Ignored("only an administration socket has levels"),
        summary: "What an administration socket may do.",
        example: "bind :8080 level user",
        ..BindOption::ROW
    },
    BindOption {
        name: "nice",
        argument: Argument::One("'nice' : missing value"),
        set: |_, value| {
            let valid = value.text.parse().is_ok_and(|nice: i32| (-1024..=1024).contains(&nice));
            let message = || format!("'nice' : invalid value {}, allowed range is -1024..1024", value.text);
            if valid { Ok(()) } else { Err(Fault::new(message(), "write a number from -1024 to 1024")) }
        },
        support: Support::Ignored("all connections get equal turns"),
        summary: "Priority of this socket's connections.",
        example: "bind :8080 nice 10",
        ..BindOption::ROW
    },
    BindOption {
        name: "process",
        argument: Argument::One("'process' : missing value"),
        set: |_, value| {
            // HAProxy 2.6 warns, 2.8 refuses. It has no effect here: there is one process.
            let message =
                format!("'process {}' on 'bind' lines is deprecated and will be removed in 2.7.", value.text);
            Err(Fault::warning(message, "remove it: there is one process, and every worker accepts"))
        },
        support: Support::Ignored("there is one process; HAProxy 2.8 refuses it"),
        summary: "Which processes accept.",
        example: "bind :8080 process 1",
        ..BindOption::ROW
    },
    BindOption {
        name: "proto",
        argument: Argument::One("'proto' : missing value"),
        set: |_, value| match value.text {
            "h1" | "none" => Ok(()),
            "h2" | "quic" | "spop" | "fcgi" => Err(Fault::new(
                format!("'proto' : MUX protocol '{}' is known, not supported yet", value.text),
                "write h1, or leave it out",
            )),
            text => Err(Fault::new(format!("'proto' :  unknown MUX protocol '{text}'"), "write h1")),
        },
        support: Support::Partial("`h1` only"),
        summary: "Protocol of this socket's connections.",
        example: "bind :8080 proto h1",
        ..BindOption::ROW
    },
    BindOption {
        name: "severity-output",
        argument: Argument::One("'severity-output' : missing severity format"),
        set: |_, value| one_of("severity-output", value.text, &["none", "number", "string"]),
        support: Support::Ignored("only an administration socket answers with severities"),
        summary: "How an administration socket writes severities.",
        example: "bind :8080 severity-output none",
        ..BindOption::ROW
    },
    BindOption {
        name: "shards",
        argument: Argument::One("'shards' : missing value"),
        set: |_, value| {
            let number = value.text.parse::<u16>().is_ok_and(|shards| (1..=256).contains(&shards));
            if number || ["by-thread", "by-group"].contains(&value.text) {
                return Ok(());
            }
            let message =
                format!("'shards' : invalid value {}, allowed range is 1..256 or 'by-thread'", value.text);
            Err(Fault::new(message, "leave it out: every worker has a socket of its own"))
        },
        support: Support::Ignored("every worker has a socket of its own already"),
        summary: "How many sockets share the address.",
        example: "bind :8080 shards by-thread",
        ..BindOption::ROW
    },
    BindOption {
        name: "thread",
        argument: Argument::One("'thread' : missing thread set"),
        set: |_, value| thread_set(value.text),
        support: Support::Ignored("every worker accepts from every socket"),
        summary: "Which threads accept.",
        example: "bind :8080 thread all",
        ..BindOption::ROW
    },
];

/// Thread sets, with or without a group before a slash: `1-4`, `2/all`, `1,3`.
fn thread_set(text: &str) -> Result<(), Fault> {
    let set = text.split_once('/').map_or(text, |(_, set)| set);
    let number =
        |part: &str| part.is_empty() || part.parse::<u16>().is_ok_and(|number| (1..=256).contains(&number));
    let range = |part: &str| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        ["all", "odd", "even"].contains(&part) || (!low.is_empty() && number(low) && number(high))
    };
    if set.split(',').all(range) {
        return Ok(());
    }
    let message =
        format!("invalid first thread number '{text}', permitted range is 1..256, or 'all', 'odd', 'even'.");
    Err(Fault::new(message, "leave it out: every worker accepts from every socket"))
}

/// One of a few words.
fn one_of(name: &str, text: &str, words: &[&str]) -> Result<(), Fault> {
    if words.contains(&text) {
        return Ok(());
    }
    let help = format!("write one of: {}", words.join(", "));
    let message = match name {
        "level" => format!("'level' only supports 'user', 'operator', and 'admin' (got '{text}')"),
        _ => format!("'{name}' : invalid value '{text}'"),
    };
    Err(Fault::new(message, help))
}
