//! Persistence settings (configuration manual 4.2, `cookie`, `capture cookie`).

use std::net::IpAddr;
use std::time::Duration;

use crate::base::address::Address;
use crate::base::xxh64::xxh64;

/// Who writes the cookie that names a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieMode {
    /// We, in responses to clients that have none.
    Insert,
    /// The application; we put the server's name before its value.
    Prefix,
    /// The application; we replace its value by the server's name.
    Rewrite,
}

/// `cookie`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name; case matters.
    pub name: String,
    /// `insert`, `prefix` or `rewrite`; without any, the cookie only leads to servers.
    pub mode: Option<CookieMode>,
    /// `indirect`: servers do not see it, and clients that have it get no other.
    pub indirect: bool,
    /// `nocache`: answers that get a cookie are made private.
    pub nocache: bool,
    /// `postonly`: only answers to POST get a cookie.
    pub postonly: bool,
    /// `dynamic`: servers without a value of their own have one made of their addresses.
    pub dynamic: bool,
    /// `preserve`: a cookie that the server sets is left alone.
    pub preserve: bool,
    /// `maxidle`.
    pub max_idle: Option<Duration>,
    /// `maxlife`.
    pub max_life: Option<Duration>,
    /// What follows the path: `; domain=..`, `; HttpOnly`, `; Secure` and each `attr`.
    pub attributes: String,
}

impl Cookie {
    /// Whether logs tell what became of it.
    pub fn is_shown(&self) -> bool {
        self.mode.is_some() || self.indirect
    }

    /// Whether its value carries dates.
    pub fn is_dated(&self) -> bool {
        self.mode == Some(CookieMode::Insert) && (self.max_idle.is_some() || self.max_life.is_some())
    }
}

/// The value of a server's dynamic cookie: a hash of the secret, the address and the port, the highest bytes
/// first. A server on a Unix socket has none.
pub fn dynamic_cookie(secret: &str, address: &Address) -> Option<String> {
    let address = address.ip()?;
    let mut bytes = secret.as_bytes().to_vec();
    match address.ip() {
        IpAddr::V4(ip) => bytes.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => bytes.extend_from_slice(&ip.octets()),
    }
    bytes.extend_from_slice(&u32::from(address.port()).to_be_bytes());
    Some(format!("{:016x}", xxh64(&bytes)))
}

/// `capture cookie`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieCapture {
    /// How `name=value` must begin.
    pub prefix: String,
    /// Most bytes kept.
    pub len: usize,
}
