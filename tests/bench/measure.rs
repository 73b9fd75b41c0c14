//! One proxy at work: started on its core, loaded by turns, its clocks read.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

use evenkeel_tests::figures::Sample;
use evenkeel_tests::program::{Running, Scratch, free_port};
use socket2::Socket;

use crate::contender::Contender;
use crate::engine::{Engine, Outcome, Pace};
use crate::scenario::{Places, Scenario};

/// The core that the proxy has to itself.
pub(crate) const PROXY_CORE: &str = "0";

/// How long a program warms up before each slice, as a share of it.
const WARM_UP: u32 = 10;

/// What the kernel reports user and system time in, whatever its own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

/// Makes a configuration of the places of a start and a line for `global`.
pub(crate) type MakeConfig<'s> = dyn Fn(&Places<'_>, &str) -> String + 's;

/// How a proxy is started.
pub(crate) struct Setup<'s> {
    /// What flows.
    pub(crate) scenario: &'s Scenario,
    /// Worker threads.
    pub(crate) threads: usize,
    /// The cores that it may use, as taskset names them.
    pub(crate) cores: &'s str,
    /// Makes the configuration, when it is not the scenario's own.
    pub(crate) config: Option<&'s MakeConfig<'s>>,
}

impl<'s> Setup<'s> {
    /// The usual: the scenario's own configuration, one thread, the proxy's core.
    pub(crate) fn of(scenario: &'s Scenario) -> Setup<'s> {
        Setup { scenario, threads: 1, cores: PROXY_CORE, config: None }
    }
}

/// A proxy that can be loaded.
pub(crate) struct Bench {
    proxy: Running,
    engine: Engine,
    scratch: Scratch,
    at_rest: u64,
}

/// What one slice says, or several together.
#[derive(Clone, Default)]
pub(crate) struct Slice {
    outcome: Outcome,
    cpu: Duration,
    user: f64,
    system: f64,
}

impl Bench {
    /// Starts a program on its core and connects the clients.
    pub(crate) fn start(contender: &Contender, setup: &Setup<'_>) -> Result<Bench, String> {
        let scenario = setup.scenario;
        let listen = |_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).map_err(|error| error.to_string());
        let origins: Vec<TcpListener> = (0..scenario.origins).map(listen).collect::<Result<_, _>>()?;
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port()).unwrap_or(0);
        let ports: Vec<u16> = origins.iter().map(port).collect();
        let log = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let log_port = log.local_addr().map_err(|error| error.to_string())?.port();
        let log = Socket::from(log);
        // The kernel gives what it allows.
        let _ = log.set_recv_buffer_size(8 << 20);
        let scratch = Scratch::new();
        let (front, stats) = (free_port(), free_port());
        let places = Places { front, stats, origins: &ports, log: log_port, folder: scratch.path() };
        let text = match setup.config {
            Some(make) => make(&places, contender.global),
            None => scenario.config(&places, setup.threads, contender.global),
        };
        let config = scratch.write("haproxy.cfg", text);
        let mut command = Command::new("taskset");
        command.args(["-c", setup.cores]).args(&contender.command).arg("-db").arg("-f").arg(config);
        let proxy = Running::start(&mut command, Some(front), &scratch)?;
        let engine = Engine::new(origins, log.into(), front, scenario.traffic());
        let mut bench = Bench { proxy, engine, scratch, at_rest: 0 };
        bench.at_rest = bench.private_bytes();
        let connected = bench.engine.connect(scenario.clients);
        if connected < scenario.clients {
            return Err(format!("only {connected} of {} clients could connect", scenario.clients));
        }
        Ok(bench)
    }

    /// Loads the proxy for a while.
    pub(crate) fn slice(&mut self, length: Duration, pace: Pace) -> Slice {
        self.engine.run(length / WARM_UP, pace);
        let before = self.clocks();
        let outcome = self.engine.run(length, pace);
        let after = self.clocks();
        Slice {
            outcome,
            cpu: after.0.saturating_sub(before.0),
            user: after.1 - before.1,
            system: after.2 - before.2,
        }
    }

    /// System calls per exchange, counted by strace in a slice of its own, since counting slows the proxy.
    pub(crate) fn count_calls(&mut self, length: Duration) -> Option<f64> {
        let summary = self.scratch.path().join("strace");
        let mut strace = Command::new("strace")
            .args(["-f", "-c", "-o"])
            .arg(&summary)
            .args(["-p", &self.proxy.id().to_string()])
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        self.until_traced();
        let outcome = self.engine.run(length, Pace::Full);
        Command::new("kill").args(["-INT", &strace.id().to_string()]).status().ok()?;
        strace.wait().ok()?;
        let text = std::fs::read_to_string(summary).ok()?;
        let total = text.lines().find(|line| line.ends_with("total"))?;
        let calls: f64 = total.split_whitespace().filter_map(|word| word.parse().ok()).nth(3)?;
        let exchanges = outcome.latencies.len();
        (exchanges > 0).then(|| calls / exchanges as f64)
    }

    fn until_traced(&self) {
        let path = format!("/proc/{}/status", self.proxy.id());
        for _ in 0..1000 {
            let status = std::fs::read_to_string(&path).unwrap_or_default();
            let traced = status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"));
            if traced {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Log lines received per exchange since the start.
    pub(crate) fn log_lines(&mut self) -> Option<f64> {
        let (lines, exchanges) = self.engine.lines_and_exchanges();
        (lines > 0).then(|| lines as f64 / exchanges.max(1) as f64)
    }

    /// Lets each client have one answer. Tells how many were answered, and the private bytes that each costs
    /// while it is idle.
    pub(crate) fn bytes_per_client(&mut self) -> (usize, f64) {
        let answered = self.engine.touch_each();
        std::thread::sleep(Duration::from_millis(300));
        let more = self.private_bytes().saturating_sub(self.at_rest);
        (answered, more as f64 / answered.max(1) as f64)
    }

    /// CPU time that it has used.
    pub(crate) fn cpu(&self) -> Duration {
        self.clocks().0
    }

    /// Memory of its own in bytes.
    pub(crate) fn private_bytes(&self) -> u64 {
        self.memory("Private")
    }

    /// Memory that is in use in bytes, what it shares with others included.
    pub(crate) fn resident_bytes(&self) -> u64 {
        self.memory("Rss")
    }

    fn memory(&self, label: &str) -> u64 {
        let text =
            std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.proxy.id())).unwrap_or_default();
        let kilobytes = |line: &str| line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok());
        text.lines().filter(|line| line.starts_with(label)).filter_map(kilobytes).sum::<u64>() * 1024
    }

    /// CPU time of all threads, exact; user and system time in seconds, as coarse as the kernel's tick.
    fn clocks(&self) -> (Duration, f64, f64) {
        let id = self.proxy.id();
        let threads = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        let nanos = threads.filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        });
        let cpu = Duration::from_nanos(nanos.sum());
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after_name = text.rsplit(") ").next().unwrap_or_default();
        let ticks = |at: usize| {
            after_name.split(' ').nth(at).and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0)
        };
        (cpu, ticks(11) / TICKS_PER_SECOND, ticks(12) / TICKS_PER_SECOND)
    }
}

impl Slice {
    /// Adds another slice of the same program.
    pub(crate) fn add(&mut self, other: Slice) {
        self.outcome.latencies.extend(other.outcome.latencies);
        self.outcome.errors += other.outcome.errors;
        self.outcome.elapsed += other.outcome.elapsed;
        self.cpu += other.cpu;
        self.user += other.user;
        self.system += other.system;
    }

    /// The figures.
    pub(crate) fn sample(mut self) -> Sample {
        let latencies = &mut self.outcome.latencies;
        latencies.sort_unstable();
        let count = latencies.len();
        let quantile = |hundredths: usize| {
            let at = (count * hundredths / 100).min(count.saturating_sub(1));
            latencies.get(at).map_or(0.0, |nanos| *nanos as f64 / 1e3)
        };
        let (p50_us, p99_us) = (quantile(50), quantile(99));
        let seconds = self.outcome.elapsed.as_secs_f64();
        let each = count.max(1) as f64;
        Sample {
            exchanges: count as u64,
            rate: count as f64 / seconds,
            cpu_us: self.cpu.as_secs_f64() * 1e6 / each,
            user_us: self.user * 1e6 / each,
            system_us: self.system * 1e6 / each,
            busy: self.cpu.as_secs_f64() / seconds,
            p50_us,
            p99_us,
            errors: self.outcome.errors,
        }
    }
}
