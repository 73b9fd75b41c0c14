//! Time under a backend's lock, and a model of what it means for more cores than this machine has.
//!
//! The core's own decisions are driven as a worker does for a plain request, with a pause for the other work of
//! the request between them, so that a second core finds the lock's memory in the first one's cache.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use evenkeel_core::backend::{Assigned, Backend, Shared, Waiter, Wish};
use evenkeel_core::base::ids::{BackendId, ServerId, StreamId, WorkerId};
use evenkeel_core::base::slots::Key;
use evenkeel_core::base::time::{Now, Time, Wall};
use evenkeel_core::config::environment::Tables;
use evenkeel_core::config::{Source, load};
use evenkeel_tests::figures::statistics::median;
use evenkeel_tests::figures::{Cores, Lock, Stamp};

use crate::contender::Contender;
use crate::engine::Pace;
use crate::measure::{Bench, Setup};
use crate::pin_to_core;
use crate::progress::Progress;
use crate::rounds::Extent;
use crate::scenario::KEEP_ALIVE;

/// How often a plain request takes the lock: it comes, gets a server, gives the slot back, and leaves.
const TAKES: usize = 4;

/// How often the time under the lock is taken.
const ROUNDS: usize = 9;

/// Requests per round; the median of each step is kept, for the machine interrupts some.
const REQUESTS: usize = 20_000;

/// The rest of a request's work, between two takes.
const PAUSE: Duration = Duration::from_nanos(2_500);

/// For how many cores the model speaks.
const CORES: &[u32] = &[1, 2, 4, 8, 16, 32, 64, 128];

/// Measures, and applies the model.
pub(crate) fn lock(
    subject: &Contender,
    extent: Extent,
    stamp: &Stamp,
    progress: &Progress,
) -> Result<Lock, String> {
    progress.begin("lock", 2 * ROUNDS as u64 + u64::from(extent.rounds));
    let shared = backend();
    let mut alone = Vec::new();
    let mut together = Vec::new();
    for _ in 0..ROUNDS {
        alone.push(round(&shared, false));
        progress.step();
        together.push(round(&shared, true));
        progress.step();
    }
    let mut bench = Bench::start(subject, &Setup::of(&KEEP_ALIVE))?;
    let mut request_us = Vec::new();
    for _ in 0..extent.rounds {
        request_us.push(bench.slice(extent.slice, Pace::Full).sample().cpu_us);
        progress.step();
    }
    let request_us = median(&request_us);
    let model = model(request_us, median(&together) / 1e3);
    Ok(Lock {
        stamp: stamp.clone(),
        takes: TAKES as u32,
        siblings: siblings(),
        held_alone: alone,
        held_shared: together,
        request_us,
        model,
    })
}

/// A backend as the acceptance configuration has it.
fn backend() -> Shared {
    let text = "defaults\n timeout client 1s\n timeout connect 1s\n timeout server 1s\n mode http\n\
        backend web\n balance roundrobin\n server a 127.0.0.1:1 maxconn 200\n server b 127.0.0.1:2 maxconn 200\n\
        \x20server c 127.0.0.1:3 maxconn 200\n";
    let source = Source { name: "lock.cfg".to_owned(), bytes: text.as_bytes().to_vec() };
    let config = load(&[source], &Tables::default()).config.expect("the configuration above is valid");
    Shared::new(Backend::new(BackendId(0), Arc::clone(&config.backends[0]), NOW))
}

const NOW: Now = Now { time: Time::from_nanos(1), wall: Wall { unix_nanos: 1, offset_seconds: 0 } };

/// Nanoseconds under the lock per request; `shared` lets a second core do the same.
fn round(backend: &Shared, shared: bool) -> f64 {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        if shared {
            scope.spawn(|| {
                pin_to_core(0);
                while !over.load(Ordering::Relaxed) {
                    request(backend, WorkerId(1));
                }
            });
        }
        let mut steps: [Vec<f64>; TAKES] = Default::default();
        for _ in 0..REQUESTS {
            let times = request(backend, WorkerId(0));
            steps.iter_mut().zip(times).for_each(|(list, time)| list.push(time.as_nanos() as f64));
        }
        over.store(true, Ordering::Relaxed);
        let overhead = clock_overhead();
        steps.iter().map(|list| (median(list) - overhead).max(0.0)).sum()
    })
}

/// What a plain request decides with its backend, and how long each step takes.
fn request(backend: &Shared, worker: WorkerId) -> [Duration; TAKES] {
    let waiter = Waiter { worker, stream: StreamId(Key { index: 0, generation: 0 }) };
    let mut server = ServerId(0);
    let begin = step(backend, Backend::begin);
    let assign = step(backend, |machine| {
        if let Assigned::Server(found) = machine.assign(NOW, waiter, Wish::default()) {
            server = found;
        }
    });
    let release = step(backend, |machine| machine.release(NOW, server));
    let end = step(backend, Backend::end);
    [begin, assign, release, end]
}

fn step(backend: &Shared, decide: impl FnOnce(&mut Backend)) -> Duration {
    let pause = Instant::now();
    while pause.elapsed() < PAUSE {
        std::hint::spin_loop();
    }
    let since = Instant::now();
    backend.with(|machine| {
        decide(machine);
        while machine.poll_event().is_some() {}
    });
    since.elapsed()
}

/// What reading the clock twice takes.
fn clock_overhead() -> f64 {
    let times: Vec<f64> = (0..REQUESTS).map(|_| Instant::now().elapsed().as_nanos() as f64).collect();
    median(&times)
}

/// Whether the two cores are threads of one: then the lock's memory does not travel between them.
fn siblings() -> bool {
    let list = std::fs::read_to_string("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
    list.is_ok_and(|list| list.trim() != "0")
}

/// A closed network of one queue, the lock, and the rest of the work in parallel: mean value analysis, exact for
/// exponential times. The unit is a microsecond.
fn model(request: f64, held: f64) -> Vec<Cores> {
    let think = (request - held).max(0.0);
    let mut waiting = 0.0;
    let mut rows = Vec::new();
    for cores in 1..=CORES.last().copied().unwrap_or(1) {
        let at_lock = held * (1.0 + waiting);
        let rate = f64::from(cores) / (think + at_lock);
        waiting = rate * at_lock;
        if CORES.contains(&cores) {
            rows.push(Cores { cores, worth: rate * request, lock_busy: rate * held });
        }
    }
    rows
}
