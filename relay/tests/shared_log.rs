//! Laws of several nodes on one log, whatever reaches which of them when: like parcels that are published at
//! several in the same moment, groups that are given up and stored all the same, nodes that are behind or start
//! anew, readers that go from one to another.
//!
//! `RELAY_LAWS` is how many runs, 400 when it is not set.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "support/node.rs"]
mod node;
#[path = "support/scripted_store.rs"]
mod scripted_store;

use chappe_codec::precedence::Precedence;
use chappe_relay::{Address, AddressKind, Parcel, Reason};
use chappe_store::{
    Group, Keep, ReadRequest, Recovery, Store, StoreError, StoreEvent, StoredRecords,
};
use node::TestNode;
use proptest::prelude::*;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

const NOW: u64 = 1_800_000_000;
const NODES: usize = 3;
const ADDRESS: Address = Address { kind: AddressKind::Topic, octets: [7; 16] };

#[derive(Debug, Clone)]
enum Step {
    Publish { node: usize, precedence: u8, envelope: u8, life: u64 },
    Store { node: usize, log: usize },
    GiveUp { node: usize, log: usize, is_stored: bool },
    Tell { node: usize, log: usize, count: usize },
    Read { node: usize, precedence: u8 },
    Restart { node: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let lives = prop_oneof![Just(100_u64), Just(150), Just(1000)];
    prop_oneof![
        8 => (0..NODES, 0..4_u8, 0..3_u8, lives).prop_map(|(node, precedence, envelope, life)| {
            Step::Publish { node, precedence, envelope, life }
        }),
        8 => (0..NODES, 0..2_usize).prop_map(|(node, log)| Step::Store { node, log }),
        1 => (0..NODES, 0..2_usize, any::<bool>())
            .prop_map(|(node, log, is_stored)| Step::GiveUp { node, log, is_stored }),
        10 => (0..NODES, 0..2_usize, 1..4_usize)
            .prop_map(|(node, log, count)| Step::Tell { node, log, count }),
        4 => (0..NODES, 0..4_u8).prop_map(|(node, precedence)| Step::Read { node, precedence }),
        1 => (0..NODES).prop_map(|node| Step::Restart { node }),
    ]
}

/// What the stream of a log holds: whose group it was, and its records.
#[derive(Debug, Clone)]
struct Message {
    group: Option<(usize, u64)>,
    records: Vec<Vec<u8>>,
}

fn first_sequence(place: usize) -> u64 {
    u64::try_from(place + 1).unwrap() << 12
}

/// What a node asked of a log and was not answered.
#[derive(Debug, Default)]
struct Line {
    groups: VecDeque<Group>,
    /// Whether the oldest is in the stream already.
    is_sent: bool,
    reads: VecDeque<ReadRequest>,
    /// Messages that were told.
    told: usize,
}

#[derive(Debug)]
struct SharedStore {
    line: Arc<Mutex<Line>>,
    identity: u64,
}

impl Store for SharedStore {
    fn identity(&self) -> u64 {
        self.identity
    }
    fn is_shared(&self) -> bool {
        true
    }
    fn append(&mut self, group: Group) {
        self.line.lock().unwrap().groups.push_back(group);
    }
    fn read(&mut self, request: ReadRequest) {
        self.line.lock().unwrap().reads.push_back(request);
    }
    fn discard_before(&mut self, _: u64) {}
    fn compact(&mut self, _: Keep) {}
}

struct Field {
    streams: [Vec<Message>; 2],
    nodes: Vec<TestNode>,
    lines: Vec<[Arc<Mutex<Line>>; 2]>,
    /// Readers by precedence: each goes from node to node with its cursor.
    cursors: [u64; 4],
    given: HashSet<(Precedence, u64, Vec<u8>)>,
    published: Vec<(usize, Precedence, u64, Parcel)>,
    acknowledged: usize,
}

fn stores(lines: &[Arc<Mutex<Line>>; 2]) -> [Box<dyn Store>; 2] {
    let store = |log: usize| SharedStore { line: lines[log].clone(), identity: log as u64 };
    [Box::new(store(0)), Box::new(store(1))]
}

fn clock(node: usize) -> u64 {
    NOW + 10 * u64::try_from(node).unwrap()
}

impl Field {
    fn new() -> Self {
        let lines: Vec<[Arc<Mutex<Line>>; 2]> = (0..NODES).map(|_| Default::default()).collect();
        let nodes = (0..NODES).map(|node| TestNode::on(clock(node), stores(&lines[node])));
        let mut field = Self {
            nodes: nodes.collect(),
            streams: Default::default(),
            lines,
            cursors: [0; 4],
            given: HashSet::new(),
            published: Vec::new(),
            acknowledged: 0,
        };
        (0..NODES).for_each(|node| field.recover(node));
        field
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Publish { node, precedence, envelope, life } => {
                let precedence = Precedence::from_bits(precedence);
                let parcel = Parcel::new(ADDRESS, precedence, NOW + life, vec![envelope; 20]);
                let parcel = parcel.unwrap();
                let number = self.nodes[node].publish(0, &parcel);
                self.published.push((node, precedence, number, parcel));
            }
            Step::Store { node, log } => self.store(node, log),
            Step::GiveUp { node, log, is_stored } => self.give_up(node, log, is_stored),
            Step::Tell { node, log, count } => {
                for _ in 0..count {
                    self.tell(node, log);
                }
            }
            Step::Read { node, precedence } => self.read(node, Precedence::from_bits(precedence)),
            Step::Restart { node } => self.restart(node),
        }
        self.note_acknowledged();
    }

    /// The group a node has under way comes to lie in the stream.
    fn store(&mut self, node: usize, log: usize) {
        let mut line = self.lines[node][log].lock().unwrap();
        if !line.is_sent
            && let Some(group) = line.groups.front()
        {
            let records = group.records.iter().map(<[u8]>::to_vec).collect();
            self.streams[log].push(Message { group: Some((node, group.number)), records });
            line.is_sent = true;
        }
    }

    /// The node is told that it is not stored, whether or not it comes to be.
    fn give_up(&mut self, node: usize, log: usize, is_stored: bool) {
        let mut line = self.lines[node][log].lock().unwrap();
        if line.is_sent {
            return;
        }
        let Some(group) = line.groups.pop_front() else { return };
        drop(line);
        if is_stored {
            let records = group.records.iter().map(<[u8]>::to_vec).collect();
            self.streams[log].push(Message { group: None, records });
        }
        let error = StoreError::Poisoned;
        self.nodes[node].told(log, StoreEvent::AppendFailed { number: group.number, error });
    }

    /// A node comes to the next message.
    fn tell(&mut self, node: usize, log: usize) {
        let mut line = self.lines[node][log].lock().unwrap();
        let place = line.told;
        let Some(message) = self.streams[log].get(place) else { return };
        line.told += 1;
        let is_own =
            line.is_sent && message.group == line.groups.front().map(|group| (node, group.number));
        let event = if is_own {
            let group = line.groups.pop_front().unwrap();
            line.is_sent = false;
            let first = first_sequence(place);
            let count = u64::try_from(message.records.len()).unwrap();
            StoreEvent::Appended { number: group.number, sequences: first..first + count }
        } else {
            StoreEvent::Followed(stored(place, message))
        };
        drop(line);
        self.nodes[node].told(log, event);
    }

    fn recover(&mut self, node: usize) {
        for log in 0..2 {
            for (place, message) in self.streams[log].iter().enumerate() {
                let records = stored(place, message);
                self.nodes[node].told(log, StoreEvent::Recovered(records));
            }
            let told = self.streams[log].len();
            *self.lines[node][log].lock().unwrap() = Line { told, ..Line::default() };
            let sequences = 0..first_sequence(told);
            let recovery = Recovery { sequences, torn: None, damage: Vec::new() };
            self.nodes[node].told(log, StoreEvent::RecoveryEnded(recovery));
        }
    }

    fn restart(&mut self, node: usize) {
        self.note_acknowledged();
        self.published.retain(|(of, ..)| *of != node);
        self.nodes[node].restart_on(stores(&self.lines[node]));
        // What it had under way and was not in the stream never will be.
        self.recover(node);
    }

    /// Answers all reads a node waits for.
    fn answer_reads(&mut self, node: usize, log: usize) {
        loop {
            let request = self.lines[node][log].lock().unwrap().reads.pop_front();
            let Some(ReadRequest { number, sequences }) = request else { return };
            let mut records = StoredRecords::default();
            for sequence in sequences {
                let place = usize::try_from(sequence >> 12).unwrap() - 1;
                let index = usize::try_from(sequence & 4095).unwrap();
                records.sequences.push(sequence);
                let record = &self.streams[log][place].records[index];
                records.records.push_with(|out| out.extend_from_slice(record));
            }
            self.nodes[node].told(log, StoreEvent::Read { number, records: Ok(records) });
        }
    }

    fn fetch(&mut self, node: usize, precedence: Precedence, cursor: u64) -> node::TestRead {
        let number = self.nodes[node].fetch(1, precedence, ADDRESS, cursor, 256);
        self.answer_reads(node, usize::from(precedence != Precedence::Flash));
        self.nodes[node].read(1, precedence, number).clone()
    }

    /// The reader of a precedence goes to a node.
    fn read(&mut self, node: usize, precedence: Precedence) {
        let index = usize::from(precedence.to_bits());
        let read = self.fetch(node, precedence, self.cursors[index]);
        if let Some(reason) = read.refused {
            assert_eq!(reason, Reason::TryLater, "a node that is behind");
            return;
        }
        for (cursor, parcel) in read.given {
            assert!(cursor > self.cursors[index]);
            self.cursors[index] = cursor;
            let expiry = parcel.expiry_seconds();
            let given = (precedence, expiry, parcel.into_envelope());
            assert!(self.given.insert(given), "given twice to a reader that keeps its cursor");
        }
    }

    /// "A parcel that is acknowledged" is given out, or one that it repeats.
    fn note_acknowledged(&mut self) {
        for node in 0..NODES {
            let said = std::mem::take(&mut self.nodes[node].acknowledged);
            self.acknowledged += said.len();
            for (_, precedence, number) in said {
                let is_meant = |(of, at, which, _): &&(usize, Precedence, u64, Parcel)| {
                    (*of, *at, *which) == (node, precedence, number)
                };
                let (_, _, _, parcel) = self.published.iter().find(is_meant).unwrap().clone();
                // The node that acknowledged it has it, now.
                let now = clock(node);
                let asked = parcel.expiry_seconds() - now;
                let envelope = parcel.into_envelope();
                let has_copy = (precedence.to_bits()..4).any(|bits| {
                    let read = self.fetch(node, Precedence::from_bits(bits), 0);
                    read.given.into_iter().any(|(_, copy)| {
                        let left = copy.expiry_seconds().saturating_sub(now);
                        left * 2 >= asked && copy.into_envelope() == envelope
                    })
                });
                assert!(has_copy, "acknowledged, and nobody can get it");
            }
        }
    }

    fn settle(&mut self) {
        for _ in 0..1000 {
            for node in 0..NODES {
                for log in 0..2 {
                    self.store(node, log);
                }
            }
            for node in 0..NODES {
                for log in 0..2 {
                    while self.lines[node][log].lock().unwrap().told < self.streams[log].len() {
                        self.tell(node, log);
                    }
                }
            }
            let idle = |line: &Arc<Mutex<Line>>| line.lock().unwrap().groups.is_empty();
            if self.lines.iter().flatten().all(idle) {
                break;
            }
        }
        self.note_acknowledged();
    }

    /// What each node gives out, by precedence.
    fn agree(&mut self) {
        self.settle();
        for bits in 0..4 {
            let precedence = Precedence::from_bits(bits);
            self.read(0, precedence);
            let all: Vec<Vec<(u64, Parcel)>> =
                (0..NODES).map(|node| self.fetch(node, precedence, 0).given).collect();
            assert!(all.iter().all(|one| *one == all[0]), "{precedence:?}: {all:?}");
        }
    }
}

fn stored(place: usize, message: &Message) -> StoredRecords {
    let mut records = StoredRecords::default();
    for (record, sequence) in message.records.iter().zip(first_sequence(place)..) {
        records.sequences.push(sequence);
        records.records.push_with(|out| out.extend_from_slice(record));
    }
    records
}

fn runs() -> u32 {
    std::env::var("RELAY_LAWS").map_or(400, |runs| runs.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: runs(), ..ProptestConfig::default() })]

    #[test]
    fn all_nodes_of_a_log_give_out_the_same(steps in prop::collection::vec(step(), 1..120)) {
        let mut field = Field::new();
        for step in &steps {
            field.take(step);
        }
        field.agree();
        // One that saw nothing of it does as well.
        field.restart(0);
        field.agree();
    }
}

#[test]
fn of_two_like_parcels_in_the_same_moment_one_is_given_out_everywhere() {
    let mut field = Field::new();
    let publish = |node| Step::Publish { node, precedence: 0, envelope: 1, life: 1000 };
    field.take(&publish(0));
    field.take(&publish(1));
    // The second node's comes to lie first, and the first node is told of it before its own.
    field.take(&Step::Store { node: 1, log: 1 });
    field.take(&Step::Store { node: 0, log: 1 });
    field.agree();
    assert_eq!(field.acknowledged, 2);
    let read = field.fetch(0, Precedence::Routine, 0);
    assert_eq!(read.given.len(), 1);
    assert_eq!(read.given[0].0, first_sequence(0) + 1);
}
