//! The log on a real file system: what it keeps, what it cuts off, what it refuses.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use chappe_store::limits::{BATCH_RECORDS_MAX, RECORD_OCTETS_MAX, SEGMENT_OCTETS_MIN};
use chappe_store::record::Checksum;
use chappe_store::{Log, OnCorruption, Options, Recovery, StoreError};
use std::fs;
use std::path::{Path, PathBuf};

const SMALL: Options =
    Options { segment_octets: SEGMENT_OCTETS_MIN, on_corruption: OnCorruption::Refuse };
const CONTAIN: Options =
    Options { segment_octets: SEGMENT_OCTETS_MIN, on_corruption: OnCorruption::Contain };

fn payload(sequence: u64) -> Vec<u8> {
    (0..sequence % 97).map(|at| u8::try_from((sequence * 31 + at) % 251).unwrap()).collect()
}

fn append(log: &mut Log, sequences: std::ops::Range<u64>) {
    let records: Vec<_> = sequences.clone().map(payload).collect();
    let slices: Vec<_> = records.iter().map(Vec::as_slice).collect();
    assert_eq!(log.append_batch(&slices).unwrap(), sequences);
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "segment"))
        .collect();
    files.sort();
    files
}

fn reopen(folder: &Path, options: Options) -> (Log, Recovery) {
    Log::open(folder, options).unwrap()
}

/// A log of one segment with batches 0..3, 3..7 and 7..10, and its file's octets after each.
fn three_batches(folder: &Path) -> (PathBuf, [usize; 3]) {
    let (mut log, _) = Log::open(folder, Options::default()).unwrap();
    let file = segments(folder).remove(0);
    let lengths = [0..3, 3..7, 7..10].map(|batch| {
        append(&mut log, batch);
        usize::try_from(fs::metadata(&file).unwrap().len()).unwrap()
    });
    (file, lengths)
}

#[test]
fn what_was_appended_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, recovery) = Log::open(folder.path(), SMALL).unwrap();
    assert_eq!(recovery.sequences, 0..0);
    let identity = log.identity();
    for batch in 0..40 {
        append(&mut log, batch * 10..batch * 10 + 10);
    }
    drop(log);

    let (log, recovery) = reopen(folder.path(), SMALL);
    assert!(segments(folder.path()).len() > 3, "the log must have turned over");
    assert!(recovery.is_clean());
    assert_eq!((log.first(), log.next(), log.identity()), (0, 400, identity));
    assert_eq!(recovery.sequences, 0..400);
    let read: Vec<_> = log.iter_from(123).collect::<Result<_, _>>().unwrap();
    let expected: Vec<_> = (123..400).map(|sequence| (sequence, payload(sequence))).collect();
    assert_eq!(read, expected);
    assert!(matches!(log.read(400), Err(StoreError::NoSuchRecord { sequence: 400 })));
}

#[test]
fn an_empty_batch_and_an_empty_record_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(folder.path(), SMALL).unwrap();
    assert_eq!(log.append_batch(&[]).unwrap(), 0..0);
    assert_eq!(log.append(b"").unwrap(), 0);
    assert_eq!(log.read(0).unwrap(), b"");
}

#[test]
fn limits_are_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(folder.path(), SMALL).unwrap();
    let long = vec![0; RECORD_OCTETS_MAX + 1];
    assert!(matches!(log.append(&long), Err(StoreError::RecordTooLong { .. })));
    let longest = &long[1..];
    let heavy = vec![longest; 8];
    assert!(matches!(log.append_batch(&heavy), Err(StoreError::BatchTooLong { records: 8 })));
    let many = vec![&b""[..]; BATCH_RECORDS_MAX + 1];
    assert!(matches!(log.append_batch(&many), Err(StoreError::BatchTooLong { .. })));
    assert_eq!(log.next(), 0);
    assert_eq!(log.append(longest).unwrap(), 0, "the longest record fits");
    assert_eq!(log.append(b"next").unwrap(), 1);
    drop(log);
    assert_eq!(reopen(folder.path(), SMALL).0.read(0).unwrap(), longest);
}

#[test]
fn one_writer_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = Log::open(folder.path(), SMALL).unwrap();
    assert!(matches!(Log::open(folder.path(), SMALL), Err(StoreError::Locked)));
    drop(log);
    reopen(folder.path(), SMALL);
}

#[test]
fn a_tail_torn_at_any_octet_costs_only_the_unconfirmed_batch() {
    let folder = tempfile::tempdir().unwrap();
    let (file, [_, confirmed, whole]) = three_batches(folder.path());
    let octets = fs::read(&file).unwrap();
    for length in confirmed..=whole {
        fs::write(&file, &octets[..length]).unwrap();
        let (mut log, _) = reopen(folder.path(), Options::default());
        assert!((7..=10).contains(&log.next()), "cut at {length}");
        assert_eq!(log.next() == 10, length == whole, "cut at {length}");
        for sequence in 0..log.next() {
            assert_eq!(log.read(sequence).unwrap(), payload(sequence), "cut at {length}");
        }
        assert_eq!(fs::metadata(&file).unwrap().len(), log.octets());

        // And the log goes on from there.
        let next = log.next();
        append(&mut log, next..next + 2);
        drop(log);
        let (log, recovery) = reopen(folder.path(), Options::default());
        assert!(recovery.is_clean());
        assert_eq!(log.read(next + 1).unwrap(), payload(next + 1));
    }
}

#[test]
fn zeros_behind_the_end_are_not_a_tear() {
    let folder = tempfile::tempdir().unwrap();
    let (file, [_, _, whole]) = three_batches(folder.path());
    let mut octets = fs::read(&file).unwrap();
    octets.resize(whole + 5000, 0);
    fs::write(&file, &octets).unwrap();
    let (log, recovery) = reopen(folder.path(), Options::default());
    assert!(recovery.is_clean());
    assert_eq!(log.next(), 10);
}

#[test]
fn a_tear_in_the_middle_of_the_last_batch_is_cut_there() {
    let folder = tempfile::tempdir().unwrap();
    let (file, [_, confirmed, whole]) = three_batches(folder.path());
    let octets = fs::read(&file).unwrap();
    // Pages reach the disk in any order: the batch's first record is missing, the others are there.
    let mut torn = octets.clone();
    torn[confirmed..confirmed + 16 + 7].fill(0);
    fs::write(&file, &torn).unwrap();
    let (log, recovery) = reopen(folder.path(), Options::default());
    let torn = recovery.torn.unwrap();
    assert_eq!((torn.offset, torn.records), (u64::try_from(confirmed).unwrap(), 2));
    assert_eq!(torn.octets, u64::try_from(whole - confirmed).unwrap());
    assert_eq!(log.next(), 7);
}

#[test]
fn a_flipped_bit_before_the_last_batch_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (file, [_, confirmed, _]) = three_batches(folder.path());
    let octets = fs::read(&file).unwrap();
    for at in 0..confirmed {
        let mut flipped = octets.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&file, &flipped).unwrap();
        match Log::open(folder.path(), Options::default()) {
            Err(StoreError::Corrupt(damage)) => {
                let range = damage.offset..damage.offset + damage.octets;
                assert!(range.contains(&u64::try_from(at).unwrap()), "flip at {at}: {damage}");
                assert!(
                    damage.sequences.end - damage.sequences.start <= 1,
                    "flip at {at}: {damage}"
                );
            }
            other => panic!("flip at {at}: {other:?}"),
        }
        assert_eq!(fs::read(&file).unwrap(), flipped, "a refusal changes nothing");
    }
}

#[test]
fn a_flipped_bit_is_contained_to_its_record_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (file, [_, confirmed, _]) = three_batches(folder.path());
    let octets = fs::read(&file).unwrap();
    for at in 0..confirmed {
        let mut flipped = octets.clone();
        flipped[at] ^= 0x10;
        fs::write(&file, &flipped).unwrap();
        let (log, recovery) = reopen(folder.path(), CONTAIN);
        assert_eq!(recovery.damage.len(), 1, "flip at {at}");
        let lost = recovery.damage[0].sequences.clone();
        assert_eq!(log.next(), 10, "flip at {at}");
        for sequence in 0..10 {
            match log.read(sequence) {
                Ok(record) => assert_eq!(record, payload(sequence)),
                Err(StoreError::Damaged { sequence: named }) => {
                    assert!(named == sequence && lost.contains(&sequence), "flip at {at}");
                }
                Err(other) => panic!("flip at {at}: {other}"),
            }
        }
        let unreadable = log.iter_from(0).filter(Result::is_err).count();
        assert_eq!(u64::try_from(unreadable).unwrap(), lost.end - lost.start);
    }
}

#[test]
fn a_flipped_bit_in_the_last_batch_never_goes_unreported() {
    let folder = tempfile::tempdir().unwrap();
    let (file, [_, confirmed, whole]) = three_batches(folder.path());
    let octets = fs::read(&file).unwrap();
    for at in confirmed..whole {
        let mut flipped = octets.clone();
        flipped[at] ^= 1;
        fs::write(&file, &flipped).unwrap();
        let (log, recovery) = reopen(folder.path(), Options::default());
        let torn = recovery.torn.expect("the tear is reported");
        assert_eq!(torn.offset + torn.octets, u64::try_from(whole).unwrap());
        assert_eq!(log.next() + torn.records + 1, 10, "flip at {at}");
    }
}

#[test]
fn damage_in_a_closed_segment_is_never_taken_for_a_tear() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(folder.path(), SMALL).unwrap();
    for batch in 0..30 {
        append(&mut log, batch * 10..batch * 10 + 10);
    }
    drop(log);
    let files = segments(folder.path());
    let octets = fs::read(&files[0]).unwrap();
    let next_first =
        u64::from_str_radix(&files[1].file_name().unwrap().to_str().unwrap()[..16], 16).unwrap();

    fs::write(&files[0], &octets[..octets.len() - 1]).unwrap();
    assert!(matches!(Log::open(folder.path(), SMALL), Err(StoreError::Corrupt(_))));
    let (log, recovery) = reopen(folder.path(), CONTAIN);
    assert_eq!(recovery.damage[0].sequences, next_first - 1..next_first);
    assert!(matches!(log.read(next_first - 1), Err(StoreError::Damaged { .. })));
    assert_eq!(log.read(next_first).unwrap(), payload(next_first));
    drop(log);

    // A segment that is missing altogether.
    fs::remove_file(&files[1]).unwrap();
    fs::write(&files[0], &octets).unwrap();
    match Log::open(folder.path(), SMALL) {
        Err(StoreError::Corrupt(damage)) => assert_eq!(damage.sequences.start, next_first),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_half_made_segment_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(folder.path(), SMALL).unwrap();
    let identity = log.identity();
    append(&mut log, 0..10);
    drop(log);
    for length in 0..28 {
        let half = folder.path().join(format!("{:016x}-{identity:016x}.segment", 10));
        fs::write(&half, &[7; 28][..length]).unwrap();
        let (log, recovery) = reopen(folder.path(), SMALL);
        assert!(recovery.is_clean() && log.next() == 10, "{length}");
        assert!(!half.exists());
    }
}

#[test]
fn strange_files_and_versions_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(folder.path(), SMALL).unwrap();
    append(&mut log, 0..10);
    let file = segments(folder.path()).remove(0);
    drop(log);

    let strange = folder.path().join("1.segment");
    fs::write(&strange, b"").unwrap();
    assert!(matches!(Log::open(folder.path(), SMALL), Err(StoreError::StrangeFile { .. })));
    fs::remove_file(&strange).unwrap();

    let other = folder.path().join(format!("{:016x}-{:016x}.segment", 10, 1));
    fs::write(&other, b"").unwrap();
    assert!(matches!(Log::open(folder.path(), SMALL), Err(StoreError::StrangeFile { .. })));
    fs::remove_file(&other).unwrap();

    let mut octets = fs::read(&file).unwrap();
    octets[7] = 3;
    let checksum = crc32c::crc32c(&octets[..24]).to_be_bytes();
    octets[24..28].copy_from_slice(&checksum);
    fs::write(&file, &octets).unwrap();
    let refusal = Log::open(folder.path(), CONTAIN);
    assert!(matches!(refusal, Err(StoreError::UnknownVersion { version: 3, .. })), "{refusal:?}");
}

#[test]
fn a_record_inside_a_payload_is_not_found_when_its_host_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(folder.path(), SMALL).unwrap();
    // Whoever does not know the log's identity cannot make checksums that hold.
    let mut forged = Vec::new();
    let strange = Checksum::of(0);
    chappe_store::record::put(&mut forged, strange, (1, 0, true), b"forged");
    log.append(&forged).unwrap();
    log.append(b"true").unwrap();
    log.append(b"last").unwrap();
    drop(log);
    let file = segments(folder.path()).remove(0);
    let mut octets = fs::read(&file).unwrap();
    octets[28] ^= 1;
    fs::write(&file, &octets).unwrap();
    let (log, _) = reopen(folder.path(), CONTAIN);
    assert!(matches!(log.read(0), Err(StoreError::Damaged { .. })));
    assert_eq!(log.read(1).unwrap(), b"true");
}

#[test]
fn discarding_goes_by_whole_segments_and_survives_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = Log::open(folder.path(), SMALL).unwrap();
    for batch in 0..30 {
        append(&mut log, batch * 10..batch * 10 + 10);
    }
    let before = segments(folder.path()).len();
    let first = log.discard_before(150).unwrap();
    assert!(first > 0 && first <= 150);
    assert!(segments(folder.path()).len() < before);
    assert!(matches!(log.read(first - 1), Err(StoreError::NoSuchRecord { .. })));
    drop(log);
    let (mut log, recovery) = reopen(folder.path(), SMALL);
    assert!(recovery.is_clean());
    assert_eq!((recovery.sequences, log.first()), (first..300, first));
    assert_eq!(log.iter_from(0).next().unwrap().unwrap(), (first, payload(first)));
    log.discard_before(u64::MAX).unwrap();
    assert_eq!(log.next(), 300, "the last segment stays, and with it the numbering");
}
