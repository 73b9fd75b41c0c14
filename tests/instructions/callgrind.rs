//! Counting one workload: this program starts itself under valgrind, which counts between the start and the end
//! of one function and nowhere else.
//!
//! What could make two counts differ is the same each time: the child's environment and arguments (the
//! stack starts below them, and copies depend on alignment), its threads, its random numbers, and which of
//! its variants the C library takes.

use std::path::{Path, PathBuf};
use std::process::Command;

use evenkeel_tests::inside::workloads;

/// The first argument of a child.
pub(crate) const CHILD: &str = "be-counted";
/// Operations before the count, and operations counted. The first ones take memory that the rest reuse.
const WARM_UP: u32 = 500;
const COUNTED: u32 = 1_000;
/// The function between whose start and end instructions are counted; no other has these words in its name.
const COUNTED_PART: &str = "*repeat_under_callgrind*";
/// Variants of the C library's functions that every x86-64 machine has, whatever else it has.
const TUNABLES: &str = "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-AVX512VL,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM";

/// Instructions per operation.
pub(crate) fn count(label: &str) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
    let report = report_file(label);
    let total = run(&program, label, &report).and_then(|()| read_total(&report));
    let _ = std::fs::remove_file(&report);
    total.map(|total| total as f64 / f64::from(COUNTED)).map_err(|why| format!("{label}: {why}"))
}

fn report_file(label: &str) -> PathBuf {
    let name = format!("evenkeel-{}-{}.callgrind", std::process::id(), label.replace('/', "-"));
    std::env::temp_dir().join(name)
}

fn run(program: &Path, label: &str, report: &Path) -> Result<(), String> {
    let (folder, name) = (program.parent(), program.file_name());
    let (Some(folder), Some(name)) = (folder, name) else {
        return Err("this program has no name".to_owned());
    };
    let output = Command::new(valgrind()?)
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--toggle-collect={COUNTED_PART}"))
        .arg(format!("--callgrind-out-file={}", report.display()))
        .arg(Path::new(".").join(name))
        .args([CHILD, label])
        .current_dir(folder)
        .env_clear()
        .env("GLIBC_TUNABLES", TUNABLES)
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Where valgrind is; the child's empty environment does not say.
fn valgrind() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).map(|folder| folder.join("valgrind")).find(|path| path.is_file());
    found.ok_or_else(|| "valgrind is not on the PATH; on Debian: apt-get install valgrind".to_owned())
}

fn read_total(report: &Path) -> Result<u64, String> {
    total_of(&std::fs::read_to_string(report).map_err(|error| error.to_string())?)
}

/// The instructions that a report speaks of. None at all would mean that the counted function was not found.
fn total_of(report: &str) -> Result<u64, String> {
    let line = report.lines().find_map(|line| line.strip_prefix("totals:"));
    let total = line.and_then(|total| total.trim().parse().ok());
    total.filter(|total| *total > 0).ok_or_else(|| "callgrind counted nothing".to_owned())
}

/// What the child does.
pub(crate) fn be_counted(label: &str) -> Result<(), String> {
    let workload = workloads().into_iter().find(|workload| workload.label() == label);
    let workload = workload.ok_or_else(|| format!("no workload is called {label}"))?;
    let mut operation = workload.start();
    for _ in 0..WARM_UP {
        operation();
    }
    repeat_under_callgrind(&mut operation);
    Ok(())
}

#[inline(never)]
fn repeat_under_callgrind(operation: &mut dyn FnMut()) {
    for _ in 0..COUNTED {
        operation();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_report_is_found() {
        let report = "version: 1\ncreator: callgrind-3.19.0\nevents: Ir\n\nfn=(1)\n12 34\n\ntotals: 987654\n";

        assert_eq!(total_of(report), Ok(987_654));
    }

    #[test]
    fn a_report_of_nothing_is_an_error() {
        for report in ["", "totals: 0\n", "totals: many\n"] {
            assert!(total_of(report).is_err(), "{report}");
        }
    }
}
