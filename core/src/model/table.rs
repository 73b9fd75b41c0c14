//! Stick tables and the rules that fill and ask them (configuration manual 4.2, `stick-table`, `stick`).

use std::time::Duration;

use crate::acl::Condition;
use crate::base::ids::TableId;
use crate::sample::Sample;

/// What the keys of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// Blocks of so many bytes.
    Binary(usize),
    /// Numbers of 32 bits.
    Integer,
    /// IPv4 addresses.
    Ipv4,
    /// IPv6 addresses.
    Ipv6,
    /// Text of at most so many bytes.
    Text(usize),
}

/// `srvkey`: what of a server an entry remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKey {
    /// Its address and port.
    Address,
    /// Its `id`.
    Id,
}

/// `stick-table`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StickTable {
    /// The section's name.
    pub name: String,
    /// `type`.
    pub keys: KeyType,
    /// `size`: most entries.
    pub size: usize,
    /// `expire`: how long an entry is kept unused.
    pub expire: Option<Duration>,
    /// `nopurge`: a full table takes no new entries.
    pub nopurge: bool,
    /// `srvkey`.
    pub server_key: ServerKey,
}

/// What a stick rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StickAction {
    /// Asks for the server of a key.
    Match,
    /// Both of a request's key, unless a rule before has a key for the same table.
    On,
    /// Remembers the server of a request's key.
    StoreRequest,
    /// Remembers the server of a response's key.
    StoreResponse,
}

/// One `stick` rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StickRule {
    /// What it does.
    pub action: StickAction,
    /// The key.
    pub key: Sample,
    /// The table.
    pub table: TableId,
    /// When; always if there is none.
    pub condition: Option<Condition>,
}
