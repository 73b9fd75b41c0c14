//! Requests made after everything has healed, one at a time: each must succeed, and every server must get
//! some where the balancing algorithm says so.

use crate::scenario::{AnswerPlan, Balance, ClientPlan, RequestPlan, Scenario};

/// Probes where the algorithm does not take turns.
const FEW: usize = 2;

/// A client for each probe. They start when they are told to.
pub fn plans(scenario: &Scenario) -> Vec<ClientPlan> {
    if scenario.stop.is_some() {
        return Vec::new();
    }
    let weights: u32 = scenario.servers.iter().map(|server| server.weight).sum();
    let count = if takes_turns(scenario) { weights as usize * 2 } else { FEW };
    let answer = AnswerPlan { body: 10, ..AnswerPlan::default() };
    let request = RequestPlan { answer, ..RequestPlan::default() };
    let client = ClientPlan { start_ms: u64::MAX, requests: vec![request], ..ClientPlan::default() };
    vec![client; count]
}

/// A server that ought to have got a probe and did not.
pub fn neglected(scenario: &Scenario, arrivals: &[u64]) -> Option<usize> {
    if !takes_turns(scenario) {
        return None;
    }
    scenario.servers.iter().zip(arrivals).position(|(server, arrivals)| {
        // One that still starts slowly may have had no turn.
        let takes_part = !server.backup && server.weight > 0 && server.slow_ms == 0;
        takes_part && *arrivals == 0
    })
}

fn takes_turns(scenario: &Scenario) -> bool {
    matches!(scenario.proxy.balance, Balance::RoundRobin | Balance::StaticRr)
}
