//! Streams that wait for a slot: of one server, or of any. The most urgent is first, over both; every change
//! costs the logarithm of how many wait.

use std::cmp::Ordering;

use super::grant::Waiter;
use crate::base::ids::ServerId;
use crate::base::map::Map;
use crate::base::priority::Priority;
use crate::base::time::Time;

/// Where a stream stands among those that wait: the lower is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rank {
    class: i16,
    /// When it came, in milliseconds and shifted by its offset.
    due_ms: i64,
    arrival: u64,
}

impl Ord for Rank {
    fn cmp(&self, other: &Rank) -> Ordering {
        #[cfg(test)]
        tests::COMPARISONS.set(tests::COMPARISONS.get() + 1);
        let key = |rank: &Rank| (rank.class, rank.due_ms, rank.arrival);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Rank) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// All waiting streams of a backend.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    /// Those that any server may serve.
    any: Map<Rank, Waiter>,
    /// Those that wait for one server, by server.
    bound: Vec<Map<Rank, Waiter>>,
    places: Map<Waiter, Place>,
    arrivals: u64,
    /// How many got a slot from the shared queue, and from each server's, since the start.
    served: u64,
    served_bound: Vec<u64>,
}

/// A stream that has left its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) waiter: Waiter,
    /// How many got a slot from the same queue while it waited, and one for itself: what logs show.
    pub(super) position: u32,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    rank: Rank,
    server: Option<ServerId>,
    /// How many had been served from the queue before it joined.
    served: u64,
}

impl Queue {
    pub(super) fn new(servers: usize) -> Queue {
        Queue {
            any: Map::new(),
            bound: vec![Map::new(); servers],
            places: Map::new(),
            arrivals: 0,
            served: 0,
            served_bound: vec![0; servers],
        }
    }

    /// How many wait in the queue of `server`, or for any server.
    pub(super) fn len(&self, server: Option<ServerId>) -> u32 {
        self.line(server).len() as u32
    }

    /// How many wait at all.
    pub(super) fn total(&self) -> u32 {
        self.places.len() as u32
    }

    fn line(&self, server: Option<ServerId>) -> &Map<Rank, Waiter> {
        match server {
            Some(server) => &self.bound[server.index()],
            None => &self.any,
        }
    }

    fn line_mut(&mut self, server: Option<ServerId>) -> &mut Map<Rank, Waiter> {
        match server {
            Some(server) => &mut self.bound[server.index()],
            None => &mut self.any,
        }
    }

    fn served(&mut self, server: Option<ServerId>) -> &mut u64 {
        match server {
            Some(server) => &mut self.served_bound[server.index()],
            None => &mut self.served,
        }
    }

    /// Puts a stream where its priority wants it, behind all that are as urgent.
    pub(super) fn join(&mut self, waiter: Waiter, server: Option<ServerId>, priority: Priority, now: Time) {
        self.remove(waiter);
        self.arrivals += 1;
        let rank = Rank {
            class: priority.class,
            due_ms: now.as_millis() as i64 + i64::from(priority.offset_ms),
            arrival: self.arrivals,
        };
        let served = *self.served(server);
        self.line_mut(server).insert(rank, waiter);
        self.places.insert(waiter, Place { rank, server, served });
    }

    /// Takes a stream out, if it waits.
    pub(super) fn remove(&mut self, waiter: Waiter) -> Option<Left> {
        let place = self.places.remove(&waiter)?;
        self.line_mut(place.server).remove(&place.rank);
        let position = (*self.served(place.server) - place.served + 1) as u32;
        Some(Left { waiter, position })
    }

    /// Takes the most urgent that `server` may serve, to give it a slot: its own, and with `any` those that
    /// wait for any server.
    pub(super) fn serve_first(&mut self, server: ServerId, any: bool) -> Option<Left> {
        let own = self.bound[server.index()].first_key_value();
        let shared = if any { self.any.first_key_value() } else { None };
        let first = match (own, shared) {
            (Some(own), Some(shared)) => own.min(shared),
            (own, shared) => own.or(shared)?,
        };
        let waiter = *first.1;
        let queue = self.places.get(&waiter)?.server;
        let left = self.remove(waiter);
        *self.served(queue) += 1;
        left
    }

    /// Takes the first that waits for this server only, or the first that waits for any, so that it asks
    /// again.
    pub(super) fn dismiss(&mut self, server: Option<ServerId>) -> Option<Left> {
        let (_, waiter) = self.line(server).first_key_value()?;
        self.remove(*waiter)
    }

    /// The two views of who waits where agree.
    pub(super) fn check_invariants(&self) {
        let lines = self.any.len() + self.bound.iter().map(Map::len).sum::<usize>();
        assert_eq!(lines, self.places.len(), "every waiting stream has one place");
        for (waiter, place) in &self.places {
            assert_eq!(self.line(place.server).get(&place.rank), Some(waiter), "{waiter:?} is in its place");
        }
    }
}

#[cfg(test)]
mod tests;
