//! Rules that choose where an exchange goes: `use_backend`, `use-server`, `force-persist`, `ignore-persist`.

use super::stream::Stream;
use super::worker::Worker;
use crate::acl::Condition;
use crate::base::ids::{BackendId, ServerId};
use crate::log::Format;
use crate::model::{Backend, Choice, Frontend, Persistence};

impl Worker {
    /// The backend of an exchange: of the first rule that applies, else the default.
    pub(super) fn choose_backend(&mut self, stream: &Stream, frontend: &Frontend) -> Option<BackendId> {
        for rule in &frontend.switch_rules {
            if !rule.condition.as_ref().is_none_or(|condition| self.holds(stream, condition)) {
                continue;
            }
            let chosen = match &rule.backend {
                Choice::Fixed(id) => Some(*id),
                Choice::Named(format) => {
                    self.by_name(stream, format, |name| frontend.backend_names.get(name).copied())
                }
            };
            // A name that is nobody's ends the search all the same.
            return chosen.or(frontend.default_backend);
        }
        frontend.default_backend
    }

    /// Whether a condition holds for an exchange as it is.
    pub(super) fn holds(&mut self, stream: &Stream, condition: &Condition) -> bool {
        let mut scratch = std::mem::take(&mut self.scratch);
        let client = self.clients.get(stream.client);
        let held =
            client.is_some_and(|client| condition.holds(&self.scope(stream, client, [0; 4]), &mut scratch));
        self.scratch = scratch;
        held
    }

    /// Who has the name that a format renders.
    fn by_name<Id>(
        &mut self,
        stream: &Stream,
        format: &Format,
        find: impl Fn(&str) -> Option<Id>,
    ) -> Option<Id> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        if let Some(client) = self.clients.get(stream.client) {
            format.render(&self.scope(stream, client, [0; 4]), &mut scratch);
        }
        let found = std::str::from_utf8(&scratch).ok().and_then(find);
        self.scratch = scratch;
        found
    }

    /// Asks the rules about persistence, then those that name a server.
    pub(super) fn apply_server_rules(&mut self, stream: &mut Stream) {
        let Some(id) = stream.backend else { return };
        let backend = &self.config.backends[id.index()];
        if backend.persist_rules.is_empty() && backend.server_rules.is_empty() {
            return;
        }
        let backend = backend.clone();
        let applies = backend.persist_rules.iter().find(|rule| self.holds(stream, &rule.condition));
        stream.affinity.rule = applies.map(|rule| rule.persistence);
        for rule in &backend.server_rules {
            if !self.holds(stream, &rule.condition) {
                continue;
            }
            let named = |name: &str| backend.servers.iter().position(|server| &*server.name == name);
            let chosen = match &rule.server {
                Choice::Fixed(server) => Some(*server),
                Choice::Named(format) => self.by_name(stream, format, named).map(|at| ServerId(at as u32)),
            };
            // A name that is nobody's ends the search.
            let Some(server) = chosen else { return };
            let up = self.is_up(id, server);
            if up || asks_despite(stream, &backend) {
                stream.affinity.server = Some(server);
                stream.affinity.forced = !up;
                return;
            }
        }
    }

    /// Whether a server takes requests that are tied to it.
    pub(super) fn is_up(&mut self, backend: BackendId, server: ServerId) -> bool {
        self.with_backend(backend, |machine, _| machine.server(server).is_reachable())
    }
}

/// Whether a server that is down is asked if persistence leads there.
pub(super) fn asks_despite(stream: &Stream, backend: &Backend) -> bool {
    backend.persist || stream.affinity.rule == Some(Persistence::Forced)
}
