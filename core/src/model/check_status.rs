//! The codes of check results (management guide, `check_status`), and HAProxy's words for them.

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStatus {
    /// The check could not be made: no socket, no port.
    SocketError,
    /// The connection was enough.
    Layer4Ok,
    /// No connection in time.
    Layer4Timeout,
    /// No connection.
    Layer4Connection,
    /// The session below the protocol was enough, such as a TLS hello.
    Layer6Ok,
    /// No session in time.
    Layer6Timeout,
    /// What came is no session.
    Layer6Response,
    /// The answer is as expected.
    Layer7Ok,
    /// The answer is good enough for what the server has, not for anything new.
    Layer7Conditional,
    /// No answer in time.
    Layer7Timeout,
    /// The answer is not to be understood, or is not as expected.
    Layer7Response,
    /// The answer tells of a failure, such as an HTTP status.
    Layer7Status,
    /// A program could not be run, or told of a failure.
    ProcessError,
    /// A program did not end in time.
    ProcessTimeout,
    /// A program told that all is well.
    ProcessOk,
    /// Traffic told of too many errors (`observe`).
    HealthAnalyzed,
}

impl CheckStatus {
    /// The short code, as in statistics.
    pub const fn code(self) -> &'static str {
        match self {
            CheckStatus::SocketError => "SOCKERR",
            CheckStatus::Layer4Ok => "L4OK",
            CheckStatus::Layer4Timeout => "L4TOUT",
            CheckStatus::Layer4Connection => "L4CON",
            CheckStatus::Layer6Ok => "L6OK",
            CheckStatus::Layer6Timeout => "L6TOUT",
            CheckStatus::Layer6Response => "L6RSP",
            CheckStatus::Layer7Ok => "L7OK",
            CheckStatus::Layer7Conditional => "L7OKC",
            CheckStatus::Layer7Timeout => "L7TOUT",
            CheckStatus::Layer7Response => "L7RSP",
            CheckStatus::Layer7Status => "L7STS",
            CheckStatus::ProcessError => "PROCERR",
            CheckStatus::ProcessTimeout => "PROCTOUT",
            CheckStatus::ProcessOk => "PROCOK",
            CheckStatus::HealthAnalyzed => "HANA",
        }
    }

    /// What logs say.
    pub const fn text(self) -> &'static str {
        match self {
            CheckStatus::SocketError => "Socket error",
            CheckStatus::Layer4Ok => "Layer4 check passed",
            CheckStatus::Layer4Timeout => "Layer4 timeout",
            CheckStatus::Layer4Connection => "Layer4 connection problem",
            CheckStatus::Layer6Ok => "Layer6 check passed",
            CheckStatus::Layer6Timeout => "Layer6 timeout",
            CheckStatus::Layer6Response => "Layer6 invalid response",
            CheckStatus::Layer7Ok => "Layer7 check passed",
            CheckStatus::Layer7Conditional => "Layer7 check conditionally passed",
            CheckStatus::Layer7Timeout => "Layer7 timeout",
            CheckStatus::Layer7Response => "Layer7 invalid response",
            CheckStatus::Layer7Status => "Layer7 wrong status",
            CheckStatus::ProcessError => "External check error",
            CheckStatus::ProcessTimeout => "External check timeout",
            CheckStatus::ProcessOk => "External check passed",
            CheckStatus::HealthAnalyzed => "Health analyze",
        }
    }

    /// Whether logs name the code received.
    pub const fn has_code(self) -> bool {
        matches!(self, CheckStatus::Layer7Ok | CheckStatus::Layer7Conditional | CheckStatus::Layer7Status)
            || matches!(
                self,
                CheckStatus::ProcessError | CheckStatus::ProcessTimeout | CheckStatus::ProcessOk
            )
    }

    /// Whether the server did well, perhaps only on condition.
    pub const fn passes(self) -> bool {
        match self {
            CheckStatus::Layer4Ok
            | CheckStatus::Layer6Ok
            | CheckStatus::Layer7Ok
            | CheckStatus::Layer7Conditional
            | CheckStatus::ProcessOk => true,
            CheckStatus::SocketError
            | CheckStatus::Layer4Timeout
            | CheckStatus::Layer4Connection
            | CheckStatus::Layer6Timeout
            | CheckStatus::Layer6Response
            | CheckStatus::Layer7Timeout
            | CheckStatus::Layer7Response
            | CheckStatus::Layer7Status
            | CheckStatus::ProcessError
            | CheckStatus::ProcessTimeout
            | CheckStatus::HealthAnalyzed => false,
        }
    }
}
