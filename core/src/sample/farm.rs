//! Backends and their servers at this moment, as fetches ask for them: whoever holds their machines answers.

use std::fmt::Debug;

/// Who answers. Asking takes no longer than one look at the backend.
pub trait Farm: Debug {
    /// A backend as a whole.
    fn backend(&self, name: &str) -> Option<BackendView>;
    /// Places that a backend's servers still have: connections alone, and with their queues. `None` within is no
    /// limit. Looks at each server.
    fn room(&self, name: &str) -> Option<[Option<u64>; 2]>;
    /// A server.
    fn server(&self, backend: &str, server: &str) -> Option<ServerView>;
}

/// What is asked about a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackendView {
    /// Servers that take traffic now; of backups those in use.
    pub usable: u32,
    /// Streams that wait, for any server or for one.
    pub queued: u32,
    /// Streams.
    pub streams: u32,
}

/// What is asked about a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerView {
    /// Whether it is up, or not checked, and not in maintenance.
    pub up: bool,
    /// Connections in use.
    pub connections: u32,
    /// Connections that it still has; `None` is no limit.
    pub free: Option<u32>,
    /// Streams that wait for it.
    pub queued: u32,
    /// Its weight now.
    pub weight: u32,
    /// Its weight as configured.
    pub initial_weight: u32,
}
