//! Log lines tell the truth: the termination state is one that exists, an exchange that ended well was had by
//! the client as a whole, and a client that got a whole answer left no line that blames somebody else.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::proxy::Output;

use super::{Gone, Sight};
use crate::actor::RequestId;
use crate::log_line::LogLine;
use crate::scenario::{ClientPlan, Method, Mode, Scenario};

/// What was logged, against what clients saw.
#[derive(Debug)]
pub(super) struct Logs {
    mode: Mode,
    /// Exchanges logged as ended well, until the client has the end.
    well: BTreeMap<RequestId, String>,
    got: BTreeMap<RequestId, u16>,
    ended_well: BTreeSet<RequestId>,
    /// Answers that ended with the connection, by length, and what their servers really said.
    by_close: BTreeMap<RequestId, u64>,
    said: BTreeMap<RequestId, u64>,
    spoilt: BTreeSet<RequestId>,
    clients: Vec<ClientPlan>,
    /// How many whole answers each client has.
    whole: Vec<usize>,
    gone: Vec<Option<Gone>>,
}

impl Logs {
    pub(super) fn new(scenario: &Scenario) -> Logs {
        Logs {
            mode: scenario.proxy.mode,
            well: BTreeMap::new(),
            got: BTreeMap::new(),
            ended_well: BTreeSet::new(),
            by_close: BTreeMap::new(),
            said: BTreeMap::new(),
            spoilt: BTreeSet::new(),
            clients: scenario.clients.clone(),
            whole: vec![0; scenario.clients.len()],
            gone: vec![None; scenario.clients.len()],
        }
    }

    pub(super) fn see(&mut self, sight: &Sight<'_>) -> Result<(), String> {
        match sight {
            Sight::Output { output: Output::Log { target, line }, .. } => {
                if let Some(line) = LogLine::of_traffic(*target, line) {
                    return self.on_line(&line?);
                }
            }
            Sight::AnswerSent { id, complete: false, .. } => {
                self.spoilt.insert(*id);
            }
            Sight::AnswerSent { id, complete: true, .. } => {
                self.said.insert(*id, self.clients[id.client].requests[id.index].answer.body);
            }
            Sight::Answered { client, status, length, by_close, id: answered } => {
                let id = RequestId { client: *client, index: self.whole[*client] };
                if *by_close && answered.is_some() {
                    self.by_close.insert(id, *length);
                }
                self.whole[*client] += 1;
                self.got.insert(id, *status);
                if let Some(line) = self.well.remove(&id)
                    && !line.contains(&format!(" {status} "))
                {
                    return Err(format!("the client got {status}, the log says {line}"));
                }
            }
            Sight::Gone { client, gone } => self.gone[*client] = Some(*gone),
            _ => {}
        }
        Ok(())
    }

    fn on_line(&mut self, line: &LogLine<'_>) -> Result<(), String> {
        if !is_state(line.state, self.mode) {
            return Err(format!("termination state {:?}: {}", line.state, line.text));
        }
        if let Some(id) = line.request.filter(|_| line.state == "----") {
            self.ended_well.insert(id);
        }
        if let Some(id) = line.request
            && line.state == "----"
            && !self.got.contains_key(&id)
        {
            self.well.insert(id, line.text.to_owned());
        }
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), String> {
        for (id, line) in &self.well {
            let excused = matches!(self.gone[id.client], Some(Gone::Aborted | Gone::Reset) | None);
            if !excused {
                return Err(format!("logged as ended well, but not had by the client: {line}"));
            }
        }
        for (id, length) in &self.by_close {
            let plan = &self.clients[id.client].requests[id.index];
            let has_body = plan.method != Method::Head && !matches!(plan.answer.status, 204 | 304);
            let said = self.said.get(id).filter(|said| has_body && *said > length);
            if let Some(said) = said.filter(|_| self.ended_well.contains(id) && !self.spoilt.contains(id)) {
                return Err(format!("the answer to {id} ended well with {length} bytes of {said}"));
            }
        }
        Ok(())
    }
}

/// Whether the letters are ones that HAProxy's manual knows for what is simulated (8.5).
fn is_state(state: &str, mode: Mode) -> bool {
    let bytes = state.as_bytes();
    let length = match mode {
        Mode::Http => 4,
        Mode::Tcp => 2,
    };
    let normal = bytes.starts_with(b"--");
    // Of a TCP connection that is shut with its server nothing more is said.
    let shut = mode == Mode::Tcp && matches!(bytes, b"D-" | b"U-");
    bytes.len() == length
        && (normal || shut || (b"CcSsPKDRIU".contains(&bytes[0]) && b"RQCHDLT".contains(&bytes[1])))
        && bytes[2..].iter().all(|byte| *byte == b'-')
}
