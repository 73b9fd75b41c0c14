//! What operators and agents do, and what logs say of it: the lines are those of haproxy 2.8.

use super::*;
use crate::backend::{Admin, Because, Forced, NewWeight, WeightIsFixed};
use crate::model::Track;

const S1: ServerId = ServerId(0);
const S2: ServerId = ServerId(1);

/// A backend whose second server tracks the first, as news of it comes.
fn tracking() -> Backend {
    let track = Track { backend: BackendId(0), server: S1, name: "b/s1".into() };
    let follower = model::Server { track: Some(track), check: None, ..server("t1") };
    let mut backend = backend(vec![server("s1"), follower]);
    spread(&mut backend);
    backend
}

/// Carries news of the first server to the second.
fn spread(backend: &mut Backend) {
    let reading = backend.server(S1).reading();
    backend.follow(NOW, S2, reading);
}

/// What is said about the tracker when these are done in turn; a digit says to whom.
fn said(steps: &[(u32, Admin)]) -> String {
    let mut backend = tracking();
    let mut text = String::new();
    for (server, admin) in steps {
        backend.set_admin(NOW, ServerId(*server), *admin);
        spread(&mut backend);
        backend.check_invariants();
        let notices = notices(&mut backend);
        let tracker = notices.lines().filter(|line| line.contains("t1"));
        tracker.for_each(|line| text.push_str(&format!("{line}\n")));
    }
    text.replace("Server web/t1 ", "")
}

#[test]
fn drain_and_maintenance_of_a_server_that_tracks_are_told_as_haproxy_does() {
    use Admin::{Drain, Maint, Ready};
    let both_drain = said(&[(1, Drain), (0, Drain), (1, Ready), (1, Drain), (0, Ready), (1, Ready)]);
    let both_maint = said(&[(1, Maint), (0, Maint), (1, Ready), (1, Maint), (0, Ready), (1, Ready)]);
    let maint_over_drain = said(&[(1, Maint), (0, Drain), (1, Ready), (1, Maint), (1, Drain), (0, Ready)]);
    let drain_over_maint = said(&[(1, Drain), (0, Maint), (1, Ready), (1, Drain), (0, Drain), (0, Ready)]);

    let online = "1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.";
    assert_eq!(
        both_drain,
        format!(
            "<5> enters drain state. {online}\n\
             <5> remains in forced drain mode.\n\
             <5> remains in drain mode via b/s1.\n\
             <5> remains in forced drain mode.\n\
             <5> remains in forced drain mode.\n\
             <5> is UP (leaving forced drain).\n"
        )
    );
    assert_eq!(
        both_maint,
        format!(
            "<1> is going DOWN for maintenance. {}\n\
             <5> is leaving forced maintenance but remains in maintenance via b/s1.\n\
             <5> remains in forced maintenance.\n\
             <5> is UP/READY (leaving forced maintenance).\n",
            left(1)
        )
    );
    assert_eq!(
        maint_over_drain,
        format!(
            "<1> is going DOWN for maintenance. {}\n\
             <5> is UP/DRAIN (leaving forced maintenance).\n\
             <5> remains in drain mode via b/s1.\n\
             <5> is going DOWN for maintenance. {}\n\
             <5> is UP/DRAIN (leaving forced maintenance).\n\
             <5> remains in forced drain mode.\n\
             <5> remains in forced drain mode.\n",
            left(1),
            left(0)
        )
    );
    assert_eq!(
        drain_over_maint,
        format!(
            "<5> enters drain state. {online}\n\
             <5> is going DOWN for maintenance via b/s1. {}\n\
             <5> is UP/DRAIN (leaving maintenance).\n\
             <5> remains in forced drain mode.\n\
             <5> remains in forced drain mode.\n",
            left(0)
        )
    );
}

/// What a notice of a loss says is left.
fn left(active: u32) -> String {
    format!("{active} active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.")
}

#[test]
fn drain_and_maintenance_that_are_inherited_name_where_they_come_from() {
    use Admin::{Drain, Maint, Ready};
    let inherited = said(&[(0, Drain), (0, Maint), (0, Drain), (0, Ready), (0, Maint), (0, Ready)]);

    let none_online = "0 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.";
    assert_eq!(
        inherited,
        format!(
            "<5> enters drain state via b/s1. {none_online}\n\
             <5> is going DOWN for maintenance via b/s1. {}\n\
             <5> is UP/DRAIN (leaving maintenance).\n\
             <5> remains in drain mode via b/s1.\n\
             <5> is UP (leaving drain) via b/s1.\n\
             <1> is going DOWN for maintenance via b/s1. {}\n\
             <5> is UP/READY (leaving maintenance).\n",
            left(0),
            left(0)
        )
    );
}

#[test]
fn health_that_the_operator_sets_is_told_and_passed_on() {
    let mut backend = tracking();
    let mut text = String::new();
    for health in [Forced::Down, Forced::Down, Forced::Stopping, Forced::Up, Forced::Up] {
        backend.force_health(NOW, S1, health);
        spread(&mut backend);
        text.push_str(&notices(&mut backend));
    }
    backend.set_admin(NOW, S2, Admin::Maint);
    check(&mut backend, 0, false);
    spread(&mut backend);
    backend.set_admin(NOW, S2, Admin::Ready);
    backend.set_admin(NOW, S2, Admin::Drain);
    backend.set_admin(NOW, S2, Admin::Maint);
    text.push_str(&notices(&mut backend));

    let lines: Vec<&str> = text.lines().map(|line| line.split(" active and").next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "<1> Server web/s1 is DOWN, changed from CLI. 1",
            "<1> Server web/t1 is DOWN via b/s1. 0",
            "<0> backend web has no server available!",
            "<5> Server web/s1 is stopping, changed from CLI. 0",
            "<5> Server web/t1 is stopping via b/s1. 0",
            "<5> Server web/s1 is UP, changed from CLI. 1",
            "<5> Server web/t1 is UP via b/s1. 2",
            "<1> Server web/t1 is going DOWN for maintenance. 1",
            "<1> Server web/s1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", \
             check duration: 0ms. 0",
            "<0> backend web has no server available!",
            "<5> Server web/t1 is DOWN/READY (leaving forced maintenance).",
            "<5> Server web/t1 enters drain state. 0",
            "<5> Server web/t1 was DOWN and now enters maintenance.",
        ]
    );
}

#[test]
fn a_server_that_drains_or_stops_serves_those_who_are_tied_to_it_alone() {
    let mut backend = backend(vec![limited("s1", 1), server("s2")]);
    for step in 0..2 {
        if step == 0 {
            backend.set_admin(NOW, S1, Admin::Drain);
        } else {
            backend.set_admin(NOW, S1, Admin::Ready);
            backend.force_health(NOW, S1, Forced::Stopping);
        }

        assert_eq!(ask(&mut backend, 0), Assigned::Server(S2));
        assert_eq!(only(&mut backend, 1, 0), Assigned::Server(S1));
        assert_eq!(only(&mut backend, 2, 0), Assigned::Queued { server: Some(S1) });
        backend.release(NOW, S1);
        assert_eq!(grants(&mut backend), [(2, 0, 1)]);
        backend.release(NOW, S1);
        backend.check_invariants();
    }
}

#[test]
fn a_server_in_maintenance_serves_nobody_and_hears_no_checks() {
    let mut backend = backend(vec![server("s1")]);
    backend.set_admin(NOW, S1, Admin::Maint);

    assert_eq!(only(&mut backend, 0, 0), Assigned::NoServer);
    check(&mut backend, 0, false);
    backend.set_admin(NOW, S1, Admin::Ready);

    assert_eq!(ask(&mut backend, 0), Assigned::Server(S1));
}

#[test]
fn a_server_is_up_when_its_checks_and_its_agent_are_content() {
    let mut backend = backend(vec![server("s1")]);
    let status = |backend: &Backend| backend.server(S1).status();
    backend.on_agent(NOW, S1, false, &Because::Unsaid);
    assert_eq!(status(&backend), Status::Down);
    check(&mut backend, 0, false);
    backend.on_agent(NOW, S1, true, &Because::Unsaid);
    assert_eq!(status(&backend), Status::Down);
    backend.on_agent(NOW, S1, false, &Because::Unsaid);
    check(&mut backend, 0, true);
    assert_eq!(status(&backend), Status::Down);
    backend.on_agent(NOW, S1, true, &Because::Unsaid);
    assert_eq!(status(&backend), Status::Up);

    let told: Vec<bool> = notices(&mut backend)
        .lines()
        .filter(|line| line.contains("Server web/s1"))
        .map(|line| line.contains("is UP"))
        .collect();
    assert_eq!(told, [false, true]);
}

#[test]
fn weights_are_set_at_once_and_the_last_one_gone_is_told() {
    let mut backend = backend(vec![model::Server { weight: 3, ..limited("s1", 1) }]);
    let mut set = |weight| {
        let done = backend.set_weight(NOW, S1, weight);
        (done, backend.server(S1).weight(), notices(&mut backend))
    };

    assert_eq!(set(NewWeight::Percent(50)), (Ok(()), 1, String::new()));
    assert_eq!(set(NewWeight::Percent(1_000_000)), (Ok(()), 256, String::new()));
    assert_eq!(set(NewWeight::Absolute(300)), (Ok(()), 256, String::new()));
    let gone = "<0> backend web has no server available!\n".to_owned();
    assert_eq!(set(NewWeight::Percent(0)), (Ok(()), 0, gone));
    assert_eq!(ask(&mut backend, 0), Assigned::NoServer);
    assert_eq!(only(&mut backend, 0, 0), Assigned::Server(S1));
    backend.check_invariants();
}

#[test]
fn whoever_waits_for_any_server_is_told_when_the_last_weight_is_gone() {
    let mut backend = backend(vec![limited("s1", 1)]);
    ask(&mut backend, 0);
    ask(&mut backend, 1);

    backend.set_weight(NOW, S1, NewWeight::Absolute(0)).unwrap();

    assert!(matches!(backend.poll_event(), Some(Event::Redistribute(grant)) if grant.waiter == waiter(1)));
    backend.check_invariants();
}

#[test]
fn an_algorithm_that_knows_no_weights_refuses_them() {
    let settings = model::Backend { balance: Balance::StaticRr, ..settings(vec![server("s1")]) };
    let mut backend = Backend::new(BackendId(0), Arc::new(settings), NOW);

    assert_eq!(backend.set_weight(NOW, S1, NewWeight::Absolute(5)), Err(WeightIsFixed));
    assert_eq!(backend.set_weight(NOW, S1, NewWeight::Percent(50)), Err(WeightIsFixed));
    assert_eq!(backend.set_weight(NOW, S1, NewWeight::Percent(0)), Ok(()));
    assert_eq!(ask(&mut backend, 0), Assigned::NoServer);
}

#[test]
fn a_limit_that_rises_serves_who_waits_and_one_that_falls_takes_no_slot_away() {
    let mut backend = backend(vec![limited("s1", 1)]);
    for number in 0..4 {
        ask(&mut backend, number);
    }

    backend.set_maxconn(NOW, S1, 3);
    assert_eq!(grants(&mut backend), [(1, 0, 1), (2, 0, 2)]);
    backend.set_maxconn(NOW, S1, 1);
    backend.check_invariants();
    backend.release(NOW, S1);
    backend.release(NOW, S1);
    assert_eq!(grants(&mut backend), []);
    backend.set_maxconn(NOW, S1, 0);
    assert_eq!(grants(&mut backend), [(3, 0, 3)]);
}
