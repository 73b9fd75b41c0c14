//! `sim`: runs simulated worlds by the thousand, or one of them again.

use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use evenkeel_sim::coverage::Coverage;
use evenkeel_sim::scenario::Scenario;
use evenkeel_sim::{generate, minimise, replay, run};
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
    Direct {
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
    },
    /// Runs a stored scenario and prints what happened.
    Replay {
        /// The file.
        file: PathBuf,
        /// Print only the verdict.
        #[arg(long)]
        quiet: bool,
    },
    /// Prints the scenario of a seed.
    Show {
        /// The seed.
        seed: u64,
    },
}

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
        Command::Direct { seeds, hash: true, .. } => {
            for seed in seeds {
                println!("{seed} {:016x}", run::run(&generate::scenario(seed)).hash);
            }
            ExitCode::SUCCESS
        }
        Command::Direct { seeds, failures, failures_max, keep_large, .. } => {
            Campaign::new(seeds, failures, failures_max, keep_large).run()
        }
        Command::Replay { file, quiet } => match replay::read(&file) {
            Ok(scenario) => replay_one(&scenario, quiet),
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

fn replay_one(scenario: &Scenario, quiet: bool) -> ExitCode {
    let outcome = if quiet { run::run(scenario) } else { run::run_with_timeline(scenario) };
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
    seeds: Range<u64>,
    folder: PathBuf,
    failures_max: usize,
    keep_large: bool,
    failures: usize,
    steps: u64,
    virtual_seconds: u64,
    coverage: Coverage,
}

impl Campaign {
    fn new(seeds: Range<u64>, folder: PathBuf, failures_max: usize, keep_large: bool) -> Campaign {
        let coverage = Coverage::default();
        Campaign {
            seeds,
            folder,
            failures_max,
            keep_large,
            failures: 0,
            steps: 0,
            virtual_seconds: 0,
            coverage,
        }
    }

    fn run(mut self) -> ExitCode {
        let started = Instant::now();
        let count = self.seeds.end.saturating_sub(self.seeds.start);
        let bar = ProgressBar::new(count);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} seeds, {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        for seed in self.seeds.clone() {
            self.run_seed(seed, &bar);
            bar.inc(1);
            if self.failures >= self.failures_max {
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
        let missing = if count >= LONG_RUN { self.coverage.missing() } else { Vec::new() };
        for name in &missing {
            println!("never reached: {name}");
        }
        if self.failures == 0 && missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn run_seed(&mut self, seed: u64, bar: &ProgressBar) {
        let scenario = generate::scenario(seed);
        let outcome = run::run(&scenario);
        self.steps += outcome.steps;
        self.virtual_seconds += outcome.ended.as_millis() / 1_000;
        self.coverage.add(&outcome.coverage);
        let Some(violation) = outcome.violation else { return };
        self.failures += 1;
        let (small, violation) =
            if self.keep_large { (scenario, violation) } else { minimise::minimise(&scenario, &violation) };
        let words = match replay::write(&self.folder, &small, &violation) {
            Ok(path) => replay::command(&path),
            Err(error) => format!("{}: {error}", self.folder.display()),
        };
        bar.suspend(|| println!("seed {seed}: {violation}\n  {words}"));
    }

    fn print_coverage(&self) {
        for (name, count) in self.coverage.table() {
            println!("{count:>12}  {name}");
        }
    }
}
