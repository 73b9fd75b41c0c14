//! The ways to hash that are compared with haproxy: which keys, how they are hashed, and what happens to servers
//! meanwhile.

/// Keys of each way, in each of its phases.
pub(crate) const KEYS: usize = 10_000;

/// Servers of each way, beside their address: weights, ids and places in the list all count.
pub(crate) const SERVERS: [&str; 6] =
    ["weight 10", "weight 30 id 7", "weight 20", "disabled", "id 3", "weight 50 backup"];

/// Every function that haproxy 2.6 and 2.8 know, with and without the modifier, over both mappings.
const TYPES: [&str; 18] = [
    "map-based",
    "map-based sdbm",
    "map-based sdbm avalanche",
    "map-based djb2",
    "map-based djb2 avalanche",
    "map-based wt6",
    "map-based wt6 avalanche",
    "map-based crc32",
    "map-based crc32 avalanche",
    "consistent",
    "consistent sdbm",
    "consistent sdbm avalanche",
    "consistent djb2",
    "consistent djb2 avalanche",
    "consistent wt6",
    "consistent wt6 avalanche",
    "consistent crc32",
    "consistent crc32 avalanche",
];

/// What `balance` looks at, other than a plain header.
const TARGETS: [&str; 10] = [
    "uri",
    "uri whole",
    "uri path-only",
    "uri len 9",
    "uri depth 2",
    "uri path-only whole len 12 depth 3",
    "url_param id",
    "hash path",
    "hash url_param(id)",
    "hash req.hdr(host),lower",
];

/// How one proxy chooses servers, what it is asked, and what happens to its servers.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) balance: &'static str,
    pub(crate) kind: &'static str,
    /// `hash-balance-factor`.
    pub(crate) factor: Option<u32>,
    pub(crate) requests: Requests,
    pub(crate) phases: &'static [Phase],
}

/// What the servers are like while all keys are asked for once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// Places of servers that are down.
    pub(crate) down: &'static [usize],
    /// Servers that have another weight than the configuration says.
    pub(crate) weights: &'static [(usize, u32)],
}

const CONFIGURED: Phase = Phase { name: "as configured", down: &[], weights: &[] };
const ONE_DOWN: Phase = Phase { name: "s2 down", down: &[1], weights: &[] };
const BACKUP: Phase = Phase { name: "only the backup up", down: &[0, 1, 2, 4], weights: &[] };
const RECOVERED: Phase = Phase { name: "recovered", down: &[], weights: &[] };
const WEIGHTS: Phase = Phase { name: "s1 weighs 40, s3 3", down: &[], weights: &[(0, 40), (2, 3)] };
const WEIGHTS_BACK: Phase = Phase { name: "weights restored", down: &[], weights: &[] };

/// A map knows no new weights while it runs, in haproxy.
const MAP_LIFE: &[Phase] = &[CONFIGURED, ONE_DOWN, BACKUP, RECOVERED];
const RING_LIFE: &[Phase] = &[CONFIGURED, ONE_DOWN, BACKUP, RECOVERED, WEIGHTS, WEIGHTS_BACK];

impl Way {
    fn new(balance: &'static str, kind: &'static str, requests: Requests) -> Way {
        Way { balance, kind, factor: None, requests, phases: &[CONFIGURED] }
    }

    /// As the record calls it.
    pub(crate) fn name(&self) -> String {
        let factor = self.factor.map(|factor| format!(", factor {factor}, {HELD} held")).unwrap_or_default();
        let keys = if self.requests == Requests::FewHeaders { ", some without a key" } else { "" };
        format!("{}, {}{factor}{keys}", self.balance, self.kind)
    }

    /// Its lines of the configuration.
    pub(crate) fn lines(&self) -> String {
        let factor = self.factor.map(|factor| format!("  hash-balance-factor {factor}\n"));
        format!("  balance {}\n  hash-type {}\n{}", self.balance, self.kind, factor.unwrap_or_default())
    }

    /// How many requests are under way all the time.
    pub(crate) fn held(&self) -> usize {
        if self.factor.is_some() { HELD } else { 0 }
    }

    /// Whether the client's address is the key, which our side takes from the connection.
    pub(crate) fn is_source(&self) -> bool {
        self.requests == Requests::Addresses
    }
}

/// Requests that the servers of a way with `hash-balance-factor` are busy with.
const HELD: usize = 60;

/// Keys in a header, over every type, through a life of the servers.
pub(crate) fn headers() -> Vec<Way> {
    let life = |kind: &str| if kind.starts_with("map") { MAP_LIFE } else { RING_LIFE };
    let way = |kind| Way { phases: life(kind), ..Way::new("hdr(x-key)", kind, Requests::Headers) };
    TYPES.map(way).to_vec()
}

/// Bounded load: servers with more than their share are passed over.
pub(crate) fn bounded() -> Vec<Way> {
    let types = TYPES.into_iter().filter(|kind| kind.starts_with("consistent"));
    let way = |kind| Way {
        phases: &[CONFIGURED, ONE_DOWN, RECOVERED],
        factor: Some(125),
        ..Way::new("hdr(x-key)", kind, Requests::Headers)
    };
    types.map(way).collect()
}

/// Requests without a key go by turns, in the table's order and around the ring, and keys between them do not
/// change whose turn it is.
pub(crate) fn some_without_a_key() -> Vec<Way> {
    let kinds = |balance| ["map-based", "consistent"].map(|kind| (balance, kind));
    let ways = ["hdr(x-key)", "hash req.hdr(x-key)"].map(kinds).concat();
    ways.into_iter().map(|(balance, kind)| Way::new(balance, kind, Requests::FewHeaders)).collect()
}

/// Every way to take a key from the target.
pub(crate) fn targets() -> Vec<Way> {
    let all = TARGETS.iter().flat_map(|balance| TYPES.map(|kind| (*balance, kind)));
    all.map(|(balance, kind)| Way::new(balance, kind, Requests::Targets)).collect()
}

/// Host names.
pub(crate) fn domains() -> Vec<Way> {
    TYPES.map(|kind| Way::new("hdr(host) use_domain_only", kind, Requests::Domains)).to_vec()
}

/// Clients' addresses of both families.
pub(crate) fn addresses() -> Vec<Way> {
    TYPES.map(|kind| Way::new("source", kind, Requests::Addresses)).to_vec()
}

/// All of them: two groups, for host names have to have a process of their own.
pub(crate) fn all() -> [Vec<Way>; 2] {
    [[headers(), bounded(), some_without_a_key(), targets(), addresses()].concat(), domains()]
}

/// What a way is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requests {
    /// A key each in a header.
    Headers,
    /// A key in one of four; others have none, or an empty one.
    FewHeaders,
    /// Keys in all parts of the target.
    Targets,
    /// Keys as host names.
    Domains,
    /// Addresses of clients, in a header.
    Addresses,
}

impl Requests {
    /// The first `count` of them.
    pub(crate) fn take(self, count: usize) -> Vec<String> {
        keys(count).into_iter().enumerate().map(|(index, key)| self.request(index, &key)).collect()
    }

    /// Requests that the servers do not answer.
    pub(crate) fn held(self, count: usize) -> Vec<String> {
        (0..count)
            .map(|index| self.request(index, &format!("held-{index}")).replace("GET /", "GET /hold"))
            .collect()
    }

    /// How many can be sent at once: haproxy does not do well with thousands.
    pub(crate) fn at_once(self) -> usize {
        if self == Requests::Domains { 1 } else { 50 }
    }

    /// Requests to be asked before it counts. What haproxy cuts out of a host name sometimes depends on what stood in
    /// its memory before: of pipelined requests, of the first ones, and after others it takes something else.
    pub(crate) fn rehearsed(self) -> usize {
        if self == Requests::Domains { 100 } else { 0 }
    }

    fn request(self, index: usize, key: &str) -> String {
        let host = key.trim_start_matches('/').replace(['/', '~'], ".");
        match (self, index % 4) {
            (Requests::FewHeaders, 1) => "GET / HTTP/1.1\r\nHost: a\r\nX-Key:\r\n\r\n".to_owned(),
            (Requests::FewHeaders, 2..) => "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            (Requests::FewHeaders | Requests::Headers, _) => {
                format!("GET / HTTP/1.1\r\nHost: a\r\nX-Key: {key}\r\n\r\n")
            }
            (Requests::Targets, 0) => format!("GET /{key}?id={index}&x=/{key} HTTP/1.1\r\nHost: a\r\n\r\n"),
            (Requests::Targets, 1) => format!("GET /x?a=b&id={key} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            (Requests::Targets, 2) => {
                format!("GET http://a/{index}//{key}?id= HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            (Requests::Targets, _) => format!("GET /{index}/{key} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            (Requests::Domains, _) => format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            (Requests::Addresses, _) => {
                format!("GET / HTTP/1.1\r\nHost: a\r\nX-Key: {}\r\n\r\n", address(index))
            }
        }
    }
}

/// Addresses near each other and far apart, of both families.
fn address(index: usize) -> std::net::IpAddr {
    let far = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    match index % 3 {
        0 => std::net::Ipv4Addr::from(0x0a00_0001 + index as u32).into(),
        1 => std::net::Ipv4Addr::from(0x1000_0000 + (far >> 36) as u32).into(),
        _ => std::net::Ipv6Addr::from((0x2001_0db8_u128 << 96) + (u128::from(far) << 20)).into(),
    }
}

/// Keys of all sorts: numbers, words, short and long, with bytes of all kinds that a request may hold.
fn keys(count: usize) -> Vec<String> {
    let mut number: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut key = |index: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match index % 5 {
            0 => index.to_string(),
            1 => format!("{:x}", number >> 16),
            2 => format!("user-{index}.example.com"),
            3 => format!("/a{}/b{index}/c.html", number >> 52),
            _ => format!("{}~{:08b}", index, number >> 56),
        }
    };
    (0..count).map(&mut key).collect()
}
