//! How long the core's work takes, without sockets: `cargo bench --profile counts -p evenkeel-core [-- WORD]`.
//!
//! The workloads are those whose instructions are counted and that must allocate nothing; `docs/inside.md` says
//! what each is.

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};

// By path, for this package's tests should not have to wait for a package that waits for this one.
#[path = "../../tests/src/inside/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "it is a library's module, and others use the rest of it"
)]
mod inside;

mod queue;

use inside::{Workload, workloads};

fn main() {
    let criterion = Criterion::default().warm_up_time(Duration::from_secs(1));
    let mut criterion = criterion.measurement_time(Duration::from_secs(2)).configure_from_args();
    let workloads = workloads();
    for group in workloads.chunk_by(|one, next| one.group == next.group) {
        let mut timed = criterion.benchmark_group(group[0].group);
        group.iter().for_each(|workload| time(&mut timed, workload));
        timed.finish();
    }
    let mut timed = criterion.benchmark_group("queue");
    for waiting in queue::WAITING {
        let mut operation = None;
        timed.bench_function(waiting.to_string(), |bencher| {
            bencher.iter(operation.get_or_insert_with(|| queue::busy(*waiting)));
        });
    }
    timed.finish();
    criterion.final_summary();
}

fn time(group: &mut BenchmarkGroup<'_, WallTime>, workload: &Workload) {
    // Set up only if it is asked for: some are large.
    let mut operation = None;
    group.bench_function(workload.name.as_str(), |bencher| {
        bencher.iter(operation.get_or_insert_with(|| workload.start()));
    });
}
