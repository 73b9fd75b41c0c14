//! `slowstart` through the backend's public face. The figures are those that haproxy 2.8 shows.

use super::*;
use crate::backend::{Admin, Forced, NewWeight};

const S1: ServerId = ServerId(0);

fn after(seconds: f64) -> Now {
    Now { time: NOW.time + Duration::from_secs_f64(seconds), ..NOW }
}

/// A server of weight 100 and `maxconn` 20 that takes six seconds, beside a plain one.
fn slow() -> Backend {
    let slow_start = Some(Duration::from_secs(6));
    let slow = model::Server { slow_start, weight: 100, ..limited("s1", 20) };
    backend(vec![slow, model::Server { weight: 100, ..server("s2") }])
}

/// Sixteenths of its weight and most connections.
fn strength(backend: &Backend) -> (u32, u32) {
    let state = backend.server(S1);
    (state.units(16) / state.weight(), state.cap.min(20))
}

/// When the backend wants to be told the time.
fn woken(backend: &mut Backend) -> Option<u64> {
    let wakes = std::iter::from_fn(|| backend.poll_event()).filter_map(|event| match event {
        Event::WakeAt { at } => Some(at.as_millis()),
        _ => None,
    });
    wakes.last()
}

#[test]
fn a_server_that_comes_back_takes_on_its_share_second_by_second() {
    let mut backend = slow();
    check(&mut backend, 0, false);
    check(&mut backend, 0, true);

    let mut seen = vec![strength(&backend)];
    for second in 1..=6 {
        assert_eq!(woken(&mut backend), Some(second * 1_000));
        backend.on_time(after(second as f64));
        backend.check_invariants();
        seen.push(strength(&backend));
    }

    assert_eq!(seen, [(1, 1), (3, 3), (6, 6), (9, 10), (11, 13), (14, 16), (16, 20)]);
    assert_eq!(woken(&mut backend), None);
}

#[test]
fn turns_follow_the_share_of_the_moment() {
    let mut backend = slow();
    check(&mut backend, 0, false);
    check(&mut backend, 0, true);
    backend.on_time(after(2.0));

    let mut turns = 0;
    for number in 0..220 {
        if let Assigned::Server(server) = ask(&mut backend, number) {
            turns += u32::from(server == S1);
            backend.release(NOW, server);
        }
    }

    // Six sixteenths beside a whole.
    assert_eq!(turns, 220 * 6 / 22);
}

#[test]
fn it_applies_after_maintenance_and_stopping_but_not_at_the_start_nor_after_drain() {
    let mut backend = slow();
    assert_eq!(strength(&backend), (16, 20));
    backend.set_admin(NOW, S1, Admin::Drain);
    backend.set_admin(NOW, S1, Admin::Ready);
    assert_eq!(strength(&backend), (16, 20));
    backend.set_admin(NOW, S1, Admin::Maint);
    assert_eq!(strength(&backend), (16, 20));
    backend.set_admin(NOW, S1, Admin::Ready);
    assert_eq!(strength(&backend), (1, 1));
    backend.on_time(after(6.0));
    assert_eq!(strength(&backend), (16, 20));
    backend.force_health(NOW, S1, Forced::Stopping);
    backend.force_health(NOW, S1, Forced::Up);
    assert_eq!(strength(&backend), (1, 1));
    backend.check_invariants();
}

#[test]
fn a_slow_start_that_is_cut_short_serves_those_that_are_tied_to_the_server() {
    let mut backend = slow();
    check(&mut backend, 0, false);
    check(&mut backend, 0, true);
    assert_eq!(only(&mut backend, 0, 0), Assigned::Server(S1));
    assert_eq!(only(&mut backend, 1, 0), Assigned::Queued { server: Some(S1) });

    backend.force_health(NOW, S1, Forced::Stopping);

    assert_eq!(grants(&mut backend), [(1, 0, 1)]);
    backend.check_invariants();
}

#[test]
fn whoever_waits_is_served_as_the_limit_rises_and_the_end_is_told() {
    let mut backend = slow();
    backend.set_admin(NOW, ServerId(1), Admin::Maint);
    check(&mut backend, 0, false);
    check(&mut backend, 0, true);
    for number in 0..8 {
        ask(&mut backend, number);
    }
    notices(&mut backend);

    backend.on_time(after(1.0));
    assert_eq!(grants(&mut backend), [(1, 0, 1), (2, 0, 2)]);
    backend.on_time(after(6.5));

    let end = "<5> Server web/s1 is UP. 1 active and 0 backup servers online. 5 sessions requeued, 0 total in \
               queue.\n";
    assert_eq!(notices(&mut backend), end);
    assert_eq!(backend.server(S1).connections(), 8);
}

#[test]
fn a_server_that_falls_on_its_way_begins_again() {
    let mut backend = slow();
    check(&mut backend, 0, false);
    check(&mut backend, 0, true);
    backend.on_time(after(3.0));
    check(&mut backend, 0, false);
    backend.on_time(after(4.0));
    let outcome = Outcome {
        passed: true,
        status: CheckStatus::Layer4Ok,
        code: 0,
        info: None,
        duration: Duration::ZERO,
    };
    backend.on_check(after(5.0), S1, &outcome);

    assert_eq!(strength(&backend), (1, 1));
    assert_eq!(woken(&mut backend), Some(6_000));
    backend.set_weight(after(5.0), S1, NewWeight::Percent(50)).unwrap();
    backend.on_time(after(6.0));
    assert_eq!(backend.server(S1).units(16), 50 * 3);
}

#[test]
fn algorithms_that_know_no_changing_weights_give_it_all_at_once() {
    let slow_start = Some(Duration::from_secs(6));
    let slow = model::Server { slow_start, weight: 100, ..server("s1") };
    let settings = model::Backend { balance: Balance::StaticRr, ..settings(vec![slow]) };
    let mut backend = Backend::new(BackendId(0), Arc::new(settings), NOW);
    check(&mut backend, 0, false);
    check(&mut backend, 0, true);

    assert_eq!(backend.scale, 1);
    assert_eq!(backend.server(S1).units(backend.scale), 100);
}

#[test]
fn a_slow_start_that_ends_in_nolb_serves_those_who_are_tied() {
    let mut backend = slow();
    check(&mut backend, 0, false);
    check(&mut backend, 0, true);
    only(&mut backend, 0, 0);
    only(&mut backend, 1, 0);
    assert_eq!(grants(&mut backend), []);

    backend.force_health(NOW, S1, Forced::Stopping);

    assert_eq!(grants(&mut backend), [(1, 0, 1)]);
    backend.check_invariants();
}
