//! Clients that do not keep to the protocol: each gets a code and a reason, and the relay goes on
//! serving the others.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "support/raw.rs"]
mod raw;
mod support;

use chappe_relay::Reading;
use chappe_relay::protocol::{ALPN, ClientMessage, Read, Reason, RelayMessage};
use raw::{RawClient, RawLane};
use std::time::Duration;
use support::{REALM, TestRelay, parcel, secret, topic};

/// Hello of a client in the tests' realm that knows version 1.
const HELLO: [u8; 10] = [0x01, 8, 0, 1, 0, 0, 0, 42, 1, 1];
const HELLO_ANSWER_OCTETS: usize = 11;

async fn greeted(relay: &TestRelay) -> (RawClient, RawLane) {
    let client = RawClient::connect(relay.address, 7, ALPN).await;
    let mut lane = client.lane().await;
    lane.send(&HELLO).await;
    let answer = lane.receive(HELLO_ANSWER_OCTETS).await;
    assert_eq!(answer[..3], [0x81, 9, 1]);
    (client, lane)
}

/// The relay is up and serves.
async fn serves(relay: &TestRelay, number: u64) {
    let client = relay.connect(&secret(1)).await.unwrap();
    client.publish(parcel(topic("others"), number)).await.unwrap();
    let page = client.fetch(Reading::all(topic("others")), 256).await.unwrap();
    assert!(page.deliveries.iter().any(|one| one.parcel == parcel(topic("others"), number)));
}

#[tokio::test]
async fn what_must_not_come_first_closes_the_connection_with_a_reason() {
    let relay = TestRelay::start().await;
    let publish = ClientMessage::Publish { number: 1, parcel: parcel(topic("a"), 1) }.to_bytes();
    let realm = REALM.to_bytes();
    let cases: [(&str, Vec<u8>, u64, &str); 9] = [
        ("publish before hello", publish, 2, "before the hello"),
        ("unknown before hello", vec![0x7F, 0], 2, "before the hello"),
        ("a relay's message", vec![0x82, 8, 0, 0, 0, 0, 0, 0, 0, 1], 2, "before the hello"),
        ("an endless length", vec![0x01, 0xFF, 0xFF, 0xFF, 0xFF, 1], 1, "length"),
        ("a giant length", vec![0x01, 0xFF, 0xFF, 0x7F], 1, "length"),
        ("a padded length", vec![0x01, 0x88, 0x00], 1, "length"),
        ("a short hello", vec![0x01, 1, 0], 1, "realm"),
        ("another realm", [&[0x01, 8, 0, 0][..], &realm[1..], &[1, 1]].concat(), 4, "realm"),
        ("unknown versions", [&[0x01, 8, 0][..], &realm, &[1, 9]].concat(), 3, "version"),
    ];
    for (number, (case, octets, code, word)) in (0..).zip(cases) {
        let client = RawClient::connect(relay.address, 7, ALPN).await;
        let mut lane = client.lane().await;
        lane.send(&octets).await;
        let (closed_with, reason) = client.close_code().await;
        assert_eq!(closed_with, code, "{case}: {reason}");
        assert!(reason.contains(word), "{case}: {reason}");
        serves(&relay, number).await;
    }
    let lines = relay.lines.lock().unwrap().join("\n");
    assert_eq!(lines.matches("connection closed").count(), 9, "{lines}");
    relay.stop().await;
}

#[tokio::test]
async fn what_must_not_come_later_closes_the_connection_with_a_reason() {
    let relay = TestRelay::start().await;
    let one = parcel(topic("a"), 1);
    let read = Read { address: topic("a"), cursor: 0, delegation: Vec::new() };
    let fetch = ClientMessage::Fetch { number: 1, read, limit: 1 }.to_bytes();
    let mut bad_kind = fetch.clone();
    bad_kind[10] = 2;
    let empty_envelope = [&[0x02, 30, 0, 0, 0, 0, 0, 0, 0, 1][..], &one.to_bytes()[..22]].concat();
    let mut reserved_bit = ClientMessage::Publish { number: 1, parcel: one.clone() }.to_bytes();
    reserved_bit[10] |= 1;
    let publish = |number| ClientMessage::Publish { number, parcel: one.clone() }.to_bytes();
    let cases: [(&str, Vec<u8>, u64); 10] = [
        ("a second hello", HELLO.to_vec(), 2),
        ("a relay's message", vec![0x85, 0], 2),
        ("number 0", publish(0), 2),
        ("a number left out", publish(2), 2),
        ("a number twice", [publish(1), publish(1)].concat(), 2),
        ("an unknown kind of address", bad_kind, 1),
        ("a parcel without envelope", empty_envelope, 1),
        ("a parcel with a reserved bit", reserved_bit, 1),
        ("a fetch cut short", [&[0x03, 5][..], &fetch[2..7]].concat(), 1),
        ("a body too long", vec![0x02, 0x81, 0x84, 0x01], 1),
    ];
    for (number, (case, octets, code)) in (0..).zip(cases) {
        let (client, mut lane) = greeted(&relay).await;
        lane.send(&octets).await;
        let (closed_with, reason) = client.close_code().await;
        assert_eq!(closed_with, code, "{case}: {reason}");

        // And the same on another lane than the first.
        let (client, _first) = greeted(&relay).await;
        client.lane().await.send(&octets).await;
        assert_eq!(client.close_code().await.0, code, "{case}, second lane");
        serves(&relay, number).await;
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_message_cut_off_by_the_end_of_a_lane_is_malformed() {
    let relay = TestRelay::start().await;
    let (client, mut lane) = greeted(&relay).await;
    lane.send(&[0x02, 30, 0]).await;
    lane.send.finish().unwrap();
    assert_eq!(client.close_code().await.0, 1);
    serves(&relay, 1).await;
    relay.stop().await;
}

#[tokio::test]
async fn unknown_messages_and_parcels_of_unknown_versions_are_answered_and_the_lane_goes_on() {
    let relay = TestRelay::start().await;
    let (_client, mut lane) = greeted(&relay).await;
    lane.send(&[0x55, 3, 1, 2, 3]).await;
    let answer = RelayMessage::UnknownMessage { message_type: 0x55 }.to_bytes();
    assert_eq!(lane.receive(answer.len()).await, answer);

    lane.send(&[0x02, 11, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 9, 9]).await;
    let answer = RelayMessage::Refused { number: 1, reason: Reason::UnknownVersion }.to_bytes();
    assert_eq!(lane.receive(answer.len()).await, answer);

    let publish = ClientMessage::Publish { number: 2, parcel: parcel(topic("a"), 1) };
    lane.send(&publish.to_bytes()).await;
    let answer = RelayMessage::Acknowledged { number: 2 }.to_bytes();
    assert_eq!(lane.receive(answer.len()).await, answer);
    relay.stop().await;
}

#[tokio::test]
async fn a_delegation_of_an_unknown_version_costs_its_request_only() {
    let relay = TestRelay::start().await;
    let (_client, mut lane) = greeted(&relay).await;
    let address = chappe_relay::Address::mailbox(secret(3).public());
    let read = Read { address, cursor: 0, delegation: vec![2, 0, 0] };
    lane.send(&ClientMessage::Fetch { number: 1, read, limit: 1 }.to_bytes()).await;
    let answer = RelayMessage::Refused { number: 1, reason: Reason::BadDelegation }.to_bytes();
    assert_eq!(lane.receive(answer.len()).await, answer);
    relay.stop().await;
}

#[tokio::test]
async fn a_message_may_come_octet_by_octet() {
    let relay = TestRelay::start().await;
    let client = RawClient::connect(relay.address, 7, ALPN).await;
    let mut lane = client.lane().await;
    let publish = ClientMessage::Publish { number: 1, parcel: parcel(topic("a"), 1) }.to_bytes();
    for octet in HELLO.iter().chain(&publish) {
        lane.send(&[*octet]).await;
        tokio::task::yield_now().await;
    }
    lane.receive(HELLO_ANSWER_OCTETS).await;
    assert_eq!(lane.receive(10).await, RelayMessage::Acknowledged { number: 1 }.to_bytes());
    relay.stop().await;
}

/// The clock is the test's: nothing happens, so it runs ahead.
#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_sent_away() {
    let relay = TestRelay::start().await;
    let client = RawClient::connect(relay.address, 7, ALPN).await;
    let mut lane = client.lane().await;
    lane.send(&HELLO[..4]).await;
    let closed = tokio::time::timeout(Duration::from_secs(20), client.close_code()).await;
    assert_eq!(closed.unwrap().0, 6);
    relay.stop().await;
}

#[tokio::test]
async fn too_many_subscriptions_are_refused_and_unsubscribing_makes_room() {
    let relay = TestRelay::start().await;
    let (_client, mut lane) = greeted(&relay).await;
    let subscribe = |number: u64| {
        let read = Read { address: topic(&number.to_string()), cursor: 0, delegation: Vec::new() };
        ClientMessage::Subscribe { number, read }.to_bytes()
    };
    for number in 1..=17 {
        lane.send(&subscribe(number)).await;
    }
    let refusal = RelayMessage::Refused { number: 17, reason: Reason::TooMany }.to_bytes();
    assert_eq!(lane.receive(refusal.len()).await, refusal);
    lane.send(&ClientMessage::Unsubscribe { number: 3 }.to_bytes()).await;
    let end = RelayMessage::End { number: 3, cursor: 0, more: false }.to_bytes();
    assert_eq!(lane.receive(end.len()).await, end);
    // One that is not open: no answer. The next answer is the next message's.
    lane.send(&ClientMessage::Unsubscribe { number: 3 }.to_bytes()).await;
    lane.send(&subscribe(18)).await;
    lane.send(&subscribe(19)).await;
    let refusal = RelayMessage::Refused { number: 19, reason: Reason::TooMany }.to_bytes();
    assert_eq!(lane.receive(refusal.len()).await, refusal);
    relay.stop().await;
}

#[tokio::test]
async fn another_protocol_is_refused_in_the_handshake() {
    let relay = TestRelay::start().await;
    assert!(RawClient::try_connect(relay.address, 7, b"h3").await.is_err());
    serves(&relay, 1).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_publishes_and_never_reads_its_answers_stops_nobody() {
    let relay = TestRelay::start().await;
    let (client, mut lane) = greeted(&relay).await;
    let flood = tokio::spawn(async move {
        for number in 1.. {
            let message = ClientMessage::Publish { number, parcel: parcel(topic("flood"), number) };
            if lane.send.write_all(&message.to_bytes()).await.is_err() {
                break;
            }
        }
        drop(lane.receive);
    });
    for number in 0..20 {
        serves(&relay, number).await;
    }
    drop(client);
    flood.abort();
    relay.stop().await;
}
