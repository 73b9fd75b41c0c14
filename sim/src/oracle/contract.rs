//! The boundary's contract: orders name only connections that are open, nothing is sent behind an end, the
//! next timeout lies in the future once all orders are taken, and a stopped worker is silent.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::base::ids::ConnId;
use evenkeel_core::base::limits::PROGRAMS_MAX;
use evenkeel_core::base::program::RunId;
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::{Input, Output};

use super::Sight;
use crate::scenario::Scenario;

#[derive(Debug, Default)]
struct Line {
    /// Bytes given and not yet taken.
    unsent: usize,
    ended: bool,
    /// The core has promised to close behind what it gave.
    last: bool,
}

#[derive(Debug, Default)]
struct Machine {
    open: BTreeMap<ConnId, Line>,
    runs: BTreeSet<RunId>,
    stopped: bool,
}

/// What each worker may name.
#[derive(Debug)]
pub(super) struct Contract {
    workers: Vec<Machine>,
}

impl Contract {
    pub(super) fn new(scenario: &Scenario) -> Contract {
        let workers = (0..scenario.proxy.workers).map(|_| Machine::default());
        Contract { workers: workers.collect() }
    }

    pub(super) fn see(&mut self, at: Time, sight: &Sight<'_>) -> Result<(), String> {
        match sight {
            Sight::Input { worker, input } => self.workers[worker.index()].on_input(input),
            Sight::Output { worker, output } => self.workers[worker.index()].on_output(output)?,
            Sight::Drained { next, .. } if *next <= at => {
                return Err(format!("the next timeout, {next:?}, is not in the future"));
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), String> {
        match self.workers.iter().find(|worker| worker.stopped && !worker.open.is_empty()) {
            Some(worker) => Err(format!("stopped with {:?} open", worker.open.keys())),
            None => Ok(()),
        }
    }
}

impl Machine {
    fn on_input(&mut self, input: &Input) {
        match input {
            Input::Accepted { conn, .. } => {
                self.open.insert(*conn, Line::default());
            }
            Input::ConnectFailed { conn, .. } | Input::Lost { conn, .. } => {
                self.open.remove(conn);
            }
            Input::Sent { conn, count } => {
                if let Some(line) = self.open.get_mut(conn) {
                    line.unsent -= count;
                }
            }
            Input::Exited { run, .. } => {
                self.runs.remove(run);
            }
            Input::Connected { .. }
            | Input::Received { .. }
            | Input::Relayed { .. }
            | Input::ReadClosed { .. }
            | Input::Message(_)
            | Input::Signal(_)
            | Input::Timeout => {}
        }
    }

    fn on_output(&mut self, output: &Output) -> Result<(), String> {
        if self.stopped {
            return Err(format!("{output:?} from a worker that has stopped"));
        }
        match output {
            Output::Connect { conn, .. } => {
                if self.open.insert(*conn, Line::default()).is_some() {
                    return Err(format!("{conn:?} is opened twice"));
                }
            }
            Output::Send { conn, bytes, last } => {
                let line = self.line(*conn, output)?;
                if line.last {
                    return Err(format!("{} bytes for {conn:?} after its last", bytes.len()));
                }
                line.last = *last;
                if line.ended || bytes.is_empty() {
                    return Err(format!("{} bytes for {conn:?}, ended: {}", bytes.len(), line.ended));
                }
                line.unsent += bytes.len();
            }
            Output::PauseRead { conn } | Output::ResumeRead { conn } => {
                self.line(*conn, output)?;
            }
            Output::Relay { from, to, .. } => {
                self.line(*from, output)?;
                self.line(*to, output)?;
            }
            Output::ShutWrite { conn } => {
                let line = self.line(*conn, output)?;
                if line.unsent > 0 || std::mem::replace(&mut line.ended, true) {
                    return Err(format!("{conn:?} is shut twice, or with bytes unsent"));
                }
            }
            Output::Close { conn, .. } => {
                self.line(*conn, output)?;
                self.open.remove(conn);
            }
            Output::Stopped => {
                self.stopped = true;
                if !self.open.is_empty() {
                    return Err(format!("stopped with {:?} open", self.open.keys()));
                }
            }
            Output::Run { run, .. } => {
                if !self.runs.insert(*run) {
                    return Err(format!("{run:?} is run twice"));
                }
                if self.runs.len() > PROGRAMS_MAX {
                    return Err(format!("{} programs run", self.runs.len()));
                }
            }
            Output::Kill { .. }
            | Output::PauseAccepting { .. }
            | Output::ResumeAccepting { .. }
            | Output::StopListening { .. }
            | Output::Tell { .. }
            | Output::Log { .. }
            | Output::Notice { .. } => {}
        }
        Ok(())
    }

    fn line(&mut self, conn: ConnId, output: &Output) -> Result<&mut Line, String> {
        self.open.get_mut(&conn).ok_or_else(|| format!("{output:?} names what is not open"))
    }
}
