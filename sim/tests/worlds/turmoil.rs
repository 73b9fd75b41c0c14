//! The real driver over turmoil, between hyper's clients and servers.

use evenkeel_sim::{generate, minimise, replay, run, turmoil_world};
use proptest::prelude::*;

use super::schedules::schedule;
use super::{failures, hashes};
use evenkeel_sim::scenario::Scenario;
use evenkeel_sim::world::Outcome;

fn play(scenario: &Scenario) -> Outcome {
    run::watch_panics();
    run::run_turmoil(scenario, false)
}

#[test]
fn stored_scenarios_hold() {
    let entries = std::fs::read_dir(replay::folder()).expect("the folder is in the repository");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "nothing is stored");

    for file in files {
        let scenario = turmoil_world::adapt(replay::read(&file).expect("a scenario"));
        assert_eq!(play(&scenario).violation, None, "\n{}\n", replay::command(&file, true));
    }
}

#[test]
fn drawn_seeds_hold() {
    for seed in 0..100 {
        let scenario = turmoil_world::adapt(generate::scenario(seed));
        if let Some(violation) = play(&scenario).violation {
            let (small, violation) = minimise::minimise(&scenario, &violation, play);
            let file = replay::write(failures(), &small, &violation).expect("a place for the failure");
            panic!("seed {seed}: {violation}\n{}", replay::command(&file, true));
        }
    }
}

#[test]
fn one_seed_leaves_the_same_trace_in_two_processes() {
    let first = hashes("turmoil", "0..40");

    assert_eq!(first.lines().count(), 40);
    assert_eq!(first, hashes("turmoil", "0..40"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_of_faults_holds(seed in any::<u64>().no_shrink(), faults in schedule()) {
        let mut scenario = turmoil_world::adapt(generate::scenario(seed));
        scenario.faults = faults;
        if let Some(violation) = play(&scenario).violation {
            // Each step of shrinking writes its file; the last one named is the smallest.
            let file = replay::write(failures(), &scenario, &violation).expect("a place for the failure");
            prop_assert!(false, "{violation}\n{}", replay::command(&file, true));
        }
    }
}
