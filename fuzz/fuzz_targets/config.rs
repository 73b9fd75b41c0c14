//! Whole configurations (`cargo +nightly fuzz run config`): whatever the bytes are, they end in a configuration
//! or in problems, and every problem can be shown.
#![no_main]

use evenkeel_core::config::environment::Tables;
use evenkeel_core::config::finding::Weight;
use evenkeel_core::config::{Source, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let source = Source { name: "fuzz.cfg".to_owned(), bytes: input.to_vec() };
    let loaded = load(&[source], &Tables::default());
    let alert = loaded.problems.iter().any(|problem| problem.weight == Weight::Alert);
    assert_eq!(loaded.config.is_none(), alert);
    for problem in &loaded.problems {
        assert!(problem.render(1).len() < 4_000);
    }
});
