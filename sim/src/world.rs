//! The direct-drive world: the core alone, with simulated shells, network, clients and servers, a virtual
//! clock and one queue. A run goes through faults and healing, then everything must finish, new requests
//! must succeed, and the proxy must stop.

mod orders;
mod phases;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use evenkeel_core::base::ids::{BackendId, WorkerId};
use evenkeel_core::base::program::{Exit, Program, RunId};
use evenkeel_core::base::random::{Rng, Seed};
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::{Facts, Input, Message, Shared, Worker};

use self::phases::Phase;

use crate::actor::client::Client;
use crate::actor::program::fate;
use crate::actor::server::Server;
use crate::actor::{Actor, Stage};
use crate::conditions::Conditions;
use crate::coverage::Coverage;
use crate::fault::Fault;
use crate::network::{Network, NetworkEvent, Peer, Wake};
use crate::oracle::Violation;
use crate::oracle::lives::Lives;
use crate::probes;
use crate::queue::Queue;
use crate::record::Record;
use crate::scenario::Scenario;
use crate::settings::configuration;
use crate::shell::{Shell, Surroundings, now_at};

/// How long everything may take to finish once all faults have healed and all clients have come.
const SETTLING_MAX: Duration = Duration::from_secs(120);
/// Every so many turns the machines look at themselves.
const INVARIANTS_EVERY: u64 = 8;
/// More events than any run needs: something goes round in circles.
const EVENTS_MAX: u64 = 2_000_000;

#[derive(Debug)]
enum Event {
    Actor(Actor),
    Alarm(usize),
    Exited(WorkerId, RunId, Exit),
    Faults,
    Letter(WorkerId, Message),
    Network(NetworkEvent),
    Stop,
    Turn(usize),
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What did not hold.
    pub violation: Option<Violation>,
    /// The fingerprint.
    pub hash: u64,
    /// Inputs and outputs.
    pub steps: u64,
    /// Events of the world.
    pub events: u64,
    /// Virtual time.
    pub ended: Time,
    /// Rare states reached.
    pub coverage: Coverage,
    /// What happened, if it was wanted.
    pub timeline: Option<Vec<String>>,
}

/// A world.
#[derive(Debug)]
pub struct World {
    scenario: Scenario,
    /// Clients of the scenario; those behind are probes.
    planned: usize,
    now: Time,
    deadline: Time,
    healed: Time,
    /// When pools hold no half-open connections any more.
    calm_at: Time,
    phase: Phase,
    queue: Queue<Event>,
    rng: Rng,
    network: Network,
    shared: Shared,
    shells: Vec<Shell>,
    lives: Lives,
    turn_planned: Vec<bool>,
    alarm_at: Vec<Time>,
    /// When the last message from one worker to another arrives: they keep their order.
    letter_at: Vec<Time>,
    clients: Vec<Client>,
    servers: Vec<Server>,
    record: Record,
    letters: Vec<(WorkerId, WorkerId, Message)>,
    /// Programs to be run, or to be ended.
    orders: Vec<(WorkerId, RunId, Option<Program>)>,
    /// Programs that run, and since when.
    runs: BTreeMap<(WorkerId, RunId), Time>,
    timers: Vec<(Time, Actor)>,
    events: u64,
    turns: u64,
}

impl World {
    /// The world of a scenario, at its beginning.
    pub fn new(scenario: &Scenario, with_timeline: bool) -> World {
        let planned = scenario.clients.len();
        let mut scenario = scenario.clone();
        scenario.clients.extend(probes::plans(&scenario));
        let seed = Seed(scenario.seed);
        let config = Arc::new(configuration(&scenario));
        let now = now_at(Time::ZERO);
        let shared = Shared::new(&config, now);
        let workers = scenario.proxy.workers;
        let shells = (0..workers).map(|index| {
            let id = WorkerId(index);
            let facts = Facts { pid: 1, hostname: "sim".to_owned(), workers };
            let seed = seed.child(&format!("worker {index}"));
            let machine = Worker::new(config.clone(), shared.clone(), id, facts, seed, now);
            Shell::new(id, machine, seed.stream("shell"))
        });
        let shells: Vec<Shell> = shells.collect();
        let mut rng = seed.stream("world");
        let clients = scenario.clients.iter().enumerate();
        let clients = clients
            .map(|(index, plan)| Client::new(index, plan.clone(), rng.below(u64::from(workers)) as u32));
        let clients: Vec<Client> = clients.collect();
        let servers = 0..scenario.servers.len();
        let conditions = Conditions::of(scenario.servers.len(), std::iter::empty());
        World {
            record: Record::new(&scenario, with_timeline),
            planned,
            now: Time::ZERO,
            deadline: Time::NEVER,
            calm_at: Time::NEVER,
            healed: Time::from_millis(scenario.healed_ms()),
            phase: Phase::Traffic,
            queue: Queue::new(seed.stream("queue")),
            rng,
            network: Network::new(scenario.network.clone(), workers, conditions, seed.stream("network")),
            shared,
            shells,
            lives: Lives::new(scenario.servers.len()),
            turn_planned: vec![false; workers as usize],
            alarm_at: vec![Time::NEVER; workers as usize],
            letter_at: vec![Time::ZERO; (workers * workers) as usize],
            clients,
            servers: servers
                .map(|index| Server::new(index, seed.stream(&format!("server {index}"))))
                .collect(),
            letters: Vec::new(),
            orders: Vec::new(),
            runs: BTreeMap::new(),
            timers: Vec::new(),
            events: 0,
            turns: 0,
            scenario,
        }
    }

    /// Lets time pass until all is over or something does not hold.
    pub fn run(mut self) -> Outcome {
        self.begin();
        while self.phase != Phase::Over && self.record.violation.is_none() {
            let Some((at, event)) = self.queue.pop() else {
                self.record.violation("liveness", self.now, "nothing will ever happen again".to_owned());
                break;
            };
            self.events += 1;
            if at > self.deadline || self.events > EVENTS_MAX {
                self.too_late();
                break;
            }
            self.now = at;
            self.network.advance(at);
            self.happen(event);
            self.pump();
            self.go_on();
        }
        Outcome {
            violation: self.record.violation,
            hash: self.record.trace.finish(),
            steps: self.record.trace.steps(),
            events: self.events,
            ended: self.now,
            coverage: self.record.coverage,
            timeline: self.record.timeline,
        }
    }

    fn begin(&mut self) {
        for (index, client) in self.clients[..self.planned].iter().enumerate() {
            self.queue.push(client.start(), Event::Actor(Actor::Client(index)));
        }
        for planned in &self.scenario.faults {
            self.queue.push(Time::from_millis(planned.at_ms), Event::Faults);
            self.queue.push(Time::from_millis(planned.at_ms + planned.for_ms), Event::Faults);
        }
        self.give_orders();
        for worker in 0..self.shells.len() {
            self.queue.push(Time::ZERO, Event::Turn(worker));
        }
        let clients = self.scenario.clients[..self.planned].iter();
        let last = clients.map(|client| client.start_ms).max().unwrap_or(0);
        let quiet = self.healed.max(Time::from_millis(last));
        self.queue.push(quiet, Event::Faults);
        self.deadline = quiet + SETTLING_MAX;
        if let Some(stop) = self.scenario.stop {
            self.queue.push(Time::from_millis(stop.at_ms), Event::Stop);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Actor(Actor::Client(index)) => self.step_client(index),
            Event::Actor(Actor::Server(index, wire)) => {
                let (server, mut stage) = split_server(self, index);
                server.step(wire, &mut stage);
            }
            Event::Alarm(worker) => {
                self.alarm_at[worker] = Time::NEVER;
                self.turn(worker);
            }
            Event::Exited(worker, run, exit) => {
                if self.runs.remove(&(worker, run)).is_some() {
                    self.shells[worker.index()].post(Input::Exited { run, exit });
                    self.plan_turn(worker.index());
                }
            }
            Event::Faults => self.change_conditions(),
            Event::Letter(to, message) => {
                self.shells[to.index()].post(Input::Message(message));
                self.plan_turn(to.index());
            }
            Event::Network(event) => self.network.handle(event),
            Event::Stop => self.stop(),
            Event::Turn(worker) => self.turn(worker),
        }
    }

    fn turn(&mut self, worker: usize) {
        self.turn_planned[worker] = false;
        let mut around = Surroundings {
            network: &mut self.network,
            record: &mut self.record,
            programs: &mut self.orders,
            letters: &mut self.letters,
        };
        let shell = &mut self.shells[worker];
        shell.turn(self.now, &mut around);
        self.turns += 1;
        if self.turns.is_multiple_of(INVARIANTS_EVERY) {
            shell.machine().check_invariants();
            self.shared.backend(BackendId(0)).with(|backend| backend.check_invariants());
        }
        if let Err(what) = self.lives.look(&self.shared) {
            self.record.violation("lives", self.now, what);
        }
        let (ready, next) = (shell.is_ready(), shell.wanted());
        if ready {
            self.plan_turn(worker);
        }
        if next < self.alarm_at[worker] && !self.shells[worker].is_stopped() {
            self.alarm_at[worker] = next;
            self.queue.push(next.max(self.now), Event::Alarm(worker));
        }
    }

    /// The worker's thread gets its turn in a moment.
    fn plan_turn(&mut self, worker: usize) {
        if std::mem::replace(&mut self.turn_planned[worker], true) {
            return;
        }
        let pause = if self.scenario.network.whole_ms { 0 } else { self.rng.below(20_000) };
        self.queue.push(self.now + Duration::from_nanos(pause), Event::Turn(worker));
    }

    fn step_client(&mut self, index: usize) {
        let (client, mut stage) = split_client(self, index);
        client.step(&mut stage);
    }

    /// Carries on what the last event set going.
    fn pump(&mut self) {
        while let Some(wake) = self.network.wakes.pop() {
            match wake {
                Wake::Proxy(wire) => {
                    let worker = self.network.worker(wire) as usize;
                    if let Some(conn) = self.network.conn(wire) {
                        self.shells[worker].ring(conn);
                        self.plan_turn(worker);
                    }
                }
                Wake::Peer(wire) => match self.network.peer(wire) {
                    Peer::Client(index) => self.step_client(index),
                    Peer::Server { server, .. } => self.happen(Event::Actor(Actor::Server(server, wire))),
                },
                Wake::Incoming(wire) => match self.network.peer(wire) {
                    Peer::Client(_) => {
                        let worker = self.network.worker(wire) as usize;
                        self.shells[worker].ring_door(wire);
                        self.plan_turn(worker);
                    }
                    Peer::Server { server, health } => self.servers[server].accept(wire, health),
                },
            }
        }
        for (at, event) in self.network.due.drain(..) {
            self.queue.push(at, Event::Network(event));
        }
        for (at, actor) in self.timers.drain(..) {
            self.queue.push(at, Event::Actor(actor));
        }
        for (worker, run, program) in std::mem::take(&mut self.orders) {
            self.order_program(worker, run, program.as_ref());
        }
        for (from, to, message) in std::mem::take(&mut self.letters) {
            let late = self.network.conditions.late_messages_ms * 1_000_000;
            let most = self.scenario.network.message_us * 1_000 + late + 1;
            let at = self.now + Duration::from_nanos(self.rng.below(most));
            let last = &mut self.letter_at[from.index() * self.shells.len() + to.index()];
            // One nanosecond apart, for events of one instant come in any order.
            *last = at.max(*last + Duration::from_nanos(1));
            self.queue.push(*last, Event::Letter(to, message));
        }
    }

    /// Runs a program as what befalls its server has it, or ends it.
    fn order_program(&mut self, worker: WorkerId, run: RunId, program: Option<&Program>) {
        let Some(program) = program else {
            let at = self.now + Duration::from_micros(1 + self.rng.below(3_000));
            return self.queue.push(at, Event::Exited(worker, run, Exit::Signal));
        };
        let name = program.environment.iter().find(|(name, _)| *name == "HAPROXY_SERVER_NAME");
        let server = name.and_then(|(_, name)| name.strip_prefix('s')?.parse::<usize>().ok()).unwrap_or(0);
        self.runs.insert((worker, run), self.now);
        let conditions = &self.network.conditions.servers[server];
        if let Some((at, exit)) = fate(conditions, self.now, &mut self.rng) {
            self.queue.push(at, Event::Exited(worker, run, exit));
        }
    }

    fn change_conditions(&mut self) {
        let now = self.now.as_millis();
        let active = |planned: &&crate::fault::PlannedFault| {
            planned.at_ms <= now && now < planned.at_ms + planned.for_ms
        };
        let count = self.scenario.servers.len();
        self.network.conditions = Conditions::of(count, self.scenario.faults.iter().filter(active));
        for planned in self.scenario.faults.iter().filter(|planned| planned.at_ms == now) {
            match planned.fault {
                Fault::Crash { server } => self.servers[server % count].crash(&mut self.network),
                Fault::PowerLoss { server } => self.servers[server % count].lose_power(&mut self.network),
                _ => {}
            }
        }
        for index in 0..count {
            for wire in self.servers[index].wires() {
                self.happen(Event::Actor(Actor::Server(index, wire)));
            }
        }
        for index in 0..self.clients.len() {
            if index < self.planned || self.phase != Phase::Traffic {
                self.step_client(index);
            }
        }
    }
}

fn split_client(world: &mut World, index: usize) -> (&mut Client, Stage<'_>) {
    let stage = Stage {
        now: world.now,
        network: &mut world.network,
        record: &mut world.record,
        timers: &mut world.timers,
        scenario: &world.scenario,
    };
    (&mut world.clients[index], stage)
}

fn split_server(world: &mut World, index: usize) -> (&mut Server, Stage<'_>) {
    let stage = Stage {
        now: world.now,
        network: &mut world.network,
        record: &mut world.record,
        timers: &mut world.timers,
        scenario: &world.scenario,
    };
    (&mut world.servers[index], stage)
}
