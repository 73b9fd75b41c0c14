//! Choosing a server: the algorithms of `balance` (configuration manual 4.2).
//!
//! A balancer knows which servers take part, their weights, which are full and how many connections each
//! has. Health, queues and backups are the backend's: it says who takes part.

mod first;
mod least_conn;
mod round_robin;
mod static_rr;
mod tournament;

use first::First;
use least_conn::LeastConn;
use round_robin::RoundRobin;
use static_rr::StaticRr;

use crate::base::ids::ServerId;
use crate::model::Balance;

/// One algorithm with its state.
#[derive(Clone, Debug)]
pub struct Balancer(Algorithm);

#[derive(Clone, Debug)]
enum Algorithm {
    RoundRobin(RoundRobin),
    StaticRr(StaticRr),
    LeastConn(LeastConn),
    First(First),
}

macro_rules! each {
    ($balancer:expr, $algorithm:ident => $call:expr) => {
        match $balancer {
            Algorithm::RoundRobin($algorithm) => $call,
            Algorithm::StaticRr($algorithm) => $call,
            Algorithm::LeastConn($algorithm) => $call,
            Algorithm::First($algorithm) => $call,
        }
    };
}

impl Balancer {
    /// For servers `0..count`, none of which takes part yet.
    pub fn new(balance: Balance, count: usize) -> Balancer {
        Balancer(match balance {
            Balance::RoundRobin => Algorithm::RoundRobin(RoundRobin::new(count)),
            Balance::StaticRr => Algorithm::StaticRr(StaticRr::new(count)),
            Balance::LeastConn => Algorithm::LeastConn(LeastConn::new(count)),
            Balance::First => Algorithm::First(First::new(count)),
        })
    }

    /// Sets the weight of a server; zero takes it out. Takes effect with the next pick.
    pub fn set_weight(&mut self, server: ServerId, weight: u32) {
        each!(&mut self.0, algorithm => algorithm.set_weight(server, weight));
    }

    /// A full server keeps its place but is not picked.
    pub fn set_full(&mut self, server: ServerId, full: bool) {
        each!(&mut self.0, algorithm => algorithm.set_full(server, full));
    }

    /// Says how many connections the server has now.
    pub fn set_load(&mut self, server: ServerId, load: u32) {
        if let Algorithm::LeastConn(algorithm) = &mut self.0 {
            algorithm.set_load(server, load);
        }
    }

    /// The server for one more connection. `avoid` comes last: only when no other is to be had.
    pub fn pick(&mut self, avoid: Option<ServerId>) -> Option<ServerId> {
        if let Algorithm::StaticRr(algorithm) = &mut self.0 {
            algorithm.settle();
        }
        let picked = each!(&self.0, algorithm => {
            algorithm.pick(avoid).or_else(|| avoid.and_then(|_| algorithm.pick(None)))
        })?;
        match &mut self.0 {
            Algorithm::RoundRobin(algorithm) => algorithm.take_turn(picked, avoid),
            Algorithm::StaticRr(algorithm) => algorithm.take_turn(picked, avoid),
            Algorithm::LeastConn(_) | Algorithm::First(_) => {}
        }
        Some(picked)
    }
}

#[cfg(test)]
mod tests;
