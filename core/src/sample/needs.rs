//! What a fetch needs, and what each place of a configuration offers.

use std::ops::BitOr;

/// A set of facts about an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Needs(u16);

impl Needs {
    /// Nothing that is not always there.
    pub const NONE: Needs = Needs(0);
    /// The client's connection.
    pub const CLIENT: Needs = Needs(1);
    /// The request's head.
    pub const REQUEST: Needs = Needs(2);
    /// The response's head.
    pub const RESPONSE: Needs = Needs(4);
    /// The head that is being looked at, whichever it is (`hdr`).
    pub const HEAD: Needs = Needs(8);
    /// The chosen server and the status: known once there is a response.
    pub const SERVER: Needs = Needs(16);
    /// What the client sent, of whatever protocol, while it waits here.
    pub const CONTENT: Needs = Needs(32);
    /// Backends and servers at this moment, which conditions alone see.
    pub const FARM: Needs = Needs(64);

    /// What a server answered to a check: its bytes, or the body of an HTTP response.
    pub const ANSWER: Needs = Needs(64);
    /// Variables that steps of a check set.
    pub const VARIABLES: Needs = Needs(128);

    /// What rules offer that look at the first bytes of a TCP client.
    pub const AT_CONTENT: Needs = Needs(1 | 32);
    /// What `http-request` rules offer; a request is content too.
    pub const AT_REQUEST: Needs = Needs(1 | 2 | 8 | 32);
    /// What `http-response` and `http-after-response` rules offer.
    pub const AT_RESPONSE: Needs = Needs(1 | 4 | 8 | 16);
    /// What a log line offers: heads are gone by then; captures are there.
    pub const AT_LOG: Needs = Needs(1 | 16);

    /// What the steps of a check offer.
    pub const AT_CHECK: Needs = Needs(4 | 16 | 64 | 128);

    /// Whether all of `other` is in this set.
    pub const fn covers(self, other: Needs) -> bool {
        self.0 & other.0 == other.0
    }

    /// What of `other` is missing here, in words; `None` when nothing is.
    pub fn missing(self, other: Needs) -> Option<&'static str> {
        let named = [
            (Needs::CLIENT, "the client's connection"),
            (Needs::REQUEST, "HTTP request headers"),
            (Needs::RESPONSE, "HTTP response headers"),
            (Needs::HEAD, "HTTP headers"),
            (Needs::SERVER, "the server's answer"),
            (Needs::CONTENT, "what the client sent"),
            (Needs::FARM, "the state of backends and servers"),
            (Needs::ANSWER, "the answer to a check"),
            (Needs::VARIABLES, "a check's variables"),
        ];
        let lacks = |need: &Needs| other.covers(*need) && !self.covers(*need);
        named.iter().find(|(need, _)| lacks(need)).map(|(_, text)| *text)
    }
}

impl BitOr for Needs {
    type Output = Needs;

    fn bitor(self, other: Needs) -> Needs {
        Needs(self.0 | other.0)
    }
}
