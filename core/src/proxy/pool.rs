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
    /// How many there are, those in use included.
    open: u32,
    /// Most connections in use at once: in this period and in the one before.
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

    /// There is one more, in use.
    pub(super) fn opened(&mut self) {
        self.open += 1;
        self.peak = self.peak.max(self.used());
    }

    /// One that was not idle is gone.
    pub(super) fn closed(&mut self) {
        debug_assert!(self.open > 0, "what is closed was opened");
        self.open = self.open.saturating_sub(1);
    }

    fn used(&self) -> u32 {
        self.open.saturating_sub(self.idle.len() as u32)
    }

    pub(super) fn push(&mut self, key: Key) {
        self.idle.push(key);
    }

    /// An idle one, if it is, is gone.
    pub(super) fn remove(&mut self, key: Key) {
        self.idle.retain(|other| *other != key);
    }

    /// Gives the last used connection that `fits`.
    pub(super) fn take(&mut self, fits: impl Fn(Key) -> bool) -> Option<Key> {
        let at = self.idle.iter().rposition(|key| fits(*key))?;
        let key = self.idle.remove(at);
        self.peak = self.peak.max(self.used());
        Some(key)
    }

    /// Gives all.
    pub(super) fn take_all(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.idle)
    }

    /// Whether there may be one too many, so that [`Pool::spare`] is worth asking.
    pub(super) fn is_ample(&self) -> bool {
        self.idle.len() > IDLE_SPARE + self.peak.max(self.peak_before) as usize
    }

    /// The connection to close, if there is one more than needed. What was needed is forgotten after one to two
    /// periods.
    pub(super) fn spare(&mut self, now: Time, period: Duration) -> Option<Key> {
        if now >= self.period_ends {
            self.peak_before = self.peak;
            self.peak = self.used();
            self.period_ends = now + period;
        }
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

    /// Opens so many connections at once and puts them back, closing those that the pool says.
    fn use_at_once(pool: &mut Pool, keys: &[Key], now: Time) -> Vec<Key> {
        let fresh = keys.len().saturating_sub(pool.len());
        (0..keys.len() - fresh).for_each(|_| _ = pool.take(|_| true));
        (0..fresh).for_each(|_| pool.opened());
        keys.iter().filter_map(|key| give_back(pool, *key, now)).collect()
    }

    /// Puts a connection back and closes one if the pool says so, as the worker does.
    fn give_back(pool: &mut Pool, key: Key, now: Time) -> Option<Key> {
        pool.push(key);
        let spare = if pool.is_ample() { pool.spare(now, PERIOD) } else { None };
        if let Some(key) = spare {
            pool.remove(key);
            pool.closed();
        }
        spare
    }

    #[test]
    fn sessions_that_each_leave_a_connection_behind_do_not_fill_the_pool() {
        let mut pool = Pool::default();
        for key in keys(1000) {
            pool.opened();
            give_back(&mut pool, key, Time::ZERO);
        }
        assert_eq!(pool.len(), IDLE_SPARE + 1);
    }

    #[test]
    fn what_is_used_at_once_again_and_again_is_kept() {
        let mut pool = Pool::default();
        let all = keys(64);
        for turn in 0..100 {
            let closed = use_at_once(&mut pool, &all, Time::from_millis(turn * 300));
            assert_eq!(closed, [], "turn {turn}");
        }
    }

    #[test]
    fn the_oldest_goes_and_the_newest_is_taken() {
        let mut pool = Pool::default();
        let all = keys(IDLE_SPARE + 3);
        let mut closed = Vec::new();
        for key in &all {
            pool.opened();
            closed.extend(give_back(&mut pool, *key, Time::ZERO));
        }
        assert_eq!(closed, all[..2]);
        assert_eq!(pool.take(|_| true), all.last().copied());
    }

    #[test]
    fn what_was_needed_long_ago_counts_no_longer() {
        let mut pool = Pool::default();
        let all = keys(30);
        assert_eq!(use_at_once(&mut pool, &all, Time::ZERO), []);
        for turn in 1..=3 {
            while let Some(key) = pool.spare(Time::ZERO + PERIOD * turn, PERIOD) {
                pool.remove(key);
                pool.closed();
            }
        }
        assert_eq!(pool.len(), IDLE_SPARE);
    }
}
