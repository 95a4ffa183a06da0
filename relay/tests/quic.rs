//! Relay and client over real sockets.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod support;

use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_relay::node::ListedKeys;
use chappe_relay::{
    Address, ClientError, CloseCode, Cursors, Delegation, Reading, Reason, RelayClient,
    TransportSecret,
};
use std::collections::HashSet;
use std::time::Duration;
use support::{NOW, REALM, TestRelay, parcel, secret, topic};

#[tokio::test]
async fn what_is_acknowledged_can_be_fetched_in_order() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    for number in 0..10 {
        client.publish(parcel(topic("a"), number)).await.unwrap();
        client.publish(parcel(topic("b"), number)).await.unwrap();
    }
    let first = client.fetch(Reading::all(topic("a")), 4).await.unwrap();
    assert!(first.more);
    let again = client.fetch(Reading::all(topic("a")), 4).await.unwrap();
    assert_eq!(first, again, "the same cursor gives the same parcels");
    let reading = Reading { cursors: first.cursors, ..Reading::all(topic("a")) };
    let rest = client.fetch(reading, 256).await.unwrap();
    assert!(!rest.more);
    let got: Vec<_> = first.deliveries.iter().chain(&rest.deliveries).collect();
    let expected: Vec<_> = (0..10).map(|number| parcel(topic("a"), number)).collect();
    assert_eq!(
        got.iter().map(|delivery| &delivery.parcel).collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    assert!(got.windows(2).all(|pair| pair[0].cursor < pair[1].cursor));
    relay.stop().await;
}

#[tokio::test]
async fn every_precedence_is_stored_and_kept() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    for precedence in Precedence::ALL {
        let mut one = parcel(topic("a"), u64::from(precedence.to_bits()));
        one.precedence = precedence;
        client.publish(one).await.unwrap();
    }
    let page = client.fetch(Reading::all(topic("a")), 9).await.unwrap();
    let got: Vec<_> = page.deliveries.iter().map(|delivery| delivery.parcel.precedence).collect();
    let mut flash_first = Precedence::ALL;
    flash_first.reverse();
    assert_eq!(got, flash_first);
    relay.stop().await;
}

#[tokio::test]
async fn a_subscription_gives_what_was_and_what_comes() {
    let relay = TestRelay::start().await;
    let publisher = relay.connect(&secret(1)).await.unwrap();
    for number in 0..300 {
        publisher.start_publish(parcel(topic("a"), number)).await.unwrap();
    }
    publisher.publish(parcel(topic("a"), 300)).await.unwrap();
    let reader = relay.connect(&secret(2)).await.unwrap();
    let mut subscription = reader.subscribe(Reading::all(topic("a"))).await.unwrap();
    for number in 0..=300 {
        assert_eq!(subscription.next().await.unwrap().parcel, parcel(topic("a"), number));
    }
    for number in 301..320 {
        publisher.publish(parcel(topic("a"), number)).await.unwrap();
        publisher.publish(parcel(topic("other"), number)).await.unwrap();
        let delivery = subscription.next().await.unwrap();
        assert_eq!(delivery.parcel, parcel(topic("a"), number));
        assert_eq!(delivery.cursor, subscription.cursors().get(Precedence::Routine));
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_stops_nobody_and_misses_nothing() {
    let relay = TestRelay::start().await;
    let publisher = relay.connect(&secret(1)).await.unwrap();
    let slow = relay.connect(&secret(2)).await.unwrap();
    let mut subscription = slow.subscribe(Reading::all(topic("a"))).await.unwrap();
    // Live from the start, so that the live queue is what overflows.
    publisher.publish(parcel(topic("a"), 0)).await.unwrap();
    assert_eq!(subscription.next().await.unwrap().parcel, parcel(topic("a"), 0));
    let large = |number: u64| {
        let mut envelope = vec![7; 16_000];
        envelope[..8].copy_from_slice(&number.to_be_bytes());
        support::parcel_of(topic("a"), envelope)
    };
    let mut pending = Vec::new();
    for number in 1..=1500 {
        pending.push(publisher.start_publish(large(number)).await.unwrap());
    }
    for ack in pending {
        ack.wait().await.unwrap();
    }
    for number in 1..=1500 {
        // Without a wake-up after the last dropped copy this would wait for ever.
        let next = tokio::time::timeout(Duration::from_secs(20), subscription.next());
        assert_eq!(next.await.unwrap().unwrap().parcel, large(number), "{number}");
    }
    publisher.publish(large(1501)).await.unwrap();
    assert_eq!(subscription.next().await.unwrap().parcel, large(1501));
    relay.stop().await;
}

#[tokio::test]
async fn a_duplicate_is_acknowledged_and_kept_once() {
    let relay = TestRelay::start().await;
    let one = relay.connect(&secret(1)).await.unwrap();
    let other = relay.connect(&secret(2)).await.unwrap();
    let mut pending = Vec::new();
    for _ in 0..50 {
        pending.push(one.start_publish(parcel(topic("a"), 1)).await.unwrap());
        pending.push(other.start_publish(parcel(topic("a"), 1)).await.unwrap());
    }
    for ack in pending {
        ack.wait().await.unwrap();
    }
    // The same envelope to another address is another parcel.
    one.publish(parcel(topic("b"), 1)).await.unwrap();
    assert_eq!(one.fetch(Reading::all(topic("a")), 9).await.unwrap().deliveries.len(), 1);
    assert_eq!(one.fetch(Reading::all(topic("b")), 9).await.unwrap().deliveries.len(), 1);
    relay.stop().await;
}

#[tokio::test]
async fn a_mailbox_is_read_by_its_owner_only() {
    let relay = TestRelay::start().await;
    let owner = secret(1);
    let mailbox = Address::mailbox(owner.public());
    let stranger = relay.connect(&secret(2)).await.unwrap();
    stranger.publish(parcel(mailbox, 1)).await.unwrap();

    let refusal = stranger.fetch(Reading::all(mailbox), 9).await.unwrap_err();
    assert!(matches!(refusal, ClientError::Refused(Reason::NotYourMailbox)), "{refusal}");
    let mut subscription = stranger.subscribe(Reading::all(mailbox)).await.unwrap();
    let refusal = subscription.next().await.unwrap_err();
    assert!(matches!(refusal, ClientError::Refused(Reason::NotYourMailbox)), "{refusal}");
    // The same octets asked for as a topic are another address.
    let as_topic = Address { kind: chappe_relay::AddressKind::Topic, ..mailbox };
    assert!(stranger.fetch(Reading::all(as_topic), 9).await.unwrap().deliveries.is_empty());

    let owner = relay.connect(&owner).await.unwrap();
    let page = owner.fetch(Reading::all(mailbox), 9).await.unwrap();
    assert_eq!(page.deliveries[0].parcel, parcel(mailbox, 1));
    relay.stop().await;
}

#[tokio::test]
async fn a_delegated_reader_reads_until_the_delegation_expires() {
    let relay = TestRelay::start().await;
    let owner = secret(1);
    let mailbox = Address::mailbox(owner.public());
    let gateway = relay.connect(&secret(2)).await.unwrap();
    gateway.publish(parcel(mailbox, 1)).await.unwrap();
    let read = |delegation| Reading { delegation: Some(delegation), ..Reading::all(mailbox) };
    let good = Delegation::sign(&owner, REALM, secret(2).public(), NOW + 60);
    let page = gateway.fetch(read(good), 9).await.unwrap();
    assert_eq!(page.deliveries.len(), 1);

    let other_realm = Realm { mode: Mode::Live, network: 7 };
    let bad = [
        (Delegation::sign(&owner, REALM, secret(2).public(), NOW), Reason::DelegationExpired),
        (Delegation::sign(&owner, REALM, secret(3).public(), NOW + 60), Reason::BadDelegation),
        (Delegation::sign(&secret(3), REALM, secret(2).public(), NOW + 60), Reason::BadDelegation),
        (
            Delegation::sign(&owner, other_realm, secret(2).public(), NOW + 60),
            Reason::BadDelegation,
        ),
    ];
    for (delegation, expected) in bad {
        match gateway.fetch(read(delegation), 9).await {
            Err(ClientError::Refused(reason)) => assert_eq!(reason, expected),
            other => panic!("{expected}: {other:?}"),
        }
    }

    // A subscription ends when its delegation does.
    let mut subscription = gateway.subscribe(read(good)).await.unwrap();
    subscription.next().await.unwrap();
    relay.set_clock(NOW + 61);
    gateway.publish(parcel(mailbox, 2)).await.unwrap();
    let end = subscription.next().await.unwrap_err();
    assert!(matches!(end, ClientError::Refused(Reason::DelegationExpired)), "{end}");
    relay.stop().await;
}

#[tokio::test]
async fn expired_parcels_are_neither_taken_nor_given_out() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let expiring = |expiry| {
        chappe_relay::Parcel::new(topic("a"), Precedence::Routine, expiry, vec![1, 2, 3]).unwrap()
    };
    for (expiry, expected) in [
        (NOW, Reason::Expired),
        (NOW - 1, Reason::Expired),
        (NOW + 30 * 86_400 + 1, Reason::ExpiryTooFar),
    ] {
        match client.publish(expiring(expiry)).await {
            Err(ClientError::Refused(reason)) => assert_eq!(reason, expected),
            other => panic!("{expiry}: {other:?}"),
        }
    }
    client.publish(expiring(NOW + 10)).await.unwrap();
    assert_eq!(client.fetch(Reading::all(topic("a")), 9).await.unwrap().deliveries.len(), 1);
    relay.set_clock(NOW + 10);
    assert!(client.fetch(Reading::all(topic("a")), 9).await.unwrap().deliveries.is_empty());
    // Once expired it is no duplicate any more: an acknowledgement must mean that somebody can get it.
    client.publish(expiring(NOW + 100)).await.unwrap();
    assert_eq!(client.fetch(Reading::all(topic("a")), 9).await.unwrap().deliveries.len(), 1);
    relay.stop().await;
}

#[tokio::test]
async fn wrong_requests_are_refused_by_name() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let ahead = Reading { cursors: Cursors([5; 4]), ..Reading::all(topic("a")) };
    let refusal = client.fetch(ahead, 9).await.unwrap_err();
    assert!(matches!(refusal, ClientError::Refused(Reason::CursorAhead)), "{refusal}");
    for limit in [0, 257] {
        let refusal = client.fetch(Reading::all(topic("a")), limit).await.unwrap_err();
        assert!(matches!(refusal, ClientError::Refused(Reason::BadLimit)), "{refusal}");
    }
    assert!(!refusal.is_temporary());
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_is_not_admitted_learns_so_and_does_not_hang() {
    let admitted = HashSet::from([secret(1).public()]);
    let admission = ListedKeys { keys: Some(admitted) };
    let relay = TestRelay::start_with(|options| options.admission = Box::new(admission)).await;
    relay.connect(&secret(1)).await.unwrap();
    let refusal = relay.connect(&secret(2)).await.unwrap_err();
    assert!(matches!(refusal, ClientError::NotAdmitted), "{refusal:?}");
    assert!(!refusal.is_temporary());
    relay.stop().await;
}

#[tokio::test]
async fn another_relay_than_the_one_expected_is_refused() {
    let relay = TestRelay::start().await;
    let wrong = secret(99).public();
    let refusal = RelayClient::connect(relay.address, wrong, &secret(1), REALM).await.unwrap_err();
    assert!(matches!(refusal, ClientError::AnotherRelay), "{refusal:?}");
    relay.stop().await;
}

#[tokio::test]
async fn another_realm_is_refused() {
    let relay = TestRelay::start().await;
    let live = Realm { mode: Mode::Live, network: REALM.network };
    let refusal =
        RelayClient::connect(relay.address, relay.key, &secret(1), live).await.unwrap_err();
    assert!(matches!(refusal, ClientError::Closed(CloseCode::WrongRealm)), "{refusal:?}");
    relay.stop().await;
}

#[tokio::test]
async fn shutting_down_answers_what_was_taken_and_says_try_later() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let mut subscription = client.subscribe(Reading::all(topic("a"))).await.unwrap();
    client.publish(parcel(topic("a"), 1)).await.unwrap();
    subscription.next().await.unwrap();
    let (folder, acknowledged) = {
        let mut pending = Vec::new();
        for number in 2..200 {
            pending.push((number, client.start_publish(parcel(topic("a"), number)).await.unwrap()));
        }
        let folder = relay.stop().await;
        let mut acknowledged = vec![1];
        for (number, ack) in pending {
            match ack.wait().await {
                Ok(_) => acknowledged.push(number),
                Err(error) => assert!(error.is_temporary(), "{error:?}"),
            }
        }
        (folder, acknowledged)
    };
    loop {
        if let Err(error) = subscription.next().await {
            assert!(error.is_temporary(), "{error:?}");
            break;
        }
    }
    let relay = TestRelay::start_in(folder, |_| {}).await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let page = client.fetch(Reading::all(topic("a")), 256).await.unwrap();
    let stored: HashSet<_> = page.deliveries.iter().map(|one| one.parcel.id()).collect();
    for number in acknowledged {
        assert!(stored.contains(&parcel(topic("a"), number).id()), "{number}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn the_log_keeps_its_name_over_a_restart() {
    let relay = TestRelay::start().await;
    let name = relay.connect(&secret(1)).await.unwrap().log_name();
    let folder = relay.stop().await;
    let relay = TestRelay::start_in(folder, |_| {}).await;
    assert_eq!(relay.connect(&secret(1)).await.unwrap().log_name(), name);
    relay.stop().await;
    let relay = TestRelay::start().await;
    assert_ne!(relay.connect(&secret(1)).await.unwrap().log_name(), name);
    relay.stop().await;
}

/// The clock is the test's: nothing happens, so it runs ahead.
#[tokio::test(start_paused = true)]
async fn nobody_there_is_an_error_that_says_try_later() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = socket.local_addr().unwrap();
    let own = secret(1);
    let connecting = RelayClient::connect(silent, secret(9).public(), &own, REALM);
    let error = tokio::time::timeout(Duration::from_secs(20), connecting).await.unwrap();
    let error = error.unwrap_err();
    assert!(matches!(error, ClientError::NoAnswer) && error.is_temporary(), "{error:?}");
}

#[test]
fn logs_name_nobody() {
    let owner: TransportSecret = secret(1);
    let mailbox = Address::mailbox(owner.public());
    let shown = format!("{:?} {mailbox:?} {:?}", owner.public(), parcel(mailbox, 1));
    assert_eq!(shown, "TransportKey Mailbox Parcel(Mailbox, ROUTINE, 9 octets)");
}
