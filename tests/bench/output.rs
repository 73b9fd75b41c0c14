//! What the bench prints and writes.

use std::path::{Path, PathBuf};

use evenkeel_tests::figures::page::{self, middle};
use evenkeel_tests::figures::{Figures, Quantity, Runs, Scenario, Stamp};

use crate::contender::Contender;

/// What a part of the measurements found, for the terminal.
pub(crate) fn part(figures: &Figures) -> String {
    match figures.scenarios.first() {
        Some(found) => scenario(found),
        None => page::parts(figures).join("\n"),
    }
}

/// The lines of one scenario.
fn scenario(scenario: &Scenario) -> String {
    let mut lines = vec![format!(
        "{:18} {:>9} {:>7} {:>13} {:>5} {:>7} {:>7} {:>6}   at {:.0}/s {:>7} {:>7}",
        scenario.name,
        "per s",
        "cpu us",
        "(user+sys)",
        "busy",
        "p50 us",
        "p99 us",
        "calls",
        scenario.part_rate,
        "p50",
        "p99"
    )];
    lines.extend(scenario.runs.iter().map(program));
    for ratio in &scenario.ratios {
        let what = match ratio.what {
            Quantity::Cpu => "CPU time",
            Quantity::PartLoadP99 => "p99 at 70 % load",
            Quantity::Rate => "rate",
        };
        let middle = ratio.middle;
        let verdict = ratio.bar.map_or(String::new(), |bar| {
            format!(", {} the bar of {bar:.2}", middle.against(bar).word().replace('*', ""))
        });
        lines.push(format!(
            "  {what} to {}: {:.2} ({:.2} to {:.2}){verdict}",
            ratio.against, middle.median, middle.low, middle.high
        ));
    }
    lines.extend(scenario.remarks.iter().map(|remark| format!("  note: {remark}")));
    lines.join("\n") + "\n"
}

fn program(runs: &Runs) -> String {
    let full = |of: fn(&evenkeel_tests::figures::Sample) -> f64| middle(&runs.full, of);
    let part = |of: fn(&evenkeel_tests::figures::Sample) -> f64| middle(&runs.part, of);
    let calls = runs.system_calls.map_or("-".to_owned(), |calls| format!("{calls:.1}"));
    let parts = format!("({:.1}+{:.1})", full(|sample| sample.user_us), full(|sample| sample.system_us));
    format!(
        "  {:16} {:9.0} {:7.1} {parts:>13} {:5.2} {:7.0} {:7.0} {calls:>6}   {:>15.0} {:7.0}",
        runs.program,
        full(|sample| sample.rate),
        full(|sample| sample.cpu_us),
        full(|sample| sample.busy),
        full(|sample| sample.p50_us),
        full(|sample| sample.p99_us),
        part(|sample| sample.p50_us),
        part(|sample| sample.p99_us),
    )
}

/// When, where and how this run measures.
pub(crate) fn stamp(contenders: &[Contender]) -> Stamp {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find(|line| line.starts_with("model name"));
    let processor = processor.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown processor");
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let command = ["cargo run --release -p evenkeel-tests --bin bench --", &words.join(" ")].join(" ");
    let version = |contender: &Contender| (contender.name.clone(), contender.version());
    Stamp {
        date: jiff::Timestamp::now().to_string().chars().take(10).collect(),
        processor: processor.to_owned(),
        cores: cores(),
        kernel: kernel.trim().to_owned(),
        command: command.trim_end_matches(" --").trim_end().to_owned(),
        versions: contenders.iter().map(version).collect(),
    }
}

/// How many cores the machine has, whatever this thread is pinned to.
pub(crate) fn cores() -> usize {
    let all = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    all.lines().filter(|line| line.starts_with("processor")).count().max(1)
}

/// Writes figures with all samples.
pub(crate) fn write(file: &Path, figures: &Figures) -> Result<(), String> {
    let text = serde_json::to_string_pretty(figures).map_err(|error| error.to_string())?;
    std::fs::write(file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))
}

/// Puts the figures into the documents, in place of older ones of the same name.
pub(crate) fn publish(newer: Figures) -> Result<(), String> {
    let mut figures = if data().exists() { read()? } else { Figures::default() };
    figures.merge(newer);
    write(&data(), &figures)?;
    render()
}

/// Makes the page from the published figures.
pub(crate) fn render() -> Result<(), String> {
    let page = document("performance.md");
    let told = |error: std::io::Error| format!("{}: {error}", page.display());
    let text = std::fs::read_to_string(&page).map_err(told)?;
    let fresh = page::refresh(&text, &read()?)
        .ok_or_else(|| format!("{}: the line '{}' is missing", page.display(), page::BEGIN))?;
    std::fs::write(&page, fresh).map_err(told)
}

fn read() -> Result<Figures, String> {
    let file = data();
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

fn data() -> PathBuf {
    document("performance.json")
}

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}
