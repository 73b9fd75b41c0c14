//! The one queue of everything that is to happen. Events of one instant come in an order left to chance.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use evenkeel_core::base::random::Rng;
use evenkeel_core::base::time::Time;

#[derive(Debug)]
struct Entry<E> {
    /// When, then by chance, then by age.
    order: (Time, u64, u64),
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}

/// Events by time.
#[derive(Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Entry<E>>>,
    rng: Rng,
    age: u64,
}

impl<E> Queue<E> {
    /// An empty queue.
    pub fn new(rng: Rng) -> Queue<E> {
        Queue { heap: BinaryHeap::new(), rng, age: 0 }
    }

    /// Adds an event.
    pub fn push(&mut self, at: Time, event: E) {
        self.age += 1;
        let order = (at, self.rng.next_u64(), self.age);
        self.heap.push(Reverse(Entry { order, event }));
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.heap.pop().map(|Reverse(entry)| (entry.order.0, entry.event))
    }
}
