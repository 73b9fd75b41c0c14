//! The server's side: responses, tunnels, and what goes wrong with them.

use bytes::Bytes;

use super::conn::{Use, join};
use super::end::{By, End, Phase, Why};
use super::input::LostReason;
use super::output::{CloseHow, Output};
use super::persistence::capture_response;
use super::size;
use super::stream::{Stream, Transfer, Waiting};
use super::worker::Worker;
use crate::backend::Observed;
use crate::base::ids::{ConnId, Side, StreamId};
use crate::base::limits;
use crate::base::slots::Key;
use crate::h1::{self, BodyLength, ChunkDecoder, Connection, Parse, Piece};
use crate::health::CheckInput;
use crate::http::{Method, Version, strip_hop_by_hop};
use crate::model::RetryOn;
use crate::rules::{self, Verdict};

impl Worker {
    pub(super) fn on_upstream_bytes(&mut self, key: Key, bytes: Bytes) {
        let Some(upstream) = self.upstreams.get(key) else {
            self.lost_races += 1;
            return;
        };
        match upstream.usage {
            Use::Agent(index) => self.agent_news(index, CheckInput::Received(bytes)),
            Use::Check(index) => self.check_news(index, CheckInput::Received(bytes)),
            Use::Idle | Use::Kept(_) => self.close_upstream(key, CloseHow::Reset),
            Use::Stream(id) => {
                let Some(mut stream) = self.take(id) else { return };
                if stream.has_response {
                    self.response_body_bytes(&mut stream, key, bytes);
                } else {
                    self.response_head_bytes(&mut stream, key, bytes);
                }
                self.finish_if_done(&mut stream);
                self.put_back(stream);
            }
        }
    }

    /// Looks for whole response heads: any number of interim ones, then the final one.
    fn response_head_bytes(&mut self, stream: &mut Stream, key: Key, bytes: Bytes) {
        let Some(upstream) = self.upstreams.get_mut(key) else { return };
        let mut input = join(&mut upstream.buffer, bytes);
        while !input.is_empty() {
            match h1::parse_response(&input, &mut stream.response, &self.limits) {
                Ok(Parse::Partial) => {
                    if let Some(upstream) = self.upstreams.get_mut(key) {
                        upstream.buffer = input.to_vec();
                    }
                    return self.touch_server(stream);
                }
                Ok(Parse::Complete(length)) => {
                    let rest = input.split_off(length);
                    input = rest;
                }
                Err(_) => return self.bad_response(stream),
            }
            let framing = h1::response_framing(&stream.response, stream.request.method, stream.upgrade);
            let Ok(framing) = framing else {
                return self.bad_response(stream);
            };
            if framing.interim {
                self.forward_interim(stream);
                continue;
            }
            return self.start_response(stream, key, framing, input);
        }
    }

    fn bad_response(&mut self, stream: &mut Stream) {
        self.observe(stream, Observed::BadAnswer);
        if self.retry_request(stream, RetryOn::JUNK_RESPONSE) {
            return;
        }
        self.fail(stream, 502, End::early(By::Proxy, Phase::Headers, Why::Failed));
    }

    fn forward_interim(&mut self, stream: &mut Stream) {
        // The client is about to see something of this answer.
        stream.replay = None;
        strip_hop_by_hop(&mut stream.response.fields, false);
        let version = Version::Http11;
        h1::encode_response(&mut self.out, &stream.response, version, BodyLength::None, Connection::Default);
        let bytes = self.out.split().freeze();
        stream.bytes_out += size::response(&stream.response);
        self.send_client(stream.client, bytes);
        self.touch_server(stream);
    }

    fn start_response(&mut self, stream: &mut Stream, key: Key, framing: h1::ResponseFraming, rest: Bytes) {
        if framing.body == BodyLength::Chunked && !self.can_be_chunks(&rest) {
            return self.bad_response(stream);
        }
        self.observe(stream, Observed::status(stream.response.status));
        if stream.replay.is_some() && self.retry_status(stream, key, &framing, &rest) {
            return;
        }
        stream.replay = None;
        stream.has_response = true;
        stream.times.response = self.now.time;
        stream.status = stream.response.status;
        stream.server_persistent &= framing.persistent;
        strip_hop_by_hop(&mut stream.response.fields, framing.tunnel && stream.upgrade);
        stream.bytes_out += size::response(&stream.response);
        let frontend = self.config.frontends[stream.frontend.index()].clone();
        let backend = stream.backend.map(|id| self.config.backends[id.index()].clone());
        let own = backend.as_ref().filter(|backend| !(backend.listen && backend.name == frontend.name));
        for list in [own.map(|backend| &backend.response_rules), Some(&frontend.response_rules)] {
            if let Some(list) = list
                && let Verdict::Deny(_) = self.run_response_rules(stream, list)
            {
                stream.has_response = false;
                let end = End::early(By::Proxy, Phase::Headers, Why::Failed);
                return self.reply(stream, 502, end);
            }
        }
        rules::captures::record(
            &frontend.response_captures,
            &stream.response.fields,
            &mut stream.response_captures,
        );
        if let Some(capture) = &frontend.cookie_capture {
            capture_response(capture, stream);
        }
        self.store_response_keys(stream);
        self.settle_affinity(stream);
        self.send_response_head(stream, framing, rest, key);
    }

    fn run_response_rules(&mut self, stream: &mut Stream, list: &[rules::Rule]) -> Verdict {
        if list.is_empty() {
            return Verdict::Continue;
        }
        let Some(client) = self.clients.get(stream.client) else {
            return Verdict::Continue;
        };
        let mut scratch = std::mem::take(&mut self.logs.scratch);
        let mut response = std::mem::take(&mut stream.response);
        let mut captures = std::mem::take(&mut stream.response_captures);
        let scope = self.scope(stream, client, [0; 4]);
        let verdict = rules::run_response(list, &scope, &mut response, &mut captures, &mut scratch);
        self.logs.scratch = scratch;
        stream.response = response;
        stream.response_captures = captures;
        verdict
    }

    fn send_response_head(
        &mut self,
        stream: &mut Stream,
        framing: h1::ResponseFraming,
        rest: Bytes,
        key: Key,
    ) {
        let asked = stream.request.version;
        stream.persistent &=
            self.client_may_persist(stream) && framing.body != BodyLength::UntilClose && !framing.tunnel;
        let version = if asked == Version::Http10 { Version::Http11 } else { stream.response.version };
        let connection = if framing.tunnel && stream.upgrade {
            Connection::Upgrade
        } else if framing.tunnel {
            Connection::Default
        } else {
            Connection::for_response(version, asked, stream.persistent)
        };
        h1::encode_response(&mut self.out, &stream.response, version, framing.body, connection);
        stream.waiting = Waiting::Bodies;
        stream.response_body = match framing.body {
            BodyLength::None | BodyLength::Length(0) => Transfer::Done,
            BodyLength::Length(length) => Transfer::Length(length),
            BodyLength::Chunked => Transfer::Chunked(ChunkDecoder::default()),
            BodyLength::UntilClose => Transfer::UntilClose,
        };
        if framing.tunnel {
            let head = self.out.split().freeze();
            self.send_client(stream.client, head);
            return self.enter_tunnel(stream, key, rest);
        }
        self.response_body_bytes(stream, key, rest);
        if let Transfer::Length(left) = stream.response_body
            && left >= limits::RELAY_MIN
        {
            stream.response_body = Transfer::Relayed(left);
            if let Some(upstream) = self.upstreams.get_mut(key) {
                upstream.paused = true;
            }
            let (from, to) = (ConnId::server(key), ConnId::client(stream.client));
            self.put(Output::Relay { from, to, limit: Some(left) });
        }
    }

    /// Passes bytes of the body on, behind what is encoded already.
    fn response_body_bytes(&mut self, stream: &mut Stream, key: Key, mut bytes: Bytes) {
        let mut surplus = false;
        match &mut stream.response_body {
            Transfer::Length(left) => {
                let here = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                surplus = here < bytes.len();
                bytes.truncate(here);
                *left -= here as u64;
                if *left == 0 {
                    stream.response_body = Transfer::Done;
                }
            }
            Transfer::Chunked(decoder) => {
                let (trailers, limits, out) = (&mut stream.trailers, self.limits, &mut self.out);
                let counted = &mut stream.bytes_out;
                match super::body::pass_chunks(decoder, &mut bytes, trailers, &limits, out, counted) {
                    Ok(Piece::End) => {
                        stream.response_body = Transfer::Done;
                        surplus = !bytes.is_empty();
                    }
                    Ok(_) => {}
                    Err(_) => {
                        self.out.clear();
                        let end = End::early(By::Server, Phase::Data, Why::Failed);
                        return self.fail(stream, 502, end);
                    }
                }
                bytes.clear();
            }
            Transfer::UntilClose => {}
            Transfer::Done | Transfer::Relayed(_) => {
                surplus = !bytes.is_empty();
                bytes.clear();
            }
        }
        stream.server_persistent &= !surplus;
        stream.bytes_out += bytes.len() as u64;
        if bytes.len() <= limits::COPY_BEHIND_HEAD_MAX {
            self.out.extend_from_slice(&bytes);
            bytes.clear();
        }
        let encoded = self.out.split().freeze();
        match (stream.response_body.is_done(), bytes.is_empty()) {
            (true, true) => self.send_end(stream, encoded),
            (true, false) => {
                self.send_client(stream.client, encoded);
                self.send_end(stream, bytes);
            }
            (false, _) => {
                self.send_client(stream.client, encoded);
                self.send_client(stream.client, bytes);
            }
        }
        let unsent = self.clients.get(stream.client).map_or(0, |client| client.unsent);
        if unsent > limits::UNSENT_HIGH {
            self.pause_upstream(key, true);
        }
        self.touch_server(stream);
        self.touch_client(stream.client, stream);
    }

    // Tunnels.

    /// A TCP connection, both ends there.
    pub(super) fn open_tunnel(&mut self, stream: &mut Stream) {
        let Some(key) = stream.upstream else { return };
        self.store_request_keys(stream);
        stream.times.response = self.now.time;
        self.enter_tunnel(stream, key, Bytes::new());
    }

    fn enter_tunnel(&mut self, stream: &mut Stream, key: Key, rest: Bytes) {
        stream.waiting = Waiting::Tunnel;
        stream.persistent = false;
        stream.server_persistent = false;
        stream.response_body = Transfer::UntilClose;
        stream.bytes_out += rest.len() as u64;
        self.send_client(stream.client, rest);
        if let Some(client) = self.clients.get_mut(stream.client) {
            let early = Bytes::from(std::mem::take(&mut client.buffer));
            client.paused = false;
            stream.bytes_in += early.len() as u64;
            stream.client_eof = client.read_closed;
            self.send_upstream(key, early);
        }
        if let Some(upstream) = self.upstreams.get_mut(key) {
            upstream.paused = false;
        }
        let (client, server) = (ConnId::client(stream.client), ConnId::server(key));
        if stream.client_eof {
            self.shut_upstream(key);
        } else {
            self.put(Output::Relay { from: client, to: server, limit: None });
        }
        self.put(Output::Relay { from: server, to: client, limit: None });
        self.touch_server(stream);
        self.touch_client(stream.client, stream);
    }

    fn shut_upstream(&mut self, key: Key) {
        if let Some(upstream) = self.upstreams.get_mut(key) {
            upstream.shut = upstream.unsent > 0;
            if !upstream.shut {
                self.put(Output::ShutWrite { conn: ConnId::server(key) });
            }
        }
    }

    fn shut_client(&mut self, key: Key) {
        if let Some(client) = self.clients.get_mut(key) {
            client.shut = client.unsent > 0;
            if !client.shut {
                self.put(Output::ShutWrite { conn: ConnId::client(key) });
            }
        }
    }

    pub(super) fn client_eof_in_stream(&mut self, stream: &mut Stream) {
        stream.client_eof = true;
        let abort = self.config.backends.get(stream.backend.map_or(usize::MAX, |id| id.index()));
        let abort = abort.is_some_and(|backend| backend.abort_on_close);
        match stream.waiting {
            Waiting::Body => self.gather_no_more(stream, Why::Failed),
            Waiting::Content => self.inspect(stream, true),
            Waiting::Tunnel if stream.server_eof => self.end_tunnel(stream),
            Waiting::Tunnel => {
                if let Some(key) = stream.upstream {
                    self.shut_upstream(key);
                }
                self.touch_client(stream.client, stream);
                self.touch_server(stream);
            }
            Waiting::Response if abort && stream.request_body.is_done() => {
                stream.persistent = false;
                self.fail(stream, 400, End::early(By::Client, Phase::Headers, Why::Failed));
            }
            Waiting::Slot | Waiting::TurnAround | Waiting::Connection if abort || !stream.http => {
                if stream.waiting == Waiting::Slot {
                    stream.times.dequeued = self.now.time;
                }
                let end = End::early(By::Client, stream.phase(), Why::Failed);
                self.abandon(stream, end);
                self.close_client(stream.client, CloseHow::Graceful);
            }
            _ if !stream.request_body.is_done() => {
                let end = End::early(By::Client, Phase::Data, Why::Failed);
                self.fail(stream, 400, end);
            }
            Waiting::Request
            | Waiting::Slot
            | Waiting::TurnAround
            | Waiting::Connection
            | Waiting::Response
            | Waiting::Bodies
            | Waiting::Reply => {}
        }
    }

    fn end_tunnel(&mut self, stream: &mut Stream) {
        let drained = self.clients.get(stream.client).is_none_or(|client| client.unsent == 0)
            && stream.upstream.and_then(|key| self.upstreams.get(key)).is_none_or(|u| u.unsent == 0);
        if drained {
            self.abandon(stream, stream.end.unwrap_or(End::Normal));
            self.close_client(stream.client, CloseHow::Graceful);
        }
    }

    pub(super) fn on_upstream_eof(&mut self, key: Key) {
        let Some(upstream) = self.upstreams.get_mut(key) else {
            self.lost_races += 1;
            return;
        };
        upstream.read_closed = true;
        match upstream.usage {
            Use::Agent(index) => self.agent_news(index, CheckInput::ReadClosed),
            Use::Check(index) => self.check_news(index, CheckInput::ReadClosed),
            Use::Idle | Use::Kept(_) => self.close_upstream(key, CloseHow::Graceful),
            Use::Stream(id) => {
                let Some(mut stream) = self.take(id) else { return };
                self.server_ended(&mut stream);
                self.put_back(stream);
            }
        }
    }

    fn server_ended(&mut self, stream: &mut Stream) {
        stream.server_eof = true;
        stream.server_persistent = false;
        match (stream.waiting, &stream.response_body) {
            (Waiting::Tunnel, _) if stream.client_eof => self.end_tunnel(stream),
            (Waiting::Tunnel, _) => {
                self.shut_client(stream.client);
                self.touch_client(stream.client, stream);
                self.touch_server(stream);
            }
            (Waiting::Bodies, Transfer::UntilClose) => {
                stream.response_body = Transfer::Done;
                self.finish_if_done(stream);
            }
            (Waiting::Bodies, Transfer::Done) => self.finish_if_done(stream),
            (Waiting::Bodies, _) => {
                self.fail(stream, 502, End::early(By::Server, Phase::Data, Why::Failed));
            }
            (Waiting::Request | Waiting::Reply, _) => {}
            (_, _) => {
                let begun = stream.upstream.and_then(|key| self.upstreams.get(key));
                let begun = begun.is_some_and(|upstream| !upstream.buffer.is_empty());
                self.no_response(stream, begun);
            }
        }
    }

    /// The server went away before it answered, or in the middle of the head. A client whose connection was used
    /// before may try again by itself (RFC 9112 9.3.1), and is told so by a close.
    fn no_response(&mut self, stream: &mut Stream, begun: bool) {
        if begun {
            return self.bad_response(stream);
        }
        let server = stream.backend.zip(stream.server);
        self.end_without_response(stream);
        self.observe_server(server, Observed::NoAnswer);
    }

    fn end_without_response(&mut self, stream: &mut Stream) {
        if self.retry_request(stream, RetryOn::EMPTY_RESPONSE) {
            return;
        }
        let end = End::early(By::Server, Phase::Headers, Why::Failed);
        let again = stream.reused && self.clients.get(stream.client).is_some_and(|c| c.requests > 0);
        if again && stream.request_body.is_done() {
            stream.status = 502;
            self.abandon(stream, end);
            return self.close_client(stream.client, CloseHow::Graceful);
        }
        self.fail(stream, 502, end);
    }

    pub(super) fn on_upstream_lost(&mut self, key: Key, why: LostReason) {
        let Some(upstream) = self.forget_upstream(key) else {
            self.lost_races += 1;
            return;
        };
        match upstream.usage {
            Use::Agent(index) => self.agent_lost(index, CheckInput::Lost(why)),
            Use::Check(index) => self.check_lost(index, CheckInput::Lost(why)),
            Use::Idle | Use::Kept(_) => {}
            Use::Stream(id) => {
                let Some(mut stream) = self.take(id) else { return };
                stream.upstream = None;
                match (stream.waiting, &stream.response_body) {
                    (Waiting::Bodies, Transfer::Done) => self.finish_if_done(&mut stream),
                    (Waiting::Bodies | Waiting::Tunnel, _) => {
                        let end = End::early(By::Server, Phase::Data, Why::Failed);
                        self.fail(&mut stream, 502, end);
                    }
                    (Waiting::Request | Waiting::Reply, _) => {}
                    (_, _) => self.no_response(&mut stream, !upstream.buffer.is_empty()),
                }
                self.put_back(stream);
            }
        }
    }

    pub(super) fn on_upstream_sent(&mut self, key: Key, count: usize) {
        let Some(upstream) = self.upstreams.get_mut(key) else {
            self.lost_races += 1;
            return;
        };
        debug_assert!(upstream.unsent >= count, "no more is taken than was given");
        upstream.unsent = upstream.unsent.saturating_sub(count);
        let (unsent, usage) = (upstream.unsent, upstream.usage);
        if unsent == 0 && upstream.shut {
            upstream.shut = false;
            self.put(Output::ShutWrite { conn: ConnId::server(key) });
        }
        if let Use::Check(index) = usage
            && unsent == 0
        {
            self.check_sent(index);
        }
        if let Use::Stream(id) = usage
            && let Some(mut stream) = self.take(id)
        {
            if unsent <= limits::UNSENT_HIGH / 2
                && !stream.request_body.is_done()
                && !matches!(stream.request_body, Transfer::Relayed(_))
            {
                self.pause_client(stream.client, false);
            }
            self.touch_server(&mut stream);
            self.finish_if_done(&mut stream);
            self.put_back(stream);
        }
    }

    /// The shell moved bytes.
    pub(super) fn on_relayed(&mut self, from: ConnId, count: u64, held: u64) {
        let id = match from.side() {
            Side::Client => self.clients.get(from.key()).and_then(|client| client.stream),
            Side::Server => self.upstreams.get(from.key()).and_then(|upstream| match upstream.usage {
                Use::Stream(id) => Some(id),
                Use::Agent(_) | Use::Check(_) | Use::Idle | Use::Kept(_) => None,
            }),
        };
        let Some(mut stream) = id.and_then(|id| self.take(id)) else { return };
        let body = match from.side() {
            Side::Client => {
                stream.bytes_in += count;
                stream.held_for_server = held;
                &mut stream.request_body
            }
            Side::Server => {
                stream.bytes_out += count;
                stream.held_for_client = held;
                &mut stream.response_body
            }
        };
        if let Transfer::Relayed(left) = body {
            debug_assert!(*left >= count, "no more is moved than was asked for");
            *left = left.saturating_sub(count);
            if *left == 0 {
                *body = Transfer::Done;
                match from.side() {
                    Side::Client => self.pause_client(stream.client, false),
                    Side::Server => self.pause_upstream(from.key(), false),
                }
            }
        }
        self.touch_client(stream.client, &stream);
        self.touch_server(&mut stream);
        self.finish_if_done(&mut stream);
        self.put_back(stream);
    }

    // Silence.

    /// The server did something, or something is wanted of it: its silence counts from here.
    pub(super) fn touch_server(&mut self, stream: &mut Stream) {
        let (Some(key), Some(id)) = (stream.upstream, stream.backend) else { return };
        let timeouts = self.config.backends[id.index()].timeouts;
        let span = match stream.waiting {
            Waiting::Tunnel if stream.client_eof || stream.server_eof => {
                timeouts.server_fin.or(timeouts.server)
            }
            Waiting::Tunnel => timeouts.tunnel.or(timeouts.server),
            _ => timeouts.server,
        };
        let deadline = self.now.time.after(span);
        self.arm_upstream(key, deadline);
    }

    pub(super) fn server_silent(&mut self, id: StreamId) {
        let Some(mut stream) = self.take(id) else { return };
        let waits_for_client = match stream.waiting {
            Waiting::Response => !stream.request_body.is_done(),
            Waiting::Bodies | Waiting::Tunnel => {
                stream.held_for_client > 0
                    || self.clients.get(stream.client).is_some_and(|client| client.unsent > 0)
            }
            Waiting::Body
            | Waiting::Content
            | Waiting::Request
            | Waiting::Slot
            | Waiting::TurnAround
            | Waiting::Connection
            | Waiting::Reply => true,
        };
        if waits_for_client {
            self.touch_server(&mut stream);
        } else if stream.waiting == Waiting::Response {
            let server = stream.backend.zip(stream.server);
            if !self.retry_request(&mut stream, RetryOn::RESPONSE_TIMEOUT) {
                self.fail(&mut stream, 504, End::early(By::Server, Phase::Headers, Why::TimedOut));
            }
            self.observe_server(server, Observed::LateAnswer);
        } else if stream.waiting == Waiting::Tunnel && self.client_is_due(stream.client) {
            // Both are silent, as a tunnel's one timeout has it: the client is named first.
            self.fail(&mut stream, 408, End::early(By::Client, Phase::Data, Why::TimedOut));
        } else {
            self.fail(&mut stream, 504, End::early(By::Server, Phase::Data, Why::TimedOut));
        }
        self.put_back(stream);
    }

    /// Whether the client's time is over as well.
    fn client_is_due(&self, key: Key) -> bool {
        self.clients.get(key).is_some_and(|client| client.deadline <= self.now.time)
    }

    pub(super) fn client_silent_in_stream(&mut self, key: Key, id: StreamId) {
        let Some(mut stream) = self.take(id) else { return };
        let owed =
            self.clients.get(key).is_some_and(|client| client.unsent > 0) || stream.held_for_client > 0;
        let early = End::early(By::Client, Phase::Data, Why::TimedOut);
        match stream.waiting {
            Waiting::Reply => {
                self.abandon(&mut stream, early);
                self.close_client(key, CloseHow::Reset);
            }
            Waiting::Tunnel => {
                self.abandon(&mut stream, early);
                self.close_client(key, CloseHow::Graceful);
            }
            Waiting::Body => self.gather_no_more(&mut stream, Why::TimedOut),
            Waiting::Content => {
                self.count_content(&mut stream);
                self.abandon(&mut stream, End::early(By::Client, Phase::Request, Why::TimedOut));
                self.close_client(key, CloseHow::Graceful);
            }
            Waiting::Response if !stream.request_body.is_done() => {
                let end = End::early(By::Client, Phase::Headers, Why::TimedOut);
                self.fail(&mut stream, 408, end);
            }
            Waiting::Bodies if owed || !stream.request_body.is_done() => {
                self.abandon(&mut stream, early);
                let how = if owed { CloseHow::Reset } else { CloseHow::Graceful };
                self.close_client(key, how);
            }
            Waiting::Request
            | Waiting::Slot
            | Waiting::TurnAround
            | Waiting::Connection
            | Waiting::Response
            | Waiting::Bodies => {}
        }
        self.put_back(stream);
    }

    /// Ends the exchange if both bodies are through and the client has taken everything.
    pub(super) fn finish_if_done(&mut self, stream: &mut Stream) {
        if stream.over || !matches!(stream.waiting, Waiting::Bodies | Waiting::Reply | Waiting::Tunnel) {
            return;
        }
        if stream.waiting == Waiting::Tunnel {
            if stream.client_eof && stream.server_eof {
                self.end_tunnel(stream);
            }
            return;
        }
        let unsent = self.clients.get(stream.client).is_some_and(|client| client.unsent > 0);
        if unsent || !stream.response_body.is_done() {
            return;
        }
        if stream.persistent && !stream.request_body.is_done() {
            return self.await_rest_of_request(stream);
        }
        if let Some(client) = self.clients.get_mut(stream.client) {
            client.closing |= !stream.persistent;
        }
        if stream.request.method == Method::Connect || !stream.request_body.is_done() {
            stream.server_persistent = false;
        }
        self.keep_upstream(stream);
        let end = stream.end.unwrap_or(End::Normal);
        self.abandon(stream, end);
    }

    /// The answer is through while the client still sends its request: the rest of that comes before the next
    /// one. It goes to the server as long as there is one, and nowhere after.
    fn await_rest_of_request(&mut self, stream: &mut Stream) {
        let gone = stream.upstream.is_none_or(|key| self.upstreams.get(key).is_none_or(|u| u.read_closed));
        if !gone {
            return;
        }
        if let Some(key) = stream.upstream.take() {
            self.drop_upstream(key);
        }
        self.release_slot(stream);
        if matches!(stream.request_body, Transfer::Relayed(_)) {
            // Bytes that the shell had read for the server went down with its connection, so nobody knows where
            // the next request begins: to guess would be to take a body for a request.
            stream.persistent = false;
            return self.finish_if_done(stream);
        }
        self.pause_client(stream.client, false);
        self.touch_client(stream.client, stream);
    }

    /// Ends the exchange here and now, once: gives everything back and logs it.
    pub(super) fn abandon(&mut self, stream: &mut Stream, end: End) {
        if stream.over {
            return;
        }
        stream.over = true;
        stream.end = Some(end);
        stream.times.ended = self.now.time;
        self.log_stream(stream, end);
        self.leave_backend(stream);
        if let (true, Some(id)) = (stream.counted, stream.backend) {
            stream.counted = false;
            self.with_backend(id, |backend, _| backend.end());
        }
    }
}
