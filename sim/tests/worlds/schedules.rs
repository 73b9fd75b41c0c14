//! Schedules of faults, drawn and shrunk by proptest.

use evenkeel_sim::fault::{Fault, PlannedFault};
use proptest::prelude::*;

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

/// What goes wrong in one run.
pub(crate) fn schedule() -> impl Strategy<Value = Vec<PlannedFault>> {
    prop::collection::vec(planned(), 0..8)
}
