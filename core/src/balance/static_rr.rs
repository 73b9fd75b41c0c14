//! `balance static-rr`: by turns over a table that is laid out again whenever a server comes or goes.

use crate::base::ids::ServerId;

/// Turns over a fixed table.
#[derive(Clone, Debug)]
pub(super) struct StaticRr {
    weights: Vec<u32>,
    full: Vec<bool>,
    table: Vec<ServerId>,
    /// Where the next turn is looked for first. May lie behind the end, which is the start, until the table
    /// has grown: haproxy goes on from there, too.
    next: usize,
}

impl StaticRr {
    /// For servers `0..count`, none of which takes part yet.
    pub(super) fn new(count: usize) -> StaticRr {
        StaticRr { weights: vec![0; count], full: vec![false; count], table: Vec::new(), next: 0 }
    }

    /// Sets the weight; zero takes the server out.
    pub(super) fn set_weight(&mut self, server: ServerId, weight: u32) {
        if self.weights[server.index()] != weight {
            self.weights[server.index()] = weight;
            self.table = lay_out(&self.weights);
        }
    }

    /// Leaves the server out while it is full.
    pub(super) fn set_full(&mut self, server: ServerId, full: bool) {
        self.full[server.index()] = full;
    }

    /// The places of the table, from the next one round.
    fn turns(&self) -> impl Iterator<Item = usize> + use<> {
        let length = self.table.len();
        let start = if self.next < length { self.next } else { 0 };
        (start..length).chain(0..start)
    }

    fn find(&self, without: Option<ServerId>) -> Option<usize> {
        let usable = |at: &usize| {
            let server = self.table[*at];
            !self.full[server.index()] && Some(server) != without
        };
        self.turns().find(usable)
    }

    /// Whose turn it is, `without` left out.
    pub(super) fn pick(&self, without: Option<ServerId>) -> Option<ServerId> {
        self.find(without).map(|at| self.table[at])
    }

    /// The server gets this turn.
    pub(super) fn take_turn(&mut self, server: ServerId) {
        if let Some(at) = self.turns().find(|at| self.table[*at] == server) {
            self.next = at + 1;
        }
    }
}

/// Each turn, every server gains its weight. The turn goes to the one with the most whole turns saved, the
/// first of several, and costs it one.
fn lay_out(weights: &[u32]) -> Vec<ServerId> {
    let divisor = weights.iter().fold(0, |a, b| greatest_common_divisor(a, *b)).max(1);
    let weights: Vec<i64> = weights.iter().map(|weight| i64::from(weight / divisor)).collect();
    let total: i64 = weights.iter().sum();
    let mut saved = vec![0i64; weights.len()];
    let mut table = Vec::with_capacity(usize::try_from(total).unwrap_or(0));
    for _ in 0..total {
        let mut best: Option<(i64, usize)> = None;
        for (index, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            saved[index] += weight;
            let turns = (saved[index] + total) / total;
            if best.is_none_or(|(most, _)| turns > most) {
                best = Some((turns, index));
            }
        }
        if let Some((_, index)) = best {
            saved[index] -= total;
            table.push(ServerId(index as u32));
        }
    }
    table
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
