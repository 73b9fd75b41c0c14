//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::PossibleValuesParser;

use crate::contender::Contender;
use crate::scenario::SCENARIOS;

/// What the bench measures besides the scenarios, in this order.
pub(crate) const SCALE: &[&str] = &["workers", "connections", "servers", "idle", "loading", "lock"];

/// Measures evenkeel beside haproxy: rate, latency, CPU time and system calls per exchange, memory, scale.
///
/// The proxy has core 0 to itself with one worker thread; origin, log server and load generator share core 1.
/// All programs run at once and take turns in short slices, forth and back within a round. A ratio is the
/// median over rounds, printed with the interval that holds the true median in 95 of 100 cases, so a machine
/// whose mood changes does little harm. With haproxy as the subject all ratios come out near 1.
#[derive(Debug, Parser)]
#[command(
    name = "bench",
    after_help = "Examples:\n  \
        bench                                    the scenarios of the page, and memory\n  \
        bench --all --publish                    everything, into docs/performance.json and .md\n  \
        bench --scenario 100-kB --rounds 30      one scenario, longer\n  \
        bench --subject /usr/sbin/haproxy        is the bench fair? all ratios must be near 1\n  \
        bench --vs 'before=../old/evenkeel -q'   one more program, with arguments"
)]
pub(crate) struct Options {
    /// Measure this in place of the workspace's release build, which is built first.
    #[arg(long, value_name = "COMMAND", value_parser = words)]
    subject: Option<Words>,

    /// Compare with this as well; repeatable. It is started with `-db -f FILE` behind its own arguments.
    #[arg(long, value_name = "NAME=COMMAND", value_parser = named)]
    pub(crate) vs: Vec<Contender>,

    /// Measure only this; repeatable.
    #[arg(long, value_name = "NAME", value_parser = names(), conflicts_with_all = ["all", "scale"])]
    scenario: Vec<String>,

    /// Measure scale in place of the scenarios: workers, connections, servers, idle, loading, lock.
    #[arg(long)]
    scale: bool,

    /// Measure everything.
    #[arg(long)]
    all: bool,

    /// How many rounds each comparison has.
    #[arg(long, value_name = "COUNT", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rounds: u16,

    /// How long a program is loaded at a time; there are two such slices per round.
    #[arg(long, value_name = "SECONDS", default_value = "0.3", value_parser = seconds)]
    pub(crate) slice: Duration,

    /// Write all samples to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Put what was measured into docs/performance.json, in place of older figures of the same name, and make
    /// docs/performance.md from it.
    #[arg(long)]
    pub(crate) publish: bool,

    /// Measure nothing, only make docs/performance.md from docs/performance.json again.
    #[arg(long, conflicts_with_all = ["all", "scale", "scenario", "publish", "json"])]
    pub(crate) render: bool,
}

type Words = Vec<String>;

impl Options {
    /// The program under test, if it is not the release build.
    pub(crate) fn subject(&self) -> Option<Words> {
        self.subject.clone()
    }

    /// Whether this is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let is_scale = SCALE.contains(&name);
        match self.scenario.is_empty() {
            true => self.all || self.scale == is_scale,
            false => self.scenario.iter().any(|wanted| wanted == name),
        }
    }
}

/// Everything that can be measured, in order.
pub(crate) fn items() -> impl Iterator<Item = &'static str> {
    let scenarios = SCENARIOS.iter().map(|scenario| scenario.name);
    scenarios.chain(["memory"]).chain(SCALE.iter().copied())
}

fn names() -> PossibleValuesParser {
    items().collect::<Vec<_>>().into()
}

fn words(text: &str) -> Result<Words, String> {
    let words: Words = text.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() { Err("name a program".to_owned()) } else { Ok(words) }
}

fn named(text: &str) -> Result<Contender, String> {
    let (name, command) = text.split_once('=').ok_or("write NAME=COMMAND, as in old=/tmp/evenkeel")?;
    if name.is_empty() || name == evenkeel_tests::figures::SUBJECT || name == "haproxy" {
        return Err(format!("'{name}' cannot be the name of another program"));
    }
    Ok(Contender { name: name.to_owned(), command: words(command)?, global: "" })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number")?;
    match (0.01..=60.0).contains(&number) {
        true => Ok(Duration::from_secs_f64(number)),
        false => Err("between 0.01 and 60 seconds".to_owned()),
    }
}
