//! Numbers and addresses as text, without the machinery of `fmt`: a log line has a dozen of them.

use std::io::Write;
use std::net::IpAddr;

use bytes::BufMut;

/// Digits of the largest number.
const DIGITS_MAX: usize = 20;

/// Appends a number in decimal.
pub fn put_decimal(out: &mut impl BufMut, number: u64) {
    put_padded(out, number, 1);
}

/// Appends a number in decimal, with zeros in front up to `width` digits, 20 at most.
pub fn put_padded(out: &mut impl BufMut, mut number: u64, width: usize) {
    let mut digits = [b'0'; DIGITS_MAX];
    let mut start = DIGITS_MAX;
    while number > 0 {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.put_slice(&digits[start.min(DIGITS_MAX - width.min(DIGITS_MAX))..]);
}

/// Appends a number in decimal, with its sign.
pub fn put_signed(out: &mut impl BufMut, number: i64) {
    if number < 0 {
        out.put_u8(b'-');
    }
    put_decimal(out, number.unsigned_abs());
}

/// Appends an IP address in its usual form.
pub fn put_ip(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let [first, rest @ ..] = address.octets();
            put_decimal(out, u64::from(first));
            for octet in rest {
                out.push(b'.');
                put_decimal(out, u64::from(octet));
            }
        }
        IpAddr::V6(address) => {
            // Writing to memory does not fail.
            let _ = write!(out, "{address}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_fmt_writes_them() {
        for number in [0, 1, 9, 10, 99, 100, 65_535, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_decimal(&mut out, number);
            out.push(b' ');
            put_padded(&mut out, number, 3);

            assert_eq!(String::from_utf8_lossy(&out), format!("{number} {number:03}"));
        }
        for number in [0, -1, 5, i64::MIN, i64::MAX] {
            let mut out = Vec::new();
            put_signed(&mut out, number);

            assert_eq!(String::from_utf8_lossy(&out), number.to_string());
        }
    }

    #[test]
    fn a_width_beyond_all_numbers_is_the_largest_number_s() {
        let mut out = Vec::new();
        put_padded(&mut out, 7, 99);

        assert_eq!(String::from_utf8_lossy(&out), format!("{:020}", 7));
    }

    #[test]
    fn addresses_are_as_fmt_writes_them() {
        for text in ["0.0.0.0", "127.0.0.1", "255.10.200.99", "::", "2001:db8::1", "::ffff:1.2.3.4"] {
            let address: IpAddr = text.parse().expect("an address");
            let mut out = Vec::new();
            put_ip(&mut out, address);

            assert_eq!(String::from_utf8_lossy(&out), address.to_string());
        }
    }
}
