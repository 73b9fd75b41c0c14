//! The machine that checks one server by a program, again and again (configuration manual 4.2, `external-check`).
//!
//! ```text
//!  Waiting ─time─▶ Running ─exit, or time─▶ Over ─schedule─▶ Waiting
//! ```

use std::collections::VecDeque;

use super::outcome::{Outcome, View};
use super::pace::Pace;
use crate::base::program::Exit;
use crate::base::random::Rng;
use crate::base::time::Time;
use crate::model::{self, CheckStatus, ServerTimeouts};

/// The code that haproxy has for a program that could not be started.
const NOT_STARTED: u16 = 255;

/// News for a check by a program.
#[derive(Clone, Debug)]
pub enum ExternalInput {
    /// The program that was asked for has ended.
    Exited(Exit),
    /// The time that [`External::poll_timeout`] named has come.
    Timeout,
}

/// What a check by a program wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalOutput {
    /// The check is over. Tell the backend, then call [`External::schedule`].
    Done(Outcome),
    /// End the program: it took too long. How it ends does not matter.
    Kill,
    /// Run the program; there is at most one at a time.
    Run,
}

/// The machine that checks one server by a program.
#[derive(Debug)]
pub struct External {
    pace: Pace,
    timeouts: ServerTimeouts,
    state: State,
    outputs: VecDeque<ExternalOutput>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The next check starts at this time.
    Waiting(Time),
    Running {
        started: Time,
        deadline: Time,
    },
    /// [`External::schedule`] is to say when the next one starts.
    Over,
}

impl External {
    /// The machine of a server, whose first check starts at `first`; intervals vary by `spread` per cent.
    pub fn new(
        settings: &model::Check,
        timeouts: ServerTimeouts,
        first: Time,
        spread: u8,
        rng: Rng,
    ) -> External {
        let pace = Pace::new(settings.inter, settings.fastinter, settings.downinter, spread, rng);
        External { pace, timeouts, state: State::Waiting(first), outputs: VecDeque::new() }
    }

    /// Takes news. What does not fit the state is a lost race and is ignored.
    pub fn handle(&mut self, now: Time, input: ExternalInput) {
        match (self.state, input) {
            (State::Waiting(at), ExternalInput::Timeout) if now >= at => {
                // As haproxy has it: `timeout check` itself is not looked at, but then `timeout connect` is.
                let limit = match (self.timeouts.check, self.timeouts.connect) {
                    (Some(_), Some(connect)) => connect.min(self.pace.inter),
                    _ => self.pace.inter,
                };
                self.state = State::Running { started: now, deadline: now + limit };
                self.outputs.push_back(ExternalOutput::Run);
            }
            (State::Running { deadline, started }, ExternalInput::Timeout) if now >= deadline => {
                self.outputs.push_back(ExternalOutput::Kill);
                self.finish(now, started, CheckStatus::ProcessTimeout, 0);
            }
            (State::Running { started, .. }, ExternalInput::Exited(exit)) => {
                let (status, code) = match exit {
                    Exit::Code(0) => (CheckStatus::ProcessOk, 0),
                    Exit::Code(code) => (CheckStatus::ProcessError, u16::from(code)),
                    Exit::NotStarted(_) => (CheckStatus::ProcessError, NOT_STARTED),
                    Exit::Signal => (CheckStatus::ProcessError, Outcome::NO_CODE),
                };
                self.finish(now, started, status, code);
            }
            _ => {}
        }
    }

    fn finish(&mut self, now: Time, started: Time, status: CheckStatus, code: u16) {
        let passed = status == CheckStatus::ProcessOk;
        let outcome = Outcome { passed, status, code, info: None, duration: now.since(started) };
        self.outputs.push_back(ExternalOutput::Done(outcome));
        self.state = State::Over;
    }

    /// Says when the next check starts, by where the server stands now.
    pub fn schedule(&mut self, now: Time, view: View) {
        if matches!(self.state, State::Over) {
            self.state = State::Waiting(now + self.pace.next(view));
        }
    }

    /// Whether a check is to start at this time.
    pub fn is_due(&self, now: Time) -> bool {
        matches!(self.state, State::Waiting(at) if now >= at)
    }

    /// Lets a check that is due pass by.
    pub fn pause(&mut self, now: Time) {
        if self.is_due(now) {
            self.state = State::Waiting(now + self.pace.next(View::Up));
        }
    }

    /// Starts the next check as soon as one that stands between up and down would.
    pub fn hasten(&mut self, now: Time) {
        if let State::Waiting(at) = self.state {
            self.state = State::Waiting(at.min(now + self.pace.next(View::Between)));
        }
    }

    /// What to do. Drain to `None` after every input.
    pub fn poll_output(&mut self) -> Option<ExternalOutput> {
        self.outputs.pop_front()
    }

    /// When to come back with [`ExternalInput::Timeout`].
    pub fn poll_timeout(&self) -> Time {
        match self.state {
            State::Waiting(at) => at,
            State::Running { deadline, .. } => deadline,
            State::Over => Time::NEVER,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::random::Seed;

    fn machine(check: Option<u64>, connect: Option<u64>) -> External {
        let address: std::net::SocketAddr = "127.0.0.1:80".parse().unwrap();
        let settings = model::Check {
            address: address.into(),
            inter: Duration::from_secs(2),
            fastinter: Some(Duration::from_millis(500)),
            downinter: None,
            rise: 2,
            fall: 3,
        };
        let millis = |span: Option<u64>| span.map(Duration::from_millis);
        let timeouts =
            ServerTimeouts { check: millis(check), connect: millis(connect), ..ServerTimeouts::default() };
        External::new(&settings, timeouts, Time::from_millis(10), 0, Seed(1).stream("test"))
    }

    fn outputs(machine: &mut External) -> Vec<ExternalOutput> {
        std::iter::from_fn(|| machine.poll_output()).collect()
    }

    /// What a check told that began at 10 ms and ended with this news.
    fn told(at: u64, input: ExternalInput) -> (CheckStatus, u16, bool, Duration) {
        let mut machine = machine(None, None);
        machine.handle(Time::from_millis(10), ExternalInput::Timeout);
        assert_eq!(outputs(&mut machine), [ExternalOutput::Run]);
        machine.handle(Time::from_millis(at), input);
        match outputs(&mut machine).pop() {
            Some(ExternalOutput::Done(outcome)) => {
                (outcome.status, outcome.code, outcome.passed, outcome.duration)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_exit_decides() {
        let exited = |exit| told(17, ExternalInput::Exited(exit));
        let after = Duration::from_millis(7);

        assert_eq!(exited(Exit::Code(0)), (CheckStatus::ProcessOk, 0, true, after));
        assert_eq!(exited(Exit::Code(77)), (CheckStatus::ProcessError, 77, false, after));
        assert_eq!(exited(Exit::Signal), (CheckStatus::ProcessError, Outcome::NO_CODE, false, after));
        let reason = "No such file or directory".to_owned();
        assert_eq!(exited(Exit::NotStarted(reason)), (CheckStatus::ProcessError, 255, false, after));
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended_and_its_exit_comes_too_late() {
        let mut machine = machine(None, Some(300));
        machine.handle(Time::from_millis(10), ExternalInput::Timeout);
        assert_eq!(machine.poll_timeout(), Time::from_millis(2_010));
        outputs(&mut machine);

        machine.handle(Time::from_millis(2_010), ExternalInput::Timeout);
        let told = outputs(&mut machine);
        machine.handle(Time::from_millis(2_011), ExternalInput::Exited(Exit::Code(0)));

        assert_eq!(told[0], ExternalOutput::Kill);
        assert!(
            matches!(&told[1], ExternalOutput::Done(outcome) if outcome.status == CheckStatus::ProcessTimeout)
        );
        assert_eq!(outputs(&mut machine), []);
        machine.schedule(Time::from_millis(2_011), View::Between);
        assert_eq!(machine.poll_timeout(), Time::from_millis(2_511));
    }

    #[test]
    fn with_timeout_check_the_time_to_connect_is_the_limit() {
        for (check, connect, limit) in
            [(Some(100), Some(300), 300), (Some(100), None, 2_000), (Some(9_000), Some(9_000), 2_000)]
        {
            let mut machine = machine(check, connect);
            machine.handle(Time::from_millis(10), ExternalInput::Timeout);
            assert_eq!(machine.poll_timeout(), Time::from_millis(10 + limit));
        }
    }

    #[test]
    fn news_that_fits_nothing_is_ignored() {
        let mut machine = machine(None, None);
        machine.handle(Time::from_millis(5), ExternalInput::Timeout);
        machine.handle(Time::from_millis(5), ExternalInput::Exited(Exit::Code(0)));
        machine.schedule(Time::from_millis(5), View::Up);

        assert_eq!(outputs(&mut machine), []);
        assert_eq!(machine.poll_timeout(), Time::from_millis(10));
    }
}
