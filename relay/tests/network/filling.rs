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
async fn lengths(relay: &mut SimulatedRelay, host: u8, fills: bool, octets: usize) -> Vec<usize> {
    let connector = relay.connector(host);
    let connector = if fills { connector } else { connector.without_filling() };
    let client = connector.connect(World::relay_address()).await.unwrap();
    // The search for the path's largest datagram is over by then.
    sleep(Duration::from_secs(5)).await;
    let lengths = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lengths);
    relay.world.watch(Box::new(move |from, _, octets| {
        if from != World::relay_address() {
            seen.lock().unwrap().push(octets.len());
        }
        true
    }));
    client.publish(parcel_of(topic("a"), vec![host; octets])).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    client.close().await;
    let mut seen = lengths.lock().unwrap();
    // The last says that the connection is closed.
    seen.pop();
    std::mem::take(&mut seen)
}

#[test]
fn what_is_said_does_not_show_in_the_length_of_datagrams() {
    in_virtual_time(async {
        let mut relay = SimulatedRelay::start(&mut Chance::new(3));
        let short = lengths(&mut relay, 1, true, 1).await;
        let long = lengths(&mut relay, 2, true, 900).await;
        assert!(!short.is_empty());
        assert!(short.iter().all(|length| *length >= 1200), "{short:?}");
        assert_eq!(short, long);
        // Who asks for that shows what it says.
        let bare = lengths(&mut relay, 3, false, 1).await;
        assert!(bare.iter().any(|length| *length < 200), "{bare:?}");
        relay.stop().await;
    });
}
