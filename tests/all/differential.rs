//! evenkeel beside the real haproxy: the same configuration and the same bytes through both, and a
//! comparison of what clients, origins and the log server saw.
//!
//! A scenario is a configuration, the origins' scripts and a play. `compare` performs it once per program,
//! side by side, and compares the transcripts. Where the project is deliberately stricter than haproxy, the
//! scenario says so, with the reason and with what each side must show. A scenario that differs is played
//! again, twice at most, since a busy machine can change how bytes fall into packets; a real difference stays.
//!
//! `EVENKEEL_BIN=/usr/sbin/haproxy cargo test -p evenkeel-tests differential` checks the scenarios
//! themselves: both sides are haproxy then, and all must agree.

mod agents;
mod balance;
mod bodies;
mod commands;
mod conditions;
mod connections;
mod errors;
mod farm;
mod framing;
mod hashing;
mod headers;
mod health;
mod logs;
mod odd;
mod parameters;
mod persistence;
mod programs;
mod queue;
mod rdp;
mod retry;
pub(crate) mod scenario;
mod servers;
pub(crate) mod stage;
mod tcp;
mod transcript;

use scenario::Scenario;
use stage::Stage;
