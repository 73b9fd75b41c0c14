//! Bodies that check themselves: each has its own sequence of bytes, which both ends can tell from the
//! offset alone, so that nobody has to keep what was sent.

use std::sync::LazyLock;

use bytes::Bytes;
use evenkeel_core::base::random::Seed;

/// Length of the table that all bodies are cut from. A prime, so that no chunk size falls in step with it.
const TABLE_LEN: usize = 65_521;

static TABLE: LazyLock<Bytes> = LazyLock::new(|| {
    let mut rng = Seed(0).stream("body pattern");
    Bytes::from((0..TABLE_LEN).map(|_| b'a' + rng.below(26) as u8).collect::<Vec<u8>>())
});

fn place(body: u32, offset: u64) -> usize {
    ((u64::from(body) * 7_919 + offset) % TABLE_LEN as u64) as usize
}

/// Bytes of `body` from `offset`, at most `most` and at least one of them.
pub fn slice(body: u32, offset: u64, most: u64) -> Bytes {
    let from = place(body, offset);
    let length = (TABLE_LEN - from).min(usize::try_from(most).unwrap_or(usize::MAX));
    TABLE.slice(from..from + length)
}

/// The whole range of `body`, in slices.
pub fn range(body: u32, mut offset: u64, mut left: u64) -> impl Iterator<Item = &'static [u8]> {
    let table: &'static [u8] = &TABLE;
    std::iter::from_fn(move || {
        let from = place(body, offset);
        let length = (TABLE_LEN - from).min(usize::try_from(left).unwrap_or(usize::MAX));
        offset += length as u64;
        left -= length as u64;
        (length > 0).then(|| &table[from..from + length])
    })
}

/// Whether `bytes` stand at `offset` in `body`.
pub fn matches(body: u32, offset: u64, bytes: &[u8]) -> bool {
    let mut rest = bytes;
    range(body, offset, bytes.len() as u64).all(|piece| {
        let (here, behind) = rest.split_at(piece.len());
        rest = behind;
        here == piece
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_or_foreign_piece_does_not_match() {
        let piece: Vec<u8> = range(3, 65_000, 2_000).flatten().copied().collect();

        assert_eq!(piece.len(), 2_000);
        assert!(matches(3, 65_000, &piece));
        assert!(!matches(3, 65_001, &piece));
        assert!(!matches(4, 65_000, &piece));
    }
}
