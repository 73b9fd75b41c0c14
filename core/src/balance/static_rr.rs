//! `balance static-rr`: by turns over a table that is laid out again whenever a server comes or goes.
//!
//! While all weights are equal the table is the list of members, and needs no room: ranks among them say
//! everything, and a change costs a step per bit of a server's number. With different weights it is laid out,
//! once for all changes since the last pick, in as many steps as it has places.

use super::prefix::Prefix;
use super::tournament::{Key, Tournament};
use crate::base::ids::ServerId;
use crate::base::map::Map;

/// Turns over a fixed table.
#[derive(Clone, Debug)]
pub(super) struct StaticRr {
    weights: Vec<u32>,
    full: Vec<bool>,
    /// How many members have each weight.
    kinds: Map<u32, u32>,
    /// One for each member, and for each that is not full.
    members: Prefix,
    open: Prefix,
    /// Whether weights changed since the table was laid out.
    stale: bool,
    /// The table, if weights differ.
    table: Option<Table>,
    /// Length of the table.
    length: u64,
    /// The turn to give next. Turns count on past the end of the table: turn `t` has place `t % length`.
    turn: u64,
}

/// A table of servers with different weights.
#[derive(Clone, Debug)]
struct Table {
    /// The server of each place.
    servers: Vec<ServerId>,
    /// The places of each server, ascending.
    places: Vec<Vec<u32>>,
    /// Members that are not full, by their next turn.
    order: Tournament,
}

impl StaticRr {
    /// For servers `0..count`, none of which takes part yet.
    pub(super) fn new(count: usize) -> StaticRr {
        StaticRr {
            weights: vec![0; count],
            full: vec![false; count],
            kinds: Map::new(),
            members: Prefix::new(count),
            open: Prefix::new(count),
            stale: false,
            table: None,
            length: 0,
            turn: 0,
        }
    }

    /// Sets the weight; zero takes the server out.
    pub(super) fn set_weight(&mut self, server: ServerId, weight: u32) {
        let before = std::mem::replace(&mut self.weights[server.index()], weight);
        if before == weight {
            return;
        }
        if let Some(count) = self.kinds.get_mut(&before) {
            *count -= 1;
            if *count == 0 {
                self.kinds.remove(&before);
            }
        }
        if weight > 0 {
            *self.kinds.entry(weight).or_default() += 1;
        }
        let is_member = |weight: u32| u32::from(weight > 0);
        self.members.change(server, is_member(before), is_member(weight));
        if !self.full[server.index()] {
            self.open.change(server, is_member(before), is_member(weight));
        }
        self.stale = true;
    }

    /// Lays the table out again if weights changed since. One layout serves many changes.
    pub(super) fn settle(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        // haproxy goes on from the same place; where the old table ended the new one may go on.
        let place = match self.turn.checked_rem(self.length) {
            Some(0) if self.turn > 0 => self.length,
            place => place.unwrap_or(0),
        };
        self.table = (self.kinds.len() > 1).then(|| Table::new(&self.weights));
        self.length = match &self.table {
            Some(table) => table.servers.len() as u64,
            None => self.kinds.values().map(|count| u64::from(*count)).sum(),
        };
        self.turn = if place <= self.length { place } else { 0 };
        if self.table.is_some() {
            for index in 0..self.weights.len() {
                self.seat_again(ServerId(index as u32));
            }
        }
    }

    /// The server whose place in the table a number leads to. The table is settled.
    pub(super) fn at(&self, number: u32) -> Option<ServerId> {
        let place = u64::from(number).checked_rem(self.length)?;
        match &self.table {
            Some(table) => table.servers.get(place as usize).copied(),
            None => self.members.at(place),
        }
    }

    /// Leaves the server out while it is full.
    pub(super) fn set_full(&mut self, server: ServerId, full: bool) {
        if std::mem::replace(&mut self.full[server.index()], full) == full {
            return;
        }
        if self.weights[server.index()] > 0 {
            self.open.change(server, u32::from(full), u32::from(!full));
        }
        self.seat_again(server);
    }

    /// Says in the table when the server's next turn is.
    fn seat_again(&mut self, server: ServerId) {
        let turn = self.next_turn(server).filter(|_| !self.full[server.index()]);
        if let Some(table) = &mut self.table {
            match turn {
                Some(turn) => table.order.enter(server, Key::from(turn)),
                None => table.order.leave(server),
            }
        }
    }

    /// The first turn of the server from the present one on.
    fn next_turn(&self, server: ServerId) -> Option<u64> {
        let place = self.turn.checked_rem(self.length)?;
        let round = self.turn - place;
        let own = match &self.table {
            None => Some(self.members.before(server)),
            Some(table) => {
                let places = &table.places[server.index()];
                let later = places.partition_point(|own| u64::from(*own) < place);
                places.get(later).or(places.first()).map(|own| u64::from(*own))
            }
        }?;
        Some(if own >= place { round + own } else { round + self.length + own })
    }

    /// Whose turn it is, `without` left out. The table is settled.
    pub(super) fn pick(&self, without: Option<ServerId>) -> Option<ServerId> {
        match &self.table {
            Some(table) => table.order.winner_but(without).map(|(server, _)| server),
            None => {
                let next = self.members.at(self.turn.checked_rem(self.length)?)?;
                let rank = self.open.before(next);
                let from = |rank| self.open.at(rank).or_else(|| self.open.at(0));
                let server = from(rank)?;
                if Some(server) != without {
                    return Some(server);
                }
                from(self.open.before(server) + 1).filter(|server| Some(*server) != without)
            }
        }
    }

    /// The server gets this turn, and `without` was passed over.
    pub(super) fn take_turn(&mut self, server: ServerId, without: Option<ServerId>) {
        if let Some(turn) = self.next_turn(server) {
            self.turn = turn + 1;
            self.seat_again(server);
            if let Some(without) = without {
                self.seat_again(without);
            }
        }
    }
}

impl Table {
    /// Where nobody has a turn yet.
    fn new(weights: &[u32]) -> Table {
        let places = lay_out(weights);
        let mut servers = vec![ServerId(0); places.iter().map(Vec::len).sum()];
        for (index, places) in places.iter().enumerate() {
            for place in places {
                servers[*place as usize] = ServerId(index as u32);
            }
        }
        Table { servers, places, order: Tournament::new(weights.len()) }
    }
}

/// The places of each server. Each turn, every server gains its weight. The turn goes to the one with the
/// most whole turns saved, the first of several, and costs it one.
///
/// A server of weight `w` has saved `k` turns, spent ones included, from turn `length * k / w` on. So each
/// server waits until it has saved another one; in between nothing about it changes.
fn lay_out(weights: &[u32]) -> Vec<Vec<u32>> {
    let divisor = weights.iter().fold(0, |a, b| greatest_common_divisor(a, *b)).max(1);
    let length: u64 = weights.iter().map(|weight| u64::from(weight / divisor)).sum();
    let mut places = vec![Vec::new(); weights.len()];
    let mut saved = vec![0u64; weights.len()];
    // Who saves another turn next, and who has saved most beyond what it spent.
    let [mut saving, mut ready] = [(); 2].map(|()| Tournament::new(weights.len()));
    let saves_at = |server: ServerId, turns: u64| {
        let weight = u64::from(weights[server.index()] / divisor);
        Key::from((length * turns).div_ceil(weight).saturating_sub(1))
    };
    for (index, _) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
        saving.enter(ServerId(index as u32), 0);
    }
    for turn in 0..length {
        while let Some((server, _)) = saving.winner().filter(|(_, at)| *at <= Key::from(turn)) {
            let spent = places[server.index()].len() as u64;
            ready.enter(server, Key::from(u64::MAX - (saved[server.index()] - spent)));
            saved[server.index()] += 1;
            saving.enter(server, saves_at(server, saved[server.index()]));
        }
        if let Some((server, _)) = ready.winner() {
            places[server.index()].push(turn as u32);
            let spent = places[server.index()].len() as u64;
            match saved[server.index()].checked_sub(spent + 1) {
                Some(left) => ready.enter(server, Key::from(u64::MAX - left)),
                None => ready.leave(server),
            }
        }
    }
    places
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule as it is said, turn by turn and server by server.
    fn slowly(weights: &[u32]) -> Vec<Vec<u32>> {
        let divisor = weights.iter().fold(0, |a, b| greatest_common_divisor(a, *b)).max(1);
        let total: i64 = weights.iter().map(|weight| i64::from(weight / divisor)).sum();
        let mut saved = vec![0; weights.len()];
        let mut places = vec![Vec::new(); weights.len()];
        for turn in 0..total {
            for (saved, weight) in saved.iter_mut().zip(weights) {
                *saved += i64::from(weight / divisor);
            }
            let members = (0..weights.len()).filter(|index| weights[*index] > 0).rev();
            let first = members.max_by_key(|index| (saved[*index] + total) / total).unwrap();
            saved[first] -= total;
            places[first].push(turn as u32);
        }
        places
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_table_is_laid_out_by_the_rule(weights in proptest::collection::vec(0u32..=256, 1..12)) {
            prop_assert_eq!(lay_out(&weights), slowly(&weights));
        }
    }
}
