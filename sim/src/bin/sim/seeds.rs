//! Which seeds are run, and for how long.

use std::ops::Range;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use evenkeel_io::entropy;

/// Time between two lines that say how far a timed run is.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Seeds beyond this do not fit into a scenario's file.
const SEED_MAX: u64 = 1 << 48;

#[derive(Args)]
pub(crate) struct Seeds {
    /// One seed, or a range such as `0..100000`.
    #[arg(long, alias = "seed", value_parser = range, default_value = "0..1000")]
    seeds: Range<u64>,
    /// Seeds that nobody has seen before: as many as `--seeds` says, or as fit into `--for`.
    #[arg(long)]
    fresh: bool,
    /// Stop after this time, such as `120s`, and not at the end of the seeds.
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    time: Option<Duration>,
}

impl Seeds {
    /// The seeds in order. Fresh ones begin anywhere.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + use<> {
        let first =
            if self.fresh { entropy::seed().map_or(0, |seed| seed.0 % SEED_MAX) } else { self.seeds.start };
        let (deadline, count) = (self.time.map(|time| Instant::now() + time), self.count());
        (0..)
            .take_while(move |index| match (deadline, count) {
                (Some(deadline), _) => Instant::now() < deadline,
                (None, count) => count.is_none_or(|count| *index < count),
            })
            .map(move |index| first + index)
    }

    /// How many there are, if that is known.
    pub(crate) fn count(&self) -> Option<u64> {
        self.time.is_none().then(|| self.seeds.end.saturating_sub(self.seeds.start))
    }

    /// Whether chance decides what is met.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.replace('_', "").parse::<u64>().map_err(|error| error.to_string());
    match text.split_once("..") {
        Some((from, to)) => Ok(number(from)?..number(to)?),
        None => number(text).map(|seed| seed..seed + 1),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.strip_suffix('s').unwrap_or(text).parse();
    number.map(Duration::from_secs).map_err(|error| error.to_string())
}

/// What a run has done so far.
pub(crate) struct Tally {
    started: Instant,
    told: Instant,
    /// Worlds or histories.
    pub(crate) runs: u64,
    pub(crate) events: u64,
    pub(crate) failures: usize,
}

impl Tally {
    pub(crate) fn new() -> Tally {
        let now = Instant::now();
        Tally { started: now, told: now, runs: 0, events: 0, failures: 0 }
    }

    /// Tells now and then how far a timed run is.
    pub(crate) fn tell(&mut self, seeds: &Seeds) {
        if seeds.time.is_some() && self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            println!("{self}");
        }
    }

    pub(crate) fn verdict(&self) -> ExitCode {
        if self.failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = self.events as f64 / cpu_time().map_or(seconds, |time| time.as_secs_f64());
        let (runs, events, failures) = (self.runs, self.events, self.failures);
        write!(
            f,
            "{runs} seeds, {events} events in {seconds:.1} s ({rate:.0} a second of CPU); {failures} failed"
        )
    }
}

/// How long this process, which has one thread, has been on a CPU: other processes are not its fault.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
