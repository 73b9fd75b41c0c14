//! What the operator says by signals, and how it reaches the workers.

use std::io;

use evenkeel_core::proxy::{Input, Signal};
use tokio::signal::unix::{SignalKind, signal};

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

/// Carries signals to the workers until a hard stop, and returns which it was.
///
/// SIGHUP is left to `dump`; SIGPIPE, SIGTTIN and SIGTTOU do nothing.
pub async fn carry(mailboxes: &[Mailbox], dump: impl Fn()) -> io::Result<Ending> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut soft = signal(SignalKind::user_defined1())?;
    let mut hangup = signal(SignalKind::hangup())?;
    // Taken and not read: without a handler they would end or stop the process.
    let _ignored = [
        signal(SignalKind::pipe())?,
        signal(SignalKind::from_raw(nix::libc::SIGTTIN))?,
        signal(SignalKind::from_raw(nix::libc::SIGTTOU))?,
        signal(SignalKind::user_defined2())?,
    ];
    loop {
        let ending = tokio::select! {
            _ = terminate.recv() => Ending::Terminated,
            _ = interrupt.recv() => Ending::Interrupted,
            _ = soft.recv() => Ending::Soft,
            _ = hangup.recv() => {
                dump();
                continue;
            }
        };
        let news = if ending == Ending::Soft { Signal::SoftStop } else { Signal::HardStop };
        for mailbox in mailboxes {
            mailbox.send(Input::Signal(news));
        }
        if ending != Ending::Soft {
            return Ok(ending);
        }
    }
}
