//! 0-RTT (spec/06-relay.md, "Connection"): who comes again reads with the first datagram, and whoever sends
//! that datagram once more has nothing done.

use crate::chance::Chance;
use crate::raw::raw_config;
use crate::relay::SimulatedRelay;
use crate::story::in_virtual_time;
use crate::support::{NOW, REALM, parcel, topic};
use crate::world::World;
use chappe_codec::precedence::Precedence;
use chappe_relay::network::TokioRuntime;
use chappe_relay::protocol::{
    ALPN, ClientControl, ClientEvent, ClientLane, ClientMessage, ConnectionRole, Read,
};
use chappe_relay::{FirstAnswer, FirstRead, Parcel, ParcelRef, Reading};
use quinn::{Connection, Endpoint, EndpointConfig, RecvStream, SendStream};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// From one end to the other.
const WAY: Duration = Duration::from_millis(100);

const CLIENT: u8 = 1;

fn start() -> SimulatedRelay {
    let relay = SimulatedRelay::start(&mut Chance::new(7));
    relay.world.change(CLIENT, |link| link.delay = WAY);
    relay
}

#[test]
fn who_comes_again_reads_with_the_first_datagram() {
    in_virtual_time(async {
        let mut relay = start();
        let connector = relay.connector(CLIENT);
        let reads = [
            FirstRead::Fetch(Reading::all(topic("a")), 9),
            FirstRead::Subscribe(Reading::all(topic("a"))),
            FirstRead::Listen(Reading::all(topic("a"))),
        ];
        let client = connector.connect(World::relay_address()).await.unwrap();
        client.publish(parcel(topic("a"), 1)).await.unwrap();
        client.close().await;

        for number in 2..5 {
            let began = Instant::now();
            let connected = connector.connect_reading(World::relay_address(), &reads[..2]).await;
            let (client, mut answers) = connected.unwrap();
            let Some(Ok(FirstAnswer::Subscription(mut subscription))) = answers.pop() else {
                panic!("no subscription")
            };
            let Some(Ok(FirstAnswer::Page(page))) = answers.pop() else { panic!("no page") };
            assert_eq!(subscription.next().await.unwrap().parcel, parcel(topic("a"), 1));
            assert_eq!(page.deliveries[0].parcel, parcel(topic("a"), 1));
            // A fetch asks one lane after the other: four round trips. One more for the subscription behind it,
            // and none for handshake and hello.
            let took = began.elapsed();
            assert!(took < WAY * 11, "{number}: took {took:?}");
            assert_ne!(client.log_name(), 0);
            // The connection is one like any other.
            client.publish(parcel(topic("b"), number)).await.unwrap();
            client.close().await;
        }

        // A subscription alone: one round trip, and what the disk takes.
        let began = Instant::now();
        let connected = connector.connect_reading(World::relay_address(), &reads[1..]).await;
        let (client, mut answers) = connected.unwrap();
        assert!(matches!(answers.pop(), Some(Ok(FirstAnswer::Subscription(_)))));
        let Some(Ok(FirstAnswer::Subscription(mut subscription))) = answers.pop() else {
            panic!("no subscription")
        };
        assert_eq!(subscription.next().await.unwrap().parcel, parcel(topic("a"), 1));
        let took = began.elapsed();
        assert!(took < WAY * 3, "took {took:?}");
        drop((client, subscription));
        relay.stop().await;
    });
}

#[test]
fn a_relay_that_remembers_nothing_is_read_after_the_hello() {
    in_virtual_time(async {
        let mut relay = start();
        let connector = relay.connector(CLIENT);
        let reads = [FirstRead::Subscribe(Reading::all(topic("a")))];
        // Nothing to resume with yet.
        let (client, _) = connector.connect_reading(World::relay_address(), &reads).await.unwrap();
        client.publish(parcel(topic("a"), 1)).await.unwrap();
        client.close().await;
        // Another relay under the same key and address, whose memory of tickets is empty.
        relay.restart().await;
        let (client, mut answers) =
            connector.connect_reading(World::relay_address(), &reads).await.unwrap();
        let Some(Ok(FirstAnswer::Subscription(mut subscription))) = answers.pop() else {
            panic!("no subscription")
        };
        client.publish(parcel(topic("a"), 2)).await.unwrap();
        assert_eq!(subscription.next().await.unwrap().parcel, parcel(topic("a"), 2));
        client.close().await;
        relay.stop().await;
    });
}

/// A client by the book of QUIC that says early what it must not.
struct Hasty {
    endpoint: Endpoint,
    config: quinn::ClientConfig,
}

struct HastyConnection {
    connection: Connection,
    control: (SendStream, RecvStream),
    lane: (SendStream, RecvStream),
    session: ClientLane,
}

impl Hasty {
    /// Connects once in the usual way, so that the relay gives it a ticket.
    async fn prepare(relay: &SimulatedRelay) -> Self {
        let socket = relay.world.open(CLIENT);
        let config = EndpointConfig::default();
        let endpoint =
            Endpoint::new_with_abstract_socket(config, None, socket, Arc::new(TokioRuntime));
        let hasty = Self { endpoint: endpoint.unwrap(), config: raw_config(CLIENT, ALPN) };
        let connection = hasty.connecting().await.unwrap();
        sleep(Duration::from_secs(1)).await;
        connection.close(0_u32.into(), b"");
        hasty.endpoint.wait_idle().await;
        hasty
    }

    fn connecting(&self) -> quinn::Connecting {
        let address = World::relay_address();
        self.endpoint.connect_with(self.config.clone(), address, "relay").unwrap()
    }

    /// Hello, a fetch and a publish behind it, all in 0-RTT.
    async fn publish_early(&self, parcel: &Parcel) -> HastyConnection {
        let (connection, _) = self.connecting().into_0rtt().expect("nothing to resume with");
        let mut control = connection.open_bi().await.unwrap();
        let hello = ClientControl::new(ConnectionRole::Client, REALM, &[], &[]).take_output();
        control.0.write_all(&hello).await.unwrap();
        let mut lane = connection.open_bi().await.unwrap();
        let mut session = ClientLane::new(Precedence::Routine);
        session.fetch(Read { address: topic("a"), delegation: &[] }, 0, 9);
        let octets = parcel.to_bytes();
        session.publish(ParcelRef::parse(&octets).unwrap());
        lane.0.write_all(&session.take_output()).await.unwrap();
        HastyConnection { connection, control, lane, session }
    }
}

impl HastyConnection {
    /// Reads the lane until an event fits.
    async fn wait_for(&mut self, fits: impl Fn(&ClientEvent<'_>) -> bool) {
        loop {
            while let Some(event) = self.session.next_event().unwrap() {
                if fits(&event) {
                    return;
                }
            }
            let chunk = self.lane.1.read_chunk(usize::MAX, true).await.unwrap().unwrap();
            self.session.receive(chunk.bytes);
        }
    }
}

/// Lets the client's datagrams through while it is open, and keeps those it saw.
#[derive(Clone, Default)]
struct Gate {
    is_shut: Arc<AtomicBool>,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Gate {
    fn watch(&self, world: &World) {
        let gate = self.clone();
        world.watch(Box::new(move |from, _, octets| {
            if from == World::relay_address() {
                return true;
            }
            gate.seen.lock().unwrap().push(octets.to_vec());
            !gate.is_shut.load(Ordering::SeqCst)
        }));
    }

    /// What the client has sent since this was asked last.
    fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

fn taken(relay: &SimulatedRelay) -> u64 {
    relay.counts.taken(Precedence::Routine)
}

#[test]
fn a_publish_in_0_rtt_waits_for_the_end_of_the_handshake_and_a_fetch_before_it_does_not() {
    in_virtual_time(async {
        let relay = start();
        let hasty = Hasty::prepare(&relay).await;
        let gate = Gate::default();
        gate.watch(&relay.world);
        let mut connection = hasty.publish_early(&parcel(topic("a"), 1)).await;
        // The first flight leaves; what follows, and with it the end of the handshake, does not come through.
        sleep(WAY / 2).await;
        gate.is_shut.store(true, Ordering::SeqCst);
        let fetched = connection.wait_for(|event| matches!(event, ClientEvent::Ended { .. }));
        timeout(Duration::from_secs(2), fetched).await.expect("the fetch waits");
        sleep(Duration::from_secs(2)).await;
        assert_eq!(taken(&relay), 0, "taken up before the handshake was complete");

        gate.is_shut.store(false, Ordering::SeqCst);
        let stored = connection.wait_for(|event| matches!(event, ClientEvent::Acknowledged { .. }));
        timeout(Duration::from_secs(10), stored).await.expect("the publish waits for ever");
        assert_eq!(taken(&relay), 1);
        drop((connection.control, connection.connection));
        relay.stop().await;
    });
}

#[test]
fn a_first_flight_that_somebody_sends_again_does_nothing() {
    in_virtual_time(async {
        let relay = start();
        let hasty = Hasty::prepare(&relay).await;
        let gate = Gate::default();
        gate.watch(&relay.world);
        let mut connection = hasty.publish_early(&parcel(topic("a"), 1)).await;
        sleep(WAY / 2).await;
        let first_flight = gate.take();
        assert!(!first_flight.is_empty());
        connection.wait_for(|event| matches!(event, ClientEvent::Acknowledged { .. })).await;
        assert_eq!(taken(&relay), 1);
        connection.connection.close(0_u32.into(), b"");
        sleep(Duration::from_secs(5)).await;

        // From the same address and from another, with a route for the answers.
        relay.world.open(9);
        let before = relay.counts.handshakes();
        for from in ["10.0.1.1:4433", "10.0.9.1:4433"] {
            replay(&relay, from, &first_flight).await;
        }
        assert!(relay.counts.handshakes() > before, "the replay was not even looked at");
        assert_eq!(taken(&relay), 1, "a replayed publish was taken up");
        relay.stop().await;
    });
}

#[test]
fn a_first_flight_that_comes_before_its_original_does_nothing_either() {
    in_virtual_time(async {
        let mut relay = start();
        let hasty = Hasty::prepare(&relay).await;
        let gate = Gate::default();
        gate.watch(&relay.world);
        gate.is_shut.store(true, Ordering::SeqCst);
        let connection = hasty.publish_early(&parcel(topic("a"), 1)).await;
        sleep(WAY / 2).await;
        let first_flight = gate.take();
        relay.world.open(9);
        replay(&relay, "10.0.9.1:4433", &first_flight).await;
        assert_eq!(taken(&relay), 0, "a replayed publish was taken up");
        drop(connection);
        // And nobody is the worse for it.
        gate.is_shut.store(false, Ordering::SeqCst);
        let client = relay.connector(2).connect(World::relay_address()).await.unwrap();
        let expiry = NOW + 3600;
        let own = Parcel::new(topic("a"), Precedence::Routine, expiry, vec![2]).unwrap();
        client.publish(own).await.unwrap();
        assert_eq!(taken(&relay), 1);
        client.close().await;
        relay.stop().await;
    });
}

/// Sends recorded datagrams from an address and gives the relay more than the time it waits for a handshake.
async fn replay(relay: &SimulatedRelay, from: &str, datagrams: &[Vec<u8>]) {
    let from: SocketAddr = from.parse().unwrap();
    for datagram in datagrams {
        relay.world.inject(from, World::relay_address(), datagram);
    }
    sleep(Duration::from_secs(15)).await;
}

/// The messages a client may say early are those the relay takes up early.
#[test]
fn everything_else_waits() {
    use chappe_relay::protocol::{LaneRequests, Request};
    let read = Read { address: topic("a"), delegation: &[] };
    let octets = parcel(topic("a"), 1).to_bytes();
    let any = chappe_relay::protocol::AnyParcel::Known(ParcelRef::parse(&octets).unwrap());
    let waits = [
        ClientMessage::Publish(any),
        ClientMessage::Forward { hops: 1, homes: &[], parcel: any },
        ClientMessage::Live(any),
        ClientMessage::Credit { number: 1, octets: 1 },
        ClientMessage::Stop { number: 1 },
        ClientMessage::Unknown { message_type: 0x70, body: &[] },
    ];
    for message in waits {
        let mut requests = LaneRequests::early();
        let lane = ClientMessage::Lane(Precedence::Routine).to_bytes();
        let fetch = ClientMessage::Fetch { read, cursor: 0, limit: 1 }.to_bytes();
        let subscribe = ClientMessage::Subscribe { read, cursor: 0, credit: 1 }.to_bytes();
        let listen = ClientMessage::Listen { read, datagrams: false }.to_bytes();
        let both = [message.to_bytes(), fetch.clone()].concat();
        requests.receive([lane, fetch, subscribe, listen, both].concat().into());
        let mut count = 0;
        while requests.next_request().unwrap().is_some() {
            count += 1;
        }
        assert_eq!((count, requests.is_held()), (4, true), "{message:?}");
        requests.complete();
        assert!(requests.next_request().unwrap().is_some(), "{message:?}");
        // Numbers go on as if nothing had waited.
        let is_request =
            matches!(message, ClientMessage::Publish(_) | ClientMessage::Forward { .. });
        let expected = if is_request { 5 } else { 4 };
        match requests.next_request().unwrap() {
            Some(Request::Fetch { number, .. }) => assert_eq!(number, expected, "{message:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(requests.next_request().unwrap(), None);
    }
}
