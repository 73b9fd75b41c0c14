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

/// Connections that stay open, over time. Steps: `+N` opens N connections, `-K` closes the one at position K
/// among those open, `wN=W` sets a weight over the Runtime API (0: `disable server`).
struct Session {
    balance: Balance,
    weights: &'static [u32],
    /// Zero is unlimited.
    maxconn: &'static [u32],
    steps: &'static str,
    answers: &'static str,
}

/// Recorded from both binaries as above, in TCP mode.
const SESSIONS: &[Session] = &[
    Session {
        balance: Balance::LeastConn,
        weights: &[1, 1, 1],
        maxconn: &[0, 0, 0],
        steps: "+9",
        answers: "123123123",
    },
    Session {
        balance: Balance::LeastConn,
        weights: &[3, 1, 1],
        maxconn: &[0, 0, 0],
        steps: "+15",
        answers: "123111123111231",
    },
    Session {
        balance: Balance::LeastConn,
        weights: &[1, 2, 3],
        maxconn: &[0, 0, 0],
        steps: "+18",
        answers: "123323323123323123",
    },
    Session {
        balance: Balance::LeastConn,
        weights: &[100, 50, 10],
        maxconn: &[0, 0, 0],
        steps: "+32",
        answers: "12311211211211211211211211211321",
    },
    Session {
        balance: Balance::LeastConn,
        weights: &[1, 1, 1],
        maxconn: &[0, 0, 0],
        steps: "+6 -0 -0 +4",
        answers: "1231231231",
    },
    Session {
        balance: Balance::LeastConn,
        weights: &[1, 1, 1],
        maxconn: &[0, 0, 0],
        steps: "+6 -5 -4 +4",
        answers: "1231233213",
    },
    Session {
        balance: Balance::LeastConn,
        weights: &[3, 2, 1],
        maxconn: &[0, 0, 0],
        steps: "+4 -1 -2 +6 -7 +2 -2 -2 +4 -9 -0 +1 -9 +4 -12 +2 -5 -2 +1 -10 +2 -8 +4 -10",
        answers: "123121211221213211311121113123",
    },
    Session {
        balance: Balance::LeastConn,
        weights: &[1, 1, 2],
        maxconn: &[0, 0, 0],
        steps: "+4 -1 -2 +6 -7 +2 -2 -2 +4 -9 -0 +1 -9 +4 -12 +2 -5 -2 +1 -10 +2 -8 +4 -10",
        answers: "123323312333231211313321333133",
    },
    Session {
        balance: Balance::RoundRobin,
        weights: &[1, 1, 1],
        maxconn: &[0, 0, 0],
        steps: "+4 w2=0 +5 w2=1 +9",
        answers: "123131313132132132",
    },
    Session {
        balance: Balance::RoundRobin,
        weights: &[1, 1, 1],
        maxconn: &[0, 0, 0],
        steps: "+4 w1=5 +20",
        answers: "123121311112131111213111",
    },
    Session {
        balance: Balance::RoundRobin,
        weights: &[1, 1, 1],
        maxconn: &[2, 0, 0],
        steps: "+9 -0 -2 +9",
        answers: "123123232312312323",
    },
    Session {
        balance: Balance::StaticRr,
        weights: &[1, 1, 1],
        maxconn: &[0, 0, 0],
        steps: "+4 w2=0 +5 w2=1 +9",
        answers: "123131313312312312",
    },
    Session {
        balance: Balance::StaticRr,
        weights: &[2, 1, 1],
        maxconn: &[0, 0, 1],
        steps: "+14",
        answers: "11231121121121",
    },
    Session {
        balance: Balance::First,
        weights: &[1, 1, 1],
        maxconn: &[2, 2, 0],
        steps: "+6 -0 -2 +3",
        answers: "112233123",
    },
];

impl Session {
    fn play(&self) -> String {
        let mut balancer = balancer(self.balance, self.weights);
        let mut loads = vec![0; self.weights.len()];
        let mut open: Vec<ServerId> = Vec::new();
        let mut answers = String::new();
        for step in self.steps.split(' ') {
            let (kind, rest) = step.split_at(1);
            match kind {
                "+" => {
                    for _ in 0..rest.parse().unwrap() {
                        let server = balancer.pick(None).unwrap();
                        loads[server.index()] += 1;
                        self.tell(&mut balancer, &loads, server);
                        open.push(server);
                        answers.push(char::from(b'1' + server.0 as u8));
                    }
                }
                "-" => {
                    let server = open.remove(rest.parse().unwrap());
                    loads[server.index()] -= 1;
                    self.tell(&mut balancer, &loads, server);
                }
                _ => {
                    let (number, weight) = rest.split_once('=').unwrap();
                    let server = ServerId(number.parse::<u32>().unwrap() - 1);
                    balancer.set_weight(server, weight.parse().unwrap());
                }
            }
        }
        answers
    }

    fn tell(&self, balancer: &mut Balancer, loads: &[u32], server: ServerId) {
        let (load, most) = (loads[server.index()], self.maxconn[server.index()]);
        balancer.set_load(server, load);
        balancer.set_full(server, most > 0 && load >= most);
    }
}

#[test]
fn sessions_over_time_are_spread_as_haproxy_spreads_them() {
    let mut wrong = Vec::new();
    for session in SESSIONS {
        let answers = session.play();
        if answers != session.answers {
            let Session { balance, weights, steps, answers: expected, .. } = session;
            wrong.push(format!("{balance:?} {weights:?} {steps}:\n  {answers}\n  {expected} expected"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How often each server is picked.
fn shares(balancer: &mut Balancer, picks: usize, servers: usize) -> Vec<usize> {
    let mut counts = vec![0; servers];
    for _ in 0..picks {
        counts[balancer.pick(None).unwrap().index()] += 1;
    }
    counts
}

/// Turn by turn haproxy's order differs here from ours for one round; the shares do not.
#[test]
fn a_new_weight_counts_at_once() {
    let mut balancer = balancer(Balance::RoundRobin, &[5, 1, 1]);
    shares(&mut balancer, 4, 3);

    for (weight, expected) in [(1, [5, 5, 5]), (5, [10, 2, 2]), (2, [8, 4, 4])] {
        balancer.set_weight(ServerId(0), weight);

        let shares = shares(&mut balancer, expected.iter().sum(), 3);
        let close = shares.iter().zip(expected).all(|(share, expected)| share.abs_diff(expected) <= 1);
        assert!(close, "{shares:?} are nearly {expected:?}");
    }
}

#[test]
fn a_server_that_comes_back_gets_its_share_and_no_burst() {
    for missed in [1, 7, 1000] {
        let mut balancer = balancer(Balance::RoundRobin, &[2, 1, 1]);
        shares(&mut balancer, 10, 3);
        balancer.set_weight(ServerId(0), 0);
        shares(&mut balancer, missed, 3);

        balancer.set_weight(ServerId(0), 2);

        let first = shares(&mut balancer, 8, 3);
        assert!((3..=5).contains(&first[0]), "half of eight after {missed} missed turns: {first:?}");
        assert_eq!(shares(&mut balancer, 400, 3), [200, 100, 100]);
    }
}

#[test]
fn a_server_that_was_full_is_owed_nothing() {
    let mut balancer = balancer(Balance::RoundRobin, &[1, 1, 1]);
    shares(&mut balancer, 3, 3);
    balancer.set_full(ServerId(0), true);
    assert_eq!(shares(&mut balancer, 1000, 3), [0, 500, 500]);

    balancer.set_full(ServerId(0), false);

    assert_eq!(shares(&mut balancer, 9, 3), [3, 3, 3]);
}
