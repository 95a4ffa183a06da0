//! Post-quantum steps, and steps that come to nothing.

use super::device::{Device, bodies};
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::session::{Event, Steps, Window};

const RELAY: Steps = Steps { now: false, hybrid: true };
const RADIO: Steps = Steps { now: false, hybrid: false };

fn text(body: &[u8]) -> Item<'_> {
    Item::text(body, Reference::None)
}

/// One says something to the other, who hears it.
fn say(from: &mut Device, to: &mut Device, steps: Steps, space: usize) -> Vec<Event> {
    let recipient = to.recipient(true);
    let sent = from.send_with(&recipient, &[text(b"said")], space, steps).unwrap();
    let received = to.receive(&sent.envelope).unwrap();
    assert_eq!(bodies(&received), [b"said".to_vec()]);
    received.events
}

#[test]
fn a_session_becomes_post_quantum_over_a_relay_and_stays_so_on_the_radio() {
    let (mut a, mut b) = Device::pair(21, Window::STATION);
    say(&mut a, &mut b, RELAY, 16_384);
    say(&mut b, &mut a, RELAY, 16_384);
    // Once A has heard B in epoch 1 it is A's turn: the hybrid offer does not fit the radio and waits.
    assert_eq!(say(&mut a, &mut b, RELAY, 200), [Event::Stepped { epoch: 1 }]);
    say(&mut b, &mut a, RADIO, 200);
    say(&mut a, &mut b, RELAY, 200);
    say(&mut a, &mut b, RELAY, 16_384);
    // Nor does the answer.
    assert_eq!(say(&mut b, &mut a, RADIO, 200), []);
    assert_eq!(say(&mut b, &mut a, RELAY, 16_384), [Event::PostQuantum { epoch: 2 }]);
    let session = a.sessions.current(&b.me).unwrap();
    assert!(a.sessions.is_post_quantum(session));
    assert!(!b.sessions.is_post_quantum(b.sessions.current(&a.me).unwrap()), "B still sends in 1");
    assert_eq!(say(&mut a, &mut b, RADIO, 64), [Event::PostQuantum { epoch: 2 }]);
    assert!(b.sessions.is_post_quantum(b.sessions.current(&a.me).unwrap()));
    // Ordinary steps go on, and it stays.
    let mut epochs = 2;
    for _ in 0..200 {
        for event in
            say(&mut a, &mut b, RADIO, 200).into_iter().chain(say(&mut b, &mut a, RADIO, 200))
        {
            if let Event::Stepped { epoch } = event {
                epochs = epochs.max(epoch);
            }
        }
    }
    assert!(epochs >= 5, "{epochs}");
    assert!(a.sessions.is_post_quantum(session));
}

#[test]
fn a_step_may_go_without_a_message() {
    let (mut a, mut b) = Device::pair(22, Window::STATION);
    say(&mut a, &mut b, RADIO, 200);
    let sent = b.send_with(&a.recipient(true), &[], 200, RADIO).unwrap();
    let received = a.receive(&sent.envelope).unwrap();
    assert!(received.opened.messages().is_empty());
    assert_eq!(received.events, [Event::Stepped { epoch: 1 }]);
}

#[test]
fn an_offer_that_is_lost_is_made_again_the_same() {
    let (mut a, mut b) = Device::pair(23, Window::STATION);
    say(&mut a, &mut b, RADIO, 200);
    let to_a = a.recipient(true);
    for _ in 0..5 {
        b.send_with(&to_a, &[text(b"lost")], 200, RADIO).unwrap();
    }
    // A does not fit with so little space, and is not forced in.
    let small = b.send_with(&to_a, &[text(b"small")], 40, RADIO).unwrap();
    assert!(small.envelope.len() <= 40);
    a.receive(&small.envelope).unwrap();
    assert_eq!(say(&mut b, &mut a, RADIO, 200), [Event::Stepped { epoch: 1 }]);
    // What was on its way in the old epoch still comes.
    assert_eq!(say(&mut b, &mut a, RADIO, 200), []);
    assert_eq!(say(&mut a, &mut b, RADIO, 200), [Event::Stepped { epoch: 1 }]);
}

/// Items of the ratchet that no honest device sends do nothing, and what has the wrong form is kept.
#[test]
fn steps_that_come_to_nothing() {
    let (mut a, mut b) = Device::pair(24, Window::STATION);
    say(&mut a, &mut b, RADIO, 200);
    let to_a = a.recipient(true);
    let step =
        |body| Item { family: Family::RATCHET, revision: 0, reference: Reference::None, body };
    let mut small_order = [0; 33];
    small_order[1] = 1;
    let mut other = [9; 33];
    other[0] = 0;
    let mut no_key = vec![0xFF; 1249];
    no_key[0] = 1;
    let answer = {
        let mut octets = vec![3; 1121];
        octets[0] = 2;
        octets
    };
    for (body, events, kept) in [
        (&small_order[..], vec![Event::UselessOffer], 0),
        (&no_key[..], vec![Event::UselessOffer], 0),
        (&answer[..], vec![], 0),
        (&[0; 32][..], vec![], 1),
        (&[0; 34][..], vec![], 1),
        (&[3; 33][..], vec![], 1),
        (&[][..], vec![], 1),
    ] {
        // Small space keeps B's own offer out.
        let sent = b.send_with(&to_a, &[step(body)], body.len() + 24, RADIO).unwrap();
        let received = a.receive(&sent.envelope).unwrap();
        assert_eq!(received.events, events);
        assert_eq!(received.opened.messages().len(), kept);
    }
    // From the side whose turn it is not.
    let sent = a.send_with(&b.recipient(true), &[step(&other)], 16_384, RADIO).unwrap();
    assert_eq!(b.receive(&sent.envelope).unwrap().events, []);
    assert_eq!(say(&mut b, &mut a, RADIO, 200), [Event::Stepped { epoch: 1 }]);
}
