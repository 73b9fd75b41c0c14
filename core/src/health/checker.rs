//! The machine that checks one server, again and again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::outcome::{CheckStatus, Outcome, Seen, View};
use super::scene::Scene;
use super::script::{Ended, Next, Script};
use crate::base::address::Address;
use crate::base::ids::ServerId;
use crate::base::random::Rng;
use crate::base::socket::{CloseHow, ConnectError, FirstWord, LostReason};
use crate::base::time::{Now, Time};
use crate::model;

/// A check that takes no time and starts again at once would keep a worker busy with nothing else.
const INTER_MIN: Duration = Duration::from_millis(1);

/// How far apart the moments are at which checks start.
const CHECK_BEAT: Duration = Duration::from_millis(5);

/// Most per cent of `spread-checks` (configuration manual 3.2).
const SPREAD_MAX: u8 = 50;

/// News for a check.
#[derive(Clone, Debug)]
pub enum CheckInput {
    /// The connection asked for is there; with our end of it.
    Connected(Option<Address>),
    /// The connection asked for is not to be had.
    ConnectFailed(ConnectError),
    /// The server sent bytes.
    Received(Bytes),
    /// The server will send no more.
    ReadClosed,
    /// All that was sent is on its way.
    Sent,
    /// The connection is gone.
    Lost(LostReason),
    /// The time that [`Checker::poll_timeout`] named has come.
    Timeout,
}

/// What a check wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckOutput {
    /// Open a connection; there is at most one at a time.
    Connect(Address, FirstWord),
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
    script: Script,
    state: State,
    outputs: VecDeque<CheckOutput>,
    spread: Option<(u8, Rng)>,
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
    link: Link,
    /// How the connection is to be closed.
    close: CloseHow,
    /// Whether something was sent that the system may not have taken yet.
    unsent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    None,
    Connecting,
    Open,
    /// The server has sent everything.
    ReadClosed,
    /// It is gone; what came is being judged.
    Lost(LostReason),
}

/// When the first check of a server starts: the checks of all servers spread over the interval, by the
/// server's `position` among all `count` checked servers of the process. With `max-spread-checks`, pass the
/// smaller of both as `inter`.
pub fn first_start(position: u32, count: u32, inter: Duration) -> Duration {
    inter * position / count.max(1)
}

/// Puts off a start by less than a hundredth of its interval, to when others start too: with thousands of servers
/// most of what checks cost is waking up.
fn on_beat(start: Time, span: Duration) -> Time {
    let beat = (span / 100).min(CHECK_BEAT);
    let Ok(beat @ 1..) = u64::try_from(beat.as_nanos()) else { return start };
    start.round_up(beat)
}

impl Checker {
    /// The checker of a server, whose first check starts at `first`; `None` if the server is not checked.
    pub fn new(backend: &model::Backend, server: ServerId, first: Time) -> Option<Checker> {
        let server = backend.servers.get(server.index())?;
        let settings = server.check.clone()?;
        let scene = Scene::new(backend, server);
        let script = Script::new(&backend.check, &settings.address, &server.address, scene);
        Some(Checker::with(settings, script, backend.timeouts, first))
    }

    /// Varies each interval by up to so many per cent, at most 50 (`spread-checks`).
    pub fn spread_by(mut self, percent: u8, rng: Rng) -> Checker {
        self.spread = (percent > 0).then_some((percent.min(SPREAD_MAX), rng));
        self
    }

    /// Tells what expressions know of the process: its id and the host's name.
    pub fn in_process(mut self, pid: u32, hostname: Arc<str>) -> Checker {
        self.script.scene.set_process(pid, hostname);
        self
    }

    fn with(settings: model::Check, script: Script, timeouts: model::ServerTimeouts, first: Time) -> Checker {
        let some_time = |span: Duration| span.max(INTER_MIN);
        let settings = model::Check {
            inter: some_time(settings.inter),
            fastinter: settings.fastinter.map(some_time),
            downinter: settings.downinter.map(some_time),
            ..settings
        };
        let inter = settings.inter;
        Checker {
            script,
            settings,
            timeouts,
            state: State::Waiting(on_beat(first, inter)),
            outputs: VecDeque::new(),
            spread: None,
        }
    }

    /// The settings of the check.
    pub fn settings(&self) -> &model::Check {
        &self.settings
    }

    /// Whether the check wants to be [`told`](Checker::tell) how its server is seen.
    pub fn asks_state(&self) -> bool {
        self.script.asks_state()
    }

    /// How the server is seen at this moment.
    pub fn tell(&mut self, state: Seen) {
        self.script.state = Some(state);
    }

    /// Whether the check waits for [`CheckInput::Sent`]; otherwise that is no news.
    pub fn awaits_sent(&self) -> bool {
        matches!(self.state, State::Running(run) if run.unsent) && self.script.leaves()
    }

    /// Takes news. What does not fit the state is a lost race and is ignored.
    pub fn handle(&mut self, now: Now, input: CheckInput) {
        match (self.state, input) {
            (State::Waiting(at), CheckInput::Timeout) if now.time >= at => self.start(now),
            (State::Running(run), input) => self.handle_running(now, run, input),
            _ => {}
        }
    }

    fn handle_running(&mut self, now: Now, mut run: Run, input: CheckInput) {
        match (run.link, input) {
            (_, CheckInput::Timeout) if now.time >= run.deadline => {
                let ended = self.script.time_out(run.link == Link::Connecting);
                return self.finish(now, run, ended);
            }
            (Link::Connecting, CheckInput::Connected(local)) => {
                run.link = Link::Open;
                if let Some(check) = self.timeouts.check {
                    run.deadline = now.time + check;
                }
                self.script.connected(local);
            }
            (Link::Connecting, CheckInput::ConnectFailed(why)) => {
                run.link = Link::None;
                let ended = self.script.fail(connect_status(why), Some(connect_words(why)));
                return self.finish(now, run, ended);
            }
            (Link::Open, CheckInput::Received(bytes)) => self.script.receive(&bytes),
            (_, CheckInput::Sent) => run.unsent = false,
            (Link::Open, CheckInput::ReadClosed) => run.link = Link::ReadClosed,
            // What came before a reset counts as if the server had closed.
            (Link::Open, CheckInput::Lost(why)) if self.script.has_answer() => {
                (run.link, run.unsent) = (Link::Lost(why), false);
            }
            (Link::Open | Link::ReadClosed, CheckInput::Lost(why)) => {
                run.link = Link::None;
                let ended = self.script.fail(CheckStatus::SocketError, lost_words(why));
                return self.finish(now, run, ended);
            }
            _ => return,
        }
        self.advance(now, run);
    }

    fn start(&mut self, now: Now) {
        // With `timeout check`, connecting and answering have a time each; without, one interval for both.
        let connect = match (self.timeouts.check, self.timeouts.connect) {
            (Some(_), Some(connect)) => connect.min(self.settings.inter),
            _ => self.settings.inter,
        };
        let time = now.time;
        let run = Run {
            started: time,
            deadline: time + connect,
            link: Link::None,
            close: CloseHow::Reset,
            unsent: false,
        };
        self.script.start();
        self.advance(now, run);
    }

    /// Does steps until one has to wait.
    fn advance(&mut self, now: Now, mut run: Run) {
        loop {
            // What the server is told last, such as QUIT, must leave before the connection is closed.
            if run.unsent && self.script.leaves() {
                self.state = State::Running(run);
                return;
            }
            match self.script.step(now, matches!(run.link, Link::ReadClosed | Link::Lost(_))) {
                Next::Connect { to, linger, first_word } => {
                    self.close(run);
                    self.outputs.push_back(CheckOutput::Connect(to, first_word));
                    (run.link, run.unsent) = (Link::Connecting, false);
                    run.close = if linger { CloseHow::Graceful } else { CloseHow::Reset };
                    self.state = State::Running(run);
                    return;
                }
                Next::Send(bytes) if bytes.is_empty() => {}
                Next::Send(_) if let Link::Lost(why) = run.link => {
                    let ended = self.script.fail(CheckStatus::SocketError, lost_words(why));
                    return self.finish(now, run, ended);
                }
                Next::Send(bytes) => {
                    run.unsent = true;
                    self.outputs.push_back(CheckOutput::Send(bytes));
                }
                Next::Wait => {
                    self.state = State::Running(run);
                    return;
                }
                Next::Done(ended) => return self.finish(now, run, ended),
            }
        }
    }

    fn close(&mut self, run: Run) {
        match run.link {
            Link::Connecting | Link::Open | Link::ReadClosed => {
                self.outputs.push_back(CheckOutput::Close(run.close));
            }
            Link::Lost(_) | Link::None => {}
        }
    }

    fn finish(&mut self, now: Now, run: Run, ended: Ended) {
        self.close(run);
        let Ended { status, code, info } = ended;
        let duration = now.time.since(run.started);
        let outcome = Outcome { passed: status.passes(), status, code, info, duration };
        self.outputs.push_back(CheckOutput::Done(outcome));
        self.script.forget();
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
        let span = self.spread(span);
        self.state = State::Waiting(on_beat(now.time + span, span));
    }

    /// Starts the next check after `fastinter` at the latest.
    pub fn hasten(&mut self, now: Now) {
        if let State::Waiting(at) = self.state {
            let span = self.settings.fastinter.unwrap_or(self.settings.inter);
            self.state = State::Waiting(at.min(now.time + span));
        }
    }

    /// Lets a check that is due pass by; `false` if one is running.
    pub fn pause(&mut self, now: Now) -> bool {
        if let State::Waiting(at) = self.state
            && at <= now.time
        {
            self.state = State::Waiting(now.time + self.settings.inter);
            return true;
        }
        false
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

pub(super) fn connect_status(why: ConnectError) -> CheckStatus {
    match why {
        ConnectError::TimedOut => CheckStatus::Layer4Timeout,
        ConnectError::Resources => CheckStatus::SocketError,
        ConnectError::Refused | ConnectError::Reset | ConnectError::Unreachable | ConnectError::Other => {
            CheckStatus::Layer4Connection
        }
    }
}

pub(super) fn connect_words(why: ConnectError) -> &'static str {
    match why {
        ConnectError::Refused => "Connection refused",
        ConnectError::Reset => "Connection reset by peer",
        ConnectError::Unreachable => "No route to host",
        ConnectError::Resources => "No resources left",
        ConnectError::TimedOut | ConnectError::Other => "General socket error (connection failed)",
    }
}

pub(super) fn lost_words(why: LostReason) -> Option<&'static str> {
    match why {
        LostReason::Reset => Some("Connection reset by peer"),
        LostReason::BrokenPipe => Some("Broken pipe"),
        LostReason::Other => None,
    }
}

#[cfg(test)]
mod tests;
