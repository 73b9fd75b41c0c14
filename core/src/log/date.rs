//! Dates as logs show them, without allocation.

use std::io::Write;

use crate::base::text::put_padded;
use crate::base::time::Wall;

/// Names of months.
pub(super) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A point in civil time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
    pub(super) nanos: u32,
    /// Local time minus UTC.
    pub(super) offset_seconds: i32,
}

impl Civil {
    /// Local civil time.
    pub(super) fn local(wall: Wall) -> Civil {
        let (seconds, nanos) = wall.local_seconds();
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = from_days(days);
        Civil {
            year,
            month,
            day,
            hour: (of_day / 3_600) as u8,
            minute: (of_day / 60 % 60) as u8,
            second: (of_day % 60) as u8,
            nanos,
            offset_seconds: wall.offset_seconds,
        }
    }

    /// The same point in UTC.
    pub(super) fn utc(wall: Wall) -> Civil {
        Civil::local(Wall { offset_seconds: 0, ..wall })
    }

    /// `Oct`.
    pub(super) fn month_name(&self) -> &'static str {
        MONTHS[usize::from(self.month - 1)]
    }

    /// `10/Oct/2026:13:55:36`, as `%t` starts.
    pub(super) fn write_log(&self, out: &mut Vec<u8>) {
        let Civil { year, day, hour, minute, second, .. } = *self;
        put_padded(out, u64::from(day), 2);
        out.push(b'/');
        out.extend_from_slice(self.month_name().as_bytes());
        out.push(b'/');
        put_padded(out, year.unsigned_abs(), 4);
        for part in [hour, minute, second] {
            out.push(b':');
            put_padded(out, u64::from(part), 2);
        }
    }

    /// `+0200` or, with a separator, `+02:00`.
    pub(super) fn write_offset(&self, separator: &str, out: &mut Vec<u8>) {
        let sign = if self.offset_seconds < 0 { '-' } else { '+' };
        let minutes = self.offset_seconds.unsigned_abs() / 60;
        let _ = write!(out, "{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60);
    }
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar. Years are counted
/// from March, so that the leap day is the last of its year.
fn from_days(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * march_month + 2) / 5 + 1) as u8;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 } as u8;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_local_with_their_offset() {
        let wall = Wall { unix_nanos: 951_868_799_123_000_000, offset_seconds: -5_400 };
        let mut text = Vec::new();

        Civil::local(wall).write_log(&mut text);
        text.push(b' ');
        Civil::local(wall).write_offset("", &mut text);
        text.push(b' ');
        Civil::utc(wall).write_log(&mut text);

        assert_eq!(text, b"29/Feb/2000:22:29:59 -0130 29/Feb/2000:23:59:59");
    }
}
