//! Server options about idle connections that wait to be used again.

use super::{ServerOption, number};
use crate::config::duration::{DurationError, parse_duration};
use crate::config::line_option::{Argument, Fault};
use crate::keyword::Support;

/// The rows of this family.
pub(super) const TABLE: &[ServerOption] = &[
    ServerOption {
        name: "pool-max-conn",
        argument: Argument::One("'pool-max-conn' expects <value> as argument."),
        set: |draft, value| {
            let message = || "'pool-max-conn' must be >= -1".to_owned();
            draft.pool_max_conn = match value.text {
                "-1" => None,
                text => Some(number(text, 0, i32::MAX as u32, message)?),
            };
            Ok(())
        },
        summary: "Most idle connections kept; -1 is no limit.",
        example: "server web1 127.0.0.1:8080 pool-max-conn 50",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "pool-purge-delay",
        argument: Argument::One("'pool-purge-delay' expects <value> as argument."),
        set: |draft, value| {
            draft.pool_purge_delay = parse_duration(value.text).map_err(|error| match error {
                DurationError::Character(character) => Fault::new(
                    format!("unexpected character '{character}' in argument to <pool-purge-delay>."),
                    "write a number with a unit of us, ms, s, m, h or d, such as 5s",
                ),
                DurationError::TooLong => Fault::new(
                    format!("timer overflow in argument <{}> to <pool-purge-delay>.", value.text),
                    "the longest time is 2147483647 ms (~24.8 days)",
                ),
            })?;
            Ok(())
        },
        summary: "How long an idle connection is kept (5s).",
        example: "server web1 127.0.0.1:8080 pool-purge-delay 10s",
        ..ServerOption::ROW
    },
    ServerOption {
        name: "pool-low-conn",
        argument: Argument::One("'pool-low-conn' expects <value> as argument."),
        set: |_, value| {
            let message = || "'pool-low-conn' must be >= -1".to_owned();
            if value.text != "-1" {
                number(value.text, 0, i32::MAX as u32, message)?;
            }
            Ok(())
        },
        support: Support::Ignored(
            "idle connections belong to one worker and are never taken over by another",
        ),
        summary: "Idle connections below which a thread takes none from another.",
        example: "server web1 127.0.0.1:8080 pool-low-conn 10",
        ..ServerOption::ROW
    },
];
