//! `sim`: runs simulated worlds by the thousand, or one of them again.

mod backend;
mod campaign;
mod seeds;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use evenkeel_sim::scenario::Scenario;
use evenkeel_sim::world::Outcome;
use evenkeel_sim::{generate, replay, run, turmoil_world};

use self::campaign::Campaign;
use self::seeds::Seeds;

/// Deterministic simulation of the load balancer's core.
#[derive(Parser)]
#[command(name = "sim")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs one backend through histories of requests, checks and commands, beside a slow reference.
    Backend(backend::Histories),
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
    #[command(flatten)]
    seeds: Seeds,
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

fn main() -> ExitCode {
    run::quiet_panics();
    match Arguments::parse().command {
        Command::Backend(histories) => histories.run(),
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
            for seed in self.seeds.iter() {
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
