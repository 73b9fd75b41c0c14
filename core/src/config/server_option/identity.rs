//! Server options that name the server to others: statistics, cookies, stick tables.

use std::sync::Arc;

use super::{ServerOption, number};
use crate::config::line_option::{Argument, Fault};
use crate::keyword::Support;
use crate::model::RingKey;

/// The rows of this family.
pub(super) const TABLE: &[ServerOption] = &[
    ServerOption {
        name: "id",
        argument: Argument::One("'id' : expects an integer argument."),
        set: |draft, value| {
            let message = || "'id' : custom id has to be > 0".to_owned();
            draft.id = Some(number(value.text, 1, i32::MAX as u32, message)?);
            Ok(())
        },
        support: Support::Partial("balancing uses it; statistics that show it are planned"),
        in_default: false,
        summary: "Number of the server, for consistent hashing and in statistics.",
        example: "server web1 127.0.0.1:8080 id 5",
    },
    ServerOption {
        name: "hash-key",
        argument: Argument::One("'hash-key' expects 'id', 'addr', or 'addr-port' value."),
        set: |draft, value| {
            draft.ring_key = match value.text {
                "addr" => RingKey::Address,
                "addr-port" => RingKey::AddressAndPort,
                "id" => RingKey::Id,
                other => {
                    let message = format!("'hash-key' has to be 'id', 'addr', or 'addr-port', not '{other}'");
                    return Err(Fault::new(message, "id is the default"));
                }
            };
            Ok(())
        },
        support: Support::Partial(
            "with `addr` and `addr-port` all evenkeels agree with each other; HAProxy, since 3.0, may make other points",
        ),
        summary: "What places a server on the ring of consistent hashing.",
        example: "server web1 127.0.0.1:8080 hash-key addr-port",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "cookie",
        argument: Argument::One("'cookie' expects <value> as argument."),
        set: |draft, value| {
            draft.cookie = Some(Arc::from(value.text));
            Ok(())
        },
        summary: "Cookie value that leads to this server.",
        example: "server web1 127.0.0.1:8080 cookie one",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "stick",
        set: |draft, _| {
            draft.stick = true;
            Ok(())
        },
        summary: "Takes back a `non-stick` of `default-server`.",
        example: "server web1 127.0.0.1:8080 stick",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "non-stick",
        set: |draft, _| {
            draft.stick = false;
            Ok(())
        },
        summary: "Stick tables do not remember this server.",
        example: "server web1 127.0.0.1:8080 non-stick",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "shard",
        argument: Argument::One("'shard' : missing value."),
        set: |_, value| {
            number(value.text, 0, i32::MAX as u32, || "'shard' : invalid value".to_owned()).map(|_| ())
        },
        support: Support::Ignored("it has an effect only in a section `peers`"),
        summary: "Which part of a stick table a peer gets.",
        example: "server web1 127.0.0.1:8080 shard 1",
        ..ServerOption::ROW
    },
];
