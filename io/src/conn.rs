//! One connection as the shell sees it: a stream, its bell, what waits to be written, and what to do with
//! what can be read.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use evenkeel_core::base::ids::{ConnId, Side};
use evenkeel_core::base::slots::{Key, Slots};
use evenkeel_core::proxy::{ConnectError, LostReason};
use tokio::io::AsyncWrite;
use tokio_util::io::poll_read_buf;

use crate::net::Stream;
use crate::ready::Bell;

/// Most pieces given to the system in one vectored write.
const PIECES_PER_WRITE: usize = 16;

/// What becomes of readable bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// They wait in the system.
    Paused,
    /// They are shown to the core.
    Shown,
    /// They are copied to another connection.
    Relayed {
        /// Where to.
        to: ConnId,
        /// How many more; `None` until the end.
        left: Option<u64>,
        /// How much to read at a time; grows while much is read.
        chunk: usize,
    },
}

/// Bytes that wait to be written.
#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    /// The memory is of this size; otherwise the bytes are part of a buffer that many share.
    compact: bool,
    /// Where they came from, if under a relay.
    relayed_from: Option<ConnId>,
}

/// Pieces in order. A connection rarely has more than one, and an idle one holds no memory for more.
#[derive(Debug, Default)]
struct Outbox {
    first: Option<Piece>,
    rest: VecDeque<Piece>,
}

impl Outbox {
    fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    fn iter(&self) -> impl Iterator<Item = &Piece> {
        self.first.iter().chain(&self.rest)
    }

    fn push(&mut self, piece: Piece) {
        match self.first {
            None => self.first = Some(piece),
            Some(_) => self.rest.push_back(piece),
        }
    }

    /// Drops the first.
    fn pop(&mut self) {
        self.first = self.rest.pop_front();
        if self.first.is_none() && self.rest.capacity() > 0 {
            self.rest = VecDeque::new();
        }
    }

    fn clear(&mut self) {
        *self = Outbox::default();
    }
}

/// What one flush achieved.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Flushed {
    /// Bytes of sends taken.
    pub(crate) sent: usize,
    /// Bytes of a relay taken: whose, how many, how many are left.
    pub(crate) relayed: Option<(ConnId, u64, u64)>,
    /// A relay that waited for this connection and may go on.
    pub(crate) resumed: Option<ConnId>,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Conn<S> {
    pub(crate) stream: S,
    pub(crate) bell: Bell,
    /// Opened by us and not there yet.
    pub(crate) connecting: bool,
    pub(crate) reading: Reading,
    /// The end of the input was seen.
    pub(crate) read_closed: bool,
    /// Writing failed: what can still be read is, then the connection is lost.
    pub(crate) broken: Option<LostReason>,
    /// Is on the list of connections to flush.
    pub(crate) dirty: bool,
    /// A relay that waits until everything here is written.
    pub(crate) waiting_source: Option<ConnId>,
    shut_wanted: bool,
    /// What is queued last is the last of all.
    finishing: bool,
    queue: Outbox,
}

impl<S: Stream> Conn<S> {
    /// A connection that is there, or is being opened.
    pub(crate) fn new(stream: S, bell: Bell, connecting: bool) -> Conn<S> {
        Conn {
            stream,
            bell,
            connecting,
            reading: Reading::Shown,
            read_closed: false,
            broken: None,
            dirty: false,
            waiting_source: None,
            shut_wanted: false,
            finishing: false,
            queue: Outbox::default(),
        }
    }

    /// Whether nothing waits to be written.
    pub(crate) fn is_flushed(&self) -> bool {
        self.queue.is_empty()
    }

    /// Queues bytes of a send; behind the `last` one the connection is closed at once.
    pub(crate) fn send(&mut self, bytes: Bytes, last: bool) {
        self.finishing |= last;
        self.queue_piece(bytes, None);
    }

    /// Queues bytes of a relay that the system did not take at once.
    pub(crate) fn hold(&mut self, bytes: Bytes, from: ConnId) {
        self.queue_piece(bytes, Some(from));
    }

    /// Wants the write side shut behind everything queued.
    pub(crate) fn shut(&mut self) {
        self.shut_wanted = true;
    }

    /// Writes what the system takes. After an error the connection is broken.
    pub(crate) fn flush(&mut self) -> io::Result<Flushed> {
        let mut flushed = Flushed::default();
        if self.connecting || self.broken.is_some() {
            return Ok(flushed);
        }
        while !self.queue.is_empty() {
            match self.write_once() {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => self.consume(count, &mut flushed),
                Poll::Ready(Err(error)) => {
                    self.queue.clear();
                    return Err(error);
                }
                Poll::Pending => {
                    self.compact();
                    return Ok(flushed);
                }
            }
        }
        flushed.resumed = self.waiting_source.take();
        if self.shut_wanted {
            self.shut_wanted = false;
            // A failure means that the peer is gone, which reading tells as well.
            let _ = Pin::new(&mut self.stream).poll_shutdown(&mut self.bell.context());
        }
        Ok(flushed)
    }

    /// Writes straight from a buffer that is not ours to keep; the caller queues what is not taken.
    pub(crate) fn write_borrowed(&mut self, bytes: &[u8]) -> io::Result<usize> {
        debug_assert!(self.queue.is_empty(), "queued bytes go first");
        match Pin::new(&mut self.stream).poll_write(&mut self.bell.context(), bytes) {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(0),
        }
    }

    /// Gives what the system takes now to the peer, and the end behind it if bytes were held back for that.
    pub(crate) fn finish(&mut self) {
        let _ = self.flush();
        if self.finishing {
            let _ = Pin::new(&mut self.stream).poll_shutdown(&mut self.bell.context());
        }
    }

    /// Throws away what can be read at once, up to `most` bytes: closing a socket with unread input resets
    /// the peer, which may then lose what it was sent.
    pub(crate) fn discard_input(&mut self, scratch: &mut BytesMut, most: usize) {
        let mut discarded = 0;
        while !self.connecting && !self.read_closed && discarded < most {
            scratch.reserve(1);
            let stream = Pin::new(&mut self.stream);
            match poll_read_buf(stream, &mut Context::from_waker(Waker::noop()), scratch) {
                Poll::Ready(Ok(count)) if count > 0 => discarded += count,
                Poll::Ready(Ok(_) | Err(_)) | Poll::Pending => break,
            }
            scratch.clear();
        }
    }

    fn queue_piece(&mut self, bytes: Bytes, relayed_from: Option<ConnId>) {
        if self.broken.is_none() {
            self.queue.push(Piece { bytes, compact: relayed_from.is_some(), relayed_from });
        }
    }

    /// A slow peer holds no more memory than the bytes that wait for it.
    fn compact(&mut self) {
        let pieces = self.queue.first.iter_mut().chain(&mut self.queue.rest);
        for piece in pieces.filter(|piece| !piece.compact) {
            piece.bytes = Bytes::copy_from_slice(&piece.bytes);
            piece.compact = true;
        }
    }

    fn write_once(&mut self) -> Poll<io::Result<usize>> {
        let mut cx = self.bell.context();
        let Some(first) = &self.queue.first else { return Poll::Ready(Ok(0)) };
        if self.queue.rest.is_empty() && self.finishing {
            return self.stream.poll_write_last(&mut cx, &first.bytes);
        }
        let stream = Pin::new(&mut self.stream);
        if self.queue.rest.is_empty() || !stream.is_write_vectored() {
            return stream.poll_write(&mut cx, &first.bytes);
        }
        let mut slices = [IoSlice::new(&[]); PIECES_PER_WRITE];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(self.queue.iter()) {
            *slice = IoSlice::new(&piece.bytes);
            count += 1;
        }
        stream.poll_write_vectored(&mut cx, &slices[..count])
    }

    fn consume(&mut self, mut count: usize, flushed: &mut Flushed) {
        while count > 0 {
            let Some(piece) = &mut self.queue.first else { return };
            let taken = count.min(piece.bytes.len());
            piece.bytes.advance(taken);
            count -= taken;
            match piece.relayed_from {
                None => flushed.sent += taken,
                Some(from) => {
                    let before = flushed.relayed.map_or(0, |(_, before, _)| before);
                    flushed.relayed = Some((from, before + taken as u64, piece.bytes.len() as u64));
                }
            }
            if piece.bytes.is_empty() {
                self.queue.pop();
            }
        }
    }
}

/// All connections of one worker: the shell gives the ids of clients, the core those of servers.
#[derive(Debug)]
pub(crate) struct Conns<S> {
    clients: Slots<Conn<S>>,
    servers: Slots<Conn<S>>,
}

impl<S> Conns<S> {
    pub(crate) fn new() -> Conns<S> {
        Conns { clients: Slots::new(), servers: Slots::new() }
    }

    /// The id of the next client.
    pub(crate) fn next_client(&self) -> Key {
        self.clients.next_key()
    }

    /// Stores a client under [`Conns::next_client`].
    pub(crate) fn insert_client(&mut self, conn: Conn<S>) -> ConnId {
        ConnId::client(self.clients.insert(conn))
    }

    /// Stores a server connection under the core's id. False when that id is in use.
    pub(crate) fn place_server(&mut self, id: ConnId, conn: Conn<S>) -> bool {
        self.servers.place(id.key(), conn).is_ok()
    }

    pub(crate) fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn<S>> {
        self.side(id).get_mut(id.key())
    }

    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Conn<S>> {
        self.side(id).remove(id.key())
    }

    fn side(&mut self, id: ConnId) -> &mut Slots<Conn<S>> {
        match id.side() {
            Side::Client => &mut self.clients,
            Side::Server => &mut self.servers,
        }
    }
}

/// What a failed connect means to the core.
pub(crate) fn connect_error(error: &io::Error) -> ConnectError {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => return ConnectError::Refused,
        Kind::ConnectionReset => return ConnectError::Reset,
        Kind::HostUnreachable | Kind::NetworkUnreachable => return ConnectError::Unreachable,
        Kind::TimedOut => return ConnectError::TimedOut,
        // Too few local ports, and a Unix socket whose backlog is full.
        Kind::AddrNotAvailable | Kind::AddrInUse | Kind::OutOfMemory | Kind::WouldBlock => {
            return ConnectError::Resources;
        }
        _ => {}
    }
    if is_out_of_resources(error) { ConnectError::Resources } else { ConnectError::Other }
}

/// What a failed read or write means to the core.
pub(crate) fn lost_reason(error: &io::Error) -> LostReason {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => LostReason::Reset,
        io::ErrorKind::BrokenPipe => LostReason::BrokenPipe,
        _ => LostReason::Other,
    }
}

/// Whether the system ran out of descriptors or memory.
pub(crate) fn is_out_of_resources(error: &io::Error) -> bool {
    use nix::errno::Errno;
    let Some(code) = error.raw_os_error() else { return false };
    matches!(Errno::from_raw(code), Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM)
}
