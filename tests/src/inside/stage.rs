//! A worker machine with what plays its shell, its clients and its servers.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::{ConnId, ListenerId, Side, WorkerId};
use evenkeel_core::base::random::Seed;
use evenkeel_core::base::slots::Slots;
use evenkeel_core::base::time::{Now, Time, Wall};
use evenkeel_core::config::environment::Tables;
use evenkeel_core::config::{Source, load};
use evenkeel_core::proxy::{Facts, Input, Output, Shared, Worker};

use super::Site;

/// How much the shell moves at once under `Output::Relay`.
const RELAY_STEP: u64 = 64 * 1024;
/// How far time goes from one piece of news to the next.
const STEP_NANOS: u64 = 1_000;

/// Everything around one worker. It takes no memory of its own once warm.
pub struct Stage {
    site: &'static Site,
    worker: Worker,
    nanos: u64,
    answer: Vec<Bytes>,
    clients: Slots<()>,
    /// The client's connection, while it is open.
    client: Option<ConnId>,
    /// The server's connection that was written to or opened last.
    server: Option<ConnId>,
    follows: VecDeque<Input>,
    /// Bytes that clients got.
    delivered: u64,
    lines: u64,
}

impl Stage {
    /// A worker with the site's configuration, and nobody there so far.
    pub fn new(site: &'static Site) -> Stage {
        let text = format!(
            "defaults\n timeout client 30s\n timeout connect 5s\n timeout server 30s\n{}\
             frontend in\n bind 127.0.0.1:80\n default_backend out\n{}backend out\n{}",
            site.defaults, site.frontend, site.backend
        );
        let source = Source { name: site.name.to_owned(), bytes: text.into_bytes() };
        let loaded = load(&[source], &Tables::default());
        let config = Arc::new(loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.problems)));
        let facts = Facts { pid: 1, hostname: "here".to_owned(), workers: 1 };
        let shared = Shared::new(&config, now(0));
        Stage {
            site,
            worker: Worker::new(config, shared, WorkerId(0), facts, Seed(1), now(0)),
            nanos: 0,
            answer: (site.answer)(),
            clients: Slots::new(),
            client: None,
            server: None,
            follows: VecDeque::new(),
            delivered: 0,
            lines: 0,
        }
    }

    /// One request and its answer, or one message there and back, with a connection of its own if the site is so.
    pub fn exchange(&mut self) {
        let (delivered, lines) = (self.delivered, self.lines);
        let client = self.client.unwrap_or_else(|| self.accept());
        if self.site.request.is_empty() {
            self.feed(Input::Relayed { from: client, count: self.site.relayed, held: 0 });
        } else {
            self.feed(Input::Received { conn: client, bytes: Bytes::from_static(self.site.request) });
        }
        let server = self.server.expect("the core has chosen a server");
        for read in 0..self.answer.len() {
            self.feed(Input::Received { conn: server, bytes: self.answer[read].clone() });
        }
        self.relay(server);
        if self.site.connection_each {
            self.feed(Input::ReadClosed { conn: client });
            if self.site.request.is_empty() {
                self.feed(Input::ReadClosed { conn: server });
            }
            assert_eq!(self.client, None, "the connection is over");
        }
        let body: usize = self.answer.iter().map(Bytes::len).sum();
        let wanted = body as u64 + self.site.relayed;
        assert!(self.delivered - delivered >= wanted, "the client has got its answer");
        assert_eq!(self.lines - lines, self.site.lines, "log lines of one exchange");
    }

    fn accept(&mut self) -> ConnId {
        let client = ConnId::client(self.clients.insert(()));
        self.client = Some(client);
        let address = |port| Address::Ip(([127, 0, 0, 1], port).into());
        let (peer, local) = (address(1_000), address(80));
        self.feed(Input::Accepted { conn: client, listener: ListenerId(0), peer, local });
        client
    }

    /// The rest of the answer passes the core by.
    fn relay(&mut self, server: ConnId) {
        let mut left = self.site.relayed;
        while left > 0 {
            let count = left.min(RELAY_STEP);
            left -= count;
            self.delivered += count;
            self.feed(Input::Relayed { from: server, count, held: 0 });
        }
    }

    /// Gives the core news, and carries out what it orders until it wants nothing more.
    fn feed(&mut self, input: Input) {
        self.follows.push_back(input);
        while let Some(input) = self.follows.pop_front() {
            self.nanos += STEP_NANOS;
            self.worker.handle(now(self.nanos), input);
            while let Some(output) = self.worker.poll_output() {
                self.carry_out(output);
            }
        }
        let _ = self.worker.poll_timeout();
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Connect { conn, .. } => {
                self.server = Some(conn);
                self.follows.push_back(Input::Connected { conn, local: None });
            }
            Output::Send { conn, bytes, .. } => {
                match conn.side() {
                    Side::Client => self.delivered += bytes.len() as u64,
                    Side::Server => self.server = Some(conn),
                }
                self.follows.push_back(Input::Sent { conn, count: bytes.len() });
            }
            Output::Close { conn, .. } => {
                if self.client == Some(conn) {
                    self.clients.remove(conn.key());
                    self.client = None;
                }
            }
            Output::Log { .. } => self.lines += 1,
            Output::PauseRead { .. }
            | Output::ResumeRead { .. }
            | Output::Relay { .. }
            | Output::ShutWrite { .. }
            | Output::PauseAccepting { .. }
            | Output::ResumeAccepting { .. }
            | Output::StopListening { .. }
            | Output::Run { .. }
            | Output::Kill { .. }
            | Output::Tell { .. }
            | Output::Notice { .. }
            | Output::Stopped => {}
        }
    }
}

fn now(nanos: u64) -> Now {
    Now { time: Time::from_nanos(nanos), wall: Wall { unix_nanos: nanos, offset_seconds: 0 } }
}
