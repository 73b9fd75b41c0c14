//! The middle of noisy rounds: the median, and an interval that holds the true median in 95 of 100 cases
//! whatever the noise looks like.

use serde::{Deserialize, Serialize};

/// How often the interval may miss the median on either side.
const MISS: f64 = 0.025;

/// A median and where it lies.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Middle {
    /// The median.
    pub median: f64,
    /// The lower end of the median's interval.
    pub low: f64,
    /// The upper end of the median's interval.
    pub high: f64,
}

impl Middle {
    /// The middle of a list; all zero for an empty one.
    pub fn of(list: &[f64]) -> Middle {
        let mut sorted = list.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else { return Middle::default() };
        let cut = outside(sorted.len());
        let median = (sorted[last / 2] + sorted[sorted.len() / 2]) / 2.0;
        Middle { median, low: sorted[cut], high: sorted[last - cut] }
    }

    /// Where the median stands to a bar.
    pub fn against(self, bar: f64) -> Verdict {
        match self.median <= bar {
            true if self.high <= bar => Verdict::Within,
            true => Verdict::BarelyWithin,
            false if self.low > bar => Verdict::Above,
            false => Verdict::BarelyAbove,
        }
    }
}

/// Where a median stands to a bar.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Above, with its whole interval.
    Above,
    /// Above, but the interval reaches below.
    BarelyAbove,
    /// Within, but the interval reaches above.
    BarelyWithin,
    /// Within, with its whole interval.
    Within,
}

impl Verdict {
    /// As the page says it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Above => "**above**",
            Verdict::BarelyAbove => "above, within noise",
            Verdict::BarelyWithin => "within, barely",
            Verdict::Within => "within",
        }
    }
}

/// The median of a list.
pub fn median(list: &[f64]) -> f64 {
    Middle::of(list).median
}

/// How many of the ordered values may be left out at each end: each is below the true median with a
/// probability of one half, so their number is binomial. With fewer than six values nothing may.
fn outside(count: usize) -> usize {
    let mut term = 0.5f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut sum = term;
    let mut cut = 0;
    while sum <= MISS && cut < count / 2 {
        cut += 1;
        term *= (count - cut + 1) as f64 / cut as f64;
        sum += term;
    }
    // `sum` is now the chance that at most `cut` values lie below; one value fewer was still rare enough.
    cut.saturating_sub(1)
}
