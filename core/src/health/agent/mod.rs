//! The machine that asks one server's agent, again and again (configuration manual 5.2, `agent-check`).
//!
//! ```text
//!  Waiting ─time─▶ Connecting ─▶ Listening ─line, or time─▶ Over ─schedule─▶ Waiting
//! ```

mod answer;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

pub use answer::{Answer, Mode};

use super::checker::{CheckInput, connect_status, connect_words, lost_words};
use super::outcome::{Outcome, View};
use super::pace::Pace;
use crate::base::address::Address;
use crate::base::limits::CHECK_ANSWER_MAX;
use crate::base::random::Rng;
use crate::base::time::Time;
use crate::model::{self, CheckStatus, ServerTimeouts};

/// How an agent check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentReport {
    /// What the agent said; nothing if it could not be heard.
    pub answer: Answer,
    /// How it ended, in the words of checks; `None` where the agent said nothing about health.
    pub outcome: Option<Outcome>,
    /// Part of a line came that could not become a whole one.
    pub cut: bool,
}

/// What an agent check wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentOutput {
    /// Close the connection, or give up opening it.
    Close,
    /// Open a connection; there is at most one at a time.
    Connect(Address),
    /// Send bytes over it.
    Send(Bytes),
    /// The check is over. Tell the backend; the next one is scheduled.
    Done(AgentReport),
}

/// The machine that asks one server's agent.
#[derive(Debug)]
pub struct AgentChecker {
    settings: model::Agent,
    timeouts: ServerTimeouts,
    pace: Pace,
    state: State,
    received: BytesMut,
    cut: bool,
    outputs: VecDeque<AgentOutput>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The next check starts at this time.
    Waiting(Time),
    Connecting {
        started: Time,
        deadline: Time,
    },
    Listening {
        started: Time,
        deadline: Time,
        /// The agent has ended its side.
        ended: bool,
    },
}

impl AgentChecker {
    /// The machine of a server, whose agent is first asked at `first`; intervals vary by `spread` per cent.
    pub fn new(
        settings: &model::Agent,
        timeouts: ServerTimeouts,
        first: Time,
        spread: u8,
        rng: Rng,
    ) -> AgentChecker {
        AgentChecker {
            pace: Pace::new(settings.inter, None, None, spread, rng),
            settings: settings.clone(),
            timeouts,
            state: State::Waiting(first),
            received: BytesMut::new(),
            cut: false,
            outputs: VecDeque::new(),
        }
    }

    /// Takes news. What does not fit the state is a lost race and is ignored.
    pub fn handle(&mut self, now: Time, input: CheckInput) {
        match (self.state, input) {
            (State::Waiting(at), CheckInput::Timeout) if now >= at => self.start(now),
            (State::Connecting { started, deadline }, CheckInput::Timeout) if now >= deadline => {
                self.give_up(now, started, CheckStatus::Layer4Timeout, None);
            }
            (State::Connecting { started, .. }, CheckInput::ConnectFailed(why)) => {
                self.finish(
                    now,
                    started,
                    Answer::default(),
                    Some((connect_status(why), connect_words(why).to_owned())),
                );
            }
            (State::Connecting { started, deadline }, CheckInput::Connected(_)) => {
                let deadline = self.timeouts.check.map_or(deadline, |check| now + check);
                self.state = State::Listening { started, deadline, ended: false };
                if !self.settings.send.is_empty() {
                    self.put(AgentOutput::Send(self.settings.send.clone()));
                }
            }
            (State::Listening { started, deadline, ended }, CheckInput::Timeout) if now >= deadline => {
                let full = self.received.len() >= CHECK_ANSWER_MAX;
                self.cut = full || (ended && !self.received.is_empty());
                self.give_up(now, started, CheckStatus::Layer7Timeout, None);
            }
            (State::Listening { started, .. }, CheckInput::Received(bytes)) => {
                let room = CHECK_ANSWER_MAX - self.received.len().min(CHECK_ANSWER_MAX);
                self.received.extend_from_slice(&bytes[..bytes.len().min(room)]);
                self.listen(now, started);
            }
            (State::Listening { started, .. }, CheckInput::ReadClosed) if self.received.is_empty() => {
                let step = if self.settings.send.is_empty() { 2 } else { 3 };
                let words = format!("TCPCHK got an empty response at step {step}");
                self.give_up(now, started, CheckStatus::Layer7Response, Some(words));
            }
            // haproxy goes on waiting for the rest of a line, which will not come.
            (State::Listening { started, deadline, .. }, CheckInput::ReadClosed) => {
                self.state = State::Listening { started, deadline, ended: true };
            }
            (State::Listening { started, .. }, CheckInput::Lost(why)) => {
                let words = lost_words(why).unwrap_or_default().to_owned();
                self.finish(now, started, Answer::default(), Some((CheckStatus::SocketError, words)));
            }
            _ => {}
        }
    }

    fn start(&mut self, now: Time) {
        let limit = match (self.timeouts.check, self.timeouts.connect) {
            (Some(_), Some(connect)) => connect.min(self.pace.inter),
            _ => self.pace.inter,
        };
        self.received.clear();
        self.state = State::Connecting { started: now, deadline: now + limit };
        self.put(AgentOutput::Connect(self.settings.address.clone()));
    }

    /// Looks whether a whole line is there.
    fn listen(&mut self, now: Time, started: Time) {
        let Some(line) = answer::first_line(&self.received) else { return };
        let answer = answer::read(line);
        self.put(AgentOutput::Close);
        let outcome = answer
            .health
            .clone()
            .map(|(up, told)| (if up { CheckStatus::Layer7Ok } else { CheckStatus::Layer7Status }, told));
        self.finish(now, started, answer, outcome);
    }

    /// Ends a check whose connection is still there.
    fn give_up(&mut self, now: Time, started: Time, status: CheckStatus, words: Option<String>) {
        self.put(AgentOutput::Close);
        self.finish(now, started, Answer::default(), Some((status, words.unwrap_or_default())));
    }

    fn finish(&mut self, now: Time, started: Time, answer: Answer, ended: Option<(CheckStatus, String)>) {
        let outcome = ended.map(|(status, info)| Outcome {
            passed: status == CheckStatus::Layer7Ok,
            status,
            code: 0,
            info: (!info.is_empty()).then_some(info),
            duration: now.since(started),
        });
        let cut = std::mem::take(&mut self.cut);
        self.outputs.push_back(AgentOutput::Done(AgentReport { answer, outcome, cut }));
        self.received.clear();
        let span: Duration = self.pace.next(View::Up);
        self.state = State::Waiting(now + span);
    }

    fn put(&mut self, output: AgentOutput) {
        self.outputs.push_back(output);
    }

    /// What to do. Drain to `None` after every input.
    pub fn poll_output(&mut self) -> Option<AgentOutput> {
        self.outputs.pop_front()
    }

    /// When to come back with [`CheckInput::Timeout`].
    pub fn poll_timeout(&self) -> Time {
        match self.state {
            State::Waiting(at) => at,
            State::Connecting { deadline, .. } | State::Listening { deadline, .. } => deadline,
        }
    }
}

/// When the agents of all servers are first asked, and their checks run: spread over the shortest interval of a
/// second or more, or over their own if that is longer, by the `position` among all `count` of both kinds.
pub fn first_time(
    position: u32,
    count: u32,
    own: Duration,
    shortest: Option<Duration>,
    most: Option<Duration>,
) -> Duration {
    let span = shortest.map_or(own, |shortest| shortest.max(own));
    most.map_or(span, |most| most.min(span)) * position / count.max(1)
}

#[cfg(test)]
mod tests;
