//! The machine of one thread: its connections and exchanges. Dispatch, bookkeeping and time; what an input
//! means for an exchange is in the neighbouring files.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::agents::Agents;
use super::checks::Checks;
use super::conn::{Client, Upstream, Use};
use super::end::{By, End, Phase, Why};
use super::farm::Farms;
use super::input::{Input, LostReason, Message, Signal};
use super::logs::Logs;
use super::output::{CloseHow, Output, Wakeup};
use super::pool::Pool;
use super::programs::Programs;
use super::shared::Shared;
use super::stream::{Stream, Waiting};
use crate::backend::{Event, Waiter};
use crate::base::ids::{BackendId, ConnId, ListenerId, ServerId, Side, StreamId, WorkerId};
use crate::base::limits;
use crate::base::map::{Map, Set};
use crate::base::random::{Rng, Seed};
use crate::base::slots::{Key, Slots};
use crate::base::time::{Now, Time};
use crate::base::timers::{Timer, Timers};
use crate::h1::HeadLimits;
use crate::model::{Backend, Config, Trackers};

/// What the process knows of itself and the core cannot ask.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Process id.
    pub pid: u32,
    /// Host name.
    pub hostname: String,
    /// Workers of the process. The first one runs the health checks.
    pub workers: u32,
}

/// Whose timer an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Agent(usize),
    Backend(BackendId),
    Check(usize),
    Client(Key),
    Program(usize),
    Stream(Key),
    Upstream(Key),
    Worker,
}

/// One worker.
#[derive(Debug)]
pub struct Worker {
    pub(super) id: WorkerId,
    pub(super) config: Arc<Config>,
    pub(super) shared: Shared,
    pub(super) facts: Facts,
    pub(super) now: Now,
    pub(super) clients: Slots<Client>,
    pub(super) upstreams: Slots<Upstream>,
    /// `None` while an exchange is being worked on.
    pub(super) streams: Slots<Option<Box<Stream>>>,
    #[allow(
        clippy::vec_box,
        reason = "a box moves between here and its slot; the exchange itself stays put"
    )]
    spare: Vec<Box<Stream>>,
    pub(super) timers: Timers<Owner>,
    outputs: VecDeque<Output>,
    /// Heads are encoded here; the memory comes back when the shell has sent them.
    pub(super) out: BytesMut,
    pub(super) scratch: Vec<u8>,
    /// Idle connections by backend and server.
    pub(super) pools: Vec<Vec<Pool>>,
    pub(super) checks: Checks,
    trackers: Trackers,
    pub(super) agents: Agents,
    pub(super) farms: Farms,
    pub(super) programs: Programs,
    /// When backends want the time told, on the first worker.
    pub(super) backend_timers: Map<BackendId, Timer>,
    /// What `balance random` draws from.
    pub(super) chance: Rng,
    pub(super) logs: Logs,
    pub(super) events: Vec<Event>,
    pub(super) parked: VecDeque<Key>,
    pub(super) paused_listeners: Set<ListenerId>,
    pub(super) stopping: bool,
    stopped: bool,
    pub(super) stop_deadline: Time,
    pub(super) stop_timer: crate::base::timers::Timer,
    pub(super) limits: HeadLimits,
    /// Inputs that named what is no longer there.
    pub(super) lost_races: u64,
    /// Grants and redistributions on their way to exchanges that wait no longer.
    pub(super) messages_due: u32,
}

impl Worker {
    /// A worker at the start of the process.
    pub fn new(
        config: Arc<Config>,
        shared: Shared,
        id: WorkerId,
        facts: Facts,
        seed: Seed,
        now: Now,
    ) -> Worker {
        let tune = config.global.tune;
        let pools = |backend: &Arc<Backend>| backend.servers.iter().map(|_| Pool::default()).collect();
        let mut worker = Worker {
            id,
            checks: Checks::new(&config, id, seed, &facts, now),
            trackers: config.trackers(),
            farms: Farms::new(&config, &shared),
            agents: Agents::new(&config, id, seed, now),
            programs: Programs::new(&config, id, seed, now),
            backend_timers: Map::new(),
            chance: seed.child(&format!("worker {}", id.0)).stream("balance"),
            logs: Logs::new(&config, &facts),
            shared,
            facts,
            now,
            clients: Slots::new(),
            upstreams: Slots::new(),
            streams: Slots::new(),
            spare: Vec::new(),
            timers: Timers::new(),
            outputs: VecDeque::new(),
            out: BytesMut::new(),
            scratch: Vec::new(),
            pools: config.backends.iter().map(pools).collect(),
            events: Vec::new(),
            parked: VecDeque::new(),
            paused_listeners: Set::new(),
            stopping: false,
            stopped: false,
            stop_deadline: Time::NEVER,
            stop_timer: crate::base::timers::Timer::default(),
            limits: HeadLimits {
                bytes_max: tune.bufsize.saturating_sub(tune.maxrewrite).max(512),
                fields_max: tune.http_maxhdr.saturating_sub(1).max(1),
            },
            lost_races: 0,
            messages_due: 0,
            config,
        };
        worker.arm_checks();
        worker.arm_agents();
        worker.arm_programs();
        worker
    }

    /// Takes one piece of news. Never fails: what a peer does wrong becomes outputs.
    pub fn handle(&mut self, now: Now, input: Input) {
        debug_assert!(now.time >= self.now.time, "time does not run backwards");
        self.now = now;
        if self.stopped {
            self.lost_races += 1;
            return;
        }
        match input {
            Input::Accepted { conn, listener, peer, local } => self.on_accepted(conn, listener, peer, local),
            Input::ConnectFailed { conn, why } => self.on_connect_failed(conn.key(), why),
            Input::Connected { conn, local } => self.on_connected(conn.key(), local),
            Input::Exited { run, exit } => self.on_exited(run, exit),
            Input::Lost { conn, why } => self.on_lost(conn, why),
            Input::Message(message) => self.on_message(&message),
            Input::ReadClosed { conn } => match conn.side() {
                Side::Client => self.on_client_eof(conn.key()),
                Side::Server => self.on_upstream_eof(conn.key()),
            },
            Input::Received { conn, bytes } => match conn.side() {
                Side::Client => self.on_client_bytes(conn.key(), bytes),
                Side::Server => self.on_upstream_bytes(conn.key(), bytes),
            },
            Input::Relayed { from, count, held } => self.on_relayed(from, count, held),
            Input::Sent { conn, count } => match conn.side() {
                Side::Client => self.on_client_sent(conn.key(), count),
                Side::Server => self.on_upstream_sent(conn.key(), count),
            },
            Input::Signal(Signal::HardStop) => self.hard_stop(),
            Input::Signal(Signal::SoftStop) => self.soft_stop(),
            Input::Timeout => self.on_timeout(),
        }
        self.stop_if_done();
    }

    /// Gives the next order. To be drained to `None` after every [`Worker::handle`].
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When the worker wants `Input::Timeout`, and for whom. Later than the last `now` once drained.
    pub fn poll_timeout(&self) -> Option<(Time, Wakeup)> {
        // A worker that has stopped wants nothing any more.
        self.timers.next().filter(|_| !self.stopped).map(|(at, owner)| {
            let why = match owner {
                Owner::Backend(_) => Wakeup::SlowStart,
                Owner::Agent(_) | Owner::Check(_) | Owner::Program(_) => Wakeup::Check,
                Owner::Client(_) => Wakeup::Client,
                Owner::Stream(_) => Wakeup::Stream,
                Owner::Upstream(_) => Wakeup::Pool,
                Owner::Worker => Wakeup::Worker,
            };
            (at, why)
        })
    }

    /// How many inputs named a connection or exchange that was gone: lost races, harmless.
    pub fn lost_races(&self) -> u64 {
        self.lost_races
    }

    /// Client connections, exchanges and server connections at this moment.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.clients.len(), self.streams.len(), self.upstreams.len())
    }

    /// Asserts what must hold between two inputs.
    pub fn check_invariants(&self) {
        for (key, client) in self.clients.iter() {
            if let Some(StreamId(stream)) = client.stream {
                let stream =
                    self.streams.get(stream).and_then(Option::as_ref).expect("a client's exchange lives");
                assert_eq!(stream.client, key, "an exchange knows its client");
            }
        }
        for (key, slot) in self.streams.iter() {
            let stream = slot.as_ref().expect("no exchange is out between two inputs");
            assert_eq!(stream.id, StreamId(key));
            assert!(stream.end.is_none() || !stream.over, "an exchange that is over is not kept");
            if let Some(upstream) = stream.upstream {
                let upstream = self.upstreams.get(upstream).expect("an exchange's connection lives");
                assert_eq!(upstream.usage, Use::Stream(stream.id));
            }
        }
        for (key, upstream) in self.upstreams.iter() {
            let listed = self.pools[upstream.backend.index()][upstream.server.index()].contains(key);
            assert_eq!(listed, upstream.usage == Use::Idle, "the pool holds the idle connections");
        }
    }

    pub(super) fn put(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    // Exchanges are taken out of their slot while they are worked on, and put back or laid aside after.

    pub(super) fn new_stream(&mut self) -> Box<Stream> {
        self.spare.pop().unwrap_or_else(|| Box::new(Stream::new()))
    }

    pub(super) fn lay_aside(&mut self, mut stream: Box<Stream>) {
        if self.spare.len() < limits::SPARE_STREAMS_MAX {
            stream.recycle();
            self.spare.push(stream);
        }
    }

    pub(super) fn take(&mut self, id: StreamId) -> Option<Box<Stream>> {
        let taken = self.streams.get_mut(id.0).and_then(Option::take);
        self.lost_races += u64::from(taken.is_none());
        taken
    }

    pub(super) fn put_back(&mut self, stream: Box<Stream>) {
        let key = stream.id.0;
        if stream.over {
            let client = stream.client;
            self.streams.remove(key);
            self.lay_aside(stream);
            self.after_stream(client);
        } else if let Some(slot) = self.streams.get_mut(key) {
            *slot = Some(stream);
        }
    }

    pub(super) fn waiter(&self, stream: StreamId) -> Waiter {
        Waiter { worker: self.id, stream }
    }

    // Sockets.

    pub(super) fn send_client(&mut self, key: Key, bytes: Bytes) {
        self.send_to_client(key, bytes, false);
    }

    /// Sends the last bytes of an exchange: nothing follows if the connection is not kept.
    pub(super) fn send_end(&mut self, stream: &Stream, bytes: Bytes) {
        // Input that nobody has read makes the system reset the connection, and drop what it holds back.
        let last = !stream.persistent && stream.request_body.is_done();
        self.send_to_client(stream.client, bytes, last);
    }

    fn send_to_client(&mut self, key: Key, bytes: Bytes, last: bool) {
        if let Some(client) = self.clients.get_mut(key)
            && !bytes.is_empty()
        {
            client.unsent += bytes.len();
            self.put(Output::Send { conn: ConnId::client(key), bytes, last });
        }
    }

    pub(super) fn send_upstream(&mut self, key: Key, bytes: Bytes) {
        if let Some(upstream) = self.upstreams.get_mut(key)
            && !bytes.is_empty()
        {
            upstream.unsent += bytes.len();
            self.put(Output::Send { conn: ConnId::server(key), bytes, last: false });
        }
    }

    pub(super) fn pause_client(&mut self, key: Key, pause: bool) {
        if let Some(client) = self.clients.get_mut(key)
            && client.paused != pause
        {
            client.paused = pause;
            let conn = ConnId::client(key);
            self.put(if pause { Output::PauseRead { conn } } else { Output::ResumeRead { conn } });
        }
    }

    pub(super) fn pause_upstream(&mut self, key: Key, pause: bool) {
        if let Some(upstream) = self.upstreams.get_mut(key)
            && upstream.paused != pause
        {
            upstream.paused = pause;
            let conn = ConnId::server(key);
            self.put(if pause { Output::PauseRead { conn } } else { Output::ResumeRead { conn } });
        }
    }

    /// Closes a server connection, whatever it was used for.
    pub(super) fn close_upstream(&mut self, key: Key, how: CloseHow) {
        if self.forget_upstream(key).is_some() {
            self.put(Output::Close { conn: ConnId::server(key), how });
        }
    }

    /// Closes a server connection of HTTP, as haproxy does: by a reset, unless the server has closed its side.
    /// Nothing is owed to a server whose answer is complete or not wanted any more, and a reset leaves no local
    /// port waiting, of which a busy proxy would run out.
    pub(super) fn drop_upstream(&mut self, key: Key) {
        let closed = self.upstreams.get(key).is_some_and(|upstream| upstream.read_closed);
        self.close_upstream(key, if closed { CloseHow::Graceful } else { CloseHow::Reset });
    }

    /// Forgets a server connection that the shell has forgotten, or is about to.
    pub(super) fn forget_upstream(&mut self, key: Key) -> Option<Upstream> {
        let upstream = self.upstreams.remove(key)?;
        let pool = &mut self.pools[upstream.backend.index()][upstream.server.index()];
        match upstream.usage {
            Use::Agent(_) | Use::Check(_) => {}
            Use::Idle => {
                pool.remove(key);
                pool.closed();
            }
            Use::Kept(_) | Use::Stream(_) => pool.closed(),
        }
        if let Use::Kept(client) = upstream.usage
            && let Some(client) = self.clients.get_mut(client)
        {
            client.own = None;
        }
        Some(upstream)
    }

    fn on_lost(&mut self, conn: ConnId, why: LostReason) {
        let key = conn.key();
        match conn.side() {
            Side::Client => {
                let Some(stream) = self.clients.get(key).map(|client| client.stream) else {
                    self.lost_races += 1;
                    return;
                };
                if let Some(mut stream) = stream.and_then(|id| self.take(id)) {
                    let phase = stream.phase();
                    stream.client_reset = why == LostReason::Reset;
                    self.abandon(&mut stream, End::early(By::Client, phase, Why::Failed));
                    self.remove_client(key);
                    self.put_back(stream);
                } else {
                    self.remove_client(key);
                }
            }
            Side::Server => self.on_upstream_lost(key, why),
        }
    }

    fn on_message(&mut self, message: &Message) {
        match *message {
            Message::Granted(grant) => self.on_granted(grant),
            Message::Redistribute(grant) => self.on_redistributed(grant),
            Message::Order { backend, server, order } => self.obey(backend, server, order),
            Message::CheckSoon { backend, server } => self.check_soon(backend, server),
            Message::WakeAt { backend, at } => self.wake_backend(backend, at),
            Message::ShutSessions { backend, server, cause } => self.shut_sessions(backend, server, cause),
            Message::RoomToAccept => self.room_to_accept(),
            Message::ServerDown { backend, server } => {
                for key in self.pools[backend.index()][server.index()].take_all() {
                    self.drop_upstream(key);
                }
            }
        }
    }

    /// Decides something with a backend, then carries what follows for others.
    pub(super) fn with_backend<R>(
        &mut self,
        id: BackendId,
        decide: impl FnOnce(&mut crate::backend::Backend, Now) -> R,
    ) -> R {
        let now = self.now;
        let events = &mut self.events;
        let result = self.shared.backend(id).with(|backend| {
            let result = decide(backend, now);
            while let Some(event) = backend.poll_event() {
                events.push(event);
            }
            result
        });
        for event in std::mem::take(&mut self.events) {
            self.carry(id, event);
        }
        result
    }

    fn carry(&mut self, backend: BackendId, event: Event) {
        match event {
            Event::Granted(grant) => {
                self.put(Output::Tell { to: grant.waiter.worker, message: Message::Granted(grant) });
            }
            Event::Redistribute(grant) => {
                self.put(Output::Tell { to: grant.waiter.worker, message: Message::Redistribute(grant) });
            }
            Event::ServerDown { server } => {
                for worker in 0..self.facts.workers {
                    let message = Message::ServerDown { backend, server };
                    self.put(Output::Tell { to: WorkerId(worker), message });
                }
            }
            Event::CheckSoon { server } => {
                let message = Message::CheckSoon { backend, server };
                self.put(Output::Tell { to: WorkerId(0), message });
            }
            Event::WakeAt { at } => {
                self.put(Output::Tell { to: WorkerId(0), message: Message::WakeAt { backend, at } });
            }
            Event::ShutSessions { server, cause } => {
                for worker in 0..self.facts.workers {
                    let message = Message::ShutSessions { backend, server, cause };
                    self.put(Output::Tell { to: WorkerId(worker), message });
                }
            }
            Event::Changed { server } => self.tell_trackers(backend, server),
            Event::Notice(notice) => self.log_notice(backend, &notice),
        }
    }

    /// Servers that track this one have its state.
    fn tell_trackers(&mut self, backend: BackendId, server: ServerId) {
        let Some(trackers) = self.trackers.get(&(backend, server)).cloned() else {
            return;
        };
        let reading = self.shared.backend(backend).with(|machine| machine.server(server).reading());
        for (backend, tracker) in trackers {
            self.with_backend(backend, |machine, now| machine.follow(now, tracker, reading));
        }
    }

    // Time.

    pub(super) fn arm_client(&mut self, key: Key, deadline: Time) {
        if let Some(client) = self.clients.get_mut(key) {
            client.deadline = deadline;
            self.timers.arm(&mut client.timer, Owner::Client(key), deadline);
        }
    }

    pub(super) fn arm_upstream(&mut self, key: Key, deadline: Time) {
        if let Some(upstream) = self.upstreams.get_mut(key) {
            upstream.deadline = deadline;
            self.timers.arm(&mut upstream.timer, Owner::Upstream(key), deadline);
        }
    }

    pub(super) fn arm_stream(&mut self, stream: &mut Stream, deadline: Time) {
        stream.deadline = deadline;
        self.timers.arm(&mut stream.timer, Owner::Stream(stream.id.0), deadline);
    }

    fn on_timeout(&mut self) {
        while let Some((at, owner)) = self.timers.pop_due(self.now.time) {
            match owner {
                Owner::Backend(id) => self.on_backend_due(id, at),
                Owner::Check(index) => self.on_check_due(index, at),
                Owner::Agent(index) => self.on_agent_due(index, at),
                Owner::Client(key) => self.on_client_due(key, at),
                Owner::Program(index) => self.on_program_due(index, at),
                Owner::Stream(key) => self.on_stream_due(StreamId(key), at),
                Owner::Upstream(key) => self.on_upstream_due(key, at),
                Owner::Worker => {
                    if self.stop_timer.comes_up(at) && self.stop_deadline <= self.now.time {
                        self.hard_stop();
                    }
                }
            }
        }
    }

    fn on_client_due(&mut self, key: Key, at: Time) {
        let now = self.now.time;
        let Some(client) = self.clients.get_mut(key).filter(|client| client.timer.queued() == at) else {
            return;
        };
        client.timer.comes_up(at);
        let (deadline, stream) = (client.deadline, client.stream);
        if deadline > now {
            self.arm_client(key, deadline);
        } else if let Some(id) = stream {
            self.client_silent_in_stream(key, id);
        } else {
            self.client_silent(key);
        }
    }

    fn on_upstream_due(&mut self, key: Key, at: Time) {
        let now = self.now.time;
        let Some(upstream) = self.upstreams.get_mut(key).filter(|upstream| upstream.timer.queued() == at)
        else {
            return;
        };
        upstream.timer.comes_up(at);
        let (deadline, usage) = (upstream.deadline, upstream.usage);
        if deadline > now {
            self.arm_upstream(key, deadline);
            return;
        }
        match usage {
            Use::Idle | Use::Kept(_) => self.drop_upstream(key),
            Use::Agent(_) | Use::Check(_) => {}
            Use::Stream(id) => self.server_silent(id),
        }
    }

    fn on_stream_due(&mut self, id: StreamId, at: Time) {
        let Some(mut stream) = self.streams.get_mut(id.0).and_then(Option::take) else {
            return;
        };
        if stream.timer.comes_up(at) {
            let deadline = stream.deadline;
            if deadline > self.now.time {
                self.arm_stream(&mut stream, deadline);
            } else {
                stream.deadline = Time::NEVER;
                self.stream_due(&mut stream);
            }
        }
        self.put_back(stream);
    }

    fn stream_due(&mut self, stream: &mut Stream) {
        match stream.waiting {
            Waiting::Content => self.inspect(stream, true),
            Waiting::Slot => self.queue_timed_out(stream),
            Waiting::TurnAround => self.route_again(stream),
            Waiting::Connection => self.connect_timed_out(stream),
            Waiting::Body
            | Waiting::Request
            | Waiting::Response
            | Waiting::Bodies
            | Waiting::Tunnel
            | Waiting::Reply => {}
        }
    }

    // The end of the worker.

    fn stop_if_done(&mut self) {
        let busy = !self.clients.is_empty() || !self.streams.is_empty() || self.messages_due > 0;
        if !self.stopping || self.stopped || busy {
            return;
        }
        // Idle connections and running checks.
        for key in self.upstreams.keys() {
            self.drop_upstream(key);
        }
        for run in self.programs.running() {
            self.put(Output::Kill { run });
        }
        self.stopped = true;
        self.put(Output::Stopped);
    }

    fn soft_stop(&mut self) {
        if self.stopping {
            return;
        }
        self.stopping = true;
        for index in 0..self.config.listeners.len() {
            self.put(Output::StopListening { listener: ListenerId(index as u32) });
        }
        for key in self.clients.keys() {
            let idle = self.clients.get(key).is_some_and(|c| c.stream.is_none() && c.buffer.is_empty());
            let parked = self.clients.get(key).is_some_and(|c| c.parked);
            if idle && !parked {
                self.close_client(key, CloseHow::Graceful);
            }
        }
        if let Some(after) = self.config.global.hard_stop_after {
            self.stop_deadline = self.now.time + after;
            self.timers.arm(&mut self.stop_timer, Owner::Worker, self.stop_deadline);
        }
    }

    fn hard_stop(&mut self) {
        self.soft_stop();
        for key in self.clients.keys() {
            let stream = self.clients.get(key).and_then(|client| client.stream);
            if let Some(mut stream) = stream.and_then(|id| self.take(id)) {
                let phase = stream.phase();
                self.abandon(&mut stream, End::early(By::Proxy, phase, Why::Failed));
                self.close_client(key, CloseHow::Graceful);
                self.put_back(stream);
            } else {
                self.close_client(key, CloseHow::Graceful);
            }
        }
        // Slots on their way go down with the process.
        self.messages_due = 0;
    }
}

impl Stream {
    /// The phase an early end falls into now.
    pub(super) fn phase(&self) -> Phase {
        match self.waiting {
            Waiting::Body | Waiting::Content | Waiting::Request => Phase::Request,
            Waiting::Slot => Phase::Queue,
            Waiting::TurnAround | Waiting::Connection => Phase::Connect,
            Waiting::Response if self.request_body.is_done() => Phase::Headers,
            Waiting::Response | Waiting::Bodies | Waiting::Tunnel | Waiting::Reply => Phase::Data,
        }
    }
}
