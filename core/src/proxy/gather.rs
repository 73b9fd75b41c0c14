//! The body of a POST, waited for before there is a server: `balance url_param` looks for its parameter there.
//!
//! haproxy waits with and without `check_post`: until the body is whole, or as much of it came as fits a buffer
//! beside the head. `timeout http-request` limits all of it; without one `timeout client` limits each silence.

use bytes::{Bytes, BytesMut};

use super::end::{By, End, Phase, Why};
use super::size;
use super::stream::{Stream, Transfer, Waiting};
use super::worker::Worker;
use crate::h1::{ChunkDecoder, HeadLimits, Piece};
use crate::http::{Fields, Known, Method, Version};
use crate::model::{Backend, Balance, HashKey};

/// What a client waits for that said `Expect: 100-continue` (RFC 9110 10.1.1).
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What logs count for it.
const CONTINUE_SIZE: u64 = 40;

/// A chunked body, read ahead of its way to the server.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The data of its chunks.
    pub(super) data: Vec<u8>,
    decoder: ChunkDecoder,
    trailers: Fields,
    whole: bool,
}

impl Gathered {
    /// Reads on; tells whether it is a chunked body so far. If not, what came with the fault is left out.
    fn read(&mut self, mut bytes: Bytes, limits: &HeadLimits) -> bool {
        let before = self.data.len();
        while !self.whole {
            match self.decoder.next(&mut bytes, &mut self.trailers, limits) {
                Ok(Piece::Data(data)) => self.data.extend_from_slice(&data),
                Ok(Piece::End) => self.whole = true,
                Ok(Piece::NeedMore) => break,
                Err(_) => {
                    self.data.truncate(before);
                    return false;
                }
            }
        }
        true
    }
}

/// Whether the backend's choice of a server may depend on this body.
fn matters(stream: &Stream, backend: &Backend) -> bool {
    stream.request.method == Method::Post
        && matches!(backend.balance, Balance::Hash(_))
        && matches!(backend.hashing.key, HashKey::UrlParameter { .. })
        && !(stream.request_body.is_done() && stream.pending.is_empty())
}

impl Worker {
    /// Asks for a server, once as much of the body is here as the choice may need.
    pub(super) fn route_by_body(&mut self, stream: &mut Stream) {
        let backend = stream.backend.map(|id| self.config.backends[id.index()].clone());
        if !backend.is_some_and(|backend| matters(stream, &backend)) {
            return self.route(stream);
        }
        self.encourage(stream);
        if matches!(stream.request_body, Transfer::Chunked(_)) {
            stream.gathered = Some(Box::default());
            let here = stream.pending.clone();
            if !self.read_ahead(stream, here) {
                return;
            }
        }
        if self.has_gathered(stream) {
            return self.route(stream);
        }
        stream.waiting = Waiting::Body;
        self.pause_client(stream.client, false);
        let timeouts = self.config.frontends[stream.frontend.index()].timeouts;
        self.arm_client(stream.client, self.now.time.after(timeouts.http_request.or(timeouts.client)));
    }

    /// Tells a client that waits with its body to send it, in the server's place.
    fn encourage(&mut self, stream: &mut Stream) {
        let asks = |value: &[u8]| value.eq_ignore_ascii_case(b"100-continue");
        if stream.request.version != Version::Http11 || !stream.request.fields.known(Known::Expect).any(asks)
        {
            return;
        }
        stream.request.fields.remove_known(Known::Expect);
        stream.bytes_out += CONTINUE_SIZE;
        self.send_client(stream.client, Bytes::from_static(CONTINUE));
    }

    /// More of the body that is waited for.
    pub(super) fn gather(&mut self, stream: &mut Stream, mut bytes: Bytes) {
        let mut rest = Bytes::new();
        if let Transfer::Length(left) = &mut stream.request_body {
            rest = bytes.split_off(bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX)));
            *left -= bytes.len() as u64;
            if *left == 0 {
                stream.request_body = Transfer::Done;
            }
            stream.bytes_in += bytes.len() as u64;
        }
        let so_far = std::mem::take(&mut stream.pending);
        let mut pending = so_far.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        pending.extend_from_slice(&bytes);
        stream.pending = pending.freeze();
        self.keep_pipelined(stream.client, &rest);
        if stream.gathered.is_some() && !self.read_ahead(stream, bytes) {
            return;
        }
        let timeouts = self.config.frontends[stream.frontend.index()].timeouts;
        if self.has_gathered(stream) {
            self.arm_client(stream.client, crate::base::time::Time::NEVER);
            stream.waiting = Waiting::Request;
            stream.times.head = self.now.time;
            if !stream.request_body.is_done() {
                self.pause_client(stream.client, true);
            }
            self.route(stream);
        } else if timeouts.http_request.is_none() {
            self.arm_client(stream.client, self.now.time.after(timeouts.client));
        }
    }

    /// Reads chunks; ends the exchange if they are none.
    fn read_ahead(&mut self, stream: &mut Stream, bytes: Bytes) -> bool {
        let Some(gathered) = &mut stream.gathered else { return true };
        if gathered.read(bytes, &self.limits) {
            return true;
        }
        stream.bytes_in += gathered.data.len() as u64;
        self.refuse_body(stream, 400, End::early(By::Proxy, Phase::Request, Why::Failed));
        false
    }

    /// Whether the body is whole, or no more of it would fit a buffer.
    fn has_gathered(&self, stream: &Stream) -> bool {
        let whole = stream.gathered.as_ref().map_or(stream.request_body.is_done(), |chunks| chunks.whole);
        whole || size::request(&stream.request) + stream.pending.len() as u64 >= self.limits.bytes_max as u64
    }

    /// The client has ended its side, or is silent, in the middle of the body.
    pub(super) fn gather_no_more(&mut self, stream: &mut Stream, why: Why) {
        if let Some(gathered) = stream.gathered.take() {
            stream.bytes_in += gathered.data.len() as u64;
        }
        let status = if why == Why::TimedOut {
            408
        } else {
            stream.times.head = self.now.time;
            400
        };
        self.refuse_body(stream, status, End::early(By::Client, Phase::Request, why));
    }

    /// Answers by an error. haproxy's answers here name the connection's end before they are counted.
    fn refuse_body(&mut self, stream: &mut Stream, status: u16, end: End) {
        let before = stream.bytes_out;
        self.fail(stream, status, end);
        if stream.bytes_out > before {
            stream.bytes_out += "connectionclose".len() as u64;
        }
    }

    /// What of the body is looked at: what is in the buffer, as haproxy would have it, behind the head.
    pub(super) fn seen_body<'s>(&self, stream: &'s Stream) -> &'s [u8] {
        let body = stream.gathered.as_ref().map_or(&stream.pending[..], |chunks| &chunks.data);
        let room = self.limits.bytes_max.saturating_sub(size::request(&stream.request) as usize);
        &body[..body.len().min(room)]
    }
}
