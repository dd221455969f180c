//! Decides what a stale reader sees: each entry as it was before its last change.
//!
//! Holds entries and, for each, the state before; never decides what a change is allowed to do.

use std::collections::BTreeMap;

/// Which state of the world a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// As it is.
    Current,
    /// Each entry as it was before its last change (eventual consistency at its worst).
    Stale,
}

/// Entries by key, with the previous state of each.
#[derive(Debug, Clone)]
pub(crate) struct Shelf<K, V> {
    current: BTreeMap<K, V>,
    previous: BTreeMap<K, Option<V>>,
}

impl<K: Ord + Clone, V: Clone> Shelf<K, V> {
    pub(crate) fn new() -> Self {
        Self { current: BTreeMap::new(), previous: BTreeMap::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.current.get(key)
    }

    /// Changes an entry visibly: a stale reader will see it as it is now.
    pub(crate) fn edit(&mut self, key: &K) -> Option<&mut V> {
        let entry = self.current.get_mut(key)?;
        self.previous.insert(key.clone(), Some(entry.clone()));
        Some(entry)
    }

    /// Changes what no reader can see.
    pub(crate) fn tend(&mut self, key: &K) -> Option<&mut V> {
        self.current.get_mut(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let before = self.current.insert(key.clone(), value);
        self.previous.insert(key, before);
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let gone = self.current.remove(key)?;
        self.previous.insert(key.clone(), Some(gone.clone()));
        Some(gone)
    }

    pub(crate) fn keys(&self) -> Vec<K> {
        self.current.keys().cloned().collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &V> {
        self.current.values()
    }

    /// All that a reader with this view sees.
    pub(crate) fn seen(&self, view: View) -> Vec<&V> {
        match view {
            View::Current => self.current.values().collect(),
            View::Stale => self.previous.values().flatten().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_reader_does_not_see_what_was_just_created() {
        let mut shelf = Shelf::new();
        shelf.insert(1, "new");
        assert!(shelf.seen(View::Stale).is_empty());
        assert_eq!(shelf.seen(View::Current), [&"new"]);
    }

    #[test]
    fn a_stale_reader_still_sees_what_was_just_removed() {
        let mut shelf = Shelf::new();
        shelf.insert(1, "old");
        shelf.remove(&1);
        assert_eq!(shelf.seen(View::Stale), [&"old"]);
    }
}
