//! The core's workloads: each operation takes no memory once warm, but for a few with a bound that says why.

use evenkeel_tests::inside::{REPEATED, workloads};

use crate::blocks;

const WARM_UP: usize = 500;

/// The largest tables of servers are set up often enough elsewhere.
const SLOW: &str = "50000";

pub(crate) fn complaints() -> Vec<String> {
    let mut complaints = Vec::new();
    for workload in workloads().iter().filter(|workload| !workload.name.ends_with(SLOW)) {
        let mut operation = workload.start();
        (0..WARM_UP).for_each(|_| operation());

        let blocks = blocks(|| (0..REPEATED).for_each(|_| operation()));

        println!("{:34} {blocks} blocks in {REPEATED} operations", workload.label());
        let allowed = workload.blocks_max;
        if blocks > allowed {
            let label = workload.label();
            complaints.push(format!("{label}: {blocks} blocks in {REPEATED} operations, {allowed} allowed"));
        }
    }
    complaints
}
