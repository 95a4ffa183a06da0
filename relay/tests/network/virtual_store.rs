//! A store in the thread of the test: a disk's answers come after a time the runtime's clock measures. What is
//! on the disk outlives the relay, as a disk outlives a program.

use chappe_store::{
    EventSink, Group, Keep, ReadRequest, Recovery, Store, StoreEvent, StoredRecords,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::mpsc;

/// A disk. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct VirtualDisk(Arc<Mutex<Content>>);

#[derive(Debug)]
struct Content {
    identity: u64,
    records: BTreeMap<u64, Vec<u8>>,
    next: u64,
    /// How often a program began on it. What an earlier one left under way does not happen any more.
    starts: u64,
    compactions: u64,
}

enum Task {
    Append(Group),
    Read(ReadRequest),
    Discard(u64),
    Compact(Keep),
}

/// The node's handle on a disk. A task does the work, in order.
#[derive(Debug)]
pub(crate) struct VirtualStore {
    identity: u64,
    tasks: mpsc::UnboundedSender<Task>,
}

impl VirtualDisk {
    /// An empty one.
    pub(crate) fn new(identity: u64) -> Self {
        let records = BTreeMap::new();
        let content = Content { identity, records, next: 0, starts: 0, compactions: 0 };
        Self(Arc::new(Mutex::new(content)))
    }

    /// A program begins on it, to which every answer takes this long.
    pub(crate) fn open(&self, takes: Duration, sink: EventSink) -> VirtualStore {
        let mut content = self.content();
        content.starts += 1;
        let (identity, starts) = (content.identity, content.starts);
        let first = content.records.keys().next().copied().unwrap_or(content.next);
        let sequences = first..content.next;
        let found = content.find(content.records.keys().copied());
        drop(content);
        let (tasks, waiting) = mpsc::unbounded_channel();
        let sink = Arc::new(sink);
        // The server lets these events block their thread, which must not be the runtime's.
        let told = Arc::clone(&sink);
        let telling = std::thread::spawn(move || {
            if !found.sequences.is_empty() {
                told(StoreEvent::Recovered(found));
            }
            let recovery = Recovery { sequences, torn: None, damage: Vec::new() };
            told(StoreEvent::RecoveryEnded(recovery));
        });
        telling.join().unwrap();
        tokio::spawn(work(self.clone(), starts, waiting, takes, sink));
        VirtualStore { identity, tasks }
    }

    /// The program on it is killed: what is under way does not happen.
    pub(crate) fn kill(&self) {
        self.content().starts += 1;
    }

    /// How often what was not needed any more was given back.
    pub(crate) fn compactions(&self) -> u64 {
        self.content().compactions
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap()
    }
}

impl Content {
    fn find(&self, sequences: impl Iterator<Item = u64>) -> StoredRecords {
        let mut found = StoredRecords::default();
        for sequence in sequences {
            if let Some(record) = self.records.get(&sequence) {
                found.sequences.push(sequence);
                found.records.push_with(|out: &mut Vec<u8>| out.extend_from_slice(record));
            }
        }
        found
    }

    fn take(&mut self, task: Task) -> StoreEvent {
        match task {
            Task::Append(group) => {
                let first = self.next;
                for record in group.records.iter() {
                    self.records.insert(self.next, record.to_vec());
                    self.next += 1;
                }
                StoreEvent::Appended { number: group.number, sequences: first..self.next }
            }
            Task::Read(request) => {
                let found = self.find(request.sequences.into_iter());
                StoreEvent::Read { number: request.number, records: Ok(found) }
            }
            Task::Discard(before) => {
                self.records.retain(|sequence, _| *sequence >= before);
                StoreEvent::Discarded { before }
            }
            Task::Compact(keep) => {
                let before = self.records.len();
                self.records.retain(|sequence, record| keep(*sequence, record));
                self.compactions += 1;
                let given_back = u64::try_from(before - self.records.len()).unwrap();
                StoreEvent::Compacted { given_back, error: None }
            }
        }
    }
}

async fn work(
    disk: VirtualDisk,
    starts: u64,
    mut waiting: mpsc::UnboundedReceiver<Task>,
    takes: Duration,
    sink: Arc<EventSink>,
) {
    while let Some(task) = waiting.recv().await {
        tokio::time::sleep(takes).await;
        let mut content = disk.content();
        if content.starts != starts {
            return;
        }
        let event = content.take(task);
        drop(content);
        sink(event);
    }
}

impl Store for VirtualStore {
    fn identity(&self) -> u64 {
        self.identity
    }

    fn append(&mut self, group: Group) {
        self.tasks.send(Task::Append(group)).ok();
    }

    fn read(&mut self, request: ReadRequest) {
        self.tasks.send(Task::Read(request)).ok();
    }

    fn discard_before(&mut self, sequence: u64) {
        self.tasks.send(Task::Discard(sequence)).ok();
    }

    fn compact(&mut self, keep: Keep) {
        self.tasks.send(Task::Compact(keep)).ok();
    }
}
