//! Counts steps in tests: what a pick or a change costs must not grow with the servers.

/// One step through a structure. Does nothing outside tests.
#[inline]
pub(super) fn count() {
    #[cfg(test)]
    tests::STEPS.with(|steps| steps.set(steps.get() + 1));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::balance::Balancer;
    use crate::base::ids::ServerId;
    use crate::base::limits::RING_SERVER_SPAN;
    use crate::model::{Balance, Mapping};

    thread_local! {
        pub(super) static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    /// The steps of what is done here.
    fn steps(act: impl FnOnce()) -> u64 {
        STEPS.set(0);
        act();
        STEPS.get()
    }

    const ALL: [Balance; 7] = [
        Balance::First,
        Balance::Hash(Mapping::Consistent),
        Balance::Hash(Mapping::Map),
        Balance::LeastConn,
        Balance::Random { draws: 2 },
        Balance::RoundRobin,
        Balance::StaticRr,
    ];

    /// The most steps of one pick, and of one change.
    fn most(balance: Balance, count: u32, factor: Option<u32>) -> (u64, u64) {
        let origins: Vec<u32> = (1..=count).map(|id| id * RING_SERVER_SPAN).collect();
        let mut balancer = Balancer::new(balance, factor, &origins);
        for index in 0..count {
            balancer.set_weight(ServerId(index), 1);
        }
        let (mut pick, mut change) = (0, 0);
        for number in 0..500_u32 {
            let key = Some(number.wrapping_mul(0x9e37_79b9));
            let server = ServerId(number.wrapping_mul(7919) % count);
            for (key, avoid) in [(key, None), (None, Some(server))] {
                pick = pick.max(steps(|| assert!(balancer.pick(key, avoid).is_some())));
            }
            change = change.max(steps(|| balancer.set_load(server, number % 9)));
            change = change.max(steps(|| balancer.set_full(server, number % 3 == 0)));
            change = change.max(steps(|| balancer.set_weight(server, number / 7 % 2)));
        }
        (pick, change)
    }

    #[test]
    fn steps_grow_with_the_bits_of_the_number_of_servers() {
        for balance in ALL {
            for count in [10, 1_000, 50_000_u32] {
                let bits = u64::from(32 - count.leading_zeros());

                let (pick, change) = most(balance, count, None);

                assert!(pick <= 8 * bits + 64, "a pick of {balance:?} among {count}: {pick} steps");
                assert!(change <= 4 * bits + 8, "a change of {balance:?} among {count}: {change} steps");
            }
        }
    }

    /// However many are full, or have their share.
    #[test]
    fn walks_around_the_ring_have_an_end() {
        let walk = crate::base::limits::RING_WALK_MAX as u64;
        for (balance, factor) in [(ALL[1], None), (ALL[1], Some(101)), (Balance::Random { draws: 1 }, None)] {
            let origins: Vec<u32> = (1..=5_000).map(|id| id * RING_SERVER_SPAN).collect();
            let mut balancer = Balancer::new(balance, factor, &origins);
            for index in 0..5_000 {
                balancer.set_weight(ServerId(index), 1);
                balancer.set_load(ServerId(index), 10);
                balancer.set_full(ServerId(index), index != 4_000);
            }
            let mut picked = None;

            let taken = steps(|| picked = balancer.pick((factor.is_some()).then_some(7), None));

            assert!(taken <= 2 * walk + 100, "{balance:?} {factor:?}: {taken} steps");
            if factor.is_none() {
                assert_eq!(picked, Some(ServerId(4_000)), "the only one that is not full");
            }
        }
    }
}
