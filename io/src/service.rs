//! Serving one connection: seeing whether it is there, writing what waits, reading what came, closing it.

use std::io;
use std::pin::Pin;
use std::task::Poll;

use evenkeel_core::base::ids::ConnId;
use evenkeel_core::proxy::{CloseHow, Input};
use tokio_util::io::poll_read_buf;

use crate::conn::{Conn, Reading, connect_error, lost_reason};
use crate::driver::{Driver, Machine};
use crate::log_sink::LogSink;
use crate::net::{Net, Stream};
use crate::ready::{Bell, Token};

/// Reads of one connection in one service; after that others get their turn.
pub(crate) const READS_PER_SERVICE: usize = 8;
/// Size of the buffer that all connections of a worker read into.
const SCRATCH: usize = 256 * 1024;
/// Least room for a read: an answer of usual size comes and goes in one piece.
const SCRATCH_MIN: usize = 128 * 1024;
/// Bytes of unread input thrown away on a graceful close, so that the peer is not reset.
const DISCARD_MAX: usize = 64 * 1024;

impl<N: Net, M: Machine, L: LogSink> Driver<N, M, L> {
    /// Starts to open the connection `id`, and reports at once how that went if it is known at once.
    pub(crate) fn open(&mut self, id: ConnId, stream: io::Result<N::Stream>) {
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                let why = connect_error(&error);
                self.stillborn.push(id);
                self.news.push_back(Input::ConnectFailed { conn: id, why });
                return;
            }
        };
        let conn = Conn::new(stream, Bell::new(Token::Conn(id), &self.mailbox), true);
        let placed = self.conns.place_server(id, conn);
        debug_assert!(placed, "the core gave the id of a connection that is open: {id:?}");
        self.check_connected(id);
    }

    /// Reports a connection that is there, or is not to be had. Many are there at once.
    fn check_connected(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        match conn.stream.poll_connected(&mut conn.bell.context()) {
            Poll::Pending => {}
            Poll::Ready(Ok(())) => {
                conn.connecting = false;
                let local = conn.stream.local_address();
                self.mark_dirty(id);
                self.news.push_back(Input::Connected { conn: id, local });
                self.again(id);
            }
            Poll::Ready(Err(error)) => {
                let why = connect_error(&error);
                self.news.push_back(Input::ConnectFailed { conn: id, why });
            }
        }
    }

    /// Serves a connection that became ready.
    pub(crate) fn serve(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.bell.answer();
        if conn.connecting {
            self.check_connected(id);
            return self.settle();
        }
        if !conn.is_flushed() {
            self.mark_dirty(id);
            self.settle();
        }
        self.read(id);
    }

    /// Reads until nothing is left (which leaves the waker with the system), paused, or others must have a turn.
    fn read(&mut self, id: ConnId) {
        for _ in 0..READS_PER_SERVICE {
            let Some(conn) = self.conns.get_mut(id) else { return };
            if conn.read_closed || conn.connecting {
                return;
            }
            match conn.reading {
                Reading::Paused => return,
                Reading::Relayed { .. } => return self.relay(id),
                Reading::Shown => {}
            }
            // The same memory again, warm in the cache, unless somebody holds a piece of it.
            if !self.scratch.try_reclaim(SCRATCH) && self.scratch.capacity() < SCRATCH_MIN {
                self.scratch.reserve(SCRATCH);
            }
            let stream = Pin::new(&mut conn.stream);
            let input = match poll_read_buf(stream, &mut conn.bell.context(), &mut self.scratch) {
                Poll::Pending => return,
                Poll::Ready(Ok(0)) => {
                    conn.read_closed = true;
                    match conn.broken {
                        Some(why) => Input::Lost { conn: id, why },
                        None => Input::ReadClosed { conn: id },
                    }
                }
                Poll::Ready(Ok(count)) => {
                    Input::Received { conn: id, bytes: self.scratch.split_to(count).freeze() }
                }
                Poll::Ready(Err(error)) => {
                    Input::Lost { conn: id, why: conn.broken.unwrap_or_else(|| lost_reason(&error)) }
                }
            };
            self.news.push_back(input);
            self.settle();
        }
        self.again(id);
    }

    /// Writes what the connection's queue holds, as far as the system takes it.
    pub(crate) fn flush(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        conn.dirty = false;
        let flushed = match conn.flush() {
            Ok(flushed) => flushed,
            Err(error) => return self.writing_failed(id, &error),
        };
        if flushed.sent > 0 {
            self.news.push_back(Input::Sent { conn: id, count: flushed.sent });
        }
        if let Some((from, count, held)) = flushed.relayed {
            self.news.push_back(Input::Relayed { from, count, held });
        }
        if let Some(source) = flushed.resumed {
            self.again(source);
        }
    }

    /// A peer that resets may have answered before, so what it sent is read to the end first.
    pub(crate) fn writing_failed(&mut self, id: ConnId, error: &io::Error) {
        let Some(conn) = self.conns.get_mut(id) else { return };
        let why = lost_reason(error);
        conn.broken = Some(why);
        if conn.reading == Reading::Paused || conn.read_closed {
            self.news.push_back(Input::Lost { conn: id, why });
        } else {
            self.again(id);
        }
    }

    /// Forgets the connection.
    pub(crate) fn close(&mut self, id: ConnId, how: CloseHow) {
        let Some(mut conn) = self.conns.remove(id) else {
            self.forget_stillborn(id);
            return;
        };
        match how {
            CloseHow::Reset => self.net.abort(conn.stream),
            CloseHow::Graceful => {
                // Its peer gets what the system takes now; the core waits for `Sent` when it wants more.
                conn.finish();
                conn.discard_input(&mut self.scratch, DISCARD_MAX);
            }
        }
    }
}
