//! Server options about its life: where its state comes from besides checks, and what follows from it.

use std::time::Duration;

use super::ServerOption;
use super::draft::ServerDraft;
use crate::config::duration::{DurationError, parse_duration};
use crate::config::line_option::{Argument, Fault, Value};
use crate::keyword::Support;
use crate::model::{InitState, Layer, OnError};

/// The rows of this family.
pub(super) const TABLE: &[ServerOption] = &[
    ServerOption {
        name: "track",
        argument: Argument::One("'track' expects [<proxy>/]<server> as argument."),
        set: |draft, value| {
            draft.track = Some(value.text.to_owned());
            Ok(())
        },
        summary: "Has the state of another server, which is checked.",
        example: "server web1-tls 127.0.0.1:8443 track web1",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "observe",
        argument: Argument::One("'observe' expects <mode> as argument."),
        set: |draft, value| {
            draft.observe = match value.text {
                "layer4" => Some(Layer::Four),
                "layer7" => Some(Layer::Seven),
                "none" => None,
                other => {
                    return Err(choices("observe", "one of 'none', 'layer4', 'layer7'", other));
                }
            };
            Ok(())
        },
        summary: "Counts errors in traffic as well: of connections (layer4), or of answers too (layer7).",
        example: "server web1 127.0.0.1:8080 check observe layer7",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "error-limit",
        argument: Argument::One("'error-limit' expects an integer argument."),
        set: |draft, value| match value.text.parse::<u32>() {
            Ok(limit) if limit > 0 => {
                draft.error_limit = limit;
                Ok(())
            }
            Ok(_) | Err(_) => Err(Fault::new("error-limit has to be > 0.", "write a whole number from 1 up")),
        },
        summary: "Errors in a row in traffic until `on-error` acts (10).",
        example: "server web1 127.0.0.1:8080 check observe layer7 error-limit 50",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "on-error",
        argument: Argument::One(
            "'on-error' expects one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down' but got ''",
        ),
        set: |draft, value| {
            draft.on_error = match value.text {
                "fail-check" => OnError::FailCheck,
                "fastinter" => OnError::FastInter,
                "mark-down" => OnError::MarkDown,
                "sudden-death" => OnError::SuddenDeath,
                other => {
                    let words = "one of 'fastinter', 'fail-check', 'sudden-death' or 'mark-down'";
                    return Err(choices("on-error", words, other));
                }
            };
            Ok(())
        },
        summary: "What `observe` does after that many errors: one failed check (fail-check), only check sooner \
                  (fastinter), one check short of down (sudden-death), or down at once (mark-down).",
        example: "server web1 127.0.0.1:8080 check observe layer7 on-error mark-down",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "on-marked-down",
        argument: Argument::One("'on-marked-down' expects 'shutdown-sessions' but got ''"),
        set: |draft, value| {
            if value.text != "shutdown-sessions" {
                return Err(choices("on-marked-down", "'shutdown-sessions'", value.text));
            }
            draft.shut_when_down = true;
            Ok(())
        },
        summary: "Ends the server's connections when it goes down or into maintenance (`D` in logs).",
        example: "server web1 127.0.0.1:8080 check on-marked-down shutdown-sessions",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "on-marked-up",
        argument: Argument::One("'on-marked-up' expects 'shutdown-backup-sessions' but got ''"),
        set: |draft, value| {
            if value.text != "shutdown-backup-sessions" {
                return Err(choices("on-marked-up", "'shutdown-backup-sessions'", value.text));
            }
            draft.shut_backups_when_up = true;
            Ok(())
        },
        summary: "Ends the connections of backup servers when this one comes up (`U` in logs).",
        example: "server web1 127.0.0.1:8080 check on-marked-up shutdown-backup-sessions",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "slowstart",
        argument: Argument::One("'slowstart' expects a time as argument."),
        set: set_slow_start,
        summary: "How long a server that came back takes to reach its full weight and `maxconn`.",
        example: "server web1 127.0.0.1:8080 check slowstart 30s",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "init-state",
        argument: Argument::One(
            "'init-state' expects one of 'fully-up', 'up', 'down', or 'fully-down' but got ''",
        ),
        set: |draft, value| {
            draft.init_state = match value.text {
                "down" => InitState::Down,
                "fully-down" => InitState::FullyDown,
                "fully-up" => InitState::FullyUp,
                "up" => InitState::Up,
                other => {
                    let words = "one of 'fully-up', 'up', 'down', or 'fully-down'";
                    return Err(choices("init-state", words, other));
                }
            };
            Ok(())
        },
        support: Support::Partial("as HAProxy describes it since 3.1; compared with no binary"),
        summary: "Health at the start and after maintenance: the first check decides (up, down), or all that are \
                  needed (fully-up, fully-down).",
        example: "server web1 127.0.0.1:8080 check init-state down",
        ..ServerOption::ROW
    },
];

fn choices(name: &str, words: &str, got: &str) -> Fault {
    Fault::new(format!("'{name}' expects {words} but got '{got}'"), "choose one of these")
}

fn set_slow_start(draft: &mut ServerDraft, value: Value<'_>) -> Result<(), Fault> {
    let (text, server) = (value.text, &draft.name);
    let help = "write a number with a unit of us, ms, s, m, h or d, such as 30s";
    let span = parse_duration(text).map_err(|error| match error {
        DurationError::Character(character) => Fault::new(
            format!("unexpected character '{character}' in 'slowstart' argument of server {server}."),
            help,
        ),
        DurationError::TooLong => Fault::new(
            format!(
                "overflow in argument <{text}> to <slowstart> of server {server}, maximum value is 2147483647 ms \
                 (~24.8 days)."
            ),
            help,
        ),
    })?;
    draft.slow_start = Some(span).filter(|span| *span > Duration::ZERO);
    Ok(())
}
