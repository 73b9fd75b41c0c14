//! Choosing a server: the algorithms of `balance` (configuration manual 4.2).
//!
//! A balancer knows which servers take part, their weights, which are full and how many connections each
//! has. Health, queues and backups are the backend's: it says who takes part.

use std::net::IpAddr;

mod first;
mod least_conn;
mod map;
mod prefix;
mod random;
mod ring;
mod round_robin;
mod static_rr;
mod steps;
mod tournament;

use first::First;
use least_conn::LeastConn;
use map::Map;
use random::Random;
use ring::Ring;
use round_robin::RoundRobin;
use static_rr::StaticRr;

use crate::base::address::Address;
use crate::base::hash::{avalanche, crc32};
use crate::base::ids::ServerId;
use crate::base::limits::{RING_SERVER_SPAN, WEIGHT_PARTS};
use crate::model::{Balance, Mapping, RingKey};

/// The number that a server's points on a ring are made from: it and those that follow, as many as there are
/// points. From an `id` the same as in haproxy. An address decides alone (`hash-key addr`), or with its port;
/// a server without an IP address has only its id.
pub fn ring_origin(id: u32, key: RingKey, address: &Address) -> u32 {
    let (address, port) = match (key, address.ip()) {
        (RingKey::Id, _) | (_, None) => return id.wrapping_mul(RING_SERVER_SPAN),
        (RingKey::Address, Some(address)) => (address.ip(), 0),
        (RingKey::AddressAndPort, Some(address)) => (address.ip(), address.port()),
    };
    let mut bytes = [0; 18];
    match address {
        IpAddr::V4(address) => bytes[..16].copy_from_slice(&address.to_ipv6_mapped().octets()),
        IpAddr::V6(address) => bytes[..16].copy_from_slice(&address.octets()),
    }
    bytes[16..].copy_from_slice(&port.to_be_bytes());
    avalanche(crc32(&bytes))
}

/// One algorithm with its state.
#[derive(Clone, Debug)]
pub struct Balancer(Algorithm);

#[derive(Clone, Debug)]
enum Algorithm {
    RoundRobin(RoundRobin),
    StaticRr(StaticRr),
    LeastConn(LeastConn),
    First(First),
    Map(Map),
    Ring(Ring),
    Random(Random),
}

impl Balancer {
    /// For servers with these [`ring_origin`]s, none of which takes part yet. `factor` is `hash-balance-factor`.
    pub fn new(balance: Balance, factor: Option<u32>, origins: &[u32]) -> Balancer {
        Balancer::scaled(balance, factor, origins, 1)
    }

    /// One whose weights come in units, of which a whole weight has [`WEIGHT_PARTS`]. Algorithms that do not
    /// follow changes of weights have none: their units are whole weights. Gives the number of units as well.
    pub fn in_parts(balance: Balance, factor: Option<u32>, origins: &[u32]) -> (Balancer, u32) {
        let whole = matches!(balance, Balance::StaticRr | Balance::Hash(Mapping::Map));
        let scale = if whole { 1 } else { WEIGHT_PARTS };
        (Balancer::scaled(balance, factor, origins, scale), scale)
    }

    fn scaled(balance: Balance, factor: Option<u32>, origins: &[u32], scale: u32) -> Balancer {
        let count = origins.len();
        let ring = || Ring::new(origins, factor, scale);
        Balancer(match balance {
            Balance::RoundRobin => Algorithm::RoundRobin(RoundRobin::new(count)),
            Balance::StaticRr => Algorithm::StaticRr(StaticRr::new(count)),
            Balance::LeastConn => Algorithm::LeastConn(LeastConn::new(count, scale)),
            Balance::First => Algorithm::First(First::new(count)),
            Balance::Hash(Mapping::Map) => Algorithm::Map(Map::new(count)),
            Balance::Hash(Mapping::Consistent) => Algorithm::Ring(ring()),
            Balance::Random { draws } => Algorithm::Random(Random::new(ring(), draws)),
        })
    }

    /// Sets the weight of a server; zero takes it out. Takes effect with the next pick.
    pub fn set_weight(&mut self, server: ServerId, weight: u32) {
        match &mut self.0 {
            Algorithm::RoundRobin(algorithm) => algorithm.set_weight(server, weight),
            Algorithm::StaticRr(algorithm) => algorithm.set_weight(server, weight),
            Algorithm::LeastConn(algorithm) => algorithm.set_weight(server, weight),
            Algorithm::First(algorithm) => algorithm.set_weight(server, weight),
            Algorithm::Map(algorithm) => algorithm.set_weight(server, weight),
            Algorithm::Ring(algorithm) => algorithm.set_weight(server, weight),
            Algorithm::Random(algorithm) => algorithm.ring().set_weight(server, weight),
        }
    }

    /// A full server keeps its place but is not picked, unless a key leads to it.
    pub fn set_full(&mut self, server: ServerId, full: bool) {
        match &mut self.0 {
            Algorithm::RoundRobin(algorithm) => algorithm.set_full(server, full),
            Algorithm::StaticRr(algorithm) => algorithm.set_full(server, full),
            Algorithm::LeastConn(algorithm) => algorithm.set_full(server, full),
            Algorithm::First(algorithm) => algorithm.set_full(server, full),
            Algorithm::Map(algorithm) => algorithm.set_full(server, full),
            Algorithm::Ring(algorithm) => algorithm.set_full(server, full),
            Algorithm::Random(algorithm) => algorithm.ring().set_full(server, full),
        }
    }

    /// Says how many connections the server has now.
    pub fn set_load(&mut self, server: ServerId, load: u32) {
        match &mut self.0 {
            Algorithm::LeastConn(algorithm) => algorithm.set_load(server, load),
            Algorithm::Ring(algorithm) => algorithm.set_load(server, load),
            Algorithm::Random(algorithm) => algorithm.ring().set_load(server, load),
            Algorithm::RoundRobin(_) | Algorithm::StaticRr(_) | Algorithm::First(_) | Algorithm::Map(_) => {}
        }
    }

    /// The server for one more connection. `avoid` comes last: only when no other is to be had.
    ///
    /// `key` is what the request hashes to, or a number by chance for `random`. A hash leads to its server
    /// even if that one is full; over a map even if it is to be avoided, as in haproxy. Algorithms that do
    /// not look at requests ignore the key, and those that do go by turns without one.
    pub fn pick(&mut self, key: Option<u32>, avoid: Option<ServerId>) -> Option<ServerId> {
        match (&mut self.0, key) {
            (Algorithm::Map(map), Some(key)) => return map.at(key),
            (Algorithm::Ring(ring), Some(key)) => return ring.at(key, avoid),
            (Algorithm::Random(random), key) => {
                let picked = random.draw(key, avoid);
                return picked.or_else(|| avoid.and_then(|_| random.draw(None, None)));
            }
            _ => {}
        }
        self.pick_by_state(avoid).or_else(|| avoid.and_then(|_| self.pick_by_state(None)))
    }

    /// The server whose turn it is, or that has least to do. The turn is taken.
    fn pick_by_state(&mut self, avoid: Option<ServerId>) -> Option<ServerId> {
        match &mut self.0 {
            Algorithm::RoundRobin(algorithm) => {
                let picked = algorithm.pick(avoid)?;
                algorithm.take_turn(picked, avoid);
                Some(picked)
            }
            Algorithm::StaticRr(algorithm) => {
                algorithm.settle();
                let picked = algorithm.pick(avoid)?;
                algorithm.take_turn(picked, avoid);
                Some(picked)
            }
            Algorithm::LeastConn(algorithm) => algorithm.pick(avoid),
            Algorithm::First(algorithm) => algorithm.pick(avoid),
            Algorithm::Map(algorithm) => algorithm.turn(avoid),
            Algorithm::Ring(algorithm) => algorithm.turn(avoid),
            Algorithm::Random(algorithm) => algorithm.draw(None, avoid),
        }
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
