//! What is measured. A search for a hint, or whatever else compares secrets, joins [`all`].

use super::chance::Chance;
use super::measure::{Subject, Wanted};
use chappe_codec::account::Account;
use chappe_codec::envelope::OpenError;
use chappe_codec::identity::SoftwareKeys;
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::key_store::KeyStore;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::session::{Party, Recipient, Sessions, Steps, Window};
use std::cell::RefCell;
use subtle::ConstantTimeEq;

const REALM: Realm = Realm { mode: Mode::Exercise, network: 1 };

pub(crate) fn all(chance: &mut Chance) -> Vec<Subject> {
    vec![
        early_exit(chance),
        alike(chance),
        compared::<3>("hint compared: right or random", chance),
        compared::<16>("tag compared: right or random", chance),
        bad_tag(chance),
        fitting_hint(chance),
    ]
}

/// The positive control: the same 64 octets as the constant-time ones would get, compared as one would
/// without a thought. The first or the last octet is wrong.
fn early_exit(chance: &mut Chance) -> Subject {
    let secret = chance.octets::<64>();
    Subject::new(
        "control: a comparison that stops early",
        Wanted::Leak,
        50_000,
        32,
        move |class, chance| damaged(secret, class, chance),
        move |octets| stops_early(octets, &secret),
    )
}

#[inline(never)]
fn stops_early(a: &[u8; 64], b: &[u8; 64]) -> bool {
    for (a, b) in a.iter().zip(b) {
        if a != b {
            return false;
        }
    }
    true
}

/// The negative control: two classes that are one.
fn alike(chance: &mut Chance) -> Subject {
    let secret = chance.octets::<64>();
    Subject::new(
        "control: classes that do not differ",
        Wanted::Constant,
        50_000,
        32,
        move |_, chance| damaged(secret, 0, chance),
        move |octets| stops_early(octets, &secret),
    )
}

/// What compares hints, and in the library tags: `subtle`.
fn compared<const N: usize>(name: &'static str, chance: &mut Chance) -> Subject {
    let secret = chance.octets::<N>();
    Subject::new(
        name,
        Wanted::Constant,
        200_000,
        32,
        move |class, chance| {
            // Made for both classes, so that neither finds the processor otherwise than the other.
            let random = chance.octets();
            if class == 0 { secret } else { random }
        },
        move |octets: &[u8; N]| bool::from(octets.ct_eq(&secret)),
    )
}

/// A device's keys, what others know of it, and its sessions.
fn device(chance: &mut Chance) -> (SoftwareKeys, Party, Sessions) {
    let mut keys = SoftwareKeys::from_seeds(&chance.octets(), &chance.octets());
    keys.add_prekey(&chance.octets(), 0);
    let account = Account(chance.octets());
    let party = Party { account, device: 1, identity: keys.identity_key() };
    (keys, party, Sessions::new(REALM, party, Window::STATION))
}

type Device = (SoftwareKeys, Party, Sessions);

fn recipient_of(device: &Device) -> Recipient {
    Recipient { party: device.1, prekey: device.0.prekeys()[0], knows_us: true }
}

fn acquaint(a: &mut Device, b: &mut Device) {
    a.2.admit(&a.0, &b.1, None).unwrap();
    b.2.admit(&b.0, &a.1, None).unwrap();
}

/// An envelope with forty octets inside.
fn sealed(from: &mut Device, to: &Recipient, chance: &mut Chance) -> Vec<u8> {
    let family = Family::from_code(0x70).unwrap();
    let item = Item { family, revision: 0, reference: Reference::None, body: &[7; 40] };
    let mut fresh = |out: &mut [u8]| out.iter_mut().for_each(|octet| *octet = chance.damage());
    let steps = Steps { now: false, hybrid: false };
    let reserved = from.2.reserve(&from.0, to, 1, steps, None, &mut fresh).unwrap();
    let snapshot = from.2.snapshot(reserved.session).unwrap();
    from.2.stored(snapshot);
    from.2.seal(to, &[item], 4096).unwrap().envelope
}

/// Refuses envelopes by their tag, which leaves everything as it was.
fn refusing(recipient: Device) -> impl Fn(&Vec<u8>) -> bool {
    let recipient = RefCell::new(recipient);
    move |octets| {
        let (keys, _, sessions) = &mut *recipient.borrow_mut();
        assert_eq!(sessions.open(keys, octets, None).err(), Some(OpenError::BadTag));
        true
    }
}

/// A forged envelope whose tag is wrong in its first or in its last octet.
fn bad_tag(chance: &mut Chance) -> Subject {
    let (mut author, mut recipient) = (device(chance), device(chance));
    acquaint(&mut author, &mut recipient);
    let envelope = sealed(&mut author, &recipient_of(&recipient), chance);
    let tag = envelope.len() - 16;
    Subject::new(
        "envelope refused: first or last octet of the tag wrong",
        Wanted::Constant,
        30_000,
        1,
        move |class, chance| {
            let mut forged = envelope.clone();
            let tag: &mut [u8; 16] = (&mut forged[tag..]).try_into().unwrap();
            *tag = damaged(*tag, class, chance);
            forged
        },
        refusing(recipient),
    )
}

/// Of eight sessions it is the first or the last one that waits for an envelope with this hint. That
/// some session does may show, and how far behind the newest it stands; not which.
fn fitting_hint(chance: &mut Chance) -> Subject {
    let mut recipient = device(chance);
    let envelopes: Vec<Vec<u8>> = (0..8)
        .map(|_| {
            let mut author = device(chance);
            acquaint(&mut author, &mut recipient);
            // Both have said something, so that the next one is of the chain class.
            let flight = sealed(&mut author, &recipient_of(&recipient), chance);
            recipient.2.open(&recipient.0, &flight, None).unwrap();
            let answer = sealed(&mut recipient, &recipient_of(&author), chance);
            author.2.open(&author.0, &answer, None).unwrap();
            sealed(&mut author, &recipient_of(&recipient), chance)
        })
        .collect();
    assert!(envelopes.iter().all(|envelope| envelope[0] >> 3 == 1));
    Subject::new(
        "envelope refused: its hint the first or the last session's",
        Wanted::Constant,
        30_000,
        1,
        move |class, chance| {
            let mut forged = envelopes[class * (envelopes.len() - 1)].clone();
            let tag = forged.last_mut().unwrap();
            *tag ^= chance.damage();
            forged
        },
        refusing(recipient),
    )
}

/// Class 0: the first octet is wrong; class 1: the last.
fn damaged<const N: usize>(mut octets: [u8; N], class: usize, chance: &mut Chance) -> [u8; N] {
    let at = class * (N - 1);
    octets[at] ^= chance.damage();
    octets
}
