//! `balance first`: the first server that is not full.

use super::tournament::Tournament;
use crate::base::ids::ServerId;

/// Fills one server after the other.
#[derive(Clone, Debug)]
pub(super) struct First {
    member: Vec<bool>,
    full: Vec<bool>,
    order: Tournament,
}

impl First {
    /// For servers `0..count`, none of which takes part yet.
    pub(super) fn new(count: usize) -> First {
        First { member: vec![false; count], full: vec![false; count], order: Tournament::new(count) }
    }

    /// Zero takes the server out; otherwise the weight does not matter.
    pub(super) fn set_weight(&mut self, server: ServerId, weight: u32) {
        if self.member[server.index()] != (weight > 0) {
            self.member[server.index()] = weight > 0;
            self.seat_again(server);
        }
    }

    /// Leaves the server out while it is full.
    pub(super) fn set_full(&mut self, server: ServerId, full: bool) {
        if self.full[server.index()] != full {
            self.full[server.index()] = full;
            self.seat_again(server);
        }
    }

    fn seat_again(&mut self, server: ServerId) {
        if self.member[server.index()] && !self.full[server.index()] {
            self.order.enter(server, 0);
        } else {
            self.order.leave(server);
        }
    }

    /// The first, `without` left out.
    pub(super) fn pick(&self, without: Option<ServerId>) -> Option<ServerId> {
        self.order.winner_but(without).map(|(server, _)| server)
    }
}
