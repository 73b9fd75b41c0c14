//! Cost per exchange as threads, connections and servers grow, and how many idle clients there can be.

use std::fmt::Write;
use std::time::{Duration, Instant};

use evenkeel_tests::figures::{Idle, Point, ProgramIdle, Quantity, Ratio, Series, Stamp};
use nix::sys::resource::{Resource, getrlimit};

use crate::contender::Contender;
use crate::engine::Pace;
use crate::measure::{Bench, Setup};
use crate::output::cores;
use crate::progress::Progress;
use crate::rounds::{Extent, rounds, start_all, steps};
use crate::scenario::{KEEP_ALIVE, Places};

/// How many exchanges are under way while many connections take turns.
const IN_FLIGHT: usize = 64;

/// Descriptors that are left for other things than clients when as many as possible are idle.
const SPARE: usize = 500;

/// How long idleness is watched.
const WATCHED: Duration = Duration::from_secs(2);

/// What all series need.
pub(crate) struct Scale<'s> {
    /// The subject and the one that it is compared with.
    pub(crate) contenders: &'s [Contender],
    /// How long and how often.
    pub(crate) extent: Extent,
    /// When and where.
    pub(crate) stamp: &'s Stamp,
    /// For who waits.
    pub(crate) progress: &'s Progress,
}

impl Scale<'_> {
    /// 1, 2 and more worker threads on all cores.
    pub(crate) fn workers(&self) -> Result<Series, String> {
        let cores = cores();
        let all = format!("0-{}", cores - 1);
        let mut counts = vec![1, 2, 4, cores, 2 * cores];
        counts.sort_unstable();
        counts.dedup();
        let about = format!(
            "Worker threads on all {cores} cores, which origin and load generator share. The rate shows little \
             when there is no core left for them; CPU time shows what threads cost each other."
        );
        self.series("workers", &about, &counts, |count| {
            let setup = Setup { threads: count, cores: &all, ..Setup::of(&KEEP_ALIVE) };
            self.point(count, &setup)
        })
    }

    /// From one connection to many that take turns.
    pub(crate) fn connections(&self) -> Result<Series, String> {
        let about = format!(
            "Client connections that take turns, at most {IN_FLIGHT} exchanges under way; otherwise as keep-alive. A \
             single one wakes the proxy for each step, so only from {IN_FLIGHT} on can the cost be flat; what is left \
             to grow is what caches do not hold of the kernel's sockets."
        );
        self.series("connections", &about, &[1, IN_FLIGHT, 1000, 9000], |count| {
            let scenario = KEEP_ALIVE.with_clients(count, count.min(IN_FLIGHT));
            self.point(count, &Setup::of(&scenario))
        })
    }

    /// From one server to ten thousand in one backend.
    pub(crate) fn servers(&self) -> Result<Vec<Series>, String> {
        let about = "servers in one backend, each with an address of its own, all of them used; a connection to the server \
                     per request.";
        let mut all = Vec::new();
        for algorithm in ["roundrobin", "leastconn"] {
            let name = format!("servers, balance {algorithm}");
            let about = format!("`balance {algorithm}`: {about}");
            all.push(self.series(&name, &about, &[1, 100, 1000, 10_000], |count| {
                let config =
                    |places: &Places<'_>, global: &str| many_servers(places, global, algorithm, count);
                self.point(count, &Setup { config: Some(&config), ..Setup::of(&KEEP_ALIVE) })
            })?);
        }
        Ok(all)
    }

    fn series(
        &self,
        name: &str,
        about: &str,
        counts: &[usize],
        point: impl Fn(usize) -> Result<Point, String>,
    ) -> Result<Series, String> {
        self.progress.begin(name, counts.len() as u64 * steps(self.contenders.len(), self.extent));
        let points = counts.iter().map(|count| point(*count)).collect::<Result<_, _>>()?;
        Ok(Series { name: name.to_owned(), about: about.to_owned(), stamp: self.stamp.clone(), points })
    }

    fn point(&self, count: usize, setup: &Setup<'_>) -> Result<Point, String> {
        let mut parties = start_all(self.contenders, setup, &mut Vec::new())?;
        for party in &mut parties {
            // Each connection and each server has been used before anything counts.
            party.bench.bytes_per_client();
            party.bench.slice(self.extent.slice, Pace::Full);
        }
        let samples = rounds(&mut parties, self.extent, self.progress, |_| Pace::Full);
        for (party, samples) in parties.iter_mut().zip(samples) {
            let errors: u64 = samples.iter().map(|sample| sample.errors).sum();
            if errors > 0 {
                return Err(format!("{errors} wrong answers of {} at {count}", party.runs.program));
            }
            party.runs.full = samples;
        }
        let ratio = Ratio::new(
            Quantity::Cpu,
            &parties[1].runs.program,
            None,
            &parties[0].runs.full,
            &parties[1].runs.full,
        );
        Ok(Point { count, runs: parties.into_iter().map(|party| party.runs).collect(), ratio })
    }

    /// As many idle clients as the descriptor limit allows.
    pub(crate) fn idle(&self) -> Result<Idle, String> {
        let (_, descriptors) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|error| error.to_string())?;
        let clients = usize::try_from(descriptors).unwrap_or(usize::MAX).saturating_sub(SPARE).min(200_000);
        self.progress.begin("idle", self.contenders.len() as u64);
        let scenario = KEEP_ALIVE.with_clients(clients, IN_FLIGHT);
        let config = |places: &Places<'_>, global: &str| many_clients(places, global, clients);
        let setup = Setup { config: Some(&config), ..Setup::of(&scenario) };
        let mut programs = Vec::new();
        for contender in self.contenders {
            programs.push(one_idle(contender, &setup)?);
            self.progress.step();
        }
        Ok(Idle { stamp: self.stamp.clone(), descriptors, programs })
    }
}

fn one_idle(contender: &Contender, setup: &Setup<'_>) -> Result<ProgramIdle, String> {
    let mut bench =
        Bench::start(contender, setup).map_err(|error| format!("{}: {}", contender.name, error.trim()))?;
    let (clients, bytes_each) = bench.bytes_per_client();
    let (before, since) = (bench.cpu(), Instant::now());
    std::thread::sleep(WATCHED);
    let used = bench.cpu().saturating_sub(before);
    let cpu_ms_per_second = used.as_secs_f64() * 1e3 / since.elapsed().as_secs_f64();
    Ok(ProgramIdle { program: contender.name.clone(), clients, bytes_each, cpu_ms_per_second })
}

/// `strict-limits` would refuse a `maxconn` that leaves no descriptor for as many servers' connections.
fn many_clients(places: &Places<'_>, global: &str, clients: usize) -> String {
    format!(
        "global\n  nbthread 1\n  maxconn {}\n  no strict-limits\n  {global}\n\
         defaults\n  timeout connect 5s\n  timeout client 300s\n  timeout server 300s\n\
         listen in\n  mode http\n  maxconn {}\n  bind 127.0.0.1:{}\n  http-reuse always\n  server s1 127.0.0.1:{}\n",
        clients + SPARE / 2,
        clients + SPARE / 2,
        places.front,
        places.origins[0]
    )
}

fn many_servers(places: &Places<'_>, global: &str, algorithm: &str, count: usize) -> String {
    let mut text = format!(
        "global\n  nbthread 1\n  maxconn 1000\n  {global}\n\
         defaults\n  mode http\n  option http-server-close\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n\
         frontend in\n  bind 127.0.0.1:{}\n  default_backend out\n\
         backend out\n  balance {algorithm}\n",
        places.front
    );
    let port = places.origins[0];
    for number in 0..count {
        // The first is the loopback's own address, so that the smallest case is the usual one.
        let (high, low) = (number / 250, number % 250 + 1);
        let _ = writeln!(text, "  server s{number} 127.0.{high}.{low}:{port}");
    }
    text
}
