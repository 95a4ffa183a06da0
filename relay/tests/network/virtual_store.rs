//! A store in the thread of the test: a disk's answers come after a time the runtime's clock measures.

use chappe_store::{
    EventSink, Group, Keep, ReadRequest, Recovery, Store, StoreEvent, StoredRecords,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

#[derive(Debug)]
enum Task {
    Append(Group),
    Read(ReadRequest),
    Discard(u64),
}

/// The node's handle on the store. A task does the work, in order.
#[derive(Debug)]
pub(crate) struct VirtualStore {
    identity: u64,
    tasks: mpsc::UnboundedSender<Task>,
}

impl VirtualStore {
    /// An empty one, whose every answer takes this long.
    pub(crate) fn open(identity: u64, takes: Duration, sink: EventSink) -> Self {
        let (tasks, waiting) = mpsc::unbounded_channel();
        let sink = Arc::new(sink);
        // The server lets this event block its thread, which must not be the runtime's.
        let told = Arc::clone(&sink);
        std::thread::spawn(move || told(StoreEvent::RecoveryEnded(nothing()))).join().unwrap();
        tokio::spawn(work(waiting, takes, sink));
        Self { identity, tasks }
    }
}

fn nothing() -> Recovery {
    Recovery { sequences: 0..0, torn: None, damage: Vec::new() }
}

async fn work(mut waiting: mpsc::UnboundedReceiver<Task>, takes: Duration, sink: Arc<EventSink>) {
    let mut records = BTreeMap::new();
    let mut next = 0;
    while let Some(task) = waiting.recv().await {
        tokio::time::sleep(takes).await;
        match task {
            Task::Append(group) => {
                let first = next;
                for record in group.records.iter() {
                    records.insert(next, record.to_vec());
                    next += 1;
                }
                sink(StoreEvent::Appended { number: group.number, sequences: first..next });
            }
            Task::Read(request) => {
                let mut found = StoredRecords::default();
                for sequence in request.sequences {
                    if let Some(record) = records.get(&sequence) {
                        found.sequences.push(sequence);
                        found.records.push_with(|out: &mut Vec<u8>| out.extend_from_slice(record));
                    }
                }
                sink(StoreEvent::Read { number: request.number, records: Ok(found) });
            }
            Task::Discard(before) => {
                records.retain(|sequence, _| *sequence >= before);
                sink(StoreEvent::Discarded { before });
            }
        }
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

    fn compact(&mut self, _: Keep) {}
}
