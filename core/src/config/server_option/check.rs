//! Server options about health checks: whether, where, how often, how many.

use std::sync::Arc;
use std::time::Duration;

use super::draft::{Reach, ServerDraft};
use super::{ServerOption, number};
use crate::config::address::{AddressError, Place, Rules};
use crate::config::duration::{DurationError, parse_duration};
use crate::config::line_option::{Argument, Fault, Value};

/// The rows of this family.
pub(super) const TABLE: &[ServerOption] = &[
    ServerOption {
        name: "check",
        set: |draft, _| {
            draft.check = true;
            Ok(())
        },
        summary: "Checks the server's health.",
        example: "server web1 127.0.0.1:8080 check",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "no-check",
        set: |draft, _| {
            draft.check = false;
            Ok(())
        },
        summary: "Takes back a `check` of `default-server`.",
        example: "server web1 127.0.0.1:8080 no-check",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "inter",
        argument: Argument::One("'inter' expects a delay as argument."),
        set: |draft, value| {
            draft.inter = interval("inter", value, draft)?;
            Ok(())
        },
        summary: "Time between two checks (2s).",
        example: "server web1 127.0.0.1:8080 check inter 3s",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "fastinter",
        argument: Argument::One("'fastinter' expects a delay as argument."),
        set: |draft, value| {
            draft.fastinter = Some(interval("fastinter", value, draft)?);
            Ok(())
        },
        summary: "Time between two checks while the server is going up or down.",
        example: "server web1 127.0.0.1:8080 check fastinter 500ms",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "downinter",
        argument: Argument::One("'downinter' expects a delay as argument."),
        set: |draft, value| {
            draft.downinter = Some(interval("downinter", value, draft)?);
            Ok(())
        },
        summary: "Time between two checks while the server is down.",
        example: "server web1 127.0.0.1:8080 check downinter 10s",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "rise",
        argument: Argument::One("'rise' expects an integer argument."),
        set: |draft, value| {
            draft.rise = count("rise", value.text)?;
            Ok(())
        },
        summary: "Good checks in a row until the server is up (2).",
        example: "server web1 127.0.0.1:8080 check rise 2",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "fall",
        argument: Argument::One("'fall' expects an integer argument."),
        set: |draft, value| {
            draft.fall = count("fall", value.text)?;
            Ok(())
        },
        summary: "Failed checks in a row until the server is down (3).",
        example: "server web1 127.0.0.1:8080 check fall 3",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "port",
        argument: Argument::One("'port' expects a port number as argument."),
        set: |draft, value| {
            let message = || format!("'port' : invalid port '{}'.", value.text);
            let port = number(value.text, 0, u32::from(u16::MAX), message)?;
            draft.check_port = u16::try_from(port).ok().filter(|&port| port > 0);
            Ok(())
        },
        summary: "Port that checks go to.",
        example: "server web1 127.0.0.1:8080 check port 8081",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "addr",
        argument: Argument::One("'addr' expects <ipv4|ipv6> as argument."),
        set: set_address,
        summary: "Address that checks go to.",
        example: "server web1 127.0.0.1:8080 check addr 127.0.0.2",
        ..ServerOption::ROW
    },
];

fn set_address(draft: &mut ServerDraft, value: Value<'_>) -> Result<(), Fault> {
    let place = Place::parse(value.text, Rules::PLAIN);
    let reach = place.and_then(|place| match place {
        Place::Inet { host, ports, family } => {
            Ok(Reach::Ip(host.resolve(family, value.resolve)?, ports.single()))
        }
        Place::Unix(path) => Ok(Reach::Unix(Arc::from(path))),
        Place::Fd(_) => Err(AddressError::DescriptorForbidden),
    });
    let reach = reach
        .map_err(|error| Fault::new(format!("'addr' : {}.", error.message(value.text)), error.help()))?;
    draft.check_address = Some(reach);
    Ok(())
}

/// A time between checks: longer than nothing.
pub(super) fn interval(name: &str, value: Value<'_>, draft: &ServerDraft) -> Result<Duration, Fault> {
    let (text, server) = (value.text, &draft.name);
    let help = "write a number with a unit of us, ms, s, m, h or d, such as 2s";
    match parse_duration(text) {
        Ok(Duration::ZERO) => {
            Err(Fault::new(format!("invalid value 0 for argument '{name}' of server {server}."), help))
        }
        Ok(interval) => Ok(interval),
        Err(DurationError::Character(character)) => Err(Fault::new(
            format!("unexpected character '{character}' in '{name}' argument of server {server}."),
            help,
        )),
        Err(DurationError::TooLong) => Err(Fault::new(
            format!(
                "timer overflow in argument <{text}> to <{name}> of server {server}, \
                 maximum value is 2147483647 ms (~24.8 days)."
            ),
            help,
        )),
    }
}

/// A number of checks: at least one.
fn count(name: &str, text: &str) -> Result<u32, Fault> {
    number(text, 1, i32::MAX as u32, || format!("'{name}' has to be > 0."))
}
