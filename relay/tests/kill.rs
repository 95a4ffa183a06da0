//! A relay in a process of its own is killed under load, again and again. What it acknowledged is
//! there afterwards, once; a reader that keeps its cursor gets all of it and nothing twice.
//!
//! `RELAY_KILLS` says how often, `RELAY_SEED` repeats where the kills fall.

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
use chappe_relay::{
    Address, Clock, Cursors, Parcel, Reading, RelayClient, RelayOptions, RelayServer, TransportKey,
};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::process::{self, serve};
use support::{NOW, REALM, secret, topic};
use tokio::process::Child;

const FOLDER: &str = "CHAPPE_TEST_RELAY_FOLDER";
const CLOCK: &str = "CHAPPE_TEST_RELAY_CLOCK";
const PUBLISHERS: u8 = 3;
const TOPICS: [&str; 3] = ["a", "b", "c"];
/// The relay's clock at a process's start is this much behind that of the next: some parcels expire, and
/// what lies before the oldest that lives is discarded at a start.
const SECONDS_APART: u64 = 60;

/// Not a test of its own: what the other one starts as a process. It serves until it is killed.
#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn relay_process() {
    let folder = std::env::var_os(FOLDER).expect("started by the test below");
    let clock = std::env::var(CLOCK).unwrap().parse().unwrap();
    let mut options = RelayOptions::new(REALM);
    options.clock = Clock::new(move || clock);
    // Small segments, so that some kills hit a turn-over.
    options.store.segment_octets = 32 << 10;
    let any = "127.0.0.1:0".parse().unwrap();
    let server = RelayServer::bind(any, &secret(200), folder, options).unwrap();
    serve(server).await;
}

#[tokio::test]
async fn what_is_acknowledged_survives_every_kill() {
    let variable = |name| std::env::var(name).ok().map(|number| number.parse::<u64>().unwrap());
    let kills = variable("RELAY_KILLS").unwrap_or(20);
    let mut seed = variable("RELAY_SEED").unwrap_or(0x00C0_FFEE);
    println!("RELAY_KILLS={kills} RELAY_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let relay = secret(200).public();
    let load = Arc::new(Load::default());
    let readers: Vec<_> = TOPICS.map(|name| Arc::new(Reader::new(topic(name)))).into();
    for kill in 0..=kills {
        let clock = NOW + kill * SECONDS_APART;
        let (mut child, address) = start(folder.path(), clock).await;
        let client = RelayClient::connect(address, relay, &secret(9), REALM).await.unwrap();
        // What the last process acknowledged, from where each reader stood when it died.
        for reader in &readers {
            reader.catch_up(&client).await;
        }
        let mut received = HashSet::new();
        readers
            .iter()
            .for_each(|reader| received.extend(reader.received.lock().unwrap().1.clone()));
        for number in load.acknowledged.lock().unwrap().iter() {
            assert!(received.contains(number), "kill {kill}: parcel {number} is lost");
        }
        if kill % 10 == 0 || kill == kills {
            load.is_all_stored(&client, clock).await;
        }
        if kill == kills {
            break;
        }

        let before = load.acknowledged.lock().unwrap().len();
        let mut tasks: Vec<_> = (1..=PUBLISHERS)
            .map(|publisher| {
                tokio::spawn(Arc::clone(&load).publish(address, relay, publisher, clock))
            })
            .collect();
        for reader in &readers {
            tasks.push(tokio::spawn(Arc::clone(reader).follow(address, relay)));
        }
        // Where the kill falls is seeded: after so many acknowledgements, with others under way.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let after = before + 20 + usize::try_from((seed >> 33) % 400).unwrap();
        while load.acknowledged.lock().unwrap().len() < after {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        child.start_kill().unwrap();
        child.wait().await.unwrap();
        // They notice only after the idle time; what they have noted so far is what counts.
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        for task in tasks {
            // Aborted, or what it found is the test's.
            assert!(task.await.err().is_none_or(|error| error.is_cancelled()), "a task failed");
        }
    }
    let acknowledged = load.acknowledged.lock().unwrap().len();
    let followed: u64 = readers.iter().map(|one| one.followed.load(Ordering::SeqCst)).sum();
    println!(
        "{kills} kills, {acknowledged} acknowledged, {followed} of them read while under load: 0 lost, 0 twice"
    );
    assert!(acknowledged > 25 * usize::try_from(kills).unwrap());
    assert!(followed > 0);
}

async fn start(folder: &Path, clock: u64) -> (Child, SocketAddr) {
    let clock = clock.to_string();
    process::start("relay_process", &[(FOLDER, folder.as_ref()), (CLOCK, clock.as_ref())]).await
}

/// What is published, and what of it was acknowledged. A number says everything about its parcel.
#[derive(Default)]
struct Load {
    numbers: AtomicU64,
    acknowledged: Mutex<HashSet<u64>>,
    /// By number, when those that do not live long expire.
    short_lived: Mutex<std::collections::HashMap<u64, u64>>,
}

impl Load {
    /// Publishes until the relay is gone and notes what was acknowledged.
    async fn publish(
        self: Arc<Self>,
        address: SocketAddr,
        relay: TransportKey,
        publisher: u8,
        clock: u64,
    ) {
        let client = RelayClient::connect(address, relay, &secret(publisher), REALM).await.unwrap();
        loop {
            let mut pending = Vec::new();
            for _ in 0..20 {
                let number = self.numbers.fetch_add(1, Ordering::SeqCst);
                match client.start_publish(self.parcel(number, clock)).await {
                    Ok(ack) => pending.push((number, ack)),
                    Err(error) => return assert!(error.is_temporary(), "{error:?}"),
                }
            }
            for (number, ack) in pending {
                match ack.wait().await {
                    Ok(_) => assert!(self.acknowledged.lock().unwrap().insert(number)),
                    Err(error) => assert!(error.is_temporary(), "{error:?}"),
                }
            }
        }
    }

    /// All precedences, all topics, and a third that expires before the next process but one.
    fn parcel(&self, number: u64, clock: u64) -> Parcel {
        let precedence = Precedence::from_bits(u8::try_from(number % 4).unwrap());
        let name = TOPICS[usize::try_from(number / 4 % 3).unwrap()];
        let is_short = number % 9 < 3;
        let expiry = clock + if is_short { SECONDS_APART * 5 / 2 } else { 7 * 86_400 };
        if is_short {
            self.short_lived.lock().unwrap().insert(number, expiry);
        }
        let mut envelope = vec![0x55];
        envelope.extend_from_slice(&number.to_be_bytes());
        Parcel::new(topic(name), precedence, expiry, envelope).unwrap()
    }

    /// From the beginning: each once, and all that were acknowledged and have not expired.
    async fn is_all_stored(&self, client: &RelayClient, clock: u64) {
        let mut stored = HashSet::new();
        for name in TOPICS {
            let mut reading = Reading::all(topic(name));
            loop {
                let page = client.fetch(reading.clone(), 256).await.unwrap();
                reading.cursors = page.cursors;
                for one in page.deliveries {
                    assert!(stored.insert(number_of(&one.parcel)), "given out twice");
                }
                if !page.more {
                    break;
                }
            }
        }
        let short_lived = self.short_lived.lock().unwrap();
        for number in self.acknowledged.lock().unwrap().iter() {
            let lives = short_lived.get(number).is_none_or(|expiry| *expiry > clock);
            assert_eq!(lives, lives && stored.contains(number), "parcel {number} is lost");
        }
    }
}

/// Somebody who reads a topic and keeps the cursor of what was dealt with, whoever died meanwhile.
struct Reader {
    address: Address,
    received: Mutex<(Cursors, HashSet<u64>)>,
    followed: AtomicU64,
}

impl Reader {
    fn new(address: Address) -> Self {
        Self { address, received: Mutex::default(), followed: AtomicU64::new(0) }
    }

    fn reading(&self) -> Reading {
        Reading { cursors: self.received.lock().unwrap().0, ..Reading::all(self.address) }
    }

    fn take(&self, parcel: &Parcel, cursor: u64) {
        let mut received = self.received.lock().unwrap();
        received.0.set(parcel.precedence, cursor);
        assert!(received.1.insert(number_of(parcel)), "given out twice past the cursor");
    }

    async fn catch_up(&self, client: &RelayClient) {
        loop {
            let page = client.fetch(self.reading(), 256).await.unwrap();
            for one in &page.deliveries {
                self.take(&one.parcel, one.cursor);
            }
            self.received.lock().unwrap().0 = page.cursors;
            if !page.more {
                return;
            }
        }
    }

    /// Subscribes until the relay is gone.
    async fn follow(self: Arc<Self>, address: SocketAddr, relay: TransportKey) {
        let client = RelayClient::connect(address, relay, &secret(10), REALM).await.unwrap();
        let mut subscription = client.subscribe(self.reading()).await.unwrap();
        loop {
            match subscription.next().await {
                Ok(one) => {
                    self.take(&one.parcel, one.cursor);
                    self.followed.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => return assert!(error.is_temporary(), "{error:?}"),
            }
        }
    }
}

fn number_of(parcel: &Parcel) -> u64 {
    u64::from_be_bytes(parcel.envelope()[1..].try_into().unwrap())
}
