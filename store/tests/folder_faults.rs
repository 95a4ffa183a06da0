//! A folder store on disks that are full, read-only, slow, or rot.

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

use chappe_store::limits::{BATCH_RECORDS_MAX, RECORD_OCTETS_MAX};
use chappe_store::{Directory, FolderOptions, Store, StoreError, StoreEvent};
use harness::{SMALL, Watched, payload};
use proptest::prelude::*;
use shim::{Disk, Fault};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

fn recover(folder: &Path) -> (Watched<Directory>, chappe_store::Recovery) {
    Watched::recover(Directory::new(folder).unwrap(), SMALL).unwrap()
}

/// Segments' files, oldest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "store"))
        .collect();
    files.sort();
    files
}

#[test]
fn records_are_read_while_others_are_appended() {
    let folder = tempfile::tempdir().unwrap();
    let (mut watched, _) = recover(folder.path());
    for batch in 0..30 {
        watched.append_payloads(batch * 10..batch * 10 + 10);
        let all: Vec<u64> = (0..batch * 10 + 10).collect();
        assert_eq!(watched.read_payloads(all.clone()), all);
    }
    let some: Vec<u64> = (0..300).step_by(37).collect();
    assert_eq!(watched.read_payloads(some.clone()), some);
    assert_eq!(watched.read_payloads(vec![299, 300, 100_000]), [299]);
    assert!(files(folder.path()).len() > 3, "it must have turned over");
    drop(watched);

    let (mut watched, recovery) = recover(folder.path());
    assert!(recovery.is_clean());
    assert_eq!(recovery.sequences, 0..300);
    assert_eq!(watched.recovered.len(), 300);
    assert_eq!(watched.read_payloads(some.clone()), some);
    let refused = Watched::open_on(Directory::new(folder.path()).unwrap(), SMALL);
    assert!(matches!(refused.err(), Some(StoreError::Locked)));
}

#[test]
fn limits_are_refused_in_their_turn() {
    let (mut watched, _) = Watched::recover(Disk::default(), SMALL).unwrap();
    let long = vec![0; RECORD_OCTETS_MAX + 1];
    assert!(matches!(watched.append([long]), Err(StoreError::RecordTooLong { .. })));
    let heavy = vec![vec![0; RECORD_OCTETS_MAX]; 8];
    assert!(matches!(watched.append(heavy), Err(StoreError::BatchTooLong { records: 8 })));
    let many = vec![Vec::new(); BATCH_RECORDS_MAX + 1];
    assert!(matches!(watched.append(many), Err(StoreError::BatchTooLong { .. })));
    assert_eq!(watched.append([]).unwrap(), 0..0);
    assert_eq!(watched.append([vec![7; RECORD_OCTETS_MAX]]).unwrap(), 0..1);
    assert_eq!(watched.append(vec![Vec::new(); BATCH_RECORDS_MAX]).unwrap().end, 65537);
    assert_eq!(watched.read(vec![0]).unwrap().records.octets(), RECORD_OCTETS_MAX);
}

#[test]
fn a_compaction_gives_room_back_and_keeps_what_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let (mut watched, _) = recover(folder.path());
    for batch in 0..60 {
        watched.append_payloads(batch * 10..batch * 10 + 10);
    }
    let before = files(folder.path()).len();
    let wanted = |sequence: &u64| *sequence >= 200 && sequence.is_multiple_of(7);
    assert!(watched.compact(move |sequence| wanted(&sequence)).unwrap() > 0);
    let after = files(folder.path());
    assert!(after.len() * 2 < before, "{before} {after:?}");
    let kept: Vec<u64> = (0..500).filter(wanted).collect();
    assert_eq!(watched.read_payloads((0..500).collect()), kept);
    // Again, with the same: nothing to do. With less: less.
    watched.compact(move |sequence| wanted(&sequence)).unwrap();
    assert_eq!(watched.read_payloads((0..500).collect()), kept);
    watched.compact(|sequence| sequence >= 490).unwrap();
    watched.append_payloads(600..610);
    drop(watched);
    let (watched, recovery) = recover(folder.path());
    assert!(recovery.is_clean(), "{recovery:?}");
    assert_eq!(recovery.sequences.end, 610);
    let told: Vec<u64> = watched.recovered.keys().copied().collect();
    assert!((490..610).filter(wanted).all(|sequence| told.contains(&sequence)));
    assert!(told.ends_with(&(600..610).collect::<Vec<_>>()));
    // What was in the segment that is written to when the first was asked for.
    assert!(told.len() < 100, "{told:?}");
}

#[test]
fn appends_go_on_while_the_receiver_is_not_done_with_what_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (mut watched, _) = recover(folder.path());
    for batch in 0..100 {
        watched.append_payloads(batch * 10..batch * 10 + 10);
    }
    drop(watched);
    // A receiver that takes nothing of what is recovered until an append was answered.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (sender, events) = std::sync::mpsc::channel();
    let held = std::sync::Mutex::new(held);
    let sink: chappe_store::EventSink = Box::new(move |event| {
        if matches!(event, StoreEvent::Recovered(_)) {
            held.lock().unwrap().recv().unwrap_or_default();
        }
        sender.send(event).unwrap_or_default();
    });
    let mut store = chappe_store::FolderStore::open(folder.path(), SMALL, sink).unwrap();
    store.append(harness::group(1, [payload(1000)]));
    let first = events.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(matches!(first, StoreEvent::Appended { .. }), "{first:?}");
    store.read(chappe_store::ReadRequest { number: 2, sequences: vec![5, 1000] });
    match events.recv_timeout(Duration::from_secs(20)).unwrap() {
        StoreEvent::Read { records: Ok(records), .. } => assert_eq!(records.sequences, [5, 1000]),
        other => panic!("{other:?}"),
    }
    drop(release);
    let ended = events.iter().find_map(|event| match event {
        StoreEvent::RecoveryEnded(recovery) => Some(recovery),
        _ => None,
    });
    assert_eq!(ended.unwrap().sequences, 0..1000);
}

#[test]
fn a_slow_disk_holds_up_only_appends() {
    let disk = Disk::default();
    let (mut watched, _) = Watched::recover(disk.clone(), SMALL).unwrap();
    watched.append_payloads(0..10);
    disk.slow_down(Duration::from_millis(800));
    watched.store.append(harness::group(100, (10..20).map(payload)));
    let begun = Instant::now();
    assert_eq!(watched.read_payloads((0..10).collect()).len(), 10);
    assert!(begun.elapsed() < Duration::from_millis(700), "{:?}", begun.elapsed());
    watched.wait_for(|event| matches!(event, StoreEvent::Appended { .. }).then_some(()));
    assert!(begun.elapsed() >= Duration::from_millis(700), "the shim must be slow");
}

#[test]
fn after_a_failed_sync_it_says_so_and_works_again() {
    let disk = Disk::default();
    let (mut watched, _) = Watched::recover(disk.clone(), SMALL).unwrap();
    watched.append_payloads(0..10);
    disk.fail(&[Fault::Sync]);
    watched.store.append(harness::group(7, [payload(10)]));
    watched.wait_for(|event| match event {
        StoreEvent::AppendFailed { number: 7, .. } => Some(()),
        _ => None,
    });
    watched.wait_for(|event| match event {
        StoreEvent::Failed { error: StoreError::Io { doing: "sync", .. } } => Some(()),
        _ => None,
    });
    assert_eq!(watched.read_payloads((0..11).collect()).len(), 10, "what is there is served");
    assert!(watched.append([payload(10)]).is_err());
    disk.fail(&[]);
    let recovery = watched.wait_for(|event| match event {
        StoreEvent::WorksAgain(recovery) => Some(recovery.clone()),
        _ => None,
    });
    assert_eq!(recovery.sequences, 0..10);
    watched.append_payloads(10..20);
    assert_eq!(watched.read_payloads((0..20).collect()).len(), 20);
}

#[test]
fn a_disk_that_can_not_read_is_an_error_and_not_an_absence() {
    let disk = Disk::default();
    let (mut watched, _) = Watched::recover(disk.clone(), SMALL).unwrap();
    watched.append_payloads(0..10);
    disk.fail(&[Fault::Read]);
    assert!(watched.read(vec![3]).is_err());
    disk.fail(&[]);
    assert_eq!(watched.read_payloads(vec![3]), [3]);
}

/// A small file system in memory; `None` where this process may not mount one.
struct Mounted(tempfile::TempDir);

impl Mounted {
    fn new(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("not tested here: mounting is not permitted");
        }
        mounted.then_some(Self(folder))
    }

    fn remount(&self, options: &str) {
        let folder = self.0.path();
        let done = Command::new("mount").args(["-o", options]).arg(folder).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0.path()).status().ok();
    }
}

#[test]
fn a_full_disk_is_used_to_its_end_and_served_again_when_there_is_room() {
    let Some(disk) = Mounted::new("size=1m") else { return };
    let options = FolderOptions { segment_octets: 128 << 10, ..SMALL };
    let storage = || Directory::new(disk.0.path()).unwrap();
    let (mut watched, _) = Watched::recover(storage(), options).unwrap();
    let mut next = 0;
    while watched.append((next..next + 20).map(payload)).is_ok() {
        next += 20;
    }
    let stored: usize = (0..next).map(|sequence| payload(sequence).len()).sum();
    assert!(stored > 700 << 10, "most of the disk holds records: {stored}");
    watched.wait_for(|event| match event {
        StoreEvent::Failed { error: StoreError::Io { source, .. } } => {
            assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
            Some(())
        }
        _ => None,
    });
    let all: Vec<u64> = (0..next).collect();
    assert_eq!(watched.read_payloads(all.clone()), all, "reads go on");

    let oldest = watched.discard_before(next / 2);
    assert!(oldest > 0);
    let begun = Instant::now();
    while watched.append((next..next + 20).map(payload)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it works again");
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(watched);
    let (watched, recovery) = Watched::recover(storage(), options).unwrap();
    assert!(recovery.is_clean(), "{recovery:?}");
    assert_eq!(recovery.sequences, oldest..next + 20);
    let told: Vec<u64> = watched.recovered.keys().copied().collect();
    assert_eq!(told, (oldest..next + 20).collect::<Vec<_>>());
}

#[test]
fn a_disk_that_turns_read_only_is_named_and_a_store_on_one_is_refused() {
    let Some(disk) = Mounted::new("size=2m") else { return };
    let storage = || Directory::new(disk.0.path()).unwrap();
    let (mut watched, _) = Watched::recover(storage(), SMALL).unwrap();
    watched.append_payloads(0..10);
    drop(watched);
    disk.remount("remount,ro");
    let refused = Watched::open_on(storage(), SMALL).err();
    assert!(
        matches!(&refused, Some(StoreError::Io { source, .. })
            if source.kind() == std::io::ErrorKind::ReadOnlyFilesystem),
        "{refused:?}"
    );
    disk.remount("remount,rw");
    let (watched, _) = Watched::recover(storage(), SMALL).unwrap();
    assert_eq!(watched.recovered.len(), 10);
}

/// A store of several closed segments and one that is written to.
fn filled(folder: &Path) -> u64 {
    let (mut watched, _) = recover(folder);
    for batch in 0..20 {
        watched.append_payloads(batch * 5..batch * 5 + 5);
    }
    100
}

#[test]
fn a_flipped_bit_costs_its_record_at_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let next = filled(folder.path());
    let closed = files(folder.path()).remove(1);
    let octets = fs::read(&closed).unwrap();
    let used = octets.iter().rposition(|octet| *octet != 0).unwrap();
    for at in (0..used).step_by(11) {
        let mut flipped = octets.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&closed, &flipped).unwrap();
        let (mut watched, recovery) = recover(folder.path());
        assert_eq!(recovery.damage.len(), 1, "flip at {at}: {recovery:?}");
        let damage = &recovery.damage[0];
        assert!(closed.ends_with(&damage.segment), "flip at {at}");
        let hit = damage.offset..damage.offset + damage.octets;
        assert!(hit.contains(&u64::try_from(at).unwrap()), "flip at {at}: {damage}");
        let lost = damage.sequences.clone();
        assert!(lost.end - lost.start <= 1, "flip at {at}: {damage}");
        assert_eq!(watched.damage, recovery.damage, "told as it was found");
        let rest: Vec<u64> = (0..next).filter(|sequence| !lost.contains(sequence)).collect();
        assert_eq!(watched.recovered.keys().copied().collect::<Vec<_>>(), rest, "flip at {at}");
        for (sequence, record) in &watched.recovered {
            assert_eq!(*record, payload(*sequence), "flip at {at}");
        }
        assert_eq!(watched.read_payloads((0..next).collect()), rest, "flip at {at}");
    }
}

#[test]
fn rot_that_comes_later_is_found_by_a_read_and_by_scrubbing() {
    use std::os::unix::fs::FileExt;
    let folder = tempfile::tempdir().unwrap();
    let next = filled(folder.path());
    let options = FolderOptions { scrub_octets_per_second: 4096, ..SMALL };
    let storage = Directory::new(folder.path()).unwrap();
    let (mut watched, recovery) = Watched::recover(storage, options).unwrap();
    assert!(recovery.is_clean());
    let all = files(folder.path());
    // In the segment that is written to, and in a closed one.
    for (file, is_open) in [(all.last().unwrap(), true), (&all[1], false)] {
        let file = fs::OpenOptions::new().write(true).open(file).unwrap();
        file.write_all_at(&[0xFF; 3], 28 + 16 + 2).unwrap();
        watched.damage.clear();
        if is_open {
            let found = watched.read_payloads((0..next).collect());
            assert_eq!(found.len(), 99);
        } else {
            // Once a second a segment.
            let before = watched.damage.len();
            while watched.damage.len() == before {
                watched.wait_for(|event| matches!(event, StoreEvent::Damaged(_)).then_some(()));
            }
        }
        assert_eq!(watched.damage.len(), 1, "{:?}", watched.damage);
        let lost = watched.damage[0].sequences.clone();
        assert_eq!((lost.end - lost.start, watched.damage[0].offset), (1, 28));
    }
    assert_eq!(watched.read_payloads((0..next).collect()).len(), 98);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_damage_costs_only_what_it_reports(
        batches in proptest::collection::vec(1..9_u64, 4..30),
        compacts: bool,
        which: prop::sample::Index,
        at: prop::sample::Index,
        junk in proptest::collection::vec(any::<u8>(), 1..600),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut watched, _) = recover(folder.path());
        let mut next = 0;
        for batch in batches {
            watched.append_payloads(next..next + batch);
            next += batch;
        }
        let is_wanted = move |sequence: u64| !compacts || sequence.is_multiple_of(3);
        watched.compact(is_wanted).unwrap();
        let before = watched.read_payloads((0..next).collect());
        drop(watched);
        let all = files(folder.path());
        let file = &all[which.index(all.len())];
        let mut octets = fs::read(file).unwrap();
        let at = at.index(octets.len());
        for (to, from) in octets[at..].iter_mut().zip(&junk) {
            *to = *from;
        }
        fs::write(file, &octets).unwrap();

        let (mut watched, recovery) = recover(folder.path());
        let is_reported = |sequence: &u64| {
            recovery.torn.is_some() && *sequence >= recovery.sequences.end
                || recovery.damage.iter().any(|damage| damage.sequences.contains(sequence))
        };
        for (sequence, record) in &watched.recovered {
            prop_assert_eq!(record, &payload(*sequence));
        }
        let known = std::mem::take(&mut watched.recovered);
        for sequence in &before {
            prop_assert!(known.contains_key(sequence) || is_reported(sequence), "{}", sequence);
        }
        let found = watched.read_payloads((0..next).collect());
        prop_assert_eq!(found, known.keys().copied().collect::<Vec<_>>());
    }
}
