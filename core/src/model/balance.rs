//! How a backend chooses servers (configuration manual 4.2: `balance`, `hash-type`, `hash-balance-factor`).

use crate::sample::Sample;

/// `balance`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Balance {
    /// By turns, by weight.
    #[default]
    RoundRobin,
    /// By turns over a fixed table.
    StaticRr,
    /// Fewest connections first.
    LeastConn,
    /// The first with a free slot.
    First,
    /// By a key of the request: requests of one key meet at one server.
    Hash(Mapping),
    /// The least loaded of so many servers that chance names.
    Random {
        /// How many.
        draws: u32,
    },
}

/// How a hash leads to a server (`hash-type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mapping {
    /// By its remainder, over a table of all usable servers.
    #[default]
    Map,
    /// By the nearest of many points of each server, so that a server that goes takes only its own keys along.
    Consistent,
}

/// What of a request is the key, and how it becomes a number.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Hashing {
    /// The key.
    pub key: HashKey,
    /// How it is hashed. Addresses of `balance source` are numbers as they are.
    pub function: HashFunction,
    /// `avalanche`: spread the hash's bits.
    pub avalanche: bool,
    /// `hash-balance-factor`: most connections of one server, in percent of the average.
    pub balance_factor: Option<u32>,
}

/// The part of a request that is hashed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum HashKey {
    /// `source`: the client's address.
    #[default]
    Source,
    /// `hash`: the value of an expression.
    Expression(Sample),
    /// `hdr(name)`: a header's first value.
    Header {
        /// Its name.
        name: String,
        /// `use_domain_only`: of a host name only the part before the last dot.
        domain_only: bool,
    },
    /// `rdp-cookie(name)`: the cookie of a remote desktop's first message.
    RdpCookie {
        /// Its name.
        name: String,
    },
    /// `uri`: the start of the request target.
    Uri(UriPart),
    /// `url_param name`: a parameter of the query, or of a POST's body.
    UrlParameter {
        /// Its name.
        name: String,
    },
}

/// How much of a request target is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct UriPart {
    /// `whole`: the query too.
    pub whole: bool,
    /// `path-only`: not the scheme and the authority of an absolute target.
    pub path_only: bool,
    /// `len`: at most so many bytes.
    pub len: Option<usize>,
    /// `depth`: at most so many slashes.
    pub depth: Option<usize>,
}

/// The function of `hash-type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HashFunction {
    /// `crc32`.
    Crc32,
    /// `djb2`.
    Djb2,
    /// `none`: the key is a number already.
    None,
    /// `sdbm`.
    #[default]
    Sdbm,
    /// `wt6`.
    Wt6,
}

/// What a server's points on the ring of consistent hashing are made from (`hash-key`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RingKey {
    /// `addr`: its address, so that several balancers agree whatever the order of their servers.
    Address,
    /// `addr-port`: its address and port.
    AddressAndPort,
    /// `id`: its number.
    #[default]
    Id,
}
