//! Random histories of several workers with late messages, against a reference that is slow and plain.

use proptest::prelude::*;

use super::*;
use crate::backend::{Admin, Because, Forced, NewWeight, Observed, Order};
use crate::base::priority::Priority;
use crate::model::{InitState, Layer, Observe, OnError, Track};

/// One step of a history. Numbers choose among what there is, modulo its count.
#[derive(Clone, Debug)]
enum Step {
    /// Time passes, then a stream comes and asks, with a server to avoid or to insist on.
    Arrive { after_ms: u8, avoid: Option<u8>, insist: Option<u8>, class: i8, offset: i8 },
    /// A stream that waits, or whose grant is on its way, goes away.
    GiveUp(u8),
    /// A stream that has a slot is done.
    Finish(u8),
    /// One message on its way arrives.
    Deliver(u8),
    /// A check ends.
    Check { server: u8, passed: bool },
    /// An operator wants something.
    Order { server: u8, order: Order },
    /// An agent says something.
    Agent { server: u8, up: bool },
    /// Traffic sees something.
    Traffic { server: u8, observed: Observed },
    /// Time passes, and the backend is told.
    Pass { millis: u16 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (
            0u8..20,
            proptest::option::weighted(0.1, any::<u8>()),
            proptest::option::weighted(0.2, any::<u8>()),
            prop_oneof![3 => Just(0i8), 1 => -1i8..2],
            prop_oneof![3 => Just(0i8), 1 => any::<i8>()],
        )
            .prop_map(|(after_ms, avoid, insist, class, offset)| {
                Step::Arrive { after_ms, avoid, insist, class, offset }
            }),
        1 => any::<u8>().prop_map(Step::GiveUp),
        3 => any::<u8>().prop_map(Step::Finish),
        4 => any::<u8>().prop_map(Step::Deliver),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(server, passed)| Step::Check { server, passed }),
        1 => (any::<u8>(), order()).prop_map(|(server, order)| Step::Order { server, order }),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(server, up)| Step::Agent { server, up }),
        1 => (any::<u8>(), observed()).prop_map(|(server, observed)| Step::Traffic { server, observed }),
        1 => (0u16..4_000).prop_map(|millis| Step::Pass { millis }),
    ];
    proptest::collection::vec(step, 1..200)
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        prop_oneof![Just(Admin::Ready), Just(Admin::Drain), Just(Admin::Maint)].prop_map(Order::State),
        prop_oneof![Just(Forced::Up), Just(Forced::Stopping), Just(Forced::Down)].prop_map(Order::Health),
        (0u32..5).prop_map(Order::Maxconn),
        (0u32..3).prop_map(|half| Order::Weight(NewWeight::Percent(half * 50))),
    ]
}

fn observed() -> impl Strategy<Value = Observed> {
    prop_oneof![Just(Observed::NotConnected), Just(Observed::Answer), Just(Observed::BadStatus)]
}

/// What servers have besides: tracks the first, observed with this limit, `slowstart` in seconds, initial state.
type Besides = (bool, u32, u64, InitState);

fn besides() -> impl Strategy<Value = Besides> {
    let init = prop_oneof![
        3 => Just(InitState::Up), 1 => Just(InitState::Down), 1 => Just(InitState::FullyDown),
    ];
    (proptest::bool::weighted(0.2), 0u32..3, 0u64..4, init)
}

/// Weight, `maxconn` and `minconn`, backup, rise, fall, checked.
type Drawn = (u32, (u32, u32), bool, u32, u32, bool);

fn servers() -> impl Strategy<Value = Vec<model::Server>> {
    let limits = (0u32..4, 0u32..3);
    let one = (0u32..4, limits, proptest::bool::weighted(0.2), 1u32..3, 1u32..3, any::<bool>());
    proptest::collection::vec((one, besides()), 1..5).prop_map(|drawn| {
        let build = |(index, (drawn, besides)): (usize, (Drawn, Besides))| {
            let (weight, (maxconn, minconn), backup, rise, fall, checked) = drawn;
            let (tracks, limit, slow, init_state) = besides;
            let tracks = tracks && index > 0;
            let checked = checked && !tracks;
            let plain = server(&format!("s{index}"));
            model::Server {
                weight,
                maxconn: (maxconn > 0).then_some(maxconn),
                minconn: (minconn > 0 && minconn < maxconn).then_some(minconn),
                maxqueue: Some(3),
                backup,
                init_state: if checked { init_state } else { InitState::Up },
                track: tracks.then(|| Track {
                    backend: BackendId(0),
                    server: ServerId(0),
                    name: "b/s0".into(),
                }),
                observe: (checked && limit > 0).then_some(Observe {
                    layer: Layer::Seven,
                    limit,
                    on_error: OnError::SuddenDeath,
                }),
                slow_start: (slow > 0).then(|| Duration::from_secs(slow)),
                check: plain.check.clone().filter(|_| checked).map(|check| Check { rise, fall, ..check }),
                ..plain
            }
        };
        drawn.into_iter().enumerate().map(build).collect()
    })
}

/// A message that a worker has not read yet.
#[derive(Clone, Copy, Debug)]
enum Letter {
    Granted { stream: u32, server: usize },
    AskAgain { stream: u32 },
}

/// One that waits. Where it stands is said by its class, its time and its place in the list.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Waits {
    stream: u32,
    /// The server it insists on.
    insist: Option<usize>,
    class: i16,
    due: i64,
}

/// Everything by plain lists: who waits (and for whom), who holds a slot, which letters are on their way.
struct World {
    backend: Backend,
    servers: Vec<Arc<model::Server>>,
    all_backups: bool,
    fullconn: u32,
    now: Now,
    /// By arrival.
    waiting: Vec<Waits>,
    /// What each stream that came is worth.
    priorities: Vec<Priority>,
    /// How many are there.
    live: u32,
    holding: Vec<(u32, usize)>,
    letters: Vec<Letter>,
    gone: Vec<u32>,
    /// Whether each takes what is tied to it, and anything new.
    up: Vec<bool>,
    takes_new: Vec<bool>,
    streams: u32,
}

impl World {
    fn new(servers: Vec<model::Server>, balance: Balance, all_backups: bool, fullconn: u32) -> World {
        let fullconn_set = Some(fullconn);
        let settings = model::Backend { balance, all_backups, fullconn: fullconn_set, ..settings(servers) };
        World {
            fullconn,
            now: NOW,
            priorities: Vec::new(),
            live: 0,
            servers: settings.servers.clone(),
            all_backups,
            up: Vec::new(),
            takes_new: Vec::new(),
            backend: Backend::new(BackendId(0), Arc::new(settings), NOW),
            waiting: Vec::new(),
            holding: Vec::new(),
            letters: Vec::new(),
            gone: Vec::new(),
            streams: 0,
        }
    }

    /// Slots that are taken, those whose grant is on its way included.
    fn taken(&self, server: usize) -> usize {
        let held = self.holding.iter().filter(|(_, held)| *held == server).count();
        let promised = |letter: &&Letter| matches!(letter, Letter::Granted { server: s, .. } if *s == server);
        held + self.letters.iter().filter(promised).count()
    }

    /// By the words of the manual: on the ramp from `minconn` to `maxconn` until `fullconn` streams are there.
    fn has_room(&self, server: usize) -> bool {
        let state = self.backend.server(ServerId(server as u32));
        let Some(most) = state.settings.maxconn else { return true };
        let limit = match state.settings.minconn {
            Some(least) if self.live < self.fullconn => least.max(most * self.live / self.fullconn),
            _ => most,
        };
        // How far `slowstart` is has tests of its own.
        self.taken(server) < limit.min(state.cap) as usize
    }

    /// The first of those that wait and fit.
    fn first(&self, fits: impl Fn(&Waits) -> bool) -> Option<usize> {
        let fitting = self.waiting.iter().enumerate().filter(|(_, waits)| fits(waits));
        fitting.min_by_key(|(at, waits)| (waits.class, waits.due, *at)).map(|(at, _)| at)
    }

    fn end(&mut self) {
        self.live -= 1;
        self.backend.end();
    }

    /// Servers that streams without a wish may get.
    fn members(&self) -> Vec<usize> {
        let usable = |backup: bool| -> Vec<usize> {
            let fits = |index: &usize| self.takes_new[*index] && self.servers[*index].backup == backup;
            (0..self.servers.len()).filter(fits).collect()
        };
        let mut members = usable(false);
        if members.is_empty() {
            members = usable(true);
            members.truncate(if self.all_backups { usize::MAX } else { 1 });
        }
        members
    }

    fn ask(&mut self, stream: u32, wish: Wish) {
        let members = self.members();
        let free: Vec<usize> = members.iter().copied().filter(|index| self.has_room(*index)).collect();
        let insist = wish.only.map(ServerId::index);
        let priority = self.priorities[stream as usize - 1];
        let wish = Wish { priority, ..wish };
        match (self.backend.assign(self.now, waiter(stream), wish), insist) {
            (Assigned::Server(server), Some(wanted)) => {
                assert_eq!(server.index(), wanted);
                assert!(self.up[wanted] && self.has_room(wanted));
                self.holding.push((stream, wanted));
            }
            (Assigned::Server(server), None) => {
                assert!(free.contains(&server.index()), "{server:?} is usable and has room");
                let others = free.iter().any(|index| Some(ServerId(*index as u32)) != wish.exclude);
                assert!(Some(server) != wish.exclude || !others, "another server would have been free");
                self.holding.push((stream, server.index()));
            }
            (Assigned::Queued { server, .. }, insist) => {
                assert_eq!(server.map(ServerId::index), insist);
                match insist {
                    Some(wanted) => assert!(self.up[wanted] && !self.has_room(wanted)),
                    None => assert!(free.is_empty() && !members.is_empty()),
                }
                let due = self.now.time.as_millis() as i64 + i64::from(priority.offset_ms);
                self.waiting.push(Waits { stream, insist, class: priority.class, due });
            }
            (Assigned::NoServer, Some(wanted)) => {
                assert!(!self.up[wanted]);
                self.end();
            }
            (Assigned::NoServer, None) => {
                assert!(members.is_empty());
                self.end();
            }
            (Assigned::QueueFull(server), insist) => {
                assert_eq!(Some(server.index()), insist);
                assert_eq!(self.count_waiting(insist), 3);
                self.end();
            }
        }
    }

    /// Reads what follows from a call, and checks that it had to be so.
    fn drain(&mut self) {
        while let Some(event) = self.backend.poll_event() {
            match event {
                Event::Granted(grant) => {
                    let (stream, server) = (grant.waiter.stream.0.index, grant.server.index());
                    let member = self.members().contains(&server);
                    let first = self.first(|waits| waits.insist.map_or(member, |wanted| wanted == server));
                    let first = first.expect("somebody waited whom the server may serve");
                    assert_eq!(self.waiting.remove(first).stream, stream, "the most urgent is served first");
                    assert!(self.up[server] && self.has_room(server));
                    self.letters.push(Letter::Granted { stream, server });
                }
                Event::Redistribute(grant) => {
                    let stream = grant.waiter.stream.0.index;
                    let at = self.waiting.iter().position(|waits| waits.stream == stream);
                    let wanted = self.waiting.remove(at.expect("it waited")).insist;
                    assert!(wanted.map_or(self.members().is_empty(), |wanted| !self.up[wanted]));
                    self.letters.push(Letter::AskAgain { stream });
                }
                Event::ServerDown { server } => assert!(!self.up[server.index()]),
                Event::Changed { .. }
                | Event::CheckSoon { .. }
                | Event::Notice(_)
                | Event::ShutSessions { .. }
                | Event::WakeAt { .. } => {}
            }
        }
    }

    fn deliver(&mut self, at: usize) {
        match self.letters.remove(at) {
            Letter::Granted { stream, server } if self.gone.contains(&stream) => {
                self.backend.release(NOW, ServerId(server as u32));
            }
            Letter::Granted { stream, server } => self.holding.push((stream, server)),
            Letter::AskAgain { stream } if self.gone.contains(&stream) => {}
            Letter::AskAgain { stream } => self.ask(stream, Wish::default()),
        }
    }

    fn give_up(&mut self, choice: usize) {
        let on_the_way = self.letters.iter().map(|letter| match letter {
            Letter::Granted { stream, .. } | Letter::AskAgain { stream } => *stream,
        });
        let waiting: Vec<u32> = self.waiting.iter().map(|waits| waits.stream).collect();
        let candidates: Vec<u32> = waiting.iter().copied().chain(on_the_way).collect();
        if candidates.is_empty() {
            return;
        }
        let stream = candidates[choice % candidates.len()];
        let cancelled = self.backend.cancel(waiter(stream));
        assert_eq!(matches!(cancelled, Cancelled::Queued { .. }), waiting.contains(&stream));
        self.waiting.retain(|waits| waits.stream != stream);
        // Its grant may still be on the way when it is chosen again.
        if !self.gone.contains(&stream) {
            self.gone.push(stream);
            self.end();
        }
    }

    /// What happens to a server besides traffic. Who tracks it hears of it at once.
    fn change(&mut self, choice: u8, change: impl FnOnce(&mut Backend, ServerId)) {
        change(&mut self.backend, ServerId(u32::from(choice) % self.servers.len() as u32));
        self.note_states();
        self.drain();
        let reading = self.backend.server(ServerId(0)).reading();
        for index in 0..self.servers.len() {
            if self.servers[index].track.is_some() {
                self.backend.follow(self.now, ServerId(index as u32), reading);
                self.note_states();
                self.drain();
                let standing = self.backend.server(ServerId(index as u32)).life.standing();
                assert_eq!(standing.health, reading.health, "s{index} is as the one that it tracks");
                assert!(standing.maintenance.holds() || !reading.maintenance, "s{index} rests with it");
            }
        }
    }

    fn note_states(&mut self) {
        let states = |flag: fn(&ServerState) -> bool| {
            let count = self.servers.len() as u32;
            (0..count).map(|index| flag(self.backend.server(ServerId(index)))).collect()
        };
        (self.up, self.takes_new) = (states(ServerState::is_reachable), states(ServerState::takes_new));
    }

    fn apply(&mut self, step: &Step) {
        let count = self.servers.len() as u32;
        let chosen = |choice: u8| ServerId(u32::from(choice) % count);
        match step {
            Step::Arrive { after_ms, avoid, insist, class, offset } => {
                let wish = Wish { exclude: avoid.map(chosen), only: insist.map(chosen), ..Wish::default() };
                self.now.time = self.now.time + Duration::from_millis(u64::from(*after_ms));
                let (class, offset_ms) = (i16::from(*class), i32::from(*offset));
                self.priorities.push(Priority { class, offset_ms });
                self.streams += 1;
                self.live += 1;
                self.backend.begin();
                self.drain();
                self.ask(self.streams, wish);
            }
            Step::GiveUp(choice) => self.give_up(usize::from(*choice)),
            Step::Finish(choice) if !self.holding.is_empty() => {
                let at = usize::from(*choice) % self.holding.len();
                let (_, server) = self.holding.remove(at);
                self.backend.release(NOW, ServerId(server as u32));
                self.drain();
                self.end();
            }
            Step::Deliver(choice) if !self.letters.is_empty() => {
                self.deliver(usize::from(*choice) % self.letters.len());
            }
            Step::Finish(_) | Step::Deliver(_) => {}
            Step::Check { server, passed } => {
                let now = self.now;
                self.change(*server, |backend, server| check_at(backend, now, server, *passed));
            }
            Step::Order { server, order } => {
                let now = self.now;
                self.change(*server, |backend, server| _ = backend.obey(now, server, *order));
            }
            Step::Agent { server, up } => {
                let now = self.now;
                self.change(*server, |backend, server| {
                    backend.on_agent(now, server, *up, &Because::Unsaid);
                });
            }
            Step::Traffic { server, observed } => {
                let now = self.now;
                self.change(*server, |backend, server| backend.on_traffic(now, server, *observed));
            }
            Step::Pass { millis } => {
                self.now.time = self.now.time + Duration::from_millis(u64::from(*millis));
                self.backend.on_time(self.now);
            }
        }
        self.drain();
        self.compare();
    }

    fn compare(&self) {
        self.backend.check_invariants();
        assert_eq!(self.backend.queued(None) as usize, self.count_waiting(None));
        for index in 0..self.servers.len() {
            let id = ServerId(index as u32);
            assert_eq!(self.backend.server(id).connections() as usize, self.taken(index));
            assert_eq!(self.backend.queued(Some(id)) as usize, self.count_waiting(Some(index)));
        }
    }

    fn count_waiting(&self, server: Option<usize>) -> usize {
        self.waiting.iter().filter(|waits| waits.insist == server).count()
    }

    /// Lets everything come to an end: everybody who still waits is served, or told that nobody can.
    fn finish(&mut self) {
        while let Some(step) = match (self.letters.is_empty(), self.holding.is_empty()) {
            (false, _) => Some(Step::Deliver(0)),
            (true, false) => Some(Step::Finish(0)),
            (true, true) => None,
        } {
            self.apply(&step);
        }
        assert_eq!(self.waiting, [], "nobody is left behind");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_history_keeps_every_promise(
        servers in servers(),
        balance in prop_oneof![
            Just(Balance::RoundRobin), Just(Balance::StaticRr), Just(Balance::LeastConn), Just(Balance::First),
        ],
        all_backups in any::<bool>(),
        fullconn in 1u32..12,
        steps in steps(),
    ) {
        let mut world = World::new(servers, balance, all_backups, fullconn);
        world.change(0, |_, _| {});

        for step in &steps {
            world.apply(step);
        }
        world.finish();
    }
}
