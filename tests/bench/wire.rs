//! One connection of the load generator or an origin, and what flows over it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::time::Instant;

use evenkeel_tests::wire::find;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};

/// Messages beyond this many bytes are not all looked at: what follows the first piece is counted by the
/// kernel and thrown away there, so that this core has less to do than the proxy's.
const LONG: usize = 16 * 1024;

/// Of the messages of a connection every so many-th is looked at closely: a long one byte by byte, a short one's
/// head.
const LOOKED_AT_EVERY: usize = 16;

/// Heads are shorter than this, so the search for their end is short.
const HEAD_MAX: usize = 2000;

/// What flows, as the engine needs it.
#[derive(Clone)]
pub(crate) struct Traffic {
    /// What clients send, one after the other.
    pub(crate) asks: Rc<[Ask]>,
    /// What the head of a request must have when it arrives at an origin, in lower case.
    pub(crate) arrives_with: &'static [&'static str],
    /// What an origin sends back.
    pub(crate) answer: Rc<[u8]>,
    /// The end of the answer as the client must see it, after the head that a proxy may change.
    pub(crate) body: Rc<[u8]>,
    /// Whether there are HTTP heads; otherwise messages are of fixed length.
    pub(crate) http: bool,
    /// Whether each exchange has its own client connection.
    pub(crate) connection_each: bool,
    /// How many clients there are.
    pub(crate) clients: usize,
    /// How many exchanges may be under way.
    pub(crate) in_flight: usize,
}

/// What a client sends for one exchange.
pub(crate) struct Ask {
    /// The request.
    pub(crate) bytes: Rc<[u8]>,
    /// What the head of the answer must have, in lower case.
    pub(crate) answered_with: &'static [&'static str],
}

impl Traffic {
    /// Whether requests are too long to be all looked at.
    pub(crate) fn asks_are_long(&self) -> bool {
        self.asks[0].bytes.len() > LONG
    }

    /// Whether answers are too long to be all looked at.
    pub(crate) fn answers_are_long(&self) -> bool {
        self.body.len() > LONG
    }

    /// Whether an origin has a whole request.
    pub(crate) fn is_whole_request(&self, wire: &Wire) -> bool {
        match self.http {
            true => wire.received.ends_with(b"\r\n\r\n"),
            false => wire.received.len() + wire.skipped >= self.asks[0].bytes.len(),
        }
    }

    /// Whether a request came to the origin as it should. Checks are not looked at.
    pub(crate) fn is_right_request(&self, wire: &Wire) -> bool {
        if !self.http {
            return wire.skipped > 0 || wire.received[..] == self.asks[0].bytes[..];
        }
        !wire.looks_closely()
            || wire.received.starts_with(b"GET /healthz")
            || has_all(&wire.received, self.arrives_with)
    }

    /// Whether a client has a whole answer.
    pub(crate) fn is_whole_answer(&self, wire: &Wire) -> bool {
        let count = wire.received.len() + wire.skipped;
        if !self.http {
            return count >= self.body.len();
        }
        let head = find(&wire.received[..wire.received.len().min(HEAD_MAX)], b"\r\n\r\n");
        head.is_some_and(|head| count >= head + 4 + self.body.len())
    }

    /// Whether an answer is the one that belongs to the request.
    pub(crate) fn is_right_answer(&self, wire: &Wire) -> bool {
        let received = &wire.received;
        let status_fits = !self.http || received.starts_with(b"HTTP/1.1 200");
        let body_fits = wire.skipped > 0 || received.ends_with(&self.body);
        let head = &received[..received.len().min(HEAD_MAX)];
        status_fits
            && body_fits
            && (!wire.looks_closely() || has_all(head, self.asks[wire.asked].answered_with))
    }
}

fn has_all(head: &[u8], wanted: &[&str]) -> bool {
    wanted.is_empty() || {
        let lower = head.to_ascii_lowercase();
        wanted.iter().all(|piece| find(&lower, piece.as_bytes()).is_some())
    }
}

/// One connection: what is on its way out, and what came in for the current exchange.
pub(crate) struct Wire {
    /// The socket.
    pub(crate) stream: TcpStream,
    out: Rc<[u8]>,
    sent: usize,
    received: Vec<u8>,
    /// Bytes of the current message that were counted and thrown away.
    skipped: usize,
    /// When the exchange under way was to begin.
    pub(crate) due: Instant,
    /// Whether a client waits for an answer.
    pub(crate) busy: bool,
    /// Which request it sent.
    asked: usize,
    /// How many messages came before; each connection starts elsewhere.
    messages: usize,
}

impl Wire {
    /// A fresh connection.
    pub(crate) fn new(stream: TcpStream) -> Wire {
        stream.set_nonblocking(true).expect("a fresh socket takes options");
        let _ = stream.set_nodelay(true);
        let messages = usize::try_from(stream.as_raw_fd()).unwrap_or(0);
        let nothing: Rc<[u8]> = Rc::from([]);
        Wire {
            stream,
            out: nothing,
            sent: 0,
            received: Vec::new(),
            skipped: 0,
            due: Instant::now(),
            busy: false,
            asked: 0,
            messages,
        }
    }

    /// Sends a request, the one with this number.
    pub(crate) fn ask(&mut self, due: Instant, asked: usize, bytes: Rc<[u8]>) {
        self.due = due;
        self.busy = true;
        self.asked = asked;
        self.begin(bytes);
    }

    /// Sends a message.
    pub(crate) fn begin(&mut self, out: Rc<[u8]>) {
        self.out = out;
        self.sent = 0;
        self.flush();
    }

    /// Sends what the socket did not take before.
    pub(crate) fn flush(&mut self) {
        while self.sent < self.out.len() {
            match self.stream.write(&self.out[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(_) => return,
            }
        }
    }

    /// Is done with the message received.
    pub(crate) fn forget(&mut self) {
        self.received.clear();
        self.skipped = 0;
        self.busy = false;
        self.messages += 1;
    }

    fn looks_closely(&self) -> bool {
        self.messages.is_multiple_of(LOOKED_AT_EVERY)
    }

    /// Takes what is there; returns whether more may come.
    pub(crate) fn fill(&mut self, scratch: &mut [u8], long: bool) -> bool {
        let whole = !long || (self.looks_closely() && self.skipped == 0);
        if whole || self.received.is_empty() {
            let limit = if whole { scratch.len() } else { LONG };
            let open = self.read(&mut scratch[..limit], !whole);
            if !open || whole {
                return open;
            }
        }
        self.skip(scratch)
    }

    /// Counts what is there without copying it; returns whether more may come.
    fn skip(&mut self, scratch: &mut [u8]) -> bool {
        loop {
            match recv(self.stream.as_raw_fd(), scratch, MsgFlags::MSG_TRUNC) {
                Ok(0) => return false,
                Ok(count) => self.skipped += count,
                Err(error) => return error == Errno::EAGAIN,
            }
        }
    }

    /// Reads what is there, or one buffer of it; returns whether more may come.
    fn read(&mut self, scratch: &mut [u8], once: bool) -> bool {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => return false,
                Ok(count) => {
                    self.received.extend_from_slice(&scratch[..count]);
                    if count < scratch.len() || once {
                        // A short read has emptied the socket; the next bytes make a new event.
                        return true;
                    }
                }
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
    }
}
