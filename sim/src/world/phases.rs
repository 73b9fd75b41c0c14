//! The phases of a run: traffic among faults, new requests after all has healed, and the stop.

use std::time::Duration;

use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::{Input, Signal};

use super::{Event, SETTLING_MAX, World};
use crate::actor::Actor;
use crate::actor::client::Client;
use crate::oracle::liveness;
use crate::probes;
use crate::shell::Shell;

/// How long one new request may take, and the stop.
const PROBE_MAX: Duration = Duration::from_secs(20);

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Clients come and faults strike and heal.
    Traffic,
    /// New requests, one after another; so many have begun.
    Probing(usize),
    /// The proxy has been told to stop.
    Stopping,
    /// All is over.
    Over,
}

impl World {
    pub(super) fn too_late(&mut self) {
        let servers = self.scenario.servers.len();
        let client = self.clients.iter().find(|client| !client.is_over() && client.start() <= self.now);
        let unrest = liveness::unrest(&self.shells, &self.shared, servers);
        let what = format!("{:?} does not end: {:?}, {unrest:?}", self.phase, client.map(Client::describe));
        self.record.violation("liveness", self.now, what);
    }

    pub(super) fn stop(&mut self) {
        self.phase = Phase::Stopping;
        let hard = self.scenario.stop.is_some_and(|stop| stop.hard);
        self.deadline = self.deadline.min(self.now + SETTLING_MAX);
        for worker in 0..self.shells.len() {
            let signal = if hard { Signal::HardStop } else { Signal::SoftStop };
            self.shells[worker].post(Input::Signal(signal));
            self.plan_turn(worker);
        }
    }

    /// Goes to the next phase when this one is over.
    pub(super) fn go_on(&mut self) {
        match self.phase {
            Phase::Traffic => {
                if self.scenario.stop.is_none() && self.is_calm() && self.is_at_rest() {
                    self.probe(0);
                }
            }
            Phase::Probing(begun) => {
                let probe = &self.clients[self.planned + begun - 1];
                if !probe.is_over() || !self.is_at_rest() {
                    return;
                }
                if !probe.is_content() || !probe.is_satisfied() {
                    let what = format!("after everything healed: {}", probe.describe());
                    return self.record.violation("liveness", self.now, what);
                }
                if self.planned + begun < self.clients.len() {
                    self.probe(begun);
                } else if let Some(server) = probes::neglected(&self.scenario, &self.record.arrivals) {
                    let what = format!("server {server} is up and gets no requests");
                    self.record.violation("liveness", self.now, what);
                } else {
                    self.stop();
                }
            }
            Phase::Stopping => {
                if self.shells.iter().all(Shell::is_stopped) && self.clients.iter().all(Client::is_over) {
                    self.over();
                }
            }
            Phase::Over => {}
        }
    }

    /// Whether all clients are through and nothing of the faults lingers.
    fn is_calm(&mut self) -> bool {
        if self.now < self.healed || !self.clients[..self.planned].iter().all(Client::is_over) {
            return false;
        }
        if self.calm_at == Time::NEVER {
            self.calm_at = self.now + Duration::from_millis(self.scenario.half_open_ms());
            self.queue.push(self.calm_at, Event::Faults);
        }
        // A check that began among faults may still take a server down.
        let checked = self.runs.values().any(|started| *started < self.healed);
        self.now >= self.calm_at && !checked && !self.network.checks_since_before(self.healed)
    }

    fn probe(&mut self, begun: usize) {
        if begun == 0 {
            self.record.arrivals.fill(0);
        }
        let index = self.planned + begun;
        self.phase = Phase::Probing(begun + 1);
        self.deadline = self.now + PROBE_MAX;
        if index < self.clients.len() {
            self.clients[index].start_at(self.now);
            self.queue.push(self.now, Event::Actor(Actor::Client(index)));
        }
    }

    fn over(&mut self) {
        self.phase = Phase::Over;
        if let Some(shell) = self.shells.iter().find(|shell| shell.open_sockets() > 0) {
            let what = format!("a worker that has stopped left {} sockets open", shell.open_sockets());
            self.record.violation("liveness", self.now, what);
        }
        self.record.finish(self.now);
    }

    fn is_at_rest(&self) -> bool {
        liveness::unrest(&self.shells, &self.shared, self.scenario.servers.len()).is_none()
    }
}
