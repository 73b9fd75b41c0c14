//! Backends as fetches see them: a short look through their locks.

use std::sync::Arc;

use super::shared::Shared;
use crate::backend::Backend;
use crate::base::ids::{BackendId, ServerId};
use crate::base::map::Map;
use crate::model::Config;
use crate::sample::{BackendView, Farm, ServerView};

/// All backends by name.
#[derive(Debug)]
pub(super) struct Farms {
    shared: Shared,
    names: Map<Arc<str>, Named>,
}

/// A backend and its servers by name.
#[derive(Debug)]
struct Named {
    id: BackendId,
    servers: Map<Arc<str>, ServerId>,
}

impl Farms {
    pub(super) fn new(config: &Config, shared: &Shared) -> Farms {
        // Who never asks keeps no names.
        let asks = config.asks_about_servers;
        let backends = config.backends.iter().enumerate().filter(|_| asks);
        let names = backends.map(|(index, backend)| {
            let servers = backend.servers.iter().enumerate();
            let servers =
                servers.map(|(at, server)| (Arc::clone(&server.name), ServerId(at as u32))).collect();
            (Arc::clone(&backend.name), Named { id: BackendId(index as u32), servers })
        });
        Farms { shared: shared.clone(), names: names.collect() }
    }

    fn look<R>(&self, name: &str, look: impl FnOnce(&Backend) -> R) -> Option<R> {
        let named = self.names.get(name)?;
        Some(self.shared.backend(named.id).with(|backend| look(backend)))
    }
}

impl Farm for Farms {
    fn backend(&self, name: &str) -> Option<BackendView> {
        self.look(name, |backend| BackendView {
            usable: backend.members_in_use(),
            queued: backend.queued_in_all(),
            streams: backend.streams(),
        })
    }

    fn room(&self, name: &str) -> Option<[Option<u64>; 2]> {
        self.look(name, Backend::room)
    }

    fn server(&self, backend: &str, server: &str) -> Option<ServerView> {
        let id = *self.names.get(backend)?.servers.get(server)?;
        self.look(backend, |backend| {
            let state = backend.server(id);
            let free = |most: u32| most.saturating_sub(state.connections());
            ServerView {
                up: state.is_reachable(),
                connections: state.connections(),
                free: state.settings().maxconn.map(free),
                queued: backend.queued(Some(id)),
                weight: state.weight(),
                initial_weight: backend.settings().servers[id.index()].weight,
            }
        })
    }
}
