//! A store with a bound on bytes that forgets what was used longest ago.

use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, at most `limit` bytes of them; the newest is always kept.
pub struct Bounded<K, V> {
    entries: HashMap<K, Entry<V>>,
    limit: usize,
    bytes: usize,
    clock: u64,
}

struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    /// An empty store.
    pub fn new(limit: usize) -> Self {
        Self { entries: HashMap::new(), limit, bytes: 0, clock: 0 }
    }

    /// The value, which becomes the one used last.
    pub fn get(&mut self, key: &K) -> Option<V>
    where
        V: Clone,
    {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(entry.value.clone())
    }

    /// Whether there is a value.
    pub fn has(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// The value, which is no longer kept.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let entry = self.entries.remove(key)?;
        self.bytes -= entry.bytes;
        Some(entry.value)
    }

    /// Drops what was used longest ago until that many bytes more fit; the newest is kept.
    pub fn make_room(&mut self, bytes: usize) {
        let newest = self.entries.iter().max_by_key(|(_, e)| e.used).map(|(k, _)| k.clone());
        if let Some(newest) = newest {
            self.drop_others(&newest, self.limit.saturating_sub(bytes));
        }
    }

    /// Bytes of all values.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    /// Keeps a value of that many bytes and drops what no longer fits.
    pub fn insert(&mut self, key: K, value: V, bytes: usize) {
        self.clock += 1;
        let entry = Entry { value, bytes, used: self.clock };
        if let Some(old) = self.entries.insert(key.clone(), entry) {
            self.bytes -= old.bytes;
        }
        self.bytes += bytes;
        self.drop_others(&key, self.limit);
    }

    fn drop_others(&mut self, keep: &K, limit: usize) {
        while self.bytes > limit && self.entries.len() > 1 {
            let others = self.entries.iter().filter(|(k, _)| *k != keep);
            let Some(oldest) = others.min_by_key(|(_, e)| e.used).map(|(k, _)| k.clone()) else {
                break;
            };
            self.bytes -= self.entries.remove(&oldest).map_or(0, |e| e.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let mut store = Bounded::new(10);
        store.insert("a", 1, 4);
        store.insert("b", 2, 4);
        assert_eq!(store.get(&"a"), Some(1));
        store.insert("c", 3, 4);
        assert_eq!((store.get(&"a"), store.get(&"b"), store.get(&"c")), (Some(1), None, Some(3)));
        store.insert("huge", 4, 99);
        assert_eq!((store.get(&"a"), store.get(&"huge")), (None, Some(4)));
        assert_eq!(store.bytes, 99);
    }

    #[test]
    fn room_is_made_at_the_cost_of_all_but_the_newest() {
        let mut store = Bounded::new(10);
        for key in ["a", "b", "c"] {
            store.insert(key, key, 3);
        }
        assert_eq!(store.get(&"a"), Some("a"));
        store.make_room(4);
        assert_eq!((store.get(&"b"), store.get(&"c"), store.bytes), (None, Some("c"), 6));
        store.make_room(99);
        assert_eq!((store.get(&"a"), store.get(&"c"), store.bytes), (None, Some("c"), 3));
        store.clear();
        assert_eq!((store.get(&"c"), store.bytes), (None, 0));
    }
}
