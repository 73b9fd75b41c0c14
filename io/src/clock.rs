//! The system's clocks: monotonic time for decisions, wall-clock time with the local offset for people.

use std::cell::Cell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use evenkeel_core::base::time::{Now, Time, Wall};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Offsets from UTC change on quarter hours at most, so the zone is asked once per quarter.
const OFFSET_VALID_SECONDS: u64 = 900;

/// Reads the time. All workers of a process use clones of one clock, so that their times compare.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Instant,
    zone: TimeZone,
    /// The quarter hour since 1970 for which the offset holds, and the offset.
    offset: Cell<(u64, i32)>,
}

impl Clock {
    /// Starts the clock and loads the local time zone, which is out of reach after a chroot.
    pub fn start() -> Clock {
        Clock { start: Instant::now(), zone: TimeZone::system(), offset: Cell::new((u64::MAX, 0)) }
    }

    /// The present.
    pub fn now(&self) -> Now {
        let elapsed = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Now { time: Time::from_nanos(elapsed), wall: self.wall() }
    }

    fn wall(&self) -> Wall {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unix_nanos = u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX);
        let quarter = since_1970.as_secs() / OFFSET_VALID_SECONDS;
        let (known, mut offset_seconds) = self.offset.get();
        if known != quarter {
            offset_seconds = self.offset_at(since_1970.as_secs());
            self.offset.set((quarter, offset_seconds));
        }
        Wall { unix_nanos, offset_seconds }
    }

    fn offset_at(&self, seconds: u64) -> i32 {
        let timestamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        timestamp.map_or(0, |timestamp| self.zone.to_offset(timestamp).seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_follows_the_zone_through_a_change_to_summer_time() {
        let clock =
            Clock { zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone"), ..Clock::start() };

        // 2024-03-31T00:59:59Z and one second later.
        assert_eq!(clock.offset_at(1_711_846_799), 3_600);
        assert_eq!(clock.offset_at(1_711_846_800), 7_200);
    }
}
