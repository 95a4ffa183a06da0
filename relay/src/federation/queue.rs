//! One of the two logs of the forward queue: groups in, what is open, and what is given back to the disk.

use super::entry::Entry;
use super::open_ranges;
use super::record::{Kept, OpenRange, Replicated};
use super::route::PeerId;
use crate::limits::{GROUP_OCTETS_MAX, GROUP_RECORDS_MAX};
use chappe_store::{Group, ReadRequest, RecordBuffer, Store};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// What a record of a group is, for when the group is answered.
#[derive(Debug)]
pub(super) enum Item {
    Kept(Entry),
    /// Tells what became of these.
    Open(BTreeSet<u64>),
    Replicated,
    /// The first of what tells everything anew.
    Everything(BTreeSet<u64>),
}

/// One log of the queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) store: Box<dyn Store>,
    /// Octets it has at least before it is compacted.
    compact_octets: u64,
    records: RecordBuffer,
    forming: Vec<Item>,
    in_flight: Option<Vec<Item>>,
    /// The number of the group that grows.
    number: u64,
    pub(super) durable: u64,
    pub(super) has_failed: bool,
    pub(super) is_recovered: bool,
    /// The sequence behind the last record known.
    pub(super) next: u64,
    pub(super) open: BTreeMap<u64, Entry>,
    /// Of those that are on their way to the log.
    pub(super) forming_records: usize,
    /// What the disk does not know yet.
    pub(super) changed: BTreeSet<u64>,
    /// Octets of all records in the log, as far as they were not given back.
    pub(super) octets: u64,
    /// Octets of those that are open.
    pub(super) open_octets: u64,
    /// What was asked of the store, for whom.
    pub(super) reads: HashMap<u64, (PeerId, Vec<u64>)>,
    last_read: u64,
    given_back: u64,
    tells_everything: bool,
    /// Where the look for what has expired goes on.
    pub(super) swept: u64,
    /// Where what was said last of replication begins; it must not be discarded.
    replicated_at: Option<u64>,
}

impl Queue {
    pub(super) fn new(store: Box<dyn Store>, compact_octets: u64) -> Self {
        Self {
            store,
            compact_octets,
            records: RecordBuffer::default(),
            forming: Vec::new(),
            in_flight: None,
            number: 1,
            durable: 0,
            has_failed: false,
            is_recovered: false,
            next: 0,
            open: BTreeMap::new(),
            forming_records: 0,
            changed: BTreeSet::new(),
            octets: 0,
            open_octets: 0,
            reads: HashMap::new(),
            last_read: 0,
            given_back: 0,
            tells_everything: false,
            swept: 0,
            replicated_at: None,
        }
    }

    /// The group that grows.
    pub(super) const fn group(&self) -> u64 {
        self.number
    }

    /// Whether it may grow further.
    pub(super) fn has_room(&self) -> bool {
        self.records.len() < GROUP_RECORDS_MAX && self.records.octets() < GROUP_OCTETS_MAX
    }

    /// Parcels that wait, those on their way to the log included.
    pub(super) fn waiting(&self) -> usize {
        self.open.len().saturating_add(self.forming_records)
    }

    pub(super) fn keep(&mut self, record: &Kept<'_>, entry: Entry) {
        self.records.push_with(|out| record.put(out));
        self.forming.push(Item::Kept(entry));
        self.forming_records = self.forming_records.saturating_add(1);
    }

    pub(super) fn put_replicated(&mut self, replicated: &Replicated) {
        self.records.push_with(|out| replicated.put(out));
        self.forming.push(Item::Replicated);
    }

    /// A record of replication was read; all of them are written anew when the old ones are read.
    pub(super) fn found_replicated(&mut self, sequence: u64) {
        self.replicated_at.get_or_insert(sequence);
    }

    /// Says on disk what has changed.
    pub(super) fn save(&mut self) {
        if self.changed.is_empty() || !self.may_write() {
            return;
        }
        let ranges = open_ranges::of_changed(&self.changed, &self.open);
        let changed = std::mem::take(&mut self.changed);
        self.put_ranges(ranges, Item::Open(changed));
    }

    /// Whether something may be said of what is open: before all old records are read, what was not read yet
    /// would be called done.
    pub(super) fn may_write(&self) -> bool {
        self.is_recovered && !self.has_failed && self.has_room()
    }

    /// Whether most of the log is done and it is worth telling everything anew, so that the rest can be
    /// given back.
    pub(super) fn is_worth_compacting(&self) -> bool {
        self.is_recovered
            && !self.has_failed
            && !self.tells_everything
            && self.forming.is_empty()
            && self.octets >= self.compact_octets
            && self.open_octets.saturating_mul(2) < self.octets
    }

    /// Says on disk what is open of everything before. What follows in the same group is `replicated`.
    pub(super) fn tell_everything<'a>(&mut self, replicated: impl Iterator<Item = &'a Replicated>) {
        self.tells_everything = true;
        let ranges = open_ranges::of_all(self.next, &self.open);
        let changed = std::mem::take(&mut self.changed);
        self.put_ranges(ranges, Item::Everything(changed));
        for one in replicated {
            self.put_replicated(one);
        }
    }

    fn put_ranges(&mut self, ranges: Vec<OpenRange>, first: Item) {
        let mut first = Some(first);
        for range in ranges {
            self.records.push_with(|out| range.put(out));
            self.forming.push(first.take().unwrap_or_else(|| Item::Open(BTreeSet::new())));
        }
    }

    /// Whether anything is on its way to the disk.
    pub(super) fn is_writing(&self) -> bool {
        self.in_flight.is_some() || !self.records.is_empty()
    }

    /// Hands the group that grows to the store, if there is one and none is under way.
    pub(super) fn start_group(&mut self) {
        if self.in_flight.is_some() || self.records.is_empty() {
            return;
        }
        let number = self.number;
        let records = std::mem::take(&mut self.records);
        self.octets = self.octets.saturating_add(u64::try_from(records.octets()).unwrap_or(0));
        self.store.append(Group { number, records });
        self.in_flight = Some(std::mem::take(&mut self.forming));
        self.number = number.saturating_add(1);
    }

    /// The group under way is durable. The sequences of what it keeps; `None` for an answer nobody waits for.
    pub(super) fn appended(
        &mut self,
        number: u64,
        sequences: Range<u64>,
    ) -> Option<Vec<(u64, Entry)>> {
        let items = self.finish_group(number)?;
        self.durable = number;
        self.next = self.next.max(sequences.end);
        let mut kept = Vec::new();
        let (mut replicated_at, mut told) = (None, None);
        for (item, sequence) in items.into_iter().zip(sequences) {
            match item {
                Item::Kept(entry) => {
                    self.forming_records = self.forming_records.saturating_sub(1);
                    kept.push((sequence, entry));
                }
                Item::Everything(_) => told = Some(sequence),
                Item::Replicated => {
                    replicated_at.get_or_insert(sequence);
                }
                Item::Open(_) => {}
            }
        }
        self.replicated_at = replicated_at.or(self.replicated_at);
        for (sequence, entry) in &kept {
            self.open_octets = self.open_octets.saturating_add(u64::from(entry.octets));
            self.open.insert(*sequence, *entry);
        }
        // Only now: what the same group keeps lies behind what tells everything, and must not be given back.
        if let Some(told) = told {
            self.give_back(told);
        }
        Some(kept)
    }

    /// The group under way is not stored. What it would have kept, and whether it said something of
    /// replication.
    pub(super) fn append_failed(&mut self, number: u64) -> Option<(Vec<Entry>, bool)> {
        let items = self.finish_group(number)?;
        let (mut lost, mut has_replicated) = (Vec::new(), false);
        for item in items {
            match item {
                Item::Kept(entry) => {
                    self.forming_records = self.forming_records.saturating_sub(1);
                    lost.push(entry);
                }
                Item::Open(changed) => self.changed.extend(changed),
                Item::Everything(changed) => {
                    self.tells_everything = false;
                    self.changed.extend(changed);
                }
                Item::Replicated => has_replicated = true,
            }
        }
        Some((lost, has_replicated))
    }

    fn finish_group(&mut self, number: u64) -> Option<Vec<Item>> {
        if number.saturating_add(1) != self.number {
            return None;
        }
        self.in_flight.take()
    }

    /// Everything from `told` on says what is open before it, so nothing else before it is needed but what is
    /// open.
    fn give_back(&mut self, told: u64) {
        self.tells_everything = false;
        self.octets = self.open_octets;
        self.discard();
        let open: Vec<u64> = self.open.keys().copied().collect();
        self.store.compact(Box::new(move |sequence, _| {
            sequence >= told || open.binary_search(&sequence).is_ok()
        }));
    }

    /// Lets go of what lies before the oldest record that is needed.
    pub(super) fn discard(&mut self) {
        let oldest = self.open.keys().next().copied().unwrap_or(self.next);
        let before = oldest.min(self.replicated_at.unwrap_or(u64::MAX));
        if self.is_recovered && before > self.given_back {
            self.given_back = before;
            self.store.discard_before(before);
        }
    }

    /// Asks the store for records.
    pub(super) fn read(&mut self, peer: PeerId, mut sequences: Vec<u64>) {
        sequences.sort_unstable();
        self.last_read = self.last_read.saturating_add(1);
        let number = self.last_read;
        self.reads.insert(number, (peer, sequences.clone()));
        self.store.read(ReadRequest { number, sequences });
    }
}
