//! What the operator says by signals, and how it reaches the workers.

use std::io;

use evenkeel_core::proxy::{Input, Signal};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::ready::Mailbox;

/// Why the process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// SIGUSR1: once everything that runs is finished.
    Soft,
    /// SIGTERM: at once.
    Terminated,
    /// SIGINT: at once.
    Interrupted,
}

impl Ending {
    /// The exit code, as HAProxy gives it.
    pub fn exit_code(self) -> u8 {
        match self {
            Ending::Soft => 0,
            Ending::Terminated => 128 + 15,
            Ending::Interrupted => 128 + 2,
        }
    }
}

/// The signals that the process answers, from its birth on.
#[derive(Debug)]
pub struct Signals {
    terminate: Stream,
    interrupt: Stream,
    soft: Stream,
    hangup: Stream,
    /// Taken and not read: without a handler they would end or stop the process.
    _ignored: [Stream; 4],
}

impl Signals {
    /// Takes them over. Call it inside a runtime.
    pub fn take() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            soft: signal(SignalKind::user_defined1())?,
            hangup: signal(SignalKind::hangup())?,
            _ignored: [
                signal(SignalKind::pipe())?,
                signal(SignalKind::user_defined2())?,
                signal(SignalKind::from_raw(nix::libc::SIGTTIN))?,
                signal(SignalKind::from_raw(nix::libc::SIGTTOU))?,
            ],
        })
    }

    /// Carries them to the workers until a hard stop, and returns which it was. SIGHUP is left to `dump`.
    pub async fn carry(mut self, mailboxes: &[Mailbox], dump: impl Fn()) -> Ending {
        loop {
            let ending = tokio::select! {
                _ = self.terminate.recv() => Ending::Terminated,
                _ = self.interrupt.recv() => Ending::Interrupted,
                _ = self.soft.recv() => Ending::Soft,
                _ = self.hangup.recv() => {
                    dump();
                    continue;
                }
            };
            let news = if ending == Ending::Soft { Signal::SoftStop } else { Signal::HardStop };
            for mailbox in mailboxes {
                mailbox.send(Input::Signal(news));
            }
            if ending != Ending::Soft {
                return ending;
            }
        }
    }
}
