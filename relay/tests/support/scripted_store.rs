//! A store in memory that answers when a test says so, and as the test says. What is on its disk
//! outlives it, as a disk outlives a program.

// Each test program uses its own part of this.
#![allow(dead_code)]

use chappe_store::{
    Group, Keep, ReadRequest, Recovery, Store, StoreError, StoreEvent, StoredRecords,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

/// What is on a disk, and what was asked of it and not answered.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    identity: u64,
    pub(crate) records: BTreeMap<u64, Vec<u8>>,
    next: u64,
    pub(crate) groups: VecDeque<Group>,
    pub(crate) reads: VecDeque<ReadRequest>,
    compaction: Option<Held>,
    /// From which record on the old ones are still to be told; `None`: all were.
    telling: Option<u64>,
    told_end: u64,
}

struct Held(Keep);

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held")
    }
}

/// The node's handle on a disk.
#[derive(Debug)]
pub(crate) struct ScriptedStore(Arc<Mutex<Disk>>);

/// The test's handle on it.
#[derive(Debug, Clone)]
pub(crate) struct DiskHandle(Arc<Mutex<Disk>>);

impl DiskHandle {
    pub(crate) fn new(identity: u64) -> Self {
        Self(Arc::new(Mutex::new(Disk { identity, ..Disk::default() })))
    }

    pub(crate) fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    /// A program starts on this disk. Of groups that were not answered the first `kept` became durable
    /// all the same.
    pub(crate) fn open(&self, kept: usize) -> ScriptedStore {
        let mut disk = self.disk();
        for _ in 0..kept.min(disk.groups.len()) {
            disk.store_next();
        }
        disk.groups.clear();
        disk.reads.clear();
        disk.compaction = None;
        disk.telling = Some(0);
        disk.told_end = disk.next;
        drop(disk);
        ScriptedStore(Arc::clone(&self.0))
    }
}

impl Disk {
    fn store_next(&mut self) -> Option<StoreEvent> {
        let group = self.groups.pop_front()?;
        let first = self.next;
        for record in group.records.iter() {
            self.records.insert(self.next, record.to_vec());
            self.next += 1;
        }
        Some(StoreEvent::Appended { number: group.number, sequences: first..self.next })
    }

    /// The oldest group becomes durable.
    pub(crate) fn append_next(&mut self) -> Option<StoreEvent> {
        self.store_next()
    }

    /// The oldest group is not stored.
    pub(crate) fn fail_next(&mut self) -> Option<StoreEvent> {
        let group = self.groups.pop_front()?;
        Some(StoreEvent::AppendFailed { number: group.number, error: broken() })
    }

    /// Any of the reads is answered.
    pub(crate) fn read(&mut self, index: usize) -> Option<StoreEvent> {
        let request = self.reads.remove(index)?;
        let mut records = StoredRecords::default();
        for sequence in request.sequences {
            if let Some(record) = self.records.get(&sequence) {
                push(&mut records, sequence, record);
            }
        }
        Some(StoreEvent::Read { number: request.number, records: Ok(records) })
    }

    /// Any of the reads fails.
    pub(crate) fn fail_read(&mut self, index: usize) -> Option<StoreEvent> {
        let request = self.reads.remove(index)?;
        Some(StoreEvent::Read { number: request.number, records: Err(broken()) })
    }

    /// The next so many old records, or the end of them.
    pub(crate) fn tell(&mut self, count: usize) -> Option<StoreEvent> {
        let from = self.telling?;
        let mut records = StoredRecords::default();
        for (sequence, record) in self.records.range(from..self.told_end).take(count) {
            push(&mut records, *sequence, record);
        }
        match records.sequences.last() {
            Some(last) => {
                self.telling = Some(last + 1);
                Some(StoreEvent::Recovered(records))
            }
            None => {
                self.telling = None;
                Some(StoreEvent::RecoveryEnded(self.recovery(self.told_end)))
            }
        }
    }

    fn recovery(&self, end: u64) -> Recovery {
        let first = self.records.keys().next().copied().unwrap_or(end);
        Recovery { sequences: first.min(end)..end, torn: None, damage: Vec::new() }
    }

    /// What a log says when it breaks.
    pub(crate) fn failed() -> StoreEvent {
        StoreEvent::Failed { error: broken() }
    }

    /// What it says when it works again.
    pub(crate) fn works_again(&self) -> StoreEvent {
        StoreEvent::WorksAgain(self.recovery(self.next))
    }

    /// Gives back what a compaction asked for does not keep.
    pub(crate) fn compact(&mut self) -> Option<StoreEvent> {
        let Held(keep) = self.compaction.take()?;
        let before = self.records.len();
        self.records.retain(|sequence, record| keep(*sequence, record));
        let given_back = u64::try_from(before - self.records.len()).unwrap();
        Some(StoreEvent::Compacted { given_back, error: None })
    }
}

impl Store for ScriptedStore {
    fn identity(&self) -> u64 {
        self.0.lock().unwrap().identity
    }

    fn append(&mut self, group: Group) {
        self.0.lock().unwrap().groups.push_back(group);
    }

    fn read(&mut self, request: ReadRequest) {
        self.0.lock().unwrap().reads.push_back(request);
    }

    fn discard_before(&mut self, sequence: u64) {
        self.0.lock().unwrap().records.retain(|other, _| *other >= sequence);
    }

    fn compact(&mut self, keep: Keep) {
        self.0.lock().unwrap().compaction = Some(Held(keep));
    }
}

fn push(records: &mut StoredRecords, sequence: u64, record: &[u8]) {
    records.sequences.push(sequence);
    records.records.push_with(|out: &mut Vec<u8>| out.extend_from_slice(record));
}

fn broken() -> StoreError {
    let source = std::io::Error::other("scripted");
    StoreError::Io { doing: "write", name: "a segment".to_owned(), source }
}
