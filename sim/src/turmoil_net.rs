//! The simulated network: turmoil's sockets behind the driver's [`Net`], so that simulations run the very
//! loop that production runs.
//!
//! turmoil connects and accepts by futures; they are kept between polls. It knows no RST on request, so an
//! abort is a drop: turmoil then resets a peer that has unread bytes on their way.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use evenkeel_core::base::address::Address;
use evenkeel_core::base::program::{Exit, Program};
use evenkeel_core::base::socket::FirstWord;
use evenkeel_core::base::time::{Now, Time, Wall};
use evenkeel_io::net::{Accepted, Listener, Net, Running, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use turmoil::net::{TcpListener, TcpStream};

/// The network of one turmoil host. Use it inside that host.
#[derive(Clone, Copy, Debug, Default)]
pub struct TurmoilNet;

impl Net for TurmoilNet {
    type Stream = TurmoilStream;
    type Listener = TurmoilListener;

    fn connect(&self, to: &Address, _: Option<SocketAddr>, _: FirstWord) -> io::Result<TurmoilStream> {
        let Address::Ip(to) = *to else { return Err(io::ErrorKind::Unsupported.into()) };
        Ok(TurmoilStream { state: State::Connecting(Box::pin(TcpStream::connect(to))) })
    }

    fn abort(&self, _: TurmoilStream) {}

    /// Programs find all servers well.
    fn run(&self, _: &Program, _: oneshot::Receiver<()>) -> Running {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(3)).await;
            Exit::Code(0)
        })
    }

    fn now(&self) -> Now {
        let elapsed = turmoil::sim_elapsed().unwrap_or_default();
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        Now { time: Time::from_nanos(nanos), wall: Wall { unix_nanos: nanos, offset_seconds: 0 } }
    }
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>;

/// One connection, or the attempt at one.
pub struct TurmoilStream {
    state: State,
}

enum State {
    Connecting(Connecting),
    Open(TcpStream),
}

impl TurmoilStream {
    fn open(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        match &mut self.state {
            State::Connecting(_) => Err(io::ErrorKind::NotConnected.into()),
            State::Open(stream) => Ok(Pin::new(stream)),
        }
    }
}

impl Stream for TurmoilStream {
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let State::Connecting(attempt) = &mut self.state {
            let stream = ready!(attempt.as_mut().poll(cx))?;
            self.state = State::Open(stream);
        }
        Poll::Ready(Ok(()))
    }

    fn local_address(&self) -> Option<Address> {
        match &self.state {
            State::Connecting(_) => None,
            State::Open(stream) => stream.local_addr().ok().map(Address::Ip),
        }
    }
}

impl AsyncRead for TurmoilStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.open()?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for TurmoilStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.open()?.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.open()?.poll_shutdown(cx)
    }
}

type Accepting = Pin<Box<dyn Future<Output = io::Result<(TcpStream, SocketAddr)>>>>;

/// One listening socket.
pub struct TurmoilListener {
    socket: Rc<TcpListener>,
    accepting: Option<Accepting>,
}

impl TurmoilListener {
    /// Takes a bound socket.
    pub fn new(socket: TcpListener) -> TurmoilListener {
        TurmoilListener { socket: Rc::new(socket), accepting: None }
    }
}

impl Listener for TurmoilListener {
    type Stream = TurmoilStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted<TurmoilStream>>> {
        let socket = &self.socket;
        let accepting = self.accepting.get_or_insert_with(|| {
            let socket = Rc::clone(socket);
            Box::pin(async move { socket.accept().await })
        });
        let accepted = ready!(accepting.as_mut().poll(cx));
        self.accepting = None;
        let (stream, peer) = accepted?;
        let local = Address::Ip(stream.local_addr()?);
        Poll::Ready(Ok(Accepted {
            stream: TurmoilStream { state: State::Open(stream) },
            peer: Address::Ip(peer),
            local,
        }))
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_io::probe;

    use super::*;

    /// Runs one probe of the driver's needs on a simulated host.
    macro_rules! probe {
        ($name:ident) => {
            #[test]
            fn $name() {
                let mut sim = turmoil::Builder::new().rng_seed(1).build();
                sim.client("host", async {
                    let socket = TcpListener::bind("0.0.0.0:80").await?;
                    let at = Address::Ip("127.0.0.1:80".parse()?);
                    let mut listener = TurmoilListener::new(socket);
                    probe::$name(&TurmoilNet, &mut listener, &at).await;
                    Ok(())
                });
                sim.run().expect("the probe ends");
            }
        };
    }

    probe!(names_both_ends);
    probe!(half_closes);
    probe!(pushes_back);

    #[test]
    fn refuses_where_nobody_listens() {
        let mut sim = turmoil::Builder::new().rng_seed(1).build();
        sim.client("host", async {
            let nobody = Address::Ip("127.0.0.1:81".parse()?);
            probe::refuses_where_nobody_listens(&TurmoilNet, &nobody).await;
            Ok(())
        });
        sim.run().expect("the probe ends");
    }
}
