//! The committed counts, and how new ones compare with them.

use std::collections::BTreeMap;
use std::fmt::Write;

/// How much worse a count may be, in percent.
const WORSE_MAX: f64 = 5.0;
/// The same when another compiler made the program: it moves single counts by more than a careless change of
/// ours may, but what doubles a count is found all the same.
const WORSE_MAX_OTHER_COMPILER: f64 = 15.0;
/// How much better a count is before the file should say so: kept, it would allow as much to get lost again.
const BETTER_MAX: f64 = 5.0;

const HEADER: &str = "\
# Instructions per operation, written by
#   cargo run --profile counts -p evenkeel-tests --bin instructions -- --write
";

/// What counts depend on beside our code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Basis {
    /// What `rustc --version` says.
    pub(crate) compiler: String,
    /// The architecture and its vectors: counts of one say nothing about another.
    pub(crate) target: String,
}

/// Counts by label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Counts {
    basis: Basis,
    by_label: BTreeMap<String, f64>,
}

impl Counts {
    /// None so far.
    pub(crate) fn new(basis: Basis) -> Counts {
        Counts { basis, by_label: BTreeMap::new() }
    }

    /// Reads a file of counts: a line each for compiler and target, and one per workload.
    pub(crate) fn parse(text: &str) -> Result<Counts, String> {
        let mut counts = Counts::new(Basis::default());
        let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        for (at, line) in lines {
            let wrong = |what: &str| format!("line {}: {what}: {line}", at + 1);
            let (name, value) = line.split_once(' ').ok_or_else(|| wrong("a name and a value are wanted"))?;
            match name {
                "compiler" => counts.basis.compiler = value.to_owned(),
                "target" => counts.basis.target = value.to_owned(),
                label => {
                    let count = value.trim().parse().ok().filter(|count: &f64| *count > 0.0);
                    let count = count.ok_or_else(|| wrong("a count above zero is wanted"))?;
                    if counts.by_label.insert(label.to_owned(), count).is_some() {
                        return Err(wrong("a second count of the same workload"));
                    }
                }
            }
        }
        if counts.basis.compiler.is_empty() || counts.basis.target.is_empty() {
            return Err("lines with compiler and target are wanted".to_owned());
        }
        Ok(counts)
    }

    /// The file.
    pub(crate) fn render(&self) -> String {
        let Basis { compiler, target } = &self.basis;
        let mut text = format!("{HEADER}compiler {compiler}\ntarget {target}\n");
        for (label, count) in &self.by_label {
            let _ = writeln!(text, "{label} {count:.1}");
        }
        text
    }

    /// Adds a count.
    pub(crate) fn add(&mut self, label: &str, count: f64) {
        self.by_label.insert(label.to_owned(), count);
    }

    /// Forgets all but the workloads whose label contains `word`.
    pub(crate) fn keep(&mut self, word: &str) {
        self.by_label.retain(|label, _| label.contains(word));
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_label.len()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    /// By less than anybody should care.
    Small,
    Better,
    Worse,
    /// No count is committed for it.
    New,
    /// There is a count, and no such workload.
    Gone,
}

#[derive(Clone, Debug)]
struct Row {
    label: String,
    known: Option<f64>,
    found: Option<f64>,
    change: Change,
}

/// All workloads, before and now.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    rows: Vec<Row>,
    bound: f64,
    /// The compilers, if they are two.
    compilers: Option<(String, String)>,
}

impl Comparison {
    /// Compares what was found with what is known; an error if they cannot be compared.
    pub(crate) fn new(known: &Counts, found: &Counts) -> Result<Comparison, String> {
        let (before, now) = (&known.basis, &found.basis);
        if before.target != now.target {
            let (before, now) = (&before.target, &now.target);
            return Err(format!(
                "the committed counts are of {before}: nothing to compare those of {now} with"
            ));
        }
        let same = before.compiler == now.compiler;
        let compilers = (!same).then(|| (before.compiler.clone(), now.compiler.clone()));
        let bound = if same { WORSE_MAX } else { WORSE_MAX_OTHER_COMPILER };
        let mut labels: Vec<&String> = known.by_label.keys().chain(found.by_label.keys()).collect();
        labels.sort();
        labels.dedup();
        let row = |label: &String| {
            let (known, found) = (known.by_label.get(label).copied(), found.by_label.get(label).copied());
            Row { label: label.clone(), known, found, change: change(known, found, bound) }
        };
        Ok(Comparison { rows: labels.into_iter().map(row).collect(), bound, compilers })
    }

    /// What people read.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "{:34} {:>12} {:>12} {:>8}\n",
            "instructions per operation", "committed", "now", "change"
        );
        let number = |count: Option<f64>| count.map_or("-".to_owned(), |count| format!("{count:.1}"));
        for row in &self.rows {
            let change = row.known.zip(row.found).map(|(known, found)| percent(known, found));
            let change = change.map_or("-".to_owned(), |change| format!("{change:+.1} %"));
            let remark = match row.change {
                Change::Small => "",
                Change::Better => "  better",
                Change::Worse => "  WORSE",
                Change::New => "  NEW",
                Change::Gone => "  GONE",
            };
            let (known, found) = (number(row.known), number(row.found));
            let _ = writeln!(text, "{:34} {known:>12} {found:>12} {change:>8}{remark}", row.label);
        }
        if let Some((before, now)) = &self.compilers {
            let _ = writeln!(text, "warning: committed counts are by {before}, these by {now}:");
            let _ = writeln!(
                text,
                "{} % are allowed instead of {WORSE_MAX}; update the file with --write",
                self.bound
            );
        }
        if self.has(Change::Better) {
            text.push_str("better than committed: update the file with --write, so that it stays so\n");
        }
        text
    }

    /// An error if anything got worse, or the file does not fit the workloads.
    pub(crate) fn verdict(&self) -> Result<(), String> {
        if self.has(Change::Worse) {
            return Err(format!("more than {} % above the committed counts", self.bound));
        }
        if self.has(Change::New) || self.has(Change::Gone) {
            return Err("the file does not fit the workloads: update it with --write".to_owned());
        }
        Ok(())
    }

    fn has(&self, change: Change) -> bool {
        self.rows.iter().any(|row| row.change == change)
    }
}

fn change(known: Option<f64>, found: Option<f64>, bound: f64) -> Change {
    match (known, found) {
        (Some(known), Some(found)) if percent(known, found) > bound => Change::Worse,
        (Some(known), Some(found)) if percent(known, found) < -BETTER_MAX => Change::Better,
        (Some(_), Some(_)) => Change::Small,
        (None, _) => Change::New,
        (Some(_), None) => Change::Gone,
    }
}

fn percent(known: f64, found: f64) -> f64 {
    (found - known) / known * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(compiler: &str, rows: &[(&str, f64)]) -> Counts {
        let mut counts =
            Counts::new(Basis { compiler: compiler.to_owned(), target: "x86_64 avx2".to_owned() });
        rows.iter().for_each(|(label, count)| counts.add(label, *count));
        counts
    }

    fn verdict(known: &Counts, found: &Counts) -> Result<(), String> {
        Comparison::new(known, found).and_then(|comparison| comparison.verdict())
    }

    #[test]
    fn what_is_written_is_read() {
        let counts = counts("rustc 1", &[("a/b", 1_234.5), ("c/d", 7.0)]);

        assert_eq!(Counts::parse(&counts.render()), Ok(counts));
    }

    #[test]
    fn the_committed_counts_can_be_read() {
        let text = std::fs::read_to_string(super::super::counts_file()).expect("the file is committed");

        let labels: Vec<String> = Counts::parse(&text).expect("well formed").by_label.into_keys().collect();

        let mut wanted: Vec<String> =
            evenkeel_tests::inside::workloads().iter().map(|workload| workload.label()).collect();
        wanted.sort();
        assert_eq!(labels, wanted, "every workload has its count");
    }

    #[test]
    fn lines_that_say_nothing_clear_are_refused() {
        let good = "compiler rustc 1\ntarget x86_64 avx2\n";
        for bad in ["a/b", "a/b many", "a/b 0", "a/b -1", "a/b NaN", "a/b 1\na/b 2"] {
            assert!(Counts::parse(&format!("{good}{bad}\n")).is_err(), "{bad}");
        }
        assert!(Counts::parse("a/b 1\n").is_err(), "no basis");
    }

    #[test]
    fn five_percent_pass_and_more_fails() {
        let known = counts("rustc 1", &[("a/b", 1_000.0), ("c/d", 10.0)]);

        assert_eq!(verdict(&known, &counts("rustc 1", &[("a/b", 1_050.0), ("c/d", 10.0)])), Ok(()));
        assert!(verdict(&known, &counts("rustc 1", &[("a/b", 1_051.0), ("c/d", 10.0)])).is_err());
        assert!(verdict(&known, &counts("rustc 1", &[("a/b", 1.0), ("c/d", 10.6)])).is_err());
    }

    #[test]
    fn another_compiler_may_cost_more_but_not_everything() {
        let known = counts("rustc 1", &[("a/b", 1_000.0)]);

        assert_eq!(verdict(&known, &counts("rustc 2", &[("a/b", 1_150.0)])), Ok(()));
        assert!(verdict(&known, &counts("rustc 2", &[("a/b", 1_151.0)])).is_err());
        let other = Comparison::new(&known, &counts("rustc 2", &[("a/b", 1_000.0)])).expect("comparable");
        assert!(other.table().contains("warning: committed counts are by rustc 1, these by rustc 2"));
    }

    #[test]
    fn another_target_is_not_compared() {
        let known = counts("rustc 1", &[("a/b", 1_000.0)]);
        let mut found = known.clone();
        found.basis.target = "aarch64 plain".to_owned();

        assert!(verdict(&known, &found).is_err());
    }

    #[test]
    fn workloads_and_file_must_fit() {
        let (one, two) = (counts("r", &[("a/b", 1.0)]), counts("r", &[("a/b", 1.0), ("c/d", 2.0)]));

        assert!(verdict(&one, &two).is_err(), "a new workload without a count");
        assert!(verdict(&two, &one).is_err(), "a count without a workload");
    }

    #[test]
    fn the_table_tells_worse_from_better() {
        let known = counts("r", &[("a/same", 100.0), ("b/better", 100.0), ("c/worse", 100.0)]);
        let found = counts("r", &[("a/same", 104.0), ("b/better", 90.0), ("c/worse", 106.0)]);

        let table = Comparison::new(&known, &found).expect("comparable").table();

        let line = |label: &str| table.lines().find(|line| line.starts_with(label)).unwrap_or_default();
        assert!(line("a/same").ends_with("+4.0 %"), "{table}");
        assert!(line("b/better").ends_with("-10.0 %  better"), "{table}");
        assert!(line("c/worse").ends_with("+6.0 %  WORSE"), "{table}");
        assert!(table.ends_with("update the file with --write, so that it stays so\n"), "{table}");
    }
}
