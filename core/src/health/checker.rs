//! The machine that checks one server, again and again.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::judge::{Verdict, judge_bytes, judge_http, whereabouts};
use super::outcome::{CheckStatus, Outcome, View};
use super::plan::{Action, Family, Plan};
use crate::base::address::Address;
use crate::base::ids::ServerId;
use crate::base::limits::CHECK_ANSWER_MAX;
use crate::base::random::Rng;
use crate::base::socket::{CloseHow, ConnectError, LostReason};
use crate::base::time::{Now, Time};
use crate::http::ResponseHead;
use crate::model::{self, CheckKind};

/// A check that takes no time and starts again at once would keep a worker busy with nothing else.
const INTER_MIN: Duration = Duration::from_millis(1);

/// Most per cent of `spread-checks` (configuration manual 3.2).
const SPREAD_MAX: u8 = 50;

/// News for a check.
#[derive(Clone, Debug)]
pub enum CheckInput {
    /// The connection asked for is there.
    Connected,
    /// The connection asked for is not to be had.
    ConnectFailed(ConnectError),
    /// The server sent bytes.
    Received(Bytes),
    /// The server will send no more.
    ReadClosed,
    /// The connection is gone.
    Lost(LostReason),
    /// The time that [`Checker::poll_timeout`] named has come.
    Timeout,
}

/// What a check wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckOutput {
    /// Open a connection; there is at most one at a time.
    Connect(Address),
    /// Send bytes over it.
    Send(Bytes),
    /// Close it, or give up opening it. Nothing that comes from it later matters.
    Close(CloseHow),
    /// The check is over. Tell the backend, then call [`Checker::schedule`].
    Done(Outcome),
}

/// The machine that checks one server.
#[derive(Debug)]
pub struct Checker {
    settings: model::Check,
    timeouts: model::ServerTimeouts,
    plan: Plan,
    state: State,
    outputs: VecDeque<CheckOutput>,
    received: BytesMut,
    spread: Option<(u8, Rng)>,
    head: ResponseHead,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The next check starts at this time.
    Waiting(Time),
    Running(Run),
    /// The last check is over; [`Checker::schedule`] is to say when the next one starts.
    Over,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    started: Time,
    deadline: Time,
    /// The next step to do, or the one that waits.
    step: usize,
    link: Link,
    /// How the connection is to be closed.
    close: CloseHow,
    /// The code of the last answer that was as expected.
    code: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    None,
    Connecting,
    Open,
    /// The server has sent everything.
    ReadClosed,
}

/// When the first check of a server starts: the checks of all servers spread over the interval, by the
/// server's `position` among all `count` checked servers of the process. With `max-spread-checks`, pass the
/// smaller of both as `inter`.
pub fn first_start(position: u32, count: u32, inter: Duration) -> Duration {
    inter * position / count.max(1)
}

impl Checker {
    /// The checker of a server, whose first check starts at `first`; `None` if the server is not checked.
    pub fn new(backend: &model::Backend, server: ServerId, first: Time) -> Option<Checker> {
        let settings = backend.servers.get(server.index())?.check.clone()?;
        Some(Checker::with(settings, &backend.check, backend.timeouts, first))
    }

    /// Varies each interval by up to so many per cent, at most 50 (`spread-checks`).
    pub fn spread_by(mut self, percent: u8, rng: Rng) -> Checker {
        self.spread = (percent > 0).then_some((percent.min(SPREAD_MAX), rng));
        self
    }

    fn with(
        settings: model::Check,
        kind: &CheckKind,
        timeouts: model::ServerTimeouts,
        first: Time,
    ) -> Checker {
        let plan = Plan::new(&settings.address, kind);
        let some_time = |span: Duration| span.max(INTER_MIN);
        let settings = model::Check {
            inter: some_time(settings.inter),
            fastinter: settings.fastinter.map(some_time),
            downinter: settings.downinter.map(some_time),
            ..settings
        };
        Checker {
            plan,
            settings,
            timeouts,
            state: State::Waiting(first),
            outputs: VecDeque::new(),
            received: BytesMut::new(),
            spread: None,
            head: ResponseHead::default(),
        }
    }

    /// The settings of the check.
    pub fn settings(&self) -> &model::Check {
        &self.settings
    }

    /// Takes news. What does not fit the state is a lost race and is ignored.
    pub fn handle(&mut self, now: Now, input: CheckInput) {
        let time = now.time;
        match (self.state, input) {
            (State::Waiting(at), CheckInput::Timeout) if time >= at => self.start(time),
            (State::Running(run), input) => self.handle_running(time, run, input),
            _ => {}
        }
    }

    fn handle_running(&mut self, now: Time, mut run: Run, input: CheckInput) {
        match (run.link, input) {
            (_, CheckInput::Timeout) if now >= run.deadline => return self.time_out(now, run),
            (Link::Connecting, CheckInput::Connected) => {
                run.link = Link::Open;
                run.step += 1;
                if let Some(check) = self.timeouts.check {
                    run.deadline = now + check;
                }
            }
            (Link::Connecting, CheckInput::ConnectFailed(why)) => {
                run.link = Link::None;
                return self.fail(now, run, connect_status(why), Some(connect_words(why)));
            }
            (Link::Open, CheckInput::Received(bytes)) => {
                let room = CHECK_ANSWER_MAX - self.received.len().min(CHECK_ANSWER_MAX);
                self.received.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            (Link::Open, CheckInput::ReadClosed) => run.link = Link::ReadClosed,
            (Link::Open | Link::ReadClosed, CheckInput::Lost(why)) => {
                run.link = Link::None;
                return self.fail(now, run, CheckStatus::SocketError, lost_words(why));
            }
            _ => return,
        }
        self.advance(now, run);
    }

    fn start(&mut self, now: Time) {
        // With `timeout check`, connecting and answering have a time each; without, one interval for both.
        let connect = match (self.timeouts.check, self.timeouts.connect) {
            (Some(_), Some(connect)) => connect.min(self.settings.inter),
            _ => self.settings.inter,
        };
        let run = Run {
            started: now,
            deadline: now + connect,
            step: 0,
            link: Link::None,
            close: CloseHow::Reset,
            code: 0,
        };
        self.advance(now, run);
    }

    /// Does steps until one has to wait.
    fn advance(&mut self, now: Time, mut run: Run) {
        while let Some(step) = self.plan.steps.get(run.step) {
            match &step.action {
                Action::Connect { to, linger, .. } => {
                    if run.link != Link::None {
                        self.outputs.push_back(CheckOutput::Close(run.close));
                    }
                    self.received.clear();
                    self.outputs.push_back(CheckOutput::Connect(to.clone()));
                    run.link = Link::Connecting;
                    run.close = if *linger { CloseHow::Graceful } else { CloseHow::Reset };
                    self.state = State::Running(run);
                    return;
                }
                Action::Send(bytes) => {
                    self.received.clear();
                    if !bytes.is_empty() {
                        self.outputs.push_back(CheckOutput::Send(bytes.clone()));
                    }
                }
                Action::Expect(expect) => {
                    let over = run.link == Link::ReadClosed;
                    let verdict = if self.plan.family == Family::Http {
                        judge_http(step, expect, &self.received, over, &mut self.head)
                    } else {
                        judge_bytes(step, expect, &self.received, over)
                    };
                    match verdict {
                        Verdict::Wait => {
                            self.state = State::Running(run);
                            return;
                        }
                        Verdict::Pass(code) => run.code = code,
                        Verdict::Fail(failure) => {
                            run.code = failure.code;
                            return self.finish(now, run, failure.status, failure.info);
                        }
                    }
                }
            }
            run.step += 1;
        }
        match self.plan.family {
            Family::Connect => self.finish(now, run, CheckStatus::Layer4Ok, None),
            Family::Tcp => self.finish(now, run, CheckStatus::Layer7Ok, Some("(tcp-check)".to_owned())),
            Family::Http => self.finish(now, run, CheckStatus::Layer7Ok, None),
        }
    }

    fn time_out(&mut self, now: Time, run: Run) {
        let status = if run.link == Link::Connecting {
            CheckStatus::Layer4Timeout
        } else {
            CheckStatus::Layer7Timeout
        };
        self.fail(now, run, status, None);
    }

    /// Ends the check at the step that waits.
    fn fail(&mut self, now: Time, mut run: Run, status: CheckStatus, words: Option<&str>) {
        run.code = 0;
        let place = self.plan.steps.get(run.step).map(|step| whereabouts(self.plan.family, step));
        let info = format!("{}{}", words.unwrap_or_default(), place.unwrap_or_default());
        self.finish(now, run, status, (!info.is_empty()).then_some(info));
    }

    fn finish(&mut self, now: Time, run: Run, status: CheckStatus, info: Option<String>) {
        if run.link != Link::None {
            self.outputs.push_back(CheckOutput::Close(run.close));
        }
        let passed = status.passes();
        let duration = now.since(run.started);
        self.outputs.push_back(CheckOutput::Done(Outcome { passed, status, code: run.code, info, duration }));
        self.received.clear();
        self.state = State::Over;
    }

    /// Says when the next check starts: an interval after the end of the last one, by where the server
    /// stands now.
    pub fn schedule(&mut self, now: Now, view: View) {
        if matches!(self.state, State::Running(_)) {
            return;
        }
        let inter = self.settings.inter;
        let span = match view {
            View::Up => inter,
            View::Between => self.settings.fastinter.unwrap_or(inter),
            View::Down => self.settings.downinter.unwrap_or(inter),
        };
        self.state = State::Waiting(now.time + self.spread(span));
    }

    /// Up to so many per cent more or less.
    fn spread(&mut self, span: Duration) -> Duration {
        let Some((percent, rng)) = &mut self.spread else {
            return span;
        };
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let reach = nanos / 100 * u64::from(*percent);
        Duration::from_nanos((nanos - reach).saturating_add(rng.below(2 * reach + 1)))
    }

    /// What to do. Drain to `None` after every input.
    pub fn poll_output(&mut self) -> Option<CheckOutput> {
        self.outputs.pop_front()
    }

    /// When to come back with [`CheckInput::Timeout`].
    pub fn poll_timeout(&self) -> Time {
        match self.state {
            State::Waiting(at) => at,
            State::Running(run) => run.deadline,
            State::Over => Time::NEVER,
        }
    }
}

fn connect_status(why: ConnectError) -> CheckStatus {
    match why {
        ConnectError::TimedOut => CheckStatus::Layer4Timeout,
        ConnectError::Resources => CheckStatus::SocketError,
        ConnectError::Refused | ConnectError::Unreachable | ConnectError::Other => {
            CheckStatus::Layer4Connection
        }
    }
}

fn connect_words(why: ConnectError) -> &'static str {
    match why {
        ConnectError::Refused => "Connection refused",
        ConnectError::Unreachable => "No route to host",
        ConnectError::Resources => "No resources left",
        ConnectError::TimedOut | ConnectError::Other => "General socket error (connection failed)",
    }
}

fn lost_words(why: LostReason) -> Option<&'static str> {
    match why {
        LostReason::Reset => Some("Connection reset by peer"),
        LostReason::BrokenPipe => Some("Broken pipe"),
        LostReason::Other => None,
    }
}

#[cfg(test)]
mod tests;
