//! Hashes over a ring of 2^32 places (`hash-type consistent`): each server has points on it, as many as its
//! weight says, and a key belongs to the nearest point. A server that comes or goes moves only its own keys.

use std::ops::Bound;

use super::prefix::Prefix;
use super::steps;
use crate::base::hash::avalanche;
use crate::base::ids::ServerId;
use crate::base::limits::{RING_POINTS_PER_WEIGHT, RING_WALK_MAX};
use crate::base::map::Set;

/// The ring, and turns around it for requests without a key.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    seats: Vec<Seat>,
    points: Set<Point>,
    /// Points of a server, for each unit of its weight.
    points_per_unit: u32,
    /// One for each member that is not full, for where the walk around the ring is cut short.
    open: Prefix,
    /// How many those are.
    open_count: u32,
    /// The point that had the last turn.
    last: Option<Point>,
    /// Most load of one server, in percent of its share of all.
    factor: Option<u32>,
    /// Weights of members before each server.
    prefix: Prefix,
    /// The sum over all members.
    weights: u64,
    /// The sum over all servers: connections of one that left count until they end.
    loads: u64,
}

/// A place on the ring and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    place: u32,
    server: ServerId,
}

#[derive(Clone, Copy, Debug)]
struct Seat {
    /// The number before that of its first point.
    origin: u32,
    /// Zero for servers that take no part.
    weight: u32,
    full: bool,
    load: u32,
}

impl Seat {
    fn is_open(&self) -> bool {
        self.weight > 0 && !self.full
    }

    fn point(&self, server: ServerId, number: u32) -> Point {
        Point { place: avalanche(self.origin.wrapping_add(number)), server }
    }
}

impl Ring {
    /// For servers with these [`super::ring_origin`]s, none of which takes part yet.
    /// A weight has `scale` units.
    pub(super) fn new(origins: &[u32], factor: Option<u32>, scale: u32) -> Ring {
        Ring {
            points_per_unit: RING_POINTS_PER_WEIGHT / scale,
            seats: origins.iter().map(|&origin| Seat { origin, weight: 0, full: false, load: 0 }).collect(),
            points: Set::new(),
            open: Prefix::new(origins.len()),
            open_count: 0,
            last: None,
            factor,
            prefix: Prefix::new(origins.len()),
            weights: 0,
            loads: 0,
        }
    }

    /// Sets the weight; zero takes the server out. Only points that come or go are touched.
    pub(super) fn set_weight(&mut self, server: ServerId, weight: u32) {
        let before = self.seats[server.index()];
        if before.weight == weight {
            return;
        }
        self.change(server, |seat| seat.weight = weight);
        self.prefix.change(server, before.weight, weight);
        let per_unit = self.points_per_unit;
        let count = |weight: u32| weight * per_unit;
        for number in count(before.weight)..count(weight) {
            self.points.insert(before.point(server, number));
        }
        for number in count(weight)..count(before.weight) {
            self.points.remove(&before.point(server, number));
        }
    }

    /// A full server has no turn, but keeps its keys.
    pub(super) fn set_full(&mut self, server: ServerId, full: bool) {
        self.change(server, |seat| seat.full = full);
    }

    /// Says how many connections the server has.
    pub(super) fn set_load(&mut self, server: ServerId, load: u32) {
        self.change(server, |seat| seat.load = load);
    }

    /// Changes a seat and keeps the sums true.
    fn change(&mut self, server: ServerId, change: impl FnOnce(&mut Seat)) {
        let seat = &mut self.seats[server.index()];
        let before = *seat;
        change(seat);
        self.weights = self.weights - u64::from(before.weight) + u64::from(seat.weight);
        self.loads = self.loads - u64::from(before.load) + u64::from(seat.load);
        let (was_open, is_open) = (before.is_open(), seat.is_open());
        if was_open != is_open {
            self.open.change(server, u32::from(was_open), u32::from(is_open));
            self.open_count = self.open_count - u32::from(was_open) + u32::from(is_open);
        }
    }

    /// The server of a key: that of the nearest point, the one before of two at the same distance. Where
    /// that one is to be avoided, or has more than its share, the next point around the ring decides.
    ///
    /// Walks around the ring end after [`RING_WALK_MAX`] points: then the nearest has the key all the same,
    /// and a turn goes to any server that is not full.
    pub(super) fn at(&self, key: u32, avoid: Option<ServerId>) -> Option<ServerId> {
        let nearest = self.nearest(key)?;
        let fits = |server| Some(server) != avoid && self.is_within_share(server);
        self.around(Bound::Included(nearest), fits).map_or(Some(nearest.server), |point| Some(point.server))
    }

    /// Like [`Ring::at`], but only servers that are not full.
    pub(super) fn open_at(&self, key: u32, avoid: Option<ServerId>) -> Option<ServerId> {
        let nearest = self.nearest(key).filter(|_| self.has_open_but(avoid))?;
        let open = |server| Some(server) != avoid && self.seats[server.index()].is_open();
        let within = |server| open(server) && self.is_within_share(server);
        let start = Bound::Included(nearest);
        let found = self.around(start, within).or_else(|| self.around(start, open));
        found.map(|point| point.server).or_else(|| self.any_open_but(avoid))
    }

    fn nearest(&self, key: u32) -> Option<Point> {
        let at = Point { place: key, server: ServerId(0) };
        let after = *self.points.range(at..).next().or_else(|| self.points.first())?;
        let before = *self.points.range(..at).next_back().or_else(|| self.points.last())?;
        let (back, ahead) = (key.wrapping_sub(before.place), after.place.wrapping_sub(key));
        Some(if back <= ahead { before } else { after })
    }

    /// The first of so many points from `start` on around the ring whose server fits.
    fn around(&self, start: Bound<Point>, fits: impl Fn(ServerId) -> bool) -> Option<Point> {
        let ahead = self.points.range((start, Bound::Unbounded));
        let mut points = ahead.chain(&self.points).take(RING_WALK_MAX).inspect(|_| steps::count());
        points.find(|point| fits(point.server)).copied()
    }

    /// With `hash-balance-factor`: whether the server may have one more. That many percent of all connections,
    /// the new one included, are places, and they are dealt out to the servers in order, by weight. An idle
    /// server always may.
    fn is_within_share(&self, server: ServerId) -> bool {
        let Some(factor) = self.factor else { return true };
        let seat = &self.seats[server.index()];
        let places = ((self.loads + 1) * u64::from(factor)).div_ceil(100);
        let dealt = |weights: u64| places * weights / self.weights.max(1);
        let before = self.prefix.before(server);
        u64::from(seat.load) < (dealt(before + u64::from(seat.weight)) - dealt(before)).max(1)
    }

    fn has_open_but(&self, server: Option<ServerId>) -> bool {
        let left_out = server.is_some_and(|server| self.seats[server.index()].is_open());
        self.open_count > u32::from(left_out)
    }

    fn any_open_but(&self, server: Option<ServerId>) -> Option<ServerId> {
        let first = self.open.at(0)?;
        if Some(first) == server { self.open.at(1) } else { Some(first) }
    }

    /// How many connections the server has for its weight; less is better.
    pub(super) fn is_lighter(&self, server: ServerId, than: ServerId) -> bool {
        let [a, b] = [server, than].map(|server| self.seats[server.index()]);
        u64::from(a.load) * u64::from(b.weight) < u64::from(b.load) * u64::from(a.weight)
    }

    /// The server whose turn it is, `without` left out, and takes the turn: the points have theirs in the
    /// order of their places. Full servers are stepped over.
    pub(super) fn turn(&mut self, without: Option<ServerId>) -> Option<ServerId> {
        let any = self.any_open_but(without)?;
        let start = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        let open = |server| Some(server) != without && self.seats[server.index()].is_open();
        match self.around(start, open) {
            Some(point) => {
                self.last = Some(point);
                Some(point.server)
            }
            None => Some(any),
        }
    }
}

#[cfg(test)]
mod tests;
