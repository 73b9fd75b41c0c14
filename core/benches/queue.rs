//! A backend whose only server is taken, and very many requests that wait for it.

use std::sync::Arc;

use evenkeel_core::backend::{Assigned, Backend, Cancelled, Event, Waiter, Wish};
use evenkeel_core::base::ids::{BackendId, ServerId, StreamId, WorkerId};
use evenkeel_core::base::priority::Priority;
use evenkeel_core::base::slots::Key;
use evenkeel_core::base::time::{Now, Time};
use evenkeel_core::config::environment::Tables;
use evenkeel_core::config::{Source, load};

/// How many wait.
pub(crate) const WAITING: &[u32] = &[1_000, 10_000, 100_000, 1_000_000];

/// One of some classes and of many offsets, so that places are all over the queue.
fn priority(number: u32) -> Priority {
    let mixed = number.wrapping_mul(2_654_435_761);
    Priority { class: (mixed % 7) as i16, offset_ms: (mixed >> 12) as i32 }
}

fn waiter(number: u32) -> Waiter {
    Waiter { worker: WorkerId(0), stream: StreamId(Key { index: number, generation: 0 }) }
}

fn now(number: u32) -> Now {
    Now { time: Time::from_millis(u64::from(number / 100)), ..Now::default() }
}

fn join(backend: &mut Backend, number: u32) {
    let wish = Wish { priority: priority(number), ..Wish::default() };
    assert_eq!(backend.assign(now(number), waiter(number), wish), Assigned::Queued { server: None });
}

/// Fills the queue. Each call of the result lets two join, serves the first, and lets one give up that came long
/// ago, so that as many wait as before.
pub(crate) fn busy(waiting: u32) -> impl FnMut() {
    let text = "defaults\n  mode http\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n\
                listen in\n  bind 127.0.0.1:1\n  server s1 127.0.0.1:1 maxconn 1\n";
    let source = Source { name: "bench".to_owned(), bytes: text.as_bytes().to_vec() };
    let config = load(&[source], &Tables::default()).config.expect("it is valid");
    let mut backend = Backend::new(BackendId(0), Arc::clone(&config.backends[0]), Now::default());
    backend.assign(now(0), waiter(u32::MAX), Wish::default());
    (0..waiting).for_each(|number| join(&mut backend, number));
    let (mut newest, mut oldest) = (waiting, 0);
    move || {
        join(&mut backend, newest);
        join(&mut backend, newest + 1);
        newest += 2;
        backend.release(now(newest), ServerId(0));
        assert!(matches!(backend.poll_event(), Some(Event::Granted(_))), "somebody waited");
        while backend.cancel(waiter(oldest)) == Cancelled::NotQueued {
            oldest += 1;
        }
        oldest += 1;
    }
}
