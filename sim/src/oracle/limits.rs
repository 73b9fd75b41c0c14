//! Limits are never passed: a server's `maxconn`, counted at the socket and by what the server really works
//! on; the process's and the frontend's, counted by connections that are served.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::base::ids::{ConnId, Side, WorkerId};
use evenkeel_core::proxy::{Input, Output};

use super::Sight;
use crate::actor::RequestId;
use crate::network::WireId;
use crate::scenario::{Mode, Scenario};

#[derive(Debug)]
struct Busy {
    server: usize,
    /// An exchange uses it: from the connect or a send, until the server has said all.
    used: bool,
    /// The server has said all before it has heard all. What is still sent belongs to an exchange that is over for it.
    early: bool,
}

/// What is in use.
#[derive(Debug)]
pub(super) struct Limits {
    mode: Mode,
    workers: usize,
    server_max: Vec<Option<u32>>,
    client_max: Option<u32>,
    upstreams: BTreeMap<(WorkerId, ConnId), Busy>,
    wires: BTreeMap<WireId, (WorkerId, ConnId)>,
    used: Vec<u32>,
    /// Requests that servers have heard to the end, and those that were answered before.
    whole: BTreeSet<RequestId>,
    early: BTreeMap<RequestId, (WorkerId, ConnId)>,
    /// Client connections, and whether they are being served.
    clients: BTreeMap<(WorkerId, ConnId), bool>,
    served: usize,
}

impl Limits {
    pub(super) fn new(scenario: &Scenario) -> Limits {
        let (process, frontend) = (scenario.proxy.process_maxconn, scenario.proxy.frontend_maxconn);
        Limits {
            mode: scenario.proxy.mode,
            workers: scenario.proxy.workers as usize,
            server_max: scenario.servers.iter().map(|server| server.maxconn).collect(),
            client_max: process.into_iter().chain(frontend).min(),
            upstreams: BTreeMap::new(),
            wires: BTreeMap::new(),
            used: vec![0; scenario.servers.len()],
            whole: BTreeSet::new(),
            early: BTreeMap::new(),
            clients: BTreeMap::new(),
            served: 0,
        }
    }

    pub(super) fn see(&mut self, sight: &Sight<'_>) -> Result<(), String> {
        match sight {
            Sight::Connecting { worker, conn, wire, server, health: false } => {
                let name = (*worker, *conn);
                self.wires.insert(*wire, name);
                self.upstreams.insert(name, Busy { server: *server, used: false, early: false });
                return self.set_used(name, true);
            }
            Sight::AnswerSent { id, wire, complete: true } if self.mode == Mode::Http => {
                if let Some(&name) = self.wires.get(wire) {
                    if !self.whole.contains(id) {
                        self.early.insert(*id, name);
                        self.set_early(name, true);
                    }
                    return self.set_used(name, false);
                }
            }
            // Again, if it is tried again.
            Sight::Arrived { id, .. } => {
                self.whole.remove(id);
            }
            Sight::Whole { id, .. } => {
                self.whole.insert(*id);
                if let Some(name) = self.early.remove(id) {
                    self.set_early(name, false);
                }
            }
            Sight::Input { worker, input } => return self.on_input(*worker, input),
            Sight::Output { worker, output } => return self.on_output(*worker, output),
            _ => {}
        }
        Ok(())
    }

    fn on_input(&mut self, worker: WorkerId, input: &Input) -> Result<(), String> {
        match input {
            Input::Accepted { conn, .. } => {
                self.clients.insert((worker, *conn), false);
                // Each worker may hold one back before it knows that there is no room.
                let most = self.client_max.map_or(usize::MAX, |max| max as usize + self.workers);
                if self.clients.len() > most {
                    return Err(format!("{} connections accepted, {most} at most", self.clients.len()));
                }
                Ok(())
            }
            Input::Lost { conn, .. } | Input::ConnectFailed { conn, .. } => self.forget((worker, *conn)),
            _ => Ok(()),
        }
    }

    fn on_output(&mut self, worker: WorkerId, output: &Output) -> Result<(), String> {
        match output {
            Output::Send { conn, .. } => match conn.side() {
                Side::Server => self.set_used((worker, *conn), true),
                Side::Client => self.serve((worker, *conn)),
            },
            Output::Relay { from, to, .. } => {
                let client = if from.side() == Side::Client { from } else { to };
                self.serve((worker, *client))
            }
            Output::Close { conn, .. } => self.forget((worker, *conn)),
            _ => Ok(()),
        }
    }

    fn forget(&mut self, name: (WorkerId, ConnId)) -> Result<(), String> {
        match name.1.side() {
            Side::Server => {
                self.set_used(name, false)?;
                self.upstreams.remove(&name);
            }
            Side::Client => self.served -= usize::from(self.clients.remove(&name) == Some(true)),
        }
        Ok(())
    }

    fn serve(&mut self, name: (WorkerId, ConnId)) -> Result<(), String> {
        if let Some(served) = self.clients.get_mut(&name)
            && !std::mem::replace(served, true)
        {
            self.served += 1;
        }
        match self.client_max {
            Some(max) if self.served > max as usize => {
                Err(format!("{} connections are served, maxconn is {max}", self.served))
            }
            _ => Ok(()),
        }
    }

    fn set_early(&mut self, name: (WorkerId, ConnId), early: bool) {
        if let Some(busy) = self.upstreams.get_mut(&name) {
            busy.early = early;
        }
    }

    fn set_used(&mut self, name: (WorkerId, ConnId), used: bool) -> Result<(), String> {
        let Some(busy) = self.upstreams.get_mut(&name) else { return Ok(()) };
        let used = used && !busy.early;
        if std::mem::replace(&mut busy.used, used) == used {
            return Ok(());
        }
        let count = &mut self.used[busy.server];
        if !used {
            *count -= 1;
            return Ok(());
        }
        *count += 1;
        match self.server_max[busy.server] {
            Some(max) if *count > max => {
                Err(format!("server {} has {count} exchanges, maxconn is {max}", busy.server))
            }
            _ => Ok(()),
        }
    }
}
