//! Laws of the node, whatever its disks and its clients do: disks that answer late, out of step with one
//! another, fail and come back; restarts while groups are under way; old records that come in pieces
//! while publishes are taken; readers that stall.
//!
//! What a run did is a list of steps; one that breaks a law is shrunk, printed and kept by proptest.
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
use chappe_relay::node::NodeOptions;
use chappe_relay::{Address, AddressKind, Parcel, Reason};
use node::{TestNode, on_disk};
use proptest::prelude::*;
use scripted_store::Disk;

const NOW: u64 = 1_800_000_000;
const ADDRESS_OCTETS: u64 = 1200;
const SENDER_OCTETS: u64 = 2000;

#[derive(Debug, Clone)]
enum Step {
    Publish { client: u8, precedence: u8, address: u8, envelope: u8, life: u64 },
    Subscribe { client: u8, precedence: u8, address: u8, credit: u32 },
    Fetch { client: u8, precedence: u8, address: u8, limit: u16 },
    Credit { which: usize, octets: u32 },
    Stop { which: usize },
    Stall { client: u8, is_stalled: bool },
    Close { client: u8 },
    Append { log: usize },
    FailAppend { log: usize },
    Read { log: usize, which: usize },
    FailRead { log: usize },
    Break { log: usize },
    Mend { log: usize },
    Tell { log: usize, count: usize },
    Compact { log: usize },
    Restart { kept: bool },
    Wait { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let lives = prop_oneof![1..10_u64, 10..200_u64, 200..3000_u64];
    prop_oneof![
        12 => (0..3_u8, 0..4_u8, 0..2_u8, 0..3_u8, lives).prop_map(
            |(client, precedence, address, envelope, life)| {
                Step::Publish { client, precedence, address, envelope, life }
            }
        ),
        2 => (0..3_u8, 0..4_u8, 0..2_u8, 0..300_u32).prop_map(
            |(client, precedence, address, credit)| {
                Step::Subscribe { client, precedence, address, credit }
            }
        ),
        2 => (0..3_u8, 0..4_u8, 0..2_u8, 1..5_u16).prop_map(
            |(client, precedence, address, limit)| {
                Step::Fetch { client, precedence, address, limit }
            }
        ),
        2 => (0..20_usize, 1..200_u32).prop_map(|(which, octets)| Step::Credit { which, octets }),
        1 => (0..20_usize).prop_map(|which| Step::Stop { which }),
        1 => (0..3_u8, any::<bool>()).prop_map(|(client, is_stalled)| {
            Step::Stall { client, is_stalled }
        }),
        1 => (0..3_u8).prop_map(|client| Step::Close { client }),
        6 => (0..2_usize).prop_map(|log| Step::Append { log }),
        3 => (0..2_usize).prop_map(|log| Step::FailAppend { log }),
        4 => (0..2_usize, 0..4_usize).prop_map(|(log, which)| Step::Read { log, which }),
        1 => (0..2_usize).prop_map(|log| Step::FailRead { log }),
        1 => (0..2_usize).prop_map(|log| Step::Break { log }),
        1 => (0..2_usize).prop_map(|log| Step::Mend { log }),
        4 => (0..2_usize, 1..4_usize).prop_map(|(log, count)| Step::Tell { log, count }),
        1 => (0..2_usize).prop_map(|log| Step::Compact { log }),
        1 => any::<bool>().prop_map(|kept| Step::Restart { kept }),
        2 => (0..60_u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

fn address(number: u8) -> Address {
    Address { kind: AddressKind::Topic, octets: [number; 16] }
}

fn log_of(precedence: Precedence) -> usize {
    usize::from(precedence != Precedence::Flash)
}

/// A publish, when it was taken, and by whom.
struct Published {
    client: u8,
    number: u64,
    parcel: Parcel,
    at: u64,
    is_acknowledged: bool,
}

/// The rule of the chapter: whether a stored copy speaks for a parcel that came at a time.
fn speaks_for(copy: &Parcel, parcel: &Parcel, at: u64) -> bool {
    copy.address == parcel.address
        && copy.envelope() == parcel.envelope()
        && copy.precedence >= parcel.precedence
        && copy.expiry_seconds().saturating_sub(at) * 2 >= parcel.expiry_seconds() - at
}

struct Run {
    node: TestNode,
    published: Vec<Published>,
    /// Every record that was ever on a disk: compaction takes away what has expired.
    ever: [std::collections::BTreeMap<u64, Parcel>; 2],
}

impl Run {
    fn start() -> Self {
        let node = TestNode::start_with(NOW, |options: &mut NodeOptions| {
            options.address_octets = ADDRESS_OCTETS;
            options.sender_octets = SENDER_OCTETS;
        });
        Self { node, published: Vec::new(), ever: Default::default() }
    }

    fn step(&mut self, step: &Step) {
        let node = &mut self.node;
        match *step {
            Step::Publish { client, precedence, address: to, envelope, life } => {
                let at = node.now.seconds;
                let octets = vec![envelope; 20];
                let precedence = Precedence::from_bits(precedence);
                let parcel = Parcel::new(address(to), precedence, at + life, octets).unwrap();
                let number = node.publish(client, &parcel);
                let is_acknowledged = false;
                self.published.push(Published { client, number, parcel, at, is_acknowledged });
            }
            Step::Subscribe { client, precedence, address: of, credit } => {
                let precedence = Precedence::from_bits(precedence);
                node.subscribe(client, precedence, address(of), 0, credit);
            }
            Step::Fetch { client, precedence, address: of, limit } => {
                node.fetch(client, Precedence::from_bits(precedence), address(of), 0, limit);
            }
            Step::Credit { which, octets } => {
                if let Some((client, precedence, number, read)) = node.reads().get(which)
                    && read.is_open()
                    && read.is_subscription
                {
                    node.credit(*client, *precedence, *number, octets);
                }
            }
            Step::Stop { which } => {
                if let Some((client, precedence, number, _)) = node.reads().get(which) {
                    node.stop(*client, *precedence, *number);
                }
            }
            Step::Stall { client, is_stalled } => node.stall(client, is_stalled),
            Step::Close { client } => node.close(client),
            Step::Append { log } => drop(node.at_disk(log, Disk::append_next)),
            Step::FailAppend { log } => drop(node.at_disk(log, Disk::fail_next)),
            Step::Read { log, which } => drop(node.at_disk(log, |disk| disk.read(which))),
            Step::FailRead { log } => drop(node.at_disk(log, |disk| disk.fail_read(0))),
            Step::Break { log } => drop(node.at_disk(log, |_| Some(Disk::failed()))),
            // "Groups that were not answered are answered as failed before this."
            Step::Mend { log } => {
                while node.at_disk(log, Disk::fail_next) {}
                node.at_disk(log, |disk| Some(disk.works_again()));
            }
            Step::Tell { log, count } => drop(node.at_disk(log, |disk| disk.tell(count))),
            Step::Compact { log } => drop(node.at_disk(log, Disk::compact)),
            Step::Restart { kept } => {
                self.note();
                self.node.restart(kept);
            }
            Step::Wait { seconds } => node.set_seconds(node.now.seconds + seconds),
        }
        self.note();
        self.check_acknowledged();
        self.check_given();
    }

    fn note(&mut self) {
        for (log, ever) in self.ever.iter_mut().enumerate() {
            for (sequence, record) in &self.node.disks[log].disk().records {
                ever.entry(*sequence).or_insert_with(|| on_disk(record));
            }
        }
    }

    /// Nothing is acknowledged that is not on a disk, in a copy that speaks for it.
    fn check_acknowledged(&mut self) {
        for (client, precedence, number) in std::mem::take(&mut self.node.acknowledged) {
            let one = self.published.iter_mut().rev().find(|one| {
                one.client == client && one.number == number && one.parcel.precedence == precedence
            });
            let one = one.unwrap();
            one.is_acknowledged = true;
            let copies = self.ever.iter().flat_map(std::collections::BTreeMap::values);
            assert!(
                copies.into_iter().any(|copy| speaks_for(copy, &one.parcel, one.at)),
                "acknowledged and nowhere"
            );
        }
    }

    /// What a reader got is on the disk at that place, and came in order: twice it came never.
    fn check_given(&self) {
        for (_, precedence, _, read) in self.node.reads() {
            let mut last = read.from;
            for (cursor, parcel) in &read.given {
                assert!(*cursor > last, "out of order, or twice");
                last = *cursor;
                let stored = self.ever[log_of(precedence)].get(&(cursor - 1));
                assert_eq!(stored, Some(parcel), "given out and not durable");
            }
        }
    }

    /// Everything works again, and is read from the start.
    fn end(&mut self) {
        for log in 0..2 {
            while self.node.at_disk(log, Disk::fail_next) {}
            self.node.at_disk(log, |disk| Some(disk.works_again()));
        }
        for client in 0..3 {
            self.node.stall(client, false);
        }
        self.node.recover_all();
        self.node.answer_all();
        self.note();
        self.check_acknowledged();
        let (now, open) = (self.node.now.seconds, self.node.reads());
        let given = self.everything(9);
        self.check_read_once(&given);
        self.check_found(&given, now);
        self.check_subscriptions(&open, &given);
        self.check_quota(now);
        // A restart changes nothing of it, but what it judges itself.
        self.node.restart(false);
        self.node.recover_all();
        let again = self.everything(9);
        self.check_found(&again, now);
    }

    fn everything(&mut self, client: u8) -> Vec<(u64, Parcel)> {
        let mut given = Vec::new();
        for precedence in Precedence::ALL {
            for of in 0..2 {
                let number = self.node.fetch(client, precedence, address(of), 0, 256);
                self.node.answer_all();
                let read = self.node.read(client, precedence, number).clone();
                assert!(read.end.is_some(), "{:?}", read.refused);
                given.extend(read.given);
            }
        }
        given
    }

    fn check_read_once(&self, given: &[(u64, Parcel)]) {
        for (index, one) in given.iter().enumerate() {
            assert!(!given[..index].contains(one), "given out twice");
        }
    }

    /// What was acknowledged is found, or is past the half of the life it was promised.
    fn check_found(&self, given: &[(u64, Parcel)], now: u64) {
        for one in self.published.iter().filter(|one| one.is_acknowledged) {
            let copies = self.ever.iter().flat_map(std::collections::BTreeMap::values);
            let is_over = copies
                .into_iter()
                .any(|copy| speaks_for(copy, &one.parcel, one.at) && copy.expiry_seconds() <= now);
            let is_found = given.iter().any(|(_, copy)| speaks_for(copy, &one.parcel, one.at));
            assert!(is_over || is_found, "acknowledged and lost");
        }
    }

    /// A subscription with credit left has all that a fetch finds.
    fn check_subscriptions(
        &self,
        open: &[(u8, Precedence, u64, node::TestRead)],
        given: &[(u64, Parcel)],
    ) {
        for (_, precedence, _, read) in open {
            if !read.is_subscription || !read.is_open() || read.spent >= read.credit {
                continue;
            }
            for (cursor, parcel) in given {
                if parcel.address == read.address && parcel.precedence == *precedence {
                    let is_there = read.given.contains(&(*cursor, parcel.clone()));
                    assert!(is_there, "left out");
                }
            }
        }
    }

    fn check_quota(&self, now: u64) {
        for of in 0..2 {
            let living = self.ever.iter().flat_map(std::collections::BTreeMap::values);
            let octets: u64 = living
                .filter(|one| one.address == address(of) && one.expiry_seconds() > now)
                .map(|one| u64::try_from(one.octets() + 6).unwrap())
                .sum();
            // What came while old records were read was counted without them.
            assert!(octets <= ADDRESS_OCTETS * 2, "{octets}");
        }
    }
}

fn runs() -> u32 {
    std::env::var("RELAY_LAWS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: Some(Box::new(proptest::test_runner::FileFailurePersistence::Direct("tests/laws.proptest-regressions"))), max_shrink_iters: 20_000, ..ProptestConfig::with_cases(runs()) })]

    #[test]
    fn whatever_disks_and_clients_do_the_node_keeps_its_word(
        is_fresh in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let mut run = Run::start();
        if is_fresh {
            run.node.recover_all();
        }
        for step in &steps {
            run.step(step);
        }
        run.end();
    }
}

/// The same envelope in a group that fails and, longer, in the one behind it that fails too.
#[test]
fn copies_that_failed_make_no_duplicates() {
    let mut node = TestNode::start(NOW);
    node.recover_all();
    let one = |life| Parcel::new(address(0), Precedence::Routine, NOW + life, vec![1]).unwrap();
    let outcome = |node: &TestNode, number| node.outcome(0, Precedence::Routine, number);
    let first = node.publish(0, &one(10));
    let second = node.publish(0, &one(100));
    for number in [first, second] {
        assert!(node.at_disk(1, Disk::fail_next));
        assert_eq!(outcome(&node, number), Some(Err(Reason::TryLater)));
    }
    let third = node.publish(0, &one(10));
    assert_eq!(outcome(&node, third), None, "acknowledged and nowhere");
    node.answer_all();
    assert_eq!(outcome(&node, third), Some(Ok(())));
    assert_eq!(node.stored(), [one(10)]);
}

/// A repetition of what is under way, from a lane that waits for a later group already.
#[test]
fn a_repetition_shares_the_fate_of_its_copy_whatever_its_lane_waits_for() {
    let mut node = TestNode::start(NOW);
    node.recover_all();
    let one = |envelope: u8| {
        Parcel::new(address(0), Precedence::Routine, NOW + 100, vec![envelope]).unwrap()
    };
    let copied = node.publish(1, &one(1));
    let other = node.publish(0, &one(2));
    let repetition = node.publish(0, &one(1));
    assert!(node.at_disk(1, Disk::fail_next));
    assert!(node.at_disk(1, Disk::append_next));
    let outcome = |client, number| node.outcome(client, Precedence::Routine, number);
    assert_eq!(outcome(1, copied), Some(Err(Reason::TryLater)));
    assert_eq!(outcome(0, repetition), Some(Err(Reason::TryLater)));
    assert_eq!(outcome(0, other), Some(Ok(())));
}
