//! The client's connection: how it ends, and how many lanes it has.

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
use chappe_relay::limits::CLIENT_SUBSCRIPTIONS_MAX;
use chappe_relay::{ClientError, CloseCode, Reading, Reason, RelayClient, Subscription};
use std::time::Duration;
use support::{TestRelay, parcel, secret, topic};
use tokio::time::timeout;

/// Far less than a silent connection takes to be noticed.
const SOON: Duration = Duration::from_secs(5);

async fn subscribed(client: &RelayClient, count: usize) -> Vec<Subscription> {
    let mut open = Vec::new();
    for number in 0..count {
        let reading = Reading::all(topic(&number.to_string()));
        open.push(client.subscribe(reading).await.unwrap());
    }
    open
}

/// Waits until the relay has said so often that a client is gone.
async fn told_gone(relay: &TestRelay, times: usize) {
    let gone = async {
        while relay.lines.lock().unwrap().join("\n").matches("client gone").count() < times {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(SOON, gone).await.expect("the relay does not know that the client is gone");
}

#[tokio::test]
async fn dropping_the_client_ends_its_subscriptions_and_tells_the_relay() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let mut subscription = client.subscribe(Reading::all(topic("a"))).await.unwrap();
    client.publish(parcel(topic("a"), 1)).await.unwrap();
    subscription.next().await.unwrap();
    drop(client);
    let end = timeout(SOON, subscription.next()).await.expect("still open").unwrap_err();
    assert!(matches!(end, ClientError::Lost(_)) && end.is_temporary(), "{end:?}");
    told_gone(&relay, 1).await;
    relay.stop().await;
}

#[tokio::test]
async fn closing_the_client_does_the_same_and_waits_for_it() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let mut subscription = client.subscribe(Reading::all(topic("a"))).await.unwrap();
    timeout(SOON, client.close()).await.unwrap();
    let end = subscription.next().await.unwrap_err();
    assert!(matches!(end, ClientError::Lost(_)), "{end:?}");
    told_gone(&relay, 1).await;
    // Also when nobody waits for the end.
    drop(relay.connect(&secret(1)).await.unwrap().close());
    told_gone(&relay, 2).await;
    relay.stop().await;
}

#[tokio::test]
async fn dropping_the_client_does_not_cover_up_what_the_relay_said() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let mut subscription = client.subscribe(Reading::all(topic("a"))).await.unwrap();
    let folder = relay.stop().await;
    assert!(matches!(client.closed().await, ClientError::Closed(CloseCode::ShuttingDown)));
    drop(client);
    let end = loop {
        match subscription.next().await.unwrap_err() {
            ClientError::LaneClosed => {}
            end => break end,
        }
    };
    assert!(matches!(end, ClientError::Closed(CloseCode::ShuttingDown)), "{end:?}");
    drop(folder);
}

#[tokio::test]
async fn one_subscription_too_many_is_an_error_and_dropping_some_makes_room() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    // One more than a caller may hold open is the place kept for one that takes a dropped one's.
    let mut open = subscribed(&client, CLIENT_SUBSCRIPTIONS_MAX + 1).await;
    let mut many = client.subscribe(Reading::all(topic("one more"))).await.unwrap();
    let error = timeout(SOON, many.next()).await.expect("waits without bound").unwrap_err();
    assert!(matches!(error, ClientError::Refused(Reason::TooMany)), "{error:?}");
    drop(many);

    // The connection is sound.
    client.publish(parcel(topic("0"), 1)).await.unwrap();
    assert_eq!(open[0].next().await.unwrap().parcel, parcel(topic("0"), 1));
    open.truncate(open.len() - 2);
    let mut next = client.subscribe(Reading::all(topic("0"))).await.unwrap();
    let first = timeout(SOON, next.next()).await.unwrap().unwrap();
    assert_eq!(first.parcel, parcel(topic("0"), 1));
    relay.stop().await;
}

#[tokio::test]
async fn beside_as_many_subscriptions_as_allowed_every_precedence_has_its_lane() {
    let relay = TestRelay::start().await;
    let client = relay.connect(&secret(1)).await.unwrap();
    let mut open = subscribed(&client, CLIENT_SUBSCRIPTIONS_MAX).await;
    for (number, precedence) in (0..).zip(Precedence::ALL) {
        let mut one = parcel(topic("0"), number);
        one.precedence = precedence;
        timeout(SOON, client.publish(one.clone())).await.unwrap().unwrap();
        assert_eq!(open[0].next().await.unwrap().parcel, one);
    }
    assert_eq!(client.fetch(Reading::all(topic("0")), 9).await.unwrap().deliveries.len(), 4);
    // One that takes another's place finds a lane, however often.
    for number in 0..20 {
        open.pop();
        let reading = Reading::all(topic("0"));
        let mut next = timeout(SOON, client.subscribe(reading)).await.unwrap().unwrap();
        // Any of the four: each comes on a lane of its own.
        let mut given = timeout(SOON, next.next()).await.unwrap().unwrap().parcel;
        let precedence = given.precedence;
        given.precedence = Precedence::Routine;
        let at = Precedence::ALL.iter().position(|one| *one == precedence).unwrap();
        assert_eq!(given, parcel(topic("0"), u64::try_from(at).unwrap()), "{number}");
        open.push(next);
    }
    relay.stop().await;
}
