//! Rare states that runs are meant to reach: a state that a long run never reached is a fault of the
//! generator, and fails that run.

use std::collections::BTreeMap;

use evenkeel_core::proxy::{CloseHow, Input, Message, Output};

use crate::log_line::LogLine;
use crate::oracle::{Gone, Sight};

/// States that some of many runs must reach.
pub const WANTED: &[&str] = &[
    "answer cut short",
    "client aborted",
    "client refused",
    "connect failed",
    "connection lost",
    "held back by maxconn",
    "interim answer",
    "message: grant",
    "message: redistribute",
    "message: room to accept",
    "message: server down",
    "message: check soon",
    "message: order",
    "message: shut sessions",
    "message: wake at",
    "own answer 400",
    "own answer 408",
    "own answer 502",
    "own answer 503",
    "own answer 504",
    "queued",
    "redispatched",
    "reading paused",
    "relay held",
    "relay limited",
    "relay unlimited",
    "reset sent",
    "retried",
    "state --",
    "state DD",
    "state DH",
    "state UD",
    "state CC",
    "state CD",
    "state CH",
    "state CR",
    "state PH",
    "state PR",
    "state SC",
    "state SD",
    "state SH",
    "state cD",
    "state cR",
    "state sC",
    "state sD",
    "state sH",
    "state CQ",
    "state PC",
    "state PD",
    "state sQ",
    "upgraded",
    "write half closed",
];

/// How often each state was reached.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    counts: BTreeMap<&'static str, u64>,
    states: BTreeMap<[u8; 2], u64>,
}

impl Coverage {
    /// Counts what is seen.
    pub fn see(&mut self, sight: &Sight<'_>) {
        match sight {
            Sight::Input { input, .. } => self.input(input),
            Sight::Output { output, .. } => self.output(output),
            Sight::Interim { .. } => self.count("interim answer"),
            Sight::Answer { status: 101, .. } => self.count("upgraded"),
            Sight::Answer { id: None, status, .. } => self.own_answer(*status),
            Sight::Gone { gone, .. } => match gone {
                Gone::Aborted => self.count("client aborted"),
                Gone::CutShort => self.count("answer cut short"),
                Gone::Refused => self.count("client refused"),
                Gone::Closed | Gone::Content | Gone::Reset => {}
            },
            _ => {}
        }
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Coverage) {
        for (name, count) in &other.counts {
            *self.counts.entry(name).or_default() += count;
        }
        for (state, count) in &other.states {
            *self.states.entry(*state).or_default() += count;
        }
    }

    /// All states by name, with their counts.
    pub fn table(&self) -> BTreeMap<String, u64> {
        let counts = self.counts.iter().map(|(name, count)| ((*name).to_owned(), *count));
        let states = self
            .states
            .iter()
            .map(|(state, count)| (format!("state {}", String::from_utf8_lossy(state)), *count));
        counts.chain(states).collect()
    }

    /// The wanted states that were never reached.
    pub fn missing(&self) -> Vec<&'static str> {
        let table = self.table();
        WANTED.iter().copied().filter(|name| !table.contains_key(*name)).collect()
    }

    fn count(&mut self, name: &'static str) {
        *self.counts.entry(name).or_default() += 1;
    }

    fn input(&mut self, input: &Input) {
        match input {
            Input::ConnectFailed { .. } => self.count("connect failed"),
            Input::Lost { .. } => self.count("connection lost"),
            Input::Relayed { held: 1.., .. } => self.count("relay held"),
            Input::Message(Message::Granted(_)) => self.count("message: grant"),
            Input::Message(Message::Redistribute(_)) => self.count("message: redistribute"),
            Input::Message(Message::RoomToAccept) => self.count("message: room to accept"),
            Input::Message(Message::ServerDown { .. }) => self.count("message: server down"),
            Input::Message(Message::CheckSoon { .. }) => self.count("message: check soon"),
            Input::Message(Message::Order { .. }) => self.count("message: order"),
            Input::Message(Message::ShutSessions { .. }) => self.count("message: shut sessions"),
            Input::Message(Message::WakeAt { .. }) => self.count("message: wake at"),
            _ => {}
        }
    }

    fn output(&mut self, output: &Output) {
        match output {
            Output::Close { how: CloseHow::Reset, .. } => self.count("reset sent"),
            Output::PauseAccepting { .. } => self.count("held back by maxconn"),
            Output::PauseRead { .. } => self.count("reading paused"),
            Output::Relay { limit: None, .. } => self.count("relay unlimited"),
            Output::Relay { limit: Some(_), .. } => self.count("relay limited"),
            Output::ShutWrite { .. } => self.count("write half closed"),
            Output::Log { target, line } => {
                if let Some(Ok(line)) = LogLine::of_traffic(*target, line) {
                    self.line(&line);
                }
            }
            _ => {}
        }
    }

    fn line(&mut self, line: &LogLine<'_>) {
        if line.queued > 0 {
            self.count("queued");
        }
        if line.retries > 0 {
            self.count("retried");
        }
        if line.redispatched {
            self.count("redispatched");
        }
        if let &[first, second, ..] = line.state.as_bytes() {
            *self.states.entry([first, second]).or_default() += 1;
        }
    }

    fn own_answer(&mut self, status: u16) {
        match status {
            400 => self.count("own answer 400"),
            408 => self.count("own answer 408"),
            502 => self.count("own answer 502"),
            503 => self.count("own answer 503"),
            504 => self.count("own answer 504"),
            _ => {}
        }
    }
}
