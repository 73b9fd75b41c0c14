//! `balance random`: chance names some servers, and the one with the least load for its weight is taken.

use super::ring::Ring;
use crate::base::hash::avalanche;
use crate::base::ids::ServerId;
use crate::base::limits::RANDOM_DRAWS_MAX;

/// Draws from a ring of servers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    ring: Ring,
    draws: u32,
    /// The last number drawn: what requests that bring none, as those from the queue, go on from.
    last: u32,
}

impl Random {
    /// Over this ring.
    pub(super) fn new(ring: Ring, draws: u32) -> Random {
        Random { ring, draws: draws.min(RANDOM_DRAWS_MAX), last: 0 }
    }

    /// The ring, to tell it of changes.
    pub(super) fn ring(&mut self) -> &mut Ring {
        &mut self.ring
    }

    /// A server that is not full, by this number or by the next of our own.
    pub(super) fn draw(&mut self, number: Option<u32>, without: Option<ServerId>) -> Option<ServerId> {
        self.last = number.unwrap_or_else(|| self.next());
        let mut best = self.ring.open_at(self.last, without)?;
        for _ in 1..self.draws {
            self.last = self.next();
            if let Some(server) = self.ring.open_at(self.last, without)
                && self.ring.is_lighter(server, best)
            {
                best = server;
            }
        }
        Some(best)
    }

    /// All numbers come in turn, well mixed.
    fn next(&self) -> u32 {
        avalanche(self.last.wrapping_add(0x9e37_79b9))
    }
}
