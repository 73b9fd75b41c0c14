//! Agent checks (configuration manual 5.2, `agent-check`).

use std::time::Duration;

use bytes::Bytes;

use crate::base::address::Address;

/// `agent-check` of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// `agent-addr` and `agent-port`: where it is asked.
    pub address: Address,
    /// `agent-inter` (default 2 s).
    pub inter: Duration,
    /// `agent-send`: what it is sent first; nothing if empty.
    pub send: Bytes,
}
