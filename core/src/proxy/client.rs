//! The client's side: accepting, requests in, answers taken, silence.

use bytes::Bytes;

use super::conn::{Client, join};
use super::end::{By, End, Phase, Why};
use super::output::{CloseHow, Output};
use super::stream::{Stream, Transfer, Waiting};
use super::worker::Worker;
use crate::base::address::Address;
use crate::base::ids::{ConnId, ListenerId, StreamId};
use crate::base::limits;
use crate::base::slots::Key;
use crate::base::time::Time;
use crate::base::timers::Timer;
use crate::h1::{self, Parse};
use crate::model::Mode;
use crate::proxy::input::Message;

impl Worker {
    pub(super) fn on_accepted(&mut self, conn: ConnId, listener: ListenerId, peer: Address, local: Address) {
        let key = conn.key();
        let frontend = self.config.listeners[listener.index()].frontend;
        let client = Client {
            listener,
            frontend,
            peer,
            local,
            accepted: self.now,
            stream: None,
            buffer: Vec::new(),
            first_byte: Time::NEVER,
            idle_since: self.now.time,
            requests: 0,
            unsent: 0,
            received: 0,
            read_closed: false,
            paused: false,
            closing: false,
            shut: false,
            parked: false,
            own: None,
            deadline: Time::NEVER,
            timer: Timer::default(),
        };
        if self.clients.place(key, client).is_err() {
            self.lost_races += 1;
            return;
        }
        self.admit(key);
    }

    /// Lets a connection in, or holds it back until there is room.
    fn admit(&mut self, key: Key) -> bool {
        let Some(frontend) = self.clients.get(key).map(|client| client.frontend) else {
            return true;
        };
        let entry = self.shared.enter(frontend, self.id);
        if entry.process_full || entry.frontend_full {
            for index in 0..self.config.listeners.len() {
                let listener = ListenerId(index as u32);
                let concerned = entry.process_full || self.config.listeners[index].frontend == frontend;
                if concerned && self.paused_listeners.insert(listener) {
                    self.put(Output::PauseAccepting { listener });
                }
            }
        }
        if let Some(client) = self.clients.get_mut(key) {
            client.parked = !entry.admitted;
        }
        if entry.admitted {
            self.pause_client(key, false);
            self.start_client(key);
        } else {
            self.pause_client(key, true);
            self.parked.push_back(key);
        }
        entry.admitted
    }

    /// There may be room again: those held back come first, then the listeners.
    pub(super) fn room_to_accept(&mut self) {
        for _ in 0..self.parked.len() {
            let Some(key) = self.parked.pop_front() else { break };
            if self.clients.get(key).is_some() && !self.admit(key) {
                return;
            }
        }
        for listener in std::mem::take(&mut self.paused_listeners) {
            self.put(Output::ResumeAccepting { listener });
        }
    }

    fn start_client(&mut self, key: Key) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let frontend = self.config.frontends[client.frontend.index()].clone();
        client.accepted = self.now;
        client.idle_since = self.now.time;
        match frontend.mode {
            Mode::Http => {
                let wait = frontend.timeouts.http_request.or(frontend.timeouts.client);
                self.arm_client(key, self.now.time.after(wait));
            }
            Mode::Tcp => {
                let mut stream = self.new_stream();
                stream.http = false;
                self.open_stream(key, &mut stream);
                stream.times.first_byte = self.now.time;
                stream.times.head = self.now.time;
                self.inspect(&mut stream, false);
                self.put_back(stream);
            }
        }
    }

    pub(super) fn on_client_bytes(&mut self, key: Key, bytes: Bytes) {
        let Some(client) = self.clients.get_mut(key) else {
            self.lost_races += 1;
            return;
        };
        if client.closing {
            return;
        }
        let Some(id) = client.stream else {
            client.received += bytes.len() as u64;
            return self.next_request(key, bytes);
        };
        let Some(mut stream) = self.take(id) else { return };
        if stream.waiting == Waiting::Content {
            self.keep_pipelined(key, &bytes);
            self.inspect(&mut stream, false);
            return self.put_back(stream);
        }
        if stream.waiting == Waiting::Body {
            self.gather(&mut stream, bytes);
            return self.put_back(stream);
        }
        // Without a server the answer is through, and the rest of the request is passed over.
        let passes = stream.upstream.is_some() || stream.waiting == Waiting::Bodies;
        if stream.request_body.is_done() || !passes {
            self.keep_pipelined(key, &bytes);
        } else {
            self.request_body_bytes(&mut stream, bytes);
            self.touch_client(key, &stream);
            self.finish_if_done(&mut stream);
        }
        self.put_back(stream);
    }

    /// Keeps bytes of the next request until this one is over.
    pub(super) fn keep_pipelined(&mut self, key: Key, bytes: &[u8]) {
        let Some(client) = self.clients.get_mut(key) else { return };
        if client.buffer.is_empty() && !bytes.is_empty() {
            client.first_byte = self.now.time;
        }
        client.buffer.extend_from_slice(bytes);
        if client.buffer.len() >= limits::PIPELINED_MAX {
            self.pause_client(key, true);
        }
    }

    /// Looks for a whole request in what waits and what has come.
    pub(super) fn next_request(&mut self, key: Key, bytes: Bytes) {
        let limits = self.limits;
        let Some(client) = self.clients.get_mut(key) else { return };
        if client.first_byte == Time::NEVER {
            client.first_byte = self.now.time;
        }
        let line_may_be_complete =
            || bytes.contains(&b'\n') || client.buffer.len() + bytes.len() > limits.bytes_max;
        if !client.buffer.is_empty() && !line_may_be_complete() {
            client.buffer.extend_from_slice(&bytes);
            return self.await_head(key);
        }
        let mut input = join(&mut client.buffer, bytes);
        let mut stream = self.new_stream();
        match h1::parse_request(&input, &mut stream.request, &limits) {
            Ok(Parse::Partial) => {
                self.lay_aside(stream);
                if let Some(client) = self.clients.get_mut(key) {
                    client.buffer = input.to_vec();
                }
                self.await_head(key);
            }
            Ok(Parse::Complete(length)) => {
                let rest = input.split_off(length);
                self.open_stream(key, &mut stream);
                stream.bytes_in = length as u64;
                self.start_request(&mut stream, rest);
                self.put_back(stream);
            }
            Err(error) => {
                self.open_stream(key, &mut stream);
                self.refuse_early(&mut stream, error.request_status(), By::Proxy, Why::Failed);
                self.put_back(stream);
            }
        }
    }

    /// A partial head has come: its deadline counts from its first byte, or from when its turn came if it was
    /// pipelined.
    fn await_head(&mut self, key: Key) {
        let Some(client) = self.clients.get(key) else { return };
        let timeouts = self.config.frontends[client.frontend.index()].timeouts;
        let deadline = match timeouts.http_request {
            Some(span) if client.requests == 0 => client.accepted.time + span,
            Some(span) => client.first_byte.max(client.idle_since) + span,
            None => self.now.time.after(timeouts.client),
        };
        self.arm_client(key, deadline);
    }

    /// Gives an exchange its slot and its beginning.
    fn open_stream(&mut self, key: Key, stream: &mut Stream) {
        let Some(client) = self.clients.get_mut(key) else { return };
        stream.id = StreamId(self.streams.insert(None));
        stream.client = key;
        stream.frontend = client.frontend;
        stream.times.accepted = if client.requests == 0 { client.accepted.time } else { client.idle_since };
        stream.times.accepted_wall = if client.requests == 0 { client.accepted.wall } else { self.now.wall };
        stream.times.handshaken = stream.times.accepted;
        stream.times.first_byte = client.first_byte;
        client.stream = Some(stream.id);
        client.first_byte = Time::NEVER;
        client.deadline = Time::NEVER;
    }

    /// The client is silent while no exchange runs.
    pub(super) fn client_silent(&mut self, key: Key) {
        let Some(client) = self.clients.get(key) else { return };
        if client.parked {
            return;
        }
        if client.closing || (client.buffer.is_empty() && client.requests > 0) {
            return self.close_client(key, CloseHow::Graceful);
        }
        let mut stream = self.new_stream();
        self.open_stream(key, &mut stream);
        self.refuse_early(&mut stream, 408, By::Client, Why::TimedOut);
        self.put_back(stream);
    }

    pub(super) fn on_client_eof(&mut self, key: Key) {
        let Some(client) = self.clients.get_mut(key) else {
            self.lost_races += 1;
            return;
        };
        client.read_closed = true;
        let Some(id) = client.stream else {
            let started = !client.buffer.is_empty();
            let first = client.requests == 0;
            if client.closing || (!started && !first) {
                return self.close_client(key, CloseHow::Graceful);
            }
            let mut stream = self.new_stream();
            self.open_stream(key, &mut stream);
            if started {
                self.refuse_early(&mut stream, 400, By::Client, Why::Failed);
            } else {
                stream.status = 400;
                self.abandon(&mut stream, End::early(By::Client, Phase::Request, Why::Failed));
                self.close_client(key, CloseHow::Graceful);
            }
            return self.put_back(stream);
        };
        let Some(mut stream) = self.take(id) else { return };
        self.client_eof_in_stream(&mut stream);
        self.put_back(stream);
    }

    pub(super) fn on_client_sent(&mut self, key: Key, count: usize) {
        let Some(client) = self.clients.get_mut(key) else {
            self.lost_races += 1;
            return;
        };
        debug_assert!(client.unsent >= count, "no more is taken than was given");
        client.unsent = client.unsent.saturating_sub(count);
        let (unsent, shut, closing, stream) = (client.unsent, client.shut, client.closing, client.stream);
        if let Some(mut stream) = stream.and_then(|id| self.take(id)) {
            if unsent <= limits::UNSENT_HIGH / 2
                && let Some(upstream) = stream.upstream
                && matches!(stream.waiting, Waiting::Response | Waiting::Bodies)
                // Reading would be shown here again, and end the relay.
                && !matches!(stream.response_body, Transfer::Relayed(_))
            {
                self.pause_upstream(upstream, false);
            }
            self.touch_client(key, &stream);
            self.finish_if_done(&mut stream);
            self.put_back(stream);
        } else if unsent == 0 && closing {
            return self.close_client(key, CloseHow::Graceful);
        }
        if unsent == 0 && shut {
            if let Some(client) = self.clients.get_mut(key) {
                client.shut = false;
            }
            self.put(Output::ShutWrite { conn: ConnId::client(key) });
        }
    }

    /// The client did something, or something is wanted of it: its silence counts from here.
    pub(super) fn touch_client(&mut self, key: Key, stream: &Stream) {
        let unsent = self.clients.get(key).is_some_and(|client| client.unsent > 0);
        let timeouts = self.config.frontends[stream.frontend.index()].timeouts;
        let tunnel = stream.backend.and_then(|id| self.config.backends[id.index()].timeouts.tunnel);
        let reading = !stream.request_body.is_done();
        let relaying = matches!(stream.response_body, Transfer::Relayed(_)) && stream.held_for_client > 0;
        let span = match stream.waiting {
            Waiting::Tunnel if stream.client_eof || stream.server_eof => {
                timeouts.client_fin.or(timeouts.client)
            }
            Waiting::Tunnel => tunnel.or(timeouts.client),
            Waiting::Content => timeouts.client,
            _ if unsent || reading || relaying => timeouts.client,
            _ => None,
        };
        let now = self.now.time;
        self.arm_client(key, now.after(span));
    }

    /// An exchange of this client is over: the next one, waiting, or the end.
    pub(super) fn after_stream(&mut self, key: Key) {
        let Some(client) = self.clients.get_mut(key) else { return };
        client.stream = None;
        client.requests += 1;
        client.idle_since = self.now.time;
        client.received = 0;
        let nothing_more = client.buffer.is_empty() && (client.read_closed || self.stopping);
        if client.closing || nothing_more {
            if client.unsent == 0 {
                return self.close_client(key, CloseHow::Graceful);
            }
            client.closing = true;
            let timeouts = self.config.frontends[client.frontend.index()].timeouts;
            return self.arm_client(key, self.now.time.after(timeouts.client));
        }
        let frontend = &self.config.frontends[client.frontend.index()];
        let timeouts = frontend.timeouts;
        let wait = timeouts.http_keep_alive.or(timeouts.http_request).or(timeouts.client);
        let waiting = std::mem::take(&mut client.buffer);
        self.arm_client(key, self.now.time.after(wait));
        self.pause_client(key, false);
        if !waiting.is_empty() {
            self.next_request(key, Bytes::from(waiting));
        }
    }

    pub(super) fn close_client(&mut self, key: Key, how: CloseHow) {
        if self.remove_client(key) {
            self.put(Output::Close { conn: ConnId::client(key), how });
        }
    }

    pub(super) fn remove_client(&mut self, key: Key) -> bool {
        let Some(client) = self.clients.remove(key) else {
            return false;
        };
        if let Some(own) = client.own {
            self.drop_upstream(own);
        }
        if client.parked {
            self.parked.retain(|other| *other != key);
            return true;
        }
        for worker in self.shared.leave(client.frontend) {
            self.put(Output::Tell { to: worker, message: Message::RoomToAccept });
        }
        true
    }
}
