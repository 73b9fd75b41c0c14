//! How connections fail and how they are closed: words that the shell and every machine share.

/// Why a connection could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// No route, or the network said that the host is away.
    Unreachable,
    /// The peer refused.
    Refused,
    /// The peer reset it before we knew of it.
    Reset,
    /// The system has no descriptor, port or memory left.
    Resources,
    /// The system gave up waiting.
    TimedOut,
    /// Anything else.
    Other,
}

/// Why an open connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostReason {
    /// Reset by the peer.
    Reset,
    /// Written to after the peer had closed.
    BrokenPipe,
    /// Anything else.
    Other,
}

/// Who speaks first on a connection that is being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstWord {
    /// Perhaps the peer.
    Either,
    /// We do, as soon as the connection is there: the packet that completes it may wait for our bytes.
    Ours,
}

/// How to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseHow {
    /// By FIN; unread input is drained first so that the peer gets what was sent.
    Graceful,
    /// By RST.
    Reset,
}
