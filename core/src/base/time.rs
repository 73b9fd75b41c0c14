//! Time as a plain number. The core never reads a clock: every entry point takes [`Now`].

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time, in nanoseconds since the process (or the simulated world) started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// The start of the process.
    pub const ZERO: Time = Time(0);
    /// Later than every other point: a deadline that is not set.
    pub const NEVER: Time = Time(u64::MAX);

    /// The point `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// The point `millis` milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Time {
        Time(millis.saturating_mul(1_000_000))
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the start.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The time from `earlier` until this point, or zero when `earlier` is not earlier.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The first point from here on that is a multiple of so many nanoseconds, of which there is at least one.
    pub fn round_up(self, nanos: u64) -> Time {
        self.0.checked_next_multiple_of(nanos.max(1)).map_or(self, Time)
    }

    /// This point plus an optional span; no span means never.
    pub fn after(self, span: Option<Duration>) -> Time {
        span.map_or(Time::NEVER, |span| self + span)
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, span: Duration) -> Time {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Time(self.0.saturating_add(nanos))
    }
}

impl Sub<Duration> for Time {
    type Output = Time;

    fn sub(self, span: Duration) -> Time {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Time(self.0.saturating_sub(nanos))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Time::NEVER {
            return f.write_str("never");
        }
        write!(f, "+{}.{:06}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000 / 1_000)
    }
}

/// Wall-clock time, for what people read: logs, dates, cookies. Nothing is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Wall {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub unix_nanos: u64,
    /// Local time minus UTC, in seconds.
    pub offset_seconds: i32,
}

impl Wall {
    /// Seconds since 1970 of the local civil time, and the nanoseconds within that second.
    pub fn local_seconds(self) -> (i64, u32) {
        let seconds = (self.unix_nanos / 1_000_000_000) as i64 + i64::from(self.offset_seconds);
        (seconds, (self.unix_nanos % 1_000_000_000) as u32)
    }
}

/// The present, as the caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Monotonic time: deadlines, durations, order.
    pub time: Time,
    /// Wall-clock time: only for people.
    pub wall: Wall,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_seconds_since_start() {
        assert_eq!(format!("{:?}", Time::from_millis(1_250)), "+1.250000s");
        assert_eq!(format!("{:?}", Time::NEVER), "never");
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Time::NEVER + Duration::from_secs(1), Time::NEVER);
        assert_eq!(Time::ZERO - Duration::from_secs(1), Time::ZERO);
        assert_eq!(Time::ZERO.since(Time::from_millis(5)), Duration::ZERO);
    }

    #[test]
    fn local_seconds_follow_the_offset() {
        let wall = Wall { unix_nanos: 10_500_000_000, offset_seconds: -5 };
        assert_eq!(wall.local_seconds(), (5, 500_000_000));
    }
}
