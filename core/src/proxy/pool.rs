//! The idle connections of one worker to one server.
//!
//! A connection that nobody needs ages out (`pool-purge-delay`). That alone does not bound a pool: sessions that
//! must not start on an idle connection (`http-reuse safe`) leave one behind each. So no more are kept than the
//! server's traffic has used at once of late, and a few.

use std::time::Duration;

use crate::base::limits::IDLE_SPARE;
use crate::base::slots::Key;
use crate::base::time::Time;

/// Idle connections, the last used last, and how many the traffic has needed.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Vec<Key>,
    /// Most connections in use, among the moments looked at: in this period and in the one before.
    peak: u32,
    peak_before: u32,
    period_ends: Time,
}

impl Pool {
    pub(super) fn len(&self) -> usize {
        self.idle.len()
    }

    pub(super) fn contains(&self, key: Key) -> bool {
        self.idle.contains(&key)
    }

    pub(super) fn push(&mut self, key: Key) {
        self.idle.push(key);
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.idle.retain(|other| *other != key);
    }

    /// Gives the last used connection that `fits`.
    pub(super) fn take(&mut self, fits: impl Fn(Key) -> bool) -> Option<Key> {
        let at = self.idle.iter().rposition(|key| fits(*key))?;
        Some(self.idle.remove(at))
    }

    /// Gives all.
    pub(super) fn take_all(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.idle)
    }

    /// Whether there may be one too many, so that [`Pool::spare`] is worth asking.
    pub(super) fn is_ample(&self) -> bool {
        self.idle.len() > IDLE_SPARE + self.peak.max(self.peak_before) as usize
    }

    /// The connection to close, if there is one more than needed, now that `used` are in use. What was needed is
    /// forgotten after one to two periods.
    pub(super) fn spare(&mut self, used: u32, now: Time, period: Duration) -> Option<Key> {
        if now >= self.period_ends {
            self.peak_before = self.peak;
            self.peak = 0;
            self.period_ends = now + period;
        }
        self.peak = self.peak.max(used);
        self.is_ample().then(|| self.idle.first().copied()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::slots::Slots;

    const PERIOD: Duration = Duration::from_secs(5);

    fn keys(count: usize) -> Vec<Key> {
        let mut slots = Slots::new();
        (0..count).map(|_| slots.insert(())).collect()
    }

    /// Puts a connection back and closes one if the pool says so, as the worker does.
    fn give_back(pool: &mut Pool, key: Key, used: u32, now: Time) -> Option<Key> {
        pool.push(key);
        let spare = if pool.is_ample() { pool.spare(used, now, PERIOD) } else { None };
        if let Some(key) = spare {
            pool.remove(key);
        }
        spare
    }

    #[test]
    fn sessions_that_each_leave_a_connection_behind_do_not_fill_the_pool() {
        let mut pool = Pool::default();
        for key in keys(1000) {
            give_back(&mut pool, key, 2, Time::ZERO);
        }
        assert_eq!(pool.len(), IDLE_SPARE + 2);
    }

    #[test]
    fn all_connections_of_a_burst_are_kept_for_the_next() {
        let mut pool = Pool::default();
        let closed = (keys(64).into_iter().zip((0..64).rev()))
            .filter_map(|(key, used)| give_back(&mut pool, key, used, Time::ZERO))
            .count();
        assert!(closed <= 1, "{closed} of 64 closed");
    }

    #[test]
    fn the_oldest_goes_and_the_newest_is_taken() {
        let mut pool = Pool::default();
        let all = keys(IDLE_SPARE + 2);
        let closed: Vec<_> = all.iter().filter_map(|key| give_back(&mut pool, *key, 0, Time::ZERO)).collect();
        assert_eq!(closed, all[..2]);
        assert_eq!(pool.take(|_| true), all.last().copied());
    }

    #[test]
    fn what_was_needed_long_ago_counts_no_longer() {
        let mut pool = Pool::default();
        let all = keys(40);
        all.iter().for_each(|key| _ = give_back(&mut pool, *key, 30, Time::ZERO));
        assert_eq!(pool.len(), IDLE_SPARE + 30);
        for turn in 1..=3 {
            let later = Time::ZERO + PERIOD * turn;
            while let Some(key) = pool.spare(1, later, PERIOD) {
                pool.remove(key);
            }
        }
        assert_eq!(pool.len(), IDLE_SPARE + 1);
    }
}
