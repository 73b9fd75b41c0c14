//! Time spans as configurations write them (configuration manual 2.5): a number and a unit, milliseconds
//! where none is given.

use std::time::Duration;

/// Why text is no time span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationError {
    /// Nothing there, or this character where a digit or a unit must be.
    Character(char),
    /// More than HAProxy can count: 2^31 - 1 milliseconds, about 24.8 days.
    TooLong,
}

/// The span that `text` says. Less than a millisecond counts as one, as HAProxy counts whole ones.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let first = unit.chars().next().unwrap_or(' ');
    if number.is_empty() {
        return Err(DurationError::Character(first));
    }
    let micros_each: u64 = match unit {
        "us" => 1,
        "" | "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return Err(DurationError::Character(first)),
    };
    let number: u64 = number.parse().map_err(|_| DurationError::TooLong)?;
    let micros = number.checked_mul(micros_each).ok_or(DurationError::TooLong)?;
    let millis = micros.div_ceil(1_000);
    if millis > MILLIS_MAX { Err(DurationError::TooLong) } else { Ok(Duration::from_millis(millis)) }
}

/// The longest span, in milliseconds.
const MILLIS_MAX: u64 = i32::MAX as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_scale_and_milliseconds_are_the_default() {
        assert_eq!(parse_duration("250"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_duration("3m"), Ok(Duration::from_secs(180)));
        assert_eq!(parse_duration("10d"), Ok(Duration::from_secs(864_000)));
        assert_eq!(parse_duration("500us"), Ok(Duration::from_millis(1)));
    }

    #[test]
    fn what_is_no_span_is_refused() {
        assert_eq!(parse_duration("100d"), Err(DurationError::TooLong));
        assert_eq!(parse_duration("99999999999999999999"), Err(DurationError::TooLong));
        assert_eq!(parse_duration("1.5s"), Err(DurationError::Character('.')));
        assert_eq!(parse_duration("-1"), Err(DurationError::Character('-')));
        assert_eq!(parse_duration("abc"), Err(DurationError::Character('a')));
        assert_eq!(parse_duration(""), Err(DurationError::Character(' ')));
    }
}
