//! One way of a session from its keys on, without the agreements before it: sealed, found, opened
//! once, stored. Short enough for Miri, in which a session with its X25519 takes minutes.

#![allow(clippy::arithmetic_side_effects)] // an overflow in a test fails the test

use super::Window;
use super::epoch::{Role, WayKeys};
use super::hint::{Expected, HintIndex};
use super::passed_over::PassedOver;
use super::receive::{Hints, Place, Receiving};
use super::send::Sending;
use super::snapshot::Snapshot;
use super::trial::Trial;
use super::{Party, ended::Ended};
use crate::account::Account;
use crate::chain::ChainId;
use crate::envelope::{OpenError, SealedClass, SealedEnvelope, SealedHead};
use crate::item::{Item, Reference, emit_items};
use crate::realm::{Mode, Realm};
use alloc::vec::Vec;

const LIVE: Realm = Realm { mode: Mode::Live, network: 1 };
const ROOT: [u8; 32] = [1; 32];
const NO_EPHEMERAL: [u8; 32] = [0; 32];

/// The envelope of this counter.
fn sealed(counter: u32, body: &[u8]) -> (SealedClass, Vec<u8>) {
    let mut sending = Sending::new(0, WayKeys::of_epoch(&ROOT, 0), None);
    let (class, keys) = sending.take(counter, 1, &NO_EPHEMERAL);
    assert_eq!(sending.counter(), counter + 1);
    let mut envelope = Vec::new();
    SealedHead::put(&mut envelope, &class, 0, false);
    let head = envelope.len();
    envelope.extend_from_slice(&emit_items(&[Item::text(body, Reference::None)]));
    assert!(keys.seal(LIVE, head, &mut envelope).is_some());
    (class, envelope)
}

#[test]
fn an_envelope_is_found_and_opened_once() {
    let (class, mut octets) = sealed(2, b"water");
    let SealedClass::Chain { hint } = class else { panic!("{class:?}") };
    let mut receiving = Receiving::new(0, WayKeys::of_epoch(&ROOT, 0));
    let mut index = HintIndex::new();
    receiving.expect(Window::HANDSET, &mut Hints { session: 7, index: &mut index });
    assert_eq!(index.find(hint), [Expected { session: 7, counter: 2, parity: 0 }]);

    let place = Place { epoch: 0, counter: 2 };
    let tried = |receiving: &Receiving, octets: &[u8], place| {
        let envelope = SealedEnvelope::parse(octets).unwrap();
        let mut trial = Trial::new(LIVE, &envelope, None);
        trial.go(7, receiving, place);
        trial.outcome()
    };
    let (session, proved) = tried(&receiving, &octets, place).unwrap();
    assert_eq!((session, proved.items, proved.has_steps), (7, 1, false));
    assert!(proved.content.ends_with(b"water"));
    // The same octets at another place, and others at this one, are refused.
    let elsewhere = Place { counter: 1, ..place };
    assert_eq!(tried(&receiving, &octets, elsewhere).err(), Some(OpenError::BadTag));
    *octets.last_mut().unwrap() ^= 1;
    assert_eq!(tried(&receiving, &octets, place).err(), Some(OpenError::BadTag));
    *octets.last_mut().unwrap() ^= 1;

    assert!([0, 1, 2, 3].into_iter().all(|counter| receiving.expects(counter)));
    let mut hints = Hints { session: 7, index: &mut index };
    receiving.accept(place, 1, None, Window::HANDSET, &mut hints);
    assert!(receiving.keys(place, None).is_none());
    assert_eq!(tried(&receiving, &octets, place).err(), Some(OpenError::UnknownHint));
    // The two before it were passed over; their keys are kept.
    assert_eq!(receiving.skipped.place(0, 1), Some(elsewhere));
    assert!(receiving.keys(elsewhere, None).is_some());
    assert_eq!([0, 1, 2, 3].map(|counter| receiving.expects(counter)), [true, true, false, true]);
    assert!(index.find(hint).is_empty());
}

#[test]
fn a_snapshot_reads_back_and_no_shorter_one_does() {
    let ended = Ended {
        number: 9,
        role: Role::Responder,
        peer: Party { account: Account([1; 32]), device: 2, identity: [3; 32] },
        is_stranger: true,
        ephemeral: [4; 32],
        incoming: ChainId([5; 8]),
        ended: 6,
        behind: 0,
        kept: PassedOver::default(),
    };
    let snapshot = Snapshot::of_ended(&ended);
    let octets = snapshot.octets();
    assert_eq!(Snapshot::parse(octets).unwrap().octets(), octets);
    for end in 0..octets.len() {
        assert!(Snapshot::parse(&octets[..end]).is_err(), "{end}");
    }
}
