//! Did-you-mean: the known name that is fewest slips of the finger away.

use super::{Kind, names};

/// The name of `kind` that `name` was probably meant to be, if one is close enough.
pub fn suggest(kind: Kind, name: &str) -> Option<&'static str> {
    closest(name, names(kind))
}

/// The one of `candidates` that `name` was probably meant to be: the closest, the first among equals.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = slips_max(name);
    let near = candidates.into_iter().filter_map(|candidate| {
        let slips = distance(name.as_bytes(), candidate.as_bytes(), bound)?;
        Some((slips, candidate))
    });
    near.min_by_key(|&(slips, _)| slips).map(|(_, candidate)| candidate)
}

/// How many slips are still a slip and not another word: a third of the length, at least one, at most three.
fn slips_max(name: &str) -> usize {
    // Longer input than any name is no slip, and keeps the work bounded.
    if name.len() > NAME_LENGTH_MAX { 0 } else { (name.len() / 3).clamp(1, 3) }
}

/// Longer than every known name.
const NAME_LENGTH_MAX: usize = 64;

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`, case aside;
/// `None` when there are more than `bound`.
fn distance(a: &[u8], b: &[u8], bound: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > bound {
        return None;
    }
    let same = |i: usize, j: usize| a[i].eq_ignore_ascii_case(&b[j]);
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for j in 0..b.len() {
            let replaced = last[j] + usize::from(!same(i, j));
            let mut slips = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && same(i, j - 1) && same(i - 1, j) {
                slips = slips.min(before_last[j - 1] + 1);
            }
            row.push(slips);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|&slips| slips <= bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_understood() {
        assert_eq!(suggest(Kind::ServerOption, "chekc"), Some("check"));
        assert_eq!(suggest(Kind::ServerOption, "maxcon"), Some("maxconn"));
        assert_eq!(suggest(Kind::Section, "fronted"), Some("frontend"));
        assert_eq!(suggest(Kind::OptionName, "HTTPCHK"), Some("httpchk"));
        assert_eq!(suggest(Kind::TimeoutName, "conect"), Some("connect"));
        assert_eq!(suggest(Kind::Proxy, "use-backend"), Some("use_backend"));
    }

    #[test]
    fn another_word_is_not_a_slip() {
        assert_eq!(suggest(Kind::ServerOption, "zebra"), None);
        assert_eq!(suggest(Kind::Section, "x"), None);
        assert_eq!(suggest(Kind::Section, &"frontend".repeat(100_000)), None);
    }

    #[test]
    fn a_swap_of_neighbours_is_one_slip() {
        assert_eq!(distance(b"mdoe", b"mode", 1), Some(1));
        assert_eq!(distance(b"", b"ab", 2), Some(2));
        assert_eq!(distance(b"abc", b"xyz", 2), None);
    }
}
