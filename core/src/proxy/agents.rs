//! Agent checks on the worker that runs them: from their machines to sockets and back.

use std::time::Duration;

use super::conn::{Upstream, Use};
use super::output::{CloseHow, FirstWord, Output};
use super::worker::{Owner, Worker};
use crate::base::ids::{BackendId, ConnId, ServerId, WorkerId};
use crate::base::random::Seed;
use crate::base::slots::Key;
use crate::base::time::{Now, Time};
use crate::base::timers::Timer;
use crate::health::{AgentChecker, AgentOutput, CheckInput, first_time};
use crate::model::{Config, Server};

/// One server that has an agent.
#[derive(Debug)]
struct Watch {
    backend: BackendId,
    server: ServerId,
    machine: AgentChecker,
    conn: Option<Key>,
    timer: Timer,
}

/// All agents of the process, asked by its first worker; none on the others.
#[derive(Debug, Default)]
pub(super) struct Agents {
    list: Vec<Watch>,
}

/// Intervals below this count for themselves alone when first checks are spread.
const SPREAD_OVER_MIN: Duration = Duration::from_secs(1);

impl Agents {
    pub(super) fn new(config: &Config, worker: WorkerId, seed: Seed, now: Now) -> Agents {
        let mut agents = Agents::default();
        if worker != WorkerId(0) {
            return agents;
        }
        let intervals = |server: &Server| {
            let check = server.check.as_ref().map(|check| check.inter);
            [check, server.agent.as_ref().map(|agent| agent.inter)].into_iter().flatten()
        };
        let servers = config.backends.iter().flat_map(|backend| &backend.servers);
        let all: Vec<Duration> = servers.flat_map(|server| intervals(server)).collect();
        let shortest = all.iter().copied().filter(|inter| *inter >= SPREAD_OVER_MIN).min();
        let count = all.len() as u32;
        let mut position = 0;
        for (index, backend) in config.backends.iter().enumerate() {
            for (place, server) in backend.servers.iter().enumerate() {
                position += intervals(server).count() as u32;
                let Some(agent) = &server.agent else { continue };
                let most = config.global.max_spread_checks;
                let first = now.time + first_time(position - 1, count, agent.inter, shortest, most);
                let rng = seed.child(&format!("agent {index} {place}")).stream("spread");
                let percent = config.global.spread_checks;
                let machine = AgentChecker::new(agent, backend.timeouts, first, percent, rng);
                let (backend, server) = (BackendId(index as u32), ServerId(place as u32));
                agents.list.push(Watch { backend, server, machine, conn: None, timer: Timer::default() });
            }
        }
        agents
    }
}

impl Worker {
    pub(super) fn arm_agents(&mut self) {
        for index in 0..self.agents.list.len() {
            self.arm_agent(index);
        }
    }

    fn arm_agent(&mut self, index: usize) {
        if self.stopping {
            return;
        }
        let watch = &mut self.agents.list[index];
        let deadline = watch.machine.poll_timeout();
        self.timers.arm(&mut watch.timer, Owner::Agent(index), deadline);
    }

    pub(super) fn on_agent_due(&mut self, index: usize, at: Time) {
        let watch = &mut self.agents.list[index];
        if !watch.timer.comes_up(at) {
            return;
        }
        if watch.machine.poll_timeout() <= self.now.time {
            self.agent_news(index, CheckInput::Timeout);
        } else {
            self.arm_agent(index);
        }
    }

    /// The connection to an agent is gone already.
    pub(super) fn agent_lost(&mut self, index: usize, news: CheckInput) {
        self.agents.list[index].conn = None;
        self.agent_news(index, news);
    }

    pub(super) fn agent_news(&mut self, index: usize, news: CheckInput) {
        self.agents.list[index].machine.handle(self.now.time, news);
        while let Some(output) = self.agents.list[index].machine.poll_output() {
            let Watch { backend, server, conn, .. } = &mut self.agents.list[index];
            match output {
                AgentOutput::Connect(to) => {
                    let key = self.upstreams.insert(Upstream::new(*backend, *server, Use::Agent(index)));
                    *conn = Some(key);
                    let first_word = FirstWord::Either;
                    self.put(Output::Connect { conn: ConnId::server(key), to, from: None, first_word });
                }
                AgentOutput::Send(bytes) => {
                    if let Some(key) = *conn {
                        self.send_upstream(key, bytes);
                    }
                }
                AgentOutput::Close => {
                    if let Some(key) = conn.take() {
                        self.close_upstream(key, CloseHow::Reset);
                    }
                }
                AgentOutput::Done(report) => {
                    let (backend, server) = (*backend, *server);
                    self.with_backend(backend, |backend, now| backend.on_agent_report(now, server, &report));
                }
            }
        }
        self.arm_agent(index);
    }
}
