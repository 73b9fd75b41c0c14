//! The algorithms as slow as they can be: every server looked at for every pick, and no state but what the rule
//! names. They and the fast ones are driven by the same bytes, and must agree pick by pick.

use proptest::prelude::*;

use super::*;

/// One server as a rule sees it.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    weight: u64,
    full: bool,
    load: u64,
    /// For `roundrobin`: when it is due, in parts of a turn; `None` until it had one.
    due: Option<Due>,
    /// For `leastconn`: when it changed last.
    changed: u64,
}

/// Due at turn `whole + part / weight`.
#[derive(Clone, Copy, Debug)]
struct Due {
    whole: u64,
    part: u64,
}

impl Seat {
    fn is_open(&self) -> bool {
        self.weight > 0 && !self.full
    }
}

#[derive(Clone, Debug)]
struct Reference {
    balance: Balance,
    seats: Vec<Seat>,
    /// Turns of `roundrobin`, changes of `leastconn`, the next place of `static-rr`.
    clock: u64,
    /// The table of `static-rr`, as of the last pick.
    table: Vec<usize>,
}

impl Reference {
    fn new(balance: Balance, count: usize) -> Reference {
        Reference { balance, seats: vec![Seat::default(); count], clock: 0, table: Vec::new() }
    }

    fn total(&self) -> u64 {
        self.seats.iter().map(|seat| seat.weight).sum()
    }

    fn set_weight(&mut self, server: usize, weight: u64) {
        if self.seats[server].weight == weight {
            return;
        }
        self.seats[server].weight = weight;
        match self.balance {
            Balance::LeastConn => self.changed(server),
            Balance::RoundRobin => {
                let (clock, total) = (self.clock, self.total());
                let due = &mut self.seats[server].due;
                // A new weight starts its turn anew, and who leaves starts as at first.
                let next = |_| Due { whole: clock + total / weight, part: 0 };
                *due = due.filter(|_| weight > 0).map(next);
            }
            _ => {}
        }
    }

    fn set_full(&mut self, server: usize, full: bool) {
        if self.seats[server].full == full {
            return;
        }
        self.seats[server].full = full;
        match self.balance {
            Balance::LeastConn => self.changed(server),
            Balance::RoundRobin if self.seats[server].due.is_some_and(|due| due.whole < self.clock) => {
                self.seats[server].due = None;
            }
            _ => {}
        }
    }

    fn set_load(&mut self, server: usize, load: u64) {
        self.seats[server].load = load;
        self.changed(server);
    }

    fn changed(&mut self, server: usize) {
        if self.balance == Balance::LeastConn && self.seats[server].is_open() {
            self.clock += 1;
            self.seats[server].changed = self.clock;
        }
    }

    /// Open servers but one.
    fn open(&self, without: Option<usize>) -> Vec<usize> {
        (0..self.seats.len()).filter(|at| self.seats[*at].is_open() && Some(*at) != without).collect()
    }

    fn pick(&mut self, avoid: Option<usize>) -> Option<usize> {
        if self.balance == Balance::StaticRr {
            self.lay_out();
        }
        self.pick_without(avoid).or_else(|| avoid.and_then(|_| self.pick_without(None)))
    }

    fn pick_without(&mut self, avoid: Option<usize>) -> Option<usize> {
        let open = self.open(avoid);
        match self.balance {
            Balance::First => open.first().copied(),
            Balance::LeastConn => open.into_iter().min_by_key(|at| {
                let Seat { load, weight, changed, .. } = self.seats[*at];
                // An idle server goes first; others by their load with the new connection, in steps of 1/256.
                (if load == 0 { 0 } else { (load + 1) * 256 / weight }, changed)
            }),
            Balance::StaticRr => {
                let length = self.table.len() as u64;
                let places = (self.clock..self.clock + length).map(|turn| (turn, (turn % length) as usize));
                let (turn, place) =
                    places.into_iter().find(|(_, place)| open.contains(&self.table[*place]))?;
                self.clock = turn + 1;
                Some(self.table[place])
            }
            _ => self.turn(&open, avoid),
        }
    }

    /// `roundrobin`: who is due longest, else the heaviest without a turn yet, else who is due next.
    fn turn(&mut self, open: &[usize], avoid: Option<usize>) -> Option<usize> {
        let key = |at: &usize| {
            let seat = self.seats[*at];
            seat.due.map(|due| (due.whole, (due.part << 24) / seat.weight, u64::MAX - seat.weight, *at))
        };
        let next = open.iter().copied().filter_map(|at| key(&at)).min();
        let fresh = open.iter().copied().filter(|at| self.seats[*at].due.is_none());
        let fresh = fresh.min_by_key(|at| (u64::MAX - self.seats[*at].weight, *at));
        let picked = match next {
            Some((whole, .., at)) if whole <= self.clock => at,
            _ => fresh.or(next.map(|(.., at)| at))?,
        };
        let (total, clock) = (self.total(), self.clock);
        let seat = &mut self.seats[picked];
        let due = seat.due.unwrap_or(Due { whole: clock, part: 0 });
        // One turn of its own later.
        let parts = due.part + total;
        seat.due = Some(Due { whole: due.whole + parts / seat.weight, part: parts % seat.weight });
        self.clock = clock.max(due.whole) + 1;
        let clock = self.clock;
        if let Some(avoid) = avoid.filter(|avoid| *avoid != picked)
            && let Some(due) = &mut self.seats[avoid].due
            && due.whole < clock
        {
            *due = Due { whole: clock, part: 0 };
        }
        Some(picked)
    }

    /// `static-rr`: each turn every server gains its weight, and the one with most whole turns saved spends one.
    fn lay_out(&mut self) {
        let weights: Vec<i64> = self.seats.iter().map(|seat| seat.weight as i64).collect();
        let total: i64 = weights.iter().sum();
        let mut saved = vec![0; weights.len()];
        let mut table = Vec::new();
        for _ in 0..total {
            for (saved, weight) in saved.iter_mut().zip(&weights) {
                *saved += weight;
            }
            let members = (0..weights.len()).filter(|at| weights[*at] > 0).rev();
            let Some(first) = members.max_by_key(|at| (saved[*at] + total) / total) else { break };
            saved[first] -= total;
            table.push(first);
        }
        // A table with a common divisor repeats itself.
        let divisor = weights.iter().fold(0, |a, b| divisor(a, *b)).max(1);
        table.truncate((total / divisor) as usize);
        if table != self.table {
            let place = match self.clock.checked_rem(self.table.len() as u64) {
                Some(0) if self.clock > 0 => self.table.len() as u64,
                place => place.unwrap_or(0),
            };
            self.clock = if place <= table.len() as u64 { place } else { 0 };
            self.table = table;
        }
    }
}

fn divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// Plays what the bytes say to both and compares every pick. The first byte says how many servers there are.
fn play(balance: Balance, bytes: &[u8]) -> Result<(), TestCaseError> {
    let Some((first, steps)) = bytes.split_first() else { return Ok(()) };
    let count = usize::from(*first) % 9 + 1;
    let mut slow = Reference::new(balance, count);
    let mut fast = Balancer::new(balance, None, &vec![0; count]);
    for (number, step) in steps.chunks_exact(3).enumerate() {
        let at = usize::from(step[1]) % count;
        let server = ServerId(at as u32);
        match step[0] % 8 {
            0 => {
                // Small and equal weights matter as much as large ones.
                let weight = if step[2] < 128 { step[2] % 4 } else { step[2] };
                slow.set_weight(at, u64::from(weight));
                fast.set_weight(server, u32::from(weight));
            }
            1 => {
                slow.set_full(at, step[2] % 2 == 0);
                fast.set_full(server, step[2] % 2 == 0);
            }
            2 => {
                slow.set_load(at, u64::from(step[2] % 16));
                fast.set_load(server, u32::from(step[2] % 16));
            }
            kind => {
                let avoid = (kind == 3).then_some(at);
                for pick in 0..step[2] % 32 {
                    let expected = slow.pick(avoid);
                    let picked = fast.pick(None, avoid.map(|at| ServerId(at as u32)));

                    let picked = picked.map(ServerId::index);
                    prop_assert_eq!(picked, expected, "{:?}, step {}, pick {}", balance, number, pick);
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn the_fast_algorithms_do_as_the_slow_ones(bytes in proptest::collection::vec(any::<u8>(), 0..240)) {
        for balance in [Balance::RoundRobin, Balance::StaticRr, Balance::LeastConn, Balance::First] {
            play(balance, &bytes)?;
        }
    }
}
