//! What is confirmed survives a power cut after any operation; failures of the disk are named and
//! leave nothing half done.

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
mod shim;

use chappe_store::limits::SEGMENT_OCTETS_MIN;
use chappe_store::{Log, OnCorruption, Options, StoreError};
use shim::{Disk, Fault};

const OPTIONS: Options =
    Options { segment_octets: SEGMENT_OCTETS_MIN, on_corruption: OnCorruption::Refuse };

fn payload(sequence: u64) -> Vec<u8> {
    sequence.to_be_bytes().repeat(usize::try_from(sequence % 40).unwrap())
}

/// Appends `batches` batches of growing size and notes, after how many operations, how many records
/// were confirmed.
fn write(disk: &Disk, batches: u64, confirmed: &mut Vec<(usize, u64)>) {
    let (mut log, _) = Log::open_on(disk.clone(), OPTIONS).unwrap();
    for batch in 0..batches {
        let records: Vec<_> = (log.next()..=log.next() + batch % 7).map(payload).collect();
        let slices: Vec<_> = records.iter().map(Vec::as_slice).collect();
        log.append_batch(&slices).unwrap();
        confirmed.push((disk.operations(), log.next()));
    }
}

#[test]
fn a_power_cut_after_any_operation_loses_nothing_confirmed() {
    let disk = Disk::default();
    let mut confirmed = vec![(0, 0)];
    write(&disk, 40, &mut confirmed);
    let mut torn = 0;
    for count in 0..=disk.operations() {
        let at_least = confirmed.iter().rev().find(|(after, _)| *after <= count).unwrap().1;
        for seed in 0..12 {
            let after = disk.after_power_cut(count, seed * 1000 + 1);
            let (mut log, recovery) = Log::open_on(after.clone(), OPTIONS)
                .unwrap_or_else(|error| panic!("cut {count}, seed {seed}: {error}"));
            torn += usize::from(recovery.torn.is_some());
            assert!(log.next() >= at_least, "cut {count}, seed {seed}: {}", log.next());
            for record in log.iter_from(0) {
                let (sequence, record) = record.unwrap();
                assert_eq!(record, payload(sequence), "cut {count}, seed {seed}");
            }

            // What recovery shows is durable: a second cut right after it takes nothing back.
            let shown = log.next();
            log.append(&payload(shown)).unwrap();
            drop(log);
            let again = after.after_power_cut(after.operations(), seed);
            let (log, _) = Log::open_on(again, OPTIONS).unwrap();
            assert_eq!(log.next(), shown + 1, "cut {count}, seed {seed}");
        }
    }
    assert!(torn > 50, "the shim must really tear: {torn}");
}

#[test]
fn a_failed_write_is_taken_back_and_the_log_goes_on() {
    let disk = Disk::default();
    let (mut log, _) = Log::open_on(disk.clone(), OPTIONS).unwrap();
    log.append(b"kept").unwrap();
    disk.fail(&[Fault::Write]);
    assert!(matches!(log.append(b"lost"), Err(StoreError::Io { doing: "write", .. })));
    assert_eq!(log.next(), 1);
    disk.fail(&[]);
    assert_eq!(log.append(b"next").unwrap(), 1);
    assert_eq!(log.read(1).unwrap(), b"next");
}

#[test]
fn after_a_failed_sync_nothing_is_confirmed_until_the_log_is_opened_again() {
    let disk = Disk::default();
    let (mut log, _) = Log::open_on(disk.clone(), OPTIONS).unwrap();
    log.append(b"kept").unwrap();
    disk.fail(&[Fault::Sync]);
    assert!(matches!(log.append(b"unknown"), Err(StoreError::Io { doing: "sync", .. })));
    disk.fail(&[]);
    assert!(matches!(log.append(b"refused"), Err(StoreError::Poisoned)));
    assert_eq!(log.read(0).unwrap(), b"kept", "what was confirmed stays readable");
    assert!(matches!(log.read(1), Err(StoreError::NoSuchRecord { .. })));
    drop(log);

    // What it shows when it is opened again is durable, although the system lost those pages.
    let (log, _) = Log::open_on(disk.clone(), OPTIONS).unwrap();
    assert_eq!(log.next(), 2);
    for seed in 0..40 {
        let after = disk.after_power_cut(disk.operations(), seed * 777 + 5);
        let (log, recovery) = Log::open_on(after, OPTIONS).unwrap();
        assert!(recovery.is_clean(), "seed {seed}: {recovery:?}");
        assert_eq!(log.read(1).unwrap(), b"unknown", "seed {seed}");
    }
}

#[test]
fn a_write_that_can_not_be_taken_back_stops_the_log() {
    let disk = Disk::default();
    let (mut log, _) = Log::open_on(disk.clone(), OPTIONS).unwrap();
    disk.fail(&[Fault::Write, Fault::Truncate]);
    assert!(log.append(b"half").is_err());
    disk.fail(&[]);
    assert!(matches!(log.append(b"refused"), Err(StoreError::Poisoned)));
}

#[test]
fn a_segment_that_can_not_be_made_is_made_later() {
    for fault in [Fault::Create, Fault::Write, Fault::Sync] {
        let disk = Disk::default();
        let (mut log, _) = Log::open_on(disk.clone(), OPTIONS).unwrap();
        let large = vec![1; 4000];
        log.append(&large).unwrap();
        disk.fail(&[fault]);
        assert!(log.append(&large).is_err());
        disk.fail(&[]);
        assert_eq!(log.append(&large).unwrap(), 1, "{fault:?}");
        drop(log);
        assert_eq!(Log::open_on(disk, OPTIONS).unwrap().0.next(), 2);
    }
}
