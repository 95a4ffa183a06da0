//! One log of a node: the group that is being synced, and the one that grows meanwhile.

use super::account::Account;
use super::duplicates::Copy;
use super::fingerprint::Fingerprint;
use super::levels::LogLevels;
use super::record::Record;
use super::slots::SlotId;
use crate::limits::{
    BLOCK_RECORDS, GROUP_OCTETS_MAX, GROUP_RECORDS_MAX, MESSAGE_BODY_OCTETS_MAX, STORE_READS_MAX,
};
use crate::protocol::GroupId;
use chappe_codec::precedence::Precedence;
use chappe_store::record::RECORD_HEADER_OCTETS;
use chappe_store::{Group, RecordBuffer, Store};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

/// A parcel that is on its way to a log.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) key: Fingerprint,
    /// What stood in the table of duplicates before.
    pub(super) previous: Option<Copy>,
    pub(super) shelf: u32,
    pub(super) sender: SlotId,
    pub(super) precedence: Precedence,
    pub(super) judgement: Judgement,
    pub(super) expiry_seconds: u64,
    pub(super) octets: u32,
    /// When it was taken, as its record says.
    pub(super) stored_seconds: u64,
    /// Where its head and all from the expiry on lie among the kept, if somebody waits for it.
    pub(super) kept: Range<u32>,
}

/// Whether a parcel was looked at for duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It is none.
    New,
    /// Not yet: old records are still being read, or others append to the log and it is judged at its
    /// place.
    Waits,
    /// It is one, as was found after it had been written.
    Duplicate,
}

/// What belongs to a group beside its records.
#[derive(Debug, Default)]
pub(super) struct Forming {
    pub(super) entries: Vec<Pending>,
    /// Octets of those parcels that somebody waits for.
    pub(super) kept: Vec<u8>,
    /// Lanes with publishes that wait for this group.
    pub(super) lanes: Vec<SlotId>,
}

impl Forming {
    fn clear(&mut self) {
        self.entries.clear();
        self.kept.clear();
        self.lanes.clear();
    }
}

/// Records stored one after the other, given back to the disk together.
#[derive(Debug)]
struct Block {
    first: u64,
    records: usize,
    octets: u64,
    latest_expiry: u64,
}

/// One log of a node.
#[derive(Debug)]
pub(super) struct NodeLog {
    index: usize,
    pub(super) store: Box<dyn Store>,
    /// Whether other relays append to it.
    pub(super) is_shared: bool,
    /// What a group of it may hold before it is full.
    records_max: usize,
    octets_max: usize,
    records: RecordBuffer,
    pub(super) forming: Forming,
    pub(super) in_flight: Option<Forming>,
    /// Kept for its memory.
    spare: Forming,
    /// The number of the group that grows.
    number: u64,
    pub(super) durable: u64,
    pub(super) has_failed: bool,
    pub(super) is_recovered: bool,
    /// The sequence behind the last record.
    pub(super) next: u64,
    blocks: VecDeque<Block>,
    /// What of it has not expired.
    living: Account,
    given_back: u64,
    /// Lanes that wait until the next group begins.
    pub(super) blocked: Vec<SlotId>,
    /// Readers that wait for a page.
    pub(super) waiting_reads: VecDeque<SlotId>,
    pub(super) reads: HashMap<u64, SlotId>,
    last_read: u64,
}

impl NodeLog {
    pub(super) fn new(index: usize, store: Box<dyn Store>) -> Self {
        let limits = store.group_limits();
        let records_max = GROUP_RECORDS_MAX.min(limits.records);
        // The last record passes what is full, and each has a header.
        let headers = records_max.saturating_mul(RECORD_HEADER_OCTETS);
        let octets_max =
            limits.octets.saturating_sub(headers).saturating_sub(MESSAGE_BODY_OCTETS_MAX);
        Self {
            index,
            is_shared: store.is_shared(),
            store,
            records_max,
            octets_max: GROUP_OCTETS_MAX.min(octets_max),
            records: RecordBuffer::default(),
            forming: Forming::default(),
            in_flight: None,
            spare: Forming::default(),
            number: 1,
            durable: 0,
            has_failed: false,
            is_recovered: false,
            next: 0,
            blocks: VecDeque::new(),
            living: Account::default(),
            given_back: 0,
            blocked: Vec::new(),
            waiting_reads: VecDeque::new(),
            reads: HashMap::new(),
            last_read: 0,
        }
    }

    /// What a parcel is known by in this log.
    pub(super) fn key(&self, key: Fingerprint) -> Fingerprint {
        if self.is_shared { key.in_log(self.index) } else { key }
    }

    /// The group that grows.
    pub(super) const fn group(&self) -> GroupId {
        GroupId { log: self.index, number: self.number }
    }

    /// How much there is in it.
    pub(super) fn levels(&self) -> LogLevels {
        let under_way = self.in_flight.as_ref().map_or(0, |forming| forming.entries.len());
        LogLevels {
            queued: under_way.saturating_add(self.forming.entries.len()),
            records: self.blocks.iter().fold(0, |sum: u64, block| {
                sum.saturating_add(u64::try_from(block.records).unwrap_or(u64::MAX))
            }),
            octets: self.octets(),
            is_recovered: self.is_recovered,
            has_failed: self.has_failed,
        }
    }

    /// Whether it may grow further.
    pub(super) fn has_room(&self) -> bool {
        self.records.len() < self.records_max && self.records.octets() < self.octets_max
    }

    pub(super) fn push(&mut self, record: &Record<'_>, mut entry: Pending, keeps: bool) {
        self.records.push_with(|out| record.put(out));
        if keeps {
            let start = self.forming.kept.len();
            self.forming.kept.push(record.parcel.head());
            self.forming.kept.extend_from_slice(record.parcel.expiry_and_envelope());
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            entry.kept = number(start)..number(self.forming.kept.len());
        }
        self.forming.entries.push(entry);
    }

    /// Hands the group that grows to the store, if there is one and none is under way. "A group is
    /// whatever came while the last one was being synced." Whether it did.
    pub(super) fn start_group(&mut self) -> bool {
        if self.in_flight.is_some() || self.records.is_empty() {
            return false;
        }
        let number = self.number;
        let records = std::mem::take(&mut self.records);
        self.store.append(Group { number, records });
        let next = std::mem::take(&mut self.spare);
        self.in_flight = Some(std::mem::replace(&mut self.forming, next));
        self.number = number.saturating_add(1);
        true
    }

    /// The group under way is answered. `None` for an answer nobody waits for.
    pub(super) fn finish_group(&mut self, number: u64) -> Option<(GroupId, Forming)> {
        if number.saturating_add(1) != self.number {
            return None;
        }
        let group = GroupId { log: self.index, number };
        Some((group, self.in_flight.take()?))
    }

    /// Keeps the memory of a group for another.
    pub(super) fn recycle(&mut self, mut forming: Forming) {
        forming.clear();
        self.spare = forming;
    }

    /// Notes that a record is in the log.
    pub(super) fn note(&mut self, sequence: u64, expiry_seconds: u64, octets: usize) {
        self.next = self.next.max(sequence.saturating_add(1));
        let octets = u64::try_from(octets).unwrap_or(0);
        self.living.add(expiry_seconds, octets);
        match self.blocks.back_mut() {
            Some(block) if block.records < BLOCK_RECORDS => {
                block.records = block.records.saturating_add(1);
                block.octets = block.octets.saturating_add(octets);
                block.latest_expiry = block.latest_expiry.max(expiry_seconds);
            }
            _ => self.blocks.push_back(Block {
                first: sequence,
                records: 1,
                octets,
                latest_expiry: expiry_seconds,
            }),
        }
    }

    /// Tells the store what may be given back.
    pub(super) fn discard(&mut self, now_seconds: u64) {
        let mut is_shorter = false;
        while self.blocks.front().is_some_and(|block| block.latest_expiry <= now_seconds) {
            let gone = self.blocks.pop_front().map_or(0, |block| block.octets);
            self.given_back = self.given_back.saturating_sub(gone);
            is_shorter = true;
        }
        if is_shorter {
            let first = self.blocks.front().map_or(self.next, |block| block.first);
            self.store.discard_before(first);
        }
    }

    /// Octets of records in the log, expired ones included.
    pub(super) fn octets(&self) -> u64 {
        let all = self.blocks.iter().fold(0, |sum: u64, block| sum.saturating_add(block.octets));
        all.saturating_sub(self.given_back)
    }

    /// Octets of those that have not expired.
    pub(super) fn living(&mut self, now_seconds: u64) -> u64 {
        self.living.octets(now_seconds)
    }

    /// What is not living is being given back.
    pub(super) fn compacted(&mut self, living: u64) {
        self.given_back = self.given_back.saturating_add(self.octets().saturating_sub(living));
    }

    /// The number of the next read, when one more may be under way.
    pub(super) fn next_read(&mut self) -> Option<u64> {
        if self.reads.len() >= STORE_READS_MAX {
            return None;
        }
        self.last_read = self.last_read.saturating_add(1);
        Some(self.last_read)
    }
}
