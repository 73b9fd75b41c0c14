//! Words: texts that stand between delimiters (`-m dir`, `-m dom`).

use super::texts::{Place, Texts};

/// Words, and what delimits them.
#[derive(Clone, Debug)]
pub(in crate::acl) struct Words {
    texts: Texts,
    delimiters: &'static [u8],
    /// Most delimiters inside one of the texts: so many more are looked at from each beginning.
    inner_max: usize,
}

impl Words {
    /// Words without the delimiters at their ends. A word of nothing else is found nowhere.
    pub(super) fn new(plain: Vec<Box<[u8]>>, folded: Vec<Box<[u8]>>, delimiters: &'static [u8]) -> Words {
        let is_delimiter = |byte: &u8| delimiters.contains(byte);
        let trim = |texts: Vec<Box<[u8]>>| -> Vec<Box<[u8]>> {
            let texts = texts.iter().filter_map(|text| {
                let start = text.iter().position(|byte| !is_delimiter(byte))?;
                let end = text.iter().rposition(|byte| !is_delimiter(byte))?;
                Some(text[start..=end].into())
            });
            texts.collect()
        };
        let (plain, folded) = (trim(plain), trim(folded));
        let inner = |text: &[u8]| text.iter().filter(|byte| is_delimiter(byte)).count();
        let inner_max = plain.iter().chain(&folded).map(|text| inner(text)).max().unwrap_or(0);
        Words { texts: Texts::new(plain, folded, Place::Whole), delimiters, inner_max }
    }

    /// Whether one of the words is in the value.
    pub(super) fn find(&self, value: &[u8]) -> bool {
        let mut rest = value;
        while let Some(start) = rest.iter().position(|byte| !self.delimiters.contains(byte)) {
            rest = &rest[start..];
            if self.begins(rest) {
                return true;
            }
            rest = &rest[self.end_of(rest, 0)..];
        }
        false
    }

    /// Whether a word stands at the beginning.
    fn begins(&self, value: &[u8]) -> bool {
        let mut end = 0;
        for _ in 0..=self.inner_max {
            end = self.end_of(value, end);
            if self.texts.is(&value[..end]) {
                return true;
            }
            if end == value.len() {
                return false;
            }
            end += 1;
        }
        false
    }

    /// Where the next delimiter from `start` on is, or the end.
    fn end_of(&self, value: &[u8], start: usize) -> usize {
        let found = value[start..].iter().position(|byte| self.delimiters.contains(byte));
        found.map_or(value.len(), |at| start + at)
    }
}
