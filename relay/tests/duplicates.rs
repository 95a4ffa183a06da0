//! When a parcel counts as a duplicate (spec/06-relay.md, "Parcel").

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod support;

use chappe_codec::precedence::Precedence;
use chappe_relay::node::{Node, Stored};
use chappe_relay::{Address, AddressKind, Parcel, Reading};
use chappe_store::Options;
use proptest::prelude::*;
use support::{NOW, TestRelay, secret, topic};
use tempfile::TempDir;

const WEEK: u64 = 7 * 86_400;
const MONTH: u64 = 30 * 86_400;
const FIELD: Address = Address { kind: AddressKind::Topic, octets: [5; 16] };

/// An overheard frame; whoever publishes it chooses the expiry.
fn frame(expiry_seconds: u64) -> Parcel {
    Parcel::new(FIELD, Precedence::Routine, expiry_seconds, vec![7; 100]).unwrap()
}

fn open(folder: &TempDir) -> Node {
    Node::open(folder.path(), Options::default()).unwrap().0
}

fn store(node: &mut Node, expiry_seconds: u64, now_seconds: u64) -> bool {
    match one(node.commit(&[frame(expiry_seconds)], now_seconds).0).unwrap() {
        Stored::New { .. } => true,
        Stored::Duplicate => false,
    }
}

fn one<T>(answers: Vec<T>) -> T {
    assert_eq!(answers.len(), 1);
    answers.into_iter().next().unwrap()
}

/// The expiries of the copies given out.
fn live(node: &Node, now_seconds: u64) -> Vec<u64> {
    let page = node.fetch(&FIELD, 0, 256, now_seconds).unwrap();
    page.parcels.iter().map(|(_, octets)| Parcel::parse(octets).unwrap().expiry_seconds()).collect()
}

#[test]
fn a_copy_with_a_second_to_live_does_not_keep_out_the_one_meant_to_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = open(&folder);
    assert!(store(&mut node, NOW + 1, NOW));
    assert!(store(&mut node, NOW + WEEK, NOW));
    assert_eq!(live(&node, NOW), [NOW + 1, NOW + WEEK]);
    assert_eq!(live(&node, NOW + 1), [NOW + WEEK]);
    // Nor does one that comes afterwards.
    assert!(!store(&mut node, NOW + 2, NOW + 1));
    assert!(!store(&mut node, NOW + WEEK, NOW + 1));
}

#[test]
fn the_same_holds_within_one_batch() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = open(&folder);
    let lives = [1, WEEK, 2 * WEEK, 1, 2 * WEEK + 1];
    let batch: Vec<Parcel> = lives.iter().map(|life| frame(NOW + life)).collect();
    let (answers, error) = node.commit(&batch, NOW);
    assert!(error.is_none());
    let is_new = answers.iter().map(|answer| matches!(answer, Ok(Stored::New { .. })));
    assert_eq!(is_new.collect::<Vec<_>>(), [true, true, false, false, true]);
    assert_eq!(live(&node, NOW), [NOW + 1, NOW + WEEK, NOW + 2 * WEEK + 1]);
}

#[test]
fn honest_repetitions_are_duplicates_until_half_the_life_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = open(&folder);
    assert!(store(&mut node, NOW + WEEK, NOW));
    for seconds in [0, 1, 10, 3600, WEEK / 2] {
        assert!(!store(&mut node, NOW + seconds + WEEK, NOW + seconds), "{seconds} s later");
    }
    assert!(store(&mut node, NOW + WEEK / 2 + 1 + WEEK, NOW + WEEK / 2 + 1));
}

#[test]
fn a_node_opened_again_decides_alike() {
    let folder = tempfile::tempdir().unwrap();
    assert!(store(&mut open(&folder), NOW + 1, NOW));
    assert!(store(&mut open(&folder), NOW + WEEK, NOW));
    assert!(!store(&mut open(&folder), NOW + 2 * WEEK, NOW));
    assert!(!store(&mut open(&folder), NOW + 1, NOW));
    assert!(store(&mut open(&folder), NOW + 2 * WEEK + 1, NOW));
    assert_eq!(live(&open(&folder), NOW).len(), 3);
}

#[test]
fn discarding_the_short_copy_leaves_the_long_one_in_charge() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = open(&folder);
    assert!(store(&mut node, NOW + 1, NOW));
    assert!(store(&mut node, NOW + WEEK, NOW));
    node.discard_expired(NOW + 1).unwrap();
    assert_eq!(live(&node, NOW + 1), [NOW + WEEK]);
    assert!(!store(&mut node, NOW + 1 + WEEK, NOW + 1));
}

#[test]
fn no_more_than_21_copies_can_be_made_to_live() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = open(&folder);
    let mut life = 1;
    while life <= MONTH {
        assert!(store(&mut node, NOW + life, NOW), "{life}");
        // The least that is no duplicate.
        assert!(life * 2 > MONTH || !store(&mut node, NOW + life * 2, NOW), "{life}");
        life = life * 2 + 1;
    }
    assert!(!store(&mut node, NOW + MONTH, NOW));
    assert_eq!(live(&node, NOW).len(), 21);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever others publish, and whenever.
    #[test]
    fn what_is_acknowledged_waits_half_as_long_as_asked_and_copies_stay_few(
        publishes in proptest::collection::vec(
            (0..3_u64, 0..22_u32, any::<u64>(), any::<bool>()), 1..60,
        ),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut node = open(&folder);
        let mut now = NOW;
        for (pause, bits, odd, is_restarted) in publishes {
            // Lives of every order of magnitude.
            let life = ((1 << bits) + odd % (1 << bits)).min(MONTH);
            now += pause * (odd % MONTH) / 8;
            if is_restarted {
                drop(node);
                node = open(&folder);
            }
            store(&mut node, now + life, now);
            let live = live(&node, now);
            prop_assert!(live.iter().any(|expiry| (expiry - now) * 2 >= life), "{live:?} {life}");
            prop_assert!(live.len() <= 21, "{live:?}");
        }
    }
}

#[tokio::test]
async fn whoever_overhears_a_frame_cannot_make_the_gateways_parcel_vanish() {
    let relay = TestRelay::start().await;
    let eavesdropper = relay.connect(&secret(1)).await.unwrap();
    let gateway = relay.connect(&secret(2)).await.unwrap();
    let reader = relay.connect(&secret(3)).await.unwrap();
    let expiring =
        |expiry| Parcel::new(topic("field"), Precedence::Routine, expiry, vec![1, 2, 3]).unwrap();
    let mut subscription = reader.subscribe(Reading::all(topic("field"))).await.unwrap();
    eavesdropper.publish(expiring(NOW + 1)).await.unwrap();
    gateway.publish(expiring(NOW + WEEK)).await.unwrap();
    gateway.publish(expiring(NOW + WEEK)).await.unwrap();
    gateway.publish(support::parcel(topic("field"), 9)).await.unwrap();
    // Who listens gets both copies, in order.
    for expected in [expiring(NOW + 1), expiring(NOW + WEEK), support::parcel(topic("field"), 9)] {
        assert_eq!(subscription.next().await.unwrap().parcel, expected);
    }
    relay.set_clock(NOW + 2);
    let page = reader.fetch(Reading::all(topic("field")), 9).await.unwrap();
    assert_eq!(page.deliveries[0].parcel, expiring(NOW + WEEK));
    assert_eq!(page.deliveries.len(), 2);
    relay.stop().await;
}
