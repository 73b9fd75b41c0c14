//! Addresses and networks (configuration manual 7.1.6). Each network is a range of numbers; an IPv4 address
//! is asked for as an IPv6 one too, and some IPv6 addresses as the IPv4 one inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::numbers::Ranges;

/// Says the addresses of a host name.
type Resolve<'a> = dyn Fn(&str) -> Vec<IpAddr> + 'a;

/// Networks while they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct NetworksDraft {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
    /// Addresses with masks that are no prefix.
    odd: Vec<(u32, u32)>,
}

/// Networks.
#[derive(Clone, Debug, Default)]
pub(in crate::acl) struct Networks {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
    odd: Vec<(u32, u32)>,
}

impl NetworksDraft {
    /// Adds an address, a network, or with `resolve` the first IPv4 address of a host name. Tells whether
    /// the text was any of these.
    pub(super) fn add(&mut self, text: &str, resolve: Option<&Resolve<'_>>) -> bool {
        let (address, mask) = match text.split_once('/') {
            Some((address, mask)) => (address, Some(mask)),
            None => (text, None),
        };
        if let Ok(address) = address.parse::<Ipv6Addr>() {
            let Some(length) = mask.map_or(Some(128), |mask| prefix(mask, 128)) else { return false };
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            let low = address.to_bits() & mask;
            self.v6.push((low, low | !mask));
            return true;
        }
        let Some(mask) = mask.map_or(Some(u32::MAX), mask_of) else { return false };
        let named = || match resolve?(address).into_iter().find(IpAddr::is_ipv4)? {
            IpAddr::V4(address) => Some(address.to_bits()),
            IpAddr::V6(_) => None,
        };
        let Some(address) = short_form(address).or_else(named) else { return false };
        if mask.leading_ones() + mask.trailing_zeros() == 32 || mask == 0 {
            let low = address & mask;
            self.v4.push((low, low | !mask));
        } else {
            self.odd.push((address & mask, mask));
        }
        true
    }

    pub(super) fn build(self) -> Networks {
        Networks { v4: Ranges::new(self.v4), v6: Ranges::new(self.v6), odd: self.odd }
    }
}

impl Networks {
    pub(super) fn contain(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => {
                self.contain_v4(address) || self.v6.contains(address.to_ipv6_mapped().to_bits())
            }
            IpAddr::V6(address) => {
                self.v6.contains(address.to_bits())
                    || inner(address).is_some_and(|address| self.contain_v4(address))
            }
        }
    }

    fn contain_v4(&self, address: Ipv4Addr) -> bool {
        let number = address.to_bits();
        self.v4.contains(number) || self.odd.iter().any(|(low, mask)| number & mask == *low)
    }
}

/// The IPv4 address in `2002:IPV4::`, `::IPV4` and `::ffff:IPV4`.
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [first, high, low, ..] = address.segments();
    if first == 0x2002 {
        return Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    }
    address.to_ipv4()
}

/// An IPv4 address of one to four numbers, the last of which is the last byte (`10.12` is 10.0.0.12).
fn short_form(text: &str) -> Option<u32> {
    let parts: Vec<u32> = text.split('.').map(|part| number(part, 255)).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 {
        return None;
    }
    Some(first.iter().zip([24, 16, 8]).fold(*last, |address, (byte, shift)| address | byte << shift))
}

/// A mask: the length of a prefix, or an address.
fn mask_of(text: &str) -> Option<u32> {
    match text.parse::<Ipv4Addr>() {
        Ok(mask) => Some(mask.to_bits()),
        Err(_) => prefix(text, 32).map(|length| u32::MAX.checked_shl(32 - length).unwrap_or(0)),
    }
}

fn prefix(text: &str, most: u32) -> Option<u32> {
    number(text, most)
}

fn number(text: &str, most: u32) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number <= most)
}
