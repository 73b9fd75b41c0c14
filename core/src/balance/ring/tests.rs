use proptest::prelude::*;

use super::*;
use crate::base::limits::RING_SERVER_SPAN;

fn ring(weights: &[u32], factor: Option<u32>) -> Ring {
    let origins: Vec<u32> = (1..).map(|id| id * RING_SERVER_SPAN).take(weights.len()).collect();
    let mut ring = Ring::new(&origins, factor, 1);
    for (index, weight) in weights.iter().enumerate() {
        ring.set_weight(ServerId(index as u32), *weight);
    }
    ring
}

fn names(servers: impl Iterator<Item = Option<ServerId>>) -> String {
    servers.map(|server| char::from(b'1' + server.unwrap().0 as u8)).collect()
}

/// From haproxy 2.6.12 and 2.8.25, as all that follow.
#[test]
fn requests_without_a_key_go_around_the_ring() {
    let mut equal = ring(&[1, 1, 1], None);
    let mut weighted = ring(&[1, 2, 3], None);

    assert_eq!(
        names((0..60).map(|_| equal.turn(None))),
        "332131123111223133231233121323211321223213213212332131123111"
    );
    assert_eq!(
        names((0..60).map(|_| weighted.turn(None))),
        "333333333332131312311312233313323331232333132322132232323231"
    );
}

/// Places where the server changes, found by bisection: the place, the server before it, the server there.
#[test]
fn a_key_belongs_to_the_nearest_point() {
    let ring = ring(&[1, 1], None);

    for (place, before, there) in [
        (0x1b1b_59f6, 1, 0),
        (0x3030_9fdc, 0, 1),
        (0x33b5_ab91, 1, 0),
        (0x4004_78df, 0, 1),
        (0x4592_1f76, 1, 0),
        (0x4c82_9fae, 0, 1),
        (0x594b_af0d, 1, 0),
        (0x6525_3ecb, 0, 1),
    ] {
        assert_eq!(ring.at(place - 1, None), Some(ServerId(before)), "{place:x}");
        assert_eq!(ring.at(place, None), Some(ServerId(there)), "{place:x}");
    }
}

/// Hash, factor, weights, and where requests with that hash went that all stayed open.
const BOUNDED: &[(u32, u32, [u32; 3], &str)] = &[
    (0x45ac_3780, 101, [1, 1, 1], "3132132132132132"),
    (0x45ac_3780, 125, [1, 1, 1], "3132311313213132"),
    (0x45ac_3780, 150, [1, 1, 1], "3131313131313131"),
    (0x45ac_3780, 200, [1, 1, 1], "3313313313313313"),
    (0x45ac_3780, 150, [10, 20, 30], "3331333133313331"),
    (0x45ac_3780, 125, [10, 20, 30], "3313323233133132"),
    (0x45ac_3780, 300, [3, 1, 1], "1111111111111111"),
    (0x635c_5859, 101, [1, 1, 1], "1232132132132132"),
    (0x635c_5859, 150, [1, 1, 1], "1221212121212121"),
    (0x635c_5859, 125, [10, 20, 30], "1223323213232132"),
    (0x17ab_56fc, 101, [1, 1, 1], "2132132132132132"),
    (0x17ab_56fc, 150, [1, 1, 1], "2121212121212121"),
    (0x17ab_56fc, 125, [10, 20, 30], "2323323233232332"),
    (0x17ab_56fc, 300, [3, 1, 1], "2121221212212122"),
    (0x210b_99cb, 125, [10, 20, 30], "3323323233233232"),
];

#[test]
fn nobody_has_more_than_his_share() {
    for (key, factor, weights, expected) in BOUNDED {
        let mut ring = ring(weights, Some(*factor));
        let mut loads = [0; 3];
        let open = |_| {
            let server = ring.at(*key, None)?;
            loads[server.index()] += 1;
            ring.set_load(server, loads[server.index()]);
            Some(server)
        };

        assert_eq!(names((0..expected.len()).map(open)), *expected, "{key:x} {factor} {weights:?}");
    }
}

/// As `tests/differential/hashing.txt` has it from haproxy.
#[test]
fn connections_of_a_server_that_left_count_until_they_end() {
    let (key, mut ring) = (0x45ac_3780, ring(&[1, 1, 1], Some(125)));
    ring.set_load(ServerId(1), 11);
    ring.set_weight(ServerId(1), 0);

    // Of 17 connections with the new one, 22 places, 11 for each of the two.
    ring.set_load(ServerId(2), 5);
    let with_them = ring.at(key, None);
    ring.set_load(ServerId(1), 0);
    let without = ring.at(key, None);

    assert_eq!((with_them, without), (Some(ServerId(2)), Some(ServerId(0))));
}

#[test]
fn a_full_server_has_no_turn_but_keeps_its_keys() {
    let mut ring = ring(&[1, 1], None);
    ring.set_full(ServerId(0), true);

    assert_eq!(names((0..9).map(|_| ring.turn(None))), "222222222");
    assert_eq!(ring.at(0x1b1b_59f6, None), Some(ServerId(0)));
    assert_eq!(ring.open_at(0x1b1b_59f6, None), Some(ServerId(1)));
    assert_eq!(ring.turn(Some(ServerId(1))), None);
}

/// The rule, point by point: the smallest distance in either direction, the one before of two.
fn slowly(weights: &[u32], key: u32) -> Option<ServerId> {
    let mut points = Vec::new();
    for (index, weight) in weights.iter().enumerate() {
        for number in 0..weight * RING_POINTS_PER_WEIGHT {
            let place = avalanche((index as u32 + 1) * RING_SERVER_SPAN + number);
            let (back, ahead) = (key.wrapping_sub(place), place.wrapping_sub(key));
            points.push((back.min(ahead), ahead < back, ServerId(index as u32)));
        }
    }
    points.into_iter().min().map(|(_, _, server)| server)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn changes_lead_where_a_new_ring_would(
        first in proptest::collection::vec(0u32..=20, 4),
        then in proptest::collection::vec(0u32..=20, 4),
        keys in proptest::collection::vec(any::<u32>(), 50),
    ) {
        let mut ring = ring(&first, None);
        for (index, weight) in then.iter().enumerate() {
            ring.set_weight(ServerId(index as u32), *weight);
        }

        for key in keys {
            prop_assert_eq!(ring.at(key, None), slowly(&then, key));
        }
    }
}
