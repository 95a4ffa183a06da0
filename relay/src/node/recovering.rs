//! After a start: old records come in, publishes are taken, reads wait.

use super::duplicates::Copy;
use super::fingerprint::Fingerprint;
use super::group::{Judgement, Pending};
use super::record::Record;
use super::shelf::Entry;
use super::slots::SlotId;
use super::{Node, Now};
use crate::address::Address;
use crate::limits::STAGED_MAX;
use crate::protocol::GroupId;
use chappe_codec::precedence::Precedence;
use chappe_store::StoredRecords;

/// A durable parcel that was not looked at for duplicates when it was stored.
///
/// It must be judged alike after every start, also after later copies were stored: else one that repeated it
/// and was acknowledged for that could be lost. In its own log only copies before it count, and the order of
/// sequences tells which those are. Nothing tells that of a copy in the other log, so that one counts only
/// if it does for all that the parcel would have done: it is as urgent and lives as long. So in a
/// rare case a parcel is given out twice, and none is lost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unjudged {
    log: usize,
    key: Fingerprint,
    address: Address,
    precedence: Precedence,
    entry: Entry,
    stored_seconds: u64,
    /// Whether the address's account knows it already.
    is_counted: bool,
    /// Whether it was looked at beside what lies before it in its log.
    is_met: bool,
}

impl Unjudged {
    /// One that this relay took and that is durable now.
    fn taken(index: usize, entry: &Pending, stored: Entry, address: Address) -> Self {
        Self {
            log: index,
            key: entry.key,
            address,
            precedence: entry.precedence,
            entry: stored,
            stored_seconds: entry.stored_seconds,
            is_counted: true,
            is_met: false,
        }
    }
}

impl Node {
    /// Takes in old records.
    pub(super) fn recover(&mut self, index: usize, records: &StoredRecords, now: Now) {
        let mut old = Vec::with_capacity(STAGED_MAX);
        for (sequence, octets) in records.sequences.iter().zip(records.records.iter()) {
            old.extend(self.read_old(index, *sequence, octets, now));
            if old.len() >= STAGED_MAX {
                self.take_old(index, &mut old);
            }
        }
        self.take_old(index, &mut old);
    }

    /// Notes an old record. What it holds when that has not expired, and whether it was judged.
    fn read_old(
        &mut self,
        index: usize,
        sequence: u64,
        octets: &[u8],
        now: Now,
    ) -> Option<(Unjudged, bool)> {
        let log = self.logs.get_mut(index)?;
        let Some(record) = Record::parse(octets) else {
            log.note(sequence, 0, octets.len());
            return None;
        };
        let parcel = record.parcel;
        let expiry_seconds = parcel.expiry_seconds();
        log.note(sequence, expiry_seconds, record.octets());
        if expiry_seconds <= now.seconds {
            return None;
        }
        let unjudged = Unjudged {
            log: index,
            key: log.key(self.fingerprints.of(&parcel)),
            address: parcel.address,
            precedence: parcel.precedence,
            entry: Entry::new(sequence, expiry_seconds, record.octets()),
            stored_seconds: record.stored_seconds,
            is_counted: false,
            is_met: true,
        };
        Some((unjudged, record.is_judged))
    }

    /// Takes in what some old records held, in their order.
    fn take_old(&mut self, index: usize, old: &mut Vec<(Unjudged, bool)>) {
        let is_shared = self.logs.get(index).is_some_and(|log| log.is_shared);
        // One after the other each would wait for memory; so a processor has them under way together.
        let known = old.iter().filter(|(parcel, _)| self.duplicates.knows(parcel.key)).count();
        std::hint::black_box(known);
        for (unjudged, is_judged) in old.drain(..) {
            if is_judged {
                self.place(&unjudged);
            } else if is_shared {
                if self.meets_nothing(&unjudged) {
                    self.shelve(&unjudged);
                }
            } else if !self.repeats_in_its_log(&unjudged) {
                self.note(&unjudged);
                self.unjudged.push(unjudged);
            }
        }
    }

    /// Puts a durable parcel where readers and duplicates find it.
    fn place(&mut self, parcel: &Unjudged) {
        self.note(parcel);
        self.shelve(parcel);
    }

    fn note(&mut self, parcel: &Unjudged) {
        let copy = Copy::new(parcel.entry.expiry_seconds(), parcel.precedence, 0);
        self.duplicates.insert(parcel.key, copy, self.seconds);
    }

    fn shelve(&mut self, parcel: &Unjudged) {
        let expiry_seconds = parcel.entry.expiry_seconds();
        let place = self.shelves.place(parcel.address);
        if let Some(shelf) = self.shelves.get_mut(place) {
            shelf.insert(parcel.precedence, parcel.entry);
            if !parcel.is_counted {
                let octets = u64::try_from(parcel.entry.octets()).unwrap_or(0);
                shelf.account.add(expiry_seconds, octets);
            }
        }
    }

    fn repeats_in_its_log(&mut self, parcel: &Unjudged) -> bool {
        let asked = (parcel.entry.expiry_seconds(), parcel.precedence);
        self.duplicates.is_covered_in(parcel.log, parcel.key, asked, parcel.stored_seconds)
    }

    /// Shows readers what was not judged and repeats nothing; FLASH first, since only it can cover what
    /// lies in the other log.
    fn judge_unjudged(&mut self) {
        let mut unjudged = std::mem::take(&mut self.unjudged);
        unjudged.sort_by_key(|parcel| (parcel.log, parcel.entry.sequence));
        for parcel in &unjudged {
            if !parcel.is_met {
                if self.repeats_in_its_log(parcel) {
                    continue;
                }
                self.note(parcel);
            }
            let asked = (parcel.entry.expiry_seconds(), parcel.precedence);
            let is_outlived = (0..parcel.log)
                .any(|other| self.duplicates.is_outlived_in(other, parcel.key, asked));
            if !is_outlived {
                self.shelve(parcel);
            }
        }
    }

    /// A parcel taken meanwhile is durable.
    pub(super) fn judge_later(
        &mut self,
        index: usize,
        entry: &Pending,
        stored: Entry,
        address: Address,
    ) {
        self.unjudged.push(Unjudged::taken(index, entry, stored, address));
    }

    /// A parcel that this relay appended to a shared log, at its place there: whether it repeats nothing
    /// that lies before it.
    pub(super) fn is_first(
        &mut self,
        index: usize,
        entry: &Pending,
        stored: Entry,
        address: Address,
    ) -> bool {
        self.meets_nothing(&Unjudged::taken(index, entry, stored, address))
    }

    /// Looks at a parcel of a shared log beside all before it in that log, and notes it when it is the
    /// first. All relays do so at the same place, and so decide alike (spec/15-store.md, "Which messages
    /// count").
    fn meets_nothing(&mut self, parcel: &Unjudged) -> bool {
        let is_first = !self.repeats_in_its_log(parcel);
        if is_first {
            self.note(parcel);
        }
        is_first
    }

    /// One log's old records are all there. When both are, what was not judged is, and reads begin.
    pub(super) fn recovery_ended(&mut self, index: usize, now: Now) {
        if let Some(log) = self.logs.get_mut(index) {
            log.is_recovered = true;
        }
        if !self.logs.iter().all(|log| log.is_recovered) {
            return;
        }
        self.judge_unjudged();
        for index in 0..self.logs.len() {
            self.judge_pending(index, now);
        }
        for reader in std::mem::take(&mut self.waiting) {
            self.begin_reading(reader);
        }
    }

    /// Judges what was written without a look and is not durable yet. Only a copy that is durable, or has
    /// the same fate, makes a duplicate of it: it will be acknowledged whatever becomes of another
    /// group.
    fn judge_pending(&mut self, index: usize, now: Now) {
        let Some(log) = self.logs.get_mut(index).filter(|log| !log.is_shared) else { return };
        let growing = log.group();
        let under_way = GroupId { number: growing.number.saturating_sub(1), ..growing };
        let mut in_flight = log.in_flight.take();
        if let Some(forming) = &mut in_flight {
            let mut entries = std::mem::take(&mut forming.entries);
            self.judge_entries(&mut entries, under_way, now);
            forming.entries = entries;
        }
        let Some(log) = self.logs.get_mut(index) else { return };
        let mut entries = std::mem::take(&mut log.forming.entries);
        self.judge_entries(&mut entries, growing, now);
        if let Some(log) = self.logs.get_mut(index) {
            log.forming.entries = entries;
            log.in_flight = in_flight;
        }
    }

    fn judge_entries(&mut self, entries: &mut [Pending], group: GroupId, now: Now) {
        for entry in entries.iter_mut().filter(|entry| entry.judgement == Judgement::Waits) {
            let (expiry, precedence) = (entry.expiry_seconds, entry.precedence);
            let covering = self.duplicates.covering(entry.key, expiry, precedence, now.seconds);
            // Copies that are durable were noted with group 0, those of this start with their own.
            if covering.is_some_and(|copy| copy.is_of_none() || copy.is_of(group)) {
                entry.judgement = Judgement::Duplicate;
            } else {
                let copy = Copy::new(expiry, precedence, group.number);
                entry.previous = self.duplicates.insert(entry.key, copy, now.seconds);
                entry.judgement = Judgement::New;
            }
        }
    }

    /// Takes in what another writer of the same log appended.
    pub(super) fn follow(&mut self, index: usize, records: &StoredRecords, now: Now) {
        self.recover(index, records, now);
        if !self.logs.iter().all(|log| log.is_recovered) {
            return;
        }
        self.judge_unjudged();
        for octets in records.records.iter() {
            let Some(record) = Record::parse(octets) else { continue };
            let place = self.shelves.find(&record.parcel.address);
            let shelf = place.and_then(|place| self.shelves.get(place));
            let readers: Vec<SlotId> = shelf
                .map_or(Vec::new(), |shelf| shelf.subscribers(record.parcel.precedence).to_vec());
            for id in readers {
                self.leave_tail(id);
                self.schedule(id);
            }
        }
    }
}
