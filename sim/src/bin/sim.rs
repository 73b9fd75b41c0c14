//! `sim`: runs simulated worlds by the thousand, or one of them again.

use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};
use evenkeel_sim::coverage::Coverage;
use evenkeel_sim::scenario::Scenario;
use evenkeel_sim::world::Outcome;
use evenkeel_sim::{generate, minimise, replay, run, turmoil_world};
use indicatif::{ProgressBar, ProgressStyle};

/// From so many seeds on, a rare state that was never reached is a failure.
const LONG_RUN: u64 = 20_000;

/// Deterministic simulation of the load balancer's core.
#[derive(Parser)]
#[command(name = "sim")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the direct-drive world: the core alone, without sockets.
    Direct(Many),
    /// Runs the real driver over turmoil's network, between hyper's clients and servers.
    Turmoil(Many),
    /// Runs a stored scenario and prints what happened.
    Replay {
        /// The file.
        file: PathBuf,
        /// Print only the verdict.
        #[arg(long)]
        quiet: bool,
        /// In the world with turmoil.
        #[arg(long)]
        turmoil: bool,
    },
    /// Prints the scenario of a seed.
    Show {
        /// The seed.
        seed: u64,
    },
}

#[derive(Args)]
struct Many {
    /// One seed, or a range such as `0..100000`.
    #[arg(long, alias = "seed", value_parser = seeds, default_value = "0..1000")]
    seeds: Range<u64>,
    /// Print the fingerprint of each run, and nothing else.
    #[arg(long)]
    hash: bool,
    /// Where failing scenarios are written.
    #[arg(long, default_value = "failures")]
    failures: PathBuf,
    /// Stop after so many failures.
    #[arg(long, default_value_t = 5)]
    failures_max: usize,
    /// Write failing scenarios as they are.
    #[arg(long)]
    keep_large: bool,
}

/// A kind of world: how a seed becomes a scenario there, and how it is run.
#[derive(Clone, Copy)]
struct Kind {
    scenario: fn(u64) -> Scenario,
    run: fn(&Scenario) -> Outcome,
    turmoil: bool,
}

const DIRECT: Kind = Kind { scenario: generate::scenario, run: run::run, turmoil: false };

const TURMOIL: Kind = Kind {
    scenario: |seed| turmoil_world::adapt(generate::scenario(seed)),
    run: |scenario| run::run_turmoil(scenario, false),
    turmoil: true,
};

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.replace('_', "").parse::<u64>().map_err(|error| error.to_string());
    match text.split_once("..") {
        Some((from, to)) => Ok(number(from)?..number(to)?),
        None => number(text).map(|seed| seed..seed + 1),
    }
}

fn main() -> ExitCode {
    run::quiet_panics();
    match Arguments::parse().command {
        Command::Direct(many) => many.run(DIRECT),
        Command::Turmoil(many) => many.run(TURMOIL),
        Command::Replay { file, quiet, turmoil } => match replay::read(&file) {
            Ok(scenario) => replay_one(&scenario, quiet, turmoil),
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        Command::Show { seed } => match replay::to_text(&generate::scenario(seed), "") {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
    }
}

impl Many {
    fn run(self, kind: Kind) -> ExitCode {
        if self.hash {
            for seed in self.seeds {
                println!("{seed} {:016x}", (kind.run)(&(kind.scenario)(seed)).hash);
            }
            return ExitCode::SUCCESS;
        }
        Campaign::new(kind, self).run()
    }
}

fn replay_one(scenario: &Scenario, quiet: bool, turmoil: bool) -> ExitCode {
    let outcome = match (turmoil, quiet) {
        (true, _) => run::run_turmoil(scenario, !quiet),
        (false, true) => run::run(scenario),
        (false, false) => run::run_with_timeline(scenario),
    };
    for line in outcome.timeline.iter().flatten() {
        println!("{line}");
    }
    println!("{} inputs and outputs in {:?}, hash {:016x}", outcome.steps, outcome.ended, outcome.hash);
    match outcome.violation {
        None => ExitCode::SUCCESS,
        Some(violation) => {
            println!("VIOLATION: {violation}");
            ExitCode::FAILURE
        }
    }
}

/// Many seeds, one after another.
struct Campaign {
    kind: Kind,
    many: Many,
    failures: usize,
    steps: u64,
    virtual_seconds: u64,
    coverage: Coverage,
}

impl Campaign {
    fn new(kind: Kind, many: Many) -> Campaign {
        let coverage = Coverage::default();
        Campaign { kind, many, failures: 0, steps: 0, virtual_seconds: 0, coverage }
    }

    fn run(mut self) -> ExitCode {
        let started = Instant::now();
        let count = self.many.seeds.end.saturating_sub(self.many.seeds.start);
        let bar = ProgressBar::new(count);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} seeds, {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        for seed in self.many.seeds.clone() {
            self.run_seed(seed, &bar);
            bar.inc(1);
            if self.failures >= self.many.failures_max {
                break;
            }
        }
        bar.finish_and_clear();
        self.print_coverage();
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{count} seeds, {} inputs and outputs, {} virtual seconds in {seconds:.1} s; {} failed",
            self.steps, self.virtual_seconds, self.failures
        );
        let missing =
            if count >= LONG_RUN && !self.kind.turmoil { self.coverage.missing() } else { Vec::new() };
        for name in &missing {
            println!("never reached: {name}");
        }
        if self.failures == 0 && missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn run_seed(&mut self, seed: u64, bar: &ProgressBar) {
        let scenario = (self.kind.scenario)(seed);
        let outcome = (self.kind.run)(&scenario);
        self.steps += outcome.steps;
        self.virtual_seconds += outcome.ended.as_millis() / 1_000;
        self.coverage.add(&outcome.coverage);
        let Some(violation) = outcome.violation else { return };
        self.failures += 1;
        let (small, violation) = match self.many.keep_large {
            true => (scenario, violation),
            false => minimise::minimise(&scenario, &violation, self.kind.run),
        };
        let folder = &self.many.failures;
        let words = match replay::write(folder, &small, &violation) {
            Ok(path) => replay::command(&path, self.kind.turmoil),
            Err(error) => format!("{}: {error}", folder.display()),
        };
        bar.suspend(|| println!("seed {seed}: {violation}\n  {words}"));
    }

    fn print_coverage(&self) {
        for (name, count) in self.coverage.table() {
            println!("{count:>12}  {name}");
        }
    }
}
