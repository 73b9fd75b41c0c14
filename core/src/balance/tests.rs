//! The algorithms against sequences that haproxy 2.6.12 and 2.8.25 gave (both the same): servers s1, s2, …
//! with these weights, no maxconn, `nbthread 1`, one request after the other over new connections.

use super::*;

/// Algorithm, weights, numbers of the servers that answered.
const RECORDED: &[(Balance, &[u32], &str)] = &[
    (Balance::RoundRobin, &[1, 1, 1], "1231231231231231231231231231231231231231"),
    (Balance::RoundRobin, &[3, 1, 1], "1121311213112131121311213112131121311213"),
    (Balance::RoundRobin, &[5, 1, 1], "1112113111211311121131112113111211311121"),
    (Balance::RoundRobin, &[2, 3], "2212122121221212212122121221212212122121"),
    (Balance::RoundRobin, &[1, 2, 3], "3231323231323231323231323231323231323231"),
    (Balance::RoundRobin, &[10, 20, 30], "3231323231323231323231323231323231323231"),
    (Balance::RoundRobin, &[100, 50, 10], "1121121312112112112112131211211211211213"),
    (Balance::RoundRobin, &[256, 1, 1], "1111111111111111111111111111111111111111"),
    (Balance::RoundRobin, &[1, 0, 1], "1313131313131313131313131313131313131313"),
    (Balance::RoundRobin, &[4, 4, 2, 1], "1212312412312123124123121231241231212312"),
    (Balance::RoundRobin, &[7, 3], "1112112112111211211211121121121112112112"),
    (Balance::RoundRobin, &[3, 2, 1, 1, 5], "5152513541255152513541255152513541255152"),
    (Balance::StaticRr, &[1, 1, 1], "1231231231231231231231231231231231231231"),
    (Balance::StaticRr, &[3, 1, 1], "1121311213112131121311213112131121311213"),
    (Balance::StaticRr, &[5, 1, 1], "1112113111211311121131112113111211311121"),
    (Balance::StaticRr, &[2, 3], "1212212122121221212212122121221212212122"),
    (Balance::StaticRr, &[1, 2, 3], "1323231323231323231323231323231323231323"),
    (Balance::StaticRr, &[10, 20, 30], "1323231323231323231323231323231323231323"),
    (Balance::StaticRr, &[100, 50, 10], "1121121121211213112112112121121311211211"),
    (Balance::StaticRr, &[256, 1, 1], "1111111111111111111111111111111111111111"),
    (Balance::StaticRr, &[1, 0, 1], "1313131313131313131313131313131313131313"),
    (Balance::StaticRr, &[4, 4, 2, 1], "1212312312412123123124121231231241212312"),
    (Balance::StaticRr, &[7, 3], "1112112112111211211211121121121112112112"),
    (Balance::StaticRr, &[3, 2, 1, 1, 5], "1251523515451251523515451251523515451251"),
    (Balance::LeastConn, &[1, 1, 1], "1231231231231231231231231231231231231231"),
    (Balance::LeastConn, &[3, 1, 1], "1231231231231231231231231231231231231231"),
    (Balance::LeastConn, &[1, 0, 1], "1313131313131313131313131313131313131313"),
    (Balance::LeastConn, &[3, 2, 1, 1, 5], "1234512345123451234512345123451234512345"),
    (Balance::First, &[1, 1, 1], "1111111111111111111111111111111111111111"),
];

fn balancer(balance: Balance, weights: &[u32]) -> Balancer {
    let mut balancer = Balancer::new(balance, weights.len());
    for (index, weight) in weights.iter().enumerate() {
        balancer.set_weight(ServerId(index as u32), *weight);
    }
    balancer
}

/// One request after the other: each ends before the next begins.
fn one_by_one(balancer: &mut Balancer, count: usize) -> String {
    let request = |_| {
        let server = balancer.pick(None)?;
        balancer.set_load(server, 1);
        balancer.set_load(server, 0);
        Some(char::from(b'1' + server.0 as u8))
    };
    (0..count).map_while(request).collect()
}

#[test]
fn sequences_are_those_that_haproxy_gives() {
    for (balance, weights, expected) in RECORDED {
        let mut balancer = balancer(*balance, weights);

        let sequence = one_by_one(&mut balancer, expected.len());

        assert_eq!(sequence, *expected, "{balance:?} {weights:?}");
    }
}
