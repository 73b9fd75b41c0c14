//! File descriptors: how many the configuration needs, and seeing that the process may open them.

use std::fmt;
use std::io;

use evenkeel_core::model::Config;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors that every process has open besides sockets: streams, pollers, log sockets.
const OTHERS: u64 = 16;
/// Most descriptors used when no `maxconn` says how many are wanted, however many are allowed.
const DESCRIPTORS_MAX: u64 = 1_048_576;
/// Least connections that make sense.
const MAXCONN_MIN: u64 = 100;

/// What the limits came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that the process accepts at one time.
    pub maxconn: u32,
    /// Descriptors needed for that.
    pub descriptors: u64,
}

/// A limit that could not be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLow {
    /// What is needed.
    pub wanted: u64,
    /// What is allowed.
    pub limit: u64,
    /// What it is needed for.
    pub maxconn: u32,
}

impl fmt::Display for TooLow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cannot raise FD limit to {}, limit is {}.", self.wanted, self.limit)
    }
}

impl TooLow {
    /// What follows when the process runs all the same (`no strict-limits`).
    pub fn consequence(&self) -> String {
        let TooLow { wanted, limit, maxconn } = self;
        format!(
            "FD limit ({limit}) too low for maxconn={maxconn}/maxsock={wanted}. \
             Please raise 'ulimit-n' to {wanted} or more to avoid any trouble."
        )
    }
}

/// Computes what the configuration needs, `maxconn` being that of the command line or the file.
pub fn plan(config: &Config, maxconn: Option<u32>) -> io::Result<Limits> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(plan_within(hard, fixed(config), maxconn, config.global.ulimit_n))
}

/// Raises the limit to what `limits` needs. The inner error says that the system does not allow so many.
pub fn raise(limits: Limits) -> io::Result<Result<(), TooLow>> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= limits.descriptors {
        return Ok(Ok(()));
    }
    if setrlimit(Resource::RLIMIT_NOFILE, limits.descriptors, hard.max(limits.descriptors)).is_ok() {
        return Ok(Ok(()));
    }
    // As many as allowed is better than fewer.
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(Err(TooLow { wanted: limits.descriptors, limit: hard, maxconn: limits.maxconn }))
}

/// Descriptors that do not depend on the traffic: one per listener and one per check under way.
fn fixed(config: &Config) -> u64 {
    let checked = config.backends.iter().flat_map(|backend| &backend.servers);
    let checked = checked.filter(|server| server.check.is_some()).count();
    (config.listeners.len() + checked) as u64 + OTHERS
}

fn plan_within(hard: u64, fixed: u64, maxconn: Option<u32>, ulimit_n: Option<u32>) -> Limits {
    let available = ulimit_n.map_or(hard.min(DESCRIPTORS_MAX), u64::from);
    // Each connection has a client's and a server's socket.
    let maxconn = match maxconn {
        Some(maxconn) => u64::from(maxconn),
        None => (available.saturating_sub(fixed) / 2).max(MAXCONN_MIN),
    };
    let needed = 2 * maxconn + fixed;
    let maxconn = u32::try_from(maxconn).unwrap_or(u32::MAX);
    Limits { maxconn, descriptors: ulimit_n.map_or(needed, u64::from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_maxconn_sets_the_descriptors() {
        assert_eq!(
            plan_within(20_000, 18, Some(50_000), None),
            Limits { maxconn: 50_000, descriptors: 100_018 }
        );
    }

    #[test]
    fn without_maxconn_the_limit_sets_it() {
        assert_eq!(plan_within(1_000, 18, None, None), Limits { maxconn: 491, descriptors: 1_000 });
        assert_eq!(plan_within(4_096, 18, None, None).maxconn, 2_039);
        assert_eq!(plan_within(u64::MAX, 18, None, None).maxconn, 524_279);
    }

    #[test]
    fn ulimit_n_is_taken_at_its_word() {
        assert_eq!(
            plan_within(20_000, 18, Some(100), Some(30_000)),
            Limits { maxconn: 100, descriptors: 30_000 }
        );
    }
}
