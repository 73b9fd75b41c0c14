//! Health checks on the worker that runs them: from their machines to sockets and back.

use std::sync::Arc;

use super::conn::{Upstream, Use};
use super::output::{CloseHow, Output};
use super::worker::{Facts, Owner, Worker};
use crate::base::ids::{BackendId, ConnId, ServerId, WorkerId};
use crate::base::map::Map;
use crate::base::random::Seed;
use crate::base::slots::Key;
use crate::base::time::{Now, Time};
use crate::base::timers::Timer;
use crate::health::{CheckInput, CheckOutput, Checker, first_start};
use crate::model::Config;

/// One checked server.
#[derive(Debug)]
struct Watch {
    backend: BackendId,
    server: ServerId,
    checker: Checker,
    conn: Option<Key>,
    timer: Timer,
}

/// All checks of the process, on its first worker; none on the others.
#[derive(Debug, Default)]
pub(super) struct Checks {
    list: Vec<Watch>,
    by_server: Map<(BackendId, ServerId), usize>,
}

impl Checks {
    pub(super) fn new(config: &Config, worker: WorkerId, seed: Seed, facts: &Facts, now: Now) -> Checks {
        let mut checks = Checks::default();
        if worker != WorkerId(0) {
            return checks;
        }
        let servers = config.backends.iter().flat_map(|backend| backend.servers.iter());
        let hostname: Arc<str> = Arc::from(&*facts.hostname);
        let count = servers.filter(|server| server.check.is_some()).count() as u32;
        let mut position = 0;
        for (index, backend) in config.backends.iter().enumerate() {
            for (place, server) in backend.servers.iter().enumerate() {
                let Some(check) = &server.check else { continue };
                position += 1;
                if backend.external_check.is_some() {
                    continue;
                }
                let spread = config.global.max_spread_checks.map_or(check.inter, |max| max.min(check.inter));
                let first = now.time + first_start(position - 1, count, spread);
                let id = ServerId(place as u32);
                let Some(checker) = Checker::new(backend, id, first) else { continue };
                let rng = seed.child(&format!("check {index} {place}")).stream("spread");
                let checker = checker.spread_by(config.global.spread_checks, rng);
                let checker = checker.in_process(facts.pid, Arc::clone(&hostname));
                let backend = BackendId(index as u32);
                checks.by_server.insert((backend, id), checks.list.len());
                checks.list.push(Watch { backend, server: id, checker, conn: None, timer: Timer::default() });
            }
        }
        checks
    }
}

impl Worker {
    pub(super) fn arm_checks(&mut self) {
        for index in 0..self.checks.list.len() {
            self.arm_check(index);
        }
    }

    fn arm_check(&mut self, index: usize) {
        if self.stopping {
            return;
        }
        let watch = &mut self.checks.list[index];
        let deadline = watch.checker.poll_timeout();
        if deadline < Time::NEVER {
            self.timers.arm(&mut watch.timer, Owner::Check(index), deadline);
        }
    }

    pub(super) fn on_check_due(&mut self, index: usize, at: Time) {
        let watch = &mut self.checks.list[index];
        if !watch.timer.comes_up(at) {
            return;
        }
        let (backend, server) = (watch.backend, watch.server);
        let early = watch.checker.poll_timeout() > self.now.time;
        if early || (self.is_paused(backend, server) && self.checks.list[index].checker.pause(self.now)) {
            self.arm_check(index);
        } else {
            self.check_news(index, CheckInput::Timeout);
        }
    }

    /// A server is to be checked soon.
    pub(super) fn check_soon(&mut self, backend: BackendId, server: ServerId) {
        let Some(index) = self.checks.by_server.get(&(backend, server)).copied() else {
            return self.run_soon(backend, server);
        };
        self.checks.list[index].checker.hasten(self.now);
        self.arm_check(index);
    }

    /// Whether the server is in maintenance, where checks pause.
    pub(super) fn is_paused(&self, backend: BackendId, server: ServerId) -> bool {
        self.shared.backend(backend).with(|machine| !machine.server(server).is_checked())
    }

    /// The connection of a check is gone already.
    pub(super) fn check_lost(&mut self, index: usize, news: CheckInput) {
        self.checks.list[index].conn = None;
        self.check_news(index, news);
    }

    /// The system took all that a check sent.
    pub(super) fn check_sent(&mut self, index: usize) {
        if self.checks.list[index].checker.awaits_sent() {
            self.check_news(index, CheckInput::Sent);
        }
    }

    pub(super) fn check_news(&mut self, index: usize, news: CheckInput) {
        let now = self.now;
        let Watch { backend, server, checker, .. } = &self.checks.list[index];
        if checker.asks_state() && matches!(news, CheckInput::Timeout | CheckInput::Connected(_)) {
            let (backend, server) = (*backend, *server);
            let seen = self.with_backend(backend, |backend, _| backend.seen(server));
            self.checks.list[index].checker.tell(seen);
        }
        self.checks.list[index].checker.handle(now, news);
        while let Some(output) = self.checks.list[index].checker.poll_output() {
            let watch = &mut self.checks.list[index];
            match output {
                CheckOutput::Connect(to, first_word) => {
                    let key =
                        self.upstreams.insert(Upstream::new(watch.backend, watch.server, Use::Check(index)));
                    watch.conn = Some(key);
                    let conn = ConnId::server(key);
                    self.put(Output::Connect { conn, to, from: None, first_word });
                }
                CheckOutput::Send(bytes) => {
                    if let Some(key) = watch.conn {
                        self.send_upstream(key, bytes);
                    }
                }
                CheckOutput::Close(how) => {
                    if let Some(key) = watch.conn.take() {
                        self.close_check(key, how);
                    }
                }
                CheckOutput::Done(outcome) => {
                    let (backend, server) = (watch.backend, watch.server);
                    let view = self.with_backend(backend, |backend, now| {
                        backend.on_check(now, server, &outcome);
                        backend.server(server).view()
                    });
                    self.checks.list[index].checker.schedule(now, view);
                }
            }
        }
        self.arm_check(index);
    }

    fn close_check(&mut self, key: Key, how: CloseHow) {
        self.close_upstream(key, how);
    }
}
