//! A network in memory, and a driver over it that is turned by hand.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::{ConnId, LogTargetId, WorkerId};
use evenkeel_core::base::program::{Exit, Program};
use evenkeel_core::base::socket::FirstWord;
use evenkeel_core::base::time::{Now, Time};
use evenkeel_core::proxy::{Input, Output, Signal, Wakeup};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use super::{Driver, Machine};
use crate::Mailbox;
use crate::log_sink::LogSink;
use crate::net::{Accepted, Listener, Net, Running, Stream};

/// One end of a connection, as the network sees it.
#[derive(Debug, Default)]
pub(super) struct End {
    incoming: VecDeque<u8>,
    ended: bool,
    read_error: Option<ErrorKind>,
    pub(super) room: usize,
    pub(super) writes: Vec<String>,
    write_error: Option<ErrorKind>,
    pub(super) shut: bool,
    opening: bool,
    pub(super) dropped: bool,
    waker: Option<Waker>,
}

pub(super) type SharedEnd = Rc<RefCell<End>>;

impl End {
    pub(super) fn arrive(&mut self, text: &str) {
        self.incoming.extend(text.as_bytes());
        self.wake();
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
        self.wake();
    }

    pub(super) fn open(&mut self) {
        self.opening = false;
        self.wake();
    }

    pub(super) fn make_room(&mut self, room: usize) {
        self.room = room;
        self.wake();
    }

    pub(super) fn fail_writes(&mut self, kind: ErrorKind) {
        self.write_error = Some(kind);
    }

    pub(super) fn fail_reads(&mut self, kind: ErrorKind) {
        self.read_error = Some(kind);
        self.wake();
    }

    pub(super) fn written(&self) -> String {
        self.writes.concat()
    }

    pub(super) fn unread(&self) -> String {
        String::from_utf8(self.incoming.iter().copied().collect()).expect("text")
    }

    /// A waker wakes once, as tokio's do: whoever is `Pending` again must have stored it again.
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn write(&mut self, cx: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(kind) = self.write_error {
            return Poll::Ready(Err(kind.into()));
        }
        if self.room == 0 || self.opening {
            self.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        self.writes.push(String::from_utf8_lossy(&bytes[..taken]).into_owned());
        Poll::Ready(Ok(taken))
    }
}

#[derive(Debug)]
struct MemoryStream(SharedEnd);

impl Drop for MemoryStream {
    fn drop(&mut self) {
        self.0.borrow_mut().dropped = true;
    }
}

impl Stream for MemoryStream {
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut end = self.0.borrow_mut();
        if end.opening {
            end.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn local_address(&self) -> Option<Address> {
        None
    }
}

impl AsyncRead for MemoryStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut end = self.0.borrow_mut();
        while buffer.remaining() > 0
            && let Some(byte) = end.incoming.pop_front()
        {
            buffer.put_slice(&[byte]);
        }
        if !buffer.filled().is_empty() || end.ended {
            return Poll::Ready(Ok(()));
        }
        if let Some(kind) = end.read_error {
            return Poll::Ready(Err(kind.into()));
        }
        end.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        self.0.borrow_mut().write(cx, &bytes)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().shut = true;
        Poll::Ready(Ok(()))
    }
}

/// What the network and the machine of a world share with its test.
#[derive(Debug, Default)]
pub(super) struct Wire {
    pub(super) now: Time,
    pub(super) refuse: bool,
    pub(super) slow: bool,
    pub(super) accept_errors: usize,
    arrivals: VecDeque<SharedEnd>,
    accept_waker: Option<Waker>,
    ends: Vec<SharedEnd>,
    orders: VecDeque<Output>,
    news: Vec<String>,
    /// Where the machine sends what it is shown.
    pub(super) forward_to: Option<ConnId>,
}

impl Wire {
    fn add(&mut self) -> SharedEnd {
        let end = End { room: usize::MAX, opening: self.slow, ..End::default() };
        self.ends.push(Rc::new(RefCell::new(end)));
        self.latest()
    }

    pub(super) fn latest(&self) -> SharedEnd {
        Rc::clone(self.ends.last().expect("there is one"))
    }
}

#[derive(Debug, Clone)]
struct Memory(Rc<RefCell<Wire>>);

impl Net for Memory {
    type Stream = MemoryStream;
    type Listener = Memory;

    fn connect(&self, _: &Address, _: Option<SocketAddr>, _: FirstWord) -> io::Result<MemoryStream> {
        if self.0.borrow().refuse {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        Ok(MemoryStream(self.0.borrow_mut().add()))
    }

    fn abort(&self, _: Self::Stream) {}

    fn run(&self, _: &Program, _: oneshot::Receiver<()>) -> Running {
        Box::pin(std::future::ready(Exit::Code(0)))
    }

    fn now(&self) -> Now {
        Now { time: self.0.borrow().now, ..Now::default() }
    }
}

impl Listener for Memory {
    type Stream = MemoryStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted<MemoryStream>>> {
        let mut wire = self.0.borrow_mut();
        if wire.accept_errors > 0 {
            wire.accept_errors -= 1;
            return Poll::Ready(Err(io::Error::from_raw_os_error(nix::libc::EMFILE)));
        }
        let Some(end) = wire.arrivals.pop_front() else {
            wire.accept_waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let nowhere = || Address::Unix("".into());
        Poll::Ready(Ok(Accepted { stream: MemoryStream(end), peer: nowhere(), local: nowhere() }))
    }
}

impl Machine for Memory {
    fn handle(&mut self, _: Now, input: Input) {
        let line = match input {
            Input::Accepted { conn, .. } => format!("Accepted {conn:?}"),
            Input::Connected { conn, .. } => format!("Connected {conn:?}"),
            Input::ConnectFailed { conn, why } => format!("ConnectFailed {conn:?} {why:?}"),
            Input::Received { conn, bytes } => {
                let mut wire = self.0.borrow_mut();
                if let Some(to) = wire.forward_to {
                    wire.orders.push_back(Output::Send { conn: to, bytes: bytes.clone(), last: false });
                }
                drop(wire);
                format!("Received {conn:?} {}", String::from_utf8_lossy(&bytes))
            }
            Input::Relayed { from, count, held } => format!("Relayed {from:?} count {count} held {held}"),
            Input::ReadClosed { conn } => format!("ReadClosed {conn:?}"),
            Input::Sent { conn, count } => format!("Sent {conn:?} {count}"),
            Input::Lost { conn, why } => format!("Lost {conn:?} {why:?}"),
            // The test's way to have its orders carried out.
            Input::Signal(Signal::SoftStop) => return,
            other => format!("{other:?}"),
        };
        self.0.borrow_mut().news.push(line);
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.0.borrow_mut().orders.pop_front()
    }

    fn poll_timeout(&mut self) -> Option<(Time, Wakeup)> {
        None
    }

    fn check_invariants(&self) {}
}

impl LogSink for Memory {
    fn write(&mut self, _: LogTargetId, _: &[u8]) {}
    fn flush(&mut self) {}
}

/// A driver and everything around it.
pub(super) struct World {
    driver: Driver<Memory, Memory, Memory>,
    pub(super) wire: Rc<RefCell<Wire>>,
    mailbox: Mailbox,
    pub(super) ended: bool,
    // The timer of the driver needs a runtime around it, though nothing waits for it here.
    runtime: tokio::runtime::Runtime,
}

impl World {
    pub(super) fn new() -> World {
        let wire = Rc::new(RefCell::new(Wire::default()));
        let memory = Memory(Rc::clone(&wire));
        let mailbox = Mailbox::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let listeners = vec![Some(memory.clone())];
        let mailboxes = [mailbox.clone()];
        let driver = Driver::new(memory.clone(), memory.clone(), memory, WorkerId(0), &mailboxes, listeners);
        let mut world = World { driver, wire, mailbox, ended: false, runtime };
        world.turn();
        world
    }

    pub(super) fn turn(&mut self) {
        let _inside = self.runtime.enter();
        self.ended |= self.driver.turn(&mut Context::from_waker(Waker::noop())).is_ready();
    }

    /// Has the driver carry out orders in one drain.
    pub(super) fn order(&mut self, orders: impl IntoIterator<Item = Output>) {
        self.wire.borrow_mut().orders.extend(orders);
        self.mailbox.send(Input::Signal(Signal::SoftStop));
        self.turn();
    }

    pub(super) fn arrive_client(&mut self) -> SharedEnd {
        let mut wire = self.wire.borrow_mut();
        let end = wire.add();
        wire.arrivals.push_back(Rc::clone(&end));
        if let Some(waker) = wire.accept_waker.take() {
            drop(wire);
            waker.wake();
        }
        end
    }

    pub(super) fn accept(&mut self) -> SharedEnd {
        let end = self.arrive_client();
        self.turn();
        assert_eq!(self.news(), ["Accepted c0.0"]);
        end
    }

    pub(super) fn connect(&mut self) -> SharedEnd {
        self.order([super::turns::connect()]);
        assert_eq!(self.news(), ["Connected s0.0"]);
        self.wire.borrow().latest()
    }

    /// What the machine was told since the last call.
    pub(super) fn news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.wire.borrow_mut().news)
    }
}
