//! Sums of the weights of all servers before one, by a binary indexed tree: asking and changing cost one
//! step per bit of a server's number.

use super::steps;
use crate::base::ids::ServerId;

/// Weights of servers `0..count` and their sums.
#[derive(Clone, Debug)]
pub(super) struct Prefix {
    /// At `n`, counted from 1, the sum over as many servers up to the `n`th as the lowest bit of `n` says.
    tree: Vec<u64>,
}

impl Prefix {
    /// All weights are zero.
    pub(super) fn new(count: usize) -> Prefix {
        Prefix { tree: vec![0; count + 1] }
    }

    /// Changes the weight of a server from `before`.
    pub(super) fn change(&mut self, server: ServerId, before: u32, weight: u32) {
        let mut at = server.index() + 1;
        while at < self.tree.len() {
            steps::count();
            self.tree[at] = self.tree[at] - u64::from(before) + u64::from(weight);
            at += at & at.wrapping_neg();
        }
    }

    /// The server that this place belongs to, when each has as many in a row as its weight.
    pub(super) fn at(&self, mut place: u64) -> Option<ServerId> {
        let last = self.tree.len() - 1;
        let mut before = 0;
        let mut step = (last + 1).next_power_of_two();
        while step > 0 {
            steps::count();
            if let Some(sum) = self.tree.get(before + step).filter(|sum| **sum <= place) {
                place -= sum;
                before += step;
            }
            step /= 2;
        }
        (before < last).then_some(ServerId(before as u32))
    }

    /// The sum of the weights of all servers before this one.
    pub(super) fn before(&self, server: ServerId) -> u64 {
        let mut at = server.index();
        let mut sum = 0;
        while at > 0 {
            steps::count();
            sum += self.tree[at];
            at &= at - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_follow_changes() {
        let weights: Vec<u32> = (0..21).map(|index| index * 7 % 5).collect();
        let mut prefix = Prefix::new(weights.len());
        for (index, weight) in weights.iter().enumerate() {
            prefix.change(ServerId(index as u32), 0, 9);
            prefix.change(ServerId(index as u32), 9, *weight);
        }

        for index in 0..weights.len() {
            let sum: u32 = weights[..index].iter().sum();
            assert_eq!(prefix.before(ServerId(index as u32)), u64::from(sum));
            for place in sum..sum + weights[index] {
                assert_eq!(prefix.at(u64::from(place)), Some(ServerId(index as u32)));
            }
        }
        assert_eq!(prefix.at(weights.iter().map(|weight| u64::from(*weight)).sum()), None);
        assert_eq!(Prefix::new(0).at(0), None);
    }
}
