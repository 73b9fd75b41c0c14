//! One backend under a history drawn from the input, beside a slow reference (`cargo +nightly fuzz run backend`).
#![no_main]

use evenkeel_sim::backend_world;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    backend_world::run(input);
});
