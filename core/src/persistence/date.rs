//! The dates in a cookie's value: seconds in steps of four, as five digits of base 64.

/// A span of four seconds, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(u32);

/// How far in the future a date may lie, for clocks that are wrong.
const AHEAD_MAX: u64 = 24 * 60 * 60;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Slot {
    /// The slot of a time in seconds since 1970, rounded up as HAProxy does.
    pub fn at(seconds: u64) -> Slot {
        Slot((seconds.saturating_add(3) >> 2) as u32 & 0x3fff_ffff)
    }

    /// Reads the digits that `text` begins with.
    fn read(text: &[u8]) -> Option<Slot> {
        let digits = text.get(..5)?;
        let value = |digit: &u8| DIGITS.iter().position(|known| known == digit);
        digits.iter().try_fold(0, |number, digit| Some(number << 6 | value(digit)? as u32)).map(Slot)
    }

    /// Appends the digits.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend((0..5).rev().map(|place| DIGITS[(self.0 >> (6 * place) & 63) as usize]));
    }

    /// Whether more than `most` seconds have passed since, or it lies in no believable future.
    pub fn is_stale(self, now: u64, most: u64) -> bool {
        let then = u64::from(self.0) << 2;
        now.saturating_sub(then) > most || then.saturating_sub(now) > AHEAD_MAX
    }
}

/// When a cookie was last given, and when first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// Last.
    pub last: Option<Slot>,
    /// First.
    pub first: Option<Slot>,
}

impl Dates {
    /// Reads what stands behind the first bar of a value.
    pub fn read(text: &[u8]) -> Dates {
        let first = memchr::memchr(b'|', text).and_then(|bar| Slot::read(&text[bar + 1..]));
        Dates { last: Slot::read(text), first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_read_as_haproxy_does() {
        let mut text = Vec::new();

        Slot::at(1_795_496_293).write(&mut text);

        assert_eq!(text, b"awUZa");
        assert_eq!(Slot::read(b"awUZax"), Some(Slot::at(1_795_496_296)));
        assert_eq!(Slot::read(b"awUZ"), None);
        assert_eq!(Dates::read(b"!!!!!|awUZa"), Dates { last: None, first: Slot::read(b"awUZa") });
    }

    #[test]
    fn a_date_is_stale_when_old_or_far_ahead() {
        let then = Slot::at(1_000_000);

        assert!(!then.is_stale(1_000_010, 10));
        assert!(then.is_stale(1_000_011, 10));
        assert!(!then.is_stale(1_000_000 - AHEAD_MAX, 10));
        assert!(then.is_stale(1_000_000 - AHEAD_MAX - 4, 10));
    }
}
