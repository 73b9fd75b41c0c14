//! The driver turn by turn over a network in memory: what a real network does too rarely to test.

use std::io::ErrorKind;

use bytes::Bytes;
use evenkeel_core::base::address::Address;
use evenkeel_core::base::ids::ConnId;
use evenkeel_core::base::slots::Key;
use evenkeel_core::base::time::Time;
use evenkeel_core::proxy::{CloseHow, FirstWord, Output};

use super::memory::World;

/// The first client.
pub(super) const CLIENT: ConnId = ConnId::client(Key { index: 0, generation: 0 });
/// The first server connection.
pub(super) const SERVER: ConnId = ConnId::server(Key { index: 0, generation: 0 });

#[test]
fn sends_of_one_drain_leave_in_one_write() {
    let mut world = World::new();
    let client = world.accept();

    world.order([send(CLIENT, "one "), send(CLIENT, "two "), send(CLIENT, "three")]);

    assert_eq!(client.borrow().writes, ["one two three"]);
    assert_eq!(world.news(), ["Sent c0.0 13"]);
}

#[test]
fn a_full_peer_is_written_to_again_when_it_wakes_the_connection() {
    let mut world = World::new();
    let client = world.accept();
    client.borrow_mut().room = 4;

    world.order([send(CLIENT, "one two"), Output::ShutWrite { conn: CLIENT }]);
    assert_eq!(world.news(), ["Sent c0.0 4"]);
    assert!(!client.borrow().shut, "bytes still wait");
    client.borrow_mut().make_room(100);
    world.turn();

    assert_eq!(world.news(), ["Sent c0.0 3"]);
    assert_eq!(client.borrow().written(), "one two");
    assert!(client.borrow().shut);
}

#[test]
fn the_end_goes_out_with_the_last_bytes() {
    let mut world = World::new();
    let client = world.accept();
    let last = Output::Send { conn: CLIENT, bytes: Bytes::from_static(b"bye"), last: true };

    world.order([last]);
    assert!(!client.borrow().shut, "the core closes, not the shell");
    world.order([Output::Close { conn: CLIENT, how: CloseHow::Graceful }]);

    assert_eq!(client.borrow().written(), "bye");
    assert!(client.borrow().shut);
    assert!(client.borrow().dropped);
}

#[test]
fn a_slow_peer_holds_no_memory_but_its_own() {
    let mut world = World::new();
    let client = world.accept();
    client.borrow_mut().room = 4;
    let shared = Bytes::from(vec![b'x'; 100_000]);

    world.order([Output::Send { conn: CLIENT, bytes: shared.slice(..10), last: false }]);
    assert!(shared.is_unique(), "what waits was copied out");
    client.borrow_mut().make_room(100);
    world.turn();

    assert_eq!(client.borrow().written(), "x".repeat(10));
}

#[test]
fn a_relay_goes_behind_earlier_sends_and_before_later_ones() {
    let mut world = World::new();
    let client = world.accept();
    let server = world.connect();
    client.borrow_mut().room = 2;

    world.order([send(CLIENT, "first ")]);
    world.order([relay(SERVER, CLIENT, None)]);
    server.borrow_mut().arrive("relayed");
    world.turn();
    client.borrow_mut().make_room(6);
    world.turn();
    world.order([send(CLIENT, " last")]);
    client.borrow_mut().make_room(100);
    world.turn();

    assert_eq!(client.borrow().written(), "first relayed last");
    assert_eq!(
        world.news(),
        [
            "Sent c0.0 2",
            "Sent c0.0 4",
            "Relayed s0.0 count 2 held 5",
            "Sent c0.0 5",
            "Relayed s0.0 count 5 held 0"
        ]
    );
}

#[test]
fn the_source_of_a_relay_is_not_read_while_bytes_are_held() {
    let mut world = World::new();
    let client = world.accept();
    let server = world.connect();
    client.borrow_mut().room = 1;
    server.borrow_mut().arrive("abc");
    world.order([relay(SERVER, CLIENT, None)]);
    world.turn();

    server.borrow_mut().arrive("def");
    world.turn();
    assert_eq!(server.borrow().unread(), "def");
    server.borrow_mut().end();
    client.borrow_mut().make_room(100);
    world.turn();

    assert_eq!(client.borrow().written(), "abcdef");
    assert_eq!(
        world.news(),
        [
            "Relayed s0.0 count 1 held 2",
            "Relayed s0.0 count 2 held 0",
            "Relayed s0.0 count 3 held 0",
            "ReadClosed s0.0"
        ]
    );
}

#[test]
fn a_relay_takes_no_byte_beyond_its_limit() {
    let mut world = World::new();
    let client = world.accept();
    let server = world.connect();
    server.borrow_mut().arrive("12345 next");

    world.order([relay(SERVER, CLIENT, Some(5))]);
    world.turn();
    assert_eq!(server.borrow().unread(), " next");
    world.order([Output::ResumeRead { conn: SERVER }]);
    world.turn();

    assert_eq!(client.borrow().written(), "12345");
    assert_eq!(world.news(), ["Relayed s0.0 count 5 held 0", "Received s0.0  next"]);
}

#[test]
fn a_relay_to_a_connection_that_is_gone_reads_nothing() {
    let mut world = World::new();
    world.accept();
    let server = world.connect();
    world.order([relay(SERVER, CLIENT, None), Output::Close { conn: CLIENT, how: CloseHow::Reset }]);

    server.borrow_mut().arrive("unseen");
    world.turn();

    assert_eq!(server.borrow().unread(), "unseen");
    assert_eq!(world.news(), Vec::<String>::new());
}

#[test]
fn an_answer_that_came_before_a_reset_is_read_before_the_loss_is_told() {
    let mut world = World::new();
    let server = world.connect();
    server.borrow_mut().fail_writes(ErrorKind::BrokenPipe);
    server.borrow_mut().arrive("413 too much");

    world.order([send(SERVER, "body")]);
    world.turn();
    server.borrow_mut().fail_reads(ErrorKind::ConnectionReset);
    world.turn();

    assert_eq!(world.news(), ["Received s0.0 413 too much", "Lost s0.0 BrokenPipe"]);
    assert!(server.borrow().dropped);
}

#[test]
fn a_broken_connection_is_lost_when_its_relay_reaches_the_limit() {
    let mut world = World::new();
    world.accept();
    let server = world.connect();
    world.order([relay(SERVER, CLIENT, Some(6))]);
    server.borrow_mut().fail_writes(ErrorKind::BrokenPipe);
    server.borrow_mut().arrive("answer");

    world.order([send(SERVER, "body")]);
    world.turn();

    assert_eq!(world.news(), ["Relayed s0.0 count 6 held 0", "Lost s0.0 BrokenPipe"]);
}

#[test]
fn a_failed_write_to_a_paused_connection_is_a_loss_at_once() {
    let mut world = World::new();
    let client = world.accept();
    world.order([Output::PauseRead { conn: CLIENT }]);
    client.borrow_mut().fail_writes(ErrorKind::ConnectionReset);

    world.order([send(CLIENT, "late")]);

    assert_eq!(world.news(), ["Lost c0.0 Reset"]);
    assert!(client.borrow().dropped);
}

#[test]
fn a_paused_connection_is_not_read_until_it_is_resumed() {
    let mut world = World::new();
    let client = world.accept();
    world.order([Output::PauseRead { conn: CLIENT }]);

    client.borrow_mut().arrive("patience");
    world.turn();
    assert_eq!(client.borrow().unread(), "patience");
    world.order([Output::ResumeRead { conn: CLIENT }]);
    world.turn();

    assert_eq!(world.news(), ["Received c0.0 patience"]);
}

#[test]
fn nothing_is_told_of_a_connection_after_its_close() {
    let mut world = World::new();
    let client = world.accept();
    client.borrow_mut().arrive("unread");
    client.borrow_mut().fail_writes(ErrorKind::BrokenPipe);

    world.order([send(CLIENT, "x"), Output::Close { conn: CLIENT, how: CloseHow::Graceful }]);
    world.turn();

    assert_eq!(world.news(), Vec::<String>::new());
    assert!(client.borrow().dropped);
}

#[test]
fn a_connect_that_cannot_even_start_is_told_unless_it_was_closed_meanwhile() {
    let mut world = World::new();
    world.wire.borrow_mut().refuse = true;

    world.order([connect(), Output::Close { conn: SERVER, how: CloseHow::Reset }]);
    assert_eq!(world.news(), Vec::<String>::new());
    world.order([connect()]);

    assert_eq!(world.news(), ["ConnectFailed s0.0 Refused"]);
}

#[test]
fn what_is_sent_to_a_connection_that_is_being_opened_waits() {
    let mut world = World::new();
    world.wire.borrow_mut().slow = true;

    world.order([connect(), send(SERVER, "early")]);
    let server = world.wire.borrow().latest();
    assert_eq!(server.borrow().written(), "");
    server.borrow_mut().open();
    world.turn();

    assert_eq!(world.news(), ["Connected s0.0", "Sent s0.0 5"]);
    assert_eq!(server.borrow().written(), "early");
}

#[test]
fn out_of_descriptors_rests_the_listener_and_tries_again() {
    let mut world = World::new();
    world.wire.borrow_mut().accept_errors = 1;
    world.arrive_client();
    world.turn();
    assert_eq!(world.news(), Vec::<String>::new());

    world.wire.borrow_mut().now = Time::from_millis(100);
    world.turn();
    world.turn();

    assert_eq!(world.news(), ["Accepted c0.0"]);
}

#[test]
fn a_stop_ends_the_driver() {
    let mut world = World::new();

    world.order([Output::Stopped]);

    assert!(world.ended);
}

/// Opens the one server connection.
pub(super) fn connect() -> Output {
    Output::Connect {
        conn: SERVER,
        to: Address::Unix("anywhere".into()),
        from: None,
        first_word: FirstWord::Either,
    }
}

fn send(conn: ConnId, text: &'static str) -> Output {
    Output::Send { conn, bytes: Bytes::from_static(text.as_bytes()), last: false }
}

fn relay(from: ConnId, to: ConnId, limit: Option<u64>) -> Output {
    Output::Relay { from, to, limit }
}
