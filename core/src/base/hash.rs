//! Hash functions of 32 bits that spread keys over servers (configuration manual 4.2, `hash-type`): public
//! algorithms, compared with what haproxy's converters of the same names give.
//!
//! Not for tables of our own, nor where somebody who chooses the keys must not choose the places.

/// The hash of the sdbm library: each byte is added to 65,599 times what came before.
pub fn sdbm(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |hash: u32, byte| hash.wrapping_mul(65_599).wrapping_add(u32::from(*byte)))
}

/// Daniel J. Bernstein's hash: each byte is added to 33 times what came before, from 5381 on.
pub fn djb2(bytes: &[u8]) -> u32 {
    bytes.iter().fold(5381, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte)))
}

/// The checksum of Ethernet, gzip and PNG.
pub fn crc32(bytes: &[u8]) -> u32 {
    let add = |crc: u32, byte: &u8| (crc >> 8) ^ CRC32_TABLE[usize::from(crc as u8 ^ byte)];
    !bytes.iter().fold(u32::MAX, add)
}

/// HAProxy's own hash: two halves, one that each byte is added to and one that it is laid over. Both are turned
/// over, rotated and swapped, and say how far the next byte rotates them. Found with the converter `wt6`, by
/// how its answers to short keys differ.
pub fn wt6(bytes: &[u8]) -> u32 {
    let (mut laid, mut added) = (0xa53c_965a_u32, 0x5ca6_953a_u32);
    let (mut laid_turn, mut added_turn) = (18, 6);
    for byte in bytes.iter().map(|byte| u32::from(*byte)) {
        let turned = (!(laid ^ byte)).rotate_left(laid_turn);
        laid = (!added.wrapping_add(byte)).rotate_left(added_turn);
        added = turned;
        let turns = ((laid >> 16) ^ added) & 0xffff;
        (added_turn, laid_turn) = (turns & 31, turns >> 11);
    }
    laid ^ added
}

/// No hash: the key is a decimal number already, and what it has beyond 32 bits is cut off. It ends at the first
/// byte that is no digit; without a digit it is zero. `hash-type ... none`, newer than the haproxy at hand.
pub fn none(bytes: &[u8]) -> u32 {
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let digits = digits.iter().map_while(|byte| char::from(*byte).to_digit(10));
    let number = digits.fold(0, |number: u32, digit| number.wrapping_mul(10).wrapping_add(digit));
    if negative { number.wrapping_neg() } else { number }
}

/// What each byte does to a CRC-32, lowest bit first.
const CRC32_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// Spreads every bit of a number over all bits: Robert Jenkins' mix of six steps, and a last multiplication
/// that fills the two highest bits. One to one.
pub fn avalanche(number: u32) -> u32 {
    let mut mixed = number.wrapping_add(0x7ed5_5d16).wrapping_add(number << 12);
    mixed = mixed ^ 0xc761_c23c ^ (mixed >> 19);
    mixed = mixed.wrapping_add(0x1656_67b1).wrapping_add(mixed << 5);
    mixed = mixed.wrapping_add(0xd3a2_646c) ^ (mixed << 9);
    mixed = mixed.wrapping_add(0xfd70_46c5).wrapping_add(mixed << 3);
    mixed = mixed ^ 0xb55a_4f09 ^ (mixed >> 16);
    mixed.wrapping_mul(0xc000_0001)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the converters of haproxy 2.6.12 and 2.8.25 give: key; `sdbm`, `djb2`, `crc32`; `sdbm(1)`,
    /// `djb2(1)`, `crc32(1)`.
    const RECORDED: &[(&[u8], [u32; 3], [u32; 3])] = &[
        (b"a", [0x61, 0x2b606, 0xe8b7_be43], [0x6d1e_ff97, 0xd385_d69f, 0x4cc8_6316]),
        (b"A", [0x41, 0x2b5e6, 0xd3d9_9e8b], [0x3769_40c0, 0xcbff_47ec, 0x9af0_3992]),
        (b"\0", [0, 0x2b5a5, 0xd202_ef8d], [0xab4e_d927, 0x3443_5aa3, 0x72e4_9540]),
        (b"\xff", [0xff, 0x2b6a4, 0xff00_0000], [0x6249_c71d, 0x2aaf_5034, 0x72a1_1028]),
        (b"\0\0", [0, 0x0059_6a45, 0x41d9_12ff], [0xab4e_d927, 0xc13d_dc41, 0x751f_b5e0]),
        (b"abc", [0x3025_f862, 0x0b88_5c8b, 0x3524_41c2], [0x274b_4266, 0x8543_155b, 0x377b_9288]),
        (b"hello world", [0x19ae_84c4, 0x3551_c8c1, 0x0d4a_1185], [0x0f90_6ce5, 0x8ac9_6ad5, 0xa8d4_4374]),
    ];

    /// What the converter `wt6` gives; 20,000 keys more were compared when it was written.
    #[test]
    fn wt6_is_that_of_haproxys_converter() {
        let expected: &[(&[u8], u32)] = &[
            (b"", 0xf99a_0360),
            (b"a", 0x714b_f225),
            (b"A", 0x71cb_ca25),
            (b"\0", 0x70cf_da65),
            (b"\xff", 0x7333_1aa5),
            (b"\0\0", 0x32b8_67ed),
            (b"abc", 0x9400_28e8),
            (b"hello world", 0x6f46_a0aa),
        ];
        for (key, hash) in expected {
            assert_eq!(wt6(key), *hash, "{key:?}");
        }
    }

    #[test]
    fn no_hash_is_the_number_that_the_key_begins_with() {
        let expected: &[(&[u8], u32)] = &[
            (b"", 0),
            (b"x", 0),
            (b"7", 7),
            (b"007x9", 7),
            (b"4294967295", u32::MAX),
            (b"4294967298", 2),
            (b"-1", u32::MAX),
            (b"-", 0),
        ];
        for (key, hash) in expected {
            assert_eq!(none(key), *hash, "{key:?}");
        }
    }

    #[test]
    fn hashes_are_those_of_haproxys_converters() {
        for (key, plain, mixed) in RECORDED {
            let hashes = [sdbm(key), djb2(key), crc32(key)];

            assert_eq!(hashes, *plain, "{key:?}");
            assert_eq!(hashes.map(avalanche), *mixed, "{key:?}");
        }
    }
}
