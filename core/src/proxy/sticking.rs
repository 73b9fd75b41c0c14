//! Stick rules in one exchange: which server a key was served by, and what is remembered once one answers.

use super::stream::Stream;
use super::switching::asks_despite;
use super::worker::Worker;
use crate::base::ids::{ServerId, TableId};
use crate::base::limits;
use crate::model::{Backend, StickAction, StickRule};
use crate::table::{self, Target};

impl Worker {
    /// Runs the rules that look at requests: the first match ties the exchange to a server unless a cookie
    /// did; what is to be stored is kept until there is a connection.
    pub(super) fn match_tables(&mut self, stream: &mut Stream) {
        let Some(id) = stream.backend else { return };
        let backend = self.config.backends[id.index()].clone();
        for rule in &backend.stick_rules {
            if rule.action != StickAction::StoreResponse && !self.applies(stream, rule) {
                continue;
            }
            match rule.action {
                StickAction::Match => self.match_rule(stream, rule, &backend),
                // HAProxy skips the rule as a whole where a key for its table was found before.
                StickAction::On if stream.stores.iter().any(|(table, _)| *table == rule.table) => {}
                StickAction::On => {
                    self.match_rule(stream, rule, &backend);
                    self.keep_for_store(stream, rule);
                }
                StickAction::StoreRequest => self.keep_for_store(stream, rule),
                StickAction::StoreResponse => {}
            }
        }
    }

    /// Whether the rule's condition, if it has one, holds.
    fn applies(&mut self, stream: &Stream, rule: &StickRule) -> bool {
        rule.condition.as_ref().is_none_or(|condition| self.holds(stream, condition))
    }

    /// Ties the exchange to the server that a table remembers, unless it is tied already.
    fn match_rule(&mut self, stream: &mut Stream, rule: &StickRule, backend: &Backend) {
        let Some(id) = stream.backend.filter(|_| stream.affinity.server.is_none()) else { return };
        let Some(server) = self.stuck(stream, rule, backend) else { return };
        let up = self.is_up(id, server);
        if up || asks_despite(stream, backend) {
            stream.affinity.server = Some(server);
            stream.affinity.forced = !up;
        }
    }

    /// The server that the table of this rule remembers for the exchange's key.
    fn stuck(&mut self, stream: &Stream, rule: &StickRule, backend: &Backend) -> Option<ServerId> {
        let key = self.stick_key(stream, rule)?;
        let now = self.now.time;
        let target = self.shared.table(rule.table).with(|table| table.find(now, &key));
        self.scratch = key;
        let target = target?;
        let position = backend.servers.iter().position(|server| target.is(server))?;
        Some(ServerId(position as u32))
    }

    /// The key of a rule, in memory that is given back as `scratch`.
    fn stick_key(&mut self, stream: &Stream, rule: &StickRule) -> Option<Vec<u8>> {
        let client = self.clients.get(stream.client)?;
        let mut key = std::mem::take(&mut self.scratch);
        key.clear();
        let keys = self.config.tables[rule.table.index()].keys;
        let made = table::key(keys, &rule.key, &self.scope(stream, client, [0; 4]), &mut key);
        if made {
            return Some(key);
        }
        self.scratch = key;
        None
    }

    /// Keeps the key of a rule until the server is known. The first key for a table counts.
    fn keep_for_store(&mut self, stream: &mut Stream, rule: &StickRule) {
        let known = stream.stores.iter().any(|(table, _)| *table == rule.table);
        if known || stream.stores.len() >= limits::STICK_STORES_MAX {
            return;
        }
        if let Some(key) = self.stick_key(stream, rule) {
            stream.stores.push((rule.table, key.clone()));
            self.scratch = key;
        }
    }

    /// Remembers the server for the keys of the request: there is a connection to it.
    pub(super) fn store_request_keys(&mut self, stream: &mut Stream) {
        let mut stores = std::mem::take(&mut stream.stores);
        for (table, key) in stores.drain(..) {
            self.store(stream, table, &key);
        }
        stream.stores = stores;
    }

    /// Remembers the server for the keys of the response.
    pub(super) fn store_response_keys(&mut self, stream: &mut Stream) {
        let Some(id) = stream.backend else { return };
        let backend = self.config.backends[id.index()].clone();
        for rule in backend.stick_rules.iter().filter(|rule| rule.action == StickAction::StoreResponse) {
            if self.applies(stream, rule) {
                self.keep_for_store(stream, rule);
            }
        }
        self.store_request_keys(stream);
    }

    fn store(&self, stream: &Stream, table: TableId, key: &[u8]) {
        let (Some(id), Some(server)) = (stream.backend, stream.server) else { return };
        let settings = &self.config.backends[id.index()].servers[server.index()];
        if settings.stick {
            let target = Target::of(settings, self.config.tables[table.index()].server_key);
            self.shared.table(table).with(|entries| entries.store(self.now.time, key, target));
        }
    }
}
