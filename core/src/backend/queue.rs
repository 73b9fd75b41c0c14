//! Streams that wait for a slot: of one server, or of any. Oldest first over both.

use super::grant::Waiter;
use crate::base::ids::ServerId;
use crate::base::map::Map;

/// All waiting streams of a backend.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    /// Those that any server may serve, by arrival.
    any: Map<u64, Waiter>,
    /// Those that wait for one server, by server and arrival.
    bound: Vec<Map<u64, Waiter>>,
    places: Map<Waiter, Place>,
    arrivals: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    arrival: u64,
    server: Option<ServerId>,
}

impl Queue {
    pub(super) fn new(servers: usize) -> Queue {
        Queue { any: Map::new(), bound: vec![Map::new(); servers], places: Map::new(), arrivals: 0 }
    }

    /// How many wait in the queue of `server`, or for any server.
    pub(super) fn len(&self, server: Option<ServerId>) -> u32 {
        self.line(server).len() as u32
    }

    /// How many wait at all.
    pub(super) fn total(&self) -> u32 {
        self.places.len() as u32
    }

    fn line(&self, server: Option<ServerId>) -> &Map<u64, Waiter> {
        match server {
            Some(server) => &self.bound[server.index()],
            None => &self.any,
        }
    }

    fn line_mut(&mut self, server: Option<ServerId>) -> &mut Map<u64, Waiter> {
        match server {
            Some(server) => &mut self.bound[server.index()],
            None => &mut self.any,
        }
    }

    /// Puts a stream last; returns how many stand before it in the same queue.
    pub(super) fn join(&mut self, waiter: Waiter, server: Option<ServerId>) -> u32 {
        self.remove(waiter);
        self.arrivals += 1;
        let arrival = self.arrivals;
        let line = self.line_mut(server);
        let before = line.len() as u32;
        line.insert(arrival, waiter);
        self.places.insert(waiter, Place { arrival, server });
        before
    }

    /// Takes a stream out; false when it does not wait.
    pub(super) fn remove(&mut self, waiter: Waiter) -> bool {
        let Some(place) = self.places.remove(&waiter) else {
            return false;
        };
        self.line_mut(place.server).remove(&place.arrival);
        true
    }

    /// Takes the oldest that `server` may serve: its own, and with `any` those that wait for any server.
    pub(super) fn pop_oldest(&mut self, server: ServerId, any: bool) -> Option<Waiter> {
        let own = self.bound[server.index()].first_key_value().map(|(arrival, _)| *arrival);
        let shared = if any { self.any.first_key_value().map(|(arrival, _)| *arrival) } else { None };
        let from = match (own, shared) {
            (None, None) => return None,
            (Some(own), Some(shared)) if shared < own => None,
            (None, Some(_)) => None,
            (Some(_), _) => Some(server),
        };
        let (_, waiter) = self.line_mut(from).pop_first()?;
        self.places.remove(&waiter);
        Some(waiter)
    }

    /// Takes the oldest that waits for this server only.
    pub(super) fn pop_bound(&mut self, server: ServerId) -> Option<Waiter> {
        let (_, waiter) = self.bound[server.index()].pop_first()?;
        self.places.remove(&waiter);
        Some(waiter)
    }

    /// The two views of who waits where agree.
    pub(super) fn check_invariants(&self) {
        let lines = self.any.len() + self.bound.iter().map(Map::len).sum::<usize>();
        assert_eq!(lines, self.places.len(), "every waiting stream has one place");
        for (waiter, place) in &self.places {
            assert_eq!(
                self.line(place.server).get(&place.arrival),
                Some(waiter),
                "{waiter:?} is in its place"
            );
        }
    }
}
