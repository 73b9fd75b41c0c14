//! Instructions per operation of the core's workloads, counted by callgrind and compared with the committed
//! counts: a regression gate that does not depend on the machine's mood.
//!
//! `cargo run --profile counts -p evenkeel-tests --bin instructions -- [options]`
//!
//! - `--only WORD`: only workloads whose label contains this word
//! - `--write`: put what was counted into `tests/instructions/counts.txt` instead of comparing
//!
//! `docs/inside.md` says what the counts depend on.

mod callgrind;
mod counts;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Mutex;

use evenkeel_tests::inside::workloads;

use counts::{Basis, Comparison, Counts};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        [callgrind::CHILD, label] => callgrind::be_counted(label),
        [] => compare(""),
        ["--only", word] => compare(word),
        ["--write"] => write(),
        _ => Err("usage: instructions [--only WORD | --write]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn compare(word: &str) -> Result<(), String> {
    let path = counts_file();
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut known = Counts::parse(&text).map_err(|why| format!("{}: {why}", path.display()))?;
    known.keep(word);
    let comparison = Comparison::new(&known, &count_all(word)?)?;
    print!("{}", comparison.table());
    comparison.verdict()
}

fn write() -> Result<(), String> {
    let path = counts_file();
    let counts = count_all("")?;
    std::fs::write(&path, counts.render()).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{} counts written to {}", counts.len(), path.display());
    Ok(())
}

fn counts_file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("instructions/counts.txt")
}

/// Counts the workloads whose label contains `word`, each in a process of its own and one per core at a time.
fn count_all(word: &str) -> Result<Counts, String> {
    let labels: Vec<String> = workloads().iter().map(|workload| workload.label()).collect();
    let labels = labels.into_iter().filter(|label| label.contains(word));
    let (waiting, done) = (Mutex::new(labels.rev()), Mutex::new(Vec::new()));
    let next = || waiting.lock().ok()?.next();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(label) = next() {
                    let count = callgrind::count(&label);
                    if let Ok(mut done) = done.lock() {
                        done.push((label, count));
                    }
                }
            });
        }
    });
    let mut counts = Counts::new(basis()?);
    for (label, count) in done.into_inner().map_err(|_| "a counting thread panicked")? {
        counts.add(&label, count?);
    }
    Ok(counts)
}

/// What the counts of this machine depend on.
fn basis() -> Result<Basis, String> {
    let output = Command::new("rustc").arg("--version").output();
    let output = output.map_err(|error| format!("rustc --version: {error}"))?;
    let compiler = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let target = format!("{} {}", std::env::consts::ARCH, vectors());
    Ok(Basis { compiler, target })
}

/// The widest vectors that libraries use under valgrind, which knows none wider.
fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return "avx2";
    }
    "plain"
}
