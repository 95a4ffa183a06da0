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

use chappe_codec::precedence::Precedence;
use chappe_relay::parcel::ParcelRef;
use chappe_relay::protocol::{ALPN, AnyParcel, ClientMessage, Read, Reason, RelayMessage};
use chappe_relay::{Parcel, Reading};
use raw::{RawClient, RawLane};
use std::time::Duration;
use support::{REALM, TestRelay, parcel, secret, topic};

/// Hello of a client in the tests' realm that knows version 2.
const HELLO: [u8; 12] = [0x01, 10, 0, 1, 0, 0, 0, 42, 1, 2, 0, 0];
const HELLO_ANSWER_OCTETS: usize = 11;
/// A lane of ROUTINE.
const LANE: [u8; 3] = [0x02, 1, 0];

/// A client whose hello was answered, with its control stream.
async fn greeted(relay: &TestRelay) -> (RawClient, RawLane) {
    let client = RawClient::connect(relay.address, 7, ALPN).await;
    let mut control = client.lane().await;
    control.send(&HELLO).await;
    let answer = control.receive(HELLO_ANSWER_OCTETS).await;
    assert_eq!(answer[..3], [0x81, 9, 2]);
    (client, control)
}

/// The same with a lane that has begun.
async fn with_lane(relay: &TestRelay) -> (RawClient, RawLane, RawLane) {
    let (client, control) = greeted(relay).await;
    let mut lane = client.lane().await;
    lane.send(&LANE).await;
    (client, control, lane)
}

fn publish(parcel: &Parcel) -> Vec<u8> {
    let octets = parcel.to_bytes();
    ClientMessage::Publish(AnyParcel::Known(ParcelRef::parse(&octets).unwrap())).to_bytes()
}

fn fetch(read: Read<'_>) -> Vec<u8> {
    ClientMessage::Fetch { read, cursor: 0, limit: 1 }.to_bytes()
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
    let publish = publish(&parcel(topic("a"), 1));
    let realm = REALM.to_bytes();
    let hello = |realm: &[u8], versions: &[u8]| {
        let count = u8::try_from(versions.len()).unwrap();
        [&[0x01, 9 + count, 0], realm, &[count], versions, &[0, 0]].concat()
    };
    let cases: [(&str, Vec<u8>, u64, &str); 10] = [
        ("publish before hello", publish, 2, "before the hello"),
        ("a lane before hello", LANE.to_vec(), 2, "before the hello"),
        ("unknown before hello", vec![0x7F, 0], 2, "before the hello"),
        ("a relay's message", vec![0x82, 1, 1], 2, "before the hello"),
        ("an endless length", vec![0x01, 0xFF, 0xFF, 0xFF, 0xFF, 1], 1, "length"),
        ("a giant length", vec![0x01, 0xFF, 0xFF, 0x7F], 1, "length"),
        ("a padded length", vec![0x01, 0x88, 0x00], 1, "length"),
        ("a short hello", vec![0x01, 2, 0, 0], 1, "realm"),
        ("another realm", hello(&[&[0][..], &realm[1..]].concat(), &[2]), 4, "realm"),
        ("unknown versions", hello(&realm, &[9]), 3, "version"),
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
    assert_eq!(lines.matches("connection closed").count(), 10, "{lines}");
    relay.stop().await;
}

#[tokio::test]
async fn what_must_not_come_later_closes_the_connection_with_a_reason() {
    let relay = TestRelay::start().await;
    let one = parcel(topic("a"), 1);
    let fetch = fetch(Read { address: topic("a"), delegation: &[] });
    let mut bad_kind = fetch.clone();
    bad_kind[2] = 2;
    let empty_envelope = [&[0x03, 22][..], &one.to_bytes()[..22]].concat();
    let mut reserved_bit = publish(&one);
    reserved_bit[2] |= 1;
    let cases: [(&str, Vec<u8>, u64); 9] = [
        ("a second lane", LANE.to_vec(), 2),
        ("a hello", HELLO.to_vec(), 2),
        ("a relay's message", vec![0x85, 0], 2),
        ("a credit for number 0", vec![0x08, 5, 0, 0, 0, 0, 1], 1),
        ("an unknown kind of address", bad_kind, 1),
        ("a parcel without envelope", empty_envelope, 1),
        ("a parcel with a reserved bit", reserved_bit, 1),
        ("a fetch cut short", [&[0x05, 5][..], &fetch[2..7]].concat(), 1),
        ("a body too long", vec![0x03, 0x81, 0x84, 0x01], 1),
    ];
    for (number, (case, octets, code)) in (0..).zip(cases) {
        let (client, _control, mut lane) = with_lane(&relay).await;
        lane.send(&octets).await;
        let (closed_with, reason) = client.close_code().await;
        assert_eq!(closed_with, code, "{case}: {reason}");

        // The control stream bears none of them either: there it is out of place before it is read.
        let (client, mut control) = greeted(&relay).await;
        control.send(&octets).await;
        let expected = if case == "a body too long" { 1 } else { 2 };
        assert_eq!(client.close_code().await.0, expected, "{case}, control stream");
        serves(&relay, number).await;
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_message_cut_off_by_the_end_of_a_lane_is_malformed() {
    let relay = TestRelay::start().await;
    let (client, _control, mut lane) = with_lane(&relay).await;
    lane.send(&[0x03, 30, 0]).await;
    lane.send.finish().unwrap();
    assert_eq!(client.close_code().await.0, 1);
    serves(&relay, 1).await;
    relay.stop().await;
}

#[tokio::test]
async fn who_ends_the_control_stream_breaks_the_protocol() {
    let relay = TestRelay::start().await;
    let (client, mut control) = greeted(&relay).await;
    control.send.finish().unwrap();
    assert_eq!(client.close_code().await.0, 2);
    serves(&relay, 1).await;
    relay.stop().await;
}

#[tokio::test]
async fn unknown_messages_and_parcels_of_unknown_versions_are_answered_and_the_lane_goes_on() {
    let relay = TestRelay::start().await;
    let (_client, mut control, mut lane) = with_lane(&relay).await;
    let answer = RelayMessage::UnknownMessage { message_type: 0x55 }.to_bytes();
    for stream in [&mut control, &mut lane] {
        stream.send(&[0x55, 3, 1, 2, 3]).await;
        assert_eq!(stream.receive(answer.len()).await, answer);
    }

    lane.send(&[0x03, 3, 0x10, 9, 9]).await;
    let answer = RelayMessage::Refused { number: 1, reason: Reason::UnknownVersion }.to_bytes();
    assert_eq!(lane.receive(answer.len()).await, answer);

    let mut flash = parcel(topic("a"), 1);
    flash.precedence = Precedence::Flash;
    lane.send(&publish(&flash)).await;
    let answer = RelayMessage::Refused { number: 2, reason: Reason::WrongPrecedence }.to_bytes();
    assert_eq!(lane.receive(answer.len()).await, answer);

    lane.send(&publish(&parcel(topic("a"), 1))).await;
    let answer = RelayMessage::Acknowledged { number: 3 }.to_bytes();
    assert_eq!(lane.receive(answer.len()).await, answer);
    relay.stop().await;
}

#[tokio::test]
async fn a_delegation_of_an_unknown_version_costs_its_request_only() {
    let relay = TestRelay::start().await;
    let (_client, _control, mut lane) = with_lane(&relay).await;
    let address = chappe_relay::Address::mailbox(secret(3).public());
    lane.send(&fetch(Read { address, delegation: &[2, 0, 0] })).await;
    let answer = RelayMessage::Refused { number: 1, reason: Reason::BadDelegation }.to_bytes();
    assert_eq!(lane.receive(answer.len()).await, answer);
    relay.stop().await;
}

#[tokio::test]
async fn a_message_may_come_octet_by_octet() {
    let relay = TestRelay::start().await;
    let client = RawClient::connect(relay.address, 7, ALPN).await;
    let (mut control, mut lane) = (client.lane().await, client.lane().await);
    for octet in HELLO {
        control.send(&[octet]).await;
        tokio::task::yield_now().await;
    }
    for octet in LANE.into_iter().chain(publish(&parcel(topic("a"), 1))) {
        lane.send(&[octet]).await;
        tokio::task::yield_now().await;
    }
    control.receive(HELLO_ANSWER_OCTETS).await;
    let answer = RelayMessage::Acknowledged { number: 1 }.to_bytes();
    assert_eq!(lane.receive(answer.len()).await, answer);
    relay.stop().await;
}

/// The clock is the test's: nothing happens, so it runs ahead.
#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_sent_away() {
    let relay = TestRelay::start().await;
    let client = RawClient::connect(relay.address, 7, ALPN).await;
    let mut control = client.lane().await;
    control.send(&HELLO[..4]).await;
    let closed = tokio::time::timeout(Duration::from_secs(20), client.close_code()).await;
    assert_eq!(closed.unwrap().0, 6);
    relay.stop().await;
}

#[tokio::test]
async fn too_many_subscriptions_are_refused_and_stopping_makes_room() {
    let relay = TestRelay::start().await;
    let (_client, _control, mut lane) = with_lane(&relay).await;
    let subscribe = |number: u64| {
        let address = topic(&number.to_string());
        let read = Read { address, delegation: &[] };
        ClientMessage::Subscribe { read, cursor: 0, credit: 1 }.to_bytes()
    };
    for number in 1..=65 {
        lane.send(&subscribe(number)).await;
    }
    let refusal = RelayMessage::Refused { number: 65, reason: Reason::TooMany }.to_bytes();
    assert_eq!(lane.receive(refusal.len()).await, refusal);
    lane.send(&ClientMessage::Stop { number: 3 }.to_bytes()).await;
    let end = RelayMessage::End { number: 3, cursor: 0, more: false }.to_bytes();
    assert_eq!(lane.receive(end.len()).await, end);
    // One that is not open: no answer. The next answer is the next message's.
    lane.send(&ClientMessage::Stop { number: 3 }.to_bytes()).await;
    lane.send(&subscribe(66)).await;
    lane.send(&subscribe(67)).await;
    let refusal = RelayMessage::Refused { number: 67, reason: Reason::TooMany }.to_bytes();
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
    let (client, _control, mut lane) = with_lane(&relay).await;
    let flood = tokio::spawn(async move {
        for number in 1.. {
            let message = publish(&parcel(topic("flood"), number));
            if lane.send.write_all(&message).await.is_err() {
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
