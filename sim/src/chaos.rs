//! A network that takes every liberty the contract leaves: reads and writes are cut short, calls have to be
//! repeated, and connections are accepted late. Put over any [`Net`], from a seed.
//!
//! turmoil keeps the boundaries of writes and takes any write whole, which no real network does; without
//! this wrapper a simulation would never see half a head.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use evenkeel_core::base::address::Address;
use evenkeel_core::base::program::Program;
use evenkeel_core::base::random::Rng;
use evenkeel_core::base::socket::FirstWord;
use evenkeel_core::base::time::Now;
use evenkeel_io::net::{Accepted, Listener, Net, Running, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// Most bytes of a read or write that is cut short.
const SHORT_MAX: u64 = 64;

/// Chance, shared by all connections of one network.
#[derive(Clone, Debug)]
struct Dice {
    rng: Rc<RefCell<Rng>>,
    percent: u64,
}

impl Dice {
    /// Whether trouble strikes now.
    fn strike(&self) -> bool {
        self.rng.borrow_mut().chance(self.percent, 100)
    }

    /// Has the call repeated, for no reason.
    fn again<T>(&self, cx: &Context<'_>) -> Poll<T> {
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// How many of `length` bytes pass now: at least one.
    fn share(&self, length: usize) -> usize {
        if length < 2 || !self.strike() {
            return length;
        }
        let most = (length as u64 - 1).min(SHORT_MAX);
        1 + self.rng.borrow_mut().below(most) as usize
    }
}

/// The wrapper around a network.
#[derive(Clone, Debug)]
pub struct ChaosNet<N> {
    net: N,
    dice: Dice,
}

impl<N> ChaosNet<N> {
    /// Trouble in so many per cent of calls.
    pub fn new(net: N, rng: Rng, percent: u64) -> ChaosNet<N> {
        ChaosNet { net, dice: Dice { rng: Rc::new(RefCell::new(rng)), percent } }
    }

    /// Wraps a listening socket of the network inside.
    pub fn listener<L>(&self, inner: L) -> ChaosListener<L> {
        ChaosListener { inner, dice: self.dice.clone() }
    }
}

impl<N: Net> Net for ChaosNet<N> {
    type Stream = ChaosStream<N::Stream>;
    type Listener = ChaosListener<N::Listener>;

    fn connect(
        &self,
        to: &Address,
        from: Option<SocketAddr>,
        first_word: FirstWord,
    ) -> io::Result<Self::Stream> {
        let inner = self.net.connect(to, from, first_word)?;
        Ok(ChaosStream { inner, dice: self.dice.clone() })
    }

    fn abort(&self, stream: Self::Stream) {
        self.net.abort(stream.inner);
    }

    fn run(&self, program: &Program, stopped: oneshot::Receiver<()>) -> Running {
        self.net.run(program, stopped)
    }

    fn now(&self) -> Now {
        self.net.now()
    }
}

/// A connection.
#[derive(Debug)]
pub struct ChaosStream<S> {
    inner: S,
    dice: Dice,
}

impl<S: Stream> Stream for ChaosStream<S> {
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.dice.strike() {
            return self.dice.again(cx);
        }
        self.inner.poll_connected(cx)
    }

    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ChaosStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.dice.strike() {
            return self.dice.again(cx);
        }
        // A buffer of its own: the part of the caller's could not be advanced without unsafe code.
        let mut bytes = vec![0; self.dice.share(buffer.remaining())];
        let mut part = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut part))?;
        buffer.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ChaosStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.dice.strike() {
            return self.dice.again(cx);
        }
        let share = self.dice.share(bytes.len());
        Pin::new(&mut self.inner).poll_write(cx, &bytes[..share])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// A listening socket.
#[derive(Debug)]
pub struct ChaosListener<L> {
    inner: L,
    dice: Dice,
}

impl<L: Listener> Listener for ChaosListener<L> {
    type Stream = ChaosStream<L::Stream>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted<Self::Stream>>> {
        if self.dice.strike() {
            return self.dice.again(cx);
        }
        let Accepted { stream, peer, local } = ready!(self.inner.poll_accept(cx))?;
        let stream = ChaosStream { inner: stream, dice: self.dice.clone() };
        Poll::Ready(Ok(Accepted { stream, peer, local }))
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::base::random::Seed;
    use evenkeel_io::clock::Clock;
    use evenkeel_io::probe;
    use evenkeel_io::tokio_net::{TokioListener, TokioNet};
    use turmoil::net::TcpListener;

    use super::*;
    use crate::turmoil_net::{TurmoilListener, TurmoilNet};

    /// Runs one probe of the driver's needs, over the simulated network and over the system's.
    macro_rules! probe {
        ($name:ident, $simulated:ident, $real:ident) => {
            #[test]
            fn $simulated() {
                let mut sim = turmoil::Builder::new().rng_seed(1).build();
                sim.client("host", async {
                    let net = ChaosNet::new(TurmoilNet, Seed(1).stream("chaos"), 40);
                    let socket = TcpListener::bind("0.0.0.0:80").await?;
                    let at = Address::Ip("127.0.0.1:80".parse()?);
                    let mut listener = net.listener(TurmoilListener::new(socket));
                    probe::$name(&net, &mut listener, &at).await;
                    Ok(())
                });
                sim.run().expect("the probe ends");
            }

            #[test]
            fn $real() {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(async {
                    let net = ChaosNet::new(TokioNet::new(Clock::start()), Seed(2).stream("chaos"), 40);
                    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
                    let at = Address::Ip(socket.local_addr().expect("bound"));
                    let listener = TokioListener::new(socket.into()).expect("a listener");
                    probe::$name(&net, &mut net.listener(listener), &at).await;
                });
            }
        };
    }

    probe!(names_both_ends, both_ends_in_simulation, both_ends_in_the_system);
    probe!(half_closes, half_closes_in_simulation, half_closes_in_the_system);
    probe!(pushes_back, pushes_back_in_simulation, pushes_back_in_the_system);
}
