//! The network: connections between the proxy and its peers, byte by byte in time. Pure: it is told what
//! happens, and says what is due later and who must be woken.
//!
//! It behaves as TCP does on Linux where a proxy can tell: segments keep their order, a full buffer makes the
//! writer wait, data for a closed socket is answered by RST, closing with unread input resets, what arrived
//! before a reset can still be read, and a connect to a machine that is off gets no answer.

mod pipe;

use bytes::Bytes;
use evenkeel_core::base::ids::ConnId;
use evenkeel_core::base::random::Rng;
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::CloseHow;

use self::pipe::Piece;
use self::pipe::Pipe;
pub use self::pipe::Read;
use crate::conditions::Conditions;
use crate::scenario::NetworkPlan;

/// One connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WireId(pub u32);

/// One of the two ends: every connection has the proxy at one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client's or the server's.
    Peer,
    /// The proxy's.
    Proxy,
}

impl End {
    fn other(self) -> End {
        match self {
            End::Peer => End::Proxy,
            End::Proxy => End::Peer,
        }
    }
}

/// Who is at the far end, as the proxy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A client, by position.
    Client(usize),
    /// A server, by position.
    Server {
        /// Which.
        server: usize,
        /// The port for health checks, not for traffic.
        health: bool,
    },
}

/// How far a connect has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// No answer yet.
    Waiting,
    /// It is open.
    Open,
    /// Refused.
    Refused,
}

/// What is due at some later time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkEvent {
    wire: WireId,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The opener's first packet comes to the other end.
    Syn,
    /// The answer comes to the opener.
    Answer(Opening),
    /// Something comes to this end.
    Arrival(End),
    /// This end learns that there is room again.
    Window(End),
}

/// Who must look at a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A connection waits to be accepted.
    Incoming(WireId),
    /// Something changed for the peer.
    Peer(WireId),
    /// Something changed for the proxy.
    Proxy(WireId),
}

/// Why a write failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// The connection was reset.
    Reset,
    /// Written after its own end was sent.
    AfterEnd,
}

#[derive(Debug)]
struct Wire {
    peer: Peer,
    worker: u32,
    conn: Option<ConnId>,
    opened: Time,
    opening: Opening,
    /// By the end that reads.
    to_peer: Pipe,
    to_proxy: Pipe,
    peer_closed: bool,
    proxy_closed: bool,
}

impl Wire {
    fn opener(&self) -> End {
        match self.peer {
            Peer::Client(_) => End::Peer,
            Peer::Server { .. } => End::Proxy,
        }
    }

    fn pipe_to(&mut self, end: End) -> &mut Pipe {
        match end {
            End::Peer => &mut self.to_peer,
            End::Proxy => &mut self.to_proxy,
        }
    }

    fn is_closed(&self, end: End) -> bool {
        match end {
            End::Peer => self.peer_closed,
            End::Proxy => self.proxy_closed,
        }
    }
}

/// All connections of the world.
#[derive(Debug)]
pub struct Network {
    plan: NetworkPlan,
    rng: Rng,
    wires: Vec<Wire>,
    /// Whether each worker's listener is open.
    doors: Vec<bool>,
    now: Time,
    /// What the active faults do.
    pub conditions: Conditions,
    /// What is due later, for the world's queue.
    pub due: Vec<(Time, NetworkEvent)>,
    /// Who must be woken now.
    pub wakes: Vec<Wake>,
}

impl Network {
    /// A network without connections.
    pub fn new(plan: NetworkPlan, workers: u32, conditions: Conditions, rng: Rng) -> Network {
        Network {
            plan,
            rng,
            wires: Vec::new(),
            doors: vec![true; workers as usize],
            now: Time::ZERO,
            conditions,
            due: Vec::new(),
            wakes: Vec::new(),
        }
    }

    /// Time goes on.
    pub fn advance(&mut self, now: Time) {
        self.now = now;
    }

    /// Begins to open a connection between `worker` and `peer`.
    pub fn open(&mut self, worker: u32, peer: Peer) -> WireId {
        let id = WireId(self.wires.len() as u32);
        self.wires.push(Wire {
            peer,
            worker,
            conn: None,
            opened: self.now,
            opening: Opening::Waiting,
            to_peer: Pipe::default(),
            to_proxy: Pipe::default(),
            peer_closed: false,
            proxy_closed: false,
        });
        self.later(id, What::Syn);
        id
    }

    /// Who is at the far end.
    pub fn peer(&self, id: WireId) -> Peer {
        self.wire(id).peer
    }

    /// The worker at the near end.
    pub fn worker(&self, id: WireId) -> u32 {
        self.wire(id).worker
    }

    /// The proxy's name for its end.
    pub fn conn(&self, id: WireId) -> Option<ConnId> {
        self.wire(id).conn
    }

    /// Names the proxy's end.
    pub fn name(&mut self, id: WireId, conn: ConnId) {
        self.wire_mut(id).conn = Some(conn);
    }

    /// How far the opener is.
    pub fn opening(&self, id: WireId) -> Opening {
        self.wire(id).opening
    }

    /// Whether the proxy has closed its end.
    pub fn proxy_closed(&self, id: WireId) -> bool {
        self.wire(id).proxy_closed
    }

    /// Whether a health check that began before `time` still runs.
    pub fn checks_since_before(&self, time: Time) -> bool {
        self.wires.iter().any(|wire| {
            let check = matches!(wire.peer, Peer::Server { health: true, .. });
            check && wire.opened < time && !wire.proxy_closed && wire.opening != Opening::Refused
        })
    }

    /// A worker's listener is closed for good.
    pub fn close_door(&mut self, worker: u32) {
        self.doors[worker as usize] = false;
    }

    /// Writes what there is room for. Nothing taken means that the end will be woken when there is room.
    pub fn write(&mut self, id: WireId, from: End, bytes: &Bytes) -> Result<usize, WriteError> {
        let capacity = self.plan.buffer;
        let to = from.other();
        let wire = &mut self.wires[id.0 as usize];
        if wire.pipe_to(from).reset {
            return Err(WriteError::Reset);
        }
        let pipe = wire.pipe_to(to);
        if pipe.ended {
            return Err(WriteError::AfterEnd);
        }
        let room = pipe.room(capacity);
        if room == 0 {
            pipe.writer_waits = true;
            return Ok(0);
        }
        let mut taken = room.min(bytes.len());
        if self.rng.chance(self.plan.short_percent, 100) {
            taken = 1 + self.rng.below(taken as u64) as usize;
        }
        let mut rest = bytes.slice(..taken);
        while rest.len() > 1 && self.rng.chance(self.plan.split_percent, 100) {
            let cut = 1 + self.rng.below(rest.len() as u64 - 1) as usize;
            self.launch(id, to, Piece::Bytes(rest.split_to(cut)));
        }
        self.launch(id, to, Piece::Bytes(rest));
        Ok(taken)
    }

    /// Reads at most `most` bytes at one end.
    pub fn read(&mut self, id: WireId, at: End, most: usize) -> Read {
        let most = match self.rng.chance(self.plan.short_percent, 100) {
            true => 1 + self.rng.below(most.min(2_000) as u64) as usize,
            false => most,
        };
        let pipe = self.wires[id.0 as usize].pipe_to(at);
        let read = pipe.read(most);
        if matches!(read, Read::Bytes(_)) && std::mem::take(&mut pipe.writer_waits) {
            self.later(id, What::Window(at.other()));
        }
        read
    }

    /// Says that this end sends no more.
    pub fn shut(&mut self, id: WireId, from: End) {
        if !self.wire_mut(id).pipe_to(from.other()).ended {
            self.launch(id, from.other(), Piece::End);
        }
    }

    /// Closes one end.
    pub fn close(&mut self, id: WireId, from: End, how: CloseHow) {
        let wire = self.wire_mut(id);
        let untouched = wire.opening == Opening::Waiting && wire.opener() == from;
        let unread = wire.pipe_to(from).has_unread();
        match from {
            End::Peer => wire.peer_closed = true,
            End::Proxy => wire.proxy_closed = true,
        }
        if !untouched && (how == CloseHow::Reset || unread) {
            self.reset(id, from);
        } else {
            self.shut(id, from);
        }
    }

    /// One end disappears without a word.
    pub fn vanish(&mut self, id: WireId, end: End) {
        match end {
            End::Peer => self.wire_mut(id).peer_closed = true,
            End::Proxy => self.wire_mut(id).proxy_closed = true,
        }
    }

    fn reset(&mut self, id: WireId, from: End) {
        let loses = self.rng.chance(1, 2);
        let pipe = self.wire_mut(id).pipe_to(from.other());
        if loses {
            pipe.clear_flying();
        }
        pipe.ended = true;
        self.launch(id, from.other(), Piece::Reset);
    }

    /// Something that was due happens.
    pub fn handle(&mut self, event: NetworkEvent) {
        let id = event.wire;
        match event.what {
            What::Syn => self.on_syn(id),
            What::Answer(opening) => {
                let opener = self.wire(id).opener();
                self.wire_mut(id).opening = opening;
                if !self.wire(id).is_closed(opener) {
                    self.wake(id, opener);
                } else if opening == Opening::Open {
                    self.reset(id, opener);
                }
            }
            What::Arrival(end) => self.on_arrival(id, end),
            What::Window(end) => {
                if !self.wire(id).is_closed(end) {
                    self.wake(id, end);
                }
            }
        }
    }

    fn on_syn(&mut self, id: WireId) {
        let blocked = self.blocked_until(id, true);
        if blocked > self.now {
            // Lost packets are sent again, with growing pauses.
            let again = blocked + std::time::Duration::from_nanos(self.travel(id) * 3);
            self.due.push((again, NetworkEvent { wire: id, what: What::Syn }));
            return;
        }
        let wire = self.wire(id);
        if wire.is_closed(wire.opener()) {
            return;
        }
        let listening = match wire.peer {
            Peer::Client(_) => self.doors[wire.worker as usize],
            Peer::Server { server, .. } => !self.conditions.servers[server].refuses,
        };
        if listening {
            self.wakes.push(Wake::Incoming(id));
            self.later(id, What::Answer(Opening::Open));
        } else {
            self.later(id, What::Answer(Opening::Refused));
        }
    }

    fn on_arrival(&mut self, id: WireId, end: End) {
        self.wire_mut(id).pipe_to(end).awaited = false;
        let blocked = self.blocked_until(id, false);
        if blocked > self.now {
            let at = blocked + std::time::Duration::from_nanos(self.travel(id));
            if let Some((time, _)) = self.wire_mut(id).pipe_to(end).flying.front_mut() {
                *time = at;
            }
            return self.await_next(id, end);
        }
        let now = self.now;
        let mut news = false;
        while let Some(piece) = self.wire_mut(id).pipe_to(end).land(now) {
            let closed = self.wire(id).is_closed(end);
            let pipe = self.wire_mut(id).pipe_to(end);
            match piece {
                Piece::Bytes(bytes) if closed => {
                    pipe.lose(&bytes);
                    self.refuse_data(id, end);
                }
                Piece::Bytes(bytes) => pipe.arrive(bytes),
                Piece::End => pipe.end_arrived = true,
                Piece::Reset => {
                    pipe.reset = true;
                    pipe.clear_flying();
                    self.wire_mut(id).pipe_to(end.other()).clear_flying();
                }
            }
            news = true;
        }
        self.await_next(id, end);
        if news && !self.wire(id).is_closed(end) {
            self.wake(id, end);
        }
    }

    /// Data came to an end that is closed: the sender is told so.
    fn refuse_data(&mut self, id: WireId, end: End) {
        let back = self.wire_mut(id).pipe_to(end.other());
        let told = back.flying.iter().any(|(_, piece)| matches!(piece, Piece::Reset));
        if !told && !back.reset {
            self.launch(id, end.other(), Piece::Reset);
        }
    }

    fn launch(&mut self, id: WireId, to: End, piece: Piece) {
        let at = self.arrival(id);
        self.wire_mut(id).pipe_to(to).launch(at, piece);
        self.await_next(id, to);
    }

    fn await_next(&mut self, id: WireId, to: End) {
        if let Some(at) = self.wire_mut(id).pipe_to(to).await_next() {
            self.due.push((at, NetworkEvent { wire: id, what: What::Arrival(to) }));
        }
    }

    fn later(&mut self, id: WireId, what: What) {
        let at = self.arrival(id);
        self.due.push((at, NetworkEvent { wire: id, what }));
    }

    fn arrival(&mut self, id: WireId) -> Time {
        let travel = self.travel(id);
        let at = self.now + std::time::Duration::from_nanos(travel);
        if self.plan.whole_ms { Time::from_millis(at.as_nanos().div_ceil(1_000_000)) } else { at }
    }

    fn travel(&mut self, id: WireId) -> u64 {
        let late = match self.wire(id).peer {
            Peer::Client(_) => 0,
            Peer::Server { server, .. } => self.conditions.servers[server].late_by,
        };
        self.plan.latency_us * 1_000 + self.rng.below(self.plan.jitter_us * 1_000 + 1) + late
    }

    fn blocked_until(&self, id: WireId, connecting: bool) -> Time {
        match self.wire(id).peer {
            Peer::Client(_) => self.conditions.clients_held_until,
            Peer::Server { server, .. } => {
                let there = &self.conditions.servers[server];
                let hole = if connecting { there.black_hole_until } else { Time::ZERO };
                there.held_until.max(there.off_until).max(hole)
            }
        }
    }

    fn wake(&mut self, id: WireId, end: End) {
        self.wakes.push(match end {
            End::Peer => Wake::Peer(id),
            End::Proxy => Wake::Proxy(id),
        });
    }

    fn wire(&self, id: WireId) -> &Wire {
        &self.wires[id.0 as usize]
    }

    fn wire_mut(&mut self, id: WireId) -> &mut Wire {
        &mut self.wires[id.0 as usize]
    }
}
