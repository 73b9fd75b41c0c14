//! The simulated worlds as tests: drawn fault schedules, stored failures, and the same run twice.

mod backend;
mod direct;
mod schedules;
mod turmoil;

use std::path::Path;
use std::process::Command;

/// Failures of drawn schedules are left here, to be looked at and moved to `scenarios/`.
fn failures() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// The fingerprints of some seeds, from a process of its own.
fn hashes(world: &str, seeds: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    let output = command.args([world, "--hash", "--seeds", seeds]).output().expect("the program runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}
