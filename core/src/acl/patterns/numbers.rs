//! Numbers and ranges, with the operators before them (configuration manual 7.1.2).

use crate::acl::AclProblem;

/// What stands before numbers; it counts until another one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::acl) enum Operator {
    /// `eq`, or nothing.
    Equal,
    /// `ge`
    GreaterOrEqual,
    /// `gt`
    Greater,
    /// `le`
    LessOrEqual,
    /// `lt`
    Less,
}

impl Operator {
    /// The operator of this name.
    pub(in crate::acl) fn of_name(name: &str) -> Option<Operator> {
        Some(match name {
            "eq" => Operator::Equal,
            "ge" => Operator::GreaterOrEqual,
            "gt" => Operator::Greater,
            "le" => Operator::LessOrEqual,
            "lt" => Operator::Less,
            _ => return None,
        })
    }
}

/// The union of all ranges: sorted, and none touches another.
#[derive(Clone, Debug, Default)]
pub(in crate::acl) struct Ranges<N>(Vec<(N, N)>);

impl<N: Ord + Copy> Ranges<N> {
    pub(super) fn new(mut ranges: Vec<(N, N)>) -> Ranges<N> {
        ranges.retain(|(low, high)| low <= high);
        ranges.sort_unstable();
        let mut merged: Vec<(N, N)> = Vec::with_capacity(ranges.len());
        for (low, high) in ranges {
            match merged.last_mut() {
                Some((_, last)) if low <= *last => *last = high.max(*last),
                _ => merged.push((low, high)),
            }
        }
        Ranges(merged)
    }

    pub(super) fn contains(&self, number: N) -> bool {
        let at = self.0.partition_point(|(low, _)| *low <= number);
        at.checked_sub(1).is_some_and(|at| number <= self.0[at].1)
    }
}

/// Reads `N`, `LOW:HIGH`, `LOW:` or `:HIGH`, a number moved by the operator, which changes no
/// range.
pub(super) fn range(text: &str, operator: Operator) -> Result<(i64, i64), AclProblem> {
    let Some((low, high)) = text.split_once(':') else {
        let number: i64 = text.parse().map_err(|_| AclProblem::BadNumber(text.to_owned()))?;
        return Ok(match operator {
            Operator::Equal => (number, number),
            Operator::GreaterOrEqual => (number, i64::MAX),
            Operator::Greater => above(number, i64::MAX),
            Operator::LessOrEqual => (i64::MIN, number),
            Operator::Less => below(i64::MIN, number),
        });
    };
    let bad = || AclProblem::BadRange(text.to_owned());
    let end = |text: &str, open: i64| match text {
        "" => Ok(open),
        text => text.parse().map_err(|_| bad()),
    };
    let (low, high) = (end(low, i64::MIN)?, end(high, i64::MAX)?);
    if low > high {
        return Err(bad());
    }
    Ok((low, high))
}

/// The numbers of a range without its beginning; none if there is nothing else.
fn above(low: i64, high: i64) -> (i64, i64) {
    low.checked_add(1).map_or((1, 0), |low| (low, high))
}

/// The numbers of a range without its end; none if there is nothing else.
fn below(low: i64, high: i64) -> (i64, i64) {
    high.checked_sub(1).map_or((1, 0), |high| (low, high))
}
