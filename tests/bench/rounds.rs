//! Programs side by side: all run at once, and take turns, forth and back within each round, so that what
//! changes slowly on a noisy machine meets all of them alike.

use std::time::Duration;

use evenkeel_tests::figures::page::middle;
use evenkeel_tests::figures::{Quantity, Ratio, Runs, Sample, Scenario as Figures, Stamp};

use crate::contender::Contender;
use crate::engine::Pace;
use crate::measure::{Bench, Setup, Slice};
use crate::progress::Progress;
use crate::scenario::Scenario;

/// Below this share of its core's time the proxy was not what limited the rate.
const BUSY_MIN: f64 = 0.85;

/// Part load, as a share of what the slowest program can do.
const PART: f64 = 0.7;

/// The highest ratio of p99 at part load, evenkeel to haproxy.
const PART_BAR: f64 = 1.0;

/// How far the number of log lines may be from one per exchange.
const LINES_OFF_MAX: f64 = 0.02;

/// How long and how often programs are loaded.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    /// Rounds.
    pub(crate) rounds: u16,
    /// The length of a slice; two of them make a program's round.
    pub(crate) slice: Duration,
}

/// A program that takes part.
pub(crate) struct Party {
    pub(crate) bench: Bench,
    pub(crate) runs: Runs,
}

/// Starts all programs. The first must start; what others say who do not is put into `remarks`.
pub(crate) fn start_all(
    contenders: &[Contender],
    setup: &Setup<'_>,
    remarks: &mut Vec<String>,
) -> Result<Vec<Party>, String> {
    let mut parties = Vec::new();
    for contender in contenders {
        match Bench::start(contender, setup) {
            Ok(bench) => {
                let runs = Runs { program: contender.name.clone(), ..Runs::default() };
                parties.push(Party { bench, runs });
            }
            Err(error) => {
                let error = format!("{} does not start: {}", contender.name, error.trim());
                if parties.is_empty() {
                    return Err(error);
                }
                remarks.push(error);
            }
        }
    }
    if parties.len() < 2 { Err("nothing to compare with".to_owned()) } else { Ok(parties) }
}

/// Rounds under one load, with a sample per round of each program.
pub(crate) fn rounds(
    parties: &mut [Party],
    extent: Extent,
    progress: &Progress,
    pace: impl Fn(u64) -> Pace,
) -> Vec<Vec<Sample>> {
    let mut samples = vec![Vec::new(); parties.len()];
    for round in 0..u64::from(extent.rounds) {
        let mut slices = vec![Slice::default(); parties.len()];
        for (way, order) in [(0..parties.len()).collect::<Vec<_>>(), (0..parties.len()).rev().collect()]
            .into_iter()
            .enumerate()
        {
            for at in order {
                let slice = parties[at].bench.slice(extent.slice, pace(2 * round + way as u64 + 1));
                slices[at].add(slice);
                progress.step();
            }
        }
        for (list, slice) in samples.iter_mut().zip(slices) {
            list.push(slice.sample());
        }
    }
    samples
}

/// How many slices a scenario has with so many programs, for the progress bar.
pub(crate) fn steps(programs: usize, extent: Extent) -> u64 {
    2 * programs as u64 * u64::from(extent.rounds)
}

/// One scenario, whole.
pub(crate) fn scenario(
    scenario: &Scenario,
    contenders: &[Contender],
    extent: Extent,
    stamp: &Stamp,
    progress: &Progress,
) -> Result<Figures, String> {
    let mut contenders = contenders.to_vec();
    if let (Some(variant), Some(plain)) =
        (scenario.variant, contenders.iter().find(|contender| contender.name == "haproxy"))
    {
        contenders.push(plain.variant(variant.name, variant.global));
    }
    let mut remarks = Vec::new();
    progress.begin(scenario.name, 2 * steps(contenders.len(), extent));
    let mut parties = start_all(&contenders, &Setup::of(scenario), &mut remarks)?;

    let full = rounds(&mut parties, extent, progress, |_| Pace::Full);
    let slowest = full.iter().map(|samples| middle(samples, |sample| sample.rate));
    let part_rate = PART * slowest.fold(f64::INFINITY, f64::min);
    let part = rounds(&mut parties, extent, progress, |seed| Pace::Part { rate: part_rate, seed });
    for ((party, full), part) in parties.iter_mut().zip(full).zip(part) {
        party.runs.log_lines = party.bench.log_lines();
        party.runs.system_calls = party.bench.count_calls(extent.slice);
        (party.runs.full, party.runs.part) = (full, part);
    }
    let runs: Vec<Runs> = parties.into_iter().map(|party| party.runs).collect();
    runs.iter().for_each(|runs| remark(runs, &mut remarks));
    Ok(Figures {
        name: scenario.name.to_owned(),
        about: scenario.about.to_owned(),
        stamp: stamp.clone(),
        ratios: ratios(scenario, &runs),
        runs,
        part_rate,
        remarks,
    })
}

fn ratios(scenario: &Scenario, runs: &[Runs]) -> Vec<Ratio> {
    let Some((ours, others)) = runs.split_first() else { return Vec::new() };
    let mut ratios = Vec::new();
    for theirs in others {
        let name = theirs.program.as_str();
        let (cpu_bar, part_bar) = match scenario.variant {
            _ if name == "haproxy" => (Some(scenario.bar), Some(PART_BAR)),
            Some(variant) if variant.name == name => (Some(variant.bar), None),
            _ => (None, None),
        };
        ratios.push(Ratio::new(Quantity::Cpu, name, cpu_bar, &ours.full, &theirs.full));
        ratios.push(Ratio::new(Quantity::Rate, name, None, &ours.full, &theirs.full));
        ratios.push(Ratio::new(Quantity::PartLoadP99, name, part_bar, &ours.part, &theirs.part));
    }
    ratios
}

/// What was not as it should be.
fn remark(runs: &Runs, remarks: &mut Vec<String>) {
    let name = &runs.program;
    let errors: u64 = runs.full.iter().chain(&runs.part).map(|sample| sample.errors).sum();
    if errors > 0 {
        remarks.push(format!("{errors} WRONG ANSWERS of {name}: its figures mean nothing"));
    }
    let busy = middle(&runs.full, |sample| sample.busy);
    if busy < BUSY_MIN {
        remarks.push(format!(
            "{name} used {:.0} % of its core: it was not the bottleneck, its rate is that of the load generator",
            busy * 100.0
        ));
    }
    if let Some(lines) = runs.log_lines.filter(|lines| (lines - 1.0).abs() > LINES_OFF_MAX) {
        remarks.push(format!("{lines:.2} log lines per exchange of {name} arrived"));
    }
    if runs.system_calls.is_none() {
        remarks.push(format!("system calls of {name} could not be counted: is strace installed?"));
    }
}
