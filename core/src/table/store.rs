//! One stick table: entries by key, and the order in which they were last used.

use std::sync::{Arc, Mutex, PoisonError};

use crate::base::address::Address;
use crate::base::map::Map;
use crate::base::time::Time;
use crate::model::{self, ServerKey, StickTable};

/// How a table remembers a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// By its address.
    Address(Address),
    /// By its `id`.
    Id(u32),
}

impl Target {
    /// What a table with this `srvkey` remembers of a server.
    pub fn of(server: &model::Server, key: ServerKey) -> Target {
        match key {
            ServerKey::Address => Target::Address(server.address.clone()),
            ServerKey::Id => Target::Id(server.id),
        }
    }

    /// Whether it is this server.
    pub fn is(&self, server: &model::Server) -> bool {
        match self {
            Target::Address(address) => *address == server.address,
            Target::Id(id) => *id == server.id,
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    target: Target,
    /// When it is forgotten unless it is used.
    expires: Time,
    /// Its place among the uses.
    used: u64,
}

/// A stick table. Never holds more entries than its size; all it does is O(log entries).
#[derive(Clone, Debug)]
pub struct Table {
    settings: StickTable,
    entries: Map<Arc<[u8]>, Entry>,
    /// Keys by last use. All entries are kept equally long, so this is the order of their ends as well.
    uses: Map<u64, Arc<[u8]>>,
    clock: u64,
}

impl Table {
    /// An empty table.
    pub fn new(settings: StickTable) -> Table {
        Table { settings, entries: Map::new(), uses: Map::new(), clock: 0 }
    }

    /// Its settings.
    pub fn settings(&self) -> &StickTable {
        &self.settings
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Which server this key belongs to. An entry that is asked for lives on.
    pub fn find(&mut self, now: Time, key: &[u8]) -> Option<Target> {
        self.expire(now);
        self.touch(now, key).map(|entry| entry.target.clone())
    }

    /// Remembers the server of a key. A full table forgets the entry that was unused longest, or with
    /// `nopurge` takes no new one.
    pub fn store(&mut self, now: Time, key: &[u8], target: Target) {
        self.expire(now);
        if let Some(entry) = self.touch(now, key) {
            entry.target = target;
            return;
        }
        if self.entries.len() >= self.settings.size {
            if self.settings.nopurge {
                return;
            }
            self.forget_oldest();
        }
        let key: Arc<[u8]> = Arc::from(key);
        self.clock += 1;
        let expires = now.after(self.settings.expire);
        self.uses.insert(self.clock, Arc::clone(&key));
        self.entries.insert(key, Entry { target, expires, used: self.clock });
    }

    /// Makes an entry the one used last.
    fn touch(&mut self, now: Time, key: &[u8]) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(key)?;
        self.clock += 1;
        if let Some(key) = self.uses.remove(&entry.used) {
            self.uses.insert(self.clock, key);
        }
        entry.used = self.clock;
        entry.expires = now.after(self.settings.expire);
        Some(entry)
    }

    /// Forgets what was unused for too long.
    fn expire(&mut self, now: Time) {
        while let Some((_, key)) = self.uses.first_key_value()
            && self.entries.get(key).is_some_and(|entry| entry.expires <= now)
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.uses.pop_first() {
            self.entries.remove(&key);
        }
    }

    /// Panics when something does not hold that always must.
    pub fn check_invariants(&self) {
        assert!(self.entries.len() <= self.settings.size, "a table is within its size");
        assert_eq!(self.entries.len(), self.uses.len(), "every entry has one place among the uses");
        for (key, entry) in &self.entries {
            assert_eq!(self.uses.get(&entry.used), Some(key), "an entry is in its place");
        }
    }
}

/// A handle to a table that all workers share; locked for one question.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Mutex<Table>>);

impl Shared {
    /// A handle to a new table.
    pub fn new(table: Table) -> Shared {
        Shared(Arc::new(Mutex::new(table)))
    }

    /// Asks the table something.
    pub fn with<R>(&self, ask: impl FnOnce(&mut Table) -> R) -> R {
        ask(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::KeyType;

    fn table(size: usize, expire: Option<u64>, nopurge: bool) -> Table {
        Table::new(StickTable {
            name: "t".to_owned(),
            keys: KeyType::Text(32),
            size,
            expire: expire.map(Duration::from_secs),
            nopurge,
            server_key: ServerKey::Id,
        })
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_full_table_forgets_what_was_unused_longest() {
        let mut table = table(2, None, false);
        table.store(at(0), b"a", Target::Id(1));
        table.store(at(0), b"b", Target::Id(2));
        assert_eq!(table.find(at(0), b"a"), Some(Target::Id(1)));

        table.store(at(0), b"c", Target::Id(3));

        assert_eq!(table.find(at(0), b"b"), None);
        assert_eq!(table.find(at(0), b"a"), Some(Target::Id(1)));
        assert_eq!(table.find(at(0), b"c"), Some(Target::Id(3)));
    }

    #[test]
    fn a_full_table_that_does_not_purge_takes_no_new_key() {
        let mut table = table(1, None, true);
        table.store(at(0), b"a", Target::Id(1));

        table.store(at(0), b"b", Target::Id(2));
        table.store(at(0), b"a", Target::Id(3));

        assert_eq!(table.find(at(0), b"b"), None);
        assert_eq!(table.find(at(0), b"a"), Some(Target::Id(3)));
    }

    #[test]
    fn an_entry_lives_as_long_as_it_is_used() {
        let mut table = table(9, Some(10), false);
        table.store(at(0), b"a", Target::Id(1));
        table.store(at(0), b"b", Target::Id(2));

        assert_eq!(table.find(at(9), b"a"), Some(Target::Id(1)));
        assert_eq!(table.find(at(10), b"b"), None);
        assert_eq!(table.find(at(18), b"a"), Some(Target::Id(1)));
        assert_eq!(table.find(at(28), b"a"), None);
        assert!(table.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn whatever_happens_the_reference_agrees(
            nopurge in proptest::bool::ANY,
            steps in proptest::collection::vec((0_u8..2, 0_u8..6, 0_u64..8), 0..200),
        ) {
            let mut table = table(3, Some(10), nopurge);
            // The obvious form: a list in the order of use.
            let mut list: Vec<(u8, u32, u64)> = Vec::new();
            let mut now = 0;
            for (number, (what, key, passed)) in steps.into_iter().enumerate() {
                now += passed;
                list.retain(|(_, _, used)| now - used < 10);
                let known = list.iter().position(|(own, _, _)| *own == key).map(|at| list.remove(at));
                if what == 0 {
                    let expected = known.map(|(_, id, _)| Target::Id(id));
                    proptest::prop_assert_eq!(table.find(at(now), &[key]), expected);
                    list.extend(known.map(|(key, id, _)| (key, id, now)));
                } else {
                    table.store(at(now), &[key], Target::Id(number as u32));
                    if known.is_none() && list.len() == 3 && !nopurge {
                        list.remove(0);
                    }
                    if list.len() < 3 {
                        list.push((key, number as u32, now));
                    }
                }
                table.check_invariants();
                proptest::prop_assert_eq!(table.len(), list.len());
            }
        }
    }
}
