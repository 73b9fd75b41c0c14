//! The machine of one backend: who gets which server, who waits, and what checks change.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::Event;
use super::grant::{Grant, Waiter};
use super::life::{Life, Status};
use super::notice::{Because, CheckReport, Notice, Subject};
use super::queue::{Left, Queue};
use super::ramp::Ramp;
use super::server::ServerState;
use crate::balance::{Balancer, ring_origin};
use crate::base::ids::{BackendId, ServerId};
use crate::base::map::{Map, Set};
use crate::base::priority::Priority;
use crate::base::time::{Now, Time};
use crate::health::{CheckStatus, Outcome, Seen};
use crate::model;
use crate::persistence::Named;

mod admin;
mod agent;
mod change;
mod observe;
mod warm;

pub use admin::{NewWeight, Order, WeightIsFixed};
pub use observe::Observed;
pub(super) use warm::Warm;

/// Which server a stream would like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Wish {
    /// This one last (a redispatch).
    pub exclude: Option<ServerId>,
    /// This one or none (a retry on the same server, persistence).
    pub only: Option<ServerId>,
    /// The one that requests with this number go to, if `balance` looks at the request.
    pub key: Option<u32>,
    /// How urgent it is, if it has to wait.
    pub priority: Priority,
}

/// What a stream that asked for a server gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// A slot of this server, to be given back by [`Backend::release`].
    Server(ServerId),
    /// A place in a queue: of a server, or of the backend. An event tells how it ends.
    Queued {
        /// Whose queue; `None` is the backend's.
        server: Option<ServerId>,
    },
    /// No server is usable: none is up, or all weights are zero. With [`Wish::only`]: that one is not up.
    NoServer,
    /// The queue of the server wanted is full (`maxqueue`).
    QueueFull(ServerId),
}

/// What became of a wish to wait no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The stream waited and does not any more.
    Queued {
        /// How many left the same queue with a slot while it waited, and one for itself: what logs show.
        position: u32,
    },
    /// It does not wait: a grant or a redistribution is on its way, or it never asked. A grant that comes
    /// must be given back.
    NotQueued,
}

/// The machine of one backend, shared by all workers.
#[derive(Clone, Debug)]
pub struct Backend {
    id: BackendId,
    settings: Arc<model::Backend>,
    servers: Vec<ServerState>,
    balancer: Balancer,
    /// Units of the balancer in a weight.
    scale: u32,
    /// Servers that start slowly, by when they take the next step.
    warming: Set<(Time, ServerId)>,
    /// How many servers the balancer may pick, full ones included.
    members: u32,
    /// Servers that are usable: active ones and backups.
    usable: (u32, u32),
    queue: Queue,
    ramp: Ramp,
    events: VecDeque<Event>,
    /// Streams on this backend, waiting ones included.
    streams: u32,
    /// The last check of each server, to tell when one ends otherwise.
    last_checks: Vec<Option<CheckStatus>>,
    /// Servers by the cookie value that names them, in their order.
    cookies: Map<Arc<str>, Vec<ServerId>>,
}

impl Backend {
    /// A backend whose checked servers count as up until their first check.
    pub fn new(id: BackendId, settings: Arc<model::Backend>, _now: Now) -> Backend {
        let count = settings.servers.len();
        let origin = |server: &Arc<model::Server>| ring_origin(server.id, server.ring_key, &server.address);
        let origins: Vec<u32> = settings.servers.iter().map(origin).collect();
        let factor = settings.hashing.balance_factor;
        let slow = settings.servers.iter().any(|server| server.slow_start.is_some());
        let (balancer, scale) = match slow {
            true => Balancer::in_parts(settings.balance, factor, &origins),
            false => (Balancer::new(settings.balance, factor, &origins), 1),
        };
        let mut cookies: Map<Arc<str>, Vec<ServerId>> = Map::new();
        for (index, server) in settings.servers.iter().enumerate() {
            if let Some(value) = &server.cookie {
                cookies.entry(Arc::clone(value)).or_default().push(ServerId(index as u32));
            }
        }
        let mut backend = Backend {
            id,
            servers: settings.servers.iter().map(ServerState::new).collect(),
            balancer,
            scale,
            warming: Set::new(),
            members: 0,
            usable: (0, 0),
            queue: Queue::new(count),
            ramp: Ramp::new(settings.fullconn.unwrap_or(1)),
            events: VecDeque::new(),
            streams: 0,
            last_checks: vec![None; count],
            cookies,
            settings,
        };
        backend.choose_members();
        backend
    }

    /// Its settings.
    pub fn settings(&self) -> &Arc<model::Backend> {
        &self.settings
    }

    /// The state of a server.
    pub fn server(&self, server: ServerId) -> &ServerState {
        &self.servers[server.index()]
    }

    /// How a server is seen at this moment, for checks that tell it so.
    pub fn seen(&self, server: ServerId) -> Seen {
        let state = &self.servers[server.index()];
        let members = self.servers.iter().filter(|server| server.member);
        Seen {
            up: state.life.passes_checks(),
            stopping: state.life.standing().health == Status::Stopping,
            progress: state.life.progress(),
            weight: (state.weight, members.map(|server| server.weight).sum()),
            connections: (state.connections, self.streams),
            queued: self.queue.len(Some(server)),
        }
    }

    /// How many streams wait in the queue of `server`, or in the backend's.
    pub fn queued(&self, server: Option<ServerId>) -> u32 {
        self.queue.len(server)
    }

    /// How many streams wait, for any server or for one (`queue`).
    pub fn queued_in_all(&self) -> u32 {
        self.queue.total()
    }

    /// Servers that may be picked, full ones included (`nbsrv`).
    pub fn members_in_use(&self) -> u32 {
        self.members
    }

    /// Connections that usable servers still have (`be_conn_free`), and with places in their queues (`connslots`).
    pub fn room(&self) -> [Option<u64>; 2] {
        let (mut free, mut slots) = (Some(0u64), Some(0u64));
        for (at, server) in self.servers.iter().enumerate() {
            if !server.usable {
                continue;
            }
            let left = |most: Option<u32>, used: u32| most.map(|most| u64::from(most.saturating_sub(used)));
            let connections = left(server.settings.maxconn, server.connections);
            let waiting = left(server.settings.maxqueue, self.queue.len(Some(ServerId(at as u32))));
            if server.member {
                free = free.zip(connections).map(|(sum, more)| sum + more);
            }
            slots = slots.zip(connections.zip(waiting)).map(|(sum, (more, places))| sum + more + places);
        }
        [free, slots]
    }

    /// How many streams the backend has (`be_conn`).
    pub fn streams(&self) -> u32 {
        self.streams
    }

    /// Servers that are up, do not drain and have a weight: active ones and backups.
    pub fn usable(&self) -> (u32, u32) {
        self.usable
    }

    /// A stream came to the backend. Servers whose limit rises with it serve who waits.
    pub fn begin(&mut self) {
        self.streams += 1;
        let mut last = None;
        while let Some(server) = self.ramp.turns_at(self.streams, last) {
            self.tell_balancer(server);
            self.fill(server);
            last = Some(server);
        }
    }

    /// A stream left the backend.
    pub fn end(&mut self) {
        debug_assert!(self.streams > 0, "a stream that ends has begun");
        let before = self.streams;
        self.streams = self.streams.saturating_sub(1);
        let mut last = None;
        while let Some(server) = self.ramp.turns_at(before, last) {
            self.tell_balancer(server);
            last = Some(server);
        }
    }

    /// Asks for a slot of a server.
    pub fn assign(&mut self, now: Now, waiter: Waiter, wish: Wish) -> Assigned {
        if let Some(only) = wish.only {
            return self.assign_only(now, waiter, only, wish.priority);
        }
        if let Some(server) = self.balancer.pick(wish.key, wish.exclude) {
            // A key leads to a full server too, and waits for it.
            return self.assign_only(now, waiter, server, wish.priority);
        }
        if !self.has_member() {
            return Assigned::NoServer;
        }
        self.queue.join(waiter, None, wish.priority, now.time);
        Assigned::Queued { server: None }
    }

    /// Which server a cookie's value names: the first that is up, or with `despite` the first.
    pub fn named(&self, value: &[u8], despite: bool) -> Named {
        let servers = std::str::from_utf8(value).ok().and_then(|value| self.cookies.get(value));
        let Some(servers) = servers else {
            return Named::Nobody;
        };
        let up = |server: &&ServerId| self.server(**server).is_reachable();
        let first = servers.first().copied();
        match (despite, servers.iter().find(up), first) {
            (true, _, Some(first)) if !self.server(first).is_reachable() => Named::Down(Some(first)),
            (_, Some(server), _) => Named::Up(*server),
            (_, None, _) => Named::Down(None),
        }
    }

    /// Asks for a slot of this server although it may be down (`option persist`). Nobody waits for it.
    pub fn assign_despite(&mut self, server: ServerId) -> Assigned {
        if !self.server(server).has_room() {
            return Assigned::NoServer;
        }
        self.take_slot(server);
        Assigned::Server(server)
    }

    fn assign_only(&mut self, now: Now, waiter: Waiter, only: ServerId, priority: Priority) -> Assigned {
        let Some(server) = self.servers.get(only.index()) else {
            return Assigned::NoServer;
        };
        if !server.is_reachable() {
            return Assigned::NoServer;
        }
        if server.has_room() {
            self.take_slot(only);
            return Assigned::Server(only);
        }
        if server.settings.maxqueue.is_some_and(|most| self.queue.len(Some(only)) >= most) {
            return Assigned::QueueFull(only);
        }
        self.queue.join(waiter, Some(only), priority, now.time);
        Assigned::Queued { server: Some(only) }
    }

    /// Leaves the queue.
    pub fn cancel(&mut self, waiter: Waiter) -> Cancelled {
        match self.queue.remove(waiter) {
            Some(left) => Cancelled::Queued { position: left.position },
            None => Cancelled::NotQueued,
        }
    }

    /// Gives a slot back. It goes at once to the most urgent stream that waits, if one does.
    pub fn release(&mut self, _now: Now, server: ServerId) {
        let connections = self.servers[server.index()].connections;
        debug_assert!(connections > 0, "a slot that is given back was taken");
        self.count(server, connections.saturating_sub(1));
        self.fill(server);
    }

    /// A check of a server ended.
    pub fn on_check(&mut self, now: Now, server: ServerId, outcome: &Outcome) {
        if self.servers[server.index()].is_checked() {
            let conditional = outcome.is_conditional();
            self.judge(now, server, outcome, |life| {
                if conditional { life.pass_conditionally() } else { life.count(outcome.passed) }
            });
        }
    }

    /// Lets a result change the life of a server, and tells of it.
    fn judge(&mut self, now: Now, server: ServerId, outcome: &Outcome, change: impl FnOnce(&mut Life)) {
        let state = &self.servers[server.index()];
        let before = (state.life.passes_checks(), state.life.progress());
        let last = self.last_checks[server.index()].replace(outcome.status);
        let mut changed = state.life.clone();
        change(&mut changed);
        let (up, progress) = (changed.passes_checks(), changed.progress());
        let reported =
            self.settings.log_health_checks && (before != (up, progress) || last != Some(outcome.status));
        if reported {
            let report = CheckReport {
                subject: self.subject(server),
                agent: false,
                outcome: outcome.clone(),
                progress,
                standing: self.word(server, up),
            };
            self.events.push_back(Event::Notice(Notice::Checked(report)));
        }
        let because = if reported { Because::Unsaid } else { Because::Check(outcome.clone()) };
        self.alter(now, server, &because, |life| *life = changed);
    }

    /// What a report of a check makes of a server.
    fn word(&self, server: ServerId, up: bool) -> &'static str {
        match (up, self.servers[server.index()].weight) {
            (true, 0) => "DRAIN",
            (true, _) => "UP",
            (false, _) => "DOWN",
        }
    }

    fn subject(&self, server: ServerId) -> Subject {
        let settings = &self.servers[server.index()].settings;
        Subject {
            backend: Arc::clone(&self.settings.name),
            server: Arc::clone(&settings.name),
            backup: settings.backup,
        }
    }

    /// What follows for others. Drain to `None` after every call.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Says who takes part: all usable active servers; without one the first usable backup, or all of them
    /// with `option allbackups`.
    fn choose_members(&mut self) {
        self.usable = (0, 0);
        for server in &mut self.servers {
            server.usable = server.is_usable();
            let count = if server.settings.backup { &mut self.usable.1 } else { &mut self.usable.0 };
            *count += u32::from(server.usable);
        }
        let any_active = self.usable.0 > 0;
        let mut backup_found = false;
        self.members = 0;
        for (index, server) in self.servers.iter_mut().enumerate() {
            server.member = match (server.usable, server.settings.backup) {
                (false, _) => false,
                (true, false) => true,
                (true, true) => {
                    let first = !std::mem::replace(&mut backup_found, true);
                    !any_active && (first || self.settings.all_backups)
                }
            };
            self.members += u32::from(server.member);
            let weight = if server.member { server.units(self.scale) } else { 0 };
            self.balancer.set_weight(ServerId(index as u32), weight);
        }
    }

    fn take_slot(&mut self, server: ServerId) {
        self.count(server, self.servers[server.index()].connections + 1);
    }

    fn count(&mut self, server: ServerId, connections: u32) {
        let state = &mut self.servers[server.index()];
        let before = std::mem::replace(&mut state.connections, connections);
        if state.settings.minconn.is_some() {
            self.ramp.moved(server, &state.settings, before, connections);
        }
        self.tell_balancer(server);
    }

    fn tell_balancer(&mut self, server: ServerId) {
        let state = &mut self.servers[server.index()];
        let limit = self.ramp.limit(&state.settings, self.streams);
        state.full = limit.is_some_and(|most| state.connections >= most.min(state.cap));
        self.balancer.set_load(server, state.connections);
        self.balancer.set_full(server, !state.has_room());
    }

    /// Gives free slots of one server to those who wait.
    fn fill(&mut self, server: ServerId) {
        while self.servers[server.index()].is_reachable() && self.servers[server.index()].has_room() {
            let member = self.servers[server.index()].member;
            let Some(left) = self.queue.serve_first(server, member) else {
                return;
            };
            self.take_slot(server);
            self.events.push_back(Event::Granted(self.grant(server, left)));
        }
    }

    /// Gives free slots to those who wait for any server, by the balancer's choice.
    fn fill_all(&mut self) {
        while self.queue.len(None) > 0 {
            let Some(server) = self.balancer.pick(None, None) else {
                return;
            };
            let Some(left) = self.queue.serve_first(server, true) else {
                return;
            };
            self.take_slot(server);
            self.events.push_back(Event::Granted(self.grant(server, left)));
        }
    }

    fn grant(&self, server: ServerId, left: Left) -> Grant {
        Grant { backend: self.id, server, waiter: left.waiter, position: left.position }
    }

    fn has_member(&self) -> bool {
        self.members > 0
    }

    /// Panics when something does not hold that always must.
    pub fn check_invariants(&self) {
        self.queue.check_invariants();
        assert!(self.has_member() || self.queue.len(None) == 0, "nobody waits when no server is left");
        for (index, server) in self.servers.iter().enumerate() {
            let name = &server.settings.name;
            let id = ServerId(index as u32);
            if let Some(most) = server.settings.maxconn.filter(|_| !server.limit_was_set) {
                assert!(server.connections <= most, "{name} is within its maxconn");
            }
            let limit = self.ramp.limit(&server.settings, self.streams);
            let full = limit.is_some_and(|most| server.connections >= most.min(server.cap));
            assert_eq!(server.full, full, "{name} is full when its limit of the moment says so");
            if server.is_reachable() && server.has_room() {
                assert_eq!(self.queue.len(Some(id)), 0, "nobody waits for {name} while it has room");
                assert!(!server.member || self.queue.len(None) == 0, "nobody waits while {name} has room");
            }
            assert_eq!(server.usable, server.is_usable(), "{name} counts among the usable when it is one");
            if !server.usable {
                assert!(!server.member, "{name} takes no new traffic");
            }
            if !server.is_reachable() {
                assert_eq!(self.queue.len(Some(id)), 0, "nobody waits for {name}, which is not up");
            }
        }
    }
}

#[cfg(test)]
pub(in crate::backend) mod tests;
