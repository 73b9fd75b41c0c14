//! Hashes over a table of all usable servers (`hash-type map-based`): the table of `static-rr`, by the
//! hash's remainder.

use super::static_rr::StaticRr;
use crate::base::ids::ServerId;

/// The table, and turns over it for requests without a key.
#[derive(Clone, Debug)]
pub(super) struct Map(StaticRr);

impl Map {
    /// For servers `0..count`, none of which takes part yet.
    pub(super) fn new(count: usize) -> Map {
        Map(StaticRr::new(count))
    }

    /// Sets the weight; zero takes the server out.
    pub(super) fn set_weight(&mut self, server: ServerId, weight: u32) {
        self.0.set_weight(server, weight);
    }

    /// A full server has no turn, but keeps its keys.
    pub(super) fn set_full(&mut self, server: ServerId, full: bool) {
        self.0.set_full(server, full);
    }

    /// The server of a key.
    pub(super) fn at(&mut self, key: u32) -> Option<ServerId> {
        self.0.settle();
        self.0.at(key)
    }

    /// The server whose turn it is, `without` left out, and takes the turn.
    pub(super) fn turn(&mut self, without: Option<ServerId>) -> Option<ServerId> {
        self.0.settle();
        let picked = self.0.pick(without)?;
        self.0.take_turn(picked, without);
        Some(picked)
    }
}
