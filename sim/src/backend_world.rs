//! One backend under a history drawn from bytes: requests that come, end and give up, checks, operators and
//! agents, and several workers whose messages are late and out of order. The machine and a slow reference live
//! through the same, and after every event they must agree.
//!
//! An event is what [`Event`] lists: each is at least one call of the machine, and one that finds nobody to happen to
//! is not counted.
//!
//! What must hold: slots in use are the requests that live; no server gets more than its limit of the moment, or
//! anything new when it is down; nobody waits while a usable slot is free; the most urgent is served first; who
//! is tied to a server stays there while it lives; a key stays where it is while servers stay what they are; each
//! request ends once; and in the end turns go by weight.

mod event;
mod life;
mod plan;
mod reference;

use std::sync::Arc;
use std::time::Duration;

use evenkeel_core::backend::{
    Admin, Assigned, Backend, Because, Cancelled, Event as Consequence, Forced, NewWeight, Waiter, Wish,
};
use evenkeel_core::base::ids::{BackendId, StreamId, WorkerId};
use evenkeel_core::base::limits::WEIGHT_MAX;
use evenkeel_core::base::priority::Priority;
use evenkeel_core::base::slots::Key;
use evenkeel_core::base::time::{Now, Time};
use evenkeel_core::health::{CheckStatus, Outcome};
use evenkeel_core::model::{Balance, Mapping};
use evenkeel_core::persistence::Named;

pub use self::event::{Event, SIZE as EVENT_SIZE, Verdict, Want};
pub use self::plan::SIZE as PLAN_SIZE;
use self::reference::{Letter, Reference, Waits};

/// With so many requests there, whoever would come lets one end instead: slow references do not like crowds.
const LIVE_MAX: u32 = 32;
/// Clients that have cookies.
const CLIENTS: usize = 8;
/// As many as the turns that are dealt out at any time: a turn for each unit of weight.
const OLD_TURNS: u32 = plan::SERVERS_MAX as u32 * WEIGHT_MAX;

/// Lives through a whole history and lets everything come to an end. How many events there were?
///
/// # Panics
/// When something does not hold.
pub fn run(bytes: &[u8]) -> u64 {
    let mut world = World::new(bytes);
    let events = bytes.get(PLAN_SIZE..).unwrap_or_default();
    for event in events.chunks_exact(EVENT_SIZE) {
        let event = Event::from_bytes([event[0], event[1], event[2], event[3]]);
        world.apply(event);
    }
    world.finish();
    world.events
}

/// The events that bytes stand for, a line each.
pub fn describe(bytes: &[u8]) -> String {
    let (backend, workers) = plan::from_bytes(bytes);
    let mut text = format!("{:?}, {workers} workers\n", backend.balance);
    for server in &backend.servers {
        let check = server.check.as_ref().map(|check| (check.rise, check.fall));
        text += &format!(
            "{}: weight {}, maxconn {:?}, minconn {:?}, maxqueue {:?}, backup {}, disabled {}, \
             rise and fall {check:?}, observe {:?}, slowstart {:?}\n",
            server.name,
            server.weight,
            server.maxconn,
            server.minconn,
            server.maxqueue,
            server.backup,
            server.disabled,
            server.observe,
            server.slow_start,
        );
    }
    for event in bytes.get(PLAN_SIZE..).unwrap_or_default().chunks_exact(EVENT_SIZE) {
        text += &format!("{:?}\n", Event::from_bytes([event[0], event[1], event[2], event[3]]));
    }
    text
}

/// What a request asked for, to ask it again.
#[derive(Clone, Copy, Debug)]
struct Asked {
    priority: Priority,
    key: Option<u32>,
    ended: bool,
}

struct World {
    backend: Backend,
    balance: Balance,
    workers: u32,
    now: Now,
    /// When the machine wants to be woken.
    wake_at: Time,
    reference: Reference,
    /// By number.
    streams: Vec<Asked>,
    /// The server that each client's cookie names.
    cookies: [Option<usize>; CLIENTS],
    /// Where each key went, since a server changed last.
    places: [Option<usize>; 256],
    events: u64,
}

impl World {
    fn new(bytes: &[u8]) -> World {
        let (settings, workers) = plan::from_bytes(bytes);
        World {
            reference: Reference::new(&settings),
            balance: settings.balance,
            workers,
            backend: Backend::new(BackendId(0), Arc::new(settings), Now::default()),
            now: Now::default(),
            wake_at: Time::NEVER,
            streams: Vec::new(),
            cookies: [None; CLIENTS],
            places: [None; 256],
            events: 0,
        }
    }

    fn apply(&mut self, event: Event) {
        self.events += 1;
        match event {
            Event::Arrive { .. } if self.reference.live >= LIVE_MAX => self.end_any(),
            Event::Arrive { after_ms, want, class, offset_ms } => {
                self.pass(u64::from(after_ms));
                self.arrive(want, Priority { class, offset_ms });
            }
            Event::Finish(choice) => self.finish_one(choice),
            Event::Deliver(choice) => self.deliver(choice),
            Event::GiveUp(choice) => self.give_up(choice),
            Event::Wait(millis) => self.pass(millis),
            _ => self.change(event),
        }
        self.drain();
        self.compare();
        self.backend.check_invariants();
    }

    /// Time passes. Whoever starts slowly takes steps.
    fn pass(&mut self, millis: u64) {
        self.now.time = self.now.time + Duration::from_millis(millis);
        if self.wake_at > self.now.time {
            return;
        }
        self.wake_at = Time::NEVER;
        self.reference.seats.iter_mut().for_each(|seat| seat.pass(self.now.time));
        self.backend.on_time(self.now);
        self.places = [None; 256];
        self.drain();
    }

    fn waiter(&self, stream: u32) -> Waiter {
        let stream_id = StreamId(Key { index: stream, generation: 0 });
        Waiter { worker: WorkerId(stream % self.workers), stream: stream_id }
    }

    fn arrive(&mut self, want: Want, priority: Priority) {
        let stream = self.streams.len() as u32;
        let key = match want {
            Want::Any(key) => Some(u32::from(key)).filter(|key| *key % 16 > 0),
            _ => None,
        };
        self.streams.push(Asked { priority, key, ended: false });
        self.reference.live += 1;
        self.backend.begin();
        self.drain();
        let chosen = |choice: u8| usize::from(choice) % self.reference.seats.len();
        match want {
            Want::Any(_) => self.ask(stream, None, None),
            Want::AnyBut(choice) => self.ask(stream, Some(chosen(choice)), None),
            Want::This(choice) => self.ask(stream, None, Some(chosen(choice))),
            Want::Sticky(client) => self.ask_with_cookie(stream, usize::from(client) % CLIENTS),
            Want::Despite(choice) => self.ask_despite(stream, chosen(choice)),
        }
    }

    /// Who has been here before goes where it was, as long as that server lives.
    fn ask_with_cookie(&mut self, stream: u32, client: usize) {
        let cookie = self.cookies[client];
        if let Some(server) = cookie {
            let named = self.backend.named(self.reference.seats[server].settings.name.as_bytes(), false);
            let expected = match self.reference.is_reachable(server) {
                true => Named::Up(Reference::id(server)),
                false => Named::Down(None),
            };
            assert_eq!(named, expected, "a cookie names its server");
        }
        let tied = cookie.filter(|server| self.reference.is_reachable(*server));
        self.ask(stream, None, tied);
        if let Some((_, server)) = self.reference.holding.last().filter(|(last, _)| *last == stream) {
            assert!(tied.is_none_or(|tied| tied == *server), "it stays where it was");
            self.cookies[client] = Some(*server);
        }
    }

    fn ask_despite(&mut self, stream: u32, server: usize) {
        let room = self.reference.has_room(server);
        match self.backend.assign_despite(Reference::id(server)) {
            Assigned::Server(given) => {
                assert!(room && given.index() == server, "whoever insists gets a free slot of its server");
                self.reference.holding.push((stream, server));
            }
            other => {
                assert_eq!((other, room), (Assigned::NoServer, false), "nobody waits against all advice");
                self.end(stream);
            }
        }
    }

    fn ask(&mut self, stream: u32, avoid: Option<usize>, only: Option<usize>) {
        let Asked { priority, key, .. } = self.streams[stream as usize];
        let wish = Wish { exclude: avoid.map(Reference::id), only: only.map(Reference::id), key, priority };
        let waiter = self.waiter(stream);
        let assigned = self.backend.assign(self.now, waiter, wish);
        let world = &self.reference;
        let by_key = only.is_none() && key.is_some() && matches!(self.balance, Balance::Hash(_));
        match assigned {
            Assigned::Server(server) => {
                let server = server.index();
                assert!(world.has_room(server), "s{server} gets no more than its limit");
                match only {
                    Some(only) => assert!(only == server && world.is_reachable(only), "it lives"),
                    None => assert!(world.is_member(server), "s{server} takes new requests"),
                }
                let better = avoid == Some(server) && world.has_free_member_but(avoid);
                assert!(!better, "another server than s{server} would have been free");
                self.note_place(key.filter(|_| by_key), server);
                self.reference.holding.push((stream, server));
            }
            Assigned::Queued { server } => {
                let insist = server.map(|server| server.index());
                match insist {
                    Some(wanted) => {
                        assert!(only == insist || by_key && world.is_member(wanted), "it asked for it");
                        assert!(world.is_reachable(wanted) && !world.has_room(wanted), "s{wanted} is full");
                        self.note_place(key.filter(|_| by_key), wanted);
                    }
                    None => {
                        assert!(only.is_none() && !by_key && world.has_member(), "it would wait for ever");
                        assert!(!world.has_free_member_but(None), "it waits while a slot is free");
                    }
                }
                let due = self.now.time.as_millis() as i64 + i64::from(priority.offset_ms);
                self.reference.waiting.push(Waits { stream, insist, class: priority.class, due });
            }
            Assigned::NoServer => {
                match only {
                    Some(only) => assert!(!world.is_reachable(only), "s{only} lives"),
                    None => assert!(!world.has_member(), "there is a server"),
                }
                self.end(stream);
            }
            Assigned::QueueFull(server) => {
                let server = server.index();
                assert!(only == Some(server) || by_key, "it asked for it");
                let most = world.seats[server].settings.maxqueue.map(|most| most as usize);
                assert_eq!(Some(world.count_waiting(Some(server))), most, "the queue of s{server} is full");
                self.end(stream);
            }
        }
    }

    /// A key goes where it went before, if no server has changed.
    fn note_place(&mut self, key: Option<u32>, server: usize) {
        let Some(key) = key else { return };
        let before = self.places[key as usize].replace(server);
        assert!(before.is_none_or(|before| before == server), "key {key} moved from {before:?} to s{server}");
    }

    /// A request is over. This happens once.
    fn end(&mut self, stream: u32) {
        let ended = std::mem::replace(&mut self.streams[stream as usize].ended, true);
        assert!(!ended, "request {stream} ends a second time");
        self.reference.live -= 1;
        self.backend.end();
    }

    fn end_any(&mut self) {
        match (self.reference.holding.is_empty(), self.reference.letters.is_empty()) {
            (false, _) => self.finish_one(0),
            (true, false) => self.deliver(0),
            (true, true) => self.give_up(0),
        }
    }

    fn finish_one(&mut self, choice: u8) {
        if self.reference.holding.is_empty() {
            self.events -= 1;
            return;
        }
        let at = usize::from(choice) % self.reference.holding.len();
        let (stream, server) = self.reference.holding.swap_remove(at);
        self.backend.release(self.now, Reference::id(server));
        self.drain();
        self.end(stream);
    }

    fn deliver(&mut self, choice: u8) {
        if self.reference.letters.is_empty() {
            self.events -= 1;
            return;
        }
        let at = usize::from(choice) % self.reference.letters.len();
        match self.reference.letters.swap_remove(at) {
            Letter { server: Some(server), gone: true, .. } => {
                self.backend.release(self.now, Reference::id(server));
            }
            Letter { server: Some(server), stream, .. } => self.reference.holding.push((stream, server)),
            Letter { server: None, gone: true, .. } => {}
            Letter { server: None, stream, .. } => self.ask(stream, None, None),
        }
    }

    fn give_up(&mut self, choice: u8) {
        let (waiting, letters) = (self.reference.waiting.len(), self.reference.letters.len());
        if waiting + letters == 0 {
            self.events -= 1;
            return;
        }
        let at = usize::from(choice) % (waiting + letters);
        let (stream, queued) = match at.checked_sub(waiting) {
            None => (self.reference.waiting.remove(at).stream, true),
            Some(at) => {
                let letter = &mut self.reference.letters[at];
                if std::mem::replace(&mut letter.gone, true) {
                    self.events -= 1;
                    return;
                }
                (letter.stream, false)
            }
        };
        let cancelled = self.backend.cancel(self.waiter(stream));
        assert_eq!(matches!(cancelled, Cancelled::Queued { .. }), queued, "it knows whether it waited");
        self.end(stream);
    }

    /// What checks, operators and agents do.
    fn change(&mut self, event: Event) {
        let count = self.reference.seats.len();
        let (Event::Check(at, _)
        | Event::Traffic(at, _)
        | Event::Weight(at, _)
        | Event::State(at, _)
        | Event::Health(at, _)
        | Event::Agent(at, _)
        | Event::Limit(at, _)) = event
        else {
            return;
        };
        let at = usize::from(at) % count;
        let (id, now) = (Reference::id(at), self.now);
        let seat = &mut self.reference.seats[at];
        let before = seat.life.status();
        match event {
            Event::Check(_, verdict) => {
                let (passed, status) = match verdict {
                    Verdict::Passed => (true, CheckStatus::Layer7Ok),
                    Verdict::Conditional => (true, CheckStatus::Layer7Conditional),
                    Verdict::Failed => (false, CheckStatus::Layer7Status),
                };
                let outcome = Outcome { passed, status, code: 0, info: None, duration: Duration::ZERO };
                seat.life.check(verdict);
                seat.after(before, now.time);
                self.backend.on_check(now, id, &outcome);
            }
            Event::Traffic(_, observed) => {
                seat.life.see(observed);
                seat.after(before, now.time);
                self.backend.on_traffic(now, id, observed);
            }
            Event::Weight(_, weight) => {
                let fixed = matches!(self.balance, Balance::StaticRr | Balance::Hash(Mapping::Map));
                let (new, weight) = match (fixed, weight % 2) {
                    (false, _) => (NewWeight::Absolute(weight), weight),
                    (true, all) => (NewWeight::Percent(100 * all), all * seat.settings.weight),
                };
                seat.weight = weight;
                assert_eq!(self.backend.set_weight(now, id, new), Ok(()));
            }
            Event::State(_, admin) => {
                seat.life.set_admin(admin);
                seat.after(before, now.time);
                self.backend.set_admin(now, id, admin);
            }
            Event::Health(_, health) => {
                seat.life.force(health);
                seat.after(before, now.time);
                self.backend.force_health(now, id, health);
            }
            Event::Agent(_, up) => {
                seat.life.set_agent(up);
                seat.after(before, now.time);
                self.backend.on_agent(now, id, up, &Because::Operator);
            }
            Event::Limit(_, most) => {
                seat.maxconn = (most > 0).then_some(most);
                seat.limit_moved = true;
                self.backend.set_maxconn(now, id, most);
            }
            _ => {}
        }
        self.places = [None; 256];
    }

    /// Reads what follows from a call, and checks that it had to be so.
    fn drain(&mut self) {
        while let Some(event) = self.backend.poll_event() {
            let world = &mut self.reference;
            match event {
                Consequence::Granted(grant) => {
                    let (stream, server) = (grant.waiter.stream.0.index, grant.server.index());
                    let first = world.first_for(server).expect("somebody waited whom the server may serve");
                    assert!(world.is_reachable(server), "s{server} is down and gets nothing new");
                    assert!(world.has_room(server), "s{server} gets no more than its limit");
                    assert_eq!(world.waiting.remove(first).stream, stream, "the most urgent is served first");
                    world.letters.push(Letter { stream, server: Some(server), gone: false });
                }
                Consequence::Redistribute(grant) => {
                    let stream = grant.waiter.stream.0.index;
                    let at = world.waiting.iter().position(|waits| waits.stream == stream);
                    let wanted = world.waiting.remove(at.expect("it waited")).insist;
                    let had_to = wanted.map_or(!world.has_member(), |wanted| !world.is_reachable(wanted));
                    assert!(had_to, "it could have waited on");
                    world.letters.push(Letter { stream, server: None, gone: false });
                }
                Consequence::WakeAt { at } => self.wake_at = self.wake_at.min(at),
                Consequence::ServerDown { server } => assert!(!world.is_reachable(server.index())),
                _ => {}
            }
        }
    }

    /// Holds what the machine says against the reference.
    fn compare(&self) {
        let world = &self.reference;
        assert_eq!(self.backend.streams(), world.live, "requests that live");
        assert_eq!(self.backend.queued(None) as usize, world.count_waiting(None), "waiting for any server");
        assert_eq!(self.backend.usable(), world.usable(), "usable servers");
        let crowd = world.count_waiting(None);
        assert!(crowd == 0 || world.has_member(), "they wait for ever");
        for (at, seat) in world.seats.iter().enumerate() {
            let (state, taken) = (self.backend.server(Reference::id(at)), world.taken(at));
            assert_eq!(state.connections() as usize, taken, "slots of s{at} in use");
            assert_eq!(state.status(), seat.life.status(), "status of s{at}");
            let waiting = world.count_waiting(Some(at));
            assert_eq!(self.backend.queued(Some(Reference::id(at))) as usize, waiting, "waiting for s{at}");
            let within = seat.limit_moved || seat.maxconn.is_none_or(|most| taken <= most as usize);
            assert!(within, "s{at} is above its limit");
            if waiting + crowd > 0 && world.is_reachable(at) && world.has_room(at) {
                assert!(waiting == 0 && (crowd == 0 || !world.is_member(at)), "s{at} has room for who waits");
            }
        }
    }

    /// Lets everything come to an end: everybody who still waits is served, or told that nobody can.
    fn finish(&mut self) {
        loop {
            let event = match (self.reference.letters.is_empty(), self.reference.holding.is_empty()) {
                (false, _) => Event::Deliver(0),
                (true, false) => Event::Finish(0),
                (true, true) => break,
            };
            self.apply(event);
        }
        assert_eq!(self.reference.waiting, [], "nobody is left behind");
        assert!(self.streams.iter().all(|stream| stream.ended), "each request ends");
        self.backend.check_invariants();
        let slow = self.reference.seats.iter().any(|seat| seat.settings.slow_start.is_some());
        if matches!(self.balance, Balance::RoundRobin | Balance::StaticRr) && !slow {
            self.take_turns();
        }
    }

    /// Now that it is quiet, everybody gets turns by weight. Turns that were dealt out under former weights are
    /// over before that counts.
    fn take_turns(&mut self) {
        for at in 0..self.reference.seats.len() as u8 {
            self.apply(Event::State(at, Admin::Ready));
            self.apply(Event::Health(at, Forced::Up));
            self.apply(Event::Agent(at, true));
            // Turns that a server misses while it is full are lost.
            self.apply(Event::Limit(at, 0));
        }
        let seats = &self.reference.seats;
        let members: Vec<usize> = (0..seats.len()).filter(|at| self.reference.is_member(*at)).collect();
        let round: u32 = members.iter().map(|at| seats[*at].weight).sum();
        let mut turns = vec![0_u32; seats.len()];
        for turn in 0..if members.is_empty() { 0 } else { OLD_TURNS + round } {
            let assigned = self.backend.assign(self.now, self.waiter(0), Wish::default());
            let Assigned::Server(server) = assigned else { panic!("{assigned:?} although all are idle") };
            self.backend.release(self.now, server);
            turns[server.index()] += u32::from(turn >= OLD_TURNS);
        }
        for at in members {
            let (turns, weight) = (turns[at], self.reference.seats[at].weight);
            let slack = if self.balance == Balance::RoundRobin { 1 } else { 0 };
            assert!(
                turns.abs_diff(weight) <= slack,
                "s{at} had {turns} of {round} turns for weight {weight}"
            );
        }
    }
}
