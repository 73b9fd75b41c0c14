//! Health checks by programs, on the worker that runs them: from their machines to the shell and back.

use std::collections::VecDeque;

use super::output::Output;
use super::worker::{Owner, Worker};
use crate::base::address::Address;
use crate::base::ids::{BackendId, ServerId, WorkerId};
use crate::base::limits::PROGRAMS_MAX;
use crate::base::map::Map;
use crate::base::program::{Exit, Program, RunId};
use crate::base::random::Seed;
use crate::base::time::{Now, Time};
use crate::base::timers::Timer;
use crate::health::{External, ExternalInput, ExternalOutput, first_start};
use crate::model::{Backend, Config, ExternalCheck, Mode};

/// One server that is checked by a program.
#[derive(Debug)]
struct Watch {
    backend: BackendId,
    server: ServerId,
    machine: External,
    run: Option<RunId>,
    timer: Timer,
}

/// All programs of the process, on its first worker; none on the others.
#[derive(Debug, Default)]
pub(super) struct Programs {
    list: Vec<Watch>,
    /// What runs, also what was told to end: whose it is.
    running: Map<RunId, usize>,
    /// Checks that are due while as many programs run as may.
    waiting: VecDeque<usize>,
    last: u64,
}

impl Programs {
    pub(super) fn new(config: &Config, worker: WorkerId, seed: Seed, now: Now) -> Programs {
        let mut programs = Programs::default();
        if worker != WorkerId(0) {
            return programs;
        }
        let all = config.backends.iter().flat_map(|backend| backend.servers.iter());
        let count = all.filter(|server| server.check.is_some()).count() as u32;
        let mut position = 0;
        for (index, backend) in config.backends.iter().enumerate() {
            for (place, server) in backend.servers.iter().enumerate() {
                let Some(check) = &server.check else { continue };
                position += 1;
                if backend.external_check.is_none() {
                    continue;
                }
                let spread = config.global.max_spread_checks.map_or(check.inter, |max| max.min(check.inter));
                let first = now.time + first_start(position - 1, count, spread);
                let rng = seed.child(&format!("check {index} {place}")).stream("spread");
                let percent = config.global.spread_checks;
                let machine = External::new(check, backend.timeouts, first, percent, rng);
                let (backend, server) = (BackendId(index as u32), ServerId(place as u32));
                programs.list.push(Watch { backend, server, machine, run: None, timer: Timer::default() });
            }
        }
        programs
    }

    /// What has not ended yet.
    pub(super) fn running(&self) -> Vec<RunId> {
        self.running.keys().copied().collect()
    }
}

impl Worker {
    pub(super) fn arm_programs(&mut self) {
        for index in 0..self.programs.list.len() {
            self.arm_program(index);
        }
    }

    fn arm_program(&mut self, index: usize) {
        if self.stopping {
            return;
        }
        let watch = &mut self.programs.list[index];
        let deadline = watch.machine.poll_timeout();
        if deadline < Time::NEVER {
            self.timers.arm(&mut watch.timer, Owner::Program(index), deadline);
        }
    }

    pub(super) fn on_program_due(&mut self, index: usize, at: Time) {
        let now = self.now.time;
        let watch = &mut self.programs.list[index];
        if !watch.timer.comes_up(at) {
            return;
        }
        let (backend, server) = (watch.backend, watch.server);
        if watch.machine.is_due(now) && self.is_paused(backend, server) {
            self.programs.list[index].machine.pause(now);
        }
        let watch = &self.programs.list[index];
        if watch.machine.poll_timeout() > now {
            self.arm_program(index);
        } else if watch.machine.is_due(now) && self.programs.running.len() >= PROGRAMS_MAX {
            self.programs.waiting.push_back(index);
        } else {
            self.program_news(index, ExternalInput::Timeout);
        }
    }

    /// A server is to be checked soon.
    pub(super) fn run_soon(&mut self, backend: BackendId, server: ServerId) {
        let here = |watch: &Watch| (watch.backend, watch.server) == (backend, server);
        if let Some(index) = self.programs.list.iter().position(here) {
            self.programs.list[index].machine.hasten(self.now.time);
            self.arm_program(index);
        }
    }

    /// A program has ended: the check's own, or one that was given up.
    pub(super) fn on_exited(&mut self, run: RunId, exit: Exit) {
        let Some(index) = self.programs.running.remove(&run) else {
            self.lost_races += 1;
            return;
        };
        if self.programs.list[index].run == Some(run) {
            self.programs.list[index].run = None;
            if let Exit::NotStarted(reason) = &exit {
                let text = format!("Failed to exec process for external health check: {reason}. Aborting.");
                self.put(Output::Notice { alert: true, text });
            }
            self.program_news(index, ExternalInput::Exited(exit));
        }
        if let Some(next) = self.programs.waiting.pop_front()
            && !self.stopping
        {
            self.program_news(next, ExternalInput::Timeout);
        }
    }

    fn program_news(&mut self, index: usize, news: ExternalInput) {
        let now = self.now.time;
        self.programs.list[index].machine.handle(now, news);
        while let Some(output) = self.programs.list[index].machine.poll_output() {
            match output {
                ExternalOutput::Run => self.run_program(index),
                ExternalOutput::Kill => {
                    if let Some(run) = self.programs.list[index].run.take() {
                        self.put(Output::Kill { run });
                    }
                }
                ExternalOutput::Done(outcome) => {
                    let Watch { backend, server, .. } = self.programs.list[index];
                    let view = self.with_backend(backend, |backend, now| {
                        backend.on_check(now, server, &outcome);
                        backend.server(server).view()
                    });
                    self.programs.list[index].machine.schedule(now, view);
                }
            }
        }
        self.arm_program(index);
    }

    fn run_program(&mut self, index: usize) {
        let Watch { backend, server, .. } = self.programs.list[index];
        let settings = self.config.backends[backend.index()].clone();
        let Some(check) = &settings.external_check else { return };
        let connections = self.with_backend(backend, |machine, _| machine.server(server).connections());
        let program = program(check, &settings, server, connections);
        self.programs.last += 1;
        let run = RunId(self.programs.last);
        self.programs.running.insert(run, index);
        self.programs.list[index].run = Some(run);
        self.put(Output::Run { run, program });
    }
}

/// The program that checks a server, with the words and variables that the manual promises it.
fn program(check: &ExternalCheck, backend: &Backend, server: ServerId, connections: u32) -> Program {
    let settings = &backend.servers[server.index()];
    let (proxy_address, proxy_port) = check.listens_at.as_ref().map_or_else(Default::default, place);
    let (server_address, server_port) = place(&settings.address);
    let word = |text: &String| if text.is_empty() { "NOT_USED".to_owned() } else { text.clone() };
    let arguments = [&proxy_address, &proxy_port, &server_address, &server_port].map(word).to_vec();
    let environment = vec![
        ("HAPROXY_PROXY_ADDR", proxy_address),
        ("HAPROXY_PROXY_ID", check.proxy_id.to_string()),
        ("HAPROXY_PROXY_NAME", backend.name.to_string()),
        ("HAPROXY_PROXY_PORT", proxy_port),
        ("HAPROXY_SERVER_ADDR", server_address),
        ("HAPROXY_SERVER_CURCONN", connections.to_string()),
        ("HAPROXY_SERVER_ID", settings.id.to_string()),
        ("HAPROXY_SERVER_MAXCONN", settings.maxconn.unwrap_or(0).to_string()),
        ("HAPROXY_SERVER_NAME", settings.name.to_string()),
        ("HAPROXY_SERVER_PORT", server_port),
        ("HAPROXY_SERVER_PROTO", if backend.mode == Mode::Http { "h1" } else { "tcp" }.to_owned()),
        ("HAPROXY_SERVER_SSL", "0".to_owned()),
        ("PATH", check.path.clone().unwrap_or_default()),
    ];
    Program { command: check.command.clone(), arguments, environment, inherits: check.preserve_env }
}

/// An address as its two words; a Unix socket has no port.
fn place(address: &Address) -> (String, String) {
    match address {
        Address::Ip(socket) => (socket.ip().to_string(), socket.port().to_string()),
        Address::Unix(path) => (path.to_string(), String::new()),
    }
}
