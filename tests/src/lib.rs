//! What the checks of the whole share: starting the program under test and haproxy, scripted peers that
//! record every byte, free ports, and the core's work in named pieces. The checks themselves are in `all/`, the
//! bench in `bench/`.
//!
//! Peers here are deliberately plain: blocking sockets, a thread each, no HTTP library. What they record is
//! what was on the wire.

pub mod client;
pub mod figures;
pub mod inside;
pub mod origin;
pub mod program;
pub mod record;
pub mod sink;
pub mod wire;

use std::time::Duration;

/// How long anything awaited may take before a check gives up; generous, because machines are noisy.
pub const PATIENCE: Duration = Duration::from_secs(20);
