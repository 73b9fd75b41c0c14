//! Each request ends exactly once: it comes to a server once, and once more for each retry at most; it gets at
//! most one answer, in its turn and its own, and leaves one line in the log, which counts the retries.

use std::collections::BTreeMap;

use evenkeel_core::proxy::Output;

use super::{Gone, Sight};
use crate::actor::RequestId;
use crate::log_line::LogLine;
use crate::scenario::{Mode, Scenario};

#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    arrivals: u32,
    retries: u32,
    answers: u32,
    lines: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Connection {
    asked: usize,
    answers: usize,
    lines: u32,
    gone: bool,
    garbage: bool,
    planned: usize,
}

/// What became of each request and each client.
#[derive(Debug)]
pub(super) struct Conservation {
    mode: Mode,
    /// How often one request may come to servers.
    arrivals_max: u32,
    requests: BTreeMap<RequestId, Fate>,
    clients: Vec<Connection>,
}

impl Conservation {
    pub(super) fn new(scenario: &Scenario) -> Conservation {
        let clients = scenario.clients.iter().map(|client| Connection {
            garbage: client.garbage.is_some(),
            planned: client.requests.len(),
            ..Connection::default()
        });
        let again = scenario.proxy.retry_on.iter().any(|word| word != "conn-failure");
        Conservation {
            mode: scenario.proxy.mode,
            arrivals_max: 1 + if again { scenario.proxy.retries } else { 0 },
            requests: BTreeMap::new(),
            clients: clients.collect(),
        }
    }

    pub(super) fn see(&mut self, sight: &Sight<'_>) -> Result<(), String> {
        match sight {
            Sight::Asked { id } => self.clients[id.client].asked += 1,
            Sight::Arrived { id, server, .. } => {
                let fate = self.requests.entry(*id).or_default();
                fate.arrivals += 1;
                if fate.arrivals > self.arrivals_max {
                    return Err(format!("request {id} came to a server again, to {server}"));
                }
            }
            Sight::Answer { client, position, status, id } => {
                return self.on_answer(*client, *position, *status, *id);
            }
            Sight::Gone { client, gone } => {
                let connection = &mut self.clients[*client];
                if std::mem::replace(&mut connection.gone, true) {
                    return Err(format!("client {client} ended twice"));
                }
                if self.mode == Mode::Http && *gone == Gone::CutShort && connection.answers == 0 {
                    return Err(format!("client {client} got half a head"));
                }
            }
            Sight::Output { output: Output::Log { target, line }, .. } => {
                if let Some(line) = LogLine::of_traffic(*target, line) {
                    return self.on_line(&line?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn on_answer(
        &mut self,
        client: usize,
        position: usize,
        status: u16,
        id: Option<RequestId>,
    ) -> Result<(), String> {
        let connection = &mut self.clients[client];
        connection.answers += 1;
        match id {
            Some(id) => {
                let fate = self.requests.entry(id).or_default();
                fate.answers += 1;
                if fate.answers > 1 || id != (RequestId { client, index: position }) {
                    return Err(format!("answer {position} of client {client} is for {id}"));
                }
                if fate.arrivals == 0 {
                    return Err(format!("request {id} is answered and came to no server"));
                }
            }
            None if self.mode == Mode::Tcp => {}
            None if !matches!(status, 400 | 408 | 500 | 502 | 503 | 504) => {
                return Err(format!("client {client} got an answer of the proxy's own with {status}"));
            }
            None => {}
        }
        // An early answer may come before the whole request is sent, and silence or garbage earn one as well.
        let most = (connection.asked + 1).max(1);
        if self.mode == Mode::Http && connection.answers > most {
            return Err(format!("client {client} asked {} times and got more answers", connection.asked));
        }
        Ok(())
    }

    fn on_line(&mut self, line: &LogLine<'_>) -> Result<(), String> {
        let client = line.client.ok_or_else(|| format!("a line about nobody: {}", line.text))?;
        let connection = self.clients.get_mut(client).ok_or_else(|| format!("nobody: {}", line.text))?;
        connection.lines += 1;
        match line.request {
            Some(id) => {
                let fate = self.requests.entry(id).or_default();
                fate.lines += 1;
                fate.retries = line.retries;
                if fate.lines > 1 || id.client != client {
                    return Err(format!("a second line, or another client's: {}", line.text));
                }
            }
            None if self.mode == Mode::Tcp && connection.lines > 1 => {
                return Err(format!("a second line for one connection: {}", line.text));
            }
            None => {}
        }
        let most = connection.planned as u32 + 1 + u32::from(connection.garbage);
        if connection.lines > most {
            return Err(format!("line {} for client {client}: {}", connection.lines, line.text));
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), String> {
        for (id, fate) in &self.requests {
            if self.mode == Mode::Http && fate.lines != 1 {
                return Err(format!("request {id} left {} lines in the log", fate.lines));
            }
            if self.mode == Mode::Http && fate.arrivals > 1 + fate.retries {
                return Err(format!(
                    "request {id} came {} times with {} retries",
                    fate.arrivals, fate.retries
                ));
            }
        }
        for (client, connection) in self.clients.iter().enumerate() {
            if connection.answers > 0 && connection.lines == 0 {
                return Err(format!("client {client} got answers and left no line in the log"));
            }
            if connection.planned > 0 && !connection.gone {
                return Err(format!("client {client} did not end"));
            }
        }
        Ok(())
    }
}
