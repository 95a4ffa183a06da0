//! A folder store whose power is cut after any operation: while it appends, turns over, discards,
//! compacts, and after the disk failed.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[allow(dead_code)] // other tests need the rest of it
mod harness;
#[allow(dead_code)]
mod shim;

use chappe_store::{Store, StoreEvent};
use harness::{SMALL, Watched, payload};
use shim::{Disk, Fault};

/// What is certain at some moment.
#[derive(Debug, Clone, Default)]
struct Certain {
    /// The sequence behind the last that was confirmed.
    confirmed: u64,
    /// Records before this may be gone.
    discarded: u64,
    /// Records below this that a compaction did not want may be gone.
    compacted: u64,
}

fn is_wanted(sequence: u64) -> bool {
    sequence % 10 == 3
}

/// A store at work on `disk`, and what is certain after how many of the disk's operations.
struct Work {
    disk: Disk,
    watched: Watched<Disk>,
    certain: Certain,
    history: Vec<(usize, Certain)>,
}

impl Work {
    fn begin(disk: Disk) -> Self {
        let (watched, recovery) = Watched::recover(disk.clone(), SMALL).unwrap();
        let certain = Certain { confirmed: recovery.sequences.end, ..Certain::default() };
        Self { disk, watched, certain, history: vec![(0, Certain::default())] }
    }

    fn append(&mut self, count: u64) {
        let first = self.certain.confirmed;
        self.watched.append_payloads(first..first + count);
        self.certain.confirmed += count;
        self.note();
    }

    fn discard(&mut self, before: u64) {
        // From the call on.
        self.certain.discarded = before;
        self.note();
        self.watched.discard_before(before);
    }

    fn compact(&mut self) {
        self.certain.compacted = self.certain.confirmed;
        self.note();
        assert!(self.watched.compact(is_wanted).unwrap() > 0);
    }

    fn note(&mut self) {
        self.history.push((self.disk.operations(), self.certain.clone()));
    }

    /// Cuts the power after every operation and looks at what is left.
    fn cut_everywhere(self, seeds: u64) {
        let Self { disk, watched, history, .. } = self;
        drop(watched);
        let mut torn = 0;
        for count in 0..=disk.operations() {
            let at_least = &history.iter().rev().find(|(after, _)| *after <= count).unwrap().1;
            // What was asked for may have happened before it was noted as certain.
            let at_most = history.iter().find(|(after, _)| *after >= count);
            let at_most = at_most.map_or(&history.last().unwrap().1, |(_, certain)| certain);
            for seed in 0..seeds {
                let seed = seed * 1009 + u64::try_from(count).unwrap();
                let says = format!("cut {count}, seed {seed}");
                let after = disk.after_power_cut(count, seed);
                let (mut watched, recovery) = Watched::recover(after.clone(), SMALL)
                    .unwrap_or_else(|error| panic!("{says}: {error}"));
                assert_eq!(recovery.damage, [], "{says}");
                torn += usize::from(recovery.torn.is_some());
                for (sequence, record) in &watched.recovered {
                    assert_eq!(*record, payload(*sequence), "{says}");
                }
                let next = recovery.sequences.end;
                assert!(next >= at_least.confirmed, "{says}: {next} {at_least:?}");
                for sequence in at_most.discarded..at_least.confirmed {
                    let may_be_gone = sequence < at_most.compacted && !is_wanted(sequence);
                    let is_there = watched.recovered.contains_key(&sequence);
                    assert!(is_there || may_be_gone, "{says}: {sequence} {at_most:?}");
                }

                // It goes on, and what it told is durable: a second cut takes nothing back.
                watched.append_payloads(next..next + 3);
                let told = std::mem::take(&mut watched.recovered);
                let operations = after.operations();
                drop(watched);
                let again = after.after_power_cut(operations, seed);
                let (watched, recovery) = Watched::recover(again, SMALL).unwrap();
                assert_eq!(recovery.sequences.end, next + 3, "{says}");
                assert!(told.keys().all(|told| watched.recovered.contains_key(told)), "{says}");
            }
        }
        assert!(torn > 5, "the shim must really tear: {torn}");
    }
}

#[test]
fn appending_and_turning_over() {
    let mut work = Work::begin(Disk::default());
    for batch in 0..36 {
        work.append(batch % 7 + 1);
    }
    work.cut_everywhere(6);
}

#[test]
fn discarding_and_compacting() {
    let mut work = Work::begin(Disk::default());
    for _ in 0..24 {
        work.append(4);
    }
    work.compact();
    for _ in 0..6 {
        work.append(5);
    }
    work.discard(30);
    work.compact();
    work.append(2);
    work.discard(80);
    work.cut_everywhere(6);
}

#[test]
fn several_groups_in_one_batch_count_each_in_full_or_not_at_all() {
    let disk = Disk::default();
    let mut work = Work::begin(disk.clone());
    work.append(1);
    // While a slow sync goes on, groups of three pile up behind it.
    disk.slow_down(std::time::Duration::from_millis(20));
    for number in 0..40 {
        let first = 1 + number * 3;
        work.watched.store.append(harness::group(1000 + number, (first..first + 3).map(payload)));
    }
    for _ in 0..40 {
        work.watched.wait_for(|event| matches!(event, StoreEvent::Appended { .. }).then_some(()));
    }
    disk.slow_down(std::time::Duration::ZERO);
    let count = disk.operations();
    drop(work);
    for count in 0..=count {
        for seed in 0..6 {
            let after = disk.after_power_cut(count, seed * 31 + 7);
            let (_, recovery) = Watched::recover(after, SMALL).unwrap();
            let next = recovery.sequences.end;
            assert!(next == 0 || next % 3 == 1, "cut {count}, seed {seed}: {next}");
        }
    }
}

#[test]
fn a_failing_disk() {
    for fault in [Fault::Write, Fault::Sync, Fault::Truncate, Fault::Create, Fault::Rename] {
        let disk = Disk::default();
        let mut work = Work::begin(disk.clone());
        for _ in 0..8 {
            work.append(3);
        }
        // Long enough that a segment is turned over as well.
        disk.fail(&[fault]);
        let mut failed = 0;
        while failed < 3 {
            let first = work.certain.confirmed;
            match work.watched.append((first..first + 3).map(payload)) {
                Ok(_) => {
                    work.certain.confirmed += 3;
                    work.note();
                    // Some faults hit only what goes on beside.
                    failed += u64::from(work.certain.confirmed > 200) * 3;
                }
                Err(_) => failed += 1,
            }
        }
        disk.fail(&[]);
        let first = work.certain.confirmed;
        while work.watched.append((first..first + 3).map(payload)).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        work.certain.confirmed += 3;
        work.note();
        for _ in 0..6 {
            work.append(3);
        }
        work.cut_everywhere(2);
    }
}
