//! Bind options that set something on the listening socket or on its connections.

use std::time::Duration;

use super::BindOption;
use crate::config::duration::parse_duration;
use crate::config::line_option::{Argument, Fault};
use crate::keyword::Support;

/// The rows of this family.
pub(super) const TABLE: &[BindOption] = &[
    BindOption {
        name: "maxconn",
        argument: Argument::One("'maxconn' : missing value"),
        set: |draft, value| {
            draft.maxconn = Some(count("maxconn", value.text)?).filter(|&most| most > 0);
            Ok(())
        },
        summary: "Most connections of this socket at one time; 0 is no limit.",
        example: "bind :8080 maxconn 1000",
        ..BindOption::ROW
    },
    BindOption {
        name: "backlog",
        argument: Argument::One("'backlog' : missing value"),
        set: |draft, value| {
            draft.options.backlog = Some(count("backlog", value.text)?).filter(|&most| most > 0);
            Ok(())
        },
        summary: "Length of the system's queue of new connections.",
        example: "bind :8080 backlog 512",
        ..BindOption::ROW
    },
    BindOption {
        name: "defer-accept",
        set: |draft, _| {
            draft.options.defer_accept = true;
            Ok(())
        },
        summary: "Accepts a connection only when its first bytes are there.",
        example: "bind :8080 defer-accept",
        ..BindOption::ROW
    },
    BindOption {
        name: "tfo",
        set: |draft, _| {
            draft.options.fast_open = true;
            Ok(())
        },
        summary: "Takes bytes that come with the connection request.",
        example: "bind :8080 tfo",
        ..BindOption::ROW
    },
    BindOption {
        name: "transparent",
        set: |draft, _| {
            draft.options.transparent = true;
            Ok(())
        },
        summary: "Binds an address that is not of this machine.",
        example: "bind :8080 transparent",
        ..BindOption::ROW
    },
    BindOption {
        name: "v4v6",
        set: |draft, _| {
            draft.options.v6only = Some(false);
            Ok(())
        },
        summary: "Listens on IPv4 as well, on an IPv6 address.",
        example: "bind :::8080 v4v6",
        ..BindOption::ROW
    },
    BindOption {
        name: "v6only",
        set: |draft, _| {
            draft.options.v6only = Some(true);
            Ok(())
        },
        summary: "Listens on IPv6 only.",
        example: "bind :::8080 v6only",
        ..BindOption::ROW
    },
    BindOption {
        name: "interface",
        argument: Argument::One("'interface' : missing interface name"),
        set: |draft, value| {
            draft.options.interface = Some(value.text.to_owned());
            Ok(())
        },
        summary: "Takes only connections that come in by this network interface.",
        example: "bind :8080 interface lo",
        ..BindOption::ROW
    },
    BindOption {
        name: "mss",
        argument: Argument::One("'mss' : missing MSS value"),
        set: |draft, value| {
            let size = value.text.parse::<u16>().ok().filter(|&size| size > 0);
            let fault = || {
                // HAProxy takes a negative number and has the kernel add to it; nobody is known to use it.
                Fault::new(
                    "'mss' : expects an MSS with and absolute value between 1 and 65535",
                    "write the number of bytes, such as 1400",
                )
            };
            draft.options.mss = Some(size.ok_or_else(fault)?);
            Ok(())
        },
        support: Support::Partial("no negative number"),
        summary: "Largest segment to announce.",
        example: "bind :8080 mss 1400",
        ..BindOption::ROW
    },
    BindOption {
        name: "tcp-ut",
        argument: Argument::One("'tcp-ut' : missing TCP User Timeout value"),
        set: |draft, value| {
            let fault = |_| {
                Fault::new(
                    "'tcp-ut' : expects a positive delay in milliseconds",
                    "write a number with a unit of ms, s, m, h or d, such as 30s",
                )
            };
            let span = parse_duration(value.text).map_err(fault)?;
            draft.options.user_timeout = Some(span).filter(|&span| span > Duration::ZERO);
            Ok(())
        },
        summary: "How long sent bytes may stay unacknowledged.",
        example: "bind :8080 tcp-ut 30s",
        ..BindOption::ROW
    },
];

/// A number of connections.
fn count(name: &str, text: &str) -> Result<u32, Fault> {
    let fault = || {
        Fault::new(
            format!("'{name}' : invalid value {text}, must be >= 0"),
            "write a whole number of connections",
        )
    };
    text.parse().map_err(|_| fault())
}
