//! Requests: rules, answers of our own, and the body on its way to the server.

use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::conn::Client;
use super::end::{By, End, Phase, Why};
use super::output::Output;
use super::pages;
use super::persistence::capture_request;
use super::size;
use super::stream::{Stream, Transfer, Waiting};
use super::worker::Worker;
use crate::base::ids::ConnId;
use crate::base::limits;
use crate::base::text::put_ip;
use crate::base::time::Time;
use crate::h1::{self, BodyLength, ChunkDecoder, Connection, Parse, Piece};
use crate::http::{Version, strip_hop_by_hop};
use crate::model::{ConnectionMode, ForwardFor};
use crate::rules::{self, Verdict};
use crate::sample::{Ending, Scope};

impl Worker {
    /// A whole request head has come, with `rest` behind it.
    pub(super) fn start_request(&mut self, stream: &mut Stream, rest: Bytes) {
        let framing = match h1::request_framing(&stream.request) {
            Ok(framing) => framing,
            Err(error) => return self.refuse_early(stream, error.request_status(), By::Proxy, Why::Failed),
        };
        stream.has_request = true;
        stream.times.head = self.now.time;
        stream.persistent = framing.persistent;
        stream.upgrade = framing.upgrade;
        stream.request_length = framing.body;
        strip_hop_by_hop(&mut stream.request.fields, framing.upgrade);
        stream.bytes_in = size::request(&stream.request);
        if framing.body == BodyLength::Chunked && !self.can_be_chunks(&rest) {
            return self.refuse_early(stream, 400, By::Proxy, Why::Failed);
        }
        let rest = self.take_body_start(stream, rest);
        self.keep_pipelined(stream.client, &rest);
        let frontend = self.config.frontends[stream.frontend.index()].clone();
        stream.request_captures.resize(frontend.request_captures.len(), None);
        stream.response_captures.resize(frontend.response_captures.len(), None);
        rules::captures::record(
            &frontend.request_captures,
            &stream.request.fields,
            &mut stream.request_captures,
        );
        if let Some(capture) = &frontend.cookie_capture {
            capture_request(capture, stream);
        }
        if let Some(uri) = &frontend.monitor_uri
            && stream.request.target() == uri.as_bytes()
        {
            let fails = frontend.monitor_rules.iter().any(|condition| self.holds(stream, condition));
            return self.reply(stream, if fails { 503 } else { 200 }, End::Normal);
        }
        let verdict = self.run_request_rules(stream, &frontend.request_rules);
        if let Verdict::Deny(status) = verdict {
            return self.reply(stream, status, End::early(By::Proxy, Phase::Request, Why::Failed));
        }
        stream.backend = match frontend.switch_rules.is_empty() {
            true => frontend.default_backend,
            false => self.choose_backend(stream, &frontend),
        };
        let Some(id) = stream.backend else {
            // Logs show no time of a request that had nowhere to go.
            stream.times.head = Time::NEVER;
            return self.reply(stream, 503, End::early(By::Server, Phase::Connect, Why::Failed));
        };
        let backend = self.config.backends[id.index()].clone();
        if backend.name != frontend.name || !backend.listen {
            let verdict = self.run_request_rules(stream, &backend.request_rules);
            if let Verdict::Deny(status) = verdict {
                self.find_affinity(stream);
                stream.server = stream.affinity.server;
                return self.reply(stream, status, End::early(By::Proxy, Phase::Request, Why::Failed));
            }
        }
        self.find_affinity(stream);
        if let Some(client) = self.clients.get(stream.client) {
            let option = backend.forward_for.as_ref().or(frontend.forward_for.as_ref());
            if let Some(option) = option {
                add_forwarded_for(option, client, stream, &mut self.scratch);
            }
        }
        if !stream.request_body.is_done() {
            self.pause_client(stream.client, true);
        }
        self.route_by_body(stream);
    }

    /// Whether what came with a head begins a chunked body: what does not is never forwarded.
    pub(super) fn can_be_chunks(&mut self, rest: &Bytes) -> bool {
        let (mut decoder, mut rest) = (ChunkDecoder::default(), rest.clone());
        let mut trailers = crate::http::Fields::default();
        loop {
            match decoder.next(&mut rest, &mut trailers, &self.limits) {
                Ok(Piece::Data(_)) => {}
                Ok(Piece::End | Piece::NeedMore) => return true,
                Err(_) => return false,
            }
        }
    }

    fn run_request_rules(&mut self, stream: &mut Stream, list: &[rules::Rule]) -> Verdict {
        let Some(client) = self.clients.get(stream.client) else {
            return Verdict::Continue;
        };
        if list.is_empty() {
            return Verdict::Continue;
        }
        let Stream { request, request_captures, remarks, times, .. } = stream;
        let name = &self.config.frontends[client.frontend.index()].name;
        let scope = Scope {
            client: &client.peer,
            local: &client.local,
            source: None,
            server_address: None,
            frontend: name,
            http: true,
            backend: name,
            server: None,
            times,
            request: None,
            response: None,
            status: 0,
            bytes_out: 0,
            bytes_in: stream.bytes_in,
            ending: Ending { letters: *b"----" },
            counts: [0; 4],
            priority: remarks.priority,
            retries: 0,
            redispatched: false,
            server_queue: 0,
            backend_queue: 0,
            request_captures: &[],
            response_captures: &[],
            cookie_captures: [b""; 2],
            request_counter: 0,
            log_counter: 0,
            farm: Some(&self.farms),
            content: b"",
            content_grows: false,
            listener: client.listener.0,
            log_asap: false,
            check: None,
            process: (self.facts.pid, &self.facts.hostname),
        };
        rules::run_request(list, &scope, request, request_captures, remarks, &mut self.scratch)
    }

    /// Sets up the body's transfer and keeps what came of it. Gives what lies behind it.
    fn take_body_start(&mut self, stream: &mut Stream, mut rest: Bytes) -> Bytes {
        match stream.request_length {
            BodyLength::None | BodyLength::Length(0) | BodyLength::UntilClose => rest,
            BodyLength::Length(length) => {
                let here = rest.len().min(usize::try_from(length).unwrap_or(usize::MAX));
                stream.pending = Bytes::copy_from_slice(&rest[..here]);
                rest.advance(here);
                stream.bytes_in += here as u64;
                let left = length - here as u64;
                stream.request_body = if left == 0 { Transfer::Done } else { Transfer::Length(left) };
                rest
            }
            BodyLength::Chunked => {
                stream.request_body = Transfer::Chunked(ChunkDecoder::default());
                stream.pending = Bytes::copy_from_slice(&rest);
                Bytes::new()
            }
        }
    }

    /// Sends the head, and what came of the body, over the connection that is there now.
    pub(super) fn send_request(&mut self, stream: &mut Stream) {
        let Some(upstream) = stream.upstream else { return };
        let Some(id) = stream.backend else { return };
        self.store_request_keys(stream);
        let backend = &self.config.backends[id.index()];
        let frontend = &self.config.frontends[stream.frontend.index()];
        // A frontend's `httpclose` is about its clients alone, since HAProxy 2.8.
        let keep = backend.connection_mode == ConnectionMode::KeepAlive
            && frontend.connection_mode != ConnectionMode::ServerClose;
        stream.server_persistent = keep;
        let version = stream.request.version;
        let connection =
            if stream.upgrade { Connection::Upgrade } else { Connection::for_request(version, keep) };
        h1::encode_request(&mut self.out, &stream.request, version, stream.request_length, connection);
        stream.waiting = Waiting::Response;
        if let Some(body) = stream.replay.clone() {
            self.encode_replay(stream, body);
        } else if backend.retry_on.needs_request() {
            let (backend, head_length) = (Arc::clone(backend), self.out.len());
            self.keep_for_replay(stream, &backend, head_length);
        }
        let mut pending = std::mem::take(&mut stream.pending);
        let chunked = matches!(stream.request_body, Transfer::Chunked(_));
        if !chunked && !pending.is_empty() && pending.len() <= limits::COPY_BEHIND_HEAD_MAX {
            self.out.extend_from_slice(&pending);
            pending.clear();
        }
        let head = self.out.split().freeze();
        self.send_upstream(upstream, head);
        if chunked {
            if !pending.is_empty() {
                self.request_body_bytes(stream, pending);
            }
        } else {
            self.send_upstream(upstream, pending);
        }
        if !stream.request_body.is_done() {
            self.resume_request_body(stream);
        }
        self.touch_server(stream);
        self.touch_client(stream.client, stream);
    }

    /// Lets the rest of the body come: by the shell's hand if it is long and its length known.
    fn resume_request_body(&mut self, stream: &mut Stream) {
        let Some(upstream) = stream.upstream else { return };
        if let Transfer::Length(left) = stream.request_body
            && left >= limits::RELAY_MIN
        {
            stream.request_body = Transfer::Relayed(left);
            if let Some(client) = self.clients.get_mut(stream.client) {
                client.paused = true;
            }
            let (from, to) = (ConnId::client(stream.client), ConnId::server(upstream));
            self.put(Output::Relay { from, to, limit: Some(left) });
        } else {
            self.pause_client(stream.client, false);
        }
    }

    /// Passes bytes of the body on.
    pub(super) fn request_body_bytes(&mut self, stream: &mut Stream, mut bytes: Bytes) {
        let upstream = stream.upstream;
        let limits = self.limits;
        match &mut stream.request_body {
            Transfer::Length(left) => {
                let here = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                let rest = bytes.split_off(here);
                *left -= here as u64;
                if *left == 0 {
                    stream.request_body = Transfer::Done;
                }
                stream.bytes_in += here as u64;
                if let Some(upstream) = upstream {
                    self.send_upstream(upstream, bytes);
                }
                self.keep_pipelined(stream.client, &rest);
            }
            Transfer::Chunked(decoder) => {
                let outcome = super::body::pass_chunks(
                    decoder,
                    &mut bytes,
                    &mut stream.trailers,
                    &limits,
                    &mut self.out,
                    &mut stream.bytes_in,
                );
                let encoded = self.out.split().freeze();
                if let Some(upstream) = upstream {
                    self.send_upstream(upstream, encoded);
                }
                match outcome {
                    Ok(Piece::End) => {
                        stream.request_body = Transfer::Done;
                        self.keep_pipelined(stream.client, &bytes);
                    }
                    Ok(_) => {}
                    Err(_) => {
                        return self.fail(stream, 400, End::early(By::Client, Phase::Data, Why::Failed));
                    }
                }
            }
            Transfer::Done => self.keep_pipelined(stream.client, &bytes),
            Transfer::Relayed(_) | Transfer::UntilClose => {}
        }
        let unsent = upstream.and_then(|key| self.upstreams.get(key)).map_or(0, |upstream| upstream.unsent);
        if unsent > limits::UNSENT_HIGH {
            self.pause_client(stream.client, true);
        }
        self.touch_server(stream);
    }

    /// Answers before there is a request: the connection is closed after.
    pub(super) fn refuse_early(&mut self, stream: &mut Stream, status: u16, by: By, why: Why) {
        let received = self.clients.get(stream.client).map_or(0, |client| client.received);
        let frontend = self.config.frontends[stream.frontend.index()].clone();
        let first = self.clients.get(stream.client).is_some_and(|client| client.requests == 0);
        let ignored = frontend.ignore_probes && received == 0 && first;
        let silent = ignored || (by == By::Client && why == Why::Failed);
        stream.bytes_in = received;
        stream.persistent = false;
        stream.has_request = false;
        stream.times.head = Time::NEVER;
        self.pause_client(stream.client, true);
        if silent {
            stream.status = 400;
            let end = End::early(by, Phase::Request, why);
            self.abandon(stream, end);
            self.close_client(stream.client, super::output::CloseHow::Graceful);
            return;
        }
        self.reply(stream, status, End::early(by, Phase::Request, why));
    }

    /// Answers by ourselves; the exchange ends when the client has taken it.
    pub(super) fn reply(&mut self, stream: &mut Stream, status: u16, end: End) {
        self.leave_backend(stream);
        stream.end = Some(end);
        stream.status = status;
        stream.waiting = Waiting::Reply;
        if !stream.request_body.is_done() || !stream.pending.is_empty() {
            stream.persistent = stream.persistent && stream.request_body.is_done();
            stream.pending = Bytes::new();
        }
        if !stream.has_request
            && !self.config.frontends[stream.frontend.index()].error_pages.contains_key(&status)
        {
            stream.persistent = false;
            self.send_client(stream.client, pages::early(status));
            self.touch_client(stream.client, stream);
            return self.finish_if_done(stream);
        }
        let pages = stream.backend.map(|id| &self.config.backends[id.index()].error_pages);
        let page = pages::find(status, pages, &self.config.frontends[stream.frontend.index()].error_pages);
        let parsed = h1::parse_response(&page, &mut stream.response, &self.limits);
        let Ok(Parse::Complete(length)) = parsed else {
            stream.persistent = false;
            return self.finish_if_done(stream);
        };
        let mut body = page.slice(length..);
        if stream.request.method == crate::http::Method::Head {
            body.clear();
        }
        let declared = stream.response.fields.known(crate::http::Known::ContentLength).next().is_some();
        stream.persistent &= declared && stream.has_request && self.client_may_persist(stream);
        let version = stream.response.version;
        let client_version = if stream.has_request { stream.request.version } else { Version::Http11 };
        let length = if declared {
            BodyLength::Length(page.len() as u64 - length as u64)
        } else {
            BodyLength::UntilClose
        };
        let connection = Connection::for_response(version, client_version, stream.persistent);
        h1::encode_response(&mut self.out, &stream.response, version, length, connection);
        self.out.extend_from_slice(&body);
        let bytes = self.out.split().freeze();
        if stream.has_request {
            stream.bytes_out += size::response(&stream.response) + body.len() as u64;
        }
        stream.response_body = Transfer::Done;
        self.send_end(stream, bytes);
        self.touch_client(stream.client, stream);
        self.finish_if_done(stream);
    }

    /// Whether the connection may carry another request after this one.
    pub(super) fn client_may_persist(&self, stream: &Stream) -> bool {
        let frontend = &self.config.frontends[stream.frontend.index()];
        frontend.connection_mode != ConnectionMode::Close && !self.stopping
    }

    /// Ends an exchange with an error answer if the client has got nothing yet, else by closing.
    pub(super) fn fail(&mut self, stream: &mut Stream, status: u16, end: End) {
        if stream.has_response || stream.waiting == Waiting::Reply || !stream.http {
            self.leave_backend(stream);
            self.abandon(stream, end);
            let how = if stream.http && stream.has_response {
                super::output::CloseHow::Graceful
            } else {
                super::output::CloseHow::Reset
            };
            let how = if stream.http { how } else { super::output::CloseHow::Graceful };
            self.close_client(stream.client, how);
        } else {
            self.reply(stream, status, end);
        }
    }
}

fn add_forwarded_for(option: &ForwardFor, client: &Client, stream: &mut Stream, scratch: &mut Vec<u8>) {
    let Some(address) = client.peer.ip().map(|address| address.ip()) else {
        return;
    };
    let excepted = option.except.is_some_and(|(network, length)| contains(network, length, address));
    let present = option.if_none && stream.request.fields.values(option.header.as_bytes()).next().is_some();
    if excepted || present {
        return;
    }
    scratch.clear();
    put_ip(scratch, address);
    stream.request.fields.push(option.header.as_bytes(), scratch);
}

/// Whether `address` lies in the network.
fn contains(network: std::net::IpAddr, length: u8, address: std::net::IpAddr) -> bool {
    use std::net::IpAddr::{V4, V6};
    match (network, address) {
        (V4(network), V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (V6(network), V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (V4(_), V6(_)) | (V6(_), V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses() {
        let network = "127.0.0.0".parse().expect("an address");
        assert!(contains(network, 8, "127.9.9.9".parse().expect("an address")));
        assert!(!contains(network, 8, "128.0.0.1".parse().expect("an address")));
        assert!(contains(network, 0, "128.0.0.1".parse().expect("an address")));
    }
}
