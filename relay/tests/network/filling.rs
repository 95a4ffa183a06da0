//! "Clients fill their datagrams of QUIC" (spec/06-relay.md, "Sizes"): who watches the network sees when
//! something is said, not how much.

use crate::chance::Chance;
use crate::relay::SimulatedRelay;
use crate::story::in_virtual_time;
use crate::support::{parcel_of, topic};
use crate::world::World;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// Lengths of a client's datagrams while it publishes an envelope of so many octets.
async fn lengths(relay: &mut SimulatedRelay, host: u8, octets: usize) -> Vec<usize> {
    let client = relay.connector(host).connect(World::relay_address()).await.unwrap();
    // The first parcel opens the lane. The search for the path's largest datagram is over by then.
    client.publish(parcel_of(topic("a"), vec![host; 10])).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let lengths = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lengths);
    relay.world.watch(Box::new(move |from, _, octets| {
        if from != World::relay_address() {
            seen.lock().unwrap().push(octets.len());
        }
        true
    }));
    client.publish(parcel_of(topic("a"), vec![host + 100; octets])).await.unwrap();
    // Before the next sign of life.
    sleep(Duration::from_secs(1)).await;
    std::mem::take(&mut lengths.lock().unwrap())
}

#[test]
fn what_is_said_does_not_show_in_the_length_of_datagrams() {
    in_virtual_time(async {
        let mut relay = SimulatedRelay::start(&mut Chance::new(3));
        let short = lengths(&mut relay, 1, 1).await;
        assert!(short[0] > 1300, "{short:?}");
        for (host, octets) in (2..).zip([64, 128, 239, 512, 1024]) {
            let other = lengths(&mut relay, host, octets).await;
            // A filler of 130 octets cannot be had.
            let differs = short.iter().zip(&other).map(|(one, other)| one.abs_diff(*other));
            assert!(short.len() == other.len() && differs.max() <= Some(1), "{short:?} {other:?}");
        }
        // More than a datagram is two.
        let long = lengths(&mut relay, 9, 2048).await;
        assert!(long.iter().filter(|length| **length > 1300).count() == 2, "{long:?}");
        relay.stop().await;
    });
}
