//! Bad input: whatever is wrong is refused by name, changes nothing, and spoils nothing.

use super::device::{Device, LIVE, bodies, drawn};
use chappe_codec::account::Account;
use chappe_codec::limits::{REPLAY_CONTACT_HANDSET_MAX, REPLAY_STRANGERS_HANDSET_MAX};
use chappe_codec::session::{Event, Party, Remembered, Sessions, Window};
use proptest::prelude::*;

/// A's first flight as a contact and as a stranger, and B who waits for it.
fn flights() -> [(Vec<u8>, Device); 2] {
    [true, false].map(|knows_us| {
        let (mut a, mut b) = (Device::new(31, Window::HANDSET), Device::new(32, Window::HANDSET));
        a.admit(b.me);
        if knows_us {
            b.admit(a.me);
        }
        let sent = a.send(&b.recipient(knows_us), b"genuine");
        (sent.envelope, b)
    })
}

/// A chain envelope and who waits for it.
fn chained(number: u64) -> (Device, Device, Vec<u8>) {
    let (mut a, mut b) = Device::pair(number, Window::HANDSET);
    let sent = a.send(&b.recipient(true), b"1");
    b.receive(&sent.envelope).unwrap();
    let sent = b.send(&a.recipient(true), b"2");
    a.receive(&sent.envelope).unwrap();
    let sent = a.send(&b.recipient(true), b"genuine");
    (a, b, sent.envelope)
}

fn assert_unspoiled(b: &mut Device, genuine: &[u8]) {
    assert_eq!(bodies(&b.receive(genuine).unwrap()), [b"genuine".to_vec()]);
}

#[test]
fn every_octet_counts() {
    let [contact, stranger] = flights();
    let (_, chain_b, chain) = chained(33);
    for (genuine, mut b) in [contact, stranger, (chain, chain_b)] {
        for at in 0..genuine.len() {
            for bit in [1, 0x40] {
                let mut forged = genuine.clone();
                forged[at] ^= bit;
                assert!(b.receive(&forged).is_err(), "octet {at}");
            }
        }
        for length in 0..genuine.len() {
            assert!(b.receive(&genuine[..length]).is_err(), "{length} octets");
        }
        let mut longer = genuine.clone();
        longer.push(0);
        assert!(b.receive(&longer).is_err());
        assert_unspoiled(&mut b, &genuine);
    }
}

#[test]
fn refusals_have_their_names() {
    let (_, mut b, genuine) = chained(34);
    let mut name = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut forged = genuine.clone();
        change(&mut forged);
        b.receive(&forged).unwrap_err().name()
    };
    assert_eq!(name(&|e| e.resize(16_385, 0)), "too_long");
    assert_eq!(name(&|e| e.clear()), "truncated");
    assert_eq!(name(&|e| e.truncate(19)), "truncated");
    assert_eq!(name(&|e| e[0] |= 0x40), "unknown_version");
    assert_eq!(name(&|e| e[0] = 5 << 3), "unknown_version");
    assert_eq!(name(&|e| e[0] |= 2), "unknown_version");
    assert_eq!(name(&|e| e[0] = 0), "unexpected");
    assert_eq!(name(&|e| e[0] ^= 4), "unknown_hint");
    assert_eq!(name(&|e| e[1] ^= 1), "unknown_hint");
    assert_eq!(name(&|e| *e.last_mut().unwrap() ^= 1), "bad_tag");
    assert_eq!(name(&|e| e[4] ^= 1), "bad_tag");
    // The flag says several items, and the tag covers it.
    assert_eq!(name(&|e| e[0] ^= 1), "bad_tag");
    assert_unspoiled(&mut b, &genuine);
    let [(flight, mut b), _] = flights();
    let mut odd = flight.clone();
    odd[0] |= 4;
    assert_eq!(b.receive(&odd).unwrap_err().name(), "inconsistent");
    assert_unspoiled(&mut b, &flight);
}

#[test]
fn keys_of_small_order_are_refused() {
    let [(contact, mut b), (stranger, mut c)] = flights();
    let mut one = [0; 32];
    one[0] = 1;
    for small in [[0; 32], one] {
        for (genuine, device) in [(&contact, &mut b), (&stranger, &mut c)] {
            let mut forged = genuine.clone();
            forged[4..36].copy_from_slice(&small);
            assert_eq!(device.receive(&forged).unwrap_err().name(), "unknown_hint");
        }
        // A contact with such an identity key is passed over, and cannot be written to.
        let mut d = Device::new(40, Window::HANDSET);
        d.admit(Party { identity: small, ..b.me });
        let mut weak = b.recipient(true);
        weak.party.identity = small;
        let item = chappe_codec::item::Item::text(b"x", chappe_codec::item::Reference::None);
        let error =
            d.send_with(&weak, std::slice::from_ref(&item), 999, Default::default()).unwrap_err();
        assert_eq!(error, chappe_codec::session::SealError::WeakKey);
        let mut weak = b.recipient(true);
        weak.prekey = small;
        let error = d.send_with(&weak, &[item], 999, Default::default()).unwrap_err();
        assert_eq!(error, chappe_codec::session::SealError::WeakKey);
        assert_eq!(d.sessions.size().sessions, 0);
    }
}

/// A stranger whose own identity key is of small order: D1 is zero.
#[test]
fn a_stranger_of_small_order_is_refused() {
    let (mut a, mut b) = (Device::new(41, Window::HANDSET), Device::new(42, Window::HANDSET));
    let small = Party { identity: [0; 32], ..a.me };
    a.sessions = Sessions::new(LIVE, small, a.window);
    let sent = a.send(&b.recipient(false), b"?");
    assert_eq!(b.receive(&sent.envelope).unwrap_err().name(), "weak_key");
    let zero = Party { device: 0, ..a.me };
    a.sessions = Sessions::new(LIVE, zero, a.window);
    a.disk.clear();
    let sent = a.send(&b.recipient(false), b"?");
    assert_eq!(b.receive(&sent.envelope).unwrap_err().name(), "reserved");
}

#[test]
fn a_known_device_with_another_identity_key_is_refused() {
    let (mut a, mut b) = (Device::new(43, Window::HANDSET), Device::new(44, Window::HANDSET));
    b.admit(Party { identity: [9; 32], ..a.me });
    let sent = a.send(&b.recipient(false), b"it is me");
    assert_eq!(b.receive(&sent.envelope).unwrap_err().name(), "unknown_account");
    b.admit(a.me);
    b.receive(&sent.envelope).unwrap();
    // The other way round: a claim ends when the card shows another key.
    let (mut a, mut b) = (Device::new(45, Window::HANDSET), Device::new(46, Window::HANDSET));
    let sent = a.send(&b.recipient(false), b"it is me");
    b.receive(&sent.envelope).unwrap();
    assert_eq!(
        b.sessions.admit(&b.keys, &Party { identity: [9; 32], ..a.me }, None).unwrap().len(),
        1
    );
    assert_eq!(b.sessions.size().sessions, 0);
}

#[test]
fn a_first_flight_begins_one_session_for_ever() {
    for (genuine, mut b) in flights() {
        let session = b.receive(&genuine).unwrap().session;
        assert_eq!(b.receive(&genuine).unwrap_err().name(), "replay");
        b.reboot();
        assert_eq!(b.receive(&genuine).unwrap_err().name(), "replay");
        let events = b.sessions.end(session, None);
        b.note(&events);
        assert_eq!(b.receive(&genuine).unwrap_err().name(), "replay");
        b.reboot();
        assert_eq!(b.receive(&genuine).unwrap_err().name(), "replay");
        // Another prekey in front changes nothing.
        let mut chance = b.chance.clone();
        b.keys.add_prekey(&drawn(&mut chance), 0);
        b.sessions.renew_prekeys(&b.keys).unwrap();
        assert_eq!(b.receive(&genuine).unwrap_err().name(), "replay");
    }
}

#[test]
fn a_full_memory_takes_no_new_session_until_the_prekey_is_replaced() {
    let (mut a, mut b) = Device::pair(47, Window::HANDSET);
    let prekey = b.recipient(true).prekey;
    let mut fill = |contact: Option<(Account, u8)>, numbers: std::ops::Range<usize>| {
        for number in numbers {
            let mut digest = [u8::from(contact.is_some()); 16];
            digest[..8].copy_from_slice(&(number as u64).to_be_bytes());
            b.sessions.remember(Remembered { prekey, contact, digest });
        }
    };
    fill(Some((a.me.account, a.me.device)), 2..REPLAY_CONTACT_HANDSET_MAX);
    fill(None, 0..REPLAY_STRANGERS_HANDSET_MAX);
    let sent = a.send(&b.recipient(true), b"the last but one");
    let events = b.receive(&sent.envelope).unwrap().events;
    assert!(events.contains(&Event::PrekeyHalfFull { prekey }));
    for room in [1, 0] {
        a.sessions = Sessions::new(LIVE, a.me, a.window);
        let sent = a.send(&b.recipient(true), b"room?");
        let refused = b.receive(&sent.envelope).err().map(|error| error.name());
        assert_eq!(refused, (room == 0).then_some("unavailable"));
    }
    // Strangers have filled their own.
    let mut stranger = Device::new(470, Window::HANDSET);
    let sent = stranger.send(&b.recipient(false), b"room?");
    assert_eq!(b.receive(&sent.envelope).unwrap_err().name(), "unavailable");
    // Another contact has room of its own.
    let mut other = Device::new(471, Window::HANDSET);
    b.admit(other.me);
    let sent = other.send(&b.recipient(true), b"room");
    let events = b.receive(&sent.envelope).unwrap().events;
    assert!(matches!(events[..], [Event::Began(_)]));

    let mut chance = b.chance.clone();
    b.keys.add_prekey(&drawn(&mut chance), 0);
    b.sessions.renew_prekeys(&b.keys).unwrap();
    a.sessions = Sessions::new(LIVE, a.me, a.window);
    let sent = a.send(&b.recipient(true), b"room");
    b.receive(&sent.envelope).unwrap();
}

/// What is inside and has the wrong form is refused after the tag, and its key is still there.
#[test]
fn an_unreserved_counter_seals_nothing() {
    let (mut a, b) = Device::pair(48, Window::HANDSET);
    let to = b.recipient(true);
    let item = chappe_codec::item::Item::text(b"x", chappe_codec::item::Reference::None);
    let sealed = a.sessions.seal(&to, std::slice::from_ref(&item), 999).map(|s| s.envelope);
    assert_eq!(sealed.unwrap_err(), chappe_codec::session::SealError::NotReserved);
    let chance = &mut a.chance;
    let mut fresh = |out: &mut [u8]| chance.fill(out);
    let reserved =
        a.sessions.reserve(&a.keys, &to, 1, Default::default(), None, &mut fresh).unwrap();
    assert!(reserved.must_store);
    let sealed = a.sessions.seal(&to, std::slice::from_ref(&item), 999).map(|s| s.envelope);
    assert_eq!(sealed.unwrap_err(), chappe_codec::session::SealError::NotReserved);
    a.store(reserved.session);
    a.sessions.seal(&to, &[item], 999).unwrap();
    // An orderly end gives back what was not used: the next counter is the next.
    let ended = std::mem::replace(&mut a.sessions, Sessions::new(LIVE, a.me, a.window)).close();
    let octets = ended.iter().map(|s| s.octets());
    a.sessions = Sessions::resume(LIVE, a.me, a.window, octets).unwrap();
    assert_eq!(a.send(&to, b"next").said.first(), 1);
    a.reboot();
    assert_ne!(a.send(&to, b"after a crash").session, reserved.session, "its 16 are gone");
}

proptest! {
    #[test]
    fn arbitrary_octets_change_nothing(
        octets in proptest::collection::vec(any::<u8>(), 0..300),
        class in 0_u8..5,
    ) {
        let (_, mut b, genuine) = chained(49);
        let mut forged = octets;
        if let Some(first) = forged.first_mut() {
            *first = class << 3;
        }
        prop_assert!(b.receive(&forged).is_err());
        assert_unspoiled(&mut b, &genuine);
    }
}

/// Snapshots of sessions in every state: with an offer, a hybrid offer, keys of passed-over counters.
fn snapshots() -> Vec<Vec<u8>> {
    let (mut a, mut b) = Device::pair(61, Window::STATION);
    let mut all = Vec::new();
    let steps = chappe_codec::session::Steps { now: false, hybrid: true };
    let item = [chappe_codec::item::Item::text(b"x", chappe_codec::item::Reference::None)];
    for round in 0..24 {
        b.now = Some(round);
        let lost = round % 3 == 1;
        let sent = a.send_with(&b.recipient(round % 2 == 0), &item, 16_384, steps).unwrap();
        if !lost {
            b.receive(&sent.envelope).unwrap();
        }
        if round > 2 {
            let sent = b.send_with(&a.recipient(true), &item, 16_384, steps).unwrap();
            if !lost {
                a.receive(&sent.envelope).unwrap();
            }
        }
        for device in [&a, &b] {
            all.extend(device.octets().into_iter().filter(|octets| octets[0] == 1));
        }
    }
    all
}

proptest! {
    #[test]
    fn a_snapshot_has_one_encoding(which: prop::sample::Index, at: prop::sample::Index, flip: u8) {
        static ALL: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(snapshots);
        let genuine = which.get(&ALL);
        let read = chappe_codec::session::Snapshot::parse(genuine).unwrap();
        prop_assert_eq!(read.octets(), &genuine[..]);
        let at = at.index(genuine.len());
        prop_assert!(chappe_codec::session::Snapshot::parse(&genuine[..at]).is_err());
        let mut changed = genuine.clone();
        changed[at] ^= flip;
        if let Ok(read) = chappe_codec::session::Snapshot::parse(&changed) {
            prop_assert_eq!(read.octets(), &changed[..]);
        }
    }

    #[test]
    fn arbitrary_octets_are_no_snapshot_or_read_back(
        octets in proptest::collection::vec(any::<u8>(), 0..700)
    ) {
        if let Ok(read) = chappe_codec::session::Snapshot::parse(&octets) {
            prop_assert_eq!(read.octets(), &octets[..]);
        }
    }
}

#[test]
fn nothing_shows_a_key() {
    let (a, mut b, genuine) = chained(62);
    let received = b.receive(&genuine).unwrap();
    let number = b.sessions.all()[0];
    let snapshot = b.sessions.snapshot(number).unwrap();
    let shown = format!("{:?} {:?} {:?}", b.sessions, snapshot, received);
    assert!(shown.len() < 600, "{shown}");
    assert!(!shown.contains("genuine") && !shown.contains(&format!("{:?}", a.me.identity)));
}
