//! Deadlines, cheap to move later: an owner is queued once and asked again when its entry comes up.
//!
//! An owner keeps a [`Timer`]. Moving its deadline later costs nothing, because the queued entry comes up
//! early, the owner sees that its real deadline lies ahead, and arms again. Only a deadline earlier than
//! the queued one is queued anew; the older entry is then stale and is skipped.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::time::Time;

/// What an owner remembers: for when it is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    queued: Time,
}

impl Default for Timer {
    fn default() -> Self {
        Timer { queued: Time::NEVER }
    }
}

/// A queue of owners `K` by time, first come first served within one time.
#[derive(Debug)]
pub struct Timers<K> {
    heap: BinaryHeap<Reverse<Entry<K>>>,
    sequence: u64,
}

#[derive(Debug)]
struct Entry<K> {
    at: Time,
    sequence: u64,
    key: K,
}

impl<K> PartialEq for Entry<K> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}

impl<K> Eq for Entry<K> {}

impl<K> PartialOrd for Entry<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Entry<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Timers { heap: BinaryHeap::new(), sequence: 0 }
    }
}

impl<K: Copy> Timers<K> {
    /// No timers.
    pub fn new() -> Timers<K> {
        Timers::default()
    }

    /// Sees to it that `key` comes up at `deadline` or before.
    pub fn arm(&mut self, timer: &mut Timer, key: K, deadline: Time) {
        if deadline >= timer.queued {
            return;
        }
        timer.queued = deadline;
        self.sequence += 1;
        self.heap.push(Reverse(Entry { at: deadline, sequence: self.sequence, key }));
    }

    /// When the first entry comes up, and whose it is. It may prove stale.
    pub fn next(&self) -> Option<(Time, K)> {
        self.heap.peek().map(|entry| (entry.0.at, entry.0.key))
    }

    /// Takes an entry that is due at `now`. The caller finds the owner and asks [`Timer::comes_up`].
    pub fn pop_due(&mut self, now: Time) -> Option<(Time, K)> {
        if self.heap.peek()?.0.at > now {
            return None;
        }
        self.heap.pop().map(|entry| (entry.0.at, entry.0.key))
    }

    /// How many entries are queued, stale ones included.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Drops the entries whose owner is gone. Call when there are far more entries than owners.
    pub fn retain(&mut self, mut keep: impl FnMut(Time, K) -> bool) {
        self.heap.retain(|entry| keep(entry.0.at, entry.0.key));
    }
}

impl Timer {
    /// Whether the entry popped for time `at` is the live one. If so the owner is no longer queued.
    pub fn comes_up(&mut self, at: Time) -> bool {
        if self.queued != at {
            return false;
        }
        self.queued = Time::NEVER;
        true
    }

    /// For when the owner is queued; never if it is not.
    pub fn queued(&self) -> Time {
        self.queued
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_later_queues_nothing_and_moving_earlier_makes_the_old_entry_stale() {
        let mut timers = Timers::new();
        let mut timer = Timer::default();
        timers.arm(&mut timer, 1, Time::from_millis(10));
        timers.arm(&mut timer, 1, Time::from_millis(20));
        assert_eq!(timers.len(), 1);

        timers.arm(&mut timer, 1, Time::from_millis(5));
        assert_eq!(timers.len(), 2);

        let (at, _) = timers.pop_due(Time::from_millis(5)).expect("armed for 5 ms");
        assert!(timer.comes_up(at));
        let (at, _) = timers.pop_due(Time::from_millis(10)).expect("the stale entry");
        assert!(!timer.comes_up(at));
        assert_eq!(timers.pop_due(Time::from_millis(99)), None);
    }

    #[test]
    fn equal_times_come_up_in_the_order_armed() {
        let mut timers = Timers::new();
        for key in 0..50 {
            timers.arm(&mut Timer::default(), key, Time::from_millis(1));
        }

        let order: Vec<_> = std::iter::from_fn(|| timers.pop_due(Time::from_millis(1))).collect();

        assert!(order.iter().map(|(_, key)| *key).eq(0..50));
    }
}
