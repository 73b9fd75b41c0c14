//! A backend through its public face: by example, and against a slow reference under random histories.

use std::time::Duration;

use super::*;
use crate::backend::{Change, StateChange, Status};
use crate::base::address::Address;
use crate::base::ids::{StreamId, WorkerId};
use crate::base::slots::Key;
use crate::health::CheckStatus;
use crate::model::{
    Balance, Check, CheckKind, ConnectionMode, Mode, Redispatch, RetryOn, Reuse, ServerTimeouts,
};

mod admin;
mod model_check;
mod ramps;
mod warm;

const NOW: Now = Now {
    time: crate::base::time::Time::ZERO,
    wall: crate::base::time::Wall { unix_nanos: 0, offset_seconds: 0 },
};

/// A checked server of weight 1 without limits.
pub(in crate::backend) fn server(name: &str) -> model::Server {
    let address: std::net::SocketAddr = ([127, 0, 0, 1], 80).into();
    model::Server {
        name: name.into(),
        id: 1,
        address: Address::from(address),
        cookie: None,
        ring_key: model::RingKey::default(),
        stick: true,
        weight: 1,
        maxconn: None,
        minconn: None,
        maxqueue: None,
        backup: false,
        disabled: false,
        init_state: Default::default(),
        track: None,
        observe: None,
        shut_when_down: false,
        shut_backups_when_up: false,
        slow_start: None,
        source: None,
        pool_max_conn: None,
        pool_purge_delay: Duration::from_secs(5),
        agent: None,
        check: Some(Check {
            address: Address::from(address),
            inter: Duration::from_secs(2),
            fastinter: None,
            downinter: None,
            rise: 1,
            fall: 1,
        }),
    }
}

fn settings(servers: Vec<model::Server>) -> model::Backend {
    model::Backend {
        name: "web".into(),
        listen: false,
        mode: Mode::Http,
        disabled: false,
        balance: Balance::RoundRobin,
        hashing: Default::default(),
        servers: servers.into_iter().map(Arc::new).collect(),
        timeouts: ServerTimeouts::default(),
        retries: 3,
        retry_on: RetryOn::default(),
        redispatch: Redispatch::Never,
        reuse: Reuse::Safe,
        fullconn: None,
        connection_mode: ConnectionMode::KeepAlive,
        forward_for: None,
        all_backups: false,
        cookie: None,
        inspection: Default::default(),
        rdp_persistence: None,
        persist: false,
        persist_rules: Vec::new(),
        server_rules: Vec::new(),
        stick_rules: Vec::new(),
        abort_on_close: false,
        request_rules: Vec::new(),
        response_rules: Vec::new(),
        error_pages: Default::default(),
        log: Vec::new(),
        external_check: None,
        log_health_checks: false,
        check: CheckKind::Connect,
    }
}

fn backend(servers: Vec<model::Server>) -> Backend {
    Backend::new(BackendId(0), Arc::new(settings(servers)), NOW)
}

fn waiter(number: u32) -> Waiter {
    Waiter { worker: WorkerId(number % 3), stream: StreamId(Key { index: number, generation: 0 }) }
}

fn check(backend: &mut Backend, server: u32, passed: bool) {
    check_at(backend, NOW, ServerId(server), passed);
}

fn check_at(backend: &mut Backend, now: Now, server: ServerId, passed: bool) {
    let status = if passed { CheckStatus::Layer4Ok } else { CheckStatus::Layer4Connection };
    let info = (!passed).then(|| "Connection refused".to_owned());
    let outcome = Outcome { passed, status, code: 0, info, duration: Duration::ZERO };
    backend.on_check(now, server, &outcome);
}

fn ask(backend: &mut Backend, number: u32) -> Assigned {
    backend.assign(NOW, waiter(number), Wish::default())
}

fn only(backend: &mut Backend, number: u32, server: u32) -> Assigned {
    backend.assign(NOW, waiter(number), Wish { only: Some(ServerId(server)), ..Wish::default() })
}

/// Streams that were granted a slot: number, server, position.
fn grants(backend: &mut Backend) -> Vec<(u32, u32, u32)> {
    let granted = |event| match event {
        Event::Granted(grant) => Some((grant.waiter.stream.0.index, grant.server.0, grant.position)),
        _ => None,
    };
    std::iter::from_fn(|| backend.poll_event()).filter_map(granted).collect()
}

fn limited(name: &str, maxconn: u32) -> model::Server {
    model::Server { maxconn: Some(maxconn), ..server(name) }
}

#[test]
fn a_full_server_is_skipped_and_streams_wait_only_when_all_are_full() {
    let mut backend = backend(vec![limited("s1", 1), limited("s2", 2)]);

    let answers: Vec<Assigned> = (0..5).map(|number| ask(&mut backend, number)).collect();

    let [s1, s2] = [Assigned::Server(ServerId(0)), Assigned::Server(ServerId(1))];
    let queued = Assigned::Queued { server: None };
    assert_eq!(answers, [s1, s2, s2, queued, queued]);
}

#[test]
fn a_freed_slot_goes_to_the_oldest_of_both_queues() {
    let mut backend = backend(vec![limited("s1", 1)]);
    ask(&mut backend, 0);
    ask(&mut backend, 1);
    only(&mut backend, 2, 0);
    ask(&mut backend, 3);

    let mut order = Vec::new();
    for _ in 0..3 {
        backend.release(NOW, ServerId(0));
        order.extend(grants(&mut backend));
    }

    assert_eq!(order, [(1, 0, 1), (2, 0, 1), (3, 0, 2)]);
}

#[test]
fn a_server_that_comes_up_takes_as_many_as_it_has_room_for() {
    let mut backend = backend(vec![limited("s1", 1), limited("s2", 2)]);
    check(&mut backend, 1, false);
    for number in 0..5 {
        ask(&mut backend, number);
    }
    assert_eq!(grants(&mut backend), []);

    check(&mut backend, 1, true);

    assert_eq!(grants(&mut backend), [(1, 1, 1), (2, 1, 2)]);
    assert_eq!(backend.queued(None), 2);
}

#[test]
fn who_waits_for_a_server_that_goes_down_must_ask_again() {
    let mut backend = backend(vec![limited("s1", 1), server("s2")]);
    only(&mut backend, 0, 0);
    only(&mut backend, 1, 0);

    check(&mut backend, 0, false);

    let events: Vec<Event> = std::iter::from_fn(|| backend.poll_event()).collect();
    let moved = Grant { backend: BackendId(0), server: ServerId(0), waiter: waiter(1), position: 1 };
    assert_eq!(events[..2], [Event::ServerDown { server: ServerId(0) }, Event::Redistribute(moved)]);
    assert_eq!(only(&mut backend, 1, 0), Assigned::NoServer);
    assert_eq!(ask(&mut backend, 1), Assigned::Server(ServerId(1)));
}

#[test]
fn nobody_waits_for_the_last_server_once_it_is_down() {
    let mut backend = backend(vec![limited("s1", 1)]);
    ask(&mut backend, 0);
    ask(&mut backend, 1);

    check(&mut backend, 0, false);

    assert_eq!(backend.queued(None), 0);
    assert_eq!(ask(&mut backend, 1), Assigned::NoServer);
}

#[test]
fn a_queue_of_one_server_holds_at_most_maxqueue() {
    let mut backend = backend(vec![model::Server { maxqueue: Some(1), ..limited("s1", 1) }]);
    only(&mut backend, 0, 0);

    assert_eq!(only(&mut backend, 1, 0), Assigned::Queued { server: Some(ServerId(0)) });
    assert_eq!(only(&mut backend, 2, 0), Assigned::QueueFull(ServerId(0)));
}

#[test]
fn a_stream_that_gives_up_is_passed_over_and_a_late_grant_is_known() {
    let mut backend = backend(vec![limited("s1", 1)]);
    for number in 0..3 {
        ask(&mut backend, number);
    }

    assert_eq!(backend.cancel(waiter(1)), Cancelled::Queued { position: 1 });
    backend.release(NOW, ServerId(0));

    assert_eq!(grants(&mut backend), [(2, 0, 1)]);
    assert_eq!(backend.cancel(waiter(2)), Cancelled::NotQueued);
}

#[test]
fn a_redispatch_avoids_the_server_unless_it_is_the_only_one() {
    let avoid = Wish { exclude: Some(ServerId(0)), ..Wish::default() };
    let mut two = backend(vec![server("s1"), server("s2")]);
    let mut one = backend(vec![server("s1")]);

    for number in 0..4 {
        assert_eq!(two.assign(NOW, waiter(number), avoid), Assigned::Server(ServerId(1)));
    }
    assert_eq!(one.assign(NOW, waiter(0), avoid), Assigned::Server(ServerId(0)));
}

#[test]
fn backups_serve_only_when_no_active_server_is_left_and_only_the_first_of_them() {
    let spare = |name| model::Server { backup: true, ..server(name) };
    let mut settings = settings(vec![spare("b1"), server("s1"), spare("b2")]);
    let mut backend = Backend::new(BackendId(0), Arc::new(settings.clone()), NOW);
    settings.all_backups = true;
    let mut with_all = Backend::new(BackendId(0), Arc::new(settings), NOW);
    let chosen = |backend: &mut Backend| -> Vec<Assigned> { (0..3).map(|n| ask(backend, n)).collect() };
    let [b1, s1, b2] = [0, 1, 2].map(|number| Assigned::Server(ServerId(number)));

    assert_eq!(chosen(&mut backend), [s1; 3]);
    check(&mut backend, 1, false);
    check(&mut with_all, 1, false);

    assert_eq!(chosen(&mut backend), [b1; 3]);
    assert_eq!(chosen(&mut with_all), [b1, b2, b1]);
    check(&mut backend, 0, false);
    assert_eq!(chosen(&mut backend), [b2; 3]);
    check(&mut backend, 1, true);
    assert_eq!(chosen(&mut backend), [s1; 3]);
}

#[test]
fn weight_zero_serves_only_those_who_insist() {
    let mut backend = backend(vec![model::Server { weight: 0, ..server("s1") }]);

    assert_eq!(ask(&mut backend, 0), Assigned::NoServer);
    assert_eq!(only(&mut backend, 0, 0), Assigned::Server(ServerId(0)));
}

/// What the backend has to say, a line each with its level.
fn notices(backend: &mut Backend) -> String {
    let mut text = String::new();
    while let Some(event) = backend.poll_event() {
        if let Event::Notice(notice) = event {
            text.push_str(&format!("<{}> {notice}\n", notice.level().0));
        }
    }
    text
}

#[test]
fn changes_are_told_in_the_words_of_haproxy() {
    let spare = model::Server { backup: true, ..server("s3") };
    let mut plain = backend(vec![limited("s1", 1), server("s2"), spare.clone()]);
    let mut settings = settings(vec![
        model::Server {
            check: Some(Check { rise: 2, fall: 3, ..server("").check.unwrap() }),
            ..server("s1")
        },
        spare,
    ]);
    settings.log_health_checks = true;
    settings.listen = true;
    let mut talkative = Backend::new(BackendId(0), Arc::new(settings), NOW);

    ask(&mut plain, 0);
    only(&mut plain, 1, 0);
    for (server, passed) in [(0, false), (1, false), (2, false), (2, true), (0, true)] {
        check(&mut plain, server, passed);
    }
    for passed in [true, true, false, false, false, false, true, true] {
        check(&mut talkative, 0, passed);
    }
    check(&mut talkative, 1, true);
    check(&mut talkative, 1, false);

    let text = format!(
        "# plain\n{}\n# option log-health-checks, rise 2, fall 3\n{}",
        notices(&mut plain),
        notices(&mut talkative)
    );
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/logs"),
        prepend_module_to_snapshot => false,
    }, { insta::assert_snapshot!("server_state_changes", text) });
}

#[test]
fn a_notice_of_a_change_names_who_is_left() {
    let mut backend = backend(vec![server("s1"), server("s2")]);

    check(&mut backend, 1, false);

    let change = std::iter::from_fn(|| backend.poll_event()).find_map(|event| match event {
        Event::Notice(Notice::StateChanged(change)) => Some(change),
        _ => None,
    });
    let StateChange { census, change, .. } = change.expect("a change was told");
    assert_eq!((census.active, census.backup, change), (1, 0, Change::Down));
}
