//! Prekeys over time (spec/11-session.md, "Life of a prekey").

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

use chappe_codec::account::Account;
use chappe_codec::home::HomeRelays;
use chappe_codec::identity::{Directory, Identity, Prekeys};
use chappe_codec::key::SignKey;
use chappe_codec::key_store::KeyStore;
use chappe_codec::limits::{
    PREKEY_AFTER_EXPIRY_SECONDS, PREKEY_LIFE_SECONDS, PREKEY_RENEWAL_SECONDS, PREKEYS_MAX,
};
use chappe_codec::realm::{Mode, Realm};
use proptest::prelude::*;
use std::collections::BTreeMap;

const LIVE: Realm = Realm { mode: Mode::Live, network: 1 };
const DAY: u64 = 86_400;
const BEGIN: u64 = 1_800_000_000;

/// A seed of its own for each number.
fn seed(number: u64) -> [u8; 32] {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    seed
}

/// What a program does whenever it looks.
fn look(prekeys: &mut Prekeys, number: u64, now: u64) {
    if prekeys.is_due(now) {
        prekeys.renew(&seed(number), now);
    }
    prekeys.destroy_ended(now);
}

fn assert_in_order(prekeys: &Prekeys) {
    let public = prekeys.public();
    assert!((1..=PREKEYS_MAX).contains(&public.len()));
    assert!(public.windows(2).all(|pair| pair[0].1 > pair[1].1), "{public:?}");
    assert_eq!(public[0], (prekeys.present(), prekeys.expiry()));
}

proptest! {
    /// However long and unevenly it looks: the card it gives out then is good for half a life, and
    /// nothing that was given out by the clock alone goes before 45 days.
    #[test]
    fn by_the_clock_alone(pauses in proptest::collection::vec(0..60 * DAY, 1..40)) {
        let mut now = BEGIN;
        let mut prekeys = Prekeys::first(&seed(0), now);
        let mut made = BTreeMap::from([(prekeys.present(), now)]);
        for (number, pause) in (1..).zip(pauses) {
            now += pause;
            let before = prekeys.public();
            look(&mut prekeys, number, now);
            assert_in_order(&prekeys);
            prop_assert!(prekeys.expiry() >= now + PREKEY_RENEWAL_SECONDS);
            prop_assert!(prekeys.expiry() <= now + PREKEY_LIFE_SECONDS);
            made.entry(prekeys.present()).or_insert(now);
            let left: Vec<[u8; 32]> = prekeys.public().into_iter().map(|(key, _)| key).collect();
            for (gone, expiry) in before.into_iter().filter(|(key, _)| !left.contains(key)) {
                prop_assert!(now > made[&gone] + 45 * DAY);
                prop_assert!(now > expiry + 15 * DAY);
            }
            for (_, expiry) in prekeys.public() {
                prop_assert!(now <= expiry + PREKEY_AFTER_EXPIRY_SECONDS);
            }
            // Looking once more changes nothing.
            let once = prekeys.clone();
            look(&mut prekeys, u64::MAX, now);
            prop_assert_eq!(&prekeys, &once);
        }
    }

    /// Whatever an owner or a flood replaces, and whatever the clock does: a reader takes each new card
    /// in and no older one after it.
    #[test]
    fn every_new_card_counts_and_no_old_one(
        steps in proptest::collection::vec((0..3 * 365 * DAY, 0_u8..4), 1..12),
    ) {
        let root = SignKey::from_seed(&[9; 32]);
        let first = Prekeys::first(&seed(0), BEGIN);
        let mut identity = Identity::first_device(&root, &[8; 112], first, LIVE).unwrap();
        let account = Account::of_key(&root.public());
        let mut reader = Directory::new(LIVE);
        reader.know(account).unwrap();
        let mut cards = vec![identity.card().clone()];
        reader.take_card(&cards[0].to_bytes()).unwrap();
        for (number, (time, what)) in (1..).zip(steps) {
            let mut prekeys = identity.prekeys().clone();
            // A clock that jumps back and forth, or is not there.
            let now = if what == 0 { 0 } else { BEGIN + time };
            prekeys.renew(&seed(number), now);
            if what == 1 {
                prop_assert!(prekeys.destroy_former() > 0);
            }
            assert_in_order(&prekeys);
            identity = identity.renewed(prekeys, HomeRelays::NONE, LIVE).unwrap();
            let (_, changes) = reader.take_card(&identity.card().to_bytes()).unwrap();
            prop_assert_eq!(changes.len(), 1);
            for old in &cards {
                prop_assert!(reader.take_card(&old.to_bytes()).unwrap().1.is_empty());
            }
            prop_assert_eq!(reader.card(&account, 1), Some(identity.card()));
            prop_assert_eq!(identity.keys().prekeys().len(), identity.prekeys().count());
            prop_assert_eq!(identity.keys().prekeys()[0], *identity.card().prekey());
            cards.push(identity.card().clone());
        }
    }
}

#[test]
fn the_edges_of_a_life() {
    let mut prekeys = Prekeys::first(&seed(0), BEGIN);
    assert_eq!(prekeys.expiry(), BEGIN + 30 * DAY);
    assert!(!prekeys.is_due(BEGIN + 15 * DAY));
    assert!(prekeys.is_due(BEGIN + 15 * DAY + 1));
    // The present one is never destroyed, however old: there is no other.
    assert_eq!(prekeys.destroy_ended(u64::MAX), 0);
    prekeys.renew(&seed(1), BEGIN + 20 * DAY);
    assert_eq!(prekeys.destroy_ended(BEGIN + 120 * DAY), 0);
    assert_eq!(prekeys.destroy_ended(BEGIN + 120 * DAY + 1), 1);
    // Twice in a second: the second one expires later all the same.
    let before = prekeys.expiry();
    prekeys.renew(&seed(2), BEGIN);
    assert_eq!(prekeys.expiry(), before + 1);
}

#[test]
fn no_seed_is_shown() {
    let shown = format!("{:?}", Prekeys::first(&[0xAB; 32], BEGIN));
    assert!(!shown.to_lowercase().contains("abab"), "{shown}");
    assert!(!shown.contains("171"), "{shown}");
}
