//! The smallest of many keys, one key per server, by a tree of winners.
//!
//! A change costs one walk from a leaf to the root; asking costs nothing. Nothing is allocated after the
//! tree is made, and servers come and go by setting and clearing their key.

use super::steps;
use crate::base::ids::ServerId;

/// What servers are ordered by. Smaller wins; the server's own number decides between equal keys.
pub(super) type Key = u128;

/// No server.
const NOBODY: Slot = Slot { key: Key::MAX, server: u32::MAX };

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    key: Key,
    server: u32,
}

/// Keys of servers `0..count` and who has the smallest.
#[derive(Clone, Debug)]
pub(super) struct Tournament {
    /// A complete binary tree: the root is at 1, the children of `n` at `2n` and `2n + 1`.
    tree: Vec<Slot>,
}

impl Tournament {
    /// No server takes part yet.
    pub(super) fn new(count: usize) -> Tournament {
        Tournament { tree: vec![NOBODY; 2 * count.next_power_of_two()] }
    }

    fn leaf(&self, server: ServerId) -> usize {
        self.tree.len() / 2 + server.index()
    }

    /// Takes part with this key from now on.
    pub(super) fn enter(&mut self, server: ServerId, key: Key) {
        self.put(server, Slot { key, server: server.0 });
    }

    /// Takes part no longer.
    pub(super) fn leave(&mut self, server: ServerId) {
        self.put(server, NOBODY);
    }

    fn put(&mut self, server: ServerId, slot: Slot) {
        let mut at = self.leaf(server);
        self.tree[at] = slot;
        while at > 1 {
            steps::count();
            at /= 2;
            self.tree[at] = self.tree[2 * at].min(self.tree[2 * at + 1]);
        }
    }

    /// Who has the smallest key.
    pub(super) fn winner(&self) -> Option<(ServerId, Key)> {
        found(self.tree[1])
    }

    /// Who has the smallest key when `server` is left out.
    pub(super) fn winner_without(&self, server: ServerId) -> Option<(ServerId, Key)> {
        let mut at = self.leaf(server);
        let mut best = NOBODY;
        while at > 1 {
            steps::count();
            best = best.min(self.tree[at ^ 1]);
            at /= 2;
        }
        found(best)
    }

    /// Who has the smallest key, `without` left out if given.
    pub(super) fn winner_but(&self, without: Option<ServerId>) -> Option<(ServerId, Key)> {
        match without {
            Some(server) => self.winner_without(server),
            None => self.winner(),
        }
    }
}

fn found(slot: Slot) -> Option<(ServerId, Key)> {
    (slot != NOBODY).then_some((ServerId(slot.server), slot.key))
}
