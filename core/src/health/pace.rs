//! When the next check starts: an interval after the end of the last one, more or less.

use std::time::Duration;

use super::outcome::View;
use crate::base::random::Rng;

/// A check that takes no time and starts again at once would keep a worker busy with nothing else.
const INTER_MIN: Duration = Duration::from_millis(1);

/// Most per cent of `spread-checks` (configuration manual 3.2).
const SPREAD_MAX: u8 = 50;

/// The intervals of one check.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) inter: Duration,
    fastinter: Duration,
    downinter: Duration,
    spread: u8,
    rng: Rng,
}

impl Pace {
    /// Intervals by where the server stands, varied by so many per cent, at most 50.
    pub(super) fn new(
        inter: Duration,
        fastinter: Option<Duration>,
        downinter: Option<Duration>,
        spread: u8,
        rng: Rng,
    ) -> Pace {
        let inter = inter.max(INTER_MIN);
        let or_inter = |span: Option<Duration>| span.map_or(inter, |span| span.max(INTER_MIN));
        Pace {
            inter,
            fastinter: or_inter(fastinter),
            downinter: or_inter(downinter),
            spread: spread.min(SPREAD_MAX),
            rng,
        }
    }

    /// How long to wait now.
    pub(super) fn next(&mut self, view: View) -> Duration {
        let span = match view {
            View::Up => self.inter,
            View::Between => self.fastinter,
            View::Down => self.downinter,
        };
        if self.spread == 0 {
            return span;
        }
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let reach = nanos / 100 * u64::from(self.spread);
        Duration::from_nanos((nanos - reach).saturating_add(self.rng.below(2 * reach + 1)))
    }
}
