//! Many worlds, one after another: what failed, made small, and what was met.

use std::process::ExitCode;

use evenkeel_sim::coverage::Coverage;
use evenkeel_sim::{minimise, replay};
use indicatif::{ProgressBar, ProgressStyle};

use crate::seeds::Tally;
use crate::{Kind, Many};

/// From so many seeds on, a rare state that was never reached is a failure.
const LONG_RUN: u64 = 20_000;

/// Many seeds, one after another.
pub(crate) struct Campaign {
    kind: Kind,
    many: Many,
    tally: Tally,
    steps: u64,
    virtual_seconds: u64,
    coverage: Coverage,
}

impl Campaign {
    pub(crate) fn new(kind: Kind, many: Many) -> Campaign {
        Campaign {
            kind,
            many,
            tally: Tally::new(),
            steps: 0,
            virtual_seconds: 0,
            coverage: Coverage::default(),
        }
    }

    pub(crate) fn run(mut self) -> ExitCode {
        let bar = self.many.seeds.count().map_or_else(ProgressBar::hidden, ProgressBar::new);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} seeds, {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        for seed in self.many.seeds.iter() {
            self.run_seed(seed, &bar);
            bar.inc(1);
            self.tally.tell(&self.many.seeds);
            if self.tally.failures >= self.many.failures_max {
                break;
            }
        }
        bar.finish_and_clear();
        self.print_coverage();
        println!("{}", self.tally);
        println!("{} inputs and outputs, {} virtual seconds", self.steps, self.virtual_seconds);
        let judged = self.tally.runs >= LONG_RUN && !self.kind.turmoil && !self.many.seeds.is_fresh();
        let missing = if judged { self.coverage.missing() } else { Vec::new() };
        for name in &missing {
            println!("never reached: {name}");
        }
        if missing.is_empty() { self.tally.verdict() } else { ExitCode::FAILURE }
    }

    fn run_seed(&mut self, seed: u64, bar: &ProgressBar) {
        let scenario = (self.kind.scenario)(seed);
        let outcome = (self.kind.run)(&scenario);
        self.tally.runs += 1;
        self.tally.events += outcome.events;
        self.steps += outcome.steps;
        self.virtual_seconds += outcome.ended.as_millis() / 1_000;
        self.coverage.add(&outcome.coverage);
        let Some(violation) = outcome.violation else { return };
        self.tally.failures += 1;
        let (small, violation) = match self.many.keep_large {
            true => (scenario, violation),
            false => minimise::minimise(&scenario, &violation, self.kind.run),
        };
        let folder = &self.many.failures;
        let words = match replay::write(folder, &small, &violation) {
            Ok(path) => replay::command(&path, self.kind.turmoil),
            Err(error) => format!("{}: {error}", folder.display()),
        };
        let text = replay::to_text(&small, &violation.to_string()).unwrap_or_default();
        bar.suspend(|| println!("seed {seed}: {violation}\n{text}\nagain: {words}"));
    }

    fn print_coverage(&self) {
        for (name, count) in self.coverage.table() {
            println!("{count:>12}  {name}");
        }
    }
}
