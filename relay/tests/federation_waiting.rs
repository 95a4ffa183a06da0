//! What waits for peers: where it goes when one puts it off, when a peer is left alone, and what the disk knows.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "support/field.rs"]
mod field;
#[path = "support/scripted_store.rs"]
mod scripted_store;

use chappe_codec::precedence::Precedence;
use chappe_relay::Address;
use chappe_relay::federation::QueueName;
use chappe_relay::limits::PEER_PUT_OFF_MAX;
use field::{Field, Step};

const TRY_LATER: u8 = 0;
const TAKEN: u8 = 9;

#[test]
fn what_one_home_puts_off_goes_to_the_next_that_is_reached() {
    let mut field = Field::reached();
    field.send(0b111, Precedence::Routine);
    assert_eq!(field.under_way(0, QueueName::Rest), [0]);
    field.says(0, TRY_LATER);
    assert_eq!(field.under_way(1, QueueName::Rest), [0]);
    field.take(&Step::Lose { peer: 2 });
    field.says(1, TRY_LATER);
    // All that are reached have put it off: it waits, and then goes round again.
    let under_way = |field: &Field| -> usize {
        (0..3).map(|peer| field.under_way(peer, QueueName::Rest).len()).sum()
    };
    assert_eq!(under_way(&field), 0);
    field.wait(2);
    field.take(&Step::Read { queue: true, is_read: true });
    assert_eq!(under_way(&field), 1);
    assert_eq!(field.has[2].len(), 0);
    // A FLASH is owed to all: what one puts off waits for that one.
    field.send(0b011, Precedence::Flash);
    field.take(&Step::Answer { peer: 0, which: 0, answer: TRY_LATER });
    assert_eq!(field.under_way(1, QueueName::Flash), [1]);
    field.heal();
    field.check_promises();
}

#[test]
fn a_peer_that_takes_nothing_is_left_alone_and_asked_again_with_one() {
    let mut field = Field::reached();
    for _ in 0..20 {
        field.send(0b001, Precedence::Routine);
    }
    let limit = usize::try_from(PEER_PUT_OFF_MAX).unwrap();
    assert_eq!(field.under_way(0, QueueName::Rest).len(), 20);
    (0..20).for_each(|_| field.says(0, TRY_LATER));
    field.send(0b001, Precedence::Routine);
    assert!(limit < 20 && field.under_way(0, QueueName::Rest).is_empty());
    // FLASH is another matter.
    field.send(0b001, Precedence::Flash);
    assert_eq!(field.under_way(0, QueueName::Flash).len(), 1);
    let mut asked = Vec::new();
    for second in 0..120_u64 {
        field.wait(1);
        field.take(&Step::Read { queue: true, is_read: true });
        let under_way = field.under_way(0, QueueName::Rest).len();
        assert!(under_way <= 1, "{under_way} at once");
        if under_way == 1 {
            asked.push(second);
            field.says(0, TRY_LATER);
        }
    }
    let pauses: Vec<u64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(asked.len() >= 4 && asked.len() <= 10, "{asked:?}");
    assert!(pauses.last() > pauses.first(), "{pauses:?}");
    field.heal();
    field.check_promises();
}

#[test]
fn a_relay_that_ends_in_peace_sends_nothing_again() {
    let mut field = Field::reached();
    for _ in 0..5 {
        field.send(0b001, Precedence::Routine);
    }
    (0..5).for_each(|_| field.says(0, TAKEN));
    let mut looks = 0;
    while field.federation.save_all() {
        field.take(&Step::Append { queue: true, is_stored: true });
        looks += 1;
        assert!(looks < 10);
    }
    assert_eq!(sent_after_a_kill(&mut field), [0_u64; 0]);
    assert_eq!(field.federation.waiting(), [0, 0]);
}

/// So many parcels for one home, each taken by it: more than a queue's log may hold before it is compacted.
fn sent_and_taken(field: &mut Field) {
    for _ in 0..12 {
        field.send(0b001, Precedence::Routine);
        field.says(0, TAKEN);
    }
}

/// The relay is killed; what it reads of its disks afterwards, and sends to the first peer.
fn sent_after_a_kill(field: &mut Field) -> Vec<u64> {
    field.kill(0);
    for queue in [false, true] {
        field.take(&Step::Tell { queue, count: 100 });
        field.take(&Step::Tell { queue, count: 100 });
    }
    field.take(&Step::Connect { peer: 0 });
    field.take(&Step::Read { queue: true, is_read: true });
    field.under_way(0, QueueName::Rest)
}

#[test]
fn what_tells_everything_does_so_before_anything_is_given_back() {
    let mut field = Field::reached();
    // The oldest stays: so nothing behind it goes before there is a compaction.
    field.take(&Step::Lose { peer: 2 });
    field.send(0b100, Precedence::Routine);
    sent_and_taken(&mut field);
    field.wait(1);
    field.take(&Step::Append { queue: true, is_stored: true });
    // Nothing was compacted yet: all parcels are still on the disk.
    assert!(field.disks[1].disk().records.len() > 12);
    assert_eq!(sent_after_a_kill(&mut field), [0_u64; 0]);
}

#[test]
fn where_telling_everything_fails_it_is_told_later() {
    let mut field = Field::reached();
    // As above.
    field.take(&Step::Lose { peer: 2 });
    field.send(0b100, Precedence::Routine);
    sent_and_taken(&mut field);
    field.wait(1);
    field.take(&Step::Append { queue: true, is_stored: false });
    // So much that is open that compacting is not worth it any more.
    for _ in 0..20 {
        field.send(0b100, Precedence::Routine);
    }
    field.wait(1);
    field.take(&Step::Append { queue: true, is_stored: true });
    assert_eq!(sent_after_a_kill(&mut field), [0_u64; 0]);
}

#[test]
fn where_telling_what_is_done_fails_it_is_told_later() {
    let mut field = Field::reached();
    // As above.
    field.take(&Step::Lose { peer: 2 });
    field.send(0b100, Precedence::Routine);
    // Too little to be compacted.
    for _ in 0..3 {
        field.send(0b001, Precedence::Routine);
        field.says(0, TAKEN);
    }
    field.wait(1);
    field.take(&Step::Append { queue: true, is_stored: false });
    field.wait(1);
    field.take(&Step::Append { queue: true, is_stored: true });
    assert!(field.disks[1].disk().compact().is_none());
    assert_eq!(sent_after_a_kill(&mut field), [0_u64; 0]);
}

#[test]
fn a_queue_is_compacted_once_and_keeps_nothing_that_is_done() {
    let mut field = Field::reached();
    // As above.
    field.take(&Step::Lose { peer: 2 });
    field.send(0b100, Precedence::Routine);
    sent_and_taken(&mut field);
    // While everything is being told nothing is told again.
    field.wait(3);
    assert_eq!(field.disks[1].disk().groups.len(), 1);
    field.take(&Step::Append { queue: true, is_stored: true });
    assert_eq!(field.disks[1].disk().groups.len(), 0);
    let told = *field.disks[1].disk().records.keys().last().unwrap();
    field.take(&Step::Compact { queue: true });
    let left: Vec<u64> = field.disks[1].disk().records.keys().copied().collect();
    assert_eq!(left, [0, told]);
    // What was given back counts no more.
    field.wait(3);
    assert_eq!(field.disks[1].disk().groups.len(), 0);
    field.take(&Step::Connect { peer: 2 });
    field.take(&Step::Read { queue: true, is_read: true });
    assert_eq!(field.under_way(2, QueueName::Rest), [0]);
}

#[test]
fn how_far_topics_are_copied_outlives_what_is_given_back() {
    let mut field = Field::reached();
    let (peer, topic) = (field.peers[1], Address::topic(field::REALM, "copied"));
    field.federation.replicated(peer, (topic, 7), (Precedence::Priority, 42), 1);
    field.wait(1);
    field.take(&Step::Append { queue: true, is_stored: true });
    for _ in 0..3 {
        sent_and_taken(&mut field);
        field.wait(1);
        field.take(&Step::Append { queue: true, is_stored: true });
        field.take(&Step::Compact { queue: true });
    }
    assert_eq!(sent_after_a_kill(&mut field), [0_u64; 0]);
    let cursors = field.federation.cursors(peer, topic, 7).unwrap();
    assert_eq!(cursors.get(Precedence::Priority), 42);
}
