//! The listening sockets of one worker: accepting, pausing, and waiting a moment when the system has no
//! descriptors left.

use std::io::{self, Write};
use std::task::Poll;

use evenkeel_core::base::ids::{ConnId, ListenerId};
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::Input;

use crate::conn::{Conn, is_out_of_resources};
use crate::driver::{Driver, Machine};
use crate::log_sink::LogSink;
use crate::net::{Accepted, Listener, Net};
use crate::ready::{Bell, Mailbox, Token};

/// Connections accepted from one listener in one service; after that others get their turn.
const ACCEPTS_PER_SERVICE: usize = 64;
/// How long a listener rests after the system could not give a connection.
const ACCEPT_REST: std::time::Duration = std::time::Duration::from_millis(100);

/// All listeners, by position in the model.
#[derive(Debug)]
pub(crate) struct Doors<L> {
    doors: Vec<Door<L>>,
    retry_at: Time,
    complained: bool,
}

#[derive(Debug)]
struct Door<L> {
    listener: Option<L>,
    bell: Bell,
    paused: bool,
    resting: bool,
}

impl<L> Doors<L> {
    /// Doors that are all open, or closed for good where there is no listener.
    pub(crate) fn new(listeners: Vec<Option<L>>, mailbox: &Mailbox) -> Doors<L> {
        let doors = listeners.into_iter().enumerate().map(|(index, listener)| {
            let bell = Bell::new(Token::Listener(ListenerId(index as u32)), mailbox);
            bell.ring();
            Door { listener, bell, paused: false, resting: false }
        });
        Doors { doors: doors.collect(), retry_at: Time::NEVER, complained: false }
    }

    /// Accepts nothing until [`Doors::resume`].
    pub(crate) fn pause(&mut self, id: ListenerId) {
        if let Some(door) = self.doors.get_mut(id.index()) {
            door.paused = true;
        }
    }

    /// Accepts again.
    pub(crate) fn resume(&mut self, id: ListenerId) {
        if let Some(door) = self.doors.get_mut(id.index()) {
            door.paused = false;
            door.bell.ring();
        }
    }

    /// Closes one for good.
    pub(crate) fn close(&mut self, id: ListenerId) {
        if let Some(door) = self.doors.get_mut(id.index()) {
            door.listener = None;
        }
    }

    /// When the listeners that rest are tried again.
    pub(crate) fn retry_at(&self) -> Time {
        self.retry_at
    }

    /// Tries the listeners again that have rested enough.
    pub(crate) fn retry(&mut self, now: Time) {
        if self.retry_at > now {
            return;
        }
        self.retry_at = Time::NEVER;
        for door in self.doors.iter_mut().filter(|door| door.resting) {
            door.resting = false;
            door.bell.ring();
        }
    }

    fn open_door(&mut self, id: ListenerId) -> Option<(&mut L, &Bell)> {
        let door = self.doors.get_mut(id.index())?;
        if door.paused || door.resting {
            return None;
        }
        Some((door.listener.as_mut()?, &door.bell))
    }

    fn rest(&mut self, id: ListenerId, now: Time, error: &io::Error) {
        if let Some(door) = self.doors.get_mut(id.index()) {
            door.resting = true;
        }
        self.retry_at = self.retry_at.min(now + ACCEPT_REST);
        if !std::mem::replace(&mut self.complained, true) {
            let advice = if is_out_of_resources(error) { "; lower maxconn or raise the limit" } else { "" };
            let pid = std::process::id();
            let _ =
                writeln!(io::stderr(), "[WARNING]  ({pid}) : cannot accept a connection: {error}{advice}");
        }
    }
}

impl<N: Net, M: Machine, L: LogSink> Driver<N, M, L> {
    /// Accepts until nothing is left, paused, or others must have a turn. Each connection's orders are
    /// carried out before the next is accepted, so that pausing is exact.
    pub(crate) fn accept(&mut self, id: ListenerId) {
        if let Some(door) = self.doors.doors.get(id.index()) {
            door.bell.answer();
        }
        for _ in 0..ACCEPTS_PER_SERVICE {
            let Some((listener, bell)) = self.doors.open_door(id) else { return };
            match listener.poll_accept(&mut bell.context()) {
                Poll::Pending => return,
                Poll::Ready(Ok(accepted)) => self.welcome(id, accepted),
                // The client gave up while it waited; that says nothing about the next.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Poll::Ready(Err(error)) => return self.doors.rest(id, self.now.time, &error),
            }
        }
        if let Some((_, bell)) = self.doors.open_door(id) {
            bell.ring();
        }
    }

    fn welcome(&mut self, listener: ListenerId, accepted: Accepted<N::Stream>) {
        let Accepted { stream, peer, local } = accepted;
        let conn = ConnId::client(self.conns.next_client());
        let bell = Bell::new(Token::Conn(conn), &self.mailbox);
        self.conns.insert_client(Conn::new(stream, bell, false));
        self.news.push_back(Input::Accepted { conn, listener, peer, local });
        self.settle();
        self.again(conn);
    }
}
