//! Laws of items, envelopes, cards and statements, for arbitrary content and arbitrary octets.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

use chappe_codec::card::Card;
use chappe_codec::chain::{ChainId, Position};
use chappe_codec::envelope::{Envelope, OpenEnvelope, OpenError};
use chappe_codec::id::MessageId;
use chappe_codec::identity::{Identity, Prekeys};
use chappe_codec::item::{Family, Item, Reference, emit_items, parse_items};
use chappe_codec::key::SignKey;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::statement::{BlindingSalt, Claim, Evidence, Statement};
use chappe_codec::time::TimeInterval;
use proptest::prelude::*;

const LIVE: Realm = Realm { mode: Mode::Live, network: 1 };
const EXERCISE: Realm = Realm { mode: Mode::Exercise, network: 1 };

fn identity(number: u8, realm: Realm) -> Identity {
    let mut seed = [number; 112];
    for (index, octet) in seed.iter_mut().enumerate() {
        *octet = octet.wrapping_mul(31).wrapping_add(u8::try_from(index).unwrap());
    }
    let root = SignKey::from_seed(&[number; 32]);
    let prekeys = Prekeys::first(&[number ^ 0xFF; 32], 1_800_000_000);
    Identity::first_device(&root, &seed, prekeys, realm).unwrap()
}

fn reference() -> impl Strategy<Value = Reference> {
    prop_oneof![
        Just(Reference::None),
        Just(Reference::InBody),
        any::<[u8; 32]>().prop_map(|id| Reference::Id(MessageId(id))),
    ]
}

type OwnedItem = (u8, u8, Reference, Vec<u8>);

fn items() -> impl Strategy<Value = Vec<OwnedItem>> {
    let body = proptest::collection::vec(any::<u8>(), 0..200);
    let item = (1_u8..=255, 0_u8..64, reference(), body).prop_map(with_registered_form);
    proptest::collection::vec(item, 1..6)
}

/// A known family and revision has its reference forms (spec/02-item.md, "Families").
fn with_registered_form((family, revision, reference, body): OwnedItem) -> OwnedItem {
    let reference = match (family, revision) {
        (0x01, 0) => Reference::InBody,
        (0x10 | 0x11 | 0x13..=0x18, 0) => Reference::None,
        (0x01, 1) | (0x04, 0) if reference == Reference::InBody => Reference::None,
        _ => reference,
    };
    (family, revision, reference, body)
}

fn borrowed(items: &[OwnedItem]) -> Vec<Item<'_>> {
    items
        .iter()
        .map(|(family, revision, reference, body)| Item {
            family: Family::from_code(*family).unwrap(),
            revision: *revision,
            reference: *reference,
            body,
        })
        .collect()
}

fn position() -> impl Strategy<Value = Position> {
    (any::<u16>(), 0..u32::MAX - 64).prop_map(|(epoch, counter)| Position {
        device: 1,
        epoch,
        counter,
    })
}

proptest! {
    #[test]
    fn items_read_back(items in items()) {
        let items = borrowed(&items);
        let octets = emit_items(&items);
        prop_assert_eq!(parse_items(items.len() > 1, &octets).unwrap(), items);
    }

    #[test]
    fn items_have_one_encoding(several: bool, octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(items) = parse_items(several, &octets) {
            prop_assert_eq!(emit_items(&items), octets);
        }
    }

    #[test]
    fn an_open_envelope_verifies_and_says_the_same(items in items(), first in position()) {
        let author = identity(1, LIVE);
        let items = borrowed(&items);
        let octets = OpenEnvelope::sign(author.signing_key(), author.account(), LIVE, first, &items).unwrap();
        let Envelope::Open(open) = Envelope::parse(&octets).unwrap() else { panic!("not open") };
        prop_assert_eq!(&open.items, &items);
        let opened = open.verify(&author.signer(), LIVE).unwrap();
        let said: Vec<_> = opened.messages().into_iter().map(|message| message.item).collect();
        prop_assert_eq!(said, items);
        prop_assert_eq!(open.verify(&author.signer(), EXERCISE).unwrap_err(), OpenError::BadSignature);
        let stranger = identity(2, LIVE);
        prop_assert_eq!(open.verify(&stranger.signer(), LIVE).unwrap_err(), OpenError::UnknownAccount);
    }

    #[test]
    fn a_changed_open_envelope_never_verifies(items in items(), first in position(), at: prop::sample::Index, bit in 0_u8..8) {
        let author = identity(1, LIVE);
        let mut octets = OpenEnvelope::sign(author.signing_key(), author.account(), LIVE, first, &borrowed(&items)).unwrap();
        let index = at.index(octets.len());
        octets[index] ^= 1 << bit;
        if let Ok(Envelope::Open(open)) = Envelope::parse(&octets) {
            prop_assert!(open.verify(&author.signer(), LIVE).is_err());
        }
    }

    #[test]
    fn arbitrary_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let me = identity(1, LIVE);
        match Envelope::parse(&octets) {
            Ok(Envelope::Open(open)) => prop_assert!(open.verify(&me.signer(), LIVE).is_err()),
            Ok(Envelope::Sealed(_) | Envelope::Unknown { .. }) => {}
            Err(error) => prop_assert!(error.offset <= octets.len()),
        }
        prop_assert!(Card::parse(&octets, LIVE).is_err());
        prop_assert!(Evidence::parse(&octets).is_err() || octets.len() == 159 || octets.len() == 191);
    }

    #[test]
    fn statements_read_back(octets in proptest::collection::vec(any::<u8>(), 158), first in 0_u32..1 << 30) {
        let mut octets = [&[1], &octets[..]].concat();
        octets[18..22].copy_from_slice(&first.to_be_bytes());
        octets[22..24].copy_from_slice(&7_u16.to_be_bytes());
        let statement = Statement::parse(&octets).unwrap();
        prop_assert_eq!(statement.to_bytes().to_vec(), octets);
        prop_assert!(statement.verify(&identity(1, LIVE).signer(), LIVE).is_err());
        prop_assert!(!statement.contradicts(&statement));
        let evidence = Evidence { statement, salt: Some(BlindingSalt([9; 32])) };
        prop_assert_eq!(Evidence::parse(&evidence.to_bytes()).unwrap(), evidence);
    }
}

#[test]
fn a_card_holds_in_its_realm_and_unchanged() {
    let card = identity(1, LIVE).card().clone();
    assert_eq!(Card::parse(&card.to_bytes(), LIVE).unwrap(), card);
    assert!(Card::parse(&card.to_bytes(), EXERCISE).is_err());
    for index in 0..card.to_bytes().len() {
        let mut octets = card.to_bytes();
        octets[index] ^= 1;
        assert!(Card::parse(&octets, LIVE).is_err(), "octet {index}");
    }
}

#[test]
fn a_statement_binds_author_order_and_number_of_messages() {
    let author = identity(1, LIVE);
    let ids: Vec<MessageId> = (0..5).map(|i| MessageId([i; 32])).collect();
    let chain = ChainId::open(LIVE, author.account(), 1, 0);
    let over = |ids: &[MessageId], first| {
        Claim::over(author.account().id(), 1, chain, first, ids, [0; 32], TimeInterval::UNKNOWN)
    };
    let claim = over(&ids, 3).unwrap();
    let statement = claim.clone().sign(author.signing_key(), LIVE).unwrap();
    assert_eq!(statement.verify(&author.signer(), LIVE), Ok(()));
    assert!(statement.verify(&author.signer(), EXERCISE).is_err());
    assert!(statement.verify(&identity(2, LIVE).signer(), LIVE).is_err());
    assert!(claim.holds(&ids));
    assert!(!claim.holds(&ids[..4]));
    let mut swapped = ids.clone();
    swapped.swap(0, 1);
    assert!(!claim.holds(&swapped));
    assert_eq!(over(&[], 0), None);
    assert_eq!(over(&ids, u32::MAX - 3), None);
    assert!(over(&ids, u32::MAX - 4).is_some());
}

#[test]
fn unknown_classes_versions_and_flags_are_kept_for_a_newer_chappe() {
    for first in [0x28, 0x30, 0x38, 0x40, 0x02, 0x1A] {
        let octets = [&[first], &[0; 120][..]].concat();
        assert!(matches!(Envelope::parse(&octets), Ok(Envelope::Unknown { .. })), "{first:#x}");
    }
}
