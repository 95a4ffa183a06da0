//! Octets each class of envelope has besides its items, on envelopes that were made and opened.

use super::device::{Device, REALM};
use super::figure;
use chappe_codec::chain::Position;
use chappe_codec::envelope::{Envelope, OpenEnvelope, SealedClass};
use chappe_codec::identity::Signer;
use chappe_codec::item::{Item, Reference};
use chappe_codec::key::SignKey;
use chappe_codec::session::Window;

const BODY: &[u8] = b"thirteen oct.";

/// Of an item alone: family and revision, then the body.
const ITEM_OCTETS: usize = 2 + BODY.len();

const fn item() -> Item<'static> {
    Item::text(BODY, Reference::None)
}

pub(crate) fn measure() {
    figure("open", open());
    let (chain, at_random) = in_a_session();
    figure("chain", chain);
    figure("random access", at_random);
    figure("first flight", flight(true));
    figure("stranger", flight(false));
}

fn open() -> usize {
    let key = SignKey::from_seed(&[1; 32]);
    let signer = Signer {
        account: chappe_codec::account::Account::of_key(&key.public()),
        device: 0,
        key: key.public(),
    };
    let first = Position { device: 0, epoch: 0, counter: 1 };
    let octets = OpenEnvelope::sign(&key, &signer.account, REALM, first, &[item()]).unwrap();
    let Ok(Envelope::Open(read)) = Envelope::parse(&octets) else { panic!("not open") };
    read.verify(&signer, REALM).unwrap();
    octets.len() - ITEM_OCTETS
}

/// The most over 600 envelopes of one way of a session, of those without a step of the ratchet.
fn in_a_session() -> (usize, usize) {
    let (mut a, mut b) = Device::acquainted(1, Window::STATION);
    let to = b.recipient(true);
    let (mut chain, mut at_random) = (0, 0);
    for number in 0..600 {
        let sent = a.send(&to, item());
        let received = b.open(&sent.envelope).unwrap();
        if number % 16 == 0 {
            b.tell(&mut a);
        }
        if received.opened.every_message().len() > 1 {
            continue;
        }
        let overhead = sent.envelope.len() - ITEM_OCTETS;
        match class(&sent.envelope) {
            SealedClass::Chain { .. } => chain = overhead.max(chain),
            SealedClass::RandomAccess { .. } => at_random = overhead.max(at_random),
            other => panic!("{other:?}"),
        }
    }
    assert!(chain > 0 && at_random > 0);
    (chain, at_random)
}

fn flight(knows_us: bool) -> usize {
    let (mut a, mut b) = (Device::new(3, Window::HANDSET), Device::new(4, Window::STATION));
    if knows_us {
        b.admit(&a);
    }
    let sent = a.send(&b.recipient(knows_us), item());
    match class(&sent.envelope) {
        SealedClass::FirstFlight { .. } => assert!(knows_us),
        SealedClass::StrangerFlight { .. } => assert!(!knows_us),
        other => panic!("{other:?}"),
    }
    b.open(&sent.envelope).unwrap();
    sent.envelope.len() - ITEM_OCTETS
}

fn class(envelope: &[u8]) -> SealedClass {
    let Ok(Envelope::Sealed(sealed)) = Envelope::parse(envelope) else { panic!("not sealed") };
    sealed.class
}
