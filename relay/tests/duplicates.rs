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

#[path = "support/node.rs"]
mod node;
#[path = "support/scripted_store.rs"]
mod scripted_store;
mod support;

use chappe_codec::precedence::Precedence;
use chappe_relay::{Address, AddressKind, Parcel, Reading};
use node::TestNode;
use proptest::prelude::*;
use support::{NOW, TestRelay, secret, topic};

const WEEK: u64 = 7 * 86_400;
const MONTH: u64 = 30 * 86_400;
const FIELD: Address = Address { kind: AddressKind::Topic, octets: [5; 16] };

/// An overheard frame; whoever publishes it chooses the expiry.
fn frame(expiry_seconds: u64) -> Parcel {
    Parcel::new(FIELD, Precedence::Routine, expiry_seconds, vec![7; 100]).unwrap()
}

fn open() -> TestNode {
    let mut node = TestNode::start(NOW);
    node.recover_all();
    node
}

fn again(node: &mut TestNode) {
    node.restart(true);
    node.recover_all();
}

/// Publishes at a time. Whether it was stored as a copy of its own.
fn store(node: &mut TestNode, expiry_seconds: u64, now_seconds: u64) -> bool {
    node.set_seconds(now_seconds);
    let before = node.stored().len();
    let number = node.publish(0, &frame(expiry_seconds));
    node.answer_all();
    assert_eq!(node.outcome(0, Precedence::Routine, number), Some(Ok(())));
    node.stored().len() > before
}

/// The expiries of the copies given out.
fn live(node: &mut TestNode, now_seconds: u64) -> Vec<u64> {
    node.set_seconds(now_seconds);
    let number = node.fetch(1, Precedence::Routine, FIELD, 0, 256);
    node.answer_all();
    let read = node.read(1, Precedence::Routine, number);
    assert!(read.end.is_some());
    read.given.iter().map(|(_, parcel)| parcel.expiry_seconds()).collect()
}

#[test]
fn a_copy_with_a_second_to_live_does_not_keep_out_the_one_meant_to_stay() {
    let mut node = open();
    assert!(store(&mut node, NOW + 1, NOW));
    assert!(store(&mut node, NOW + WEEK, NOW));
    assert_eq!(live(&mut node, NOW), [NOW + 1, NOW + WEEK]);
    assert_eq!(live(&mut node, NOW + 1), [NOW + WEEK]);
    // Nor does one that comes afterwards.
    assert!(!store(&mut node, NOW + 2, NOW + 1));
    assert!(!store(&mut node, NOW + WEEK, NOW + 1));
}

#[test]
fn the_same_holds_within_one_batch() {
    let mut node = open();
    let lives = [1, WEEK, 2 * WEEK, 1, 2 * WEEK + 1];
    for life in lives {
        node.publish(0, &frame(NOW + life));
    }
    assert_eq!(node.stored(), []);
    node.answer_all();
    let expiries: Vec<u64> = node.stored().iter().map(Parcel::expiry_seconds).collect();
    assert_eq!(expiries, [NOW + 1, NOW + WEEK, NOW + 2 * WEEK + 1]);
    assert_eq!(live(&mut node, NOW), [NOW + 1, NOW + WEEK, NOW + 2 * WEEK + 1]);
}

#[test]
fn honest_repetitions_are_duplicates_until_half_the_life_is_over() {
    let mut node = open();
    assert!(store(&mut node, NOW + WEEK, NOW));
    for seconds in [0, 1, 10, 3600, WEEK / 2] {
        assert!(!store(&mut node, NOW + seconds + WEEK, NOW + seconds), "{seconds} s later");
    }
    assert!(store(&mut node, NOW + WEEK / 2 + 1 + WEEK, NOW + WEEK / 2 + 1));
}

#[test]
fn a_node_opened_again_decides_alike() {
    let mut node = open();
    for (expiry, is_new) in [
        (NOW + 1, true),
        (NOW + WEEK, true),
        (NOW + 2 * WEEK, false),
        (NOW + 1, false),
        (NOW + 2 * WEEK + 1, true),
    ] {
        assert_eq!(store(&mut node, expiry, NOW), is_new, "{expiry}");
        again(&mut node);
    }
    assert_eq!(live(&mut node, NOW).len(), 3);
}

#[test]
fn the_short_copy_that_is_gone_leaves_the_long_one_in_charge() {
    let mut node = open();
    assert!(store(&mut node, NOW + 1, NOW));
    assert!(store(&mut node, NOW + WEEK, NOW));
    assert_eq!(live(&mut node, NOW + 1), [NOW + WEEK]);
    assert!(!store(&mut node, NOW + 1 + WEEK, NOW + 1));
}

#[test]
fn no_more_than_21_copies_can_be_made_to_live() {
    let mut node = open();
    let mut life = 1;
    while life <= MONTH {
        assert!(store(&mut node, NOW + life, NOW), "{life}");
        // The least that is no duplicate.
        assert!(life * 2 > MONTH || !store(&mut node, NOW + life * 2, NOW), "{life}");
        life = life * 2 + 1;
    }
    assert!(!store(&mut node, NOW + MONTH, NOW));
    assert_eq!(live(&mut node, NOW).len(), 21);
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
        let mut node = open();
        let mut now = NOW;
        for (pause, bits, odd, is_restarted) in publishes {
            // Lives of every order of magnitude.
            let life = ((1 << bits) + odd % (1 << bits)).min(MONTH);
            now += pause * (odd % MONTH) / 8;
            if is_restarted {
                again(&mut node);
            }
            store(&mut node, now + life, now);
            let live = live(&mut node, now);
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
