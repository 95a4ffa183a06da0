//! What version 2 adds, over real sockets: live parcels, precedences that do not wait for one another,
//! a client whose link changes.

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
use chappe_relay::{Parcel, Reading};
use std::time::Duration;
use support::{NOW, TestRelay, parcel, secret, topic};

fn flash(number: u64) -> Parcel {
    Parcel::new(topic("a"), Precedence::Flash, NOW + 60, number.to_be_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn live_parcels_reach_who_listens_once_and_are_not_stored() {
    let relay = TestRelay::start().await;
    let speaker = relay.connect(&secret(1)).await.unwrap();
    let listener = relay.connect(&secret(2)).await.unwrap();
    let mut heard = listener.listen(Reading::all(topic("a"))).await.unwrap();
    // A fetch on each lane is answered behind the listens before it.
    listener.fetch(Reading::all(topic("a")), 1).await.unwrap();
    speaker.live(&parcel(topic("a"), 1)).await.unwrap();
    speaker.live(&parcel(topic("a"), 1)).await.unwrap();
    speaker.live(&parcel(topic("a"), 2)).await.unwrap();
    assert_eq!(heard.next().await.unwrap().parcel, parcel(topic("a"), 1));
    assert_eq!(heard.next().await.unwrap().parcel, parcel(topic("a"), 2));
    assert!(speaker.live_datagram(&parcel(topic("a"), 3)));
    let third = tokio::time::timeout(Duration::from_secs(5), heard.next()).await;
    assert_eq!(third.unwrap().unwrap().parcel, parcel(topic("a"), 3));
    assert!(listener.fetch(Reading::all(topic("a")), 9).await.unwrap().deliveries.is_empty());
    relay.stop().await;
}

#[tokio::test]
async fn a_client_whose_link_changes_in_mid_stream_loses_nothing() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let mut subscription = client.subscribe(Reading::all(topic("a"))).await.unwrap();
    for number in 0..200 {
        if number % 50 == 25 {
            client.rebind().unwrap();
        }
        client.publish(parcel(topic("a"), number)).await.unwrap();
        assert_eq!(subscription.next().await.unwrap().parcel, parcel(topic("a"), number));
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_reader_gets_flash_before_what_lay_there_longer() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    for number in 0..50 {
        client.publish(parcel(topic("a"), number)).await.unwrap();
    }
    client.publish(flash(1)).await.unwrap();
    let page = client.fetch(Reading::all(topic("a")), 256).await.unwrap();
    assert_eq!(page.deliveries.len(), 51);
    assert_eq!(page.deliveries[0].parcel, flash(1));
    relay.stop().await;
}

#[tokio::test]
async fn who_listens_by_datagram_hears_each_once_and_what_fits_none_on_its_lane() {
    let relay = TestRelay::start().await;
    let speaker = relay.connect(&secret(1)).await.unwrap();
    let listener = relay.connect(&secret(2)).await.unwrap();
    let mut heard = listener.listen_by_datagram(Reading::all(topic("a"))).await.unwrap();
    let mut other = listener.listen_by_datagram(Reading::all(topic("b"))).await.unwrap();
    listener.fetch(Reading::all(topic("a")), 1).await.unwrap();
    for number in 0..20 {
        let mut one = parcel(topic(if number % 2 == 0 { "a" } else { "b" }), number);
        one.precedence = Precedence::ALL[usize::try_from(number % 4).unwrap()];
        speaker.live(&one).await.unwrap();
        speaker.live(&one).await.unwrap();
        let listening = if number % 2 == 0 { &mut heard } else { &mut other };
        let next = tokio::time::timeout(Duration::from_secs(5), listening.next());
        let delivery = next.await.unwrap().unwrap();
        assert_eq!((delivery.parcel, delivery.cursor), (one, 0));
    }
    // "As a datagram where the listen asked for that and it fits": this one does not.
    let long = support::parcel_of(topic("a"), vec![7; 9000]);
    assert!(!speaker.live_datagram(&long));
    speaker.live(&long).await.unwrap();
    let next = tokio::time::timeout(Duration::from_secs(5), heard.next());
    assert_eq!(next.await.unwrap().unwrap().parcel, long);
    // A dropped listen hears nothing; the other goes on.
    drop(heard);
    listener.fetch(Reading::all(topic("a")), 1).await.unwrap();
    speaker.live(&parcel(topic("a"), 100)).await.unwrap();
    speaker.live(&parcel(topic("b"), 101)).await.unwrap();
    let next = tokio::time::timeout(Duration::from_secs(5), other.next());
    assert_eq!(next.await.unwrap().unwrap().parcel, parcel(topic("b"), 101));
    relay.stop().await;
}
