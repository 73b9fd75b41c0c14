//! Persistence settings (configuration manual 4.2, `cookie`, `capture cookie`).

use std::time::Duration;

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

/// `capture cookie`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieCapture {
    /// How `name=value` must begin.
    pub prefix: String,
    /// Most bytes kept.
    pub len: usize,
}
