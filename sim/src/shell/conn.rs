//! One connection as the simulated shell sees it, as in the real one.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use evenkeel_core::base::ids::{ConnId, Side};
use evenkeel_core::base::slots::Slots;
use evenkeel_core::proxy::LostReason;

use crate::network::{End, Network, WireId, WriteError};

/// What becomes of readable bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// They wait in the network.
    Paused,
    /// They are shown to the core.
    Shown,
    /// They are copied to another connection, so many or all.
    Relayed { to: ConnId, left: Option<u64> },
}

#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    relayed_from: Option<ConnId>,
}

/// What one flush achieved.
#[derive(Debug, Default)]
pub(super) struct Flushed {
    pub(super) sent: usize,
    pub(super) relayed: Option<(ConnId, u64, u64)>,
    pub(super) resumed: Option<ConnId>,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) wire: WireId,
    pub(super) connecting: bool,
    pub(super) reading: Reading,
    pub(super) read_closed: bool,
    pub(super) broken: Option<LostReason>,
    pub(super) dirty: bool,
    pub(super) waiting_source: Option<ConnId>,
    /// Is on the list of what is ready.
    pub(super) listed: bool,
    shut_wanted: bool,
    queue: VecDeque<Piece>,
}

impl Conn {
    pub(super) fn new(wire: WireId, connecting: bool) -> Conn {
        Conn {
            wire,
            connecting,
            reading: Reading::Shown,
            read_closed: false,
            broken: None,
            dirty: false,
            waiting_source: None,
            listed: false,
            shut_wanted: false,
            queue: VecDeque::new(),
        }
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn send(&mut self, bytes: Bytes) {
        self.queue_piece(bytes, None);
    }

    pub(super) fn hold(&mut self, bytes: Bytes, from: ConnId) {
        self.queue_piece(bytes, Some(from));
    }

    pub(super) fn shut(&mut self) {
        self.shut_wanted = true;
    }

    /// Writes what the network takes.
    pub(super) fn flush(&mut self, network: &mut Network) -> Result<Flushed, WriteError> {
        let mut flushed = Flushed::default();
        if self.connecting || self.broken.is_some() {
            return Ok(flushed);
        }
        while let Some(front) = self.queue.front() {
            match network.write(self.wire, End::Proxy, &front.bytes) {
                Ok(0) => return Ok(flushed),
                Ok(count) => self.consume(count, &mut flushed),
                Err(error) => {
                    self.queue.clear();
                    return Err(error);
                }
            }
        }
        flushed.resumed = self.waiting_source.take();
        if self.shut_wanted {
            self.shut_wanted = false;
            network.shut(self.wire, End::Proxy);
        }
        Ok(flushed)
    }

    fn queue_piece(&mut self, bytes: Bytes, relayed_from: Option<ConnId>) {
        if self.broken.is_none() {
            self.queue.push_back(Piece { bytes, relayed_from });
        }
    }

    fn consume(&mut self, count: usize, flushed: &mut Flushed) {
        let Some(piece) = self.queue.front_mut() else { return };
        piece.bytes.advance(count);
        match piece.relayed_from {
            None => flushed.sent += count,
            Some(from) => {
                let before = flushed.relayed.map_or(0, |(_, before, _)| before);
                flushed.relayed = Some((from, before + count as u64, piece.bytes.len() as u64));
            }
        }
        if piece.bytes.is_empty() {
            self.queue.pop_front();
        }
    }
}

/// All connections of one worker.
#[derive(Debug, Default)]
pub(super) struct Conns {
    clients: Slots<Conn>,
    servers: Slots<Conn>,
}

impl Conns {
    pub(super) fn insert_client(&mut self, conn: Conn) -> ConnId {
        ConnId::client(self.clients.insert(conn))
    }

    /// Stores a server connection under the core's id. False when that id is in use.
    pub(super) fn place_server(&mut self, id: ConnId, conn: Conn) -> bool {
        self.servers.place(id.key(), conn).is_ok()
    }

    pub(super) fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.side(id.side()).get_mut(id.key())
    }

    pub(super) fn remove(&mut self, id: ConnId) -> Option<Conn> {
        self.side(id.side()).remove(id.key())
    }

    pub(super) fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    fn side(&mut self, side: Side) -> &mut Slots<Conn> {
        match side {
            Side::Client => &mut self.clients,
            Side::Server => &mut self.servers,
        }
    }
}
