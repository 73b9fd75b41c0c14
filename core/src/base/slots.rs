//! Generational slots: dense storage whose keys go stale when their value is removed.
//!
//! One side of the boundary inserts and gives the key; the other mirrors with [`Slots::place`].

use std::fmt;

/// A place in [`Slots`], valid for one stay of one value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Position.
    pub index: u32,
    /// How often the position was used before.
    pub generation: u32,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

/// Values by [`Key`]. Looking up a stale key finds nothing. Iterates by position.
#[derive(Debug)]
pub struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    len: usize,
    /// Keys are given elsewhere, so no free slot is remembered here.
    mirror: bool,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { slots: Vec::new(), free: Vec::new(), len: 0, mirror: false }
    }
}

impl<T> Slots<T> {
    /// Empty slots.
    pub fn new() -> Slots<T> {
        Slots::default()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The key that the next [`Slots::insert`] gives.
    pub fn next_key(&self) -> Key {
        match self.free.last() {
            Some(&index) => Key { index, generation: self.slots[index as usize].generation },
            None => Key { index: self.slots.len() as u32, generation: 0 },
        }
    }

    /// Stores a value in the slot that was freed last, or in a new one.
    pub fn insert(&mut self, value: T) -> Key {
        let key = self.next_key();
        if self.free.pop().is_none() {
            self.slots.push(Slot { generation: 0, value: None });
        }
        self.slots[key.index as usize].value = Some(value);
        self.len += 1;
        key
    }

    /// Mirrors a key given elsewhere. Refuses (and returns the value) when the place is taken.
    ///
    /// Use either `insert` or `place` on one instance, never both.
    pub fn place(&mut self, key: Key, value: T) -> Result<(), T> {
        self.mirror = true;
        let index = key.index as usize;
        while self.slots.len() <= index {
            self.slots.push(Slot { generation: 0, value: None });
        }
        let slot = &mut self.slots[index];
        if slot.value.is_some() {
            return Err(value);
        }
        slot.generation = key.generation;
        slot.value = Some(value);
        self.len += 1;
        Ok(())
    }

    /// The value, unless the key is stale.
    pub fn get(&self, key: Key) -> Option<&T> {
        let slot = self.slots.get(key.index as usize)?;
        if slot.generation == key.generation { slot.value.as_ref() } else { None }
    }

    /// The value, unless the key is stale.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let slot = self.slots.get_mut(key.index as usize)?;
        if slot.generation == key.generation { slot.value.as_mut() } else { None }
    }

    /// Takes the value out; its key is stale from here on.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let slot = self.slots.get_mut(key.index as usize)?;
        if slot.generation != key.generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        if !self.mirror {
            self.free.push(key.index);
        }
        self.len -= 1;
        Some(value)
    }

    /// All values, by position.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let key = Key { index: index as u32, generation: slot.generation };
            slot.value.as_ref().map(|value| (key, value))
        })
    }

    /// All keys, by position, as a list that stays valid while values are removed.
    pub fn keys(&self) -> Vec<Key> {
        self.iter().map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_key_is_stale_and_its_slot_is_used_again() {
        let mut slots = Slots::new();
        let first = slots.insert('a');

        assert_eq!(slots.remove(first), Some('a'));
        let second = slots.insert('b');

        assert_eq!(second.index, first.index);
        assert_eq!(slots.get(first), None);
        assert_eq!(slots.get(second), Some(&'b'));
        assert_eq!(slots.remove(first), None);
        assert_eq!(slots.len(), 1);
    }

    #[test]
    fn a_mirror_follows_the_keys_of_the_original() {
        let mut original = Slots::new();
        let mut mirror = Slots::new();

        for round in 0..100u32 {
            let key = original.insert(round);
            assert_eq!(mirror.place(key, round), Ok(()));
            assert_eq!(mirror.place(key, round), Err(round));
            if round % 3 != 0 {
                original.remove(key);
                mirror.remove(key);
            }
        }

        let pairs: Vec<_> = original.iter().map(|(key, value)| (key, *value)).collect();
        assert_eq!(pairs.len(), 34);
        for (key, value) in pairs {
            assert_eq!(mirror.get(key), Some(&value));
        }
    }
}
