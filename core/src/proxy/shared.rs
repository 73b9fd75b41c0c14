//! What all workers of one process share: the backends, and who may come in.

use std::sync::{Arc, Mutex, PoisonError};

use crate::backend;
use crate::base::ids::{BackendId, FrontendId, ServerId, TableId, WorkerId};
use crate::base::map::Set;
use crate::base::time::Now;
use crate::model::{self, Config};
use crate::table::{self, Table};

/// A handle to the shared machines. Each is locked for one decision, never across I/O.
#[derive(Clone, Debug)]
pub struct Shared {
    backends: Arc<[backend::Shared]>,
    gate: Arc<Mutex<Gate>>,
    tables: Arc<[table::Shared]>,
}

/// Counts of client connections and their limits, exact for the process.
#[derive(Debug)]
struct Gate {
    process: Count,
    frontends: Vec<Count>,
    /// Workers that hold a connection back or have paused a listener.
    waiting: Set<WorkerId>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    now: u32,
    max: u32,
}

impl Count {
    fn new(max: Option<u32>) -> Count {
        Count { now: 0, max: max.unwrap_or(u32::MAX) }
    }

    fn is_full(self) -> bool {
        self.now >= self.max
    }
}

/// Whether a connection may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// It may, and is counted.
    pub(super) admitted: bool,
    /// The process takes no more after it.
    pub(super) process_full: bool,
    /// The frontend takes no more after it.
    pub(super) frontend_full: bool,
}

impl Shared {
    /// The machines of this configuration, as at the start of the process.
    pub fn new(config: &Arc<Config>, now: Now) -> Shared {
        let backends = config.backends.iter().enumerate().map(|(index, settings)| {
            let id = BackendId(index as u32);
            backend::Shared::new(backend::Backend::new(id, with_fullconn(config, id, settings), now))
        });
        let gate = Gate {
            process: Count::new(config.global.maxconn),
            frontends: config.frontends.iter().map(|frontend| Count::new(frontend.maxconn)).collect(),
            waiting: Set::new(),
        };
        let tables = config.tables.iter().map(|table| table::Shared::new(Table::new(table.clone())));
        let backends: Arc<[backend::Shared]> = backends.collect();
        begin_to_follow(config, &backends);
        Shared { backends, gate: Arc::new(Mutex::new(gate)), tables: tables.collect() }
    }

    /// The machine of one backend.
    pub fn backend(&self, id: BackendId) -> &backend::Shared {
        &self.backends[id.index()]
    }

    /// A stick table.
    pub fn table(&self, id: TableId) -> &table::Shared {
        &self.tables[id.index()]
    }

    /// Asks to let a connection in. A worker that is refused, or fills a limit, is told when there is room.
    pub(super) fn enter(&self, frontend: FrontendId, worker: WorkerId) -> Entry {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let index = frontend.index();
        let admitted = !gate.process.is_full() && !gate.frontends[index].is_full();
        if admitted {
            gate.process.now += 1;
            gate.frontends[index].now += 1;
        }
        let entry = Entry {
            admitted,
            process_full: gate.process.is_full(),
            frontend_full: gate.frontends[index].is_full(),
        };
        if entry.process_full || entry.frontend_full {
            gate.waiting.insert(worker);
        }
        entry
    }

    /// A connection left. Gives the workers that wait for room.
    pub(super) fn leave(&self, frontend: FrontendId) -> Set<WorkerId> {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.process.now -= 1;
        gate.frontends[frontend.index()].now -= 1;
        std::mem::take(&mut gate.waiting)
    }

    /// Connections of the process and of one frontend, for logs.
    pub fn connections(&self, frontend: FrontendId) -> (u32, u32) {
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        (gate.process.now, gate.frontends[frontend.index()].now)
    }
}

/// Gives servers that track others the state that those begin with.
fn begin_to_follow(config: &Config, backends: &[backend::Shared]) {
    let trackers = config.trackers();
    let is_root = |(id, server): &(BackendId, ServerId)| {
        config.backends[id.index()].servers[server.index()].track.is_none()
    };
    let mut known: Vec<_> = trackers.keys().copied().filter(is_root).collect();
    while let Some(tracked) = known.pop() {
        let reading = backends[tracked.0.index()].with(|machine| machine.server(tracked.1).reading());
        for (id, tracker) in trackers.get(&tracked).into_iter().flatten().copied() {
            backends[id.index()].with(|machine| machine.begin_to_follow(tracker, reading));
            known.push((id, tracker));
        }
    }
    for backend in backends.iter().filter(|_| !trackers.is_empty()) {
        backend.with(backend::Backend::settle);
    }
}

/// The settings of a backend, with the `fullconn` that its frontends give it where servers go by it.
fn with_fullconn(config: &Config, id: BackendId, settings: &Arc<model::Backend>) -> Arc<model::Backend> {
    if settings.servers.iter().all(|server| server.minconn.is_none()) {
        return Arc::clone(settings);
    }
    let fullconn = Some(config.fullconn(id));
    Arc::new(model::Backend { fullconn, ..model::Backend::clone(settings) })
}
