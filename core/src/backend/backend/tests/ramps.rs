//! Dynamic limits and priorities through the backend's public face, by example.

use super::*;
use crate::base::priority::Priority;

fn ramped(minconn: u32, maxconn: u32, fullconn: u32) -> Backend {
    let server = model::Server { minconn: Some(minconn), ..limited("s1", maxconn) };
    let settings = model::Backend { fullconn: Some(fullconn), ..settings(vec![server]) };
    Backend::new(BackendId(0), Arc::new(settings), NOW)
}

#[test]
fn the_limit_follows_the_load_and_whoever_waits_is_served_as_it_rises() {
    let mut backend = ramped(1, 5, 10);

    let mut taken = Vec::new();
    for number in 0..14 {
        backend.begin();
        ask(&mut backend, number);
        taken.push(backend.server(ServerId(0)).connections());
    }
    for _ in 0..14 {
        backend.release(NOW, ServerId(0));
        backend.end();
        taken.push(backend.server(ServerId(0)).connections());
    }

    assert_eq!(taken[..14], [1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5, 5]);
    // The stream that leaves still counts while its slot is given away: haproxy's numbers.
    assert_eq!(taken[14..], [5, 5, 5, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0]);
    backend.check_invariants();
}

#[test]
fn the_lower_class_comes_first_and_then_the_earlier_shifted_arrival() {
    let mut backend = backend(vec![limited("s1", 1)]);
    ask(&mut backend, 0);
    let priorities = [(0, 0), (1, -1_000), (0, 200), (-3, 500), (0, -500)];
    for (number, (class, offset_ms)) in (1..).zip(priorities) {
        let wish = Wish { priority: Priority { class, offset_ms }, ..Wish::default() };
        let now = Now { time: NOW.time + Duration::from_secs(1), ..NOW };
        backend.assign(now, waiter(number), wish);
    }

    let mut order = Vec::new();
    for _ in 0..5 {
        backend.release(NOW, ServerId(0));
        order.extend(grants(&mut backend).into_iter().map(|(stream, ..)| stream));
    }

    assert_eq!(order, [4, 5, 1, 3, 2]);
}
