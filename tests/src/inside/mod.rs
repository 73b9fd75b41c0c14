//! The core's work in named pieces, without sockets: what criterion times, what instruction counts are taken of
//! and what must allocate nothing. One list, so that the three speak of the same.
//!
//! A workload is set up once and then repeated: each call of what [`Workload::start`] gives is one operation,
//! and leaves everything as it was before.

mod bodies;
mod heads;
mod pick;
mod rules;
mod site;
mod stage;

pub use pick::{ALGORITHMS, SERVERS, balancer};
pub use rules::{scope, times};
pub use site::Site;
pub use stage::Stage;

/// How many operations are looked at for the memory that they take.
pub const REPEATED: u64 = 500;

/// One piece of work.
pub struct Workload {
    /// What it is part of.
    pub group: &'static str,
    /// Its name within the group.
    pub name: String,
    /// Blocks of memory that so many operations as [`REPEATED`] may take once everything is warm.
    pub blocks_max: u64,
    start: Box<dyn Fn() -> Box<dyn FnMut()>>,
}

impl Workload {
    fn new<F: FnMut() + 'static>(
        group: &'static str,
        name: impl Into<String>,
        start: impl Fn() -> F + 'static,
    ) -> Workload {
        let start = Box::new(move || Box::new(start()) as Box<dyn FnMut()>);
        Workload { group, name: name.into(), blocks_max: 0, start }
    }

    /// Group and name, as files and command lines write it.
    pub fn label(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    /// Sets everything up; each call of the result is one operation.
    pub fn start(&self) -> Box<dyn FnMut()> {
        (self.start)()
    }
}

/// All of them.
pub fn workloads() -> Vec<Workload> {
    [heads::workloads(), rules::workloads(), pick::workloads(), bodies::workloads(), site::workloads()]
        .into_iter()
        .flatten()
        .collect()
}
