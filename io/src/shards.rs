//! One thread per worker, each with a runtime and a driver of its own, and the thread that waits for signals.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use evenkeel_core::base::ids::WorkerId;
use evenkeel_core::model::LogTarget;
use socket2::Socket;
use tokio::runtime::{Builder, Runtime};

use crate::clock::Clock;
use crate::driver::{Driver, Machine};
use crate::log_sink::SystemLog;
use crate::ready::Mailbox;
use crate::signals::{Ending, Signals};
use crate::tokio_net::{TokioListener, TokioNet};

/// How long workers may take to close everything on a hard stop.
const HARD_STOP_MAX: Duration = Duration::from_secs(2);

/// What all workers share.
#[derive(Debug)]
pub struct Shards {
    clock: Clock,
    /// By listener; `None` where nothing listens, as in a disabled frontend.
    sockets: Vec<Option<Socket>>,
    /// One per worker, opened before any chroot.
    logs: Vec<SystemLog>,
    mailboxes: Vec<Mailbox>,
}

impl Shards {
    /// Prepares `workers` workers: sockets are bound already, log sockets are opened here. The second
    /// value says which log targets cannot be had yet.
    /// A silent process tells nothing on standard error.
    pub fn new(
        workers: u32,
        clock: Clock,
        sockets: Vec<Option<Socket>>,
        targets: &[LogTarget],
        silent: bool,
    ) -> (Shards, Vec<String>) {
        let mut complaints = Vec::new();
        let mut logs = Vec::new();
        for worker in 0..workers {
            let (log, told) = SystemLog::open(targets, silent);
            if worker == 0 {
                complaints = told;
            }
            logs.push(log);
        }
        let mailboxes = (0..workers).map(|_| Mailbox::new()).collect();
        (Shards { clock, sockets, logs, mailboxes }, complaints)
    }

    /// The workers' letter boxes, for news from outside.
    pub fn mailboxes(&self) -> &[Mailbox] {
        &self.mailboxes
    }

    /// Runs the machines that `make` makes, one per thread, until all have stopped. Returns why they did.
    ///
    /// Calls `started` once signals are answered, and `dump` when the operator wants to see the state.
    pub fn run<M: Machine + Send + 'static>(
        self,
        mut make: impl FnMut(WorkerId) -> M,
        started: impl FnOnce(),
        dump: impl Fn(),
    ) -> io::Result<Ending> {
        let (stopped, all_stopped) = mpsc::channel::<()>();
        let mut threads = Vec::new();
        for (index, log) in self.logs.into_iter().enumerate() {
            let id = WorkerId(index as u32);
            let listeners = duplicate(&self.sockets)?;
            let net = TokioNet::new(self.clock.clone());
            let machine = make(id);
            let mailboxes = self.mailboxes.clone();
            let stopped = stopped.clone();
            let builder = thread::Builder::new().name(format!("worker-{index}"));
            threads.push(builder.spawn(move || {
                let _guard = EndWithWorker;
                let result = drive(net, machine, log, id, &mailboxes, listeners);
                drop(stopped);
                result
            })?);
        }
        drop((stopped, self.sockets));
        let ending = wait_for_signals(&self.mailboxes, all_stopped, started, dump)?;
        if ending == Ending::Soft {
            for thread in threads {
                thread.join().map_err(|_| io::Error::other("a worker panicked"))??;
            }
        }
        Ok(ending)
    }
}

/// Ends the process when a worker panics: a supervisor starts a whole one again, and nobody would restart
/// a missing thread.
struct EndWithWorker;

impl Drop for EndWithWorker {
    fn drop(&mut self) {
        if thread::panicking() {
            std::process::abort();
        }
    }
}

fn duplicate(sockets: &[Option<Socket>]) -> io::Result<Vec<Option<Socket>>> {
    sockets.iter().map(|socket| socket.as_ref().map(Socket::try_clone).transpose()).collect()
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn drive<M: Machine>(
    net: TokioNet,
    machine: M,
    log: SystemLog,
    id: WorkerId,
    mailboxes: &[Mailbox],
    listeners: Vec<Option<Socket>>,
) -> io::Result<()> {
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let listeners = listeners.into_iter().map(|socket| socket.map(TokioListener::new).transpose());
    let listeners = listeners.collect::<io::Result<Vec<_>>>()?;
    let driver = Driver::new(net, machine, log, id, mailboxes, listeners);
    runtime.block_on(tokio::task::unconstrained(driver.run()));
    Ok(())
}

/// Waits until a hard stop, or until every worker has dropped its end of the channel.
fn wait_for_signals(
    mailboxes: &[Mailbox],
    all_stopped: mpsc::Receiver<()>,
    started: impl FnOnce(),
    dump: impl Fn(),
) -> io::Result<Ending> {
    let (over, mut is_over) = tokio::sync::mpsc::channel::<()>(1);
    let (again, stopped_in_time) = mpsc::channel::<()>();
    thread::Builder::new().name("stopping".to_string()).spawn(move || {
        // Nothing is ever sent: the error says that all senders are gone.
        let _ = all_stopped.recv();
        drop((over, again));
    })?;
    let ending = runtime()?.block_on(async {
        let signals = Signals::take()?;
        started();
        Ok::<_, io::Error>(tokio::select! {
            ending = signals.carry(mailboxes, dump) => ending,
            _ = is_over.recv() => Ending::Soft,
        })
    })?;
    if ending != Ending::Soft {
        let _ = stopped_in_time.recv_timeout(HARD_STOP_MAX);
    }
    Ok(ending)
}
