//! After the last fault has healed everything finishes: in bounded time nobody waits, nothing is held, all
//! servers are up, and new requests succeed.

use evenkeel_core::backend::Status;
use evenkeel_core::base::ids::{BackendId, FrontendId, ServerId};
use evenkeel_core::proxy::Shared;

use crate::shell::Shell;

/// What is still held or waited for; nothing when the proxy is at rest, idle connections to servers and
/// running checks aside.
pub fn unrest(shells: &[Shell], shared: &Shared, servers: usize) -> Option<String> {
    let counts = shells.iter().map(|shell| shell.machine().counts());
    unrest_of(counts.map(|(clients, streams, _)| (clients, streams)), shared, servers)
}

/// The same, by the numbers of clients and exchanges of each worker.
pub fn unrest_of(
    workers: impl Iterator<Item = (usize, usize)>,
    shared: &Shared,
    servers: usize,
) -> Option<String> {
    for (worker, (clients, streams)) in workers.enumerate() {
        if clients > 0 || streams > 0 {
            return Some(format!("worker {worker} has {clients} clients and {streams} exchanges"));
        }
    }
    let (process, frontend) = shared.connections(FrontendId(0));
    if process > 0 || frontend > 0 {
        return Some(format!(
            "{process} connections are counted for the process, {frontend} for the frontend"
        ));
    }
    shared.backend(BackendId(0)).with(|backend| {
        if backend.streams() > 0 || backend.queued(None) > 0 {
            let (streams, queued) = (backend.streams(), backend.queued(None));
            return Some(format!("the backend has {streams} streams, {queued} of them queued"));
        }
        (0..servers).find_map(|index| {
            let id = ServerId(index as u32);
            let (server, queued) = (backend.server(id), backend.queued(Some(id)));
            if server.connections() > 0 || queued > 0 {
                return Some(format!("server {index} has {} slots taken", server.connections()));
            }
            (server.status() != Status::Up).then(|| format!("server {index} is {:?}", server.status()))
        })
    })
}
