//! `balance leastconn`: the server with the fewest connections for its weight; by turns among equals.

use super::tournament::{Key, Tournament};
use crate::base::ids::ServerId;

/// How finely a load is measured, for a whole weight.
const STEPS: u64 = 256;

/// Fewest connections first.
#[derive(Clone, Debug)]
pub(super) struct LeastConn {
    seats: Vec<Seat>,
    /// Steps of a load, for each unit of weight.
    steps: u64,
    order: Tournament,
    /// Counts changes: among equals the one that changed longest ago goes first.
    changes: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    /// Zero for servers that take no part.
    weight: u32,
    full: bool,
    load: u32,
}

impl LeastConn {
    /// For servers `0..count`, none of which takes part yet. A weight has `scale` units.
    pub(super) fn new(count: usize, scale: u32) -> LeastConn {
        LeastConn {
            steps: STEPS * u64::from(scale),
            seats: vec![Seat::default(); count],
            order: Tournament::new(count),
            changes: 0,
        }
    }

    /// Sets the weight; zero takes the server out.
    pub(super) fn set_weight(&mut self, server: ServerId, weight: u32) {
        if self.seats[server.index()].weight != weight {
            self.seats[server.index()].weight = weight;
            self.seat_again(server);
        }
    }

    /// Leaves the server out while it is full.
    pub(super) fn set_full(&mut self, server: ServerId, full: bool) {
        if self.seats[server.index()].full != full {
            self.seats[server.index()].full = full;
            self.seat_again(server);
        }
    }

    /// Says how many connections the server has.
    pub(super) fn set_load(&mut self, server: ServerId, load: u32) {
        self.seats[server.index()].load = load;
        self.seat_again(server);
    }

    fn seat_again(&mut self, server: ServerId) {
        let seat = self.seats[server.index()];
        if seat.weight == 0 || seat.full {
            self.order.leave(server);
            return;
        }
        self.changes += 1;
        // The load is counted as if the connection were there already, in steps of 1/256 of a weight. Only an idle
        // server goes first whatever its weight.
        let load = match seat.load {
            0 => 0,
            load => (u64::from(load) + 1) * self.steps / u64::from(seat.weight),
        };
        self.order.enter(server, (Key::from(load) << 64) | Key::from(self.changes));
    }

    /// Whose turn it is, `without` left out.
    pub(super) fn pick(&self, without: Option<ServerId>) -> Option<ServerId> {
        self.order.winner_but(without).map(|(server, _)| server)
    }
}
