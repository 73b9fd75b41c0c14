//! One backend beside a slow reference, under drawn histories, stored ones, and those that the fuzzer keeps.

use evenkeel_sim::backend_world::{self, EVENT_SIZE, PLAN_SIZE};
use evenkeel_sim::histories;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// Shrinking takes out whole events.
    #[test]
    fn any_history_is_as_the_reference_has_it(
        plan in any::<[u8; PLAN_SIZE]>(),
        events in proptest::collection::vec(any::<[u8; EVENT_SIZE]>(), 0..400),
    ) {
        let bytes = [plan.as_slice(), events.as_flattened()].concat();

        if let Err(failure) = histories::live(&bytes) {
            prop_assert!(false, "{failure}\n{}\n{bytes:?}", backend_world::describe(&bytes));
        }
    }
}

#[test]
fn stored_histories_hold() {
    let entries = std::fs::read_dir(histories::folder()).expect("the corpus is there");
    let mut count = 0;
    for path in entries.map(|entry| entry.expect("a readable folder").path()) {
        let bytes = std::fs::read(&path).expect("a readable file");
        count += 1;

        assert_eq!(histories::live(&bytes).err(), None, "{}", path.display());
    }
    assert!(count >= 20, "{count} histories are stored");
}

#[test]
fn long_histories_of_seeds_hold() {
    let mut events = 0;
    for seed in 0..2_000 {
        let lived = histories::live(&histories::history(seed));

        events += lived.unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
    }
    // Most of what is drawn finds somebody to happen to.
    assert!(events > 600_000, "{events} events");
}
