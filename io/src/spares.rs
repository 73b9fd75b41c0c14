//! Sockets of connections that were reset, kept for the next connections.
//!
//! With a server connection per request, making and destroying sockets is a quarter of the proxy's CPU time. Linux
//! can take a socket back to where it was before `connect` (connect(2), `AF_UNSPEC`); the peer sees the same reset
//! as from closing, and the socket is as new: another port, other sequence numbers, empty buffers.

use std::time::Duration;

use socket2::{Domain, SockRef, Socket};

/// Most sockets that one worker keeps, of both families. Those that close before others open within a turn or two
/// of the loop are rarely more.
///
/// They need no descriptors beyond those planned for connections: a new socket is only made when there is no spare
/// that serves, and then takes a spare's place.
pub(crate) const SPARES_MAX: usize = 128;

/// Unconnected sockets, the last one kept first.
#[derive(Debug, Default)]
pub(crate) struct Spares {
    v4: Vec<Spare>,
    v6: Vec<Spare>,
}

/// An unconnected socket.
#[derive(Debug)]
pub(crate) struct Spare {
    pub(crate) socket: Socket,
    /// The system may hold short packets back: nobody has set `TCP_NODELAY`, which stays.
    pub(crate) delays: bool,
}

impl Spares {
    /// A socket of this family.
    pub(crate) fn take(&mut self, domain: Domain) -> Option<Spare> {
        self.shelf(domain).pop()
    }

    /// Closes one, for a new socket is to be made.
    pub(crate) fn give_way(&mut self) {
        let _ = self.v4.pop().or_else(|| self.v6.pop());
    }

    /// Resets the connection, and keeps its socket unless there are enough.
    pub(crate) fn keep(&mut self, domain: Domain, spare: Spare) {
        if self.v4.len() + self.v6.len() < SPARES_MAX && disconnect(&spare.socket) {
            self.shelf(domain).push(spare);
        } else {
            reset(&SockRef::from(&spare.socket));
        }
    }

    fn shelf(&mut self, domain: Domain) -> &mut Vec<Spare> {
        if domain == Domain::IPV6 { &mut self.v6 } else { &mut self.v4 }
    }
}

/// Resets the connection of a TCP socket. The reset leaves an error behind, which the next use must not see.
fn disconnect(socket: &Socket) -> bool {
    rustix::net::connect_unspec(socket).is_ok() && socket.take_error().is_ok()
}

/// Makes the socket send RST instead of FIN when it is closed.
pub(crate) fn reset(socket: &SockRef<'_>) {
    // It fails if the peer was faster; then there is nothing to reset.
    let _ = socket.set_linger(Some(Duration::ZERO));
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::{ErrorKind, Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};

    #[test]
    fn a_kept_socket_resets_its_peer_and_connects_again_from_another_port() {
        for (any, domain) in [("127.0.0.1:0", Domain::IPV4), ("[::1]:0", Domain::IPV6)] {
            let listener = TcpListener::bind(any).expect("a port");
            let at = listener.local_addr().expect("bound");
            let mut spares = Spares::default();
            let (socket, mut server) =
                open(&listener, Socket::new(domain, socket2::Type::STREAM, None).unwrap(), at);
            server.write_all(b"never read").expect("open");
            let before = socket.local_addr().unwrap().as_socket();

            spares.keep(domain, Spare { socket, delays: true });
            let error = server.read(&mut [0]).expect_err("reset");
            let spare = spares.take(domain).expect("kept");
            let (socket, mut server) = open(&listener, spare.socket, at);
            (&socket).write_all(b"again").expect("open");
            server.write_all(b"welcome").expect("open");
            let (mut sent, mut answered) = ([0; 5], [0; 7]);
            server.read_exact(&mut sent).expect("five bytes");
            (&socket).read_exact(&mut answered).expect("the new connection's bytes alone");

            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            assert_ne!(socket.local_addr().unwrap().as_socket(), before);
            assert_eq!((&sent, &answered), (b"again", b"welcome"));
            assert!(spare.delays);
        }
    }

    #[test]
    fn no_more_are_kept_than_the_bound_says_and_families_do_not_mix() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("bound");
        let mut spares = Spares::default();
        let connected = || Spare { socket: TcpStream::connect(at).expect("listening").into(), delays: false };

        for _ in 0..SPARES_MAX {
            spares.keep(Domain::IPV4, connected());
        }
        spares.keep(Domain::IPV4, connected());
        let mut last = listener.incoming().nth(SPARES_MAX).expect("as many").expect("waiting");

        assert_eq!(last.read(&mut [0]).expect_err("reset").kind(), ErrorKind::ConnectionReset);
        assert!(spares.take(Domain::IPV6).is_none());
        assert_eq!(std::iter::from_fn(|| spares.take(Domain::IPV4)).count(), SPARES_MAX);
    }

    fn open(listener: &TcpListener, socket: Socket, at: SocketAddr) -> (Socket, TcpStream) {
        socket.connect(&at.into()).expect("listening");
        (socket, listener.accept().expect("a connection").0)
    }
}
