//! One direction of a connection: what is on its way, and what has come and waits to be read.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};
use evenkeel_core::base::time::Time;

/// What travels.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Bytes(Bytes),
    End,
    Reset,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    pub(super) flying: VecDeque<(Time, Piece)>,
    arrived: VecDeque<Bytes>,
    /// Bytes flying or arrived.
    size: usize,
    /// The writer has sent its end.
    pub(super) ended: bool,
    /// The reader will see the end behind what has arrived.
    pub(super) end_arrived: bool,
    /// The connection was reset, as the reader sees it.
    pub(super) reset: bool,
    /// An arrival is in the world's queue.
    pub(super) awaited: bool,
    /// The writer found no room.
    pub(super) writer_waits: bool,
}

/// What a reader gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Bytes, at least one.
    Bytes(Bytes),
    /// No more will come.
    End,
    /// The connection is gone.
    Reset,
    /// Nothing yet.
    Pending,
}

impl Pipe {
    pub(super) fn room(&self, capacity: usize) -> usize {
        capacity.saturating_sub(self.size)
    }

    /// Puts a piece on its way. It never overtakes those before it.
    pub(super) fn launch(&mut self, at: Time, piece: Piece) {
        let at = self.flying.back().map_or(at, |(last, _)| at.max(*last));
        if let Piece::Bytes(bytes) = &piece {
            self.size += bytes.len();
        }
        self.ended |= matches!(piece, Piece::End);
        self.flying.push_back((at, piece));
    }

    /// When the next piece comes, if nobody waits for it yet.
    pub(super) fn await_next(&mut self) -> Option<Time> {
        let (at, _) = self.flying.front()?;
        (!std::mem::replace(&mut self.awaited, true)).then_some(*at)
    }

    /// Takes what is due off the way.
    pub(super) fn land(&mut self, now: Time) -> Option<Piece> {
        if self.flying.front()?.0 > now {
            return None;
        }
        self.flying.pop_front().map(|(_, piece)| piece)
    }

    /// Bytes are there to be read.
    pub(super) fn arrive(&mut self, bytes: Bytes) {
        self.arrived.push_back(bytes);
    }

    /// Bytes came and nobody will read them.
    pub(super) fn lose(&mut self, bytes: &Bytes) {
        self.size -= bytes.len();
    }

    /// Forgets what is on its way: its sender is gone.
    pub(super) fn clear_flying(&mut self) {
        for (_, piece) in std::mem::take(&mut self.flying) {
            if let Piece::Bytes(bytes) = piece {
                self.size -= bytes.len();
            }
        }
    }

    pub(super) fn has_unread(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// Reads at most `most` bytes, over the borders of segments.
    pub(super) fn read(&mut self, most: usize) -> Read {
        let Some(front) = self.arrived.front_mut() else {
            return match (self.reset, self.end_arrived) {
                (true, _) => Read::Reset,
                (false, true) => Read::End,
                (false, false) => Read::Pending,
            };
        };
        let bytes = if front.len() > most {
            front.split_to(most)
        } else if self.arrived.len() == 1 {
            self.arrived.pop_front().unwrap_or_default()
        } else {
            self.gather(most)
        };
        self.size -= bytes.len();
        Read::Bytes(bytes)
    }

    fn gather(&mut self, most: usize) -> Bytes {
        let mut all = BytesMut::new();
        while let Some(front) = self.arrived.front_mut() {
            let taken = front.len().min(most - all.len());
            all.extend_from_slice(&front[..taken]);
            front.advance(taken);
            if !front.is_empty() {
                break;
            }
            self.arrived.pop_front();
        }
        all.freeze()
    }
}
