//! Which bytes may stand where, as one table look-up or one comparison of eight bytes at once.

/// May stand in a token: methods and field names (RFC 9110 5.6.2).
const TOKEN: u8 = 1;
/// May stand in a request target. HAProxy takes every visible ASCII byte except `#`.
const TARGET: u8 = 2;
/// May stand in a `Host` value outside brackets. HAProxy takes visible ASCII except `#,/?@[\]`.
const HOST: u8 = 4;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0x21;
    while index < 0x7f {
        let byte = index as u8;
        if byte.is_ascii_alphanumeric() || is_one_of(byte, b"!#$%&'*+-.^_`|~") {
            table[index] |= TOKEN;
        }
        if byte != b'#' {
            table[index] |= TARGET;
        }
        if !is_one_of(byte, b"#,/?@[\\]") {
            table[index] |= HOST;
        }
        index += 1;
    }
    table
}

const fn is_one_of(byte: u8, set: &[u8]) -> bool {
    let mut index = 0;
    while index < set.len() {
        if set[index] == byte {
            return true;
        }
        index += 1;
    }
    false
}

/// Whether the byte may stand in a method or a field name.
pub(super) fn is_token(byte: u8) -> bool {
    CLASSES[byte as usize] & TOKEN != 0
}

/// Whether the byte may stand in a request target.
pub(super) fn is_target(byte: u8) -> bool {
    CLASSES[byte as usize] & TARGET != 0
}

/// Whether the byte may stand in a host name.
pub(super) fn is_host(byte: u8) -> bool {
    CLASSES[byte as usize] & HOST != 0
}

/// Whether the byte may stand in a field value or a reason phrase: everything but control bytes, of which
/// the tab is allowed. HAProxy lets other control bytes than NUL and CR pass; we do not.
pub(super) fn is_value(byte: u8) -> bool {
    (byte >= 0x20 && byte != 0x7f) || byte == b'\t'
}

/// Where the run of value bytes that starts at `at` ends.
pub(super) fn value_end(input: &[u8], mut at: usize) -> usize {
    while let Some(eight) = input.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        if let Some(offset) = first_control(u64::from_le_bytes(*eight)) {
            at += offset;
            if input[at] != b'\t' {
                return at;
            }
            at += 1;
        } else {
            at += 8;
        }
    }
    while at < input.len() && is_value(input[at]) {
        at += 1;
    }
    at
}

/// Index of the lowest of eight bytes that is below 0x20 or equal to 0x7f.
fn first_control(eight: u64) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES * 0x80;
    // A borrow can only mark bytes above a true match, and the lowest mark is the one that is taken.
    let below = eight.wrapping_sub(ONES * 0x20) & !eight & HIGHS;
    let delete = eight ^ (ONES * 0x7f);
    let equal = delete.wrapping_sub(ONES) & !delete & HIGHS;
    let marks = below | equal;
    (marks != 0).then(|| marks.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_ends_where_the_byte_rule_says_for_every_byte_at_every_place() {
        for byte in 0..=255 {
            for place in 0..20 {
                let mut input = *b"a\xffc\x80efgh ijklmnopqr\n\n";
                input[place] = byte;

                let slow = input.iter().position(|&byte| !is_value(byte)).unwrap();

                assert_eq!(value_end(&input, 0), slow, "byte {byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn token_target_and_host_sets_are_as_the_binary_takes_them() {
        let refused =
            |allowed: fn(u8) -> bool| (0x21..0x7f).filter(|&byte| !allowed(byte)).collect::<Vec<u8>>();

        assert_eq!(refused(is_token), b"\"(),/:;<=>?@[\\]{}");
        assert_eq!(refused(is_target), b"#");
        assert_eq!(refused(is_host), b"#,/?@[\\]");
        assert!(
            (0x7f..=255).chain(0..0x21).all(|byte| !is_token(byte) && !is_target(byte) && !is_host(byte))
        );
    }
}
