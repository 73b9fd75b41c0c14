//! Makes a failing scenario small: leaves out what is not needed for the same oracle to fail.

use crate::fault::PlannedFault;
use crate::oracle::Violation;
use crate::scenario::{AnswerPlan, NetworkPlan, RequestPlan, Scenario, ServerPlan};
use crate::world::Outcome;

/// Most runs spent on it.
const RUNS_MAX: usize = 3_000;

/// The smallest scenario found that fails in the same way, and how it fails.
pub fn minimise(
    scenario: &Scenario,
    violation: &Violation,
    run: fn(&Scenario) -> Outcome,
) -> (Scenario, Violation) {
    let (best, class) = (scenario.clone(), class(violation));
    let mut search = Search { best, violation: violation.clone(), class, run, runs: 0 };
    while search.round() {}
    (search.best, search.violation)
}

/// The property that failed: its oracle and its words without the numbers in them.
fn class(violation: &Violation) -> String {
    format!("{} {}", violation.oracle, words(&violation.what))
}

/// The first words of what failed, without numbers.
pub(crate) fn words(what: &str) -> String {
    let words = what.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 2);
    words.take(4).collect::<Vec<_>>().join(" ")
}

struct Search {
    best: Scenario,
    violation: Violation,
    class: String,
    run: fn(&Scenario) -> Outcome,
    runs: usize,
}

impl Search {
    /// Tries every simplification once. True if some helped.
    fn round(&mut self) -> bool {
        let before = self.best.clone();
        self.shorten(|scenario| &mut scenario.clients);
        self.shorten(|scenario| &mut scenario.faults);
        self.shorten(|scenario| &mut scenario.orders);
        for client in (0..self.best.clients.len()).rev() {
            self.shorten(|scenario| &mut scenario.clients[client].requests);
        }
        for client in 0..self.best.clients.len() {
            self.simplify_client(client);
        }
        for fault in 0..self.best.faults.len() {
            self.simplify_fault(fault);
        }
        self.attempt(|scenario| scenario.stop = None);
        self.attempt(|scenario| scenario.network = NetworkPlan::default());
        self.attempt(|scenario| scenario.network.short_percent = 0);
        self.attempt(|scenario| scenario.network.split_percent = 0);
        self.attempt(|scenario| scenario.proxy.workers = 1);
        self.attempt(|scenario| scenario.proxy.process_maxconn = None);
        self.attempt(|scenario| scenario.proxy.frontend_maxconn = None);
        self.attempt(|scenario| scenario.proxy.retries = 0);
        self.attempt(|scenario| scenario.proxy.retry_on.clear());
        self.attempt(|scenario| scenario.proxy.classes = 0);
        self.attempt(|scenario| scenario.proxy.fullconn = None);
        self.attempt(|scenario| scenario.servers.iter_mut().for_each(|server| server.minconn = None));
        self.attempt(|scenario| scenario.servers.iter_mut().for_each(|server| server.maxqueue = None));
        for change in [
            |server: &mut ServerPlan| server.tracks = false,
            |server: &mut ServerPlan| server.observe = None,
            |server: &mut ServerPlan| server.slow_ms = 0,
            |server: &mut ServerPlan| server.shut_when_down = false,
            |server: &mut ServerPlan| server.shut_backups_when_up = false,
        ] {
            self.attempt(|scenario| scenario.servers.iter_mut().for_each(change));
        }
        if self.best.servers.len() > 1 {
            self.attempt(|scenario| scenario.servers.truncate(scenario.servers.len() - 1));
        }
        self.best != before
    }

    /// Leaves out elements, many at once first.
    fn shorten<T>(&mut self, list: impl Fn(&mut Scenario) -> &mut Vec<T>) {
        let mut size = list(&mut self.best).len();
        while size > 0 {
            let mut at = 0;
            while at < list(&mut self.best).len() {
                let removed = self.attempt(|scenario| {
                    let list = list(scenario);
                    list.drain(at..(at + size).min(list.len()));
                });
                at += if removed { 0 } else { size };
            }
            size /= 2;
        }
    }

    fn simplify_client(&mut self, at: usize) {
        self.attempt(|scenario| scenario.clients[at].abort = None);
        self.attempt(|scenario| scenario.clients[at].garbage = None);
        self.attempt(|scenario| scenario.clients[at].pipelined = false);
        self.attempt(|scenario| scenario.clients[at].read_slowly = 0);
        self.attempt(|scenario| scenario.clients[at].leaving = crate::scenario::Leaving::Close);
        self.attempt(|scenario| scenario.clients[at].start_ms = 0);
        for index in 0..self.best.clients[at].requests.len() {
            let clear = |scenario: &mut Scenario, change: fn(&mut RequestPlan)| {
                change(&mut scenario.clients[at].requests[index]);
            };
            self.attempt(|scenario| clear(scenario, |request| *request = RequestPlan::default()));
            self.attempt(|scenario| clear(scenario, |request| request.answer = AnswerPlan::default()));
            self.attempt(|scenario| clear(scenario, |request| request.body = 0));
            self.attempt(|scenario| clear(scenario, |request| request.think_ms = 0));
            self.attempt(|scenario| clear(scenario, |request| request.pause_ms = 0));
            self.attempt(|scenario| clear(scenario, |request| request.old = false));
            self.attempt(|scenario| clear(scenario, |request| request.close = false));
            self.attempt(|scenario| clear(scenario, |request| request.answer.delay_ms = 0));
            self.attempt(|scenario| clear(scenario, |request| request.answer.interim = 0));
            self.attempt(|scenario| clear(scenario, |request| request.answer.pause_ms = 0));
        }
    }

    fn simplify_fault(&mut self, at: usize) {
        let halve = |fault: &mut PlannedFault| fault.for_ms = fault.for_ms / 2 + 1;
        self.attempt(|scenario| scenario.faults[at].at_ms = 0);
        self.attempt(|scenario| halve(&mut scenario.faults[at]));
    }

    /// Keeps a change if the run still fails in the same way.
    fn attempt(&mut self, change: impl FnOnce(&mut Scenario)) -> bool {
        let mut candidate = self.best.clone();
        change(&mut candidate);
        if candidate == self.best || self.runs >= RUNS_MAX {
            return false;
        }
        self.runs += 1;
        let found = (self.run)(&candidate).violation.filter(|violation| class(violation) == self.class);
        let Some(violation) = found else { return false };
        (self.best, self.violation) = (candidate, violation);
        true
    }
}
