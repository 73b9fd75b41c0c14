//! Origin, log server and load generator in one thread over one epoll: light enough that the proxy, which has
//! a core to itself, is what limits the rate.
//!
//! An engine pauses between its slices with no exchange under way, so that several proxies can run side by
//! side and take turns.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::{Domain, Socket, Type};

use crate::wire::{Traffic, Wire};

/// Clients beyond this number come from the loopback's next address, for ports are finite.
const CLIENTS_PER_ADDRESS: usize = 20_000;

/// How fast exchanges are started.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As fast as they end.
    Full,
    /// This many per second, at random times drawn from the seed.
    Part { rate: f64, seed: u64 },
}

/// What a slice has brought.
#[derive(Clone, Default)]
pub(crate) struct Outcome {
    /// Nanoseconds of each exchange.
    pub(crate) latencies: Vec<u64>,
    /// Exchanges that were not as they should be, and connections lost in the middle.
    pub(crate) errors: u64,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

enum Peer {
    Client(Wire),
    Gone,
    Listener(TcpListener),
    Log(UdpSocket),
    Origin(Wire),
}

/// The whole of it.
pub(crate) struct Engine {
    epoll: Epoll,
    peers: Vec<Peer>,
    free: Vec<usize>,
    /// Clients with nothing under way; who waits longest is next.
    idle: VecDeque<usize>,
    /// How many exchanges are under way.
    busy: usize,
    traffic: Traffic,
    front: SocketAddr,
    scratch: Vec<u8>,
    outcome: Outcome,
    /// Whether an exchange that ends lets the next begin.
    follow: bool,
    opened: usize,
    begun: u64,
    lines: u64,
    completed: u64,
}

impl Engine {
    /// Takes over listening origins and the log server.
    pub(crate) fn new(origins: Vec<TcpListener>, log: UdpSocket, front: u16, traffic: Traffic) -> Engine {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).expect("the kernel has epoll");
        let mut engine = Engine {
            epoll,
            peers: Vec::new(),
            free: Vec::new(),
            idle: VecDeque::new(),
            busy: 0,
            traffic,
            front: SocketAddr::from(([127, 0, 0, 1], front)),
            scratch: vec![0; 256 * 1024],
            outcome: Outcome::default(),
            follow: false,
            opened: 0,
            begun: 0,
            lines: 0,
            completed: 0,
        };
        for listener in origins {
            listener.set_nonblocking(true).expect("a fresh socket takes options");
            engine.add(Peer::Listener(listener));
        }
        log.set_nonblocking(true).expect("a fresh socket takes options");
        engine.add(Peer::Log(log));
        engine
    }

    /// Opens this many clients. Tells how many could be opened.
    pub(crate) fn connect(&mut self, count: usize) -> usize {
        for number in 0..count {
            let Ok(at) = self.open_client() else { return number };
            self.idle.push_back(at);
            // The listen backlog of a proxy is finite.
            if number % 100 == 99 {
                self.turn(Duration::ZERO);
            }
        }
        count
    }

    /// Does one exchange on each client, then leaves all connections idle. Tells how many were answered.
    pub(crate) fn touch_each(&mut self) -> usize {
        self.outcome = Outcome::default();
        self.follow = false;
        let deadline = Instant::now() + evenkeel_tests::PATIENCE;
        for _ in 0..self.idle.len() {
            while self.busy >= self.traffic.in_flight && Instant::now() < deadline {
                self.turn(Duration::from_millis(1));
            }
            self.start_next(Instant::now());
        }
        self.drain();
        self.outcome.latencies.len()
    }

    /// Exchanges for `length`, and until the last that began has ended.
    pub(crate) fn run(&mut self, length: Duration, pace: Pace) -> Outcome {
        self.outcome = Outcome::default();
        let started = Instant::now();
        match pace {
            Pace::Full => {
                self.follow = true;
                while started.elapsed() < length {
                    while self.busy < self.traffic.in_flight && self.start_next(Instant::now()) {}
                    self.turn(Duration::ZERO);
                }
            }
            Pace::Part { rate, seed } => self.run_at(rate, seed, started, length),
        }
        self.follow = false;
        self.drain();
        self.outcome.elapsed = started.elapsed();
        std::mem::take(&mut self.outcome)
    }

    /// Exchanges begin independently of each other and of how fast they end.
    fn run_at(&mut self, rate: f64, seed: u64, started: Instant, length: Duration) {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut due = started;
        while due < started + length {
            while due <= Instant::now() {
                // Waiting for a free client counts: the exchange was due then.
                if !self.start_next(due) {
                    break;
                }
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let share = ((random >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
                due += Duration::from_secs_f64((-share.ln() / rate).min(1.0));
            }
            self.turn(Duration::ZERO);
        }
    }

    /// Log lines received, and exchanges completed, since the beginning.
    pub(crate) fn lines_and_exchanges(&mut self) -> (u64, u64) {
        self.turn(Duration::from_millis(100));
        (self.lines, self.completed)
    }

    /// Lets what is under way end.
    fn drain(&mut self) {
        let deadline = Instant::now() + evenkeel_tests::PATIENCE;
        while self.busy > 0 && Instant::now() < deadline {
            self.turn(Duration::from_millis(10));
        }
        self.outcome.errors += self.busy as u64;
    }

    fn add(&mut self, peer: Peer) -> usize {
        let at = self.free.pop().unwrap_or(self.peers.len());
        let edge = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
        let event = |flags| EpollEvent::new(flags, at as u64);
        match &peer {
            Peer::Client(wire) | Peer::Origin(wire) => self.epoll.add(wire.stream.as_fd(), event(edge)),
            Peer::Gone => Ok(()),
            Peer::Listener(listener) => self.epoll.add(listener.as_fd(), event(EpollFlags::EPOLLIN)),
            Peer::Log(socket) => self.epoll.add(socket.as_fd(), event(EpollFlags::EPOLLIN)),
        }
        .expect("epoll takes a socket");
        if at == self.peers.len() {
            self.peers.push(peer);
        } else {
            self.peers[at] = peer;
        }
        at
    }

    fn open_client(&mut self) -> std::io::Result<usize> {
        self.opened += 1;
        let stream = if self.traffic.clients <= CLIENTS_PER_ADDRESS {
            TcpStream::connect(self.front)?
        } else {
            let block = u8::try_from(self.opened % self.traffic.clients / CLIENTS_PER_ADDRESS).unwrap_or(0);
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 1, 1 + block), 0)).into())?;
            socket.connect(&self.front.into())?;
            socket.into()
        };
        Ok(self.add(Peer::Client(Wire::new(stream))))
    }

    /// Starts an exchange on the client that waits longest, if one waits.
    fn start_next(&mut self, due: Instant) -> bool {
        let Some(at) = self.idle.pop_front() else { return false };
        let Peer::Client(wire) = &mut self.peers[at] else { return true };
        let ask = self.begun as usize % self.traffic.asks.len();
        self.begun += 1;
        self.busy += 1;
        wire.ask(due, ask, Rc::clone(&self.traffic.asks[ask].bytes));
        true
    }

    /// Waits for events, at most `timeout`, and handles them.
    fn turn(&mut self, timeout: Duration) {
        let mut events = [EpollEvent::empty(); 256];
        let timeout = EpollTimeout::try_from(timeout).unwrap_or(EpollTimeout::ZERO);
        let count = self.epoll.wait(&mut events, timeout).unwrap_or(0);
        for event in &events[..count] {
            let at = usize::try_from(event.data()).unwrap_or(usize::MAX);
            match std::mem::replace(&mut self.peers[at], Peer::Gone) {
                Peer::Client(wire) => self.receive(at, wire),
                Peer::Gone => {}
                Peer::Listener(listener) => {
                    self.accept(&listener);
                    self.peers[at] = Peer::Listener(listener);
                }
                Peer::Log(socket) => {
                    while let Ok(count) = socket.recv(&mut self.scratch) {
                        // Start and stop messages and changes of servers are lines as well, but few.
                        self.lines += u64::from(count > 0);
                    }
                    self.peers[at] = Peer::Log(socket);
                }
                Peer::Origin(wire) => self.serve(at, wire),
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
        let open = wire.fill(&mut self.scratch, self.traffic.asks_are_long());
        if self.traffic.is_whole_request(&wire) {
            self.outcome.errors += u64::from(!self.traffic.is_right_request(&wire));
            wire.forget();
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
        let open = wire.fill(&mut self.scratch, self.traffic.answers_are_long());
        let was_idle = !wire.busy;
        let done = wire.busy && self.traffic.is_whole_answer(&wire);
        if done {
            self.outcome.errors += u64::from(!self.traffic.is_right_answer(&wire));
            self.outcome.latencies.push(u64::try_from(wire.due.elapsed().as_nanos()).unwrap_or(u64::MAX));
            self.completed += 1;
            wire.forget();
        }
        let lost = !open && !done;
        let closed = !open && done && !self.traffic.connection_each;
        self.outcome.errors += u64::from(lost || closed);
        if open && (!done || !self.traffic.connection_each) {
            self.peers[at] = Peer::Client(wire);
            if done {
                self.idle.push_back(at);
            }
        } else {
            drop(wire);
            self.free.push(at);
            if was_idle {
                self.idle.retain(|other| *other != at);
            }
            if let Ok(fresh) = self.open_client() {
                self.idle.push_back(fresh);
            }
        }
        if done || (lost && !was_idle) {
            self.busy -= 1;
            if self.follow {
                self.start_next(Instant::now());
            }
        }
    }
}
