//! The second world: turmoil runs the very driver that production runs, with hyper's clients and servers at
//! both ends. Scenarios and oracles are those of the direct-drive world, as far as hyper can play them.

mod body;
mod client;
mod machine;
mod origin;
mod weather;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use evenkeel_core::base::ids::{FrontendId, LogTargetId, WorkerId};
use evenkeel_core::base::random::Seed;
use evenkeel_core::base::time::Time;
use evenkeel_core::model::{self, Config};
use evenkeel_core::proxy::{Facts, Input, Shared, Signal, Worker};
use evenkeel_io::Mailbox;
use evenkeel_io::driver::Driver;
use evenkeel_io::log_sink::LogSink;
use turmoil::net::TcpListener;

use crate::chaos::ChaosNet;
use crate::conditions::Conditions;
use crate::fault::Fault;
use crate::network::WireId;
use crate::oracle::{Sight, liveness};
use crate::probes;
use crate::record::Record;
use crate::scenario::{Framing, Mode, Scenario};
use crate::settings::{configuration, frontend_address};
use crate::shell::now_at;
use crate::turmoil_net::{TurmoilListener, TurmoilNet};
use crate::world::Outcome;
use machine::Witness;
use weather::Weather;

/// How long everything may take to finish once all faults have healed and all clients have come.
const SETTLING_MAX: Duration = Duration::from_secs(60);
/// How long all new requests may take, and the stop.
const PROBING_MAX: Duration = Duration::from_secs(30);
/// Clients connect to this port and those behind it, one each: their addresses are all the same.
const FIRST_PORT: u16 = 1_000;
/// Per cent of the driver's calls that something odd happens to, by the scenario's seed.
const ODDITIES: [u64; 3] = [0, 5, 30];

/// What all parts of the world share. Everything runs in one thread.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) record: RefCell<Record>,
    pub(crate) conditions: RefCell<Conditions>,
    /// Changes with the conditions.
    /// Wakes in the order of waiting; `watch` would wake in an order left to chance, which no seed of ours sets.
    pub(crate) changes: tokio::sync::Notify,
    /// Connections to servers: who connected (by server and local port), and how they are called.
    pub(crate) wires: RefCell<BTreeMap<(usize, u16), WireId>>,
    /// How many connections to servers were called something.
    pub(crate) named: Cell<u32>,
    /// How often a server went up or down.
    pub(crate) turns: Cell<u32>,
    /// Clients that are through.
    pub(crate) over: RefCell<Vec<bool>>,
    /// The client that may begin, for those that wait to be told.
    pub(crate) begun: Cell<usize>,
    /// What clients at the end said that did not go well.
    pub(crate) disappointed: RefCell<Option<String>>,
}

impl World {
    /// The time that everybody shares.
    pub(crate) fn now() -> Time {
        let elapsed = turmoil::sim_elapsed().unwrap_or_default();
        Time::from_nanos(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(crate) fn see(&self, sight: &Sight<'_>) {
        self.record.borrow_mut().see(World::now(), sight);
    }

    /// A name for a new connection to a server.
    pub(crate) fn next_wire(&self) -> u32 {
        self.named.set(self.named.get() + 1);
        self.named.get()
    }

    /// Whether the server's program dies now, and does not just stop to listen.
    pub(crate) fn crashes(&self, server: usize) -> bool {
        let now = World::now().as_millis();
        let count = self.scenario.servers.len();
        self.scenario.faults.iter().any(|planned| {
            matches!(planned.fault, Fault::Crash { server: victim } if victim % count == server)
                && planned.at_ms <= now
                && now < planned.at_ms + planned.for_ms
        })
    }

    /// Waits until the conditions are such.
    pub(crate) async fn until(&self, mut fits: impl FnMut(&Conditions) -> bool) {
        // All is one thread, so nothing changes between the look and the wait.
        while !fits(&self.conditions.borrow()) {
            self.changes.notified().await;
        }
    }
}

/// The part of a seed's scenario that hyper and turmoil can play.
pub fn adapt(mut scenario: Scenario) -> Scenario {
    scenario.proxy.mode = Mode::Http;
    scenario.stop = None;
    scenario.clients.truncate(8);
    scenario.servers.truncate(3);
    for client in &mut scenario.clients {
        client.garbage = None;
        client.pipelined = false;
        client.leaving = crate::scenario::Leaving::Close;
        for request in &mut client.requests {
            request.expect = false;
            if std::mem::take(&mut request.upgrade) {
                request.answer.status = 200;
            }
            if request.answer.framing == Framing::Close {
                request.answer.framing = Framing::Chunked;
            }
            request.answer.interim = 0;
        }
    }
    scenario
}

/// The proxy's host.
fn proxy_ip() -> IpAddr {
    frontend_address().ip()
}

/// The host of a server, as [`configuration`] has it.
fn server_ip(server: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 1, 0, server as u8 + 1))
}

/// The host of all clients.
fn clients_ip() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 2, 0, 0))
}

/// The scenario's configuration with a listener for each client.
fn with_listeners(scenario: &Scenario) -> Config {
    let mut config = configuration(scenario);
    let listener = config.listeners.remove(0);
    let ports = (FIRST_PORT..).take(scenario.clients.len());
    config.listeners = ports
        .map(|port| model::Listener {
            frontend: FrontendId(0),
            address: model::BindAddress::Ip((proxy_ip(), port).into()),
            ..listener.clone()
        })
        .collect();
    config
}

/// Lines are seen as outputs; here they only vanish.
struct NoLog;

impl LogSink for NoLog {
    fn write(&mut self, _: LogTargetId, _: &[u8]) {}

    fn flush(&mut self) {}
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Traffic,
    Probing,
    Stopping,
}

/// Runs a scenario to its end.
pub fn run(scenario: &Scenario, with_timeline: bool) -> Outcome {
    let planned = scenario.clients.len();
    let mut scenario = scenario.clone();
    scenario.clients.extend(probes::plans(&scenario));
    let count = scenario.clients.len();
    let world = Rc::new(World {
        record: RefCell::new(Record::new(&scenario, with_timeline)),
        conditions: RefCell::new(Conditions::of(scenario.servers.len(), std::iter::empty())),
        changes: tokio::sync::Notify::new(),
        wires: RefCell::default(),
        named: Cell::new(0),
        turns: Cell::new(0),
        over: RefCell::new(vec![false; count]),
        begun: Cell::new(planned),
        disappointed: RefCell::default(),
        scenario,
    });
    Run::new(world, planned).run()
}

struct Run {
    world: Rc<World>,
    /// Clients of the scenario; those behind are probes.
    planned: usize,
    phase: Phase,
    deadline: Duration,
    shared: Shared,
    /// Clients and exchanges of each worker.
    counts: Rc<RefCell<Vec<(usize, usize)>>>,
    mailboxes: Vec<Mailbox>,
    stopped: Rc<Cell<usize>>,
    weather: Weather,
    /// How often servers had gone up or down when the probes began.
    turns_before: u32,
}

impl Run {
    fn new(world: Rc<World>, planned: usize) -> Run {
        let scenario = &world.scenario;
        let config = Arc::new(with_listeners(scenario));
        let shared = Shared::new(&config, now_at(Time::ZERO));
        let workers = scenario.proxy.workers as usize;
        let last = scenario.clients[..planned].iter().map(|client| client.start_ms).max().unwrap_or(0);
        let quiet = Duration::from_millis(scenario.healed_ms().max(last));
        Run {
            planned,
            phase: Phase::Traffic,
            deadline: quiet + SETTLING_MAX,
            shared,
            counts: Rc::new(RefCell::new(vec![(0, 0); workers])),
            mailboxes: (0..workers).map(|_| Mailbox::new()).collect(),
            stopped: Rc::default(),
            weather: Weather::new(scenario),
            turns_before: 0,
            world,
        }
    }

    fn run(mut self) -> Outcome {
        let scenario = self.world.scenario.clone();
        let latency = Duration::from_millis(1 + Seed(scenario.seed).stream("latency").below(4));
        let mut sim = turmoil::Builder::new()
            .rng_seed(scenario.seed)
            .epoch(SystemTime::UNIX_EPOCH)
            .simulation_duration(Duration::from_secs(100_000))
            .tick_duration(Duration::from_millis(1))
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(latency)
            .tcp_capacity(4_096)
            .build();
        for server in 0..scenario.servers.len() {
            let world = Rc::clone(&self.world);
            sim.host(server_ip(server), move || origin::serve(Rc::clone(&world), server));
        }
        self.start_proxy(&mut sim);
        let world = Rc::clone(&self.world);
        sim.client(clients_ip(), async move {
            client::all(world).await;
            // turmoil ends with its last client; this world ends when it says so.
            std::future::pending::<()>().await;
            Ok(())
        });
        loop {
            self.weather.change(&self.world, &mut sim);
            let failed = sim.step().err().map(|error| error.to_string());
            let now = Time::from_nanos(u64::try_from(sim.elapsed().as_nanos()).unwrap_or(u64::MAX));
            if let Some(error) = failed {
                self.violation("panic", now, error);
            }
            if self.world.record.borrow().violation.is_some() || self.go_on(sim.elapsed(), now) {
                return self.outcome(now);
            }
        }
    }

    /// Starts the workers, each with its driver, on the proxy's host.
    fn start_proxy(&self, sim: &mut turmoil::Sim<'_>) {
        let scenario = self.world.scenario.clone();
        let config = Arc::new(with_listeners(&scenario));
        let (world, shared) = (Rc::clone(&self.world), self.shared.clone());
        let (mailboxes, counts) = (self.mailboxes.clone(), Rc::clone(&self.counts));
        let stopped = Rc::clone(&self.stopped);
        sim.client(proxy_ip(), async move {
            let seed = Seed(scenario.seed);
            let percent = ODDITIES[seed.stream("oddities").below(ODDITIES.len() as u64) as usize];
            let workers = scenario.proxy.workers;
            for index in 0..workers {
                let id = WorkerId(index);
                let net = ChaosNet::new(TurmoilNet, seed.stream(&format!("chaos {index}")), percent);
                let mut listeners = Vec::new();
                for client in 0..config.listeners.len() {
                    let ours = client as u32 % workers == index;
                    listeners.push(match ours {
                        false => None,
                        true => {
                            let port = FIRST_PORT + client as u16;
                            let socket = TcpListener::bind(("0.0.0.0", port)).await?;
                            Some(net.listener(TurmoilListener::new(socket)))
                        }
                    });
                }
                let facts = Facts { pid: 1, hostname: "sim".to_owned(), workers };
                let worker_seed = seed.child(&format!("worker {index}"));
                let worker =
                    Worker::new(config.clone(), shared.clone(), id, facts, worker_seed, now_at(World::now()));
                let witness = Witness::new(worker, id, Rc::clone(&world), Rc::clone(&counts));
                let driver = Driver::new(net, witness, NoLog, id, &mailboxes, listeners);
                let stopped = Rc::clone(&stopped);
                tokio::task::spawn_local(async move {
                    tokio::task::unconstrained(driver.run()).await;
                    stopped.set(stopped.get() + 1);
                });
            }
            std::future::pending::<()>().await;
            Ok(())
        });
    }

    /// Goes to the next phase when this one is over. Tells whether all is.
    fn go_on(&mut self, elapsed: Duration, now: Time) -> bool {
        if elapsed > self.deadline {
            let client = self.world.over.borrow().iter().position(|over| !over);
            let what = format!("{:?} does not end: client {client:?}, {:?}", self.phase, self.unrest());
            self.violation("liveness", now, what);
            return true;
        }
        let through = |clients: &[bool]| clients.iter().all(|over| *over);
        match self.phase {
            Phase::Traffic => {
                let healed = elapsed >= Duration::from_millis(self.world.scenario.healed_ms());
                let through = through(&self.world.over.borrow()[..self.planned]);
                if healed && through && self.unrest().is_none() {
                    self.phase = Phase::Probing;
                    self.deadline = elapsed + PROBING_MAX;
                    self.world.record.borrow_mut().arrivals.fill(0);
                    self.turns_before = self.world.turns.get();
                    self.begin_probe();
                }
                false
            }
            Phase::Probing => {
                let over = self.world.over.borrow()[..self.world.begun.get()].iter().all(|over| *over);
                if let Some(what) = self.world.disappointed.take() {
                    self.violation("liveness", now, format!("after everything healed: {what}"));
                } else if over && self.world.begun.get() < self.world.scenario.clients.len() {
                    self.begin_probe();
                } else if over && self.unrest().is_none() {
                    let arrivals = self.world.record.borrow().arrivals.clone();
                    // A check that began before the healing may still take a server away for a while.
                    let steady = self.world.turns.get() == self.turns_before;
                    let neglected = probes::neglected(&self.world.scenario, &arrivals);
                    if let Some(server) = neglected.filter(|_| steady) {
                        let what = format!("server {server} is up and gets no requests");
                        self.violation("liveness", now, what);
                    }
                    self.phase = Phase::Stopping;
                    self.deadline = elapsed + PROBING_MAX;
                    let stop = |mailbox: &Mailbox| mailbox.send(Input::Signal(Signal::SoftStop));
                    self.mailboxes.iter().for_each(stop);
                }
                false
            }
            Phase::Stopping => self.stopped.get() == self.mailboxes.len(),
        }
    }

    fn begin_probe(&self) {
        self.world.begun.set(self.world.begun.get() + 1);
        self.world.changes.notify_waiters();
    }

    fn unrest(&self) -> Option<String> {
        let counts = self.counts.borrow();
        liveness::unrest_of(counts.iter().copied(), &self.shared, self.world.scenario.servers.len())
    }

    fn violation(&self, oracle: &'static str, now: Time, what: String) {
        self.world.record.borrow_mut().violation(oracle, now, what);
    }

    fn outcome(self, now: Time) -> Outcome {
        let mut record = self.world.record.borrow_mut();
        record.finish(now);
        Outcome {
            violation: record.violation.take(),
            hash: record.trace.finish(),
            steps: record.trace.steps(),
            events: 0,
            ended: now,
            coverage: std::mem::take(&mut record.coverage),
            timeline: record.timeline.take(),
        }
    }
}
