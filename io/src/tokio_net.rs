//! The production network: TCP and Unix stream sockets under tokio.
//!
//! Reading and writing go through tokio's readiness: a short read or write clears it, so no call ends in
//! `EAGAIN`. A fresh outgoing connection is the exception: tokio knows nothing about it yet, but over
//! loopback and fast networks it is there at once, so its state is asked and its first write is tried
//! without waiting for the poller. Sockets of connections that we opened and reset serve again (`spares`).

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use evenkeel_core::base::address::Address;
use evenkeel_core::base::program::Program;
use evenkeel_core::base::socket::FirstWord;
use evenkeel_core::base::time::Now;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::IpBindAddressNoPort;
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::net::{Accepted, Listener, Net, Running, Stream};
use crate::programs;
use crate::spares::{Spare, Spares, reset};

/// Bytes that one packet takes on any usual path. Longer first writes may leave a short packet behind full ones.
const ONE_PACKET: usize = 1_200;

/// The system's network. Made and used inside a tokio runtime.
#[derive(Debug)]
pub struct TokioNet {
    clock: Clock,
    spares: RefCell<Spares>,
}

impl TokioNet {
    /// The network with the clock that all workers share.
    pub fn new(clock: Clock) -> TokioNet {
        TokioNet { clock, spares: RefCell::default() }
    }
}

impl Net for TokioNet {
    type Stream = TokioStream;
    type Listener = TokioListener;

    fn connect(
        &self,
        to: &Address,
        from: Option<SocketAddr>,
        first_word: FirstWord,
    ) -> io::Result<TokioStream> {
        match to {
            Address::Ip(to) => self.connect_tcp(*to, from, first_word),
            Address::Unix(path) => connect_unix(path),
        }
    }

    fn abort(&self, stream: TokioStream) {
        match (stream.socket, stream.spare) {
            (Transport::Tcp(socket), Some(domain)) => {
                // Leaves the poller, for which the end of a connection is the end of its socket.
                let Ok(socket) = socket.into_std() else { return };
                let spare = Spare { socket: socket.into(), delays: stream.delays };
                self.spares.borrow_mut().keep(domain, spare);
            }
            (Transport::Tcp(socket), None) => reset(&SockRef::from(&socket)),
            (Transport::Unix(_), _) => {}
        }
    }

    fn run(&self, program: &Program, stopped: oneshot::Receiver<()>) -> Running {
        programs::run(program, stopped)
    }

    fn now(&self) -> Now {
        self.clock.now()
    }
}

impl TokioNet {
    fn connect_tcp(
        &self,
        to: SocketAddr,
        from: Option<SocketAddr>,
        first_word: FirstWord,
    ) -> io::Result<TokioStream> {
        let domain = Domain::for_address(to);
        let mut spares = self.spares.borrow_mut();
        let spare = if from.is_none() { spares.take(domain) } else { None };
        let Spare { socket, delays } = match spare {
            Some(spare) => spare,
            None => {
                spares.give_way();
                let socket = Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
                Spare { socket, delays: true }
            }
        };
        start_tcp(&socket, to, from, first_word)?;
        let stream = TcpStream::from_std(socket.into())?;
        // A socket that is bound stays so.
        let spare = from.is_none().then_some(domain);
        Ok(TokioStream { socket: Transport::Tcp(stream), fresh: true, delays, spare })
    }
}

fn start_tcp(
    socket: &Socket,
    to: SocketAddr,
    from: Option<SocketAddr>,
    first_word: FirstWord,
) -> io::Result<()> {
    if first_word == FirstWord::Ours {
        // The packet that completes the connection then is the one with our first bytes. A wish, no more.
        let _ = socket.set_tcp_quickack(false);
    }
    if let Some(from) = from {
        socket.set_reuse_address(true)?;
        if from.port() == 0 {
            // The system picks the port once it knows the peer too, so that ports last longer.
            setsockopt(socket, IpBindAddressNoPort, &true)?;
        }
        socket.bind(&from.into())?;
    }
    start_connect(socket, &to.into())
}

fn connect_unix(path: &str) -> io::Result<TokioStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
    start_connect(&socket, &SockAddr::unix(path)?)?;
    let stream = UnixStream::from_std(socket.into())?;
    Ok(TokioStream { socket: Transport::Unix(stream), fresh: true, delays: false, spare: None })
}

fn start_connect(socket: &Socket, to: &SockAddr) -> io::Result<()> {
    match socket.connect(to) {
        Err(error) if error.raw_os_error() == Some(Errno::EINPROGRESS as i32) => Ok(()),
        other => other,
    }
}

/// One TCP or Unix connection.
#[derive(Debug)]
pub struct TokioStream {
    socket: Transport,
    /// Opened by us, and the poller has said nothing about it so far.
    fresh: bool,
    /// The system holds short packets back while others are on their way. The first write of a connection
    /// needs no system call against that.
    delays: bool,
    /// The family of a socket that can serve again: ours, and not bound.
    spare: Option<Domain>,
}

#[derive(Debug)]
enum Transport {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl TokioStream {
    fn plain(&self) -> SockRef<'_> {
        match &self.socket {
            Transport::Tcp(stream) => SockRef::from(stream),
            Transport::Unix(stream) => SockRef::from(stream),
        }
    }

    /// Writes without asking the poller first, once after connecting. `length` bytes are to be written.
    fn write_fresh(
        &mut self,
        length: usize,
        write: impl FnOnce(SockRef<'_>) -> io::Result<usize>,
    ) -> Option<io::Result<usize>> {
        if self.delays && (!self.fresh || length > ONE_PACKET) {
            self.delays = false;
            if let Err(error) = self.plain().set_tcp_nodelay(true) {
                return Some(Err(error));
            }
        }
        if !std::mem::take(&mut self.fresh) {
            return None;
        }
        match write(self.plain()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            result => Some(result),
        }
    }
}

impl Stream for TokioStream {
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.fresh {
            if self.plain().peer_addr().is_ok() {
                return Poll::Ready(Ok(()));
            }
            if let Some(error) = self.plain().take_error()? {
                return Poll::Ready(Err(error));
            }
        }
        match &self.socket {
            Transport::Tcp(stream) => ready!(stream.poll_write_ready(cx))?,
            Transport::Unix(stream) => ready!(stream.poll_write_ready(cx))?,
        }
        self.fresh = false;
        Poll::Ready(match self.plain().take_error()? {
            Some(error) => Err(error),
            None => Ok(()),
        })
    }

    fn poll_write_last(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Transport::Tcp(stream) = &self.socket else { return Pin::new(self).poll_write(cx, bytes) };
        if self.fresh {
            return Pin::new(self).poll_write(cx, bytes);
        }
        let flags = libc::MSG_MORE | libc::MSG_NOSIGNAL;
        loop {
            ready!(stream.poll_write_ready(cx))?;
            let send = || SockRef::from(stream).send_with_flags(bytes, flags);
            match stream.try_io(Interest::WRITABLE, send) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn local_address(&self) -> Option<Address> {
        match &self.socket {
            Transport::Tcp(stream) => stream.local_addr().ok().map(Address::Ip),
            Transport::Unix(_) => None,
        }
    }
}

impl AsyncRead for TokioStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Transport::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Transport::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for TokioStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(result) = self.write_fresh(bytes.len(), |socket| socket.send(bytes)) {
            return Poll::Ready(result);
        }
        match &mut self.socket {
            Transport::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Transport::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        if let Some(result) = self.write_fresh(length, |socket| socket.send_vectored(slices)) {
            return Poll::Ready(result);
        }
        match &mut self.socket {
            Transport::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Transport::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Transport::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Transport::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// One listening socket.
#[derive(Debug)]
pub struct TokioListener {
    socket: Ear,
}

#[derive(Debug)]
enum Ear {
    /// With its address, unless it listens on all of the machine's.
    Tcp(TcpListener, Option<SocketAddr>),
    Unix(UnixListener, Arc<str>),
}

impl TokioListener {
    /// Takes a bound and listening socket, whatever its family. Call it inside the worker's runtime.
    pub fn new(socket: Socket) -> io::Result<TokioListener> {
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        let socket = if local.domain() == Domain::UNIX {
            Ear::Unix(UnixListener::from_std(socket.into())?, unix_name(&local))
        } else {
            // Connections inherit it, which saves a system call each.
            socket.set_tcp_nodelay(true)?;
            let local = local.as_socket().filter(|local| !local.ip().is_unspecified());
            Ear::Tcp(TcpListener::from_std(socket.into())?, local)
        };
        Ok(TokioListener { socket })
    }
}

impl Listener for TokioListener {
    type Stream = TokioStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted<TokioStream>>> {
        match &self.socket {
            Ear::Tcp(listener, local) => {
                let (stream, peer) = ready!(listener.poll_accept(cx))?;
                let local = match local {
                    Some(local) => *local,
                    None => stream.local_addr()?,
                };
                let stream =
                    TokioStream { socket: Transport::Tcp(stream), fresh: false, delays: false, spare: None };
                Poll::Ready(Ok(Accepted { stream, peer: Address::Ip(peer), local: Address::Ip(local) }))
            }
            Ear::Unix(listener, name) => {
                let (stream, _) = ready!(listener.poll_accept(cx))?;
                let stream =
                    TokioStream { socket: Transport::Unix(stream), fresh: false, delays: false, spare: None };
                let local = Address::Unix(Arc::clone(name));
                Poll::Ready(Ok(Accepted { stream, peer: Address::Unix("".into()), local }))
            }
        }
    }
}

fn unix_name(address: &SockAddr) -> Arc<str> {
    if let Some(name) = address.as_abstract_namespace() {
        return format!("\0{}", String::from_utf8_lossy(name)).into();
    }
    let path = address.as_pathname().map(|path| path.as_os_str().as_bytes()).unwrap_or_default();
    String::from_utf8_lossy(path).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::probe;

    #[tokio::test]
    async fn tcp_is_as_the_driver_needs_it() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let socket = std::net::TcpListener::bind(any).expect("a port");
            let at = Address::Ip(socket.local_addr().expect("bound"));
            let mut listener = TokioListener::new(socket.into()).expect("listening");
            let net = TokioNet::new(Clock::start());

            probe::names_both_ends(&net, &mut listener, &at).await;
            probe::half_closes(&net, &mut listener, &at).await;
            probe::ends_with_its_last_bytes(&net, &mut listener, &at).await;
            probe::pushes_back(&net, &mut listener, &at).await;
            probe::resets(&net, &mut listener, &at).await;
            drop(listener);
            probe::refuses_where_nobody_listens(&net, &at).await;
        }
    }

    #[tokio::test]
    async fn unix_sockets_are_as_the_driver_needs_them() {
        let pid = std::process::id();
        let path = std::env::temp_dir().join(format!("evenkeel-net-{pid}.sock"));
        let path = path.to_str().expect("text").to_string();
        for name in [path.clone(), format!("\0evenkeel-net-{pid}")] {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
            socket.bind(&SockAddr::unix(&name).expect("short")).expect("bound");
            socket.listen(8).expect("bound");
            let at = Address::Unix(name.into());
            let mut listener = TokioListener::new(socket).expect("listening");
            let net = TokioNet::new(Clock::start());

            probe::names_both_ends(&net, &mut listener, &at).await;
            probe::half_closes(&net, &mut listener, &at).await;
            probe::ends_with_its_last_bytes(&net, &mut listener, &at).await;
            probe::pushes_back(&net, &mut listener, &at).await;
            drop(listener);
            probe::refuses_where_nobody_listens(&net, &at).await;
        }
        std::fs::remove_file(path).expect("bound");
    }
}
