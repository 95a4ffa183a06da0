//! Three relays, each a process of its own, share their logs on a cluster of three real nats-servers. Relays and
//! servers are killed under load. Nothing acknowledged is lost, and who keeps its cursor and goes to another relay
//! gets nothing twice.

#![cfg(feature = "cluster")]
// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs,
    dead_code,
    unreachable_pub
)]

#[path = "../../store/tests/cluster/mod.rs"]
mod cluster;
mod support;

use chappe_codec::precedence::Precedence;
use chappe_relay::server::Stores;
use chappe_relay::{
    Address, Clock, Cursors, Parcel, Reading, RelayClient, RelayOptions, RelayServer,
};
use chappe_store::{JetStreamOptions, JetStreamStore};
use cluster::Cluster;
use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::process::{self, serve};
use support::{NOW, REALM, secret, topic};
use tokio::process::Child;
use tokio::time::{sleep, timeout};

const SERVERS: &str = "CHAPPE_TEST_CLUSTER_SERVERS";
const NUMBER: &str = "CHAPPE_TEST_CLUSTER_RELAY";
const RELAYS: usize = 3;
const PUBLISHERS: u64 = 4;
const READERS: usize = 3;
/// Parcels a publisher has under way.
const UNDER_WAY: usize = 16;
/// The number above which live parcels are said before it is known that they come.
const EARLY: u64 = 3_000_000;
/// How long a relay may take to come to the end of the logs, once nobody writes.
const BEHIND_MAX: Duration = Duration::from_secs(30);

fn options(servers: Vec<String>, log: &str) -> JetStreamOptions {
    JetStreamOptions { patience: Duration::from_secs(4), ..JetStreamOptions::new(servers, log) }
}

/// Not a test of its own: what the other one starts as a process. It serves until it is killed.
#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn relay_process() {
    let Ok(servers) = std::env::var(SERVERS) else { return };
    let servers: Vec<String> = servers.split(',').map(str::to_owned).collect();
    let number: u8 = std::env::var(NUMBER).unwrap().parse().unwrap();
    serve(relay(servers, 3, number)).await;
}

/// A relay on a cluster that keeps so many copies of each message.
fn relay(servers: Vec<String>, replicas: u8, number: u8) -> RelayServer {
    let mut settings = RelayOptions::new(REALM);
    settings.clock = Clock::new(|| NOW);
    let any = "127.0.0.1:0".parse().unwrap();
    let options = |log| JetStreamOptions { replicas, ..options(servers.clone(), log) };
    RelayServer::bind_with(any, &secret(200 + number), settings, |sinks| {
        Ok(Stores {
            flash: Box::new(JetStreamStore::open(options("flash"), sinks.flash)?),
            rest: Box::new(JetStreamStore::open(options("rest"), sinks.rest)?),
        })
    })
    .unwrap()
}

async fn start(servers: &[String], number: usize) -> (Child, SocketAddr) {
    let (servers, number) = (servers.join(","), number.to_string());
    let variables = [(SERVERS, servers.as_ref()), (NUMBER, number.as_ref())];
    process::start("relay_process", &variables).await
}

/// Where the relays are at the moment, and what the load has come to.
struct Field {
    addresses: Mutex<Vec<SocketAddr>>,
    acknowledged: Mutex<HashSet<u64>>,
    is_over: AtomicBool,
    moves: AtomicUsize,
}

impl Field {
    /// A connection to some relay, that one first.
    async fn connect(&self, first: usize, own: u8) -> (usize, RelayClient) {
        let own = secret(own);
        let mut at = first;
        loop {
            let relay = at % RELAYS;
            let address = self.addresses.lock().unwrap()[relay];
            let key = secret(200 + u8::try_from(relay).unwrap()).public();
            let connecting = RelayClient::connect(address, key, &own, REALM);
            if let Ok(Ok(client)) = timeout(Duration::from_secs(2), connecting).await {
                return (relay, client);
            }
            at += 1;
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn target(number: u64) -> Address {
    topic(["a", "b", "c"][usize::try_from(number % 3).unwrap()])
}

fn numbered(number: u64) -> Parcel {
    let envelope = [&[0x55][..], &number.to_be_bytes()].concat();
    let is_flash = number.is_multiple_of(5);
    let precedence = if is_flash { Precedence::Flash } else { Precedence::Routine };
    Parcel::new(target(number), precedence, NOW + 3600, envelope).unwrap()
}

fn number_of(parcel: &Parcel) -> u64 {
    let envelope = parcel.clone().into_envelope();
    u64::from_be_bytes(envelope[1..].try_into().unwrap())
}

/// Publishes until it is told to stop. What one relay did not acknowledge goes to another, as a client in
/// trouble does it. Two publishers each say the same at different relays, as two gateways that heard the same
/// frame do: so most parcels come in at two relays in the same moment.
async fn publish(field: Arc<Field>, own: u8) {
    let mut unanswered: Vec<u64> = Vec::new();
    let mut next = u64::from(own / 2) << 32;
    let mut relay = usize::from(own);
    loop {
        let (at, client) = field.connect(relay, own).await;
        loop {
            let is_over = field.is_over.load(Ordering::SeqCst);
            if is_over && unanswered.is_empty() {
                return;
            }
            while !is_over && unanswered.len() < UNDER_WAY {
                unanswered.push(next);
                next += 1;
            }
            let mut pending = Vec::new();
            for number in &unanswered {
                match client.start_publish(numbered(*number)).await {
                    Ok(ack) => pending.push((*number, ack)),
                    Err(_) => break,
                }
            }
            let asked = pending.len();
            let mut answered = 0;
            for (number, ack) in pending {
                // Less than the client's own patience with a relay that is gone.
                if let Ok(Ok(_)) = timeout(Duration::from_secs(3), ack.wait()).await {
                    answered += 1;
                    unanswered.retain(|other| *other != number);
                    field.acknowledged.lock().unwrap().insert(number);
                } else {
                    break;
                }
            }
            if answered < asked || asked == 0 {
                break;
            }
        }
        relay = at + 1;
        field.moves.fetch_add(1, Ordering::SeqCst);
    }
}

/// Reads a topic, goes to another relay when one is gone (or after so many parcels), and notes what it got.
async fn read(field: Arc<Field>, own: u8, name: &'static str, got: Arc<Mutex<Vec<u64>>>) {
    let mut cursors = Cursors::default();
    let mut relay = usize::from(own);
    loop {
        let (at, client) = field.connect(relay, own).await;
        let reading = Reading { cursors, ..Reading::all(topic(name)) };
        if let Ok(mut subscription) = client.subscribe(reading).await {
            for count in 0.. {
                let next = timeout(Duration::from_secs(2), subscription.next()).await;
                let Ok(Ok(delivery)) = next else { break };
                cursors.set(delivery.parcel.precedence, delivery.cursor);
                got.lock().unwrap().push(number_of(&delivery.parcel));
                if count == 500 {
                    break;
                }
            }
        }
        relay = at + 1;
    }
}

/// What a relay gives out, by address and whether it is FLASH: the cursors with the parcels' numbers.
type Logs = BTreeMap<(usize, bool), Vec<(u64, u64)>>;

/// Everything a relay gives out.
async fn everything(client: &RelayClient) -> Logs {
    let mut all = Logs::new();
    for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
        let mut reading = Reading::all(topic(name));
        loop {
            let page = client.fetch(reading.clone(), 256).await.unwrap();
            reading.cursors = page.cursors;
            for delivery in page.deliveries {
                let is_flash = delivery.parcel.precedence == Precedence::Flash;
                let line = all.entry((index, is_flash)).or_default();
                line.push((delivery.cursor, number_of(&delivery.parcel)));
            }
            if !page.more {
                break;
            }
        }
    }
    all
}

/// How many parcels of one log a relay has yet to come to. What it has is the log's beginning, whenever it is asked.
fn behind(number: usize, of: (usize, bool), found: &Logs, all: &[(u64, u64)]) -> usize {
    let found = found.get(&of).map_or(&[][..], Vec::as_slice);
    for (place, (found, other)) in found.iter().zip(all).enumerate() {
        assert_eq!(found, other, "relay {number} has another log {of:?} from parcel {place} on");
    }
    assert!(
        found.len() <= all.len(),
        "relay {number} has more in {of:?} than one that read all of it"
    );
    all.len() - found.len()
}

/// `RELAY_CLUSTER_KILLS` of relays and servers in turn.
#[tokio::test]
async fn nothing_is_lost_or_given_twice_whichever_dies() {
    if !cluster::is_there() {
        return;
    }
    let kills: usize =
        std::env::var("RELAY_CLUSTER_KILLS").map_or(4, |kills| kills.parse().unwrap());
    let mut cluster = Cluster::start(3);
    let servers = cluster.servers();
    let (mut relays, mut addresses) = (Vec::new(), Vec::new());
    for number in 0..RELAYS {
        let (child, address) = start(&servers, number).await;
        relays.push(child);
        addresses.push(address);
    }
    let field = Arc::new(Field {
        addresses: Mutex::new(addresses),
        acknowledged: Mutex::default(),
        is_over: AtomicBool::new(false),
        moves: AtomicUsize::new(0),
    });
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|own| tokio::spawn(publish(Arc::clone(&field), u8::try_from(own).unwrap())))
        .collect();
    let got: Vec<Arc<Mutex<Vec<u64>>>> = (0..READERS).map(|_| Arc::default()).collect();
    let readers: Vec<_> = (50..)
        .zip(["a", "b", "c"])
        .zip(&got)
        .map(|((own, name), got)| tokio::spawn(read(Arc::clone(&field), own, name, got.clone())))
        .collect();

    let mut killed = [0, 0];
    for kill in 0..kills {
        sleep(Duration::from_millis(1500)).await;
        if kill % 2 == 0 {
            let number = kill / 2 % RELAYS;
            relays[number].start_kill().unwrap();
            relays[number].wait().await.unwrap();
            sleep(Duration::from_millis(500)).await;
            let (child, address) = start(&servers, number).await;
            relays[number] = child;
            field.addresses.lock().unwrap()[number] = address;
        } else {
            let leader = cluster.stream_leader().unwrap_or(0);
            let node = if kill % 4 == 1 { leader } else { (leader + 1) % 3 };
            cluster.nodes[node].kill();
            sleep(Duration::from_millis(1500)).await;
            cluster.nodes[node].start();
        }
        killed[kill % 2] += 1;
    }
    sleep(Duration::from_secs(1)).await;
    field.is_over.store(true, Ordering::SeqCst);
    for publisher in publishers {
        timeout(Duration::from_secs(60), publisher).await.expect("publishers end").unwrap();
    }

    // Every reader gets all that was acknowledged for its topic, each once.
    let acknowledged = field.acknowledged.lock().unwrap().clone();
    for (topic, got) in got.iter().enumerate() {
        let of_topic = |number: &&u64| **number % 3 == u64::try_from(topic).unwrap();
        let wanted: HashSet<u64> = acknowledged.iter().filter(of_topic).copied().collect();
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let all = got.lock().unwrap().clone();
            let distinct: HashSet<u64> = all.iter().copied().collect();
            assert_eq!(distinct.len(), all.len(), "topic {topic}: given twice");
            if distinct.is_superset(&wanted) {
                break;
            }
            let missing = wanted.difference(&distinct).count();
            assert!(Instant::now() < end, "topic {topic}: {missing} of {} lost", wanted.len());
            sleep(Duration::from_millis(50)).await;
        }
    }
    readers.iter().for_each(tokio::task::JoinHandle::abort);

    // All relays, one that begins now among them, give out the same under the same cursors.
    relays[0].start_kill().unwrap();
    relays[0].wait().await.unwrap();
    let (child, address) = start(&servers, 0).await;
    relays[0] = child;
    field.addresses.lock().unwrap()[0] = address;
    let (mut first, mut waited): (Option<(u64, Logs)>, _) = (None, Duration::ZERO);
    for number in 0..RELAYS {
        let (at, client) = field.connect(number, 90).await;
        assert_eq!(at, number, "each relay serves again");
        let asked = Instant::now();
        loop {
            let found = (client.log_name(), everything(&client).await);
            let (log, all) = first.get_or_insert_with(|| found.clone());
            assert_eq!(found.0, *log, "relay {number} has other logs");
            let behind =
                all.iter().map(|(of, all)| behind(number, *of, &found.1, all)).sum::<usize>();
            if behind == 0 {
                break;
            }
            // One whose server died is told of the end of the log when it has found another.
            waited = waited.max(asked.elapsed());
            assert!(waited < BEHIND_MAX, "relay {number} is still {behind} parcels behind");
            sleep(Duration::from_millis(50)).await;
        }
    }
    let parcels = first.unwrap().1.values().map(Vec::len).sum::<usize>();
    assert!(parcels >= acknowledged.len());
    assert!(acknowledged.len() > 100 * kills, "only {} acknowledged", acknowledged.len());
    println!(
        "{} relays and {} servers killed: {} parcels acknowledged, {parcels} in the logs, clients went to \
         another relay {} times; 0 lost, 0 given twice, the same cursors everywhere, {} ms later at the last",
        killed[0],
        killed[1],
        acknowledged.len(),
        field.moves.load(Ordering::SeqCst),
        waited.as_millis(),
    );
}

/// What is live reaches who listens at any relay of a cluster, once, and comes back to no relay it was at.
#[tokio::test]
async fn live_reaches_those_who_listen_at_another_relay() {
    if !cluster::is_there() {
        return;
    }
    let cluster = Cluster::start(1);
    let (mut speakers, mut listeners) = (Vec::new(), Vec::new());
    for number in 0..2 {
        let servers = cluster.servers();
        let server = tokio::task::spawn_blocking(move || relay(servers, 1, number)).await.unwrap();
        let (address, key) = (server.local_addr().unwrap(), secret(200 + number).public());
        tokio::spawn(server.run(std::future::pending()));
        let client = RelayClient::connect(address, key, &secret(10 + number), REALM).await.unwrap();
        listeners.push(client.listen(Reading::all(target(0))).await.unwrap());
        speakers.push(client);
    }
    let says = async |speaker: usize, number: u64| {
        speakers[speaker].live(&numbered(number)).await.unwrap();
    };
    // Whether a relay hears another already shows only when it has heard something, of FLASH and of all else.
    let mut first = EARLY;
    for (speaker, is_flash) in [(0, true), (0, false), (1, true), (1, false)] {
        let begun = Instant::now();
        let is_it = |number: u64| number.is_multiple_of(5) == is_flash;
        loop {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing comes to another relay");
            first += 15;
            says(speaker, if is_flash { first } else { first + 3 }).await;
            let next = timeout(Duration::from_millis(100), listeners[1 - speaker].next()).await;
            if next.is_ok_and(|next| is_it(number_of(&next.unwrap().parcel))) {
                break;
            }
        }
    }
    // FLASH where the number is a multiple of five, and all for the same address.
    let said: Vec<u64> = (0..40).map(|step| 3 * step).collect();
    for number in &said {
        let speaker = usize::from(number % 2 == 0);
        says(speaker, *number).await;
    }
    for listener in &mut listeners {
        let mut heard = HashSet::new();
        while heard.len() < said.len() {
            let next = timeout(Duration::from_secs(10), listener.next()).await;
            let number = number_of(&next.expect("all is heard").unwrap().parcel);
            assert!(number >= EARLY || heard.insert(number), "{number} is heard twice");
        }
        // Nothing comes a second time, by whatever way.
        while let Ok(next) = timeout(Duration::from_millis(300), listener.next()).await {
            let number = number_of(&next.unwrap().parcel);
            assert!(number >= EARLY, "{number} is heard twice");
        }
    }
}
