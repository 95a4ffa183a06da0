//! "Above a rate of handshakes a relay makes new clients prove their network address first"
//! (spec/06-relay.md, "Connection").

use crate::chance::Chance;
use crate::relay::SimulatedRelay;
use crate::story::in_virtual_time;
use crate::support::{parcel, topic};
use crate::world::World;
use chappe_relay::limits::HANDSHAKES_WITHOUT_RETRY;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// What a client sends first.
async fn first_datagram(relay: &mut SimulatedRelay) -> Vec<u8> {
    let first = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&first);
    relay.world.watch(Box::new(move |from, _, octets| {
        let mut first = seen.lock().unwrap();
        if first.is_empty() && from != World::relay_address() {
            first.extend_from_slice(octets);
        }
        true
    }));
    relay.connector(2).connect(World::relay_address()).await.unwrap().close().await;
    std::mem::take(&mut first.lock().unwrap())
}

/// Copies of one first datagram, each as if of another connection, under addresses nobody has.
fn flood(relay: &SimulatedRelay, first: &[u8], count: u32) {
    for number in 0..count {
        let [_, _, high, low] = number.to_be_bytes();
        let from = SocketAddr::from(([10, 99, high, low], 4433));
        let mut datagram = first.to_vec();
        // Octet 6 begins the destination connection id (RFC 9000 §17.2), which the keys of a first packet are
        // made from: what follows is no packet any more, but is looked at before that shows.
        datagram[6] ^= high ^ 0xFF;
        datagram[7] ^= low;
        relay.world.inject(from, World::relay_address(), &datagram);
    }
}

#[test]
fn above_the_rate_of_handshakes_a_client_proves_its_address_and_is_served() {
    in_virtual_time(async {
        let mut relay = SimulatedRelay::start(&mut Chance::new(5));
        let before = relay.connector(1).connect(World::relay_address()).await.unwrap();
        assert_eq!(relay.counts.retries(), 0);
        sleep(Duration::from_secs(2)).await;
        let mut clients = Vec::new();
        // Each from a host of its own.
        let last = u8::try_from(HANDSHAKES_WITHOUT_RETRY + 20).unwrap();
        for host in 11..=10 + last {
            let connector = relay.connector(host);
            clients.push(tokio::spawn(async move {
                connector.connect(World::relay_address()).await.unwrap()
            }));
        }
        for (client, number) in clients.into_iter().zip(0..) {
            let client = client.await.unwrap();
            client.publish(parcel(topic("a"), number)).await.unwrap();
        }
        assert_eq!(relay.counts.retries(), 20);
        before.publish(parcel(topic("b"), 1)).await.unwrap();
        relay.stop().await;
    });
}

#[test]
fn a_flood_of_first_datagrams_costs_a_retry_each_and_shuts_nobody_out() {
    in_virtual_time(async {
        let mut relay = SimulatedRelay::start(&mut Chance::new(6));
        let first = first_datagram(&mut relay).await;
        sleep(Duration::from_secs(2)).await;
        flood(&relay, &first, 1000);
        let client = relay.connector(1).connect(World::relay_address()).await.unwrap();
        client.publish(parcel(topic("a"), 1)).await.unwrap();
        assert!(relay.counts.retries() > 0, "the client was not asked for its address");
        client.close().await;
        relay.stop().await;
    });
}
