//! Who watches a run: the fingerprint, the oracles, the coverage, and the timeline if somebody reads it.

use evenkeel_core::base::ids::{ConnId, WorkerId};
use evenkeel_core::base::time::Time;

use crate::coverage::Coverage;
use crate::network::WireId;
use crate::oracle::{Oracles, Sight, Violation};
use crate::report;
use crate::scenario::Scenario;
use crate::trace::Trace;

/// What was seen of a run.
#[derive(Debug)]
pub struct Record {
    /// The fingerprint.
    pub trace: Trace,
    /// Rare states.
    pub coverage: Coverage,
    /// The first property that did not hold.
    pub violation: Option<Violation>,
    /// What happened, line by line, if wanted.
    pub timeline: Option<Vec<String>>,
    /// Requests that came to each server.
    pub arrivals: Vec<u64>,
    oracles: Oracles,
}

impl Record {
    /// A record of nothing so far.
    pub fn new(scenario: &Scenario, with_timeline: bool) -> Record {
        Record {
            trace: Trace::default(),
            coverage: Coverage::default(),
            violation: None,
            timeline: with_timeline.then(Vec::new),
            arrivals: vec![0; scenario.servers.len()],
            oracles: Oracles::new(scenario),
        }
    }

    /// Something is seen.
    pub fn see(&mut self, at: Time, sight: &Sight<'_>) {
        self.trace.add(at, sight);
        self.coverage.see(sight);
        if let Some(lines) = &mut self.timeline {
            lines.push(report::line(at, sight));
        }
        if let Sight::Arrived { server, .. } = sight {
            self.arrivals[*server] += 1;
        }
        if self.violation.is_none() {
            self.violation = self.oracles.see(at, sight).err();
        }
    }

    /// A connect began.
    pub fn connecting(
        &mut self,
        at: Time,
        worker: WorkerId,
        conn: ConnId,
        wire: WireId,
        server: usize,
        health: bool,
    ) {
        self.see(at, &Sight::Connecting { worker, conn, wire, server, health });
    }

    /// Something does not hold that no oracle watches by itself.
    pub fn violation(&mut self, oracle: &'static str, at: Time, what: String) {
        if self.violation.is_none() {
            self.violation = Some(Violation { oracle, at, what });
        }
    }

    /// Everything is over.
    pub fn finish(&mut self, at: Time) {
        if self.violation.is_none() {
            self.violation = self.oracles.finish(at).err();
        }
    }
}
