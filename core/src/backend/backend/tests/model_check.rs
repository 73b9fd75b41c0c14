//! Random histories of several workers with late messages, against a reference that is slow and plain.

use proptest::prelude::*;

use super::*;

/// One step of a history. Numbers choose among what there is, modulo its count.
#[derive(Clone, Debug)]
enum Step {
    /// A stream comes and asks, with a server to avoid or to insist on.
    Arrive { avoid: Option<u8>, insist: Option<u8> },
    /// A stream that waits, or whose grant is on its way, goes away.
    GiveUp(u8),
    /// A stream that has a slot is done.
    Finish(u8),
    /// One message on its way arrives.
    Deliver(u8),
    /// A check ends.
    Check { server: u8, passed: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (proptest::option::weighted(0.1, any::<u8>()), proptest::option::weighted(0.2, any::<u8>()))
            .prop_map(|(avoid, insist)| Step::Arrive { avoid, insist }),
        1 => any::<u8>().prop_map(Step::GiveUp),
        3 => any::<u8>().prop_map(Step::Finish),
        4 => any::<u8>().prop_map(Step::Deliver),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(server, passed)| Step::Check { server, passed }),
    ];
    proptest::collection::vec(step, 1..200)
}

fn servers() -> impl Strategy<Value = Vec<model::Server>> {
    let one = (0u32..4, 0u32..4, proptest::bool::weighted(0.2), 1u32..3, 1u32..3, any::<bool>());
    proptest::collection::vec(one, 1..5).prop_map(|drawn| {
        let build =
            |(index, (weight, maxconn, backup, rise, fall, checked)): (usize, (u32, _, _, _, _, bool))| {
                let plain = server(&format!("s{index}"));
                model::Server {
                    weight,
                    maxconn: (maxconn > 0).then_some(maxconn),
                    maxqueue: Some(3),
                    backup,
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

/// Everything by plain lists: who waits (and for whom), who holds a slot, which letters are on their way.
struct World {
    backend: Backend,
    servers: Vec<Arc<model::Server>>,
    all_backups: bool,
    /// By arrival; `Some` for those who insist on a server.
    waiting: Vec<(u32, Option<usize>)>,
    holding: Vec<(u32, usize)>,
    letters: Vec<Letter>,
    gone: Vec<u32>,
    up: Vec<bool>,
    streams: u32,
}

impl World {
    fn new(servers: Vec<model::Server>, balance: Balance, all_backups: bool) -> World {
        let settings = model::Backend { balance, all_backups, ..settings(servers) };
        World {
            servers: settings.servers.clone(),
            all_backups,
            up: vec![true; settings.servers.len()],
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

    fn has_room(&self, server: usize) -> bool {
        self.servers[server].maxconn.is_none_or(|most| self.taken(server) < most as usize)
    }

    /// Servers that streams without a wish may get.
    fn members(&self) -> Vec<usize> {
        let usable = |backup: bool| -> Vec<usize> {
            let fits = |index: &usize| {
                let server = &self.servers[*index];
                self.up[*index] && server.weight > 0 && server.backup == backup
            };
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
        match (self.backend.assign(NOW, waiter(stream), wish), insist) {
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
                self.waiting.push((stream, insist));
            }
            (Assigned::NoServer, Some(wanted)) => assert!(!self.up[wanted]),
            (Assigned::NoServer, None) => assert!(members.is_empty()),
            (Assigned::QueueFull, insist) => {
                assert_eq!(self.waiting.iter().filter(|(_, wanted)| *wanted == insist).count(), 3);
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
                    let oldest = self.waiting.iter().position(|(_, wanted)| match wanted {
                        Some(wanted) => *wanted == server,
                        None => member,
                    });
                    let oldest = oldest.expect("somebody waited whom the server may serve");
                    assert_eq!(self.waiting.remove(oldest).0, stream, "first come, first served");
                    assert!(self.up[server] && self.has_room(server));
                    self.letters.push(Letter::Granted { stream, server });
                }
                Event::Redistribute(grant) => {
                    let stream = grant.waiter.stream.0.index;
                    let at = self.waiting.iter().position(|(waiting, _)| *waiting == stream);
                    let (_, wanted) = self.waiting.remove(at.expect("it waited"));
                    assert!(wanted.map_or(self.members().is_empty(), |wanted| !self.up[wanted]));
                    self.letters.push(Letter::AskAgain { stream });
                }
                Event::ServerDown { server } => assert!(!self.up[server.index()]),
                Event::Notice(_) => {}
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
        let waiting: Vec<u32> = self.waiting.iter().map(|(stream, _)| *stream).collect();
        let candidates: Vec<u32> = waiting.iter().copied().chain(on_the_way).collect();
        if candidates.is_empty() {
            return;
        }
        let stream = candidates[choice % candidates.len()];
        let cancelled = self.backend.cancel(waiter(stream));
        assert_eq!(matches!(cancelled, Cancelled::Queued { .. }), waiting.contains(&stream));
        self.waiting.retain(|(waiting, _)| *waiting != stream);
        self.gone.push(stream);
    }

    fn check_server(&mut self, choice: usize, passed: bool) {
        let server = choice % self.servers.len();
        check(&mut self.backend, server as u32, passed);
        self.up[server] = self.backend.server(ServerId(server as u32)).status() == Status::Up;
        if self.servers[server].check.is_none() {
            assert!(self.up[server], "a server without checks stays up");
        }
    }

    fn apply(&mut self, step: &Step) {
        let count = self.servers.len() as u32;
        let chosen = |choice: u8| ServerId(u32::from(choice) % count);
        match step {
            Step::Arrive { avoid, insist } => {
                let wish = Wish { exclude: avoid.map(chosen), only: insist.map(chosen), key: None };
                self.streams += 1;
                self.ask(self.streams, wish);
            }
            Step::GiveUp(choice) => self.give_up(usize::from(*choice)),
            Step::Finish(choice) if !self.holding.is_empty() => {
                let at = usize::from(*choice) % self.holding.len();
                let (_, server) = self.holding.remove(at);
                self.backend.release(NOW, ServerId(server as u32));
            }
            Step::Deliver(choice) if !self.letters.is_empty() => {
                self.deliver(usize::from(*choice) % self.letters.len());
            }
            Step::Finish(_) | Step::Deliver(_) => {}
            Step::Check { server, passed } => self.check_server(usize::from(*server), *passed),
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
        self.waiting.iter().filter(|(_, wanted)| *wanted == server).count()
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
        steps in steps(),
    ) {
        let mut world = World::new(servers, balance, all_backups);

        for step in &steps {
            world.apply(step);
        }
        world.finish();
    }
}
