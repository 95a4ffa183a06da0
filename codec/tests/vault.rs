//! Laws of what is sealed on disk: it opens as it was written, in its own place and nowhere else, and
//! nothing that was changed opens at all.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

use chappe_codec::error::ErrorKind;
use chappe_codec::vault::{
    Area, Bounds, PAGE_FILE_OCTETS, Page, PageKey, Place, RECORD_OVERHEAD_OCTETS, RecordKey,
    SLOTS_OCTETS, SlotContent, StretchedKey, VAULT_OCTETS, Vault, VaultError, Work, WrappingKey,
    sealed_file, slot_offset,
};
use proptest::prelude::*;
use zeroize::Zeroizing;

const CHEAP: Work = Work { memory_kib: 32, passes: 1, lanes: 1 };
const BOUNDS: Bounds = Bounds { least: CHEAP, most: Bounds::SPECIFIED.most };

fn key(octet: u8) -> WrappingKey {
    WrappingKey::new(Zeroizing::new([octet; 32]))
}

fn stretched(octet: u8) -> StretchedKey {
    StretchedKey::new(Zeroizing::new([octet; 32]))
}

fn content(area: Area, decoy: bool) -> SlotContent {
    SlotContent { key: key(7), decoy, area, kept: area.bit() }
}

fn page(generation: u64) -> Page {
    Page { serial: 5, generation, generation_key: Zeroizing::new([3; 32]), first: 2, reserved: 100 }
}

fn area() -> impl Strategy<Value = Area> {
    (0_u8..4).prop_map(|number| Area::new(number).unwrap())
}

fn noise() -> impl Strategy<Value = [u8; SLOTS_OCTETS]> {
    proptest::collection::vec(any::<u8>(), SLOTS_OCTETS)
        .prop_map(|octets| octets.try_into().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 64 }, ..ProptestConfig::default() })]

    #[test]
    fn a_slot_opens_for_its_passphrase_in_its_place_alone(
        noise in noise(), area in area(), second: bool, decoy: bool, at: prop::sample::Index, bit in 0_u8..8,
    ) {
        let mut vault = Vault::empty(CHEAP, [9; 16], &noise);
        prop_assert_eq!(vault.open(&stretched(1)).unwrap_err(), VaultError::BadTag);
        let slot = area.slots()[usize::from(second)];
        let octets = vault.put(&stretched(1), slot, &content(area, decoy), [4; 12]).unwrap();
        let file = vault.to_octets();
        prop_assert_eq!(file.len(), VAULT_OCTETS);
        prop_assert_eq!(&file[slot_offset(slot)..][..512], &octets);

        let read = Vault::parse(&file, &BOUNDS).unwrap();
        let unlocked = read.open(&stretched(1)).unwrap();
        prop_assert_eq!((unlocked.slot, unlocked.content.area), (slot, area));
        prop_assert_eq!((unlocked.content.decoy, unlocked.content.kept), (decoy, area.bit()));
        prop_assert_eq!(read.open(&stretched(2)).unwrap_err(), VaultError::BadTag);

        // Changed in the slot or in the header, moved to another slot: it does not open.
        let mut changed = file.clone();
        let index = slot_offset(slot) + at.index(512);
        changed[index] ^= 1 << bit;
        prop_assert_eq!(Vault::parse(&changed, &BOUNDS).unwrap().open(&stretched(1)).unwrap_err(), VaultError::BadTag);
        let mut changed = file.clone();
        changed[20 + at.index(16)] ^= 1 << bit;
        prop_assert_eq!(Vault::parse(&changed, &BOUNDS).unwrap().open(&stretched(1)).unwrap_err(), VaultError::BadTag);
        let mut moved = Vault::empty(CHEAP, [9; 16], &noise);
        moved.fill((slot + 1) % 8, octets);
        prop_assert_eq!(moved.open(&stretched(1)).unwrap_err(), VaultError::BadTag);
    }

    #[test]
    fn a_page_opens_in_its_journal_area_and_place_alone(
        area in area(), second: bool, noise: [u8; 32], at: prop::sample::Index, bit in 0_u8..8,
    ) {
        let pages = PageKey::new(&key(1), area, "sent");
        let place = if second { Place::Second } else { Place::First };
        let mut file = noise.repeat(PAGE_FILE_OCTETS / 32);
        file[place.offset()..][..512].copy_from_slice(&pages.seal(&page(0), place, [8; 12]).unwrap());
        let placed = pages.open(&file).unwrap();
        prop_assert_eq!((&placed.page, placed.place, placed.is_other_open), (&page(0), place, false));

        prop_assert_eq!(PageKey::new(&key(2), area, "sent").open(&file), Err(VaultError::BadTag));
        prop_assert_eq!(PageKey::new(&key(1), area, "received").open(&file), Err(VaultError::BadTag));
        let elsewhere = Area::new((area.number() + 1) % 4).unwrap();
        prop_assert_eq!(PageKey::new(&key(1), elsewhere, "sent").open(&file), Err(VaultError::BadTag));
        let mut swapped = file[512..].to_vec();
        swapped.extend_from_slice(&file[..512]);
        prop_assert_eq!(pages.open(&swapped), Err(VaultError::BadTag));
        file[place.offset() + at.index(512)] ^= 1 << bit;
        prop_assert_eq!(pages.open(&file), Err(VaultError::BadTag));
    }

    #[test]
    fn a_record_opens_at_its_number_in_its_generation_journal_and_area_alone(
        octets in proptest::collection::vec(any::<u8>(), 0..200),
        opening: [u8; 4], number: u64, area in area(), at: prop::sample::Index, bit in 0_u8..8,
    ) {
        let records = RecordKey::new(&page(1), area, "sent");
        let sealed = records.seal(opening, number, &octets).unwrap();
        prop_assert_eq!(sealed.len(), (octets.len() + 1).next_multiple_of(64) + RECORD_OVERHEAD_OCTETS);
        prop_assert_eq!(&*records.open(number, &sealed).unwrap(), &octets);

        let refused = |key: &RecordKey, number, sealed: &[u8]| key.open(number, sealed).unwrap_err();
        prop_assert_eq!(refused(&records, number ^ 1, &sealed), VaultError::BadTag);
        let other = Area::new((area.number() + 1) % 4).unwrap();
        for key in [
            RecordKey::new(&page(2), area, "sent"),
            RecordKey::new(&page(1), area, "received"),
            RecordKey::new(&page(1), other, "sent"),
        ] {
            prop_assert_eq!(refused(&key, number, &sealed), VaultError::BadTag);
        }
        let mut changed = sealed.clone();
        changed[at.index(sealed.len())] ^= 1 << bit;
        prop_assert_eq!(refused(&records, number, &changed), VaultError::BadTag);
        let cut = &sealed[..sealed.len() - 1 - at.index(63)];
        let Err(VaultError::Decode(error)) = records.open(number, cut) else { panic!("opened") };
        prop_assert_eq!(error.kind, ErrorKind::Truncated);
    }

    #[test]
    fn a_sealed_file_opens_under_its_name_alone(
        octets in proptest::collection::vec(any::<u8>(), 0..9000),
        area in area(), at: prop::sample::Index, bit in 0_u8..8,
    ) {
        let file = sealed_file::seal(&key(1), area, "contacts", [2; 12], &octets).unwrap();
        prop_assert!(file.len().is_multiple_of(4096));
        prop_assert!(file.len() < octets.len() + 32 + 4096);
        prop_assert_eq!(&*sealed_file::open(&key(1), area, "contacts", &file).unwrap(), &octets);
        let refused = |key: &WrappingKey, area, name| sealed_file::open(key, area, name, &file).unwrap_err();
        let other = Area::new((area.number() + 1) % 4).unwrap();
        prop_assert_eq!(refused(&key(2), area, "contacts"), VaultError::BadTag);
        prop_assert_eq!(refused(&key(1), area, "settings"), VaultError::BadTag);
        prop_assert_eq!(refused(&key(1), other, "contacts"), VaultError::BadTag);
        let mut changed = file.clone();
        changed[at.index(file.len())] ^= 1 << bit;
        prop_assert_eq!(sealed_file::open(&key(1), area, "contacts", &changed), Err(VaultError::BadTag));
    }

    #[test]
    fn arbitrary_octets_are_refused(octets in proptest::collection::vec(any::<u8>(), 0..5000)) {
        prop_assert!(Vault::parse(&octets, &BOUNDS).is_err());
        prop_assert!(PageKey::new(&key(1), Area::new(0).unwrap(), "sent").open(&octets).is_err());
        prop_assert!(RecordKey::new(&page(0), Area::new(0).unwrap(), "sent").open(0, &octets).is_err());
        prop_assert!(sealed_file::open(&key(1), Area::new(0).unwrap(), "x", &octets).is_err());
    }
}

#[test]
fn of_two_pages_the_newer_counts() {
    let area = Area::new(1).unwrap();
    let pages = PageKey::new(&key(1), area, "sent");
    let newer = Page { serial: 6, ..page(1) };
    for (newer_place, older_place) in [(Place::First, Place::Second), (Place::Second, Place::First)]
    {
        let mut file = vec![0; PAGE_FILE_OCTETS];
        for (page, place) in [(&page(0), older_place), (&newer, newer_place)] {
            let octets = pages.seal(page, place, [8; 12]).unwrap();
            file[place.offset()..][..512].copy_from_slice(&octets);
        }
        let placed = pages.open(&file).unwrap();
        assert_eq!((&placed.page, placed.place, placed.is_other_open), (&newer, newer_place, true));
    }
}

#[test]
fn what_is_missing_at_an_end_is_seen() {
    let page = page(0);
    assert_eq!(page.check(2, 36), Ok(()));
    assert_eq!(page.check(0, 100), Ok(()));
    assert_eq!(page.check(3, 100), Err(VaultError::Cut));
    assert_eq!(page.check(2, 35), Err(VaultError::Cut));
    assert!(matches!(page.check(2, 101), Err(VaultError::Decode(_))));
}

#[test]
#[cfg_attr(miri, ignore)] // 64 MiB of work
fn a_passphrase_opens_a_new_file_and_another_does_not() {
    let mut vault = Vault::empty(Work::RECOMMENDED, [9; 16], &[1; SLOTS_OCTETS]);
    let key = vault.stretch("correct horse".as_bytes()).unwrap();
    let area = Area::new(2).unwrap();
    vault.put(&key, 5, &content(area, true), [4; 12]).unwrap();
    let read = Vault::parse(&vault.to_octets(), &Bounds::SPECIFIED).unwrap();
    let key = read.stretch("correct horse".as_bytes()).unwrap();
    assert!(read.open(&key).unwrap().content.decoy);
    let key = read.stretch("correct  horse".as_bytes()).unwrap();
    assert_eq!(read.open(&key).unwrap_err(), VaultError::BadTag);
}

#[test]
fn keys_are_not_shown() {
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        key(0x5A),
        stretched(0x5A),
        SlotContent { key: key(0x5A), ..content(Area::new(0).unwrap(), false) },
        Page { generation_key: Zeroizing::new([0x5A; 32]), ..page(0) },
    );
    assert!(!shown.contains("90") && !shown.to_lowercase().contains("5a"), "{shown}");
}
