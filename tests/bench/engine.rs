//! Origin and load generator in one thread over one epoll: light enough that the proxy, which has a core to
//! itself, is what limits the rate.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{MsgFlags, recv};

/// Answers beyond this many bytes are not all looked at.
const LONG: usize = 16 * 1024;

/// Of long answers every so many-th is compared byte by byte.
const LOOKED_AT_EVERY: usize = 16;

/// What flows, as the engine needs it.
#[derive(Clone)]
pub(crate) struct Traffic {
    /// What a client sends for one exchange.
    pub(crate) request: Rc<[u8]>,
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
}

/// What a run has brought.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Nanoseconds of each exchange.
    pub(crate) latencies: Vec<u64>,
    /// Answers that were not as they should be, and connections lost in the middle.
    pub(crate) errors: u64,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

enum Peer {
    Listener(TcpListener),
    Origin(Wire),
    Client(Wire),
    Gone,
}

/// One connection: what is on its way out, and what came in for the current exchange.
struct Wire {
    stream: TcpStream,
    out: Rc<[u8]>,
    sent: usize,
    received: Vec<u8>,
    /// Bytes of the current answer that were counted and thrown away.
    skipped: usize,
    due: Instant,
    busy: bool,
}

/// The whole of it.
pub(crate) struct Engine {
    epoll: Epoll,
    peers: Vec<Peer>,
    free: Vec<usize>,
    idle: Vec<usize>,
    traffic: Traffic,
    front: SocketAddr,
    scratch: Vec<u8>,
    outcome: Outcome,
    /// Exchanges per second to start, or as many as possible.
    rate: Option<f64>,
}

impl Engine {
    /// Takes over listening origins.
    pub(crate) fn new(origins: Vec<TcpListener>, front: u16, traffic: Traffic) -> Engine {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).expect("the kernel has epoll");
        let mut engine = Engine {
            epoll,
            peers: Vec::new(),
            free: Vec::new(),
            idle: Vec::new(),
            traffic,
            front: SocketAddr::from(([127, 0, 0, 1], front)),
            scratch: vec![0; 256 * 1024],
            outcome: Outcome::default(),
            rate: None,
        };
        for listener in origins {
            listener.set_nonblocking(true).expect("a fresh socket takes options");
            engine.add(Peer::Listener(listener));
        }
        engine
    }

    /// Opens the clients.
    pub(crate) fn connect(&mut self) {
        for _ in 0..self.traffic.clients {
            let at = self.open_client();
            self.idle.push(at);
            // The listen backlog of a proxy is finite.
            if self.idle.len().is_multiple_of(100) {
                self.turn(Duration::ZERO);
            }
        }
    }

    /// Does one exchange on each client, then leaves all connections idle.
    pub(crate) fn touch_each(&mut self) {
        let all = std::mem::take(&mut self.idle);
        self.rate = Some(0.0);
        for batch in all.chunks(64) {
            batch.iter().for_each(|at| self.start(*at, Instant::now()));
            let wanted = self.idle.len() + batch.len();
            let deadline = Instant::now() + evenkeel_tests::PATIENCE;
            while self.idle.len() < wanted && Instant::now() < deadline {
                self.turn(Duration::from_millis(1));
            }
        }
    }

    /// Exchanges for `length`, as fast as possible or at `rate` per second.
    pub(crate) fn run(&mut self, length: Duration, rate: Option<f64>) -> Outcome {
        self.outcome = Outcome::default();
        self.rate = rate;
        let started = Instant::now();
        let mut begun = 0u64;
        while started.elapsed() < length {
            match rate {
                None => {
                    while let Some(at) = self.idle.pop() {
                        self.start(at, Instant::now());
                    }
                    self.turn(Duration::from_millis(10));
                }
                Some(rate) => {
                    let due = |number: u64| started + Duration::from_secs_f64(number as f64 / rate);
                    while due(begun) <= Instant::now() {
                        let Some(at) = self.idle.pop() else { break };
                        // Waiting for a free client counts: the exchange was due then.
                        self.start(at, due(begun));
                        begun += 1;
                    }
                    self.turn(Duration::ZERO);
                }
            }
        }
        self.outcome.elapsed = started.elapsed();
        std::mem::take(&mut self.outcome)
    }

    fn add(&mut self, peer: Peer) -> usize {
        let at = self.free.pop().unwrap_or(self.peers.len());
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
        let event = |flags| EpollEvent::new(flags, at as u64);
        match &peer {
            Peer::Listener(listener) => self.epoll.add(listener.as_fd(), event(EpollFlags::EPOLLIN)),
            Peer::Origin(wire) | Peer::Client(wire) => self.epoll.add(wire.stream.as_fd(), event(flags)),
            Peer::Gone => Ok(()),
        }
        .expect("epoll takes a socket");
        if at == self.peers.len() {
            self.peers.push(peer);
        } else {
            self.peers[at] = peer;
        }
        at
    }

    fn open_client(&mut self) -> usize {
        let stream = TcpStream::connect(self.front).expect("the proxy listens");
        self.add(Peer::Client(Wire::new(stream)))
    }

    fn start(&mut self, at: usize, due: Instant) {
        let Peer::Client(wire) = &mut self.peers[at] else { return };
        wire.due = due;
        wire.busy = true;
        wire.begin(Rc::clone(&self.traffic.request));
    }

    /// Waits for events, at most `timeout`, and handles them.
    fn turn(&mut self, timeout: Duration) {
        let mut events = [EpollEvent::empty(); 256];
        let timeout = EpollTimeout::try_from(timeout).unwrap_or(EpollTimeout::ZERO);
        let count = self.epoll.wait(&mut events, timeout).unwrap_or(0);
        for event in &events[..count] {
            let at = usize::try_from(event.data()).unwrap_or(usize::MAX);
            match std::mem::replace(&mut self.peers[at], Peer::Gone) {
                Peer::Listener(listener) => {
                    self.accept(&listener);
                    self.peers[at] = Peer::Listener(listener);
                }
                Peer::Origin(wire) => self.serve(at, wire),
                Peer::Client(wire) => self.receive(at, wire),
                Peer::Gone => {}
            }
        }
    }

    fn accept(&mut self, listener: &TcpListener) {
        while let Ok((stream, _)) = listener.accept() {
            self.add(Peer::Origin(Wire::new(stream)));
        }
    }

    fn serve(&mut self, at: usize, mut wire: Wire) {
        wire.flush();
        let open = wire.fill(&mut self.scratch, false);
        let request = &self.traffic.request;
        let whole = match self.traffic.http {
            true => wire.received.ends_with(b"\r\n\r\n"),
            false => wire.received.len() >= request.len(),
        };
        if whole {
            wire.received.clear();
            wire.begin(Rc::clone(&self.traffic.answer));
        }
        if open {
            self.peers[at] = Peer::Origin(wire);
        } else {
            self.free.push(at);
        }
    }

    fn receive(&mut self, at: usize, mut wire: Wire) {
        wire.flush();
        let open = self.fill_from_proxy(&mut wire);
        let done = wire.busy && self.is_whole(&wire);
        if done {
            self.outcome.errors += u64::from(wire.skipped == 0 && !self.is_right(&wire.received));
            wire.skipped = 0;
            self.outcome.latencies.push(u64::try_from(wire.due.elapsed().as_nanos()).unwrap_or(u64::MAX));
            wire.received.clear();
            wire.busy = false;
        }
        if !open && wire.busy {
            self.outcome.errors += 1;
        }
        let again = done && !self.traffic.connection_each && open;
        if again && self.rate.is_none() {
            wire.due = Instant::now();
            wire.busy = true;
            wire.begin(Rc::clone(&self.traffic.request));
            self.peers[at] = Peer::Client(wire);
        } else if again {
            self.peers[at] = Peer::Client(wire);
            self.idle.push(at);
        } else if open && !(done && self.traffic.connection_each) {
            self.peers[at] = Peer::Client(wire);
        } else {
            drop(wire);
            self.free.push(at);
            let fresh = self.open_client();
            self.idle.push(fresh);
        }
    }

    /// Reads an answer. Of long ones only some are looked at; of the others the kernel throws away what
    /// follows the first read, so that this core has less to do than the proxy's.
    fn fill_from_proxy(&mut self, wire: &mut Wire) -> bool {
        let long = self.traffic.body.len() > LONG;
        let looked_at = self.outcome.latencies.len().is_multiple_of(LOOKED_AT_EVERY);
        if !long || wire.received.is_empty() || (looked_at && wire.skipped == 0) {
            let limit = if long && wire.received.is_empty() { LONG } else { self.scratch.len() };
            let open = wire.fill(&mut self.scratch[..limit], long && !looked_at);
            if !open || !long || looked_at {
                return open;
            }
        }
        wire.skip(&mut self.scratch)
    }

    fn is_whole(&self, wire: &Wire) -> bool {
        let received = &wire.received;
        if !self.traffic.http {
            return received.len() + wire.skipped >= self.traffic.body.len();
        }
        // Heads are short; the search ends before the body begins.
        let head = evenkeel_tests::wire::find(&received[..received.len().min(2000)], b"\r\n\r\n");
        head.is_some_and(|head| received.len() + wire.skipped >= head + 4 + self.traffic.body.len())
    }

    fn is_right(&self, received: &[u8]) -> bool {
        let status_fits = !self.traffic.http || received.starts_with(b"HTTP/1.1 200");
        status_fits && received.ends_with(&self.traffic.body)
    }
}

impl Wire {
    fn new(stream: TcpStream) -> Wire {
        stream.set_nonblocking(true).expect("a fresh socket takes options");
        let _ = stream.set_nodelay(true);
        let nothing: Rc<[u8]> = Rc::from([]);
        Wire {
            stream,
            out: nothing,
            sent: 0,
            received: Vec::new(),
            skipped: 0,
            due: Instant::now(),
            busy: false,
        }
    }

    fn begin(&mut self, out: Rc<[u8]>) {
        self.out = out;
        self.sent = 0;
        self.flush();
    }

    fn flush(&mut self) {
        while self.sent < self.out.len() {
            match self.stream.write(&self.out[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(_) => return,
            }
        }
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
    fn fill(&mut self, scratch: &mut [u8], once: bool) -> bool {
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
