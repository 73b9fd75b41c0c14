//! Hashes over a table of all usable servers (`hash-type map-based`): the table of `static-rr`, by the
//! hash's remainder.

use super::static_rr::StaticRr;
use crate::base::ids::ServerId;

/// The table, and turns over it for requests without a key.
#[derive(Clone, Debug)]
pub(super) struct Map {
    turns: StaticRr,
    table: Vec<ServerId>,
}

impl Map {
    /// For servers `0..count`, none of which takes part yet.
    pub(super) fn new(count: usize) -> Map {
        Map { turns: StaticRr::new(count), table: Vec::new() }
    }

    /// Sets the weight; zero takes the server out.
    pub(super) fn set_weight(&mut self, server: ServerId, weight: u32) {
        self.turns.set_weight(server, weight);
    }

    /// A full server has no turn, but keeps its keys.
    pub(super) fn set_full(&mut self, server: ServerId, full: bool) {
        self.turns.set_full(server, full);
    }

    /// Lays the table out again if weights changed since.
    pub(super) fn settle(&mut self) {
        if self.turns.settle() {
            self.turns.list(&mut self.table);
        }
    }

    /// The server of a key. The table is settled.
    pub(super) fn at(&self, key: u32) -> Option<ServerId> {
        let place = (key as usize).checked_rem(self.table.len())?;
        self.table.get(place).copied()
    }

    /// The server whose turn it is, `without` left out, and takes the turn.
    pub(super) fn turn(&mut self, without: Option<ServerId>) -> Option<ServerId> {
        self.settle();
        let picked = self.turns.pick(without)?;
        self.turns.take_turn(picked, without);
        Some(picked)
    }
}
