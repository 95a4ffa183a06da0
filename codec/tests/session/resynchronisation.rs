//! Who lost much finds its place again, and holds no more than it may.

use super::device::{Device, bodies};
use chappe_codec::limits::{SESSION_SNAPSHOT_OCTETS_MAX, SKIPPED_KEYS_MAX};
use chappe_codec::session::{Sent, Window};

/// Both have spoken: chain envelopes from here on.
fn acquainted(number: u64, window: Window) -> (Device, Device) {
    let (mut a, mut b) = Device::pair(number, window);
    a.is_watched = false;
    b.is_watched = false;
    for _ in 0..2 {
        let sent = a.send(&b.recipient(true), b"a");
        b.receive(&sent.envelope).unwrap();
        let sent = b.send(&a.recipient(true), b"b");
        a.receive(&sent.envelope).unwrap();
    }
    (a, b)
}

/// Who speaks and is not heard, but hears now and then, so that the session is not taken for lost.
struct Unheard {
    a: Device,
    b: Device,
    heard: u32,
}

impl Unheard {
    fn send(&mut self) -> Sent {
        let sent = self.a.send(&self.b.recipient(true), b"heard?");
        if sent.said.first() >= self.heard + 50 {
            let answer = self.b.send(&self.a.recipient(true), b"I hear nothing");
            self.a.receive(&answer.envelope).unwrap();
            self.heard = sent.said.first();
        }
        sent
    }
}

/// How many counters come after so many were lost until an envelope opens.
fn deaf_for(window: Window, lost: u32) -> u32 {
    let (a, b) = acquainted(u64::from(lost), window);
    let mut unheard = Unheard { a, b, heard: 0 };
    // An offer of A's is under way meanwhile, so envelopes take one counter or two.
    let start = unheard.send().said.first();
    let mut sent = unheard.send();
    while sent.said.first() < start + lost {
        sent = unheard.send();
    }
    let first = sent.said.first();
    for _ in 0..300 {
        let deaf = sent.said.first() - first;
        if unheard.b.receive(&sent.envelope).is_ok() {
            let Unheard { mut a, mut b, .. } = unheard;
            let next = a.send(&b.recipient(true), b"and this");
            assert_eq!(bodies(&b.receive(&next.envelope).unwrap()), [b"and this".to_vec()]);
            assert_eq!(b.sessions.size().sessions, 1);
            let size = b.sessions.size();
            assert!(
                size.skipped <= SKIPPED_KEYS_MAX && size.hints <= 2 * (64 + 64 + 128),
                "{size:?}"
            );
            return deaf;
        }
        sent = unheard.send();
    }
    panic!("still deaf after 300");
}

#[test]
fn fewer_than_sixty_four_are_made_up_for_at_once() {
    for lost in [1, 15, 40, 63] {
        assert_eq!(deaf_for(Window::STATION, lost), 0, "{lost}");
    }
    assert_eq!(deaf_for(Window::HANDSET, 15), 0);
}

#[test]
fn thousands_are_made_up_for_within_sixty_four_counters() {
    for lost in [64, 200, 1_000, 2_900] {
        assert!(deaf_for(Window::STATION, lost) < 64, "{lost}");
        assert!(deaf_for(Window::HANDSET, lost) < 64, "{lost}");
    }
}

/// A sender that was restarted goes on with the next block: a handset is there, too.
#[test]
fn a_restarted_sender_is_heard_at_once() {
    for window in [Window::STATION, Window::HANDSET] {
        let (mut a, mut b) = acquainted(5, window);
        for crash in 0..20_u8 {
            a.reboot();
            let sent = a.send(&b.recipient(true), &[crash]);
            assert_eq!(bodies(&b.receive(&sent.envelope).unwrap()), [vec![crash]]);
            let sent = b.send(&a.recipient(true), b"heard");
            a.receive(&sent.envelope).unwrap();
        }
        assert_eq!(b.sessions.size().sessions, 1);
    }
}

#[test]
fn passed_over_counters_open_late_for_a_week_and_once() {
    let (mut a, mut b) = acquainted(3, Window::STATION);
    b.is_watched = true;
    b.now = Some(1_000_000);
    let to = b.recipient(true);
    let late: Vec<_> = (0..40).map(|_| a.send(&to, b"late").envelope).collect();
    let newest = a.send(&to, b"newest");
    b.receive(&newest.envelope).unwrap();
    assert_eq!(b.sessions.size().skipped, 40);
    b.reboot();
    assert_eq!(b.sessions.size().skipped, 40);
    b.receive(&late[7]).unwrap();
    assert_eq!(b.receive(&late[7]).unwrap_err().name(), "unknown_hint");
    b.now = Some(1_000_000 + 7 * 86_400);
    b.receive(&late[39]).unwrap();
    b.now = Some(1_000_001 + 7 * 86_400);
    assert_eq!(b.receive(&late[0]).unwrap_err().name(), "unknown_hint");
    let next = a.send(&to, b"next");
    b.receive(&next.envelope).unwrap();
    assert_eq!(b.sessions.size().skipped, 0);
}

#[test]
fn at_most_128_keys_are_kept_and_the_lowest_make_room() {
    let (mut a, mut b) = acquainted(4, Window::STATION);
    let to = b.recipient(true);
    let mut lost = Vec::new();
    for _ in 0..10 {
        lost.extend((0..30).map(|_| a.send(&to, b"lost").envelope));
        let sent = a.send(&to, b"heard");
        b.receive(&sent.envelope).unwrap();
        let sent = b.send(&a.recipient(true), b"heard as well");
        a.receive(&sent.envelope).unwrap();
    }
    assert_eq!(b.sessions.size().skipped, SKIPPED_KEYS_MAX);
    let number = b.sessions.all()[0];
    let octets = b.sessions.snapshot(number).unwrap().octets().len();
    println!("128 keys kept: a snapshot of {octets} octets, {:?}", b.sessions.size());
    assert!(octets <= SESSION_SNAPSHOT_OCTETS_MAX);
    let opening = lost.iter().filter(|envelope| b.receive(envelope).is_ok()).count();
    // Envelopes with an offer take two counters.
    assert!((SKIPPED_KEYS_MAX / 2 - 1..=SKIPPED_KEYS_MAX).contains(&opening), "{opening}");
    assert!(b.sessions.size().skipped <= 1);
}
