//! What the driver asks of a network, so that production and a simulated network run the very same loop.
//!
//! Everything here is polled and nothing blocks. The contract of wakers is tokio's: whoever returns
//! `Pending` has stored the waker and wakes it once the call is worth repeating.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use evenkeel_core::base::address::Address;
use evenkeel_core::base::program::Program;
use evenkeel_core::base::socket::FirstWord;
use evenkeel_core::base::time::Now;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

pub use crate::programs::Running;

/// A network: opens connections and tells the time.
pub trait Net {
    /// Its connections.
    type Stream: Stream;
    /// Its listening sockets.
    type Listener: Listener<Stream = Self::Stream>;

    /// Starts to open a connection and returns at once; [`Stream::poll_connected`] says how it went.
    fn connect(
        &self,
        to: &Address,
        from: Option<SocketAddr>,
        first_word: FirstWord,
    ) -> io::Result<Self::Stream>;

    /// Closes a connection by RST instead of FIN.
    fn abort(&self, stream: Self::Stream);

    /// Starts a program and returns at once. What is returned ends when the program does; `stopped` ends the
    /// program.
    fn run(&self, program: &Program, stopped: oneshot::Receiver<()>) -> Running;

    /// The present.
    fn now(&self) -> Now;
}

/// One connection.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// Waits until a connection made by [`Net::connect`] is there. Not called after it said so once.
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Writes bytes behind which the stream is shut at once: they may be held back until then.
    fn poll_write_last(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self).poll_write(cx, bytes)
    }

    /// Our end.
    fn local_address(&self) -> Option<Address>;
}

/// One listening socket.
pub trait Listener {
    /// What it gives.
    type Stream;

    /// Waits for the next connection.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted<Self::Stream>>>;
}

/// A connection that a listener gave.
#[derive(Debug)]
pub struct Accepted<S> {
    /// The connection.
    pub stream: S,
    /// The client's address.
    pub peer: Address,
    /// The address it connected to.
    pub local: Address,
}
