//! One run of one program: start it on its core, load it, read its clocks.

use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

use evenkeel_tests::program::{Program, Running, Scratch, free_port};
use serde_json::{Value, json};

use crate::engine::{Engine, Outcome};
use crate::scenario::Scenario;

/// The core that the proxy has to itself.
const PROXY_CORE: &str = "0";

/// What one run says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// Exchanges per second.
    pub(crate) rate: f64,
    /// CPU time of the proxy per exchange, in microseconds, user and system.
    pub(crate) user: f64,
    /// See `user`.
    pub(crate) system: f64,
    /// Share of the time that the proxy's core was busy with it.
    pub(crate) busy: f64,
    /// Latencies in microseconds.
    pub(crate) p50: f64,
    /// See `p50`.
    pub(crate) p99: f64,
    /// System calls per exchange, when strace is at hand and was asked for.
    pub(crate) calls: Option<f64>,
    /// Wrong answers.
    pub(crate) errors: u64,
}

impl Sample {
    /// CPU time per exchange in microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.user + self.system
    }

    /// For the report.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "exchanges_per_second": self.rate, "user_us": self.user, "system_us": self.system, "cpu_us": self.cpu(),
            "busy": self.busy, "p50_us": self.p50, "p99_us": self.p99, "system_calls": self.calls, "errors": self.errors,
        })
    }
}

/// A proxy under load.
pub(crate) struct Bench {
    proxy: Running,
    engine: Engine,
    _log: UdpSocket,
    scratch: Scratch,
}

impl Bench {
    /// Starts a program on its core and connects the clients.
    pub(crate) fn start(program: &Program, scenario: &Scenario) -> Result<Bench, String> {
        let origins: Vec<TcpListener> = (0..scenario.origins)
            .map(|_| TcpListener::bind("127.0.0.1:0").expect("the loopback has ports"))
            .collect();
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port()).unwrap_or(0);
        let ports: Vec<u16> = origins.iter().map(port).collect();
        let log = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let log_port = log.local_addr().map_err(|error| error.to_string())?.port();
        let scratch = Scratch::new();
        let front = free_port();
        let config = scratch.write("haproxy.cfg", scenario.config(front, &ports, log_port));
        let mut command = Command::new("taskset");
        command.args(["-c", PROXY_CORE]).arg(&program.path).arg("-db").arg("-f").arg(config);
        let proxy = Running::start(&mut command, Some(front), &scratch)?;
        let mut engine = Engine::new(origins, front, scenario.traffic());
        engine.connect();
        Ok(Bench { proxy, engine, _log: log, scratch })
    }

    /// Warms up, then measures.
    pub(crate) fn run(&mut self, length: Duration, rate: Option<f64>) -> Sample {
        self.engine.run(length / 4, rate);
        let before = cpu_seconds(self.proxy.id());
        let outcome = self.engine.run(length, rate);
        let after = cpu_seconds(self.proxy.id());
        sample(outcome, after.0 - before.0, after.1 - before.1)
    }

    /// System calls per exchange, counted by strace in a run of its own, since counting slows the proxy.
    pub(crate) fn count_calls(&mut self, length: Duration) -> Option<f64> {
        let summary = self.scratch.path().join("strace");
        let mut strace = Command::new("strace")
            .args(["-f", "-c", "-o"])
            .arg(&summary)
            .args(["-p", &self.proxy.id().to_string()])
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        self.engine.run(length / 2, None);
        let outcome = self.engine.run(length, None);
        // The calls of the first half count as well; so do its exchanges, at the same rate.
        let exchanges = outcome.latencies.len() as f64 * 1.5;
        Command::new("kill").args(["-INT", &strace.id().to_string()]).status().ok()?;
        strace.wait().ok()?;
        let text = std::fs::read_to_string(summary).ok()?;
        let total = text.lines().find(|line| line.ends_with("total"))?;
        let calls: f64 = total.split_whitespace().filter_map(|word| word.parse().ok()).nth(3)?;
        (exchanges > 0.0).then(|| calls / exchanges)
    }

    /// Private memory now and with every client idle after one exchange, in bytes per client.
    pub(crate) fn memory_per_client(&mut self, at_rest: u64, clients: usize) -> f64 {
        self.engine.touch_each();
        std::thread::sleep(Duration::from_millis(500));
        self.memory().saturating_sub(at_rest) as f64 / clients as f64
    }

    /// Private memory of the proxy in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let text =
            std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.proxy.id())).unwrap_or_default();
        let kilobytes = |line: &str| line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok());
        text.lines().filter(|line| line.starts_with("Private")).filter_map(kilobytes).sum::<u64>() * 1024
    }
}

/// User and system time of a process in seconds.
fn cpu_seconds(id: u32) -> (f64, f64) {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let after_name = text.rsplit(") ").next().unwrap_or_default().to_owned();
    let ticks =
        |at: usize| after_name.split(' ').nth(at).and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0);
    // The kernel reports in hundredths of a second, whatever its own tick is.
    (ticks(11) / 100.0, ticks(12) / 100.0)
}

fn sample(mut outcome: Outcome, user: f64, system: f64) -> Sample {
    outcome.latencies.sort_unstable();
    let count = outcome.latencies.len().max(1) as f64;
    let quantile = |share: f64| {
        let at = (count * share) as usize;
        outcome
            .latencies
            .get(at.min(outcome.latencies.len().saturating_sub(1)))
            .map_or(0.0, |nanos| *nanos as f64 / 1e3)
    };
    let seconds = outcome.elapsed.as_secs_f64();
    Sample {
        rate: outcome.latencies.len() as f64 / seconds,
        user: user * 1e6 / count,
        system: system * 1e6 / count,
        busy: (user + system) / seconds,
        p50: quantile(0.5),
        p99: quantile(0.99),
        calls: None,
        errors: outcome.errors,
    }
}
