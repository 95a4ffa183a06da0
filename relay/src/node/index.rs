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
    /// The entry of each id that lives longest: when it does not cover a new copy, none does.
    ids: HashMap<ParcelId, Entry>,
}

/// spec/06-relay.md, "Parcel": whether a parcel that expires at `new_seconds`, which is still ahead,
/// is a duplicate of a stored one that expires at `stored_seconds`. One that has expired covers
/// nothing: to acknowledge a copy nobody will get would be a lie.
pub(crate) const fn covers(stored_seconds: u64, new_seconds: u64, now_seconds: u64) -> bool {
    let left = stored_seconds.saturating_sub(now_seconds);
    left > 0 && left.saturating_mul(2) >= new_seconds.saturating_sub(now_seconds)
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
        let longest = shelf.ids.entry(key.id).or_insert(entry);
        if longest.expiry_seconds <= expiry_seconds {
            *longest = entry;
        }
        self.all.push_back(entry);
    }

    /// Whether a parcel that expires at `expiry_seconds` is a duplicate of one that is there.
    pub(crate) fn holds(&self, key: &Key, expiry_seconds: u64, now_seconds: u64) -> bool {
        self.shelves
            .get(&key.address)
            .and_then(|shelf| shelf.ids.get(&key.id))
            .is_some_and(|entry| covers(entry.expiry_seconds, expiry_seconds, now_seconds))
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
