//! Log lines: one for each exchange that ended, and the operator's notices.

use bytes::BytesMut;

use super::conn::Client;
use super::end::End;
use super::output::Output;
use super::stream::Stream;
use super::worker::{Facts, Worker};
use crate::backend::Notice;
use crate::base::ids::{BackendId, LogTargetId};
use crate::log::{Header, Sampler, Stamp, encode_line};
use crate::model::{Config, Level, LogTarget};
use crate::sample::Scope;

/// What lines are made with, used again for each.
#[derive(Debug, Default)]
pub(super) struct Logs {
    stamp: Stamp,
    message: Vec<u8>,
    line: Vec<u8>,
    /// Lines on their way to the shell.
    lines: BytesMut,
    pub(super) scratch: Vec<u8>,
    samplers: Vec<Sampler>,
    /// Lines by frontend (`%lc`).
    counters: Vec<u64>,
    /// Exchanges logged (`%rt`).
    requests: u64,
    tag: String,
    hostname: Option<String>,
}

impl Logs {
    pub(super) fn new(config: &Config, facts: &Facts) -> Logs {
        let hostname = config.global.log_send_hostname.clone();
        Logs {
            samplers: config.log_targets.iter().map(|_| Sampler::default()).collect(),
            counters: vec![0; config.frontends.len()],
            tag: config.global.log_tag.clone().unwrap_or_else(|| "haproxy".to_owned()),
            hostname: hostname.map(|name| if name.is_empty() { facts.hostname.clone() } else { name }),
            ..Logs::default()
        }
    }
}

impl Worker {
    /// The exchange as log tags and rules see it.
    pub(super) fn scope<'a>(&'a self, stream: &'a Stream, client: &'a Client, counts: [u32; 4]) -> Scope<'a> {
        let frontend = &self.config.frontends[stream.frontend.index()];
        let backend = stream.backend.map(|id| &self.config.backends[id.index()]);
        let server = stream.server.and_then(|id| backend.map(|backend| &backend.servers[id.index()]));
        let upstream = stream.upstream.and_then(|key| self.upstreams.get(key));
        Scope {
            client: &client.peer,
            local: &client.local,
            source: upstream.and_then(|upstream| upstream.local.as_ref()),
            server_address: server.map(|server| &server.address),
            frontend: &frontend.name,
            http: stream.http,
            backend: backend.map_or(&frontend.name, |backend| &backend.name),
            server: server.map(|server| &*server.name),
            times: &stream.times,
            request: stream.has_request.then_some(&stream.request),
            farm: Some(&self.farms),
            content: if stream.http { b"" } else { &client.buffer },
            content_grows: false,
            response: stream.has_response.then_some(&stream.response),
            status: stream.status,
            bytes_out: stream.bytes_out,
            bytes_in: stream.bytes_in,
            ending: stream.ending(),
            counts,
            priority: stream.remarks.priority,
            retries: stream.retries,
            redispatched: stream.redispatched,
            server_queue: stream.server_queue,
            backend_queue: stream.backend_queue,
            request_captures: &stream.request_captures,
            response_captures: &stream.response_captures,
            cookie_captures: [&stream.cookie_captures[0], &stream.cookie_captures[1]],
            request_counter: self.logs.requests,
            log_counter: self.logs.counters[stream.frontend.index()],
            listener: client.listener.0 + 1,
            log_asap: false,
            check: None,
            process: (self.facts.pid, &self.facts.hostname),
        }
    }

    /// Logs an exchange that ended.
    pub(super) fn log_stream(&mut self, stream: &Stream, end: End) {
        let frontend = self.config.frontends[stream.frontend.index()].clone();
        let nothing = stream.bytes_in == 0 && !stream.has_request && stream.http;
        let errors = end != End::Normal;
        let unwanted = (frontend.dont_log_null
            && (nothing || (!stream.http && stream.bytes_in + stream.bytes_out == 0)))
            || (frontend.dont_log_normal && !errors && stream.retries == 0 && stream.status < 500);
        self.logs.requests += 1;
        if frontend.log.is_empty() || unwanted {
            return;
        }
        let Some(client) = self.clients.get(stream.client) else { return };
        let (process, own) = self.shared.connections(stream.frontend);
        let (streams, connections) = stream.backend.map_or((0, 0), |id| {
            self.shared.backend(id).with(|backend| {
                let server = stream.server.map_or(0, |server| backend.server(server).connections());
                (backend.streams(), server.saturating_sub(u32::from(stream.slot_held)))
            })
        });
        let counts = [process, own, streams.saturating_sub(u32::from(stream.counted)), connections];
        let mut message = std::mem::take(&mut self.logs.message);
        message.clear();
        frontend.log_format.render(&self.scope(stream, client, counts), &mut message);
        let level = if errors && frontend.log_separate_errors { Level::ERR } else { Level::INFO };
        self.logs.counters[stream.frontend.index()] += 1;
        self.log_to(&frontend.log, level, frontend.log_tag.as_deref(), &message);
        self.logs.message = message;
    }

    pub(super) fn log_notice(&mut self, backend: BackendId, notice: &Notice) {
        let backend = self.config.backends[backend.index()].clone();
        self.log_to(&backend.log, notice.level(), None, notice.to_string().as_bytes());
        self.put(Output::Notice { alert: notice.level() == Level::EMERG, text: notice.told() });
    }

    fn log_to(&mut self, targets: &[LogTargetId], level: Level, tag: Option<&str>, message: &[u8]) {
        for &id in targets {
            let config = self.config.clone();
            let target: &LogTarget = &config.log_targets[id.index()];
            if level > target.max_level {
                continue;
            }
            if let Some((ranges, size)) = &target.sample
                && !self.logs.samplers[id.index()].takes(ranges, *size)
            {
                continue;
            }
            let Logs { stamp, line, lines, hostname, tag: default, .. } = &mut self.logs;
            let header = Header {
                wire: target.wire,
                facility: target.facility.0,
                level: level.max(target.min_level).0,
                tag: tag.unwrap_or(default),
                pid: self.facts.pid,
                hostname: hostname.as_deref(),
                len_max: target.len,
            };
            line.clear();
            encode_line(line, &header, stamp, self.now.wall, message);
            while line.last() == Some(&b'\n') {
                line.pop();
            }
            // The memory comes back once the shell has dropped the lines before.
            lines.extend_from_slice(line);
            let line = lines.split().freeze();
            self.put(Output::Log { target: id, line });
        }
    }
}
