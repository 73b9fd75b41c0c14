//! The shell of one worker in simulated time: it carries inputs and outputs exactly as `evenkeel-io`'s driver
//! does, turn by turn, over the simulated network. Where that driver changes, this must follow.

mod conn;
mod sockets;

use std::collections::VecDeque;

use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::{ConnId, ListenerId, WorkerId};
use evenkeel_core::base::program::{Program, RunId};
use evenkeel_core::base::random::Rng;
use evenkeel_core::base::time::{Now, Time, Wall};
use evenkeel_core::proxy::{CloseHow, Input, Message, Output, Worker};

use self::conn::{Conn, Conns, Reading};
use crate::network::{End, Network, WireId};
use crate::oracle::Sight;
use crate::record::Record;
use crate::settings::{client_address, frontend_address};

/// Ready entries served in one turn.
const SERVICES_PER_TURN: usize = 512;
/// Connections accepted in one service.
const ACCEPTS_PER_SERVICE: usize = 64;

/// What becomes ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Conn(ConnId),
    Door,
}

/// What a turn needs of the world.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The network.
    pub network: &'a mut Network,
    /// Who watches.
    pub record: &'a mut Record,
    /// Programs to be run, or to be ended if there is none.
    pub programs: &'a mut Vec<(WorkerId, RunId, Option<Program>)>,
    /// Messages for other workers, to be delivered by the world: from, to, what.
    pub letters: &'a mut Vec<(WorkerId, WorkerId, Message)>,
}

/// One worker with its sockets.
#[derive(Debug)]
pub struct Shell {
    id: WorkerId,
    machine: Worker,
    now: Now,
    rng: Rng,
    conns: Conns,
    news: VecDeque<Input>,
    ready: VecDeque<Token>,
    dirty: Vec<ConnId>,
    backlog: VecDeque<WireId>,
    door_paused: bool,
    stopped: bool,
}

impl Shell {
    /// A worker at the start of its process.
    pub fn new(id: WorkerId, machine: Worker, rng: Rng) -> Shell {
        Shell {
            id,
            machine,
            now: Now::default(),
            rng,
            conns: Conns::default(),
            news: VecDeque::new(),
            ready: VecDeque::new(),
            dirty: Vec::new(),
            backlog: VecDeque::new(),
            door_paused: false,
            stopped: false,
        }
    }

    /// The machine, to look at.
    pub fn machine(&self) -> &Worker {
        &self.machine
    }

    /// Whether the worker said that it has stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// How many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.conns.len()
    }

    /// Leaves news for the next turn.
    pub fn post(&mut self, input: Input) {
        self.news.push_back(input);
    }

    /// A connection waits at the listener.
    pub fn ring_door(&mut self, wire: WireId) {
        self.backlog.push_back(wire);
        self.ready.push_back(Token::Door);
    }

    /// Something changed for a connection.
    pub fn ring(&mut self, conn: ConnId) {
        self.again(conn);
    }

    /// When the machine wants to be woken.
    pub fn wanted(&self) -> Time {
        self.machine.poll_timeout().map_or(Time::NEVER, |(at, _)| at)
    }

    /// Does everything that is to be done now.
    pub fn turn(&mut self, time: Time, around: &mut Surroundings<'_>) {
        self.now = now_at(time);
        if self.stopped {
            return;
        }
        self.settle(around);
        for _ in 0..SERVICES_PER_TURN {
            let count = self.ready.len() as u64;
            if count == 0 {
                break;
            }
            // The system tells of what is ready in any order.
            let at = self.rng.below(count) as usize;
            match self.ready.swap_remove_back(at) {
                Some(Token::Conn(conn)) => self.serve(conn, around),
                Some(Token::Door) => self.accept(around),
                None => break,
            }
        }
        self.keep_time(around);
    }

    /// Whether another turn is wanted at once.
    pub fn is_ready(&self) -> bool {
        !self.stopped && (!self.ready.is_empty() || !self.news.is_empty())
    }

    fn settle(&mut self, around: &mut Surroundings<'_>) {
        loop {
            while let Some(input) = self.news.pop_front() {
                if self.concerns_nobody(&input, around) {
                    continue;
                }
                self.feed(input, around);
            }
            self.carry_out_orders(around);
            match self.dirty.pop() {
                Some(conn) => self.flush(conn, around),
                None if self.news.is_empty() => return,
                None => {}
            }
        }
    }

    fn feed(&mut self, input: Input, around: &mut Surroundings<'_>) {
        around.record.see(self.now.time, &Sight::Input { worker: self.id, input: &input });
        self.machine.handle(self.now, input);
        self.carry_out_orders(around);
    }

    fn carry_out_orders(&mut self, around: &mut Surroundings<'_>) {
        while let Some(output) = self.machine.poll_output() {
            around.record.see(self.now.time, &Sight::Output { worker: self.id, output: &output });
            self.carry_out(output, around);
        }
    }

    fn concerns_nobody(&mut self, input: &Input, around: &mut Surroundings<'_>) -> bool {
        match *input {
            Input::Accepted { conn, .. }
            | Input::Connected { conn, .. }
            | Input::Received { conn, .. }
            | Input::Relayed { from: conn, .. }
            | Input::ReadClosed { conn }
            | Input::Sent { conn, .. } => self.conns.get_mut(conn).is_none(),
            Input::ConnectFailed { conn, .. } | Input::Lost { conn, .. } => {
                let Some(lost) = self.conns.remove(conn) else { return true };
                around.network.close(lost.wire, End::Proxy, CloseHow::Graceful);
                false
            }
            Input::Exited { .. } | Input::Message(_) | Input::Signal(_) | Input::Timeout => false,
        }
    }

    fn carry_out(&mut self, output: Output, around: &mut Surroundings<'_>) {
        match output {
            Output::Connect { conn, to, .. } => self.open(conn, &to, around),
            Output::Send { conn, bytes, .. } => {
                if let Some(to) = self.conns.get_mut(conn) {
                    to.send(bytes);
                    self.mark_dirty(conn);
                }
            }
            Output::PauseRead { conn } => self.set_reading(conn, Reading::Paused),
            Output::ResumeRead { conn } => self.set_reading(conn, Reading::Shown),
            Output::Relay { from, to, limit } => self.set_reading(from, Reading::Relayed { to, left: limit }),
            Output::ShutWrite { conn } => {
                if let Some(to) = self.conns.get_mut(conn) {
                    to.shut();
                    self.mark_dirty(conn);
                }
            }
            Output::Close { conn, how } => self.close(conn, how, around),
            Output::PauseAccepting { .. } => self.door_paused = true,
            Output::ResumeAccepting { .. } => {
                self.door_paused = false;
                self.ready.push_back(Token::Door);
            }
            Output::StopListening { .. } => self.close_door(around),
            Output::Run { run, program } => around.programs.push((self.id, run, Some(program))),
            Output::Kill { run } => around.programs.push((self.id, run, None)),
            Output::Tell { to, message } => around.letters.push((self.id, to, message)),
            Output::Log { .. } | Output::Notice { .. } => {}
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

    fn again(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if !std::mem::replace(&mut conn.listed, true) {
            self.ready.push_back(Token::Conn(id));
        }
    }

    fn mark_dirty(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        if !conn.dirty {
            conn.dirty = true;
            self.dirty.push(id);
        }
    }

    fn keep_time(&mut self, around: &mut Surroundings<'_>) {
        if self.wanted() > self.now.time {
            return;
        }
        self.news.push_back(Input::Timeout);
        self.settle(around);
        let next = self.wanted();
        around.record.see(self.now.time, &Sight::Drained { worker: self.id, next });
    }

    fn accept(&mut self, around: &mut Surroundings<'_>) {
        for _ in 0..ACCEPTS_PER_SERVICE {
            if self.door_paused {
                return;
            }
            let Some(wire) = self.backlog.pop_front() else { return };
            let conn = self.conns.insert_client(Conn::new(wire, false));
            around.network.name(wire, conn);
            let peer = Address::Ip(client_address(around.network.peer(wire), wire));
            let local = Address::Ip(frontend_address());
            self.news.push_back(Input::Accepted { conn, listener: ListenerId(0), peer, local });
            self.settle(around);
            self.again(conn);
        }
        self.ready.push_back(Token::Door);
    }

    fn close_door(&mut self, around: &mut Surroundings<'_>) {
        around.network.close_door(self.id.0);
        for wire in std::mem::take(&mut self.backlog) {
            around.network.close(wire, End::Proxy, CloseHow::Reset);
        }
    }
}

/// The present of the simulated world: its wall clock starts with the year 2026.
pub fn now_at(time: Time) -> Now {
    Now { time, wall: Wall { unix_nanos: 1_767_225_600_000_000_000 + time.as_nanos(), offset_seconds: 0 } }
}
