//! How sessions begin, between contacts and with strangers.

use super::device::{Device, LIVE, bodies, drawn};
use chappe_codec::envelope::{SealedClass, SealedEnvelope};
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::session::{Event, Sessions, Window};

fn class(envelope: &[u8]) -> u8 {
    envelope[0] >> 3
}

#[test]
fn two_contacts_talk() {
    let (mut a, mut b) = Device::pair(1, Window::STATION);
    let sent = a.send(&b.recipient(true), b"first");
    assert_eq!((class(&sent.envelope), sent.envelope.len()), (3, 52 + 2 + 5));
    let received = b.receive(&sent.envelope).unwrap();
    assert_eq!(bodies(&received), [b"first".to_vec()]);
    assert_eq!(received.opened.messages(), sent.said.messages());
    assert_eq!((received.opened.chain(), *received.author()), (sent.said.chain(), a.me));
    assert!(!received.is_stranger);
    assert!(matches!(received.events[..], [Event::Began(_)]));

    // B offers in its first answer, A takes it up.
    let answer = b.send(&a.recipient(true), b"answer");
    assert_eq!((class(&answer.envelope), answer.envelope.len()), (1, 20 + 3 + 6 + 3 + 33));
    let received = a.receive(&answer.envelope).unwrap();
    assert_eq!(bodies(&received), [b"answer".to_vec()]);
    assert_eq!(received.events, [Event::Stepped { epoch: 1 }]);

    let next = a.send(&b.recipient(true), b"next");
    assert_eq!((class(&next.envelope), next.envelope.len()), (1, 20 + 2 + 4));
    assert_eq!(next.envelope[0] & 4, 4, "parity of epoch 1");
    assert_eq!(b.receive(&next.envelope).unwrap().events, [Event::Stepped { epoch: 1 }]);
    let last = b.send(&a.recipient(true), b"last");
    assert_eq!(last.envelope.len(), 20 + 2 + 4);
    assert_eq!(bodies(&a.receive(&last.envelope).unwrap()), [b"last".to_vec()]);
}

#[test]
fn any_first_flight_may_be_the_first_to_come() {
    let (mut a, mut b) = Device::pair(2, Window::HANDSET);
    let sent: Vec<_> = (0..16_u8).map(|n| a.send(&b.recipient(true), &[n])).collect();
    assert!(sent.iter().all(|s| s.session == sent[0].session && class(&s.envelope) == 3));
    for n in [9, 3, 15, 0, 14, 1] {
        assert_eq!(bodies(&b.receive(&sent[n].envelope).unwrap()), [vec![n as u8]]);
        assert_eq!(b.receive(&sent[n].envelope).unwrap_err().name(), "replay");
    }
    assert_eq!(b.sessions.size().sessions, 1);
    // The seventeenth is of another session.
    let other = a.send(&b.recipient(true), b"x");
    assert_ne!(other.session, sent[0].session);
    b.receive(&other.envelope).unwrap();
    assert_eq!(b.sessions.size().sessions, 2);
}

#[test]
fn a_stranger_is_a_claim_until_its_card_comes() {
    let (mut a, mut b) = (Device::new(11, Window::STATION), Device::new(12, Window::STATION));
    a.admit(b.me);
    let sent = a.send(&b.recipient(false), b"help");
    assert_eq!((class(&sent.envelope), sent.envelope.len()), (4, 117 + 2 + 4));
    let received = b.receive(&sent.envelope).unwrap();
    assert!(received.is_stranger);
    assert_eq!(*received.author(), a.me);
    b.admit(a.me);
    let again = a.send(&b.recipient(false), b"again");
    assert!(!b.receive(&again.envelope).unwrap().is_stranger);
    let answer = b.send(&a.recipient(true), b"we come");
    assert_eq!(bodies(&a.receive(&answer.envelope).unwrap()), [b"we come".to_vec()]);
}

#[test]
fn strangers_take_the_room_of_strangers_only() {
    let (mut friend, mut b) = Device::pair(13, Window::HANDSET);
    let kept = friend.send(&b.recipient(true), b"kept");
    let kept = b.receive(&kept.envelope).unwrap().session;
    let mut ended = 0;
    for number in 0..70 {
        let mut stranger = Device::new(1_000 + number, Window::HANDSET);
        stranger.admit(b.me);
        let sent = stranger.send(&b.recipient(false), b"?");
        let received = b.receive(&sent.envelope).unwrap();
        ended += received.events.iter().filter(|e| matches!(e, Event::Ended(_))).count();
    }
    assert_eq!((b.sessions.size().sessions, ended), (65, 6));
    assert!(b.sessions.all().contains(&kept));
}

#[test]
fn both_may_begin_at_once() {
    let (mut a, mut b) = Device::pair(3, Window::STATION);
    let from_a = a.send(&b.recipient(true), b"a");
    let from_b = b.send(&a.recipient(true), b"b");
    b.receive(&from_a.envelope).unwrap();
    a.receive(&from_b.envelope).unwrap();
    for round in 0..20_u8 {
        let sent = a.send(&b.recipient(true), &[round]);
        assert_eq!(bodies(&b.receive(&sent.envelope).unwrap()), [vec![round]]);
        let sent = b.send(&a.recipient(true), &[round]);
        assert_eq!(bodies(&a.receive(&sent.envelope).unwrap()), [vec![round]]);
    }
    assert_eq!((a.sessions.size().sessions, b.sessions.size().sessions), (2, 2));
}

#[test]
fn four_sessions_with_a_device_at_most() {
    let (mut a, mut b) = Device::pair(4, Window::STATION);
    for _ in 0..100 {
        let sent = a.send(&b.recipient(true), b"unanswered");
        b.receive(&sent.envelope).unwrap();
    }
    assert_eq!((a.sessions.size().sessions, b.sessions.size().sessions), (4, 4));
    let answer = b.send(&a.recipient(true), b"at last");
    a.receive(&answer.envelope).unwrap();
}

#[test]
fn an_older_prekey_still_opens_and_a_destroyed_one_does_not() {
    let (mut a, mut b) = Device::pair(5, Window::STATION);
    let old = b.recipient(true);
    let sent = a.send(&old, b"to the old one");
    let mut c = Device::new(99, Window::STATION);
    c.admit(b.me);
    b.admit(c.me);
    let late = c.send(&old, b"too late");
    for _ in 0..2 {
        let mut chance = b.chance.clone();
        b.keys.add_prekey(&drawn(&mut chance), 0);
        b.chance = chance;
        b.sessions.renew_prekeys(&b.keys).unwrap();
    }
    b.receive(&sent.envelope).unwrap();
    let mut chance = b.chance.clone();
    b.keys.add_prekey(&drawn(&mut chance), 0);
    b.sessions.renew_prekeys(&b.keys).unwrap();
    assert_eq!(b.receive(&late.envelope).unwrap_err().name(), "unknown_hint");
    // The session it began stays.
    let sent = a.send(&old, b"more");
    assert_eq!(
        b.receive(&sent.envelope).unwrap_err().name(),
        "unknown_hint",
        "what was remembered went with the prekey"
    );
}

#[test]
fn a_revoked_device_is_heard_no_more() {
    let (mut a, mut b) = Device::pair(6, Window::STATION);
    let sent = a.send(&b.recipient(true), b"before");
    b.receive(&sent.envelope).unwrap();
    let answer = b.send(&a.recipient(true), b"answer");
    a.receive(&answer.envelope).unwrap();
    let after = a.send(&b.recipient(true), b"after");
    assert_eq!(b.sessions.revoke(a.me.account, a.me.device).len(), 1);
    assert_eq!(b.receive(&after.envelope).unwrap_err().name(), "unknown_hint");
    let mut again = Sessions::new(LIVE, a.me, a.window);
    again.admit(&a.keys, &b.me, None).unwrap();
    a.sessions = again;
    a.disk.clear();
    let fresh = a.send(&b.recipient(true), b"once more");
    assert_eq!(b.receive(&fresh.envelope).unwrap_err().name(), "revoked");
    let stranger = {
        a.sessions = Sessions::new(LIVE, a.me, a.window);
        a.send(&b.recipient(false), b"as a stranger")
    };
    assert_eq!(b.receive(&stranger.envelope).unwrap_err().name(), "revoked");
    assert_eq!(
        b.sessions.seal(&a.recipient(true), &[], 999).unwrap_err(),
        chappe_codec::session::SealError::Revoked
    );
}

#[test]
fn another_realm_is_silence() {
    let (mut a, mut b) = Device::pair(7, Window::STATION);
    let exercise = Realm { mode: Mode::Exercise, network: 1 };
    b.sessions = Sessions::new(exercise, b.me, b.window);
    b.realm = exercise;
    b.admit(a.me);
    for knows_us in [true, false] {
        a.sessions = Sessions::new(LIVE, a.me, a.window);
        let sent = a.send(&b.recipient(knows_us), b"live");
        assert_eq!(b.receive(&sent.envelope).unwrap_err().name(), "unknown_hint");
    }
}

#[test]
fn a_flight_says_which_session_it_is_of() {
    let (mut a, b) = Device::pair(8, Window::STATION);
    let flights = [a.send(&b.recipient(true), b"1"), a.send(&b.recipient(true), b"2")];
    let ephemeral = |envelope: &[u8]| match SealedEnvelope::parse(envelope).unwrap().class {
        SealedClass::FirstFlight { ephemeral, .. } => ephemeral,
        other => panic!("{other:?}"),
    };
    assert_eq!(ephemeral(&flights[0].envelope), ephemeral(&flights[1].envelope));
}
