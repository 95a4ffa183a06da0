//! Very many clients come at once, as when a relay or its link was away: "While very many handshakes wait a relay may
//! leave a client's first datagram unanswered; the client repeats it" (spec/06-relay.md, "Connection").

use crate::chance::Chance;
use crate::relay::SimulatedRelay;
use crate::story::in_virtual_time;
use crate::support::{REALM, parcel, secret, topic};
use crate::world::{RELAY, World};
use chappe_relay::{Connector, Network};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// More than may wait.
const CLIENTS: u64 = 1_300;

/// From each host.
const TOGETHER: u64 = 100;

/// The first of the hosts.
const HOSTS: u8 = 10;

/// A client that is left alone asks again after a second (RFC 9002 §6.2.2), and most are not left alone twice.
const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn when_very_many_come_at_once_all_are_let_in_and_who_is_in_is_served() {
    in_virtual_time(async {
        let mut relay = SimulatedRelay::start(&mut Chance::new(9));
        let before = relay.connector(1).connect(World::relay_address()).await.unwrap();
        sleep(Duration::from_secs(2)).await;
        for host in HOSTS..=HOSTS + u8::try_from(CLIENTS / TOGETHER).unwrap() {
            // Else the links bring them one after the other.
            relay.world.change(host, |weather| weather.rate = 1_000_000_000_000);
        }
        let began = Instant::now();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| tokio::spawn(timeout(PATIENCE, arrive(relay.world.clone(), number))))
            .collect();
        before.publish(parcel(topic("a"), 1)).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        for (client, number) in clients.into_iter().zip(0..) {
            let client = client.await.unwrap();
            assert!(client.is_ok(), "client {number} is still not in");
        }
        assert!(relay.counts.turned_away() > 0, "there was room for all of them");
        relay.stop().await;
    });
}

/// Connects from a socket of its own, publishes and goes.
async fn arrive(world: World, number: u64) {
    let host = HOSTS + u8::try_from(number / TOGETHER).unwrap();
    let any = "0.0.0.0:0".parse().unwrap();
    let network = Network::new(move |_| Ok(world.open_fixed(host, any)));
    let network = network.with_seed(Chance::new(number).seed());
    let connector = Connector::new(SimulatedRelay::key_of(RELAY), &secret(host), REALM).unwrap();
    let client = connector.with_network(network).connect(World::relay_address()).await.unwrap();
    client.publish(parcel(topic("b"), number)).await.unwrap();
    client.close().await;
}
