//! The only loop: one future per worker drives all of its sockets.
//!
//! Each turn takes the list of what became ready, serves each entry by polling what it wants, feeds the
//! worker machine with what happened and carries out what it orders. It decides nothing: an `if` on HTTP
//! or on the configuration does not belong here. Run it unconstrained (`tokio::task::unconstrained`): it
//! bounds its own turns.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::BytesMut;
use evenkeel_core::base::ids::{ConnId, WorkerId};
use evenkeel_core::base::time::{Now, Time};
use evenkeel_core::proxy::{Input, Output, Wakeup, Worker};
use tokio::sync::oneshot;

use crate::conn::{Conns, Reading};
use crate::doors::Doors;
use crate::log_sink::LogSink;
use crate::net::Net;
use crate::programs::Programs;
use crate::ready::{Alarm, Mailbox, Token};
use crate::relay::CHUNK_MIN;

/// Ready entries served in one turn; after that the system is asked for news before the rest.
const SERVICES_PER_TURN: usize = 512;

/// A worker machine, as the driver sees it. Tests drive it with scripted ones.
pub trait Machine {
    /// Takes one piece of news.
    fn handle(&mut self, now: Now, input: Input);
    /// Gives the next order.
    fn poll_output(&mut self) -> Option<Output>;
    /// Says when and why it wants to be woken.
    fn poll_timeout(&mut self) -> Option<(Time, Wakeup)>;
    /// Asserts what must hold between two turns.
    fn check_invariants(&self);
}

impl Machine for Worker {
    fn handle(&mut self, now: Now, input: Input) {
        Worker::handle(self, now, input);
    }

    fn poll_output(&mut self) -> Option<Output> {
        Worker::poll_output(self)
    }

    fn poll_timeout(&mut self) -> Option<(Time, Wakeup)> {
        Worker::poll_timeout(self)
    }

    fn check_invariants(&self) {
        Worker::check_invariants(self);
    }
}

/// One worker with its sockets.
#[derive(Debug)]
pub struct Driver<N: Net, M, L> {
    id: WorkerId,
    pub(crate) net: N,
    machine: M,
    log: L,
    pub(crate) now: Now,
    pub(crate) mailbox: Mailbox,
    colleagues: Vec<Mailbox>,
    alarm: Alarm,
    pub(crate) conns: Conns<N::Stream>,
    pub(crate) doors: Doors<N::Listener>,
    programs: Programs,
    pub(crate) news: VecDeque<Input>,
    pub(crate) ready: VecDeque<Token>,
    dirty: Vec<ConnId>,
    /// Connects that failed before there was a socket; their news is on its way.
    pub(crate) stillborn: Vec<ConnId>,
    pub(crate) scratch: BytesMut,
    pub(crate) relay_buffer: Vec<u8>,
    stopped: bool,
}

impl<N: Net, M: Machine, L: LogSink> Driver<N, M, L> {
    /// A driver for worker `id`. `mailboxes` are those of all workers, its own included; `listeners` are
    /// all of the model's, in order.
    pub fn new(
        net: N,
        machine: M,
        log: L,
        id: WorkerId,
        mailboxes: &[Mailbox],
        listeners: Vec<Option<N::Listener>>,
    ) -> Driver<N, M, L> {
        let mailbox = mailboxes.get(id.index()).cloned().unwrap_or_default();
        Driver {
            id,
            now: net.now(),
            alarm: Alarm::new(&mailbox),
            doors: Doors::new(listeners, &mailbox),
            colleagues: mailboxes.to_vec(),
            net,
            machine,
            log,
            mailbox,
            conns: Conns::new(),
            programs: Programs::default(),
            news: VecDeque::new(),
            ready: VecDeque::new(),
            dirty: Vec::new(),
            stillborn: Vec::new(),
            scratch: BytesMut::new(),
            relay_buffer: Vec::new(),
            stopped: false,
        }
    }

    /// Drives the worker until it says that it has stopped.
    pub async fn run(mut self) {
        // The machine may have orders from birth, such as a log line or a first check.
        self.settle();
        poll_fn(|cx| self.turn(cx)).await;
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.mailbox.collect(cx.waker(), &mut self.ready, &mut self.news);
        self.now = self.net.now();
        self.settle();
        for _ in 0..SERVICES_PER_TURN {
            let Some(token) = self.ready.pop_front() else { break };
            match token {
                Token::Conn(conn) => self.serve(conn),
                Token::Listener(listener) => self.accept(listener),
                Token::Timer => self.alarm.answer(),
            }
        }
        self.keep_time();
        self.log.flush();
        if cfg!(debug_assertions) {
            self.machine.check_invariants();
        }
        if self.stopped {
            return Poll::Ready(());
        }
        if !self.ready.is_empty() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Feeds all news and carries out all orders until there are none and every write was tried.
    pub(crate) fn settle(&mut self) {
        loop {
            while let Some(input) = self.news.pop_front() {
                if self.concerns_nobody(&input) {
                    continue;
                }
                events::news(self.id, &input);
                self.machine.handle(self.now, input);
                self.carry_out_orders();
            }
            self.carry_out_orders();
            match self.dirty.pop() {
                Some(conn) => self.flush(conn),
                None if self.news.is_empty() => return,
                None => {}
            }
        }
    }

    fn carry_out_orders(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            events::order(self.id, &output);
            self.carry_out(output);
        }
    }

    /// Whether the connection that the news is about was closed meanwhile. Forgets a connection that is lost.
    fn concerns_nobody(&mut self, input: &Input) -> bool {
        match *input {
            Input::Accepted { conn, .. }
            | Input::Connected { conn, .. }
            | Input::Received { conn, .. }
            | Input::Relayed { from: conn, .. }
            | Input::ReadClosed { conn }
            | Input::Sent { conn, .. } => self.conns.get_mut(conn).is_none(),
            Input::ConnectFailed { conn, .. } | Input::Lost { conn, .. } => {
                self.conns.remove(conn).is_none() && !self.forget_stillborn(conn)
            }
            Input::Exited { run, .. } => {
                self.programs.forget(run);
                false
            }
            Input::Message(_) | Input::Signal(_) | Input::Timeout => false,
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Connect { conn, to, from, first_word } => {
                let stream = self.net.connect(&to, from, first_word);
                self.open(conn, stream);
            }
            Output::Send { conn, bytes, last } => {
                if let Some(to) = self.conns.get_mut(conn) {
                    to.send(bytes, last);
                    self.mark_dirty(conn);
                }
            }
            Output::PauseRead { conn } => self.set_reading(conn, Reading::Paused),
            Output::ResumeRead { conn } => self.set_reading(conn, Reading::Shown),
            Output::Relay { from, to, limit } => {
                self.set_reading(from, Reading::Relayed { to, left: limit, chunk: CHUNK_MIN });
            }
            Output::ShutWrite { conn } => {
                if let Some(to) = self.conns.get_mut(conn) {
                    to.shut();
                    self.mark_dirty(conn);
                }
            }
            Output::Close { conn, how } => self.close(conn, how),
            Output::PauseAccepting { listener } => self.doors.pause(listener),
            Output::ResumeAccepting { listener } => self.doors.resume(listener),
            Output::StopListening { listener } => self.doors.close(listener),
            Output::Run { run, program } => {
                let (stop, stopped) = oneshot::channel();
                let running = self.net.run(&program, stopped);
                self.programs.watch(run, stop, running, &self.mailbox);
            }
            Output::Kill { run } => self.programs.kill(run),
            Output::Tell { to, message } => {
                if let Some(mailbox) = self.colleagues.get(to.index()) {
                    mailbox.send(Input::Message(message));
                }
            }
            Output::Log { target, line } => self.log.write(target, &line),
            Output::Notice { alert, text } => self.log.tell(alert, &text),
            Output::Stopped => self.stopped = true,
        }
    }

    fn set_reading(&mut self, id: ConnId, reading: Reading) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.reading = reading;
        match (reading, conn.broken) {
            (Reading::Paused, Some(why)) => self.news.push_back(Input::Lost { conn: id, why }),
            (Reading::Paused, None) => {}
            (Reading::Shown | Reading::Relayed { .. }, _) => self.again(id),
        }
    }

    pub(crate) fn forget_stillborn(&mut self, id: ConnId) -> bool {
        let found = self.stillborn.iter().position(|known| *known == id);
        found.map(|at| self.stillborn.swap_remove(at)).is_some()
    }

    /// Has the connection served (again) in this turn or the next.
    pub(crate) fn again(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if conn.bell.claim() {
            self.ready.push_back(Token::Conn(id));
        }
    }

    /// Has the connection flushed once the orders at hand are carried out.
    pub(crate) fn mark_dirty(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if !conn.dirty {
            conn.dirty = true;
            self.dirty.push(id);
        }
    }

    /// Tells the machine when its time has come, and arms the timer for the next time.
    fn keep_time(&mut self) {
        let due = |wanted: Option<(Time, Wakeup)>| wanted.map_or(Time::NEVER, |(at, _)| at);
        if due(self.machine.poll_timeout()) <= self.now.time {
            self.news.push_back(Input::Timeout);
            self.settle();
        }
        self.doors.retry(self.now.time);
        let next = due(self.machine.poll_timeout()).min(self.doors.retry_at());
        self.alarm.arm(next, self.now.time);
    }
}

mod events;
#[cfg(test)]
mod liveness;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod turns;
#[cfg(test)]
mod worker;
