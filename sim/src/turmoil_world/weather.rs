//! Faults of the network and of whole machines, as turmoil has them: packets held back, links that are slow,
//! machines without power. What befalls a server's program is the server's own affair.

use std::rc::Rc;
use std::time::Duration;

use evenkeel_core::base::time::Time;

use super::{World, clients_ip, proxy_ip, server_ip};
use crate::conditions::Conditions;
use crate::scenario::Scenario;

/// What holds for one server now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    held: bool,
    off: bool,
    late_ms: u64,
}

/// The weather so far.
pub(super) struct Weather {
    servers: Vec<State>,
    clients_held: bool,
    /// When something changes, in milliseconds.
    turns: Vec<u64>,
}

impl Weather {
    pub(super) fn new(scenario: &Scenario) -> Weather {
        let faults = scenario.faults.iter();
        let mut turns: Vec<u64> =
            faults.flat_map(|planned| [planned.at_ms, planned.at_ms + planned.for_ms]).collect();
        turns.sort_unstable_by(|a, b| b.cmp(a));
        turns.dedup();
        Weather { servers: vec![State::default(); scenario.servers.len()], clients_held: false, turns }
    }

    /// Lets begin and end what begins and ends now.
    pub(super) fn change(&mut self, world: &Rc<World>, sim: &mut turmoil::Sim<'_>) {
        let now = u64::try_from(sim.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut due = false;
        while self.turns.last().is_some_and(|at| *at <= now) {
            self.turns.pop();
            due = true;
        }
        if !due {
            return;
        }
        let faults = world.scenario.faults.iter();
        let active = faults.filter(|planned| planned.at_ms <= now && now < planned.at_ms + planned.for_ms);
        let conditions = Conditions::of(world.scenario.servers.len(), active);
        for (index, server) in conditions.servers.iter().enumerate() {
            let now = Time::from_millis(now);
            let wanted = State {
                held: server.held_until > now || server.black_hole_until > now,
                off: server.off_until > now,
                late_ms: server.late_by / 1_000_000,
            };
            let known = std::mem::replace(&mut self.servers[index], wanted);
            apply(index, known, wanted, sim);
        }
        let held = conditions.clients_held_until > Time::from_millis(now);
        if std::mem::replace(&mut self.clients_held, held) != held {
            match held {
                true => sim.hold(clients_ip(), proxy_ip()),
                false => sim.release(clients_ip(), proxy_ip()),
            }
        }
        *world.conditions.borrow_mut() = conditions;
        world.changes.notify_waiters();
    }
}

fn apply(index: usize, known: State, wanted: State, sim: &mut turmoil::Sim<'_>) {
    let ip = server_ip(index);
    match (known.off, wanted.off) {
        (false, true) => sim.crash(ip),
        (true, false) => sim.bounce(ip),
        _ => {}
    }
    match (known.held, wanted.held) {
        (false, true) => sim.hold(ip, proxy_ip()),
        (true, false) => sim.release(ip, proxy_ip()),
        _ => {}
    }
    if known.late_ms != wanted.late_ms {
        sim.set_link_latency(ip, proxy_ip(), Duration::from_millis(wanted.late_ms.max(1)));
    }
}
