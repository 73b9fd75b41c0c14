//! Request heads, through the checks that the core's own tests use (`cargo +nightly fuzz run h1_request`).
#![no_main]

use evenkeel_core::h1::*;
use evenkeel_core::http::*;
use libfuzzer_sys::fuzz_target;

#[path = "../../core/src/h1/tests/checks.rs"]
#[allow(dead_code, reason = "the checks are shared by three targets")]
mod checks;

fuzz_target!(|input: &[u8]| checks::check_request(input));
