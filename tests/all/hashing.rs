//! Which key goes to which server, all of them: evenkeel's core against the record of haproxy's choices.
//!
//! No sockets here, so that every combination can be held against ten thousand keys. `differential::hashing` asks
//! both programs about some of them, and makes the record.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use evenkeel_core::backend::{Assigned, Backend, NewWeight, Waiter, Wish};
use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::{BackendId, ServerId, StreamId, WorkerId};
use evenkeel_core::base::slots::Key;
use evenkeel_core::base::time::{Now, Time, Wall};
use evenkeel_core::config::environment::Tables;
use evenkeel_core::config::{Source, load};
use evenkeel_core::h1::{HeadLimits, parse_request};
use evenkeel_core::health::{CheckStatus, Outcome};
use evenkeel_core::http::RequestHead;
use evenkeel_core::model;
use evenkeel_core::proxy::hash_number;
use evenkeel_core::sample::Scope;
use evenkeel_tests::inside;

use self::record::Record;
use self::ways::{KEYS, Phase, SERVERS, Way};

pub(crate) mod record;
pub(crate) mod ways;

const NOW: Now = Now { time: Time::ZERO, wall: Wall { unix_nanos: 0, offset_seconds: 0 } };

#[test]
fn headers_over_every_type_through_the_life_of_servers() {
    hold_against_the_record(&ways::headers());
}

#[test]
fn bounded_load() {
    hold_against_the_record(&ways::bounded());
}

#[test]
fn turns_of_requests_without_a_key() {
    hold_against_the_record(&ways::some_without_a_key());
}

#[test]
fn targets() {
    hold_against_the_record(&ways::targets());
}

#[test]
fn domains() {
    hold_against_the_record(&ways::domains());
}

#[test]
fn addresses_of_clients() {
    hold_against_the_record(&ways::addresses());
}

fn hold_against_the_record(ways: &[Way]) {
    let record = Record::read();
    let heads = parsed(&ways[0].requests.take(KEYS));
    let held = parsed(&ways[0].requests.held(ways[0].held()));
    let mut wrong = Vec::new();
    for way in ways {
        let settings = settings(way);
        let numbers = numbers(way, &settings, &heads);
        let mut servers = Servers::new(settings);
        for key in self::numbers(way, &servers.settings, &held) {
            servers.take(key);
        }
        for phase in way.phases {
            servers.enter(phase);
            let chosen: Vec<u8> = numbers.iter().map(|key| servers.visit(*key)).collect();
            wrong.extend(record.compare(way, phase, &chosen).err());
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn parsed(requests: &[String]) -> Vec<RequestHead> {
    let limits = HeadLimits { bytes_max: 4_096, fields_max: 10 };
    let parse = |request: &String| {
        let mut head = RequestHead::default();
        parse_request(request.as_bytes(), &mut head, &limits).expect("a request that haproxy took");
        head
    };
    requests.iter().map(parse).collect()
}

/// The backend as the configuration says it. Checks are what takes servers down here.
fn settings(way: &Way) -> Arc<model::Backend> {
    let mut text = format!(
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n\
         listen in\n  bind 127.0.0.1:1\n{}",
        way.lines()
    );
    for (index, options) in SERVERS.iter().enumerate() {
        text += &format!("  server s{} 127.0.0.1:1 check rise 1 fall 1 {options}\n", index + 1);
    }
    let source = Source { name: "hashing".to_owned(), bytes: text.into_bytes() };
    let loaded = load(&[source], &Tables::default());
    let config = loaded.config.unwrap_or_else(|| panic!("{}: {:?}", way.name(), loaded.problems));
    Arc::clone(&config.backends[0])
}

/// What each request hashes to.
fn numbers(way: &Way, settings: &model::Backend, heads: &[RequestHead]) -> Vec<Option<u32>> {
    let (nobody, times) = (Address::Ip(([192, 0, 2, 7], 1).into()), inside::times());
    let mut buffer = Vec::new();
    let mut number = |head: &RequestHead| {
        let client = if way.is_source() { client(head) } else { nobody.clone() };
        let scope = Scope { request: Some(head), ..inside::scope(&client, &times) };
        buffer.clear();
        hash_number(&settings.hashing, &scope, b"", &mut buffer)
    };
    heads.iter().map(&mut number).collect()
}

/// The address that the request names.
fn client(head: &RequestHead) -> Address {
    let named = head.fields.values(b"x-key").next().expect("an address is named");
    let address = std::str::from_utf8(named).expect("it is text").parse().expect("it is an address");
    Address::Ip(SocketAddr::new(address, 1))
}

/// The servers of one way.
struct Servers {
    backend: Backend,
    settings: Arc<model::Backend>,
    down: &'static [usize],
    /// Of each server, now.
    weights: Vec<u32>,
}

impl Servers {
    fn new(settings: Arc<model::Backend>) -> Servers {
        let backend = Backend::new(BackendId(0), Arc::clone(&settings), NOW);
        let weights = settings.servers.iter().map(|server| server.weight).collect();
        Servers { backend, settings, down: &[], weights }
    }

    fn enter(&mut self, phase: &Phase) {
        let changed = |at: &usize| self.down.contains(at) != phase.down.contains(at);
        for at in (0..SERVERS.len()).filter(changed) {
            let passed = !phase.down.contains(&at);
            let status = if passed { CheckStatus::Layer4Ok } else { CheckStatus::Layer4Connection };
            let outcome = Outcome { passed, status, code: 0, info: None, duration: Duration::ZERO };
            self.backend.on_check(NOW, ServerId(at as u32), &outcome);
        }
        self.down = phase.down;
        for (at, server) in self.settings.servers.iter().enumerate() {
            let changed = phase.weights.iter().find(|(changed, _)| *changed == at);
            let weight = changed.map_or(server.weight, |(_, weight)| *weight);
            if self.weights[at] != weight {
                let set = self.backend.set_weight(NOW, ServerId(at as u32), NewWeight::Absolute(weight));
                set.expect("a ring takes any weight");
                self.weights[at] = weight;
            }
        }
        while self.backend.poll_event().is_some() {}
    }

    /// A request that stays.
    fn take(&mut self, key: Option<u32>) -> Option<ServerId> {
        let waiter = Waiter { worker: WorkerId(0), stream: StreamId(Key { index: 0, generation: 0 }) };
        match self.backend.assign(NOW, waiter, Wish { key, ..Wish::default() }) {
            Assigned::Server(server) => Some(server),
            _ => None,
        }
    }

    /// A request that comes and goes; the digit of its server.
    fn visit(&mut self, key: Option<u32>) -> u8 {
        let server = self.take(key);
        if let Some(server) = server {
            self.backend.release(NOW, server);
        }
        digit(server)
    }
}

fn digit(server: Option<ServerId>) -> u8 {
    server.map_or(b'-', |server| b'1' + server.0 as u8)
}
