//! Where each address's parcels lie in the logs. Derived, never written.

use super::account::Account;
use super::entries::Entries;
use super::slots::SlotId;
use crate::address::Address;
use chappe_codec::precedence::Precedence;
use std::collections::HashMap;

/// One parcel in a log, 16 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    /// Expiry (40 bits) and octets of the record (24).
    packed: u64,
}

impl Entry {
    pub(super) fn new(sequence: u64, expiry_seconds: u64, octets: usize) -> Self {
        let octets = u64::try_from(octets).unwrap_or(0) & 0xFF_FFFF;
        Self { sequence, packed: (expiry_seconds << 24) | octets }
    }

    pub(super) const fn expiry_seconds(self) -> u64 {
        self.packed >> 24
    }

    pub(super) fn octets(self) -> usize {
        usize::try_from(self.packed & 0xFF_FFFF).unwrap_or(0)
    }

    /// The cursor behind it.
    pub(super) const fn cursor(self) -> u64 {
        self.sequence.saturating_add(1)
    }
}

/// The parcels of one address, and who reads it. An address costs some 300 octets beside its entries, and
/// some 130 more for each precedence it has any of.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) address: Address,
    pub(super) account: Account,
    /// By precedence.
    entries: [Entries; 4],
    watchers: Option<Box<Watchers>>,
    /// Parcels in groups that are not stored yet.
    pub(super) pending: u32,
}

/// Who reads an address, by precedence.
#[derive(Debug, Default)]
struct Watchers {
    subscribers: [Vec<SlotId>; 4],
    listeners: [Vec<SlotId>; 4],
}

fn index(precedence: Precedence) -> usize {
    usize::from(precedence.to_bits())
}

impl Shelf {
    fn new(address: Address) -> Self {
        let entries = std::array::from_fn(|_| Entries::default());
        Self { address, account: Account::default(), entries, watchers: None, pending: 0 }
    }

    fn entries(&self, precedence: Precedence) -> Option<&Entries> {
        self.entries.get(index(precedence))
    }

    /// Adds an entry; nearly always it is the last.
    pub(super) fn insert(&mut self, precedence: Precedence, entry: Entry) {
        if let Some(entries) = self.entries.get_mut(index(precedence)) {
            entries.insert(entry);
        }
    }

    /// The entries from a cursor on that have not expired.
    pub(super) fn after(
        &self,
        precedence: Precedence,
        cursor: u64,
        now_seconds: u64,
    ) -> impl Iterator<Item = Entry> {
        let entries = self.entries(precedence).map(|entries| entries.from(cursor));
        let lives = move |entry: &Entry| entry.expiry_seconds() > now_seconds;
        entries.into_iter().flatten().filter(lives)
    }

    /// The cursor behind the last entry.
    pub(super) fn end(&self, precedence: Precedence) -> u64 {
        self.entries(precedence).and_then(Entries::last).map_or(0, Entry::cursor)
    }

    pub(super) fn subscribers(&self, precedence: Precedence) -> &[SlotId] {
        let watchers = self.watchers.as_ref();
        watchers.and_then(|all| all.subscribers.get(index(precedence))).map_or(&[], Vec::as_slice)
    }

    pub(super) fn listeners(&self, precedence: Precedence) -> &[SlotId] {
        let watchers = self.watchers.as_ref();
        watchers.and_then(|all| all.listeners.get(index(precedence))).map_or(&[], Vec::as_slice)
    }

    fn list(&mut self, precedence: Precedence, listens: bool) -> Option<&mut Vec<SlotId>> {
        let watchers = self.watchers.get_or_insert_default();
        let lists = if listens { &mut watchers.listeners } else { &mut watchers.subscribers };
        lists.get_mut(index(precedence))
    }

    /// Adds a reader and returns its place.
    pub(super) fn watch(&mut self, precedence: Precedence, listens: bool, id: SlotId) -> usize {
        let Some(list) = self.list(precedence, listens) else { return 0 };
        list.push(id);
        list.len().saturating_sub(1)
    }

    /// Takes a reader out. Returns the one that has its place now.
    pub(super) fn unwatch(
        &mut self,
        precedence: Precedence,
        listens: bool,
        place: usize,
    ) -> Option<SlotId> {
        let list = self.list(precedence, listens)?;
        if place < list.len() {
            list.swap_remove(place);
        }
        let moved = list.get(place).copied();
        let is_unwatched = self.watchers.as_ref().is_some_and(|watchers| {
            watchers.subscribers.iter().chain(&watchers.listeners).all(Vec::is_empty)
        });
        if is_unwatched {
            self.watchers = None;
        }
        moved
    }

    /// Forgets entries that have expired, as far as the budget goes. Whether nothing is left.
    fn sweep(&mut self, now_seconds: u64, budget: &mut usize) -> bool {
        for entries in &mut self.entries {
            entries.sweep(now_seconds, budget);
        }
        self.pending == 0
            && self.watchers.is_none()
            && self.entries.iter().all(Entries::is_empty)
            && self.account.octets(now_seconds) == 0
    }
}

/// All addresses.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    /// The keyed hash of the standard library: strangers choose addresses.
    places: HashMap<Address, u32>,
    shelves: Vec<Option<Shelf>>,
    free: Vec<u32>,
    /// The one that was wanted last: parcels of an address come and lie together.
    last: Option<(Address, u32)>,
    swept: usize,
}

impl Shelves {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, place: u32) -> Option<&Shelf> {
        self.shelves.get(usize::try_from(place).ok()?)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut Shelf> {
        self.shelves.get_mut(usize::try_from(place).ok()?)?.as_mut()
    }

    pub(super) fn find(&self, address: &Address) -> Option<u32> {
        self.places.get(address).copied()
    }

    /// The place of an address, made when there is none.
    pub(super) fn place(&mut self, address: Address) -> u32 {
        if let Some((last, place)) = self.last
            && last == address
        {
            return place;
        }
        if let Some(place) = self.find(&address) {
            self.last = Some((address, place));
            return place;
        }
        let shelf = Some(Shelf::new(address));
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.shelves.push(None);
                u32::try_from(self.shelves.len().saturating_sub(1)).unwrap_or(u32::MAX)
            }
        };
        if let Some(free) =
            usize::try_from(place).ok().and_then(|place| self.shelves.get_mut(place))
        {
            *free = shelf;
        }
        self.places.insert(address, place);
        place
    }

    /// Looks through the next so many addresses for what has expired, and through at most about so many
    /// entries.
    pub(super) fn sweep(&mut self, count: usize, entries: usize, now_seconds: u64) {
        let mut budget = entries;
        for _ in 0..count.min(self.shelves.len()) {
            if budget == 0 {
                return;
            }
            let at = self.swept;
            self.swept = at.checked_add(1).filter(|next| *next < self.shelves.len()).unwrap_or(0);
            let Some(place) = self.shelves.get_mut(at) else { continue };
            if let Some(shelf) = place
                && shelf.sweep(now_seconds, &mut budget)
            {
                self.places.remove(&shelf.address);
                self.last = None;
                *place = None;
                self.free.push(u32::try_from(at).unwrap_or(u32::MAX));
            }
        }
    }
}
