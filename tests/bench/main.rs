//! evenkeel beside haproxy: CPU time per exchange, rate, latency, system calls, memory, and how they scale.
//!
//! `cargo run --release -p evenkeel-tests --bin bench -- --help` says how; no root, loopback only.

mod contender;
mod engine;
mod loading;
mod lock;
mod measure;
mod memory;
mod options;
mod output;
mod progress;
mod rounds;
mod scale;
mod scenario;
mod wire;

use std::process::ExitCode;

use clap::Parser;
use evenkeel_tests::figures::{Figures, Stamp};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;

use contender::Contender;
use options::Options;
use progress::Progress;
use rounds::Extent;
use scale::Scale;
use scenario::SCENARIOS;

/// The core of origin, log server and load generator.
const OWN_CORE: usize = 1;

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.render {
        true => output::render(),
        false => measure(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures what is wanted. A part that fails is told and left out, and the bench ends with an error.
fn measure(options: &Options) -> Result<(), String> {
    let contenders = Contender::all(options)?;
    raise_descriptor_limit();
    pin_to_core(OWN_CORE);
    let mut figures = Figures::default();
    let mut failed = Vec::new();
    take_parts(options, &contenders, &mut figures, &mut failed);
    if let Some(file) = &options.json {
        output::write(file, &figures)?;
    }
    if options.publish {
        output::publish(figures)?;
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn take_parts(options: &Options, contenders: &[Contender], figures: &mut Figures, failed: &mut Vec<String>) {
    let stamp = output::stamp(contenders);
    let progress = Progress::new();
    let extent = Extent { rounds: options.rounds, slice: options.slice };
    for name in options::items().filter(|name| options.wants(name)) {
        match part(name, contenders, extent, &stamp, &progress) {
            Ok(found) => {
                progress.print(&output::part(&found));
                figures.merge(found);
            }
            Err(error) => {
                progress.print(&format!("{name} failed: {error}\n"));
                failed.push(name.to_owned());
            }
        }
    }
}

/// Measures what has this name.
fn part(
    name: &str,
    contenders: &[Contender],
    extent: Extent,
    stamp: &Stamp,
    progress: &Progress,
) -> Result<Figures, String> {
    let mut figures = Figures::default();
    let scale = Scale { contenders: &contenders[..2], extent, stamp, progress };
    if let Some(scenario) = SCENARIOS.iter().find(|scenario| scenario.name == name) {
        figures.scenarios.push(rounds::scenario(scenario, contenders, extent, stamp, progress)?);
    }
    match name {
        "memory" => figures.memory = Some(memory::memory(contenders, stamp, progress)?),
        "workers" => figures.series.push(scale.workers()?),
        "connections" => figures.series.push(scale.connections()?),
        "servers" => figures.series = scale.servers()?,
        "idle" => figures.idle = Some(scale.idle()?),
        "loading" => figures.loading = Some(loading::loading(contenders, stamp, progress)?),
        "lock" => figures.lock = Some(lock::lock(&contenders[0], extent, stamp, progress)?),
        _ => {}
    }
    Ok(figures)
}

/// Keeps this thread on a core.
fn pin_to_core(core: usize) {
    let mut set = CpuSet::new();
    let pinned = set.set(core).and_then(|()| sched_setaffinity(Pid::from_raw(0), &set));
    if pinned.is_err() {
        eprintln!("bench: core {core} is not to be had; figures will be noisy");
    }
}

/// As many sockets as the system allows, here and in the proxies.
fn raise_descriptor_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
