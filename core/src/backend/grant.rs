//! A slot given to a stream that waited for it.

use crate::base::ids::{BackendId, ServerId, StreamId, WorkerId};

/// A stream of some worker, as a backend's queue knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Waiter {
    /// The worker that owns the stream.
    pub worker: WorkerId,
    /// The stream.
    pub stream: StreamId,
}

/// A slot of `server` that belongs to `waiter` from now on; whoever cannot use it gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Backend.
    pub backend: BackendId,
    /// Server within it.
    pub server: ServerId,
    /// The stream.
    pub waiter: Waiter,
    /// How many left the same queue with a slot since this one joined, itself included: what logs show.
    pub position: u32,
}
