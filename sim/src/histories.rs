//! Histories of one backend by the thousand: drawn from seeds, run, and made small when they fail.

use std::path::{Path, PathBuf};
use std::{fs, io};

use evenkeel_core::base::random::Seed;

use crate::backend_world::{self, EVENT_SIZE, PLAN_SIZE};
use crate::{minimise, run};

/// Most runs spent on making one small.
const RUNS_MAX: usize = 20_000;

/// Where failures are kept: every test run repeats what lies there, and the fuzzer starts from it.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/backend")
}

/// The history of a seed.
pub fn history(seed: u64) -> Vec<u8> {
    let mut rng = Seed(seed).stream("history");
    let events = 1 << (6 + rng.below(6));
    let size = PLAN_SIZE + events * EVENT_SIZE;
    let words = std::iter::repeat_with(|| rng.next_u64().to_le_bytes()).take(size.div_ceil(8));
    let mut bytes: Vec<u8> = words.flatten().collect();
    bytes.truncate(size);
    bytes
}

/// Lives through a history: how many events there were, or what did not hold.
pub fn live(bytes: &[u8]) -> Result<u64, String> {
    run::caught(|| backend_world::run(bytes))
}

/// The shortest history found that fails in the same way when it is `lived`, and how it fails.
pub fn minimise(
    bytes: &[u8],
    failure: &str,
    live: impl Fn(&[u8]) -> Result<u64, String>,
) -> (Vec<u8>, String) {
    let class = minimise::words(failure);
    let (mut best, mut failure, mut runs) = (bytes.to_vec(), failure.to_owned(), 0);
    let mut attempt = |best: &mut Vec<u8>, candidate: Vec<u8>| {
        runs += 1;
        let error = if runs > RUNS_MAX { None } else { live(&candidate).err() };
        let Some(error) = error.filter(|error| minimise::words(error) == class) else { return false };
        (*best, failure) = (candidate, error);
        true
    };
    loop {
        let before = best.clone();
        let mut size = best.len().saturating_sub(PLAN_SIZE) / EVENT_SIZE;
        while size > 0 {
            let mut at = PLAN_SIZE;
            while at < best.len() {
                let mut candidate = best.clone();
                candidate.drain(at..(at + size * EVENT_SIZE).min(best.len()));
                at += if attempt(&mut best, candidate) { 0 } else { size * EVENT_SIZE };
            }
            size /= 2;
        }
        // A zero is the plainest choice everywhere; the first byte of an event says what it is.
        for at in 0..best.len() {
            if best[at] > 0 && (at < PLAN_SIZE || !(at - PLAN_SIZE).is_multiple_of(EVENT_SIZE)) {
                let mut candidate = best.clone();
                candidate[at] = 0;
                attempt(&mut best, candidate);
            }
        }
        if best == before {
            return (best, failure);
        }
    }
}

/// Writes a failing history into `folder`, and gives its path.
pub fn write(folder: &Path, seed: u64, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("seed-{seed}"));
    fs::write(&path, bytes)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_history_is_made_small() {
        // A stand-in for a machine that bears one late arrival, but not two.
        let live = |bytes: &[u8]| {
            let events = bytes.get(PLAN_SIZE..).unwrap_or_default().chunks_exact(EVENT_SIZE);
            let late = events.filter(|event| event[0] == 7 && event[3] > 100).count();
            if late < 2 { Ok(0) } else { Err(format!("{late} came late")) }
        };
        let mut bytes = history(7);
        for event in bytes[PLAN_SIZE..].chunks_exact_mut(5 * EVENT_SIZE) {
            (event[0], event[3]) = (7, 200);
        }

        let (small, said) = minimise(&bytes, "9 came late", live);

        assert_eq!(small.len(), PLAN_SIZE + 2 * EVENT_SIZE);
        assert_eq!(small[..PLAN_SIZE], [0; PLAN_SIZE]);
        assert_eq!(small[PLAN_SIZE..], [7, 0, 0, 200, 7, 0, 0, 200]);
        assert_eq!(said, "2 came late");
    }

    #[test]
    fn what_does_not_fail_again_stays_as_it_is() {
        let bytes = history(7);

        assert_eq!(minimise(&bytes, "once", |_| Ok(0)), (bytes.clone(), "once".to_owned()));
    }
}
