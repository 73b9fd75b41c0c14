//! What takes memory and what does not, by an allocator that counts: the core's workloads once everything is
//! warm, servers in each algorithm's tables, and the whole shell over sockets.

mod core;
mod servers;
mod shell;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// One test, for there is one allocator and others would disturb the counts.
#[test]
fn nothing_is_allocated_once_warm() {
    let _profiler = dhat::Profiler::builder().testing().build();

    let mut complaints = core::complaints();
    complaints.extend(servers::complaints());
    complaints.extend(shell::complaints());

    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
}

/// Blocks that `repeat` takes.
fn blocks(repeat: impl FnOnce()) -> u64 {
    let before = dhat::HeapStats::get().total_blocks;
    repeat();
    dhat::HeapStats::get().total_blocks - before
}
