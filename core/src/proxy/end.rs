//! How an exchange ended: who, in which phase, why. HAProxy's letters are made from it here alone.

use crate::sample::Ending;

/// Who ended an exchange early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The server comes back that a backup stood in for (`on-marked-up`).
    Active,
    /// The client went away or was silent.
    Client,
    /// The server's health (`on-marked-down`).
    Down,
    /// The proxy refused: a rule, an invalid request or response.
    Proxy,
    /// The server went away, refused or was silent.
    Server,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It closed, refused or broke the rules.
    Failed,
    /// Time ran out.
    TimedOut,
}

/// Where the exchange stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The request's head.
    Request,
    /// Waiting for a server's slot.
    Queue,
    /// Connecting.
    Connect,
    /// The response's head.
    Headers,
    /// Bodies and tunnels.
    Data,
    /// The response's end, nothing left to read.
    Last,
    /// Nothing is said of it.
    Unsaid,
}

/// The one end of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All was delivered.
    Normal,
    /// It ended early.
    Early {
        /// Who.
        by: By,
        /// Where.
        phase: Phase,
        /// Why.
        why: Why,
    },
}

impl End {
    /// An early end.
    pub(super) const fn early(by: By, phase: Phase, why: Why) -> End {
        End::Early { by, phase, why }
    }

    /// The termination state of logs (configuration manual 8.5).
    pub fn ending(self) -> Ending {
        let End::Early { by, phase, why } = self else {
            return Ending { letters: *b"----" };
        };
        let first = match (by, why) {
            (By::Active, _) => b'U',
            (By::Client, Why::Failed) => b'C',
            (By::Client, Why::TimedOut) => b'c',
            (By::Down, _) => b'D',
            (By::Proxy, _) => b'P',
            (By::Server, Why::Failed) => b'S',
            (By::Server, Why::TimedOut) => b's',
        };
        let second = match phase {
            Phase::Request => b'R',
            Phase::Queue => b'Q',
            Phase::Connect => b'C',
            Phase::Headers => b'H',
            Phase::Data => b'D',
            Phase::Last => b'L',
            Phase::Unsaid => b'-',
        };
        Ending { letters: [first, second, b'-', b'-'] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_tell_who_where_and_why() {
        let silent = End::early(By::Server, Phase::Headers, Why::TimedOut);
        let refused = End::early(By::Server, Phase::Connect, Why::Failed);

        assert_eq!(&silent.ending().letters, b"sH--");
        assert_eq!(&refused.ending().letters, b"SC--");
        assert_eq!(&End::Normal.ending().letters, b"----");
    }
}
