//! Whatever the timing of reads, writes and orders: bytes pass in order, unchanged, and none is stuck.

use evenkeel_core::proxy::Output;
use proptest::prelude::*;

use super::memory::World;
use super::turns::{CLIENT, SERVER};

/// What happens next to a server's bytes on their way to a client.
#[derive(Clone, Debug)]
enum Step {
    /// The server sends so many bytes.
    Arrive(usize),
    /// The client takes so many bytes in all from here on.
    Room(usize),
    /// The core has them relayed, so many or all.
    Relay(Option<u64>),
    /// The core wants to see them.
    Show,
    /// The core wants to see none for now.
    Pause,
    /// The driver runs.
    Turn,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..200usize).prop_map(Step::Arrive),
        (0..150usize).prop_map(Step::Room),
        proptest::option::of(1..100u64).prop_map(Step::Relay),
        Just(Step::Show),
        Just(Step::Pause),
        Just(Step::Turn),
        Just(Step::Turn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_pass_in_order_and_none_is_stuck(steps in proptest::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        world.wire.borrow_mut().forward_to = Some(CLIENT);
        let client = world.accept();
        let server = world.connect();
        let mut sent = String::new();

        for step in steps {
            match step {
                Step::Arrive(count) => {
                    let text: String = (0..count).map(|at| char::from(b'a' + ((sent.len() + at) % 26) as u8)).collect();
                    server.borrow_mut().arrive(&text);
                    sent.push_str(&text);
                }
                Step::Room(room) => client.borrow_mut().make_room(room),
                Step::Relay(limit) => world.order([Output::Relay { from: SERVER, to: CLIENT, limit }]),
                Step::Show => world.order([Output::ResumeRead { conn: SERVER }]),
                Step::Pause => world.order([Output::PauseRead { conn: SERVER }]),
                Step::Turn => world.turn(),
            }
        }
        world.order([Output::Relay { from: SERVER, to: CLIENT, limit: None }]);
        server.borrow_mut().end();
        client.borrow_mut().make_room(usize::MAX);
        world.turn();

        prop_assert_eq!(client.borrow().written(), sent.clone());
        let news = world.news();
        prop_assert_eq!(reported(&news), sent.len(), "every byte is reported once: {:?}", news);
        prop_assert_eq!(news.last().map(String::as_str), Some("ReadClosed s0.0"));
    }
}

/// Bytes that the driver said were taken by the client.
fn reported(news: &[String]) -> usize {
    let counts = news.iter().filter_map(|line| {
        let count = line.strip_prefix("Sent c0.0 ").or_else(|| {
            let relayed = line.strip_prefix("Relayed s0.0 count ")?;
            relayed.split(' ').next()
        })?;
        count.parse::<usize>().ok()
    });
    counts.sum()
}
