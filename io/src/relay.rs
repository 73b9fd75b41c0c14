//! Copying from one connection to another under `Output::Relay`, without the core seeing a byte.
//!
//! A worker has one buffer for it. What the other side does not take at once is kept as one piece in that
//! side's queue, behind earlier sends, and nothing more is read until the piece is gone: a slow receiver
//! costs one piece of memory and slows its sender down.

use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use evenkeel_core::base::ids::ConnId;
use evenkeel_core::proxy::Input;
use tokio::io::{AsyncRead, ReadBuf};

use crate::conn::{Reading, lost_reason};
use crate::driver::{Driver, Machine};
use crate::log_sink::LogSink;
use crate::net::Net;
use crate::service::READS_PER_SERVICE;

/// How much is read at a time at first.
pub(crate) const CHUNK_MIN: usize = 64 * 1024;
/// How much is read at a time while much flows.
const CHUNK_MAX: usize = 256 * 1024;

/// How one step of a relay ended.
enum Step {
    /// Everything read was taken.
    Moved(usize),
    /// So much was taken, so much is kept.
    Kept(usize, usize),
    /// Nothing to do until something happens.
    Waiting,
    /// The input is at its end, or failed; already reported.
    Over(Input),
}

impl<N: Net, M: Machine, L: LogSink> Driver<N, M, L> {
    /// Moves what can be moved from `from`, and reports it.
    pub(crate) fn relay(&mut self, from: ConnId) {
        let (mut count, mut held, mut end) = (0, 0, None);
        let mut steps = 0;
        loop {
            if steps == READS_PER_SERVICE {
                self.again(from);
                break;
            }
            steps += 1;
            match self.relay_once(from) {
                Step::Moved(taken) => count += taken as u64,
                Step::Kept(taken, kept) => {
                    count += taken as u64;
                    held = kept as u64;
                    break;
                }
                Step::Waiting => break,
                Step::Over(input) => {
                    end = Some(input);
                    break;
                }
            }
        }
        if count > 0 || held > 0 {
            self.news.push_back(Input::Relayed { from, count, held });
        }
        self.news.extend(end);
        self.settle();
    }

    fn relay_once(&mut self, from: ConnId) -> Step {
        let Some(source) = self.conns.get_mut(from) else { return Step::Waiting };
        let Reading::Relayed { to, left, chunk } = source.reading else { return Step::Waiting };
        if left == Some(0) || source.read_closed {
            source.reading = Reading::Paused;
            return match source.broken {
                Some(why) => Step::Over(Input::Lost { conn: from, why }),
                None => Step::Waiting,
            };
        }
        // Without the other side there is nothing to read for. The core was told that it is lost.
        let Some(target) = self.conns.get_mut(to) else { return Step::Waiting };
        if target.broken.is_some() {
            return Step::Waiting;
        }
        if !target.is_flushed() || target.connecting {
            target.waiting_source = Some(from);
            return Step::Waiting;
        }

        let most = left.map_or(chunk, |left| chunk.min(usize::try_from(left).unwrap_or(usize::MAX)));
        let read = match self.read_for_relay(from, most) {
            Poll::Pending => return Step::Waiting,
            Poll::Ready(Err(input)) => return Step::Over(input),
            Poll::Ready(Ok(read)) => read,
        };
        self.write_for_relay(from, to, read)
    }

    /// Reads at most `most` bytes into the relay buffer; the end of the input is news.
    fn read_for_relay(&mut self, from: ConnId, most: usize) -> Poll<Result<usize, Input>> {
        let Some(source) = self.conns.get_mut(from) else { return Poll::Pending };
        if self.relay_buffer.len() < most {
            self.relay_buffer.resize(most, 0);
        }
        let mut buffer = ReadBuf::new(&mut self.relay_buffer[..most]);
        match Pin::new(&mut source.stream).poll_read(&mut source.bell.context(), &mut buffer) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => {
                let why = source.broken.unwrap_or_else(|| lost_reason(&error));
                return Poll::Ready(Err(Input::Lost { conn: from, why }));
            }
            Poll::Ready(Ok(())) => {}
        }
        let read = buffer.filled().len();
        if read == 0 {
            source.read_closed = true;
            source.reading = Reading::Paused;
            return Poll::Ready(Err(match source.broken {
                Some(why) => Input::Lost { conn: from, why },
                None => Input::ReadClosed { conn: from },
            }));
        }
        if let Reading::Relayed { left, chunk, .. } = &mut source.reading {
            *left = left.map(|left| left - read as u64);
            if read == *chunk {
                *chunk = (*chunk * 2).min(CHUNK_MAX);
            }
        }
        Poll::Ready(Ok(read))
    }

    /// Writes the first `read` bytes of the relay buffer and keeps what is not taken.
    fn write_for_relay(&mut self, from: ConnId, to: ConnId, read: usize) -> Step {
        let Some(target) = self.conns.get_mut(to) else { return Step::Waiting };
        let bytes = &self.relay_buffer[..read];
        match target.write_borrowed(bytes) {
            Ok(taken) if taken == read => Step::Moved(read),
            Ok(taken) => {
                target.hold(Bytes::copy_from_slice(&bytes[taken..]), from);
                target.waiting_source = Some(from);
                // One more attempt, which leaves the waker with the system.
                self.mark_dirty(to);
                Step::Kept(taken, read - taken)
            }
            Err(error) => {
                self.writing_failed(to, &error);
                Step::Waiting
            }
        }
    }
}
