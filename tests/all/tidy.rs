//! The house rules that a compiler does not know: what the core may depend on and mention, which way the
//! arrows between crates and between the core's modules point, and how long a file may be.
//!
//! Each rule is a checker over text, and each checker has a test with a planted violation, so that a
//! checker that has gone blind fails too. A rule is loosened here, in review, or nowhere.

mod arrows;
mod dependencies;
mod mentions;
mod sizes;
mod source;

use std::path::PathBuf;

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("tests/ lies in the repository").to_path_buf()
}

/// Fails with one line per violation.
fn assert_none(violations: &[String], rule: &str) {
    assert!(violations.is_empty(), "{rule}:\n  {}\n", violations.join("\n  "));
}
