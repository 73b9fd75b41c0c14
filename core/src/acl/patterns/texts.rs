//! Sets of texts, sorted, that tell in O(log texts) whether they hold a text or the beginning of one.

use std::cmp::Ordering;

/// Texts of which some do not look at case.
#[derive(Clone, Debug, Default)]
pub(in crate::acl) struct Texts {
    plain: Sorted,
    folded: Sorted,
}

/// How texts are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// As the whole value.
    Whole,
    /// At its beginning.
    Beginning,
    /// At its end.
    End,
}

impl Texts {
    /// A set for one way of looking.
    pub(super) fn new(plain: Vec<Box<[u8]>>, folded: Vec<Box<[u8]>>, place: Place) -> Texts {
        let lower = |mut text: Box<[u8]>| {
            text.make_ascii_lowercase();
            text
        };
        let folded = folded.into_iter().map(lower).collect();
        Texts { plain: Sorted::new(plain, place), folded: Sorted::new(folded, place) }
    }

    /// Whether one of the texts is the whole value.
    pub(super) fn is(&self, value: &[u8]) -> bool {
        self.is_plain(value) || self.folded.is(&value.iter().map(u8::to_ascii_lowercase))
    }

    /// The same, of those that look at case.
    pub(super) fn is_plain(&self, value: &[u8]) -> bool {
        self.plain.is(&value.iter().copied())
    }

    /// Whether the value begins with one of the texts.
    pub(super) fn begin(&self, value: &[u8]) -> bool {
        self.plain.begins(value.iter().copied())
            || self.folded.begins(value.iter().map(u8::to_ascii_lowercase))
    }

    /// Whether the value ends with one of the texts.
    pub(super) fn end(&self, value: &[u8]) -> bool {
        self.plain.begins(value.iter().rev().copied())
            || self.folded.begins(value.iter().rev().map(u8::to_ascii_lowercase))
    }
}

/// Sorted texts. Those to be found at an end are reversed if that is the last one, and without any that
/// begins with another, so that of all texts before a value only the last can be its beginning.
#[derive(Clone, Debug, Default)]
struct Sorted(Vec<Box<[u8]>>);

impl Sorted {
    fn new(mut texts: Vec<Box<[u8]>>, place: Place) -> Sorted {
        if place == Place::End {
            texts.iter_mut().for_each(|text| text.reverse());
        }
        texts.sort_unstable();
        match place {
            Place::Whole => texts.dedup(),
            Place::Beginning | Place::End => texts.dedup_by(|later, earlier| later.starts_with(earlier)),
        }
        Sorted(texts)
    }

    fn is(&self, value: &(impl Iterator<Item = u8> + Clone)) -> bool {
        self.0.binary_search_by(|text| text.iter().copied().cmp(value.clone())).is_ok()
    }

    fn begins(&self, value: impl Iterator<Item = u8> + Clone) -> bool {
        let before = |text: &[u8]| text.iter().copied().cmp(value.clone()) != Ordering::Greater;
        let at = self.0.partition_point(|text| before(text));
        let Some(text) = at.checked_sub(1).map(|at| &self.0[at]) else { return false };
        let mut value = value;
        text.iter().all(|byte| value.next() == Some(*byte))
    }
}
