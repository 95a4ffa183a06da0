//! Records read back, and arbitrary octets are never taken for one.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use chappe_store::limits::{SEGMENT_OCTETS_MIN, SEQUENCE_MAX};
use chappe_store::record::{self, Checksum, RECORD_HEADER_OCTETS};
use chappe_store::{Log, OnCorruption, Options};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_record_reads_back(
        identity: u64,
        sequence in u64::from(u16::MAX)..=SEQUENCE_MAX,
        position: u16,
        ends_group: bool,
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        behind in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let checksum = Checksum::of(identity);
        let mut octets = Vec::new();
        record::put(&mut octets, checksum, (sequence, position, ends_group), &payload);
        prop_assert_eq!(octets.len(), RECORD_HEADER_OCTETS + payload.len());
        octets.extend_from_slice(&behind);
        let (header, found) = record::find(checksum, &octets).unwrap();
        prop_assert_eq!((header.sequence, header.position), (sequence, position));
        prop_assert_eq!(header.ends_group, ends_group);
        prop_assert_eq!(header.batch(), sequence - u64::from(position));
        prop_assert_eq!(found, &payload[..]);
        prop_assert_eq!(record::find(Checksum::of(identity ^ 1), &octets), None);
    }

    #[test]
    fn one_wrong_bit_is_noticed(
        payload in proptest::collection::vec(any::<u8>(), 0..100),
        at: prop::sample::Index,
        bit in 0..8_u32,
    ) {
        let mut octets = Vec::new();
        let checksum = Checksum::of(7);
        record::put(&mut octets, checksum, (9, 0, true), &payload);
        let at = at.index(octets.len());
        octets[at] ^= 1 << bit;
        prop_assert_eq!(record::find(checksum, &octets), None);
    }

    #[test]
    fn zeros_are_no_record(identity: u64, length in 0..100_usize) {
        let zeros = vec![0; length];
        prop_assert_eq!(record::find(Checksum::of(identity), &zeros), None);
    }

    #[test]
    fn arbitrary_octets_are_no_record(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(record::find(Checksum::of(3), &octets), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_damage_loses_only_what_it_reports(
        batches in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 1..6), 2..8),
        at: prop::sample::Index,
        junk in proptest::collection::vec(any::<u8>(), 1..200),
        which: prop::sample::Index,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options =
            Options { segment_octets: SEGMENT_OCTETS_MIN, on_corruption: OnCorruption::Contain };
        let (mut log, _) = Log::open(folder.path(), options).unwrap();
        let mut written = Vec::new();
        for batch in &batches {
            let slices: Vec<_> = batch.iter().map(Vec::as_slice).collect();
            log.append_batch(&slices).unwrap();
            written.extend(batch.iter().cloned());
        }
        drop(log);
        let mut files: Vec<_> = std::fs::read_dir(folder.path()).unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some())
            .collect();
        files.sort();
        let file = &files[which.index(files.len())];
        let mut octets = std::fs::read(file).unwrap();
        let at = at.index(octets.len());
        for (to, from) in octets[at..].iter_mut().zip(&junk) {
            *to = *from;
        }
        std::fs::write(file, &octets).unwrap();

        let (log, recovery) = Log::open(folder.path(), options).unwrap();
        let torn = recovery.torn.as_ref().is_some_and(|torn| torn.octets > 0);
        prop_assert!(torn || log.next() == u64::try_from(written.len()).unwrap());
        for (sequence, record) in (0..log.next()).zip(&written) {
            match log.read(sequence) {
                Ok(read) => prop_assert_eq!(&read, record),
                Err(_) => prop_assert!(
                    recovery.damage.iter().any(|damage| damage.sequences.contains(&sequence))
                ),
            }
        }
    }
}
