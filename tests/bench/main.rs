//! evenkeel beside haproxy on one core: CPU time per exchange, rate, latency, system calls, memory.
//!
//! `cargo run --release -p evenkeel-tests --bin bench -- [options]`, no root, loopback only:
//!
//! - `--subject COMMAND`: what to measure instead of this workspace's release build
//! - `--vs NAME=COMMAND`: also compare with this; repeatable
//! - `--scenario NAME`: only this one; repeatable
//! - `--rounds N` (5), `--seconds S` (2): how often and how long each program is loaded
//! - `--json FILE`: all samples as JSON
//!
//! The proxy has core 0 to itself with one worker thread; origin and load generator share core 1. Programs
//! alternate within a round, and a ratio is the median over rounds of what two neighbours showed, so that a
//! machine whose mood changes slowly does not matter. With haproxy as the subject all ratios must be near 1.

mod engine;
mod measure;
mod scenario;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use evenkeel_tests::program::Program;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use serde_json::{Value, json};

use measure::{Bench, Sample};
use scenario::{SCENARIOS, Scenario};

/// How many idle clients the memory is measured with.
const IDLE_CLIENTS: usize = 9000;

/// Below this share the proxy was not what limited the rate.
const BUSY_MIN: f64 = 0.85;

struct Options {
    programs: Vec<Program>,
    scenarios: Vec<String>,
    rounds: usize,
    length: Duration,
    json: Option<PathBuf>,
}

fn main() {
    let options = read_options();
    pin_to_core(1);
    let mut report = BTreeMap::new();
    let wanted =
        |name: &str| options.scenarios.is_empty() || options.scenarios.iter().any(|wanted| wanted == name);
    println!(
        "{:18} {:14} {:>9} {:>8} {:>13} {:>6} {:>8} {:>8} {:>6}",
        "scenario", "program", "per s", "cpu us", "(user+sys)", "busy", "p50 us", "p99 us", "calls"
    );
    for scenario in SCENARIOS.iter().filter(|scenario| wanted(scenario.name)) {
        report.insert(scenario.name.to_owned(), throughput(scenario, &options));
    }
    if wanted("memory") {
        report.insert("memory".to_owned(), memory(&options.programs));
    }
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&json!({ "scenarios": report, "machine": machine() }));
        std::fs::write(file, text.expect("plain data")).expect("the report can be written");
    }
}

fn read_options() -> Options {
    let mut options = Options {
        programs: Vec::new(),
        scenarios: Vec::new(),
        rounds: 5,
        length: Duration::from_secs(2),
        json: None,
    };
    let mut subject = None;
    let mut others = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word.as_str() {
            "--subject" => subject = Some(PathBuf::from(value)),
            "--vs" => {
                let (name, path) = value.split_once('=').expect("--vs NAME=COMMAND");
                others.push(Program { name: name.to_owned(), path: path.into() });
            }
            "--scenario" => options.scenarios.push(value),
            "--rounds" => options.rounds = value.parse().expect("--rounds takes a number"),
            "--seconds" => {
                options.length = Duration::from_secs_f64(value.parse().expect("--seconds takes a number"));
            }
            "--json" => options.json = Some(value.into()),
            _ => panic!("unknown option {word}; see the top of tests/bench/main.rs"),
        }
    }
    let path = subject.unwrap_or_else(release_build);
    options.programs.push(Program { name: "evenkeel".to_owned(), path });
    options.programs.extend(Program::haproxies().into_iter().take(1));
    options.programs.extend(others);
    assert!(options.programs.len() > 1, "nothing to compare with: haproxy not found");
    options
}

/// The release build of this workspace.
fn release_build() -> PathBuf {
    let status = std::process::Command::new("cargo").args(["build", "--release", "-p", "evenkeel"]).status();
    assert!(status.is_ok_and(|status| status.success()), "evenkeel does not build");
    let own = std::env::current_exe().expect("a program knows its place");
    own.with_file_name("evenkeel")
}

fn pin_to_core(core: usize) {
    let mut set = CpuSet::new();
    let pinned = set.set(core).and_then(|()| sched_setaffinity(Pid::from_raw(0), &set));
    if pinned.is_err() {
        println!("note: core {core} is not to be had; figures will be noisy");
    }
}

/// All rounds of one scenario, its lines of the table, and what the report keeps.
fn throughput(scenario: &Scenario, options: &Options) -> Value {
    let mut samples: BTreeMap<&str, Vec<Sample>> = BTreeMap::new();
    for round in 0..options.rounds {
        // Whoever comes first in a round comes last in the next.
        let mut order: Vec<&Program> = options.programs.iter().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for program in order {
            match Bench::start(program, scenario) {
                Ok(mut bench) => {
                    let mut sample = bench.run(options.length, None);
                    sample.calls = (round == 0).then(|| bench.count_calls(options.length / 2)).flatten();
                    samples.entry(&program.name).or_default().push(sample);
                }
                Err(error) => {
                    println!("{:18} {:14} does not start: {}", scenario.name, program.name, error.trim());
                }
            }
        }
    }
    for program in &options.programs {
        if let Some(samples) = samples.get(program.name.as_str()) {
            print_line(scenario, &program.name, samples);
        }
    }
    let subject = &options.programs[0].name;
    let mut ratios = BTreeMap::new();
    for other in &options.programs[1..] {
        let (Some(ours), Some(theirs)) = (samples.get(subject.as_str()), samples.get(other.name.as_str()))
        else {
            continue;
        };
        ratios.insert(other.name.clone(), print_ratios(scenario, &other.name, ours, theirs));
    }
    let latency = at_part_load(scenario, options, &samples);
    let lists =
        samples.iter().map(|(name, list)| ((*name).to_owned(), list.iter().map(Sample::to_json).collect()));
    json!({ "samples": lists.collect::<BTreeMap<String, Vec<Value>>>(), "ratios": ratios, "at_70_percent": latency, "bar": scenario.bar })
}

/// Latency at 70 % of what the slowest program can do.
fn at_part_load(scenario: &Scenario, options: &Options, samples: &BTreeMap<&str, Vec<Sample>>) -> Value {
    let rates = samples.values().map(|list| median(list.iter().map(|sample| sample.rate).collect()));
    let rate = 0.7 * rates.fold(f64::INFINITY, f64::min);
    if !rate.is_finite() {
        return Value::Null;
    }
    let mut lists: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..options.rounds {
        for program in &options.programs {
            if let Ok(mut bench) = Bench::start(program, scenario) {
                let sample = bench.run(options.length, Some(rate));
                lists.entry(program.name.clone()).or_default().push(sample.p99);
            }
        }
    }
    let medians: BTreeMap<String, f64> = lists.into_iter().map(|(name, list)| (name, median(list))).collect();
    let words: Vec<String> = medians.iter().map(|(name, p99)| format!("{name} {p99:.0}")).collect();
    println!("{:18} p99 us at {rate:.0} per s: {}", scenario.name, words.join(", "));
    json!({ "exchanges_per_second": rate, "p99_us": medians })
}

fn print_line(scenario: &Scenario, name: &str, samples: &[Sample]) {
    let middle = |value: fn(&Sample) -> f64| median(samples.iter().map(value).collect());
    let calls =
        samples.iter().find_map(|sample| sample.calls).map_or("-".to_owned(), |calls| format!("{calls:.1}"));
    let parts = format!("({:.1}+{:.1})", middle(|sample| sample.user), middle(|sample| sample.system));
    let errors: u64 = samples.iter().map(|sample| sample.errors).sum();
    let busy = middle(|sample| sample.busy);
    println!(
        "{:18} {name:14} {:9.0} {:8.1} {parts:>13} {busy:6.2} {:8.0} {:8.0} {calls:>6}{}{}",
        scenario.name,
        middle(|sample| sample.rate),
        middle(Sample::cpu),
        middle(|sample| sample.p50),
        middle(|sample| sample.p99),
        if errors > 0 { format!("  {errors} WRONG ANSWERS") } else { String::new() },
        if busy < BUSY_MIN { "  (the proxy was not the bottleneck)" } else { "" },
    );
}

fn print_ratios(scenario: &Scenario, other: &str, ours: &[Sample], theirs: &[Sample]) -> Value {
    let paired = |value: fn(&Sample) -> f64| -> Vec<f64> {
        ours.iter().zip(theirs).map(|(ours, theirs)| value(ours) / value(theirs)).collect()
    };
    let (cpu, rate) = (paired(Sample::cpu), paired(|sample| sample.rate));
    let spread = |list: &[f64]| {
        let low = list.iter().copied().fold(f64::INFINITY, f64::min);
        let high = list.iter().copied().fold(0.0, f64::max);
        (median(list.to_vec()), low, high)
    };
    let ((cpu, cpu_low, cpu_high), (rate, rate_low, rate_high)) = (spread(&cpu), spread(&rate));
    let verdict = if cpu <= scenario.bar { "within" } else { "ABOVE" };
    println!(
        "{:18} against {other}: cpu {cpu:.2} ({cpu_low:.2} to {cpu_high:.2}), {verdict} the bar of {:.2}; rate {rate:.2} ({rate_low:.2} to {rate_high:.2})",
        scenario.name, scenario.bar
    );
    json!({ "cpu": { "median": cpu, "low": cpu_low, "high": cpu_high }, "rate": { "median": rate, "low": rate_low, "high": rate_high } })
}

/// Memory at rest and per idle client.
fn memory(programs: &[Program]) -> Value {
    let mut report = BTreeMap::new();
    for program in programs {
        let at_rest = Bench::start(program, &SCENARIOS[0].with_clients(0)).map(|bench| bench.memory());
        let Ok(at_rest) = at_rest else { continue };
        let Ok(mut bench) = Bench::start(program, &SCENARIOS[0].with_clients(IDLE_CLIENTS)) else { continue };
        let each = bench.memory_per_client(at_rest, IDLE_CLIENTS);
        println!(
            "memory             {:14} {:.1} MB at rest, {each:.0} bytes per idle client ({IDLE_CLIENTS} of them)",
            program.name,
            at_rest as f64 / 1e6
        );
        report
            .insert(program.name.clone(), json!({ "at_rest_bytes": at_rest, "per_idle_client_bytes": each }));
    }
    json!(report)
}

fn median(mut list: Vec<f64>) -> f64 {
    list.sort_unstable_by(f64::total_cmp);
    list.get(list.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What the figures were measured on.
fn machine() -> Value {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    let kernel = std::fs::read_to_string("/proc/version").unwrap_or_default();
    json!({ "cpu": model, "kernel": kernel.trim(), "cores": std::thread::available_parallelism().map_or(0, usize::from) })
}
