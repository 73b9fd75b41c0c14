//! Servers get what their state allows: one that is down or in maintenance gets nothing new, and one that drains or
//! has no weight only what is tied to it. Looks at the shared machine itself, after each turn of a worker.

use evenkeel_core::base::ids::{BackendId, ServerId};
use evenkeel_core::proxy::Shared;

/// What was seen of a server last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Rises with each change of its state.
    version: u64,
    weight: u32,
    reachable: bool,
    takes_new: bool,
    connections: u32,
    /// Streams that wait for this one alone.
    bound: u32,
}

/// The servers of the one backend.
#[derive(Debug)]
pub struct Lives {
    seen: Vec<Seen>,
}

impl Lives {
    /// Servers that nothing is known of.
    pub fn new(servers: usize) -> Lives {
        Lives { seen: vec![Seen::default(); servers] }
    }

    /// Looks at all of them.
    ///
    /// # Errors
    /// When one got more than its state allows.
    pub fn look(&mut self, shared: &Shared) -> Result<(), String> {
        shared.backend(BackendId(0)).with(|backend| {
            for (index, before) in self.seen.iter_mut().enumerate() {
                let id = ServerId(index as u32);
                let server = backend.server(id);
                let now = Seen {
                    version: server.reading().version,
                    weight: server.weight(),
                    reachable: server.is_reachable(),
                    takes_new: server.takes_new(),
                    connections: server.connections(),
                    bound: backend.queued(Some(id)),
                };
                check(index, std::mem::replace(before, now), now)?;
            }
            Ok(())
        })
    }
}

fn check(server: usize, before: Seen, now: Seen) -> Result<(), String> {
    // Where the state changed in between, it may have got something before that.
    let same = before.version == now.version && before.weight == now.weight;
    let more = now.connections > before.connections;
    if !same || !more {
        return Ok(());
    }
    if !now.reachable {
        return Err(format!(
            "server {server} is out of use and has {} exchanges, more than before",
            now.connections
        ));
    }
    if !now.takes_new && before.bound == 0 {
        return Err(format!(
            "server {server} takes nothing new and has {} exchanges, more than before",
            now.connections
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_gets_more_than_its_state_allows_is_found_out() {
        let up = Seen { version: 1, weight: 1, reachable: true, takes_new: true, ..Seen::default() };
        let busier = |seen: Seen| Seen { connections: seen.connections + 1, ..seen };
        let down = Seen { reachable: false, takes_new: false, ..up };
        let draining = Seen { takes_new: false, ..up };
        let awaited = Seen { bound: 1, ..draining };

        assert!(check(0, up, busier(up)).is_ok());
        assert!(check(0, down, down).is_ok());
        assert!(check(0, up, Seen { version: 2, ..busier(down) }).is_ok());
        assert!(check(0, awaited, busier(draining)).is_ok());
        assert!(check(0, down, busier(down)).is_err());
        assert!(check(0, draining, busier(draining)).is_err());
    }
}
