//! Trying again (configuration manual 4.2, `retries`, `retry-on`, `option redispatch`): a connection that is not to
//! be had, and a request that was sent and not answered well. Nothing is tried again once the client has got a
//! byte of an answer.

use std::time::Duration;

use bytes::Bytes;

use super::end::{By, End, Phase, Why};
use super::output::CloseHow;
use super::persistence::may_leave;
use super::stream::{Stream, Waiting};
use super::worker::Worker;
use crate::backend::Wish;
use crate::base::slots::Key;
use crate::base::time::Time;
use crate::h1::{BodyLength, ChunkDecoder, ResponseFraming};
use crate::http::Fields;
use crate::model::{Backend, Redispatch, RetryOn};

/// Before connecting to the same server again (configuration manual 4.2, `retries`).
const TURN_AROUND: Duration = Duration::from_secs(1);

impl Worker {
    /// The connection is not to be had: waits and tries again, or gives up.
    pub(super) fn retry_connection(&mut self, stream: &mut Stream, why: Why) {
        let Some(id) = stream.backend else { return };
        let backend = self.config.backends[id.index()].clone();
        if stream.retries >= backend.retries || !backend.retry_on.contains(RetryOn::CONNECTION_FAILURE) {
            return self.fail(stream, 503, End::early(By::Server, Phase::Connect, why));
        }
        stream.retries += 1;
        if leaves(stream, &backend) {
            return self.redispatch(stream);
        }
        stream.waiting = Waiting::TurnAround;
        let wait = backend.timeouts.connect.map_or(TURN_AROUND, |connect| connect.min(TURN_AROUND));
        let deadline = if why == Why::TimedOut { self.now.time } else { self.now.time + wait };
        self.arm_stream(stream, deadline);
        if why == Why::TimedOut {
            self.route_again(stream);
        }
    }

    /// After the turn-around: the same server, whose slot is still ours.
    pub(super) fn route_again(&mut self, stream: &mut Stream) {
        stream.deadline = Time::NEVER;
        if let Some(server) = stream.server {
            self.connect(stream, server);
        }
    }

    /// Goes to another server, if there is one.
    fn redispatch(&mut self, stream: &mut Stream) {
        let failed = stream.server;
        self.release_slot(stream);
        stream.redispatched = true;
        stream.affinity.lose();
        self.assign(stream, Wish { exclude: failed, ..Wish::default() });
    }

    /// Keeps the request that is about to be sent for another try, if the backend may want one. As in haproxy
    /// all of it must be here by now and fit a buffer: what comes later cannot be sent twice.
    pub(super) fn keep_for_replay(&mut self, stream: &mut Stream, backend: &Backend, head_length: usize) {
        let wanted =
            backend.retry_on.needs_request() && !stream.remarks.retry_disabled && backend.retries > 0;
        let fits = head_length + stream.pending.len() <= self.limits.bytes_max;
        if wanted && fits && self.is_whole(stream) {
            stream.replay = Some(stream.pending.clone());
        }
    }

    /// Whether the whole body has come.
    fn is_whole(&self, stream: &Stream) -> bool {
        if stream.request_length != BodyLength::Chunked {
            return stream.request_body.is_done();
        }
        let (mut body, mut trailers, mut length) = (stream.pending.clone(), Fields::default(), 0);
        let (decoder, out) = (&mut ChunkDecoder::default(), &mut bytes::BytesMut::new());
        let end = super::body::pass_chunks(decoder, &mut body, &mut trailers, &self.limits, out, &mut length);
        end == Ok(crate::h1::Piece::End)
    }

    /// Encodes a kept body behind the head in `out`.
    pub(super) fn encode_replay(&mut self, stream: &Stream, mut body: Bytes) {
        if stream.request_length != BodyLength::Chunked {
            return self.out.extend_from_slice(&body);
        }
        let (decoder, trailers) = (&mut ChunkDecoder::default(), &mut Fields::default());
        let passed =
            super::body::pass_chunks(decoder, &mut body, trailers, &self.limits, &mut self.out, &mut 0);
        debug_assert!(passed == Ok(crate::h1::Piece::End), "what was kept is whole");
    }

    /// Sends the request once more if this failure is one to try again after. The connection it went over must
    /// have been given up before.
    pub(super) fn retry_request(&mut self, stream: &mut Stream, failure: RetryOn) -> bool {
        // The one test that a plain exchange pays for.
        if stream.replay.is_none() {
            return false;
        }
        let Some(backend) = stream.backend.map(|id| self.config.backends[id.index()].clone()) else {
            return false;
        };
        if stream.retries >= backend.retries || !backend.retry_on.contains(failure) {
            return false;
        }
        if let Some(key) = stream.upstream.take() {
            // Only a server that is silent is left by a reset, as haproxy does.
            let silent = failure == RetryOn::RESPONSE_TIMEOUT;
            self.close_upstream(key, if silent { CloseHow::Reset } else { CloseHow::Graceful });
        }
        stream.retries += 1;
        stream.waiting = Waiting::Connection;
        stream.server_eof = false;
        if leaves(stream, &backend) {
            stream.times.dequeued = Time::NEVER;
            self.redispatch(stream);
        } else {
            self.route_again(stream);
        }
        true
    }

    /// The server answered with a status that is to be tried again after.
    pub(super) fn retry_status(
        &mut self,
        stream: &mut Stream,
        key: Key,
        framing: &ResponseFraming,
        rest: &Bytes,
    ) -> bool {
        let Some(failure) = RetryOn::status(stream.response.status).filter(|_| stream.replay.is_some())
        else {
            return false;
        };
        let backend = stream.backend.map(|id| &self.config.backends[id.index()]);
        if !backend.is_some_and(|b| stream.retries < b.retries && b.retry_on.contains(failure)) {
            return false;
        }
        let complete = match framing.body {
            BodyLength::None => rest.is_empty(),
            BodyLength::Length(length) => rest.len() as u64 == length,
            BodyLength::Chunked | BodyLength::UntilClose => false,
        };
        let unsent = self.upstreams.get(key).is_none_or(|upstream| upstream.unsent > 0);
        if complete && !unsent && framing.persistent && stream.server_persistent {
            self.keep_upstream(stream);
        }
        self.retry_request(stream, failure)
    }
}

/// Whether this retry goes to another server. Where nothing ties the request to its server, haproxy leaves it
/// with the first retry, whatever the number behind `option redispatch`. A server that is down and was asked all
/// the same ties nobody either.
fn leaves(stream: &Stream, backend: &Backend) -> bool {
    let tied = stream.affinity.server.is_some() && !stream.affinity.forced;
    let may = if tied {
        may_leave(backend.redispatch, stream.retries, backend.retries)
    } else {
        backend.redispatch != Redispatch::Never
    };
    may && backend.servers.len() > 1
}
