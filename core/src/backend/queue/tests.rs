//! The queue against a list that is sorted anew for every question, and how much work a change is.

use std::cell::Cell;

use proptest::prelude::*;

use super::*;
use crate::base::ids::{StreamId, WorkerId};
use crate::base::slots::Key;

thread_local! {
    /// How often two ranks were compared on this thread.
    pub(super) static COMPARISONS: Cell<u64> = const { Cell::new(0) };
}

const SERVERS: usize = 3;

fn waiter(number: u32) -> Waiter {
    Waiter { worker: WorkerId(number % 2), stream: StreamId(Key { index: number, generation: 0 }) }
}

/// One operation. Numbers choose among what there is, modulo its count.
#[derive(Clone, Debug)]
enum Step {
    Join { stream: u32, server: Option<u8>, class: i64, offset: i64 },
    Remove(u32),
    Serve { server: u8, any: bool },
    Dismiss(Option<u8>),
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let server = || 0..SERVERS as u8;
    let maybe = move || proptest::option::of(server());
    let class = prop_oneof![4 => Just(0i64), 2 => -2i64..3, 1 => any::<i64>()];
    let offset = prop_oneof![4 => Just(0i64), 2 => -50i64..50, 1 => any::<i64>()];
    let step = prop_oneof![
        5 => (0u32..40, maybe(), class, offset)
            .prop_map(|(stream, server, class, offset)| Step::Join { stream, server, class, offset }),
        1 => (0u32..40).prop_map(Step::Remove),
        3 => (server(), any::<bool>()).prop_map(|(server, any)| Step::Serve { server, any }),
        1 => maybe().prop_map(Step::Dismiss),
        2 => (0u16..40).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..120)
}

/// One that waits, as the list knows it: class, shifted time and number of arrival say where it stands.
#[derive(Clone, Copy, Debug)]
struct Entry {
    stream: u32,
    server: Option<u8>,
    class: i64,
    due: i64,
    arrival: usize,
    served_before: u32,
}

#[derive(Default)]
struct Model {
    list: Vec<Entry>,
    arrivals: usize,
    now: u64,
    /// By queue: the servers', then the shared one.
    served: [u32; SERVERS + 1],
}

fn queue_of(server: Option<u8>) -> usize {
    server.map_or(SERVERS, usize::from)
}

impl Model {
    fn sorted(&mut self) -> &mut Vec<Entry> {
        self.list.sort_by_key(|entry| (entry.class, entry.due, entry.arrival));
        &mut self.list
    }

    fn take(&mut self, fits: impl Fn(&Entry) -> bool) -> Option<Left> {
        let at = self.sorted().iter().position(fits)?;
        let entry = self.list.remove(at);
        let position = self.served[queue_of(entry.server)] - entry.served_before + 1;
        Some(Left { waiter: waiter(entry.stream), position })
    }

    fn join(&mut self, stream: u32, server: Option<u8>, class: i64, offset: i64) {
        self.take(|entry| entry.stream == stream);
        self.arrivals += 1;
        self.list.push(Entry {
            stream,
            server,
            class: class.clamp(-2_047, 2_047),
            due: self.now as i64 + offset.clamp(-524_287, 524_287),
            arrival: self.arrivals,
            served_before: self.served[queue_of(server)],
        });
    }

    fn serve(&mut self, server: u8, any: bool) -> Option<Left> {
        let fits = |entry: &Entry| entry.server.map_or(any, |wanted| wanted == server);
        let at = self.sorted().iter().position(fits)?;
        let queue = queue_of(self.list[at].server);
        let left = self.take(fits);
        self.served[queue] += 1;
        left
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_history_is_that_of_a_sorted_list(steps in steps()) {
        let mut queue = Queue::new(SERVERS);
        let mut model = Model::default();
        let id = |server: u8| ServerId(u32::from(server));

        for step in steps {
            match step {
                Step::Join { stream, server, class, offset } => {
                    let mut priority = Priority::default();
                    priority.set_class(class);
                    priority.set_offset(offset);
                    queue.join(waiter(stream), server.map(id), priority, Time::from_millis(model.now));
                    model.join(stream, server, class, offset);
                }
                Step::Remove(stream) => {
                    prop_assert_eq!(queue.remove(waiter(stream)), model.take(|entry| entry.stream == stream));
                }
                Step::Serve { server, any } => {
                    prop_assert_eq!(queue.serve_first(id(server), any), model.serve(server, any));
                }
                Step::Dismiss(server) => {
                    prop_assert_eq!(
                        queue.dismiss(server.map(id)),
                        model.take(|entry| entry.server == server)
                    );
                }
                Step::Wait(ms) => model.now += u64::from(ms),
            }
            queue.check_invariants();
            prop_assert_eq!(queue.total() as usize, model.list.len());
            for server in (0..SERVERS as u8).map(Some).chain([None]) {
                let expected = model.list.iter().filter(|entry| entry.server == server).count();
                prop_assert_eq!(queue.len(server.map(id)) as usize, expected);
            }
        }
    }
}

/// The most comparisons that one of some changes takes while `count` streams wait.
fn comparisons_with(count: u32) -> u64 {
    let mut queue = Queue::new(1);
    let urgent = |number: u32| {
        let mut priority = Priority::default();
        priority.set_class(i64::from(number.wrapping_mul(2_654_435_761) % 4_000) - 2_000);
        priority.set_offset(i64::from(number.wrapping_mul(40_503) % 100_000));
        priority
    };
    let join = |queue: &mut Queue, number: u32| {
        queue.join(waiter(number), None, urgent(number), Time::from_millis(u64::from(number / 100)));
    };
    for number in 0..count {
        join(&mut queue, number);
    }
    let mut worst = 0;
    for number in 0..1_000 {
        COMPARISONS.set(0);
        join(&mut queue, count + number);
        queue.serve_first(ServerId(0), true);
        queue.remove(waiter(count / 2 + number));
        worst = worst.max(COMPARISONS.get());
    }
    worst
}

#[test]
fn a_change_takes_a_logarithm_of_comparisons() {
    // Three searches, each down a tree whose nodes hold up to eleven entries and are at least half full.
    let bound = |count: u32| 3 * 11 * u64::from(count.ilog(6) + 1);

    for count in [1_000, 100_000] {
        let worst = comparisons_with(count);
        assert!(worst <= bound(count), "{worst} comparisons among {count}");
    }
}
