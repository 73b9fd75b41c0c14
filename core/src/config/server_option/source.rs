//! Server options about how connections are made: from where, to what, with which protocol.

use std::net::SocketAddr;

use super::ServerOption;
use super::draft::{InitAddress, ServerDraft};
use crate::config::address::{AddressError, Place, Ports, Rules};
use crate::config::duration::parse_duration;
use crate::config::line_option::{Argument, Fault, Value};
use crate::keyword::Support;

/// The rows of this family.
pub(super) const TABLE: &[ServerOption] = &[
    ServerOption {
        name: "source",
        argument: Argument::One(
            "'source' expects <addr>[:<port>[-<port>]], and optionally 'usesrc' <addr>, and 'interface' <name> \
             as argument.",
        ),
        set: set_source,
        support: Support::Partial(
            "one address with at most one port; no port range, `usesrc` or `interface`",
        ),
        summary: "Local address of connections to the server.",
        example: "server web1 127.0.0.1:8080 source 127.0.0.1",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "init-addr",
        argument: Argument::One("'init-addr' expects a comma-delimited list of methods as argument."),
        set: set_init_address,
        support: Support::Partial(
            "`last` finds nothing, as there is no state file; with `none` the server stays in maintenance",
        ),
        summary: "How to find the address of a host name at start (last,libc).",
        example: "server web1 127.0.0.1:8080 init-addr libc,none",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "proto",
        argument: Argument::One("'proto' : missing value."),
        set: |_, value| protocol("proto", value.text),
        support: Support::Partial("`h1` only"),
        summary: "Protocol towards the server.",
        example: "server web1 127.0.0.1:8080 proto h1",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "check-proto",
        argument: Argument::One("'check-proto' : missing value."),
        set: |_, value| protocol("check-proto", value.text),
        support: Support::Partial("`h1` only"),
        summary: "Protocol of checks.",
        example: "server web1 127.0.0.1:8080 check check-proto h1",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "tcp-ut",
        argument: Argument::One("'tcp-ut' : missing TCP User Timeout value."),
        set: |_, value| match parse_duration(value.text) {
            Ok(_) => Ok(()),
            Err(_) => Err(Fault::new(
                "'tcp-ut' : expects a positive delay in milliseconds.",
                "write a number with a unit of ms, s, m, h or d, such as 30s",
            )),
        },
        support: Support::Ignored("a server that no longer answers is noticed by `timeout server`"),
        summary: "How long sent bytes may stay unacknowledged.",
        example: "server web1 127.0.0.1:8080 tcp-ut 30s",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "tfo",
        support: Support::Ignored("it saves one round trip of a new connection and changes nothing else"),
        summary: "Sends the first bytes together with the connection request.",
        example: "server web1 127.0.0.1:8080 tfo",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "no-tfo",
        summary: "Takes back a `tfo` of `default-server`.",
        example: "server web1 127.0.0.1:8080 no-tfo",
        ..ServerOption::ROW
    },
];

fn set_source(draft: &mut ServerDraft, value: Value<'_>) -> Result<(), Fault> {
    let text = value.text;
    let refuse = |error: &AddressError| {
        Fault::new(format!("'source {text}' : {}.", error.message(text)), error.help())
    };
    // HAProxy takes a port range here; RANGE lets the message say "not yet" and not "never".
    let rules = Rules { range: true, ..Rules::PLAIN };
    let (host, ports, family) = match Place::parse(text, rules).map_err(|error| refuse(&error))? {
        Place::Inet { host, ports, family } => (host, ports, family),
        Place::Unix(_) | Place::Fd(_) => return Err(refuse(&AddressError::Host(text.to_owned()))),
    };
    if matches!(ports, Ports::Range(..)) {
        return Err(refuse(&AddressError::Planned("a range of source ports")));
    }
    let ip = host.resolve(family, value.resolve).map_err(|error| refuse(&error))?;
    let address = SocketAddr::new(ip, ports.single().unwrap_or(0));
    // Any address and any port is what the system does by itself.
    draft.source = Some(address).filter(|address| !address.ip().is_unspecified() || address.port() > 0);
    Ok(())
}

fn set_init_address(draft: &mut ServerDraft, value: Value<'_>) -> Result<(), Fault> {
    let methods = value.text.split(',').map(|method| match method {
        "libc" => Ok(InitAddress::Libc),
        "last" => Ok(InitAddress::Last),
        "none" => Ok(InitAddress::None),
        method => method.parse().map(InitAddress::Ip).map_err(|_| {
            let message = format!(
                "'init-addr' : unknown init-addr method '{method}', supported methods are 'libc', 'last', \
                 'none'."
            );
            Fault::new(message, "or write an IP address to fall back to")
        }),
    });
    draft.init_address = methods.collect::<Result<_, _>>()?;
    Ok(())
}

/// The multiplexer's name after `proto`.
fn protocol(name: &str, text: &str) -> Result<(), Fault> {
    match text {
        "h1" | "none" => Ok(()),
        "h2" | "fcgi" | "quic" | "spop" => Err(Fault::new(
            format!("'{name}' : MUX protocol '{text}' is known, not supported yet."),
            "write h1, or leave it out",
        )),
        _ => Err(Fault::new(format!("'{name}' :  unknown MUX protocol '{text}'."), "write h1")),
    }
}
