//! Server options about its share of the traffic: weight, connections, queue.

use super::{ServerOption, number};
use crate::config::line_option::Argument;

/// The rows of this family.
pub(super) const TABLE: &[ServerOption] = &[
    ServerOption {
        name: "weight",
        argument: Argument::One("'weight' expects a number from 0 to 256 as argument."),
        set: |draft, value| {
            let (text, server) = (value.text, &draft.name);
            let message = || format!("weight of server {server} is not within 0 and 256 ({text}).");
            draft.weight = number(text, 0, 256, message)?;
            Ok(())
        },
        summary: "Share of the traffic, from 0 (none) to 256 (1).",
        example: "server web1 127.0.0.1:8080 weight 10",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "maxconn",
        argument: Argument::One("'maxconn' expects a number of connections as argument."),
        set: |draft, value| {
            let message = || format!("'maxconn' : invalid number of connections '{}'.", value.text);
            draft.maxconn = Some(number(value.text, 0, u32::MAX, message)?).filter(|&most| most > 0);
            Ok(())
        },
        summary: "Most connections at one time; more requests wait in the queue. 0 is no limit.",
        example: "server web1 127.0.0.1:8080 maxconn 100",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "minconn",
        argument: Argument::One("'minconn' expects a number of connections as argument."),
        set: |draft, value| {
            let message = || format!("'minconn' : invalid number of connections '{}'.", value.text);
            draft.minconn = Some(number(value.text, 0, u32::MAX, message)?).filter(|&least| least > 0);
            Ok(())
        },
        summary: "Most connections while the backend has few; grows to `maxconn` at `fullconn`. 0 is no such limit.",
        example: "server web1 127.0.0.1:8080 minconn 10 maxconn 100",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "maxqueue",
        argument: Argument::One("'maxqueue' expects a number of requests as argument."),
        set: |draft, value| {
            let message = || format!("'maxqueue' : invalid number of requests '{}'.", value.text);
            draft.maxqueue = Some(number(value.text, 0, u32::MAX, message)?).filter(|&most| most > 0);
            Ok(())
        },
        summary: "Most requests that wait for this server. 0 is no limit.",
        example: "server web1 127.0.0.1:8080 maxconn 100 maxqueue 50",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "backup",
        set: |draft, _| {
            draft.backup = true;
            Ok(())
        },
        summary: "Takes traffic only when all servers without `backup` are down.",
        example: "server spare 127.0.0.1:8080 backup",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "no-backup",
        set: |draft, _| {
            draft.backup = false;
            Ok(())
        },
        summary: "Takes back a `backup` of `default-server`.",
        example: "server web1 127.0.0.1:8080 no-backup",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "disabled",
        set: |draft, _| {
            draft.disabled = true;
            Ok(())
        },
        summary: "Starts in maintenance.",
        example: "server web1 127.0.0.1:8080 disabled",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "enabled",
        set: |draft, _| {
            draft.disabled = false;
            Ok(())
        },
        summary: "Takes back a `disabled` of `default-server`.",
        example: "server web1 127.0.0.1:8080 enabled",
        ..ServerOption::ROW
    },
];
