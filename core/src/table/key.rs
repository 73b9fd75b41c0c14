//! Values as keys: each type of table has one form for what it can hold, and takes nothing else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::KeyType;
use crate::sample::{Sample, Scope, Type, Value};

/// Evaluates an expression and appends the key that a table of this type makes of it. `false`, with nothing
/// appended, when there is no value, or none of that type.
pub fn key(keys: KeyType, sample: &Sample, scope: &Scope<'_>, out: &mut Vec<u8>) -> bool {
    let mark = out.len();
    let made = match keys {
        KeyType::Text(len) => sample.eval(scope, out) && fit(out, mark, len, false),
        KeyType::Binary(len) => sample.eval_bytes(scope, out) && fit(out, mark, len, true),
        KeyType::Integer => match sample.eval_typed(Type::Integer, scope, out) {
            Some(Value::Integer(number)) => {
                out.truncate(mark);
                out.extend_from_slice(&(number as u32).to_be_bytes());
                true
            }
            _ => false,
        },
        KeyType::Ipv4 | KeyType::Ipv6 => address_key(keys, sample, scope, out, mark),
    };
    if !made {
        out.truncate(mark);
    }
    made
}

/// Cuts what lies behind `mark` to `len` bytes, or fills it up to them. Nothing is no key.
fn fit(out: &mut Vec<u8>, mark: usize, len: usize, padded: bool) -> bool {
    let empty = out.len() == mark;
    out.truncate(mark + len);
    if padded {
        out.resize(mark + len, 0);
    }
    !empty
}

/// The key of an address. HAProxy reads text only as an address of the table's own family.
fn address_key(keys: KeyType, sample: &Sample, scope: &Scope<'_>, out: &mut Vec<u8>, mark: usize) -> bool {
    let Some(value) = sample.eval_untyped(scope, out) else { return false };
    let text = std::str::from_utf8(&out[mark..]).unwrap_or_default();
    let (v4, v6) = match value {
        Value::Address(IpAddr::V4(address)) => (Some(address), Some(address.to_ipv6_mapped())),
        Value::Address(IpAddr::V6(address)) => (address.to_ipv4_mapped(), Some(address)),
        Value::Text | Value::Binary => (text.parse::<Ipv4Addr>().ok(), text.parse::<Ipv6Addr>().ok()),
        Value::Integer(number) => {
            let address = Ipv4Addr::from(number as u32);
            (Some(address), Some(address.to_ipv6_mapped()))
        }
        Value::Boolean(_) => (None, None),
    };
    out.truncate(mark);
    match (keys, v4, v6) {
        (KeyType::Ipv4, Some(address), _) => out.extend_from_slice(&address.octets()),
        (KeyType::Ipv6, _, Some(address)) => out.extend_from_slice(&address.octets()),
        _ => return false,
    }
    true
}
