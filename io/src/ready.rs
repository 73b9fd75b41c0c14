//! Who wants the driver's attention: wakers that put a token on a list, mail from other threads, one timer.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use evenkeel_core::base::ids::{ConnId, ListenerId};
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::Input;
use tokio::time::{Instant, Sleep};

/// Longest single sleep; a deadline further away is slept towards in several stages.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);

/// What became ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A connection can be read, can be written or is connected.
    Conn(ConnId),
    /// A listener may have connections.
    Listener(ListenerId),
    /// The timer fired.
    Timer,
}

/// A worker's letter box: other threads, and the worker's own sockets, leave news in it and wake the driver.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Mutex<Inbox>>);

#[derive(Debug, Default)]
struct Inbox {
    ready: VecDeque<Token>,
    letters: VecDeque<Input>,
    driver: Option<Waker>,
}

impl Mailbox {
    /// An empty one.
    pub fn new() -> Mailbox {
        Mailbox::default()
    }

    /// Leaves a message or a signal for the worker.
    pub fn send(&self, letter: Input) {
        let mut inbox = self.lock();
        inbox.letters.push_back(letter);
        if let Some(driver) = &inbox.driver {
            driver.wake_by_ref();
        }
    }

    /// Moves what has come since the last call behind `ready` and `letters`, and has `driver` woken for
    /// whatever comes after it.
    pub(crate) fn collect(&self, driver: &Waker, ready: &mut VecDeque<Token>, letters: &mut VecDeque<Input>) {
        let mut inbox = self.lock();
        if ready.is_empty() {
            std::mem::swap(ready, &mut inbox.ready);
        } else {
            ready.append(&mut inbox.ready);
        }
        letters.append(&mut inbox.letters);
        if !inbox.driver.as_ref().is_some_and(|known| known.will_wake(driver)) {
            inbox.driver = Some(driver.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        // Pushing and swapping cannot leave the lists half done, so a panic elsewhere does not matter.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The waker of one socket (or of the timer). Puts its token on the list, once until it is served.
#[derive(Clone, Debug)]
pub(crate) struct Bell {
    wire: Arc<Wire>,
    waker: Waker,
}

#[derive(Debug)]
struct Wire {
    token: Token,
    listed: AtomicBool,
    mailbox: Mailbox,
}

impl Wake for Wire {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.listed.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut inbox = self.mailbox.lock();
        inbox.ready.push_back(self.token);
        if let Some(driver) = &inbox.driver {
            driver.wake_by_ref();
        }
    }
}

impl Bell {
    /// A bell that rings `mailbox`'s driver for `token`.
    pub(crate) fn new(token: Token, mailbox: &Mailbox) -> Bell {
        let wire = Arc::new(Wire { token, listed: AtomicBool::new(false), mailbox: mailbox.clone() });
        Bell { waker: Waker::from(Arc::clone(&wire)), wire }
    }

    /// What to poll with.
    pub(crate) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }

    /// Says that the token is being served: from here on a wake-up lists it again.
    pub(crate) fn answer(&self) {
        self.wire.listed.store(false, Ordering::Release);
    }

    /// Whether the driver itself may list the token: true at most once until it is served.
    pub(crate) fn claim(&self) -> bool {
        !self.wire.listed.swap(true, Ordering::AcqRel)
    }

    /// Lists the token as a socket would.
    pub(crate) fn ring(&self) {
        self.waker.wake_by_ref();
    }
}

/// The one timer of a worker. It is set anew only for an earlier time; a later one waits until it fired.
#[derive(Debug)]
pub(crate) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    armed: Time,
    bell: Bell,
}

impl Alarm {
    /// A timer that is not set.
    pub(crate) fn new(mailbox: &Mailbox) -> Alarm {
        Alarm { sleep: None, armed: Time::NEVER, bell: Bell::new(Token::Timer, mailbox) }
    }

    /// Sees to it that the token comes up at `at` or before.
    pub(crate) fn arm(&mut self, at: Time, now: Time) {
        if at >= self.armed {
            return;
        }
        let span = at.since(now).min(SLEEP_MAX);
        self.armed = now + span;
        let until = Instant::now() + span;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        sleep.as_mut().reset(until);
        if sleep.as_mut().poll(&mut self.bell.context()).is_ready() {
            self.bell.ring();
        }
    }

    /// Serves the token: once the timer has fired it can be armed again.
    pub(crate) fn answer(&mut self) {
        self.bell.answer();
        let Some(sleep) = &mut self.sleep else { return };
        let fired = sleep.is_elapsed() || sleep.as_mut().poll(&mut self.bell.context()) == Poll::Ready(());
        if fired {
            self.armed = Time::NEVER;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use evenkeel_core::proxy::Signal;

    #[test]
    fn a_bell_lists_its_token_once_until_it_is_answered() {
        let mailbox = Mailbox::new();
        let bell = Bell::new(Token::Listener(ListenerId(3)), &mailbox);
        bell.ring();
        bell.ring();

        let (ready, _) = collect(&mailbox);
        assert_eq!(ready, [Token::Listener(ListenerId(3))]);
        assert!(!bell.claim(), "listed and not yet served");

        bell.answer();
        bell.ring();
        assert_eq!(collect(&mailbox).0.len(), 1);
    }

    #[test]
    fn letters_are_collected_in_the_order_sent() {
        let mailbox = Mailbox::new();
        mailbox.send(Input::Signal(Signal::SoftStop));
        mailbox.send(Input::Signal(Signal::HardStop));

        let (_, letters) = collect(&mailbox);

        assert!(matches!(letters[0], Input::Signal(Signal::SoftStop)));
        assert!(matches!(letters[1], Input::Signal(Signal::HardStop)));
        assert_eq!(letters.len(), 2);
    }

    fn collect(mailbox: &Mailbox) -> (VecDeque<Token>, VecDeque<Input>) {
        let (mut ready, mut letters) = Default::default();
        mailbox.collect(Waker::noop(), &mut ready, &mut letters);
        (ready, letters)
    }
}
