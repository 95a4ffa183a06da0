//! Sessions that end, that are silent, and that nobody answers (chapter 11, "Endings").

use super::device::{Device, bodies};
use chappe_codec::chain::ChainId;
use chappe_codec::session::{Event, Party, Sent, Sessions, Window};

const DAY: u64 = 86_400;

fn hear(from: &mut Device, to: &mut Device, body: &[u8]) -> Vec<Event> {
    let sent = from.send(&to.recipient(true), body);
    let received = to.receive(&sent.envelope).unwrap();
    assert_eq!(bodies(&received), [body.to_vec()]);
    received.events
}

/// Each holds a session that the other one has lost, and waits in it for an answer.
#[test]
fn two_whom_only_the_other_one_remembers_hear_each_other_again() {
    let (mut a, mut b) = Device::pair(81, Window::STATION);
    hear(&mut a, &mut b, b"hello");
    hear(&mut b, &mut a, b"hello");
    let before = a.disk.clone();
    b.put_back();
    hear(&mut b, &mut a, b"I was put back");
    hear(&mut a, &mut b, b"welcome");
    hear(&mut b, &mut a, b"thank you");
    // Now A goes back to where it was, and does not know it.
    a.disk = before;
    a.reboot();
    let mut deaf = [0; 2];
    for _ in 0..100 {
        let from_a = a.send(&b.recipient(true), b"do you hear me?");
        deaf[0] += usize::from(b.receive(&from_a.envelope).is_err());
        let from_b = b.send(&a.recipient(true), b"do you hear me?");
        deaf[1] += usize::from(a.receive(&from_b.envelope).is_err());
    }
    println!("A was deaf to {} envelopes, B to {}", deaf[1], deaf[0]);
    assert!(deaf[0] > 0 && deaf[1] > 0 && deaf.iter().all(|count| *count <= 64), "{deaf:?}");
    hear(&mut a, &mut b, b"yes");
    hear(&mut b, &mut a, b"yes");
}

#[test]
fn a_day_of_silence_begins_a_new_session_and_the_old_one_still_receives() {
    let (mut a, mut b) = Device::pair(82, Window::HANDSET);
    (a.now, b.now) = (Some(1_000_000), Some(1_000_000));
    hear(&mut a, &mut b, b"1");
    hear(&mut b, &mut a, b"2");
    let first = a.send(&b.recipient(true), b"unanswered");
    a.now = Some(1_000_000 + DAY - 1);
    assert_eq!(a.send(&b.recipient(true), b"unanswered").session, first.session);
    a.now = Some(1_000_000 + DAY);
    let next = a.send(&b.recipient(true), b"in a new one");
    assert_ne!(next.session, first.session);
    assert_eq!(a.send(&b.recipient(true), b"in the same").session, next.session);
    // B has heard nothing of it, and answers in the old one: there A goes on.
    hear(&mut b, &mut a, b"3");
    assert_eq!(a.send(&b.recipient(true), b"4").session, first.session);
    assert_eq!(a.sessions.size().sessions, 2);
}

#[test]
fn an_unanswered_session_is_given_up_after_thirty_days() {
    let (mut a, b) = Device::pair(83, Window::STATION);
    a.now = Some(0);
    let session = a.send(&b.recipient(true), b"anyone?").session;
    assert_eq!(a.sessions.expire(30 * DAY - 1), []);
    a.reboot();
    assert_eq!(a.sessions.expire(30 * DAY), [Event::Forgotten(session)]);
    assert_eq!((a.sessions.size().sessions, a.sessions.size().ended), (0, 0));
}

#[test]
fn what_was_sent_in_an_ended_session_still_opens_for_seven_days() {
    let (mut a, mut b) = Device::pair(84, Window::STATION);
    b.now = Some(0);
    let flights: Vec<_> = (0..4_u8).map(|n| a.send(&b.recipient(true), &[n])).collect();
    let session = b.receive(&flights[1].envelope).unwrap().session;
    let events = b.sessions.end(session, b.now);
    assert_eq!(events, [Event::Ended(session)]);
    b.note(&events);
    b.reboot();
    assert_eq!((b.sessions.all(), b.sessions.ended()), (vec![], vec![session]));
    assert_eq!(bodies(&b.receive(&flights[3].envelope).unwrap()), [[3]]);
    assert_eq!(b.receive(&flights[3].envelope).unwrap_err().name(), "replay");
    b.now = Some(7 * DAY);
    assert_eq!(bodies(&b.receive(&flights[0].envelope).unwrap()), [[0]]);
    b.now = Some(7 * DAY + 1);
    assert_eq!(b.receive(&flights[2].envelope).unwrap_err().name(), "replay");
    assert_eq!(b.sessions.expire(7 * DAY + 1), [Event::Forgotten(session)]);
    assert_eq!(b.sessions.ended(), []);
}

#[test]
fn passed_over_keys_outlive_their_session() {
    let (mut a, mut b) = Device::pair(85, Window::STATION);
    hear(&mut a, &mut b, b"1");
    hear(&mut b, &mut a, b"2");
    let late = a.send(&b.recipient(true), b"late");
    assert!(b.sessions.expects(late.said.chain(), late.said.first()));
    hear(&mut a, &mut b, b"3");
    let session = b.sessions.all()[0];
    let events = b.sessions.end(session, None);
    b.note(&events);
    b.reboot();
    let expects =
        |b: &Device, sent: &Sent| b.sessions.expects(sent.said.chain(), sent.said.first());
    assert!(expects(&b, &late) && !b.sessions.expects(ChainId([0; 8]), late.said.first()));
    assert_eq!(bodies(&b.receive(&late.envelope).unwrap()), [b"late".to_vec()]);
    assert_eq!(b.receive(&late.envelope).unwrap_err().name(), "unknown_hint");
    let next = a.send(&b.recipient(true), b"next");
    assert!(!expects(&b, &late) && !expects(&b, &next));
    assert_eq!(b.receive(&next.envelope).unwrap_err().name(), "unknown_hint");
}

#[test]
fn four_ended_sessions_are_kept_for_a_device() {
    let (mut a, mut b) = Device::pair(86, Window::HANDSET);
    for _ in 0..12 {
        a.sessions = Sessions::new(a.realm, a.me, a.window);
        hear(&mut a, &mut b, b"again");
    }
    assert_eq!((b.sessions.size().sessions, b.sessions.size().ended), (4, 4));
    assert_eq!(b.disk.len(), 8);
    // Another identity key ends what is left of the one before.
    let events = b.sessions.admit(&b.keys, &Party { identity: [9; 32], ..a.me }, None).unwrap();
    b.note(&events);
    assert_eq!((b.sessions.size().sessions, b.sessions.size().ended), (0, 4));
    assert_eq!(b.disk.len(), 4);
}

/// "one that was answered does not make room for one that was not"
#[test]
fn an_answered_stranger_keeps_its_place() {
    let mut b = Device::new(87, Window::STATION);
    let mut stranger = Device::new(870, Window::HANDSET);
    stranger.admit(b.me);
    let sent = stranger.send(&b.recipient(false), b"help");
    b.receive(&sent.envelope).unwrap();
    let sent = b.send(&stranger.recipient(true), b"we come");
    stranger.receive(&sent.envelope).unwrap();
    for number in 0..100 {
        let mut other = Device::new(871 + number, Window::HANDSET);
        let sent = other.send(&b.recipient(false), b"?");
        b.receive(&sent.envelope).unwrap();
    }
    let sent = stranger.send(&b.recipient(true), b"hurry");
    assert_eq!(bodies(&b.receive(&sent.envelope).unwrap()), [b"hurry".to_vec()]);
    assert_eq!((b.sessions.size().sessions, b.sessions.size().ended), (64, 37));
}

#[test]
fn a_device_does_not_write_to_itself() {
    let mut a = Device::new(88, Window::STATION);
    let to = a.recipient(true);
    let item = chappe_codec::item::Item::text(b"me", chappe_codec::item::Reference::None);
    let error = a.send_with(&to, &[item], 999, Default::default()).unwrap_err();
    assert_eq!(error, chappe_codec::session::SealError::Oneself);
}
