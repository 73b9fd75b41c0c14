//! Answers to health checks of every kind (`cargo +nightly fuzz run check_answer`): each ends in one outcome, whose
//! words are safe to log.
#![no_main]

use std::time::Duration;

use bytes::Bytes;
use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::ServerId;
use evenkeel_core::base::time::{Now, Time};
use evenkeel_core::config::environment::Tables;
use evenkeel_core::config::{Source, load};
use evenkeel_core::health::{CheckInput, CheckOutput, Checker, Outcome};
use libfuzzer_sys::fuzz_target;

#[path = "../../core/src/health/checker/tests/checks.rs"]
mod checks;

fuzz_target!(|input: &[u8]| checks::check_answer(input));
