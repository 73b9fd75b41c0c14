//! `balance roundrobin`: by turns, by weight, smoothly.
//!
//! Time is counted in turns. A server of weight `w` among a total of `T` is due every `T / w` turns. Each
//! turn goes to the server that is due longest; when none is due, a server that had no turn yet begins,
//! the heaviest first; when there is none of these either, the one that is due next goes early. A server
//! that comes back begins like a new one, so that it gets no burst for the turns it missed.

use super::tournament::{Key, Tournament};
use crate::base::ids::ServerId;

/// Turns by weight.
#[derive(Clone, Debug)]
pub(super) struct RoundRobin {
    seats: Vec<Seat>,
    /// Servers that had a turn, by when they are due.
    due: Tournament,
    /// Servers that had no turn yet, heaviest first.
    fresh: Tournament,
    /// Sum of the weights of all members, full ones included.
    total: u64,
    /// Turns so far.
    turn: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    /// Zero for servers that take no part.
    weight: u32,
    full: bool,
    /// Due at turn `whole + part / weight`; `None` before the first turn.
    next: Option<Due>,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    whole: u64,
    part: u32,
}

impl Seat {
    /// Earlier first, then heavier first. Weights are at most 256, so two different parts of a turn differ by
    /// more than a step of 1/2^24.
    fn due_key(&self, due: Due) -> Key {
        let fraction = (u64::from(due.part) << 24) / u64::from(self.weight.max(1));
        (Key::from(due.whole) << 64) | (Key::from(fraction) << 32) | Key::from(u32::MAX - self.weight)
    }

    fn fresh_key(&self) -> Key {
        Key::from(u32::MAX - self.weight)
    }
}

impl RoundRobin {
    /// For servers `0..count`, none of which takes part yet.
    pub(super) fn new(count: usize) -> RoundRobin {
        RoundRobin {
            seats: vec![Seat::default(); count],
            due: Tournament::new(count),
            fresh: Tournament::new(count),
            total: 0,
            turn: 0,
        }
    }

    /// Sets the weight; zero takes the server out.
    pub(super) fn set_weight(&mut self, server: ServerId, weight: u32) {
        let (total, turn) = (&mut self.total, self.turn);
        let seat = &mut self.seats[server.index()];
        if seat.weight == weight {
            return;
        }
        *total = *total - u64::from(seat.weight) + u64::from(weight);
        seat.weight = weight;
        seat.next = match seat.next {
            // Its next turn is a turn of its own away, however long it has waited.
            Some(_) if weight > 0 => Some(Due { whole: turn + *total / u64::from(weight), part: 0 }),
            _ => None,
        };
        self.seat_again(server);
    }

    /// Leaves the server out while it is full.
    pub(super) fn set_full(&mut self, server: ServerId, full: bool) {
        let turn = self.turn;
        let seat = &mut self.seats[server.index()];
        if seat.full == full {
            return;
        }
        seat.full = full;
        if seat.next.is_some_and(|due| due.whole < turn) {
            // What was missed while full is not owed.
            seat.next = None;
        }
        self.seat_again(server);
    }

    fn seat_again(&mut self, server: ServerId) {
        let seat = self.seats[server.index()];
        self.due.leave(server);
        self.fresh.leave(server);
        if seat.weight == 0 || seat.full {
            return;
        }
        match seat.next {
            Some(due) => self.due.enter(server, seat.due_key(due)),
            None => self.fresh.enter(server, seat.fresh_key()),
        }
    }

    /// Whose turn it is, `without` left out.
    pub(super) fn pick(&self, without: Option<ServerId>) -> Option<ServerId> {
        let head = self.due.winner_but(without);
        if let Some((server, key)) = head
            && (key >> 64) as u64 <= self.turn
        {
            return Some(server);
        }
        self.fresh.winner_but(without).or(head).map(|(server, _)| server)
    }

    /// The server gets this turn, and `without` was passed over.
    pub(super) fn take_turn(&mut self, server: ServerId, without: Option<ServerId>) {
        self.advance(server);
        // Afterwards: a server that goes early in its place takes the clock with it.
        if let Some(without) = without.filter(|without| *without != server) {
            self.pass_over(without);
        }
    }

    fn advance(&mut self, server: ServerId) {
        let seat = &mut self.seats[server.index()];
        if seat.weight == 0 {
            return;
        }
        let weight = u64::from(seat.weight);
        let due = seat.next.unwrap_or(Due { whole: self.turn, part: 0 });
        let part = u64::from(due.part) + self.total % weight;
        let whole = due.whole + self.total / weight + part / weight;
        seat.next = Some(Due { whole, part: (part % weight) as u32 });
        // A server that goes early takes the clock with it, or those that rest would come back to a burst.
        self.turn = self.turn.max(due.whole) + 1;
        if !seat.full {
            self.due.enter(server, seat.due_key(Due { whole, part: (part % weight) as u32 }));
            self.fresh.leave(server);
        }
    }

    /// A server that was due and is avoided may go next, but is owed no more than that.
    fn pass_over(&mut self, server: ServerId) {
        let turn = self.turn;
        if let Some(due) = &mut self.seats[server.index()].next
            && due.whole < turn
        {
            *due = Due { whole: turn, part: 0 };
            self.seat_again(server);
        }
    }
}
