//! The direct-drive world as a test: drawn fault schedules, stored failures, and the same run twice.

use evenkeel_sim::{generate, minimise, replay, run};
use proptest::prelude::*;

use super::schedules::schedule;
use super::{failures, hashes};

#[test]
fn stored_scenarios_hold() {
    let entries = std::fs::read_dir(replay::folder()).expect("the folder is in the repository");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "nothing is stored");

    for file in files {
        let scenario = replay::read(&file).expect("a scenario");
        let violation = run::run(&scenario).violation;
        assert_eq!(violation, None, "\n{}\n", replay::command(&file, false));
    }
}

#[test]
fn drawn_seeds_hold() {
    for seed in 0..300 {
        let scenario = generate::scenario(seed);
        if let Some(violation) = run::run(&scenario).violation {
            let (small, violation) = minimise::minimise(&scenario, &violation, run::run);
            let file = replay::write(failures(), &small, &violation).expect("a place for the failure");
            panic!("seed {seed}: {violation}\n{}", replay::command(&file, false));
        }
    }
}

#[test]
fn one_seed_leaves_the_same_trace_in_two_processes() {
    let first = hashes("direct", "0..100");

    assert_eq!(first.lines().count(), 100);
    assert_eq!(first, hashes("direct", "0..100"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_of_faults_holds(
        seed in any::<u64>().no_shrink(),
        faults in schedule(),
    ) {
        let mut scenario = generate::scenario(seed);
        scenario.faults = faults;
        if let Some(violation) = run::run(&scenario).violation {
            // Each step of shrinking writes its file; the last one named is the smallest.
            let file = replay::write(failures(), &scenario, &violation).expect("a place for the failure");
            prop_assert!(false, "{violation}\n{}", replay::command(&file, false));
        }
    }
}
