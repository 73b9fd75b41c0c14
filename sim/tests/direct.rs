//! The direct-drive world as a test: drawn fault schedules, stored failures, and the same run twice.

use std::path::Path;
use std::process::Command;

use evenkeel_sim::fault::{Fault, PlannedFault};
use evenkeel_sim::{generate, minimise, replay, run};
use proptest::prelude::*;

/// Failures of drawn schedules are left here, to be looked at and moved to `scenarios/`.
fn failures() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

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
    let hashes = || {
        let output = Command::new(env!("CARGO_BIN_EXE_sim"))
            .args(["direct", "--hash", "--seeds", "0..100"])
            .output()
            .expect("the program runs");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text")
    };

    let first = hashes();

    assert_eq!(first.lines().count(), 100);
    assert_eq!(first, hashes());
}

fn fault() -> impl Strategy<Value = Fault> {
    let server = 0..3usize;
    prop_oneof![
        server.clone().prop_map(|server| Fault::BlackHole { server }),
        Just(Fault::ClientsPartitioned),
        server.clone().prop_map(|server| Fault::Crash { server }),
        server.clone().prop_map(|server| Fault::CutMidBody { server }),
        Just(Fault::DeafClients),
        (server.clone(), 1..300u64).prop_map(|(server, by_ms)| Fault::Delay { server, by_ms }),
        (server.clone(), 0..8u8).prop_map(|(server, sort)| Fault::Garbage { server, sort }),
        server.clone().prop_map(|server| Fault::IdleClose { server }),
        (1..500u64).prop_map(|by_ms| Fault::LateMessages { by_ms }),
        server.clone().prop_map(|server| Fault::Partition { server }),
        server.clone().prop_map(|server| Fault::PowerLoss { server }),
        server.clone().prop_map(|server| Fault::Refuse { server }),
        server.clone().prop_map(|server| Fault::ResetMidBody { server }),
        server.clone().prop_map(|server| Fault::Silence { server }),
        (server.clone(), 1..500u64).prop_map(|(server, by_ms)| Fault::SlowAnswers { server, by_ms }),
        server.clone().prop_map(|server| Fault::StalledReading { server }),
        server.prop_map(|server| Fault::Unhealthy { server }),
    ]
}

fn planned() -> impl Strategy<Value = PlannedFault> {
    let times = (0..500u64, 1..500u64);
    (times, fault()).prop_map(|((at_ms, for_ms), fault)| PlannedFault { at_ms, for_ms, fault })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_of_faults_holds(
        seed in any::<u64>().no_shrink(),
        faults in proptest::collection::vec(planned(), 0..8),
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
