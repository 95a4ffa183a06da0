//! A relay's side of a cluster: what it appends, is told and still waits for.

use chappe_store::{
    Group, JetStreamOptions, JetStreamStore, ReadRequest, Store, StoreEvent, StoredRecords,
};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A relay's side: a store, what it said, and what is still owed.
pub struct Relay {
    pub store: JetStreamStore,
    pub events: Receiver<StoreEvent>,
    /// What this relay knows to be in the log, in the order it was told.
    pub known: Vec<(u64, Vec<u8>)>,
    /// Groups without an answer, oldest first.
    pub owed: std::collections::VecDeque<Group>,
    pub refused: Vec<Group>,
    /// What others said.
    pub said: Vec<Vec<u8>>,
    pub recovered: bool,
    /// Whether it said that the cluster is silent, and how often it went on.
    pub has_failed: bool,
    pub went_on: usize,
    next: u64,
    name: String,
}

impl Relay {
    pub fn open(name: &str, options: JetStreamOptions) -> Self {
        let (sender, events) = channel();
        let sink = Box::new(move |event| sender.send(event).unwrap_or_default());
        let store = JetStreamStore::open(options, sink).unwrap();
        Self {
            store,
            events,
            known: Vec::new(),
            owed: std::collections::VecDeque::new(),
            refused: Vec::new(),
            said: Vec::new(),
            recovered: false,
            has_failed: false,
            went_on: 0,
            next: 0,
            name: name.to_owned(),
        }
    }

    /// Appends a group of records that nobody else appends.
    pub fn append(&mut self, records: usize) {
        let mut group = Group { number: self.next, ..Group::default() };
        self.next += 1;
        for record in 0..records {
            let text = format!("{} {} {record}", self.name, group.number);
            group.records.push_with(|out| out.extend_from_slice(text.as_bytes()));
        }
        self.owed.push_back(group.clone());
        self.store.append(group);
    }

    /// Takes in what the store said.
    pub fn look(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
    }

    fn take(&mut self, event: StoreEvent) {
        match event {
            StoreEvent::Recovered(records) | StoreEvent::Followed(records) => self.note(&records),
            StoreEvent::RecoveryEnded(recovery) => {
                assert!(recovery.is_clean(), "{recovery:?}");
                self.recovered = true;
            }
            StoreEvent::Appended { number, sequences } => {
                let group = self.owed.pop_front().expect("an answer nobody waits for");
                assert_eq!(group.number, number, "answers out of order");
                assert_eq!(sequences.end - sequences.start, group.records.len() as u64);
                let records = group.records.iter().map(<[u8]>::to_vec);
                self.known.extend(sequences.zip(records));
            }
            StoreEvent::AppendFailed { number, .. } => {
                let group = self.owed.pop_front().expect("an answer nobody waits for");
                assert_eq!(group.number, number, "answers out of order");
                self.refused.push(group);
            }
            StoreEvent::Damaged(damage) => panic!("{damage}"),
            StoreEvent::Said(octets) => self.said.push(octets),
            StoreEvent::Read { .. }
            | StoreEvent::Discarded { .. }
            | StoreEvent::Compacted { .. } => {}
            StoreEvent::Failed { .. } => self.has_failed = true,
            StoreEvent::WorksAgain(_) => {
                self.has_failed = false;
                self.went_on += 1;
            }
        }
    }

    fn note(&mut self, records: &StoredRecords) {
        assert_eq!(records.sequences.len(), records.records.len());
        let records =
            records.sequences.iter().copied().zip(records.records.iter().map(<[u8]>::to_vec));
        self.known.extend(records);
    }

    /// Looks until this holds.
    pub fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            self.look();
            if holds(self) {
                return;
            }
            assert!(
                Instant::now() < end,
                "{}: not {what}; {} known, {} owed",
                self.name,
                self.known.len(),
                self.owed.len(),
            );
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Reads all that is known again, by sequence.
    pub fn read_all(&mut self) -> Vec<(u64, Vec<u8>)> {
        let mut found = Vec::new();
        let sequences: Vec<u64> = self.known.iter().map(|(sequence, _)| *sequence).collect();
        for (number, page) in sequences.chunks(5000).enumerate() {
            let number = number as u64;
            self.store.read(ReadRequest { number, sequences: page.to_vec() });
            let end = Instant::now() + Duration::from_secs(30);
            loop {
                assert!(Instant::now() < end, "no answer to a read");
                match self.events.recv_timeout(Duration::from_secs(1)) {
                    Ok(StoreEvent::Read { number: of, records }) => {
                        assert_eq!(of, number);
                        let records = records.unwrap();
                        found.extend(
                            records
                                .sequences
                                .iter()
                                .copied()
                                .zip(records.records.iter().map(<[u8]>::to_vec)),
                        );
                        break;
                    }
                    Ok(event) => self.take(event),
                    Err(_) => {}
                }
            }
        }
        found
    }
}

/// What must hold of several relays of one log, when all has settled: they know the same, in one order,
/// nothing twice; what was acknowledged is in it, since each knows what it was told.
pub fn agree(relays: &mut [&mut Relay]) -> usize {
    let most = relays.iter().map(|relay| relay.known.len()).max().unwrap();
    for relay in &mut *relays {
        relay.until("told of everything", |relay| {
            relay.known.len() >= most && relay.owed.is_empty()
        });
    }
    let log = relays[0].known.clone();
    assert!(log.is_sorted_by(|one, next| one.0 < next.0), "sequences do not increase");
    let mut texts: Vec<&Vec<u8>> = log.iter().map(|(_, record)| record).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), log.len(), "a record is there twice");
    for relay in relays {
        assert_eq!(relay.known.len(), log.len(), "{}", relay.name);
        assert!(relay.known == log, "{} knows another log", relay.name);
    }
    log.len()
}
