//! What the bench finds out, as it stands in `docs/performance.json`, and the page that is made from it.
//!
//! The figures hold every sample, so that whoever doubts a ratio can compute it anew. They are merged by
//! name: a run of one scenario replaces that scenario and leaves the others, each with a stamp of its own.

pub mod page;
pub mod statistics;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use statistics::Middle;

/// The name of the program under test in all figures.
pub const SUBJECT: &str = "evenkeel";

/// Everything that was measured.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Figures {
    /// Requests through one core, in the order of the page.
    pub scenarios: Vec<Scenario>,
    /// Memory at rest and of idle clients.
    pub memory: Option<Memory>,
    /// Cost as something grows.
    pub series: Vec<Series>,
    /// As many idle clients as the descriptor limit allows.
    pub idle: Option<Idle>,
    /// Reading a long configuration.
    pub loading: Option<Loading>,
    /// Time under a backend's lock.
    pub lock: Option<Lock>,
}

impl Figures {
    /// Takes over what another run found; what it did not look at stays.
    pub fn merge(&mut self, newer: Figures) {
        replace(&mut self.scenarios, newer.scenarios, |scenario| &scenario.name);
        replace(&mut self.series, newer.series, |series| &series.name);
        self.memory = newer.memory.or(self.memory.take());
        self.idle = newer.idle.or(self.idle.take());
        self.loading = newer.loading.or(self.loading.take());
        self.lock = newer.lock.or(self.lock.take());
    }

    /// The stamps of all parts.
    pub fn stamps(&self) -> Vec<&Stamp> {
        let scenarios = self.scenarios.iter().map(|scenario| &scenario.stamp);
        let series = self.series.iter().map(|series| &series.stamp);
        let memory = self.memory.iter().map(|memory| &memory.stamp);
        let idle = self.idle.iter().map(|idle| &idle.stamp);
        let loading = self.loading.iter().map(|loading| &loading.stamp);
        let lock = self.lock.iter().map(|lock| &lock.stamp);
        scenarios.chain(memory).chain(series).chain(idle).chain(loading).chain(lock).collect()
    }
}

fn replace<T>(list: &mut Vec<T>, newer: Vec<T>, name: impl Fn(&T) -> &String) {
    for item in newer {
        match list.iter_mut().find(|old| name(old) == name(&item)) {
            Some(old) => *old = item,
            None => list.push(item),
        }
    }
}

/// When, where and how a part was measured.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Stamp {
    /// The day.
    pub date: String,
    /// The processor's name.
    pub processor: String,
    /// How many cores there are.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
    /// The command line.
    pub command: String,
    /// What each program says about its version.
    pub versions: BTreeMap<String, String>,
}

/// What one program did in one round.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Sample {
    /// How many exchanges were completed.
    pub exchanges: u64,
    /// Exchanges per second.
    pub rate: f64,
    /// CPU time of the proxy per exchange, in microseconds.
    pub cpu_us: f64,
    /// Its part in user space, as coarse as the kernel's tick.
    pub user_us: f64,
    /// Its part in the kernel, as coarse as the kernel's tick.
    pub system_us: f64,
    /// CPU time of the proxy by the clock's time.
    pub busy: f64,
    /// Half of the exchanges took at most this many microseconds.
    pub p50_us: f64,
    /// All but one of a hundred took at most this many microseconds.
    pub p99_us: f64,
    /// Answers that were wrong, and connections lost.
    pub errors: u64,
}

/// A ratio of the program under test to another one.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ratio {
    /// What is compared.
    pub what: Quantity,
    /// With whom.
    pub against: String,
    /// The most that it may be.
    pub bar: Option<f64>,
    /// The median over rounds, and where it lies.
    pub middle: Middle,
    /// The ratio of each round.
    pub rounds: Vec<f64>,
}

impl Ratio {
    /// Compares two programs round by round.
    pub fn new(what: Quantity, against: &str, bar: Option<f64>, ours: &[Sample], theirs: &[Sample]) -> Ratio {
        let pairs = ours.iter().zip(theirs);
        let rounds: Vec<f64> = pairs.map(|(ours, theirs)| what.of(ours) / what.of(theirs)).collect();
        Ratio { what, against: against.to_owned(), bar, middle: Middle::of(&rounds), rounds }
    }
}

/// What is compared.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// CPU time per exchange under full load.
    Cpu,
    /// The slowest of a hundred exchanges at 70 % load.
    PartLoadP99,
    /// Exchanges per second under full load.
    Rate,
}

impl Quantity {
    fn of(self, sample: &Sample) -> f64 {
        match self {
            Quantity::Cpu => sample.cpu_us,
            Quantity::PartLoadP99 => sample.p99_us,
            Quantity::Rate => sample.rate,
        }
    }
}

/// One program in one scenario.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Runs {
    /// Its name.
    pub program: String,
    /// Rounds under full load.
    pub full: Vec<Sample>,
    /// Rounds at 70 % load.
    pub part: Vec<Sample>,
    /// System calls per exchange under full load, counted by strace in a run of their own.
    pub system_calls: Option<f64>,
    /// Log lines received per exchange, where lines are sent.
    pub log_lines: Option<f64>,
}

/// One scenario.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// When and where.
    pub stamp: Stamp,
    /// Each program's rounds; the subject's first.
    pub runs: Vec<Runs>,
    /// Exchanges per second at 70 % load: of what the slowest program can do.
    pub part_rate: f64,
    /// The subject beside each other program.
    pub ratios: Vec<Ratio>,
    /// What was not as it should be.
    pub remarks: Vec<String>,
}

/// Memory.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Memory {
    /// When and where.
    pub stamp: Stamp,
    /// How many clients were idle.
    pub clients: usize,
    /// The most private bytes per idle client that the subject may have.
    pub per_client_bar: f64,
    /// The most resident bytes at rest that the subject may have.
    pub at_rest_bar: u64,
    /// Each program.
    pub programs: Vec<ProgramMemory>,
}

/// The memory of one program, of several starts.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ProgramMemory {
    /// Its name.
    pub program: String,
    /// Resident bytes at rest with the configuration of the guide.
    pub at_rest: Vec<f64>,
    /// Private bytes per idle keep-alive client.
    pub per_client: Vec<f64>,
}

/// Cost as something grows.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Series {
    /// What grows.
    pub name: String,
    /// What was done.
    pub about: String,
    /// When and where.
    pub stamp: Stamp,
    /// From few to many.
    pub points: Vec<Point>,
}

/// One size within a series.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Point {
    /// How many.
    pub count: usize,
    /// Each program's rounds; the subject's first.
    pub runs: Vec<Runs>,
    /// CPU time, the subject beside the other program.
    pub ratio: Ratio,
}

/// As many idle clients as the descriptor limit allows.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Idle {
    /// When and where.
    pub stamp: Stamp,
    /// The limit on descriptors of one process.
    pub descriptors: u64,
    /// Each program.
    pub programs: Vec<ProgramIdle>,
}

/// One program with many idle clients.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ProgramIdle {
    /// Its name.
    pub program: String,
    /// How many clients had an answer and stayed connected.
    pub clients: usize,
    /// Private bytes per client.
    pub bytes_each: f64,
    /// CPU milliseconds per second while nothing happens.
    pub cpu_ms_per_second: f64,
}

/// Reading a long configuration.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Loading {
    /// When and where.
    pub stamp: Stamp,
    /// How many lines it has.
    pub lines: usize,
    /// What is in it.
    pub about: String,
    /// The most seconds that the subject may take.
    pub bar: f64,
    /// Each program.
    pub programs: Vec<ProgramLoading>,
}

/// How long one program takes for a long configuration, of several starts.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ProgramLoading {
    /// Its name.
    pub program: String,
    /// Seconds of `-c`.
    pub check: Vec<f64>,
    /// Seconds from the start to the first answer.
    pub start: Vec<f64>,
}

/// Time under a backend's lock, and what it means for more cores than were at hand.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Lock {
    /// When and where.
    pub stamp: Stamp,
    /// How often a plain request takes the lock.
    pub takes: u32,
    /// Whether the two cores are threads of one, between which no memory travels.
    pub siblings: bool,
    /// Nanoseconds of a request under the lock, when nobody else takes it.
    pub held_alone: Vec<f64>,
    /// The same while a second core takes it for requests of its own.
    pub held_shared: Vec<f64>,
    /// CPU microseconds of a whole plain request, as in the scenario keep-alive.
    pub request_us: f64,
    /// What the model says, for growing numbers of cores.
    pub model: Vec<Cores>,
}

/// What the model says about so many cores that all work for one backend.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Cores {
    /// How many.
    pub cores: u32,
    /// How many cores' worth of requests they serve.
    pub worth: f64,
    /// Share of the time that the lock is held.
    pub lock_busy: f64,
}
