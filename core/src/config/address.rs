//! Addresses as configurations write them (configuration manual, chapter 11 "address formats"): family
//! prefix, host, port, port range. Splitting text is one thing, looking host names up is another; this
//! file does the first and says in one place what each caller allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address, split but not looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A host with ports.
    Inet {
        /// The host.
        host: Host,
        /// The ports.
        ports: Ports,
        /// Which address families the name may resolve to.
        family: Family,
    },
    /// A Unix socket's path; starts with NUL in the abstract name space.
    Unix(String),
    /// An inherited descriptor.
    Fd(i32),
}

/// The host of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Nothing, or `*`: every local IPv4 address.
    Any,
    /// An address in numbers.
    Ip(IpAddr),
    /// A name to look up.
    Name(String),
}

/// The ports of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Not given.
    None,
    /// One.
    One(u16),
    /// From the first to the last, both included.
    Range(u16, u16),
    /// `+N` or `-N`: relative to the port that the client connected to.
    Offset(i32),
}

/// Which addresses a host may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4 or IPv6.
    Any,
    /// IPv4 only (`ipv4@`).
    V4,
    /// IPv6 only (`ipv6@`).
    V6,
}

impl Family {
    /// Whether `address` is of this family.
    pub fn admits(self, address: IpAddr) -> bool {
        match self {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        }
    }
}

/// What one kind of line allows its addresses to be.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// A port must be given.
    pub port_mandatory: bool,
    /// `8000-8010`.
    pub range: bool,
    /// `+8000`.
    pub offset: bool,
    /// `fd@3`.
    pub descriptor: bool,
    /// Datagram families (`udp@`) and not stream families (`tcp@`).
    pub datagram: bool,
}

impl Rules {
    /// Addresses of `bind` lines.
    pub const BIND: Rules =
        Rules { port_mandatory: true, range: true, offset: false, descriptor: true, datagram: false };
    /// Addresses of `server` lines.
    pub const SERVER: Rules =
        Rules { port_mandatory: false, range: false, offset: true, descriptor: false, datagram: false };
    /// `addr` of checks and `source`: an address whose port is optional.
    pub const PLAIN: Rules =
        Rules { port_mandatory: false, range: false, offset: false, descriptor: false, datagram: false };
    /// Addresses of `log` lines.
    pub const LOG: Rules =
        Rules { port_mandatory: false, range: false, offset: false, descriptor: true, datagram: true };
}

/// Why text is no address that is allowed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// Nothing there.
    Empty,
    /// No port where one must be.
    PortMissing,
    /// Not a digit in a port.
    PortCharacter(char, String),
    /// A port outside 1 to 65535.
    Port(String),
    /// A range whose end comes before its start.
    Range(String),
    /// A range where one port is wanted.
    RangeForbidden,
    /// An offset where a port is wanted.
    OffsetForbidden,
    /// A host that is no address of the family asked for, or cannot be looked up.
    Host(String),
    /// `fd@` without a number.
    Descriptor(String),
    /// `fd@` where the proxy must connect by itself.
    DescriptorForbidden,
    /// A datagram family where a connection is wanted.
    Datagram,
    /// A family that HAProxy has and evenkeel has not yet.
    Planned(&'static str),
}

impl AddressError {
    /// HAProxy's words about `text`.
    pub fn message(&self, text: &str) -> String {
        match self {
            AddressError::Empty => {
                format!("'{text}' resolves to an empty address (environment variable missing?)")
            }
            AddressError::PortMissing => format!("missing port specification in '{text}'"),
            AddressError::PortCharacter(character, port) => {
                format!("invalid character '{character}' in port number '{port}' in '{text}'")
            }
            AddressError::Port(port) => format!("invalid port '{port}'"),
            AddressError::Range(ports) => format!("invalid port range '{ports}'"),
            AddressError::RangeForbidden => format!("port range not permitted here in '{text}'"),
            AddressError::OffsetForbidden => format!("port offset not permitted here in '{text}'"),
            AddressError::Host(host) => format!("invalid address: '{host}' in '{text}'"),
            AddressError::Descriptor(number) => {
                format!("file descriptor '{number}' is not a valid integer in '{text}'")
            }
            AddressError::DescriptorForbidden => {
                format!("a file descriptor is not acceptable here in '{text}'")
            }
            AddressError::Datagram => format!("dgram-type address not acceptable in '{text}'"),
            AddressError::Planned(what) => {
                format!("{what} in '{text}' is known, not supported yet")
            }
        }
    }

    /// How to mend it.
    pub fn help(&self) -> &'static str {
        match self {
            AddressError::Empty => "write an address such as 127.0.0.1:8080, or remove the comma",
            AddressError::PortMissing => {
                "add a port, as in 127.0.0.1:8080; for IPv6 the last colon starts the port, as in [::1]:8080"
            }
            AddressError::PortCharacter(..) | AddressError::Port(_) => "a port is a number from 1 to 65535",
            AddressError::Range(_) => "write the lower port first, as in 8000-8010",
            AddressError::RangeForbidden => "write one port",
            AddressError::OffsetForbidden => "write the port itself",
            AddressError::Host(_) => {
                "write an IPv4 address, an IPv6 address in brackets, or a host name that resolves"
            }
            AddressError::Descriptor(_) => {
                "write the number of a descriptor that the parent process left open"
            }
            AddressError::DescriptorForbidden => "write an address that can be connected to",
            AddressError::Datagram => "write the address without its datagram prefix",
            AddressError::Planned(_) => "write an IP address with a port, or the path of a Unix socket",
        }
    }
}

impl Place {
    /// Splits `text` into what it says, within `rules`.
    pub fn parse(text: &str, rules: Rules) -> Result<Place, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let (transport, rest) = split_transport(text);
        if transport == Some(Transport::Datagram) && !rules.datagram {
            return Err(AddressError::Datagram);
        }
        if transport == Some(Transport::Stream) && rules.datagram {
            return Err(AddressError::Planned("logging over TCP"));
        }
        if rest.starts_with('/') {
            return Ok(Place::Unix(rest.to_owned()));
        }
        match rest.split_once('@') {
            Some(("unix" | "uxst" | "uxdg", path)) => Ok(Place::Unix(path.to_owned())),
            Some(("abns", name)) => Ok(Place::Unix(format!("\0{name}"))),
            Some(("fd", number)) => parse_descriptor(number, rules),
            Some(("sockpair", _)) => Err(AddressError::Planned("`sockpair@`")),
            Some(("quic4" | "quic6", _)) => Err(AddressError::Planned("QUIC")),
            Some(("ring", _)) if rules.datagram => Err(AddressError::Planned("`ring@`")),
            Some(("ipv4" | "tcp4" | "udp4", rest)) => parse_inet(rest, Family::V4, rules),
            Some(("ipv6" | "tcp6" | "udp6", rest)) => parse_inet(rest, Family::V6, rules),
            Some(("tcp" | "udp", rest)) => parse_inet(rest, Family::Any, rules),
            Some(_) | None => parse_inet(rest, Family::Any, rules),
        }
    }
}

/// A socket type that a prefix asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Datagram,
    Stream,
}

/// The socket type that the prefix of `text` asks for, and the text without `stream+` or `dgram+`.
fn split_transport(text: &str) -> (Option<Transport>, &str) {
    if let Some(rest) = text.strip_prefix("stream+") {
        return (Some(Transport::Stream), rest);
    }
    if let Some(rest) = text.strip_prefix("dgram+") {
        return (Some(Transport::Datagram), rest);
    }
    let transport = match text.split_once('@') {
        Some(("udp" | "udp4" | "udp6" | "uxdg", _)) => Some(Transport::Datagram),
        Some(("tcp" | "tcp4" | "tcp6" | "uxst", _)) => Some(Transport::Stream),
        Some(_) | None => None,
    };
    (transport, text)
}

fn parse_descriptor(number: &str, rules: Rules) -> Result<Place, AddressError> {
    if !rules.descriptor {
        return Err(AddressError::DescriptorForbidden);
    }
    let valid = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse() {
        Ok(number) if valid => Ok(Place::Fd(number)),
        Ok(_) | Err(_) => Err(AddressError::Descriptor(number.to_owned())),
    }
}

/// Host and port. The last colon starts the port, also in a bare IPv6 address, unless a bracket ends the text.
fn parse_inet(text: &str, family: Family, rules: Rules) -> Result<Place, AddressError> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, port),
        Some(_) | None => (text, ""),
    };
    let ports = parse_ports(port, rules)?;
    Ok(Place::Inet { host: parse_host(host, family)?, ports, family })
}

fn parse_ports(text: &str, rules: Rules) -> Result<Ports, AddressError> {
    if text.is_empty() {
        return if rules.port_mandatory { Err(AddressError::PortMissing) } else { Ok(Ports::None) };
    }
    if text.starts_with(['+', '-']) {
        if !rules.offset {
            return Err(AddressError::OffsetForbidden);
        }
        return match text.parse() {
            Ok(offset) => Ok(Ports::Offset(offset)),
            Err(_) => Err(AddressError::Port(text.to_owned())),
        };
    }
    if let Some(character) = text.chars().find(|character| !character.is_ascii_digit() && *character != '-') {
        return Err(AddressError::PortCharacter(character, text.to_owned()));
    }
    match text.split_once('-') {
        Some(_) if !rules.range => Err(AddressError::RangeForbidden),
        Some((first, last)) => {
            let (low, high) = (parse_port(first)?, parse_port(last)?);
            if low > high { Err(AddressError::Range(text.to_owned())) } else { Ok(Ports::Range(low, high)) }
        }
        // A server or a source may say port 0 for "any"; a listener may not.
        None if !rules.port_mandatory && text.bytes().all(|byte| byte == b'0') => Ok(Ports::None),
        None => parse_port(text).map(Ports::One),
    }
}

fn parse_port(text: &str) -> Result<u16, AddressError> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        Ok(_) | Err(_) => Err(AddressError::Port(text.to_owned())),
    }
}

fn parse_host(text: &str, family: Family) -> Result<Host, AddressError> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if bare.is_empty() && !text.is_empty() {
        return Err(AddressError::Host(text.to_owned()));
    }
    if bare.is_empty() || bare == "*" {
        return Ok(match family {
            Family::V6 => Host::Ip(Ipv6Addr::UNSPECIFIED.into()),
            Family::Any | Family::V4 => Host::Any,
        });
    }
    match bare.parse::<IpAddr>() {
        Ok(address) if family.admits(address) => Ok(Host::Ip(address)),
        Ok(_) => Err(AddressError::Host(bare.to_owned())),
        // Only a host name may be looked up; a colon or an at sign makes it a broken address.
        Err(_) if bare.contains([':', '@', '/', ' ']) => Err(AddressError::Host(bare.to_owned())),
        Err(_) => Ok(Host::Name(bare.to_owned())),
    }
}

impl Host {
    /// The address, with names looked up by `resolve`, in the order that it gives them.
    pub fn resolve(
        &self,
        family: Family,
        resolve: impl FnOnce(&str) -> Vec<IpAddr>,
    ) -> Result<IpAddr, AddressError> {
        match self {
            Host::Any => Ok(Ipv4Addr::UNSPECIFIED.into()),
            Host::Ip(address) => Ok(*address),
            Host::Name(name) => {
                let found = resolve(name).into_iter().find(|&address| family.admits(address));
                found.ok_or_else(|| AddressError::Host(name.clone()))
            }
        }
    }
}

impl Ports {
    /// All ports, in order; nothing where none or only an offset is given.
    pub fn each(self) -> impl Iterator<Item = u16> {
        let (low, high) = match self {
            Ports::One(port) => (port, port),
            Ports::Range(low, high) => (low, high),
            Ports::None | Ports::Offset(_) => (1, 0),
        };
        low..=high
    }

    /// The port if there is exactly one.
    pub fn single(self) -> Option<u16> {
        match self {
            Ports::One(port) => Some(port),
            Ports::None | Ports::Range(..) | Ports::Offset(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inet(host: Host, ports: Ports) -> Place {
        Place::Inet { host, ports, family: Family::Any }
    }

    fn ip(text: &str) -> Host {
        Host::Ip(text.parse().unwrap())
    }

    #[test]
    fn the_last_colon_starts_the_port() {
        let parse = |text| Place::parse(text, Rules::SERVER);

        assert_eq!(parse("127.0.0.1:80"), Ok(inet(ip("127.0.0.1"), Ports::One(80))));
        assert_eq!(parse("[::1]:80"), Ok(inet(ip("::1"), Ports::One(80))));
        assert_eq!(parse("::1:80"), Ok(inet(ip("::1"), Ports::One(80))));
        assert_eq!(parse("[::1]"), Ok(inet(ip("::1"), Ports::None)));
        assert_eq!(parse("::1"), Err(AddressError::Host(":".into())));
        assert_eq!(parse("www:80"), Ok(inet(Host::Name("www".into()), Ports::One(80))));
    }

    #[test]
    fn listeners_take_every_address_and_ranges() {
        let parse = |text| Place::parse(text, Rules::BIND);

        assert_eq!(parse(":80"), Ok(inet(Host::Any, Ports::One(80))));
        assert_eq!(parse("*:80-82"), Ok(inet(Host::Any, Ports::Range(80, 82))));
        assert_eq!(parse(":::80"), Ok(inet(ip("::"), Ports::One(80))));
        assert_eq!(parse("fd@3"), Ok(Place::Fd(3)));
        assert_eq!(parse("abns@x"), Ok(Place::Unix("\0x".into())));
        assert_eq!(parse("/run/x"), Ok(Place::Unix("/run/x".into())));
        assert_eq!(parse("127.0.0.1"), Err(AddressError::PortMissing));
        assert_eq!(parse("[]:80"), Err(AddressError::Host("[]".into())));
        assert_eq!(parse("::"), Err(AddressError::PortMissing));
        assert_eq!(parse(":82-80"), Err(AddressError::Range("82-80".into())));
        assert_eq!(parse(":80-"), Err(AddressError::Port(String::new())));
        assert_eq!(parse(":0"), Err(AddressError::Port("0".into())));
        assert_eq!(parse(":+80"), Err(AddressError::OffsetForbidden));
        assert_eq!(parse("fd@-1"), Err(AddressError::Descriptor("-1".into())));
        assert_eq!(parse("udp@:80"), Err(AddressError::Datagram));
    }

    #[test]
    fn a_family_prefix_is_kept() {
        assert_eq!(
            Place::parse("ipv6@127.0.0.1:80", Rules::SERVER),
            Err(AddressError::Host("127.0.0.1".into()))
        );
        assert!(Place::parse("ipv4@127.0.0.1:80", Rules::SERVER).is_ok());
        let host = Host::Name("dual".into());
        let both = |_: &str| vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        assert_eq!(host.resolve(Family::V6, both), Ok("2001:db8::1".parse().unwrap()));
        assert_eq!(host.resolve(Family::Any, both), Ok("192.0.2.1".parse().unwrap()));
        assert!(host.resolve(Family::Any, |_| Vec::new()).is_err());
    }

    #[test]
    fn no_text_panics() {
        for text in
            ["[", "]", "[]", "@", "fd@", ":", "-", "+", "é:é", "[é]:80-é", "unix@", "stream+", "a@b@c:1"]
        {
            for rules in [Rules::BIND, Rules::SERVER, Rules::PLAIN, Rules::LOG] {
                if let Err(error) = Place::parse(text, rules) {
                    assert!(!error.message(text).is_empty());
                }
            }
        }
    }
}
