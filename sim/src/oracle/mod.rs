//! What must always hold: one property per file, each fed with everything that anybody sees, step by step.

mod bytes;
mod conservation;
mod contract;
mod limits;
pub mod liveness;
pub mod lives;
mod logs;

use evenkeel_core::base::ids::{ConnId, WorkerId};
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::{Input, Output};

use crate::actor::RequestId;
use crate::network::WireId;
use crate::scenario::Scenario;

/// How a client's connection ended, as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It gave up, as planned.
    Aborted,
    /// The proxy closed between two answers, or at the end of one that ends so.
    Closed,
    /// It got everything and left.
    Content,
    /// The proxy closed in the middle of an answer.
    CutShort,
    /// It was never let in.
    Refused,
    /// Reset.
    Reset,
}

/// Something that somebody sees.
#[derive(Clone, Debug)]
pub enum Sight<'a> {
    /// A worker takes news.
    Input {
        /// Which.
        worker: WorkerId,
        /// What.
        input: &'a Input,
    },
    /// A worker gives an order.
    Output {
        /// Which.
        worker: WorkerId,
        /// What.
        output: &'a Output,
    },
    /// A worker took a timeout and gave all its orders.
    Drained {
        /// Which.
        worker: WorkerId,
        /// When it wants the next timeout.
        next: Time,
    },
    /// A worker's connect began.
    Connecting {
        /// Which worker.
        worker: WorkerId,
        /// Its name for the connection.
        conn: ConnId,
        /// The connection.
        wire: WireId,
        /// To which server.
        server: usize,
        /// For a health check.
        health: bool,
    },
    /// A client handed a whole request to the network.
    Asked {
        /// Which.
        id: RequestId,
    },
    /// A client got an interim answer.
    Interim {
        /// Which client.
        client: usize,
        /// Its status.
        status: u16,
    },
    /// A client got the head of a final answer.
    Answer {
        /// Which client.
        client: usize,
        /// How many answers it got before.
        position: usize,
        /// Its status.
        status: u16,
        /// The request that a server answers with it; none for an answer of the proxy's own.
        id: Option<RequestId>,
    },
    /// A client got bytes of a server's answer.
    AnswerBody {
        /// To which request.
        id: RequestId,
        /// Where they stand.
        offset: u64,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// A client got the end of an answer.
    Answered {
        /// Which client.
        client: usize,
        /// To which request, if a server's.
        id: Option<RequestId>,
        /// Its status.
        status: u16,
        /// Bytes of its body.
        length: u64,
        /// The end was that of the connection.
        by_close: bool,
    },
    /// A client's connection is over.
    Gone {
        /// Which client.
        client: usize,
        /// How.
        gone: Gone,
    },
    /// A server got the head of a request.
    Arrived {
        /// Which request.
        id: RequestId,
        /// Which server.
        server: usize,
        /// Over which connection.
        wire: WireId,
    },
    /// A server got bytes of a request.
    RequestBody {
        /// Which request.
        id: RequestId,
        /// Where they stand.
        offset: u64,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// A server got a whole request.
    Whole {
        /// Which.
        id: RequestId,
        /// Bytes of its body.
        length: u64,
    },
    /// A server handed all that it wants to say to the network.
    AnswerSent {
        /// To which request.
        id: RequestId,
        /// Over which connection.
        wire: WireId,
        /// It is a whole answer.
        complete: bool,
    },
}

/// A property that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Whose property, by the name of its file.
    pub oracle: &'static str,
    /// When.
    pub at: Time,
    /// What happened.
    pub what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {:?}: {}", self.oracle, self.at, self.what)
    }
}

/// All oracles that watch step by step.
#[derive(Debug)]
pub struct Oracles {
    bytes: bytes::Bodies,
    conservation: conservation::Conservation,
    contract: contract::Contract,
    limits: limits::Limits,
    logs: logs::Logs,
}

impl Oracles {
    /// Oracles that have seen nothing.
    pub fn new(scenario: &Scenario) -> Oracles {
        Oracles {
            bytes: bytes::Bodies::new(scenario),
            conservation: conservation::Conservation::new(scenario),
            contract: contract::Contract::new(scenario),
            limits: limits::Limits::new(scenario),
            logs: logs::Logs::new(scenario),
        }
    }

    /// Shows them something.
    pub fn see(&mut self, at: Time, sight: &Sight<'_>) -> Result<(), Violation> {
        let named = |oracle| move |what| Violation { oracle, at, what };
        self.contract.see(at, sight).map_err(named("contract"))?;
        self.bytes.see(sight).map_err(named("bytes"))?;
        self.conservation.see(sight).map_err(named("conservation"))?;
        self.limits.see(sight).map_err(named("limits"))?;
        self.logs.see(sight).map_err(named("logs"))
    }

    /// Asks what can be said only when everything is over.
    pub fn finish(&mut self, at: Time) -> Result<(), Violation> {
        let named = |oracle| move |what| Violation { oracle, at, what };
        self.conservation.finish().map_err(named("conservation"))?;
        self.contract.finish().map_err(named("contract"))?;
        self.logs.finish().map_err(named("logs"))
    }
}

#[cfg(test)]
mod tests;
