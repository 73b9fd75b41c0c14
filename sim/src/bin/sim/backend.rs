//! Histories of one backend: many of them, or one again.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use evenkeel_sim::{backend_world, histories};

use crate::seeds::{Seeds, Tally};

#[derive(Args)]
pub(crate) struct Histories {
    #[command(flatten)]
    seeds: Seeds,
    /// Live through this file's history again, and say what happens in it.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Where failing histories are written.
    #[arg(long, default_value = "failures")]
    failures: PathBuf,
}

impl Histories {
    pub(crate) fn run(&self) -> ExitCode {
        let Some(file) = &self.file else { return self.run_many() };
        match std::fs::read(file) {
            Ok(bytes) => {
                print!("{}", backend_world::describe(&bytes));
                match histories::live(&bytes) {
                    Ok(events) => println!("{events} events"),
                    Err(failure) => {
                        println!("VIOLATION: {failure}");
                        return ExitCode::FAILURE;
                    }
                }
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                ExitCode::FAILURE
            }
        }
    }

    fn run_many(&self) -> ExitCode {
        let mut tally = Tally::new();
        for seed in self.seeds.iter() {
            let bytes = histories::history(seed);
            tally.runs += 1;
            match histories::live(&bytes) {
                Ok(events) => tally.events += events,
                Err(failure) => {
                    tally.failures += 1;
                    self.tell_failure(seed, &bytes, &failure);
                    break;
                }
            }
            tally.tell(&self.seeds);
        }
        println!("{tally}");
        tally.verdict()
    }

    fn tell_failure(&self, seed: u64, bytes: &[u8], failure: &str) {
        let (small, failure) = histories::minimise(bytes, failure, histories::live);
        println!("seed {seed}: {failure}\n{}", backend_world::describe(&small));
        match histories::write(&self.failures, seed, &small) {
            Ok(path) => println!(
                "again: cargo run --profile sim -p evenkeel-sim --bin sim -- backend --file {0}\n\
                 for ever: mv {0} {1}",
                path.display(),
                histories::folder().display()
            ),
            Err(error) => println!("{}: {error}", self.failures.display()),
        }
    }
}
