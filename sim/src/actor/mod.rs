//! Who talks to the proxy: clients and servers that follow a plan, good and hostile. Each is stepped whenever
//! something may have changed for it, looks at its connection, and does what there is to do.

pub mod client;
pub mod http;
pub mod misbehave;
pub mod outbox;
pub mod program;
pub mod server;

use evenkeel_core::base::time::Time;

use crate::network::{Network, WireId};
use crate::record::Record;
use crate::scenario::Scenario;

/// One request of one client: what its target and the answer's `x-id` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId {
    /// The client.
    pub client: usize,
    /// Its position among the client's requests.
    pub index: usize,
}

impl RequestId {
    /// Reads `CLIENT/INDEX`, with or without a slash in front.
    pub fn parse(text: &str) -> Option<RequestId> {
        let (client, index) = text.strip_prefix('/').unwrap_or(text).split_once('/')?;
        Some(RequestId { client: client.parse().ok()?, index: index.parse().ok()? })
    }

    /// The body of the request.
    pub fn body(self) -> u32 {
        (self.client as u32 * 64 + self.index as u32) * 2
    }

    /// The body of the answer.
    pub fn answer_body(self) -> u32 {
        self.body() + 1
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.client, self.index)
    }
}

/// Whose turn a timer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A client.
    Client(usize),
    /// A connection of a server.
    Server(usize, WireId),
}

/// What an actor acts upon.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The present.
    pub now: Time,
    /// The network.
    pub network: &'a mut Network,
    /// Who watches.
    pub record: &'a mut Record,
    /// Who wants to be stepped when.
    pub timers: &'a mut Vec<(Time, Actor)>,
    /// The plan of the run.
    pub scenario: &'a Scenario,
}
