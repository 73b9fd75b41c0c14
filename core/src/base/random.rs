//! Named, seeded streams of randomness: a new draw in one purpose does not shift another.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// The master seed of one process or one simulated world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream for one purpose. The same seed and name give the same numbers, for ever.
    pub fn stream(self, name: &str) -> Rng {
        let mut generator = ChaCha8Rng::seed_from_u64(self.0);
        generator.set_stream(fnv(name));
        Rng(generator)
    }

    /// A seed of its own for one part of the world, such as one worker.
    pub fn child(self, name: &str) -> Seed {
        Seed(self.stream(name).next_u64())
    }
}

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; zero when `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True about `numerator` times in `denominator`.
    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        self.below(denominator) < numerator
    }
}

/// FNV-1a, to turn a purpose's name into a stream number.
const fn fnv(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_one_seed_are_independent_and_repeat() {
        let mut first = Seed(1).stream("ids");
        let mut other = Seed(1).stream("balance");
        let mut again = Seed(1).stream("ids");

        let a: Vec<u64> = (0..8).map(|_| first.next_u64()).collect();
        let b: Vec<u64> = (0..8).map(|_| other.next_u64()).collect();
        let c: Vec<u64> = (0..8).map(|_| again.next_u64()).collect();

        assert_ne!(a, b);
        assert_eq!(a, c);
    }

    #[test]
    fn below_stays_below_and_reaches_every_value() {
        let mut rng = Seed(7).stream("test");
        let mut seen = [0u32; 5];
        for _ in 0..1_000 {
            seen[rng.below(5) as usize] += 1;
        }
        assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
        assert_eq!(rng.below(0), 0);
    }
}
