//! What a relay sees of one device in two address epochs, and how it holds a sender back.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

mod support;

use chappe_relay::node::{Admission, Applicant, Leave, ListedKeys};
use chappe_relay::protocol::SessionError;
use chappe_relay::rates::RateLimits;
use chappe_relay::rotation::address_epoch;
use chappe_relay::{Address, ClientError, Delegation, Reading, Reason, TransportSecret};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{NOW, REALM, TestRelay, parcel, secret, topic};

const SEED: [u8; 32] = [1; 32];
const WEEK: u64 = 604_800;

/// Admits everybody and keeps what it was shown.
#[derive(Debug)]
struct Watching(Arc<Mutex<Vec<[u8; 32]>>>);

impl Admission for Watching {
    fn admit(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        self.0.lock().unwrap().push(applicant.key.to_bytes());
        ListedKeys::default().admit(applicant)
    }
}

fn in_epoch_of(seconds: u64) -> TransportSecret {
    TransportSecret::rotated(&SEED, REALM, address_epoch(seconds))
}

#[tokio::test]
async fn a_relay_sees_other_keys_in_another_epoch() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watching = Watching(Arc::clone(&seen));
    let relay = TestRelay::start_with(|options| options.admission = Box::new(watching)).await;
    let card = secret(1).public();
    let (first, second) = (in_epoch_of(NOW), in_epoch_of(NOW + WEEK));

    // A sender knows the card; the relay has only what it makes of it.
    let sender = relay.connect(&secret(9)).await.unwrap();
    let mailbox = Address::mailbox(card.rotated(REALM, address_epoch(NOW)));
    assert_eq!(mailbox, Address::mailbox(first.public()));
    sender.publish(parcel(mailbox, 1)).await.unwrap();

    let late = relay.connect(&second).await.unwrap();
    let refused = late.fetch(Reading::all(mailbox), 10).await;
    assert!(matches!(refused, Err(ClientError::Refused(Reason::NotYourMailbox))), "{refused:?}");
    let again = relay.connect(&first).await.unwrap();
    assert_eq!(again.fetch(Reading::all(mailbox), 10).await.unwrap().deliveries.len(), 1);

    // A gateway reads with the key of an epoch that the delegation of that epoch names.
    let gateway = TransportSecret::rotated(&[2; 32], REALM, address_epoch(NOW));
    let delegation = Delegation::sign(&first, REALM, gateway.public(), NOW + 60);
    let reading = Reading { delegation: Some(delegation), ..Reading::all(mailbox) };
    let client = relay.connect(&gateway).await.unwrap();
    assert_eq!(client.fetch(reading, 10).await.unwrap().deliveries.len(), 1);

    let seen = seen.lock().unwrap().clone();
    let [_, of_second, of_first, _] = seen[..] else { panic!("{}", seen.len()) };
    assert_eq!(of_first, first.public().to_bytes());
    assert_eq!(of_second, second.public().to_bytes());
    assert!(of_first != of_second && ![of_first, of_second].contains(&card.to_bytes()));
    relay.stop().await;
}

#[tokio::test]
async fn a_sender_is_held_to_its_rate_and_nothing_is_refused() {
    const MESSAGES: u32 = 50;
    let number = |number| NonZeroU32::new(number).unwrap();
    let limits = RateLimits {
        messages: number(MESSAGES),
        octets: number(1 << 20),
        flash_messages: number(1 << 20),
        flash_octets: number(1 << 20),
        burst_seconds: number(1),
    };
    let relay = TestRelay::start_with(|options| options.rates = Some(limits)).await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let began = Instant::now();
    let mut pending = Vec::new();
    for sequence in 0..u64::from(MESSAGES) * 2 {
        pending.push(client.start_publish(parcel(topic("rates"), sequence)).await.unwrap());
    }
    for one in pending {
        one.wait().await.unwrap();
    }
    // A full bucket at once, the rest at its rate; others wait for nobody.
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
    let other = relay.connect(&secret(2)).await.unwrap();
    let began = Instant::now();
    other.publish(parcel(topic("rates"), u64::MAX)).await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
    relay.stop().await;
}
