//! Memory at rest with the acceptance configuration, and per idle client.

use std::time::Duration;

use evenkeel_tests::figures::{Memory, ProgramMemory, Stamp};

use crate::contender::Contender;
use crate::measure::{Bench, Setup};
use crate::progress::Progress;
use crate::scenario::{KEEP_ALIVE, SCENARIOS, guide};

/// How many clients are idle.
const CLIENTS: usize = 9000;

/// How many of them ask at a time.
const IN_FLIGHT: usize = 64;

/// The most private bytes per idle client.
const PER_CLIENT_BAR: f64 = 1000.0;

/// The most resident bytes at rest.
const AT_REST_BAR: u64 = 15_000_000;

/// How often each program is started anew.
const STARTS: usize = 3;

/// Until the first checks are done, and what the start needed is given back.
const SETTLE: Duration = Duration::from_millis(700);

/// Measures all programs.
pub(crate) fn memory(contenders: &[Contender], stamp: &Stamp, progress: &Progress) -> Result<Memory, String> {
    let typical = SCENARIOS.iter().find(|scenario| scenario.origins == 3).unwrap_or(&KEEP_ALIVE);
    let resting = typical.with_clients(0, 1);
    let idle = KEEP_ALIVE.with_clients(CLIENTS, IN_FLIGHT);
    progress.begin("memory", (STARTS * contenders.len()) as u64);
    let named =
        |contender: &Contender| ProgramMemory { program: contender.name.clone(), ..Default::default() };
    let mut programs: Vec<ProgramMemory> = contenders.iter().map(named).collect();
    for _ in 0..STARTS {
        for (contender, found) in contenders.iter().zip(&mut programs) {
            let told = |error: String| format!("{}: {}", contender.name, error.trim());
            let setup = Setup {
                config: Some(&|places, global| guide(places, None, false, global)),
                ..Setup::of(&resting)
            };
            let bench = Bench::start(contender, &setup).map_err(told)?;
            std::thread::sleep(SETTLE);
            found.at_rest.push(bench.resident_bytes() as f64);
            drop(bench);
            let mut bench = Bench::start(contender, &Setup::of(&idle)).map_err(told)?;
            let (answered, each) = bench.bytes_per_client();
            if answered < CLIENTS {
                return Err(format!(
                    "{}: only {answered} of {CLIENTS} clients had an answer",
                    contender.name
                ));
            }
            found.per_client.push(each);
            progress.step();
        }
    }
    let stamp = stamp.clone();
    Ok(Memory { stamp, clients: CLIENTS, per_client_bar: PER_CLIENT_BAR, at_rest_bar: AT_REST_BAR, programs })
}
