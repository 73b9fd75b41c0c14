//! The tables of `docs/performance.md`, made from the figures so that nobody types a number.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::statistics::{Middle, median};
use super::{Figures, Idle, Loading, Lock, Memory, Point, Quantity, Ratio, Runs, SUBJECT, Scenario, Series};

/// The line of the page behind which the tables begin.
pub const BEGIN: &str = "<!-- figures: made by the bench from performance.json; do not edit -->";

/// The line of the page with which the tables end.
pub const END: &str = "<!-- end of figures -->";

/// Why the time under the lock is too short.
const SIBLINGS: &str = "The two cores of this machine are threads of one: no memory travels between their caches, so \
    on other machines the lock is held longer, by some 100 ns each time.\n\n";

/// The page with these figures in place of those it shows; `None` when its two marks are not there.
pub fn refresh(page: &str, figures: &Figures) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n{END}{after}", tables(figures)))
}

/// Where the figures come from, and all tables.
fn tables(figures: &Figures) -> String {
    let mut all = vec![provenance(figures)];
    all.extend(parts(figures));
    all.join("\n")
}

/// All tables.
pub fn parts(figures: &Figures) -> Vec<String> {
    let mut parts = Vec::new();
    if !figures.scenarios.is_empty() {
        parts.push(scenarios(&figures.scenarios));
        parts.push(absolute(&figures.scenarios));
    }
    parts.extend(figures.memory.as_ref().map(memory));
    parts.extend(losses(figures));
    if !figures.series.is_empty() {
        parts.push("### Scale\n".to_owned());
    }
    parts.extend(figures.series.iter().map(series));
    parts.extend(figures.idle.as_ref().map(idle));
    parts.extend(figures.loading.as_ref().map(loading));
    parts.extend(figures.lock.as_ref().map(lock));
    parts
}

fn provenance(figures: &Figures) -> String {
    let stamps = figures.stamps();
    if stamps.is_empty() {
        return "Nothing is published yet.\n".to_owned();
    }
    let list = |of: &dyn Fn(&super::Stamp) -> Vec<String>| {
        let all: BTreeSet<String> = stamps.iter().flat_map(|stamp| of(stamp)).collect();
        all.into_iter().collect::<Vec<_>>()
    };
    let dates = list(&|stamp| vec![stamp.date.clone()]).join(", ");
    let machines =
        list(&|stamp| vec![format!("{}, {} cores, Linux {}", stamp.processor, stamp.cores, stamp.kernel)]);
    let versions =
        list(&|stamp| stamp.versions.iter().map(|(name, version)| format!("{name}: {version}")).collect());
    let commands = list(&|stamp| vec![format!("`{}`", stamp.command)]).join(", ");
    let mut text = format!("Measured {dates} on {}.\n\n", machines.join("; "));
    versions.iter().for_each(|version| writeln!(text, "- {version}").unwrap_or_default());
    let _ = writeln!(text, "- made by {commands}");
    text
}

fn scenarios(all: &[Scenario]) -> String {
    let mut text = "### Beside haproxy on one core\n\n\
        Ratios are evenkeel to the other program, median of paired rounds, with the interval that holds the \
        true median in 95 of 100 cases; for CPU time and p99 less is better, for the rate more.\n\n\
        | scenario | against | CPU per exchange | bar | verdict | rate | p99 at 70 % load | bar | verdict |\n\
        |---|---|---|--:|---|---|---|--:|---|\n"
        .to_owned();
    for scenario in all {
        let mut others: Vec<&str> = Vec::new();
        for ratio in &scenario.ratios {
            if !others.contains(&ratio.against.as_str()) {
                others.push(&ratio.against);
            }
        }
        for other in others {
            let find =
                |what| scenario.ratios.iter().find(|ratio| ratio.what == what && ratio.against == other);
            let (cpu, cpu_bar, cpu_verdict) = ratio_cells(find(Quantity::Cpu));
            let (rate, _, _) = ratio_cells(find(Quantity::Rate));
            let (late, late_bar, late_verdict) = ratio_cells(find(Quantity::PartLoadP99));
            let _ = writeln!(
                text,
                "| {} | {other} | {cpu} | {cpu_bar} | {cpu_verdict} | {rate} | {late} | {late_bar} | {late_verdict} |",
                scenario.name
            );
        }
    }
    text.push('\n');
    all.iter()
        .for_each(|scenario| writeln!(text, "- {}: {}", scenario.name, scenario.about).unwrap_or_default());
    let remarks =
        all.iter().flat_map(|scenario| scenario.remarks.iter().map(move |remark| (scenario, remark)));
    for (scenario, remark) in remarks {
        let _ = writeln!(text, "- remark on {}: {remark}", scenario.name);
    }
    text
}

/// A ratio with its interval, its bar, and the verdict.
fn ratio_cells(ratio: Option<&Ratio>) -> (String, String, &'static str) {
    let Some(ratio) = ratio else { return ("–".to_owned(), String::new(), "") };
    let middle = ratio.middle;
    let bar = ratio.bar.map_or(String::new(), |bar| format!("{bar:.2}"));
    (interval(middle, 2), bar, ratio.bar.map_or("", |bar| middle.against(bar).word()))
}

fn interval(middle: Middle, digits: usize) -> String {
    let Middle { median, low, high } = middle;
    format!("{median:.digits$} ({low:.digits$} … {high:.digits$})")
}

fn absolute(all: &[Scenario]) -> String {
    let mut text = "### The figures behind the ratios\n\n\
        Medians over rounds. Microseconds of CPU time are the whole process's; its parts in user space and \
        kernel are sampled by the kernel and coarse.\n\n\
        | scenario | program | per second | CPU µs | user + system | core busy | p50 µs | p99 µs | calls | \
        p50 / p99 µs at 70 % |\n\
        |---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for scenario in all {
        for runs in &scenario.runs {
            let full = |of: fn(&super::Sample) -> f64| middle(&runs.full, of);
            let part = |of: fn(&super::Sample) -> f64| middle(&runs.part, of);
            let calls = runs.system_calls.map_or("–".to_owned(), |calls| format!("{calls:.1}"));
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} | {:.1} | {:.1} + {:.1} | {:.0} % | {:.0} | {:.0} | {calls} | {:.0} / {:.0} |",
                scenario.name,
                runs.program,
                full(|sample| sample.rate),
                full(|sample| sample.cpu_us),
                full(|sample| sample.user_us),
                full(|sample| sample.system_us),
                full(|sample| sample.busy) * 100.0,
                full(|sample| sample.p50_us),
                full(|sample| sample.p99_us),
                part(|sample| sample.p50_us),
                part(|sample| sample.p99_us),
            );
        }
    }
    text
}

/// The median of one column of samples.
pub fn middle(samples: &[super::Sample], of: fn(&super::Sample) -> f64) -> f64 {
    median(&samples.iter().map(of).collect::<Vec<_>>())
}

fn memory(memory: &Memory) -> String {
    let mut text = format!(
        "### Memory\n\n\
         At rest: resident, with the acceptance configuration. Per idle client: private memory of {} clients \
         that have had one answer each, over their number; the kernel's share is not in it.\n\n\
         | program | at rest | bar | per idle client | bar | verdict |\n|---|--:|--:|--:|--:|---|\n",
        memory.clients
    );
    for program in &memory.programs {
        let at_rest = Middle::of(&program.at_rest);
        let each = Middle::of(&program.per_client);
        let (rest_bar, each_bar, verdict) = if program.program == SUBJECT {
            let words = [at_rest.against(memory.at_rest_bar as f64), each.against(memory.per_client_bar)];
            let words = words.map(super::statistics::Verdict::word);
            let verdict = if words[0] == words[1] { words[0].to_owned() } else { words.join("; ") };
            (megabytes(memory.at_rest_bar as f64), format!("{:.0} B", memory.per_client_bar), verdict)
        } else {
            Default::default()
        };
        let _ = writeln!(
            text,
            "| {} | {} | {rest_bar} | {} B | {each_bar} | {verdict} |",
            program.program,
            megabytes(at_rest.median),
            interval(each, 0)
        );
    }
    text
}

fn megabytes(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

/// What is not won, said where everybody reads.
fn losses(figures: &Figures) -> Option<String> {
    let mut list = Vec::new();
    for scenario in &figures.scenarios {
        for ratio in
            scenario.ratios.iter().filter(|ratio| ratio.bar.is_some_and(|bar| ratio.middle.median > bar))
        {
            let what = match ratio.what {
                Quantity::Cpu => "CPU time",
                Quantity::PartLoadP99 => "p99 at 70 % load",
                Quantity::Rate => "rate",
            };
            let (middle, bar) = (interval(ratio.middle, 2), ratio.bar.unwrap_or_default());
            list.push(format!(
                "- {}, {what} against {}: {middle}, bar {bar:.2}",
                scenario.name, ratio.against
            ));
        }
    }
    if let Some(memory) = &figures.memory
        && let Some(ours) = memory.programs.iter().find(|program| program.program == SUBJECT)
    {
        let (each, rest) = (median(&ours.per_client), median(&ours.at_rest));
        if each > memory.per_client_bar {
            list.push(format!("- memory per idle client: {each:.0} B, bar {:.0} B", memory.per_client_bar));
        }
        if rest > memory.at_rest_bar as f64 {
            list.push(format!(
                "- memory at rest: {}, bar {}",
                megabytes(rest),
                megabytes(memory.at_rest_bar as f64)
            ));
        }
    }
    if let Some(loading) = &figures.loading
        && let Some(ours) = loading.programs.iter().find(|program| program.program == SUBJECT)
    {
        let slow = median(&ours.check).max(median(&ours.start));
        if slow > loading.bar {
            list.push(format!(
                "- a configuration of {} lines: {slow:.2} s, bar {:.2} s",
                loading.lines, loading.bar
            ));
        }
    }
    let verdict = if list.is_empty() { "Every bar is met.\n".to_owned() } else { list.join("\n") + "\n" };
    (!figures.scenarios.is_empty()).then(|| format!("### Bars not met\n\n{verdict}"))
}

fn series(series: &Series) -> String {
    let mut text = format!("#### {}\n\n{}\n\n", series.name, series.about);
    let names = series.points.first().map(|point| names(&point.runs)).unwrap_or_default();
    let _ = write!(text, "| {} |", series.name);
    names.iter().for_each(|name| {
        write!(text, " {name}, CPU µs | to the first row | per second |").unwrap_or_default();
    });
    text.push_str(" ratio of CPU time |\n|--:|");
    text.push_str(&"--:|--:|--:|".repeat(names.len()));
    text.push_str("---|\n");
    for point in &series.points {
        let _ = write!(text, "| {} |", point.count);
        for (at, runs) in point.runs.iter().enumerate() {
            let cpu = middle(&runs.full, |sample| sample.cpu_us);
            let first = series.points.first().and_then(|point: &Point| point.runs.get(at));
            let first = first.map_or(cpu, |runs| middle(&runs.full, |sample| sample.cpu_us));
            let rate = middle(&runs.full, |sample| sample.rate);
            let _ = write!(text, " {cpu:.1} | {:.2} | {rate:.0} |", cpu / first);
        }
        let _ = writeln!(text, " {} |", interval(point.ratio.middle, 2));
    }
    text
}

fn names(runs: &[Runs]) -> Vec<&str> {
    runs.iter().map(|runs| runs.program.as_str()).collect()
}

fn idle(idle: &Idle) -> String {
    let mut text = format!(
        "#### Idle clients\n\nAs many as {} descriptors per process allow, after one answer each.\n\n\
         | program | clients | private bytes each | CPU ms per second |\n|---|--:|--:|--:|\n",
        idle.descriptors
    );
    for program in &idle.programs {
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {:.1} |",
            program.program, program.clients, program.bytes_each, program.cpu_ms_per_second
        );
    }
    text
}

fn loading(loading: &Loading) -> String {
    let mut text = format!(
        "#### A long configuration\n\n{} lines: {} Seconds, bar {:.2}.\n\n\
         | program | `-c` | from start to the first answer |\n|---|---|---|\n",
        loading.lines, loading.about, loading.bar
    );
    for program in &loading.programs {
        let (check, start) = (Middle::of(&program.check), Middle::of(&program.start));
        let _ = writeln!(text, "| {} | {} | {} |", program.program, interval(check, 2), interval(start, 2));
    }
    text
}

fn lock(lock: &Lock) -> String {
    let (alone, shared) = (Middle::of(&lock.held_alone), Middle::of(&lock.held_shared));
    let mut text = format!(
        "#### The lock of a backend\n\n\
         A plain request takes its backend's lock {} times, and holds it {} ns in all when nobody else takes \
         it, {} ns while a second core takes it for requests of its own (cache lines then travel). Of {:.1} µs \
         per request that is {:.2} %.\n\n\
         What that means for more cores than this machine has, all of them working for one backend: each works \
         for a time, then stands in line for the lock (one place, exponential times, exact mean value analysis; \
         real times vary less, so this is on the careful side). The time under the lock is taken as measured \
         with two cores; kernel, memory and network are taken to scale, which they do not.\n\n",
        lock.takes,
        interval(alone, 0),
        interval(shared, 0),
        lock.request_us,
        shared.median / lock.request_us / 10.0
    );
    if lock.siblings {
        text.push_str(SIBLINGS);
    }
    text.push_str("| cores | worth | lock held |\n|--:|--:|--:|\n");
    for row in &lock.model {
        let _ = writeln!(text, "| {} | {:.1} | {:.1} % |", row.cores, row.worth, row.lock_busy * 100.0);
    }
    text
}
