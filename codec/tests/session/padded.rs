//! Envelopes for a relay: as long as a step, and otherwise as if nothing had been added.

use super::device::{Device, bodies};
use chappe_codec::item::{Item, Reference};
use chappe_codec::padding::{self, STEPS};
use chappe_codec::session::{Sent, Steps, Window};

fn send(from: &mut Device, to: &Device, knows_us: bool, bodies: &[&[u8]]) -> Sent {
    let items: Vec<_> = bodies.iter().map(|body| Item::text(body, Reference::None)).collect();
    let sent = from.send_padded(&to.recipient(knows_us), &items).unwrap();
    assert!(STEPS.contains(&sent.envelope.len()), "{}", sent.envelope.len());
    sent
}

#[test]
fn every_class_is_padded_and_padding_takes_no_counter() {
    let (mut a, mut b) = Device::pair(71, Window::STATION);
    let mut classes = [0; 5];
    let mut expected = 0;
    // The answers carry the steps of the ratchet; counters run through all of it.
    for round in 0..300_usize {
        let body = vec![7; round % 90];
        let several: [&[u8]; 2] = [&body, b"and more"];
        let sent = send(&mut a, &b, true, &several[..1 + round % 2]);
        classes[usize::from(sent.envelope[0] >> 3)] += 1;
        let received = b.receive(&sent.envelope).unwrap();
        assert_eq!(received.opened.every_message(), sent.said.every_message());
        assert_eq!(bodies(&received).len(), 1 + round % 2);
        for message in received.opened.every_message() {
            assert!(!padding::is_padding(&message.item) && message.id.is_some());
            // A counter is passed over only where an envelope would reach over a multiple of 64.
            assert!(message.counter >= expected && message.counter <= expected + 1);
            expected = message.counter + 1;
        }
        if round % 7 == 0 {
            let sent = send(&mut b, &a, true, &[b"still here"]);
            assert_eq!(bodies(&a.receive(&sent.envelope).unwrap()), [b"still here".to_vec()]);
        }
    }
    assert!(classes[1] > 200 && classes[2] > 0 && classes[3] > 0, "{classes:?}");
}

#[test]
fn a_stranger_pads_too() {
    let (mut a, mut b) = (Device::new(72, Window::STATION), Device::new(73, Window::STATION));
    a.admit(b.me);
    let sent = send(&mut a, &b, false, &[b"who are you?"]);
    assert_eq!((sent.envelope[0] >> 3, sent.envelope.len()), (4, 239));
    assert_eq!(bodies(&b.receive(&sent.envelope).unwrap()), [b"who are you?".to_vec()]);
}

#[test]
fn a_step_alone_is_padded() {
    let (mut a, mut b) = Device::pair(74, Window::STATION);
    let sent = send(&mut a, &b, true, &[b"first"]);
    b.receive(&sent.envelope).unwrap();
    let step = b.send_padded(&a.recipient(true), &[]).unwrap();
    assert_eq!((step.said.messages().len(), step.said.every_message().len()), (0, 1));
    assert!(STEPS.contains(&step.envelope.len()));
    assert!(bodies(&a.receive(&step.envelope).unwrap()).is_empty());
}

#[test]
fn who_seals_hands_over_messages_only() {
    let (mut a, b) = Device::pair(75, Window::STATION);
    let mut items = vec![Item::text(b"x", Reference::None)];
    items.extend(padding::behind(&items, 20));
    let refused = a.send_with(&b.recipient(true), &items, 999, Steps::default()).unwrap_err();
    assert!(refused.to_string().contains("family"), "{refused}");
}
