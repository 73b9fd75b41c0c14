//! Choosing a server: each algorithm among few, many and very many.

use evenkeel_core::balance::Balancer;
use evenkeel_core::base::ids::ServerId;
use evenkeel_core::model::{Balance, Mapping};

use super::Workload;

/// Each algorithm with its name.
pub const ALGORITHMS: &[(&str, Balance)] = &[
    ("roundrobin", Balance::RoundRobin),
    ("static-rr", Balance::StaticRr),
    ("leastconn", Balance::LeastConn),
    ("first", Balance::First),
    ("hash-map", Balance::Hash(Mapping::Map)),
    ("hash-consistent", Balance::Hash(Mapping::Consistent)),
    ("random", Balance::Random { draws: 2 }),
];

/// How many servers there are.
pub const SERVERS: &[u32] = &[10, 1_000, 50_000];

/// Exchanges that are under way at any time.
const RUNNING: usize = 8;

/// A balancer over so many servers of weight one, all of which take part.
pub fn balancer(balance: Balance, servers: u32) -> Balancer {
    let ids: Vec<u32> = (1..=servers).collect();
    let mut balancer = Balancer::new(balance, None, &ids);
    for server in 0..servers {
        balancer.set_weight(ServerId(server), 1);
    }
    balancer
}

pub(super) fn workloads() -> Vec<Workload> {
    let sizes =
        |servers| move |(name, balance): &(&str, Balance)| (format!("{name}-{servers}"), *balance, servers);
    let cases = SERVERS.iter().flat_map(|servers| ALGORITHMS.iter().map(sizes(*servers)));
    cases
        .map(|(name, balance, servers)| Workload::new("pick", name, move || picking(balance, servers)))
        .collect()
}

/// An exchange starts, and the one that started eight before it ends.
fn picking(balance: Balance, servers: u32) -> impl FnMut() {
    let mut balancer = balancer(balance, servers);
    let mut loads = vec![0_u32; servers as usize];
    let mut running = [ServerId(0); RUNNING];
    loads[0] = RUNNING as u32;
    let mut turn = 0_usize;
    move || {
        turn += 1;
        // Knuth's multiplicative hash: keys far from each other.
        let key = (turn as u32).wrapping_mul(2_654_435_761);
        let picked = balancer.pick(Some(key), None).expect("all servers take part");
        let over = std::mem::replace(&mut running[turn % RUNNING], picked);
        loads[picked.index()] += 1;
        balancer.set_load(picked, loads[picked.index()]);
        loads[over.index()] -= 1;
        balancer.set_load(over, loads[over.index()]);
    }
}
