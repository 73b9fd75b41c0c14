//! One exchange: a request and its response, or one TCP connection.

use bytes::Bytes;

use super::end::End;
use super::gather::Gathered;
use crate::base::ids::{BackendId, FrontendId, ServerId, StreamId, TableId};
use crate::base::slots::Key;
use crate::base::time::{Time, Wall};
use crate::base::timers::Timer;
use crate::h1::ChunkDecoder;
use crate::http::{Fields, RequestHead, ResponseHead};
use crate::persistence::Affinity;
use crate::rules::Remarks;
use crate::sample::{Ending, StreamTimes};

/// What an exchange waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The body of a request, for the choice of a server.
    Body,
    /// More of a TCP client's first bytes, for rules to decide.
    Content,
    /// Its request: it has just begun.
    Request,
    /// A slot of a server.
    Slot,
    /// A moment, before it connects again.
    TurnAround,
    /// The connection.
    Connection,
    /// The response's head.
    Response,
    /// The rest of the bodies.
    Bodies,
    /// The end of a tunnel.
    Tunnel,
    /// The client, to take an answer of our own.
    Reply,
}

/// How far a body has come.
#[derive(Debug, Default)]
pub(super) enum Transfer {
    /// All of it was seen, or there is none.
    #[default]
    Done,
    /// So many bytes are still to come.
    Length(u64),
    /// So many bytes are still to be moved by the shell.
    Relayed(u64),
    /// Chunks.
    Chunked(ChunkDecoder),
    /// Until the sender closes.
    UntilClose,
}

impl Transfer {
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Transfer::Done)
    }
}

/// One exchange. Kept for the next one when over, so that its buffers are warm.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: StreamId,
    pub(super) client: Key,
    pub(super) frontend: FrontendId,
    pub(super) backend: Option<BackendId>,
    pub(super) server: Option<ServerId>,
    pub(super) upstream: Option<Key>,
    pub(super) waiting: Waiting,
    pub(super) http: bool,
    pub(super) request: RequestHead,
    pub(super) response: ResponseHead,
    pub(super) has_request: bool,
    pub(super) has_response: bool,
    pub(super) persistent: bool,
    pub(super) upgrade: bool,
    pub(super) request_body: Transfer,
    pub(super) request_length: crate::h1::BodyLength,
    pub(super) response_body: Transfer,
    /// Body bytes that wait for the server's connection.
    pub(super) pending: Bytes,
    /// A chunked body that was read before there was a server.
    pub(super) gathered: Option<Box<Gathered>>,
    pub(super) trailers: Fields,
    /// The server's connection may be used again.
    pub(super) server_persistent: bool,
    /// The request went over a connection that carried others before.
    pub(super) reused: bool,
    pub(super) slot_held: bool,
    pub(super) counted: bool,
    pub(super) remarks: Remarks,
    /// The body as it came, while the whole request may be sent again.
    pub(super) replay: Option<Bytes>,
    pub(super) retries: u32,
    pub(super) redispatched: bool,
    /// It waits, or waited, in the queue of one server.
    pub(super) bound: bool,
    pub(super) server_queue: u32,
    pub(super) backend_queue: u32,
    pub(super) status: u16,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) request_captures: Vec<Option<Vec<u8>>>,
    pub(super) response_captures: Vec<Option<Vec<u8>>>,
    /// What of the request's and of the answer's cookies `capture cookie` keeps; empty is none.
    pub(super) cookie_captures: [Vec<u8>; 2],
    pub(super) affinity: Affinity,
    /// What stick tables are to remember once the server is known.
    pub(super) stores: Vec<(TableId, Vec<u8>)>,
    pub(super) times: StreamTimes,
    pub(super) end: Option<End>,
    pub(super) over: bool,
    pub(super) client_eof: bool,
    /// The client has reset its connection; its server sees the same.
    pub(super) client_reset: bool,
    pub(super) server_eof: bool,
    /// Bytes of a relay that were read and not taken, by side: whom a silence is to be blamed on.
    pub(super) held_for_client: u64,
    pub(super) held_for_server: u64,
    pub(super) deadline: Time,
    pub(super) timer: Timer,
}

impl Stream {
    pub(super) fn new() -> Stream {
        Stream {
            id: StreamId(Key { index: 0, generation: 0 }),
            client: Key { index: 0, generation: 0 },
            frontend: FrontendId(0),
            backend: None,
            server: None,
            upstream: None,
            waiting: Waiting::Request,
            http: true,
            request: RequestHead::default(),
            response: ResponseHead::default(),
            has_request: false,
            has_response: false,
            persistent: false,
            upgrade: false,
            request_body: Transfer::Done,
            request_length: crate::h1::BodyLength::None,
            response_body: Transfer::Done,
            pending: Bytes::new(),
            gathered: None,
            trailers: Fields::default(),
            server_persistent: false,
            reused: false,
            slot_held: false,
            counted: false,
            remarks: Remarks::default(),
            replay: None,
            retries: 0,
            redispatched: false,
            bound: false,
            server_queue: 0,
            backend_queue: 0,
            status: 0,
            bytes_in: 0,
            bytes_out: 0,
            request_captures: Vec::new(),
            response_captures: Vec::new(),
            cookie_captures: [Vec::new(), Vec::new()],
            affinity: Affinity::default(),
            stores: Vec::new(),
            times: no_times(),
            end: None,
            over: false,
            client_eof: false,
            client_reset: false,
            server_eof: false,
            held_for_client: 0,
            held_for_server: 0,
            deadline: Time::NEVER,
            timer: Timer::default(),
        }
    }

    /// How it ends, as logs show it; a normal end as long as nothing else is known.
    pub(super) fn ending(&self) -> Ending {
        let [a, b, ..] = self.end.unwrap_or(End::Normal).ending().letters;
        let [c, d] = self.affinity.letters();
        Ending { letters: [a, b, c, d] }
    }

    /// Remembers for the log how many were served before it in the queue where it waited.
    pub(super) fn note_position(&mut self, position: u32) {
        if self.bound {
            self.server_queue = position;
        } else {
            self.backend_queue = position;
        }
    }

    /// As new, but with the memory of its heads.
    pub(super) fn recycle(&mut self) {
        let mut fresh = Stream::new();
        std::mem::swap(&mut fresh.request, &mut self.request);
        std::mem::swap(&mut fresh.response, &mut self.response);
        std::mem::swap(&mut fresh.trailers, &mut self.trailers);
        std::mem::swap(&mut fresh.request_captures, &mut self.request_captures);
        std::mem::swap(&mut fresh.response_captures, &mut self.response_captures);
        std::mem::swap(&mut fresh.stores, &mut self.stores);
        fresh.stores.clear();
        std::mem::swap(&mut fresh.cookie_captures, &mut self.cookie_captures);
        fresh.cookie_captures.iter_mut().for_each(Vec::clear);
        fresh.request.clear();
        fresh.response.clear();
        fresh.trailers.clear();
        fresh.request_captures.clear();
        fresh.response_captures.clear();
        *self = fresh;
    }
}

fn no_times() -> StreamTimes {
    StreamTimes {
        accepted: Time::NEVER,
        accepted_wall: Wall::default(),
        handshaken: Time::NEVER,
        first_byte: Time::NEVER,
        head: Time::NEVER,
        dequeued: Time::NEVER,
        connected: Time::NEVER,
        response: Time::NEVER,
        ended: Time::NEVER,
    }
}
