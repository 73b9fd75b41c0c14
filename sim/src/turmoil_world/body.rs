//! Bodies as hyper sends them: bytes that check themselves, in frames, with a pause in the middle if wanted.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::pattern;

/// Bytes of a frame where the plan does not say.
const FRAME: u64 = 8_192;

/// What a body is.
pub(super) struct Plan {
    /// Which body it is.
    pub(super) number: u32,
    /// Its length, in bytes.
    pub(super) length: u64,
    /// Sent in chunks of so many bytes, without telling the length before.
    pub(super) chunk: Option<u64>,
    /// A pause behind the first frame.
    pub(super) pause_ms: u64,
}

/// A body on its way. The default one is empty.
#[derive(Default)]
pub(super) struct Patterned {
    number: u32,
    length: u64,
    chunk: Option<u64>,
    pause_ms: u64,
    /// What to do once hyper has all of it.
    whole: Option<Box<dyn FnOnce()>>,
    offset: u64,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Patterned {
    /// The body of a plan, and what to do once hyper has all of it: at once, if it is empty.
    pub(super) fn new(plan: &Plan, whole: impl FnOnce() + 'static) -> Patterned {
        let Plan { number, length, chunk, pause_ms } = *plan;
        let mut body = Patterned {
            number,
            length,
            chunk,
            pause_ms,
            whole: Some(Box::new(whole)),
            ..Patterned::default()
        };
        if length == 0 {
            body.end();
        }
        body
    }

    fn end(&mut self) {
        if let Some(whole) = self.whole.take() {
            whole();
        }
    }
}

impl Body for Patterned {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let left = self.length - self.offset;
        if left == 0 {
            return Poll::Ready(None);
        }
        if self.offset > 0 && self.pause_ms > 0 {
            let pause = std::mem::take(&mut self.pause_ms);
            self.pause = Some(Box::pin(tokio::time::sleep(Duration::from_millis(pause))));
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let frame = self.chunk.map_or(FRAME, |chunk| chunk.max(1));
        let bytes = pattern::slice(self.number, self.offset, left.min(frame));
        self.offset += bytes.len() as u64;
        if self.offset == self.length {
            self.end();
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.offset == self.length
    }

    fn size_hint(&self) -> SizeHint {
        match self.chunk {
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(self.length - self.offset),
        }
    }
}
