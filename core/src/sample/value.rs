//! Typed values between a fetch and its converters. Text lies in the caller's buffer, so nothing is allocated.

use std::io::Write;
use std::net::{IpAddr, SocketAddrV4};

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// An IPv4 or IPv6 address.
    Address,
    /// Bytes that are not text.
    Binary,
    /// True or false.
    Boolean,
    /// A signed number.
    Integer,
    /// Text.
    Text,
}

impl Type {
    /// Whether a value of this type turns into one of `wanted` by itself.
    pub fn casts_to(self, wanted: Type) -> bool {
        match wanted {
            Type::Binary | Type::Text => true,
            Type::Integer => self != Type::Binary,
            Type::Boolean => matches!(self, Type::Boolean | Type::Integer),
            Type::Address => matches!(self, Type::Address | Type::Integer | Type::Text),
        }
    }
}

/// A value. [`Value::Text`] and [`Value::Binary`] mean "what was appended to the buffer".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// An address.
    Address(IpAddr),
    /// Bytes at the end of the buffer.
    Binary,
    /// True or false.
    Boolean(bool),
    /// A number.
    Integer(i64),
    /// Text at the end of the buffer.
    Text,
}

impl Value {
    /// Turns into `wanted`; the bytes of this value, if any, lie in `buffer[mark..]`.
    pub(super) fn cast(self, wanted: Type, buffer: &mut Vec<u8>, mark: usize) -> Option<Value> {
        match wanted {
            Type::Text => self.write_text(buffer),
            Type::Binary => self.write_binary(buffer),
            Type::Integer => self.to_integer(buffer, mark).map(Value::Integer),
            Type::Boolean => self.to_integer(buffer, mark).map(|number| Value::Boolean(number != 0)),
            Type::Address => match self {
                Value::Address(_) => Some(self),
                Value::Text | Value::Binary => {
                    let address = address_of(std::str::from_utf8(&buffer[mark..]).ok()?)?;
                    buffer.truncate(mark);
                    Some(Value::Address(address))
                }
                Value::Integer(number) => Some(Value::Address(IpAddr::from((number as u32).to_be_bytes()))),
                Value::Boolean(_) => None,
            },
        }
    }

    fn to_integer(self, buffer: &mut Vec<u8>, mark: usize) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(number),
            Value::Boolean(truth) => Some(i64::from(truth)),
            Value::Address(IpAddr::V4(address)) => Some(i64::from(u32::from(address))),
            Value::Address(IpAddr::V6(_)) => None,
            Value::Text | Value::Binary => {
                let number = leading_integer(&buffer[mark..]);
                buffer.truncate(mark);
                Some(number)
            }
        }
    }

    fn write_text(self, buffer: &mut Vec<u8>) -> Option<Value> {
        match self {
            Value::Text | Value::Binary => return Some(Value::Text),
            Value::Boolean(truth) => buffer.push(if truth { b'1' } else { b'0' }),
            Value::Integer(number) => write!(buffer, "{number}").ok()?,
            Value::Address(address) => write!(buffer, "{address}").ok()?,
        }
        Some(Value::Text)
    }

    fn write_binary(self, buffer: &mut Vec<u8>) -> Option<Value> {
        match self {
            Value::Text | Value::Binary => {}
            Value::Boolean(truth) => buffer.extend_from_slice(&i64::from(truth).to_be_bytes()),
            Value::Integer(number) => buffer.extend_from_slice(&number.to_be_bytes()),
            Value::Address(IpAddr::V4(address)) => buffer.extend_from_slice(&address.octets()),
            Value::Address(IpAddr::V6(address)) => buffer.extend_from_slice(&address.octets()),
        }
        Some(Value::Binary)
    }
}

/// The address that a text is, of IPv4 with a port perhaps.
pub(super) fn address_of(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddrV4| IpAddr::V4(*address.ip())))
}

/// The number that a text starts with; 0 if it starts with none, the nearest bound if it does not fit.
fn leading_integer(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let mut number: i64 = 0;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        number = number.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    }
    if negative { -number } else { number }
}
