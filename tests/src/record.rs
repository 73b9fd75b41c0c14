//! What one socket has seen so far, filled by a reader thread and awaited by the script.

use std::io::Read;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

/// How a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing has ended.
    Open,
    /// An orderly end of the stream.
    Closed,
    /// A reset.
    Reset,
}

/// The bytes that arrived on a socket, and how they ended.
#[derive(Clone, Debug)]
pub struct Seen {
    /// All bytes in order.
    pub bytes: Vec<u8>,
    /// Whether more may come.
    pub end: End,
}

/// A shared, growing [`Seen`] that threads can wait on.
#[derive(Clone)]
pub struct Record {
    inner: Arc<(Mutex<Seen>, Condvar)>,
}

impl Record {
    /// Starts a thread that reads `stream` to its end into a new record.
    pub fn of(mut stream: TcpStream) -> Record {
        let seen = Seen { bytes: Vec::new(), end: End::Open };
        let record = Record { inner: Arc::new((Mutex::new(seen), Condvar::new())) };
        let writer = record.clone();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            loop {
                let outcome = stream.read(&mut buffer);
                let mut seen = writer.lock();
                match outcome {
                    _ if seen.end != End::Open => {}
                    Ok(0) => seen.end = End::Closed,
                    Ok(count) => seen.bytes.extend_from_slice(&buffer[..count]),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(_) => seen.end = End::Reset,
                }
                let ended = seen.end != End::Open;
                drop(seen);
                writer.inner.1.notify_all();
                if ended {
                    return;
                }
            }
        });
        record
    }

    /// Ends the record from this side: what the peer does after that is its own affair.
    pub fn leave(&self) {
        let mut seen = self.lock();
        if seen.end == End::Open {
            seen.end = End::Closed;
        }
        drop(seen);
        self.inner.1.notify_all();
    }

    /// Notes that this side closes. Whether the peer's end overtook it, and of which kind that was, is then a race
    /// that says nothing about the peer.
    pub fn close(&self) {
        self.lock().end = End::Closed;
        self.inner.1.notify_all();
    }

    /// How many bytes were seen so far.
    pub fn received(&self) -> usize {
        self.lock().bytes.len()
    }

    /// Whether and how it has ended.
    pub fn seen_end(&self) -> End {
        self.lock().end
    }

    /// A copy of what was seen so far.
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// Waits until `done` yields something, the stream ends, or patience does. `done` is asked a last time
    /// after the end.
    pub fn wait<T>(&self, mut done: impl FnMut(&Seen) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + crate::PATIENCE;
        let mut seen = self.lock();
        loop {
            if let Some(found) = done(&seen) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if seen.end != End::Open || left.is_zero() {
                return None;
            }
            seen = self.inner.1.wait_timeout(seen, left).expect("no reader panics").0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.inner.0.lock().expect("no reader panics")
    }
}
