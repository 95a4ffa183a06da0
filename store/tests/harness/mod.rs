//! A store whose events are collected, and payloads that tell which record they are.

use chappe_store::{
    EventSink, FolderOptions, FolderStore, Group, ReadRequest, Recovery, Storage, Store,
    StoreError, StoreEvent, StoredRecords,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const SMALL: FolderOptions = FolderOptions {
    segment_octets: 4096,
    dead_percent: 50,
    retry_pause: Duration::from_millis(5),
    scrub_octets_per_second: 0,
};

/// What record `sequence` of a test holds.
pub(crate) fn payload(sequence: u64) -> Vec<u8> {
    sequence.to_be_bytes().repeat(usize::try_from(sequence % 40 + 1).unwrap())
}

pub(crate) fn group(number: u64, records: impl IntoIterator<Item = Vec<u8>>) -> Group {
    let mut group = Group { number, ..Group::default() };
    for record in records {
        group.records.push_with(|out| out.extend_from_slice(&record));
    }
    group
}

/// A store and what it said.
pub(crate) struct Watched<S: Storage> {
    pub(crate) store: FolderStore<S>,
    events: Receiver<StoreEvent>,
    /// What was told as recovered, by sequence.
    pub(crate) recovered: BTreeMap<u64, Vec<u8>>,
    pub(crate) damage: Vec<chappe_store::Damage>,
    number: u64,
}

impl<S> Watched<S>
where
    S: Storage + Send + 'static,
    S::File: Send + 'static,
{
    pub(crate) fn open_on(storage: S, options: FolderOptions) -> Result<Self, StoreError> {
        let (sender, events) = channel();
        let sink: EventSink = Box::new(move |event| sender.send(event).unwrap_or_default());
        let store = FolderStore::open_on(storage, options, sink)?;
        let (recovered, damage) = (BTreeMap::new(), Vec::new());
        Ok(Self { store, events, recovered, damage, number: 0 })
    }

    /// Opens a store and waits until all was told.
    pub(crate) fn recover(
        storage: S,
        options: FolderOptions,
    ) -> Result<(Self, Recovery), StoreError> {
        let mut watched = Self::open_on(storage, options)?;
        let recovery = watched.wait_for(|event| match event {
            StoreEvent::RecoveryEnded(recovery) => Some(recovery.clone()),
            _ => None,
        });
        Ok((watched, recovery))
    }

    /// Waits for an event; takes in recovered records and damage on the way.
    pub(crate) fn wait_for<T>(&mut self, mut wanted: impl FnMut(&StoreEvent) -> Option<T>) -> T {
        loop {
            let event = self.events.recv_timeout(PATIENCE).expect("an event in time");
            let found = wanted(&event);
            match event {
                StoreEvent::Recovered(records) => self.take(&records),
                StoreEvent::Damaged(damage) => self.damage.push(damage),
                _ => {}
            }
            if let Some(found) = found {
                return found;
            }
        }
    }

    fn take(&mut self, records: &StoredRecords) {
        for (sequence, record) in records.sequences.iter().zip(records.records.iter()) {
            let last = self.recovered.last_key_value().map(|(last, _)| *last);
            assert!(last < Some(*sequence), "recovered in order: {last:?} {sequence}");
            self.recovered.insert(*sequence, record.to_vec());
        }
    }

    /// Appends a group and waits for the answer.
    pub(crate) fn append(
        &mut self,
        records: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Range<u64>, StoreError> {
        self.number += 1;
        let ours = self.number;
        self.store.append(group(ours, records));
        self.wait_for(|event| match event {
            StoreEvent::Appended { number, sequences } if *number == ours => {
                Some(Ok(sequences.clone()))
            }
            StoreEvent::AppendFailed { number, error } if *number == ours => {
                Some(Err(match error {
                    StoreError::RecordTooLong { octets } => {
                        StoreError::RecordTooLong { octets: *octets }
                    }
                    StoreError::BatchTooLong { records } => {
                        StoreError::BatchTooLong { records: *records }
                    }
                    _ => StoreError::Poisoned,
                }))
            }
            _ => None,
        })
    }

    /// Appends records as [`payload`] has them, `count` of them from `first` on.
    pub(crate) fn append_payloads(&mut self, sequences: Range<u64>) {
        let appended = self.append(sequences.clone().map(payload)).unwrap();
        assert_eq!(appended, sequences);
    }

    pub(crate) fn read(&mut self, sequences: Vec<u64>) -> Result<StoredRecords, String> {
        self.number += 1;
        let ours = self.number;
        self.store.read(ReadRequest { number: ours, sequences });
        self.wait_for(|event| match event {
            StoreEvent::Read { number, records } if *number == ours => Some(match records {
                Ok(records) => Ok(records.clone()),
                Err(error) => Err(error.to_string()),
            }),
            _ => None,
        })
    }

    /// Reads records and checks them against [`payload`]; returns which were there.
    pub(crate) fn read_payloads(&mut self, sequences: Vec<u64>) -> Vec<u64> {
        let found = self.read(sequences).unwrap();
        assert_eq!(found.sequences.len(), found.records.len());
        for (sequence, record) in found.sequences.iter().zip(found.records.iter()) {
            assert_eq!(record, payload(*sequence));
        }
        found.sequences
    }

    pub(crate) fn discard_before(&mut self, sequence: u64) -> u64 {
        self.store.discard_before(sequence);
        self.wait_for(|event| match event {
            StoreEvent::Discarded { before } => Some(*before),
            _ => None,
        })
    }

    /// Compacts and returns what was given back.
    pub(crate) fn compact(
        &mut self,
        keep: impl Fn(u64) -> bool + Send + 'static,
    ) -> Result<u64, String> {
        self.store.compact(Box::new(move |sequence, _| keep(sequence)));
        self.wait_for(|event| match event {
            StoreEvent::Compacted { given_back, error: None } => Some(Ok(*given_back)),
            StoreEvent::Compacted { error: Some(error), .. } => Some(Err(error.to_string())),
            _ => None,
        })
    }
}
