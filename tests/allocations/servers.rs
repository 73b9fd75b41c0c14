//! Memory of one server in the tables of each algorithm, which does not grow with their number.

use evenkeel_tests::inside::{ALGORITHMS, SERVERS, balancer};

/// Bytes that one server may take, in tables that grow by doubling. Consistent hashing keeps several points of each
/// on its ring, and `random` draws from such a ring; the others keep a place in a tree or a list.
const BYTES_MAX: &[(&str, usize)] = &[
    ("roundrobin", 256),
    ("static-rr", 160),
    ("leastconn", 128),
    ("first", 112),
    ("hash-map", 160),
    ("hash-consistent", 320),
    ("random", 320),
];

pub(crate) fn complaints() -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, balance) in ALGORITHMS {
        let allowed = BYTES_MAX.iter().find(|(row, _)| row == name).map_or(0, |(_, allowed)| *allowed);
        for &servers in SERVERS {
            let before = dhat::HeapStats::get().curr_bytes;
            let mut balancer = balancer(*balance, servers);
            // Tables are made with the first pick.
            let _ = balancer.pick(Some(1), None);
            let bytes = (dhat::HeapStats::get().curr_bytes - before) / servers as usize;

            println!("{name:16} {servers:6} servers: {bytes:5} bytes each");
            if bytes > allowed {
                complaints
                    .push(format!("{name}: {bytes} bytes for each of {servers} servers, {allowed} allowed"));
            }
        }
    }
    complaints
}
