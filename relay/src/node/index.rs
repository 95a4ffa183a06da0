//! Where each address's parcels lie in the log. Derived, never written.

use crate::address::Address;
use crate::parcel::{Parcel, ParcelId};
use std::collections::{HashMap, VecDeque};

/// What makes two parcels duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) address: Address,
    pub(crate) id: ParcelId,
}

impl Key {
    pub(crate) fn of(parcel: &Parcel) -> Self {
        Self { address: parcel.address, id: parcel.id() }
    }
}

/// One parcel in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) expiry_seconds: u64,
}

impl Entry {
    /// spec/06-relay.md: "the cursor behind it".
    pub(crate) const fn cursor(self) -> u64 {
        self.sequence.saturating_add(1)
    }
}

/// The parcels of one address.
#[derive(Debug, Default)]
struct Shelf {
    /// In order of storing.
    entries: VecDeque<Entry>,
    /// The latest entry of each id. An expired one is replaced by a new copy.
    ids: HashMap<ParcelId, Entry>,
}

#[derive(Debug, Default)]
pub(crate) struct Index {
    shelves: HashMap<Address, Shelf>,
    /// All entries in order of storing, to know what may be discarded.
    all: VecDeque<Entry>,
}

impl Index {
    pub(crate) fn insert(&mut self, key: &Key, sequence: u64, expiry_seconds: u64) {
        let entry = Entry { sequence, expiry_seconds };
        let shelf = self.shelves.entry(key.address).or_default();
        shelf.entries.push_back(entry);
        shelf.ids.insert(key.id, entry);
        self.all.push_back(entry);
    }

    /// Whether an equal parcel is there that has not expired. One that has must not count: to
    /// acknowledge a copy nobody will get would be a lie.
    pub(crate) fn holds(&self, key: &Key, now_seconds: u64) -> bool {
        self.shelves
            .get(&key.address)
            .and_then(|shelf| shelf.ids.get(&key.id))
            .is_some_and(|entry| entry.expiry_seconds > now_seconds)
    }

    /// The entries of an address behind a cursor, in order.
    pub(crate) fn after(&self, address: &Address, cursor: u64) -> impl Iterator<Item = Entry> {
        let entries = self.shelves.get(address).map(|shelf| {
            let from = shelf.entries.partition_point(|entry| entry.sequence < cursor);
            shelf.entries.range(from..).copied()
        });
        entries.into_iter().flatten()
    }

    /// The cursor behind an address's last parcel; 0 when there is none.
    pub(crate) fn last_cursor(&self, address: &Address) -> u64 {
        let last = self.shelves.get(address).and_then(|shelf| shelf.entries.back());
        last.map_or(0, |entry| entry.cursor())
    }

    pub(crate) fn parcels(&self) -> usize {
        self.all.len()
    }

    /// The sequence before which everything has expired; `None` when there is nothing to discard.
    pub(crate) fn oldest_live(&self, now_seconds: u64) -> Option<u64> {
        match self.all.iter().find(|entry| entry.expiry_seconds > now_seconds) {
            Some(live) => Some(live.sequence),
            None => self.all.back().map(|last| last.cursor()),
        }
    }

    pub(crate) fn forget_before(&mut self, sequence: u64) {
        while self.all.front().is_some_and(|entry| entry.sequence < sequence) {
            self.all.pop_front();
        }
        self.shelves.retain(|_, shelf| {
            while shelf.entries.front().is_some_and(|entry| entry.sequence < sequence) {
                shelf.entries.pop_front();
            }
            shelf.ids.retain(|_, entry| entry.sequence >= sequence);
            !shelf.entries.is_empty()
        });
    }
}
