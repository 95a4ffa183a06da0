//! A relay in a process of its own is killed under load, again and again. What it acknowledged is
//! there afterwards, once.

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

use chappe_relay::{Address, Clock, Reading, RelayClient, RelayOptions, RelayServer, TransportKey};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use support::{NOW, REALM, parcel, secret, topic};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const FOLDER: &str = "CHAPPE_TEST_RELAY_FOLDER";
const KILLS: u64 = 20;
const PUBLISHERS: u8 = 3;

/// Not a test of its own: what the other one starts as a process. It serves until it is killed.
#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn relay_process() {
    let folder = std::env::var_os(FOLDER).expect("started by the test below");
    let mut options = RelayOptions::new(REALM);
    options.clock = Clock::new(|| NOW);
    // Small segments, so that some kills hit a turn-over.
    options.store.segment_octets = 32 << 10;
    let any = "127.0.0.1:0".parse().unwrap();
    let server = RelayServer::bind(any, &secret(200), folder, options).unwrap();
    println!("\nlistening {}", server.local_addr().unwrap());
    server.run(std::future::pending()).await;
}

async fn start(folder: &Path) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["relay_process", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(address) = line.strip_prefix("listening ") {
            return (child, address.parse().unwrap());
        }
    }
    panic!("the relay did not start");
}

/// Publishes until the relay is gone and notes what was acknowledged.
async fn publish(
    address: SocketAddr,
    relay: TransportKey,
    publisher: u8,
    numbers: Arc<AtomicU64>,
    acknowledged: Arc<Mutex<HashSet<u64>>>,
) {
    let client = RelayClient::connect(address, relay, &secret(publisher), REALM).await.unwrap();
    loop {
        let mut pending = Vec::new();
        for _ in 0..20 {
            let number = numbers.fetch_add(1, Ordering::SeqCst);
            match client.start_publish(parcel(target(number), number)).await {
                Ok(ack) => pending.push((number, ack)),
                Err(error) => return assert!(error.is_temporary(), "{error:?}"),
            }
        }
        for (number, ack) in pending {
            match ack.wait().await {
                Ok(_) => assert!(acknowledged.lock().unwrap().insert(number)),
                Err(error) => assert!(error.is_temporary(), "{error:?}"),
            }
        }
    }
}

fn target(number: u64) -> Address {
    topic(["a", "b", "c"][usize::try_from(number % 3).unwrap()])
}

async fn everything(client: &RelayClient) -> Vec<Vec<u8>> {
    let mut envelopes = Vec::new();
    for name in ["a", "b", "c"] {
        let mut reading = Reading::all(topic(name));
        loop {
            let page = client.fetch(reading.clone(), 256).await.unwrap();
            reading.cursors = page.cursors;
            envelopes.extend(page.deliveries.into_iter().map(|one| one.parcel.into_envelope()));
            if !page.more {
                break;
            }
        }
    }
    envelopes
}

#[tokio::test]
async fn what_is_acknowledged_survives_every_kill() {
    let folder = tempfile::tempdir().unwrap();
    let relay = secret(200).public();
    let numbers = Arc::new(AtomicU64::new(0));
    let acknowledged = Arc::new(Mutex::new(HashSet::new()));
    let mut seed = 0x00C0_FFEE_u64;
    for kill in 0..=KILLS {
        let (mut child, address) = start(folder.path()).await;

        let reader = RelayClient::connect(address, relay, &secret(9), REALM).await.unwrap();
        let stored = everything(&reader).await;
        let distinct: HashSet<_> = stored.iter().cloned().collect();
        assert_eq!(distinct.len(), stored.len(), "kill {kill}: given out twice");
        for number in acknowledged.lock().unwrap().iter() {
            let envelope = parcel(target(*number), *number).into_envelope();
            assert!(distinct.contains(&envelope), "kill {kill}: parcel {number} is lost");
        }
        if kill == KILLS {
            break;
        }

        let before = acknowledged.lock().unwrap().len();
        let publishers: Vec<_> = (1..=PUBLISHERS)
            .map(|publisher| {
                let (numbers, acknowledged) = (Arc::clone(&numbers), Arc::clone(&acknowledged));
                tokio::spawn(publish(address, relay, publisher, numbers, acknowledged))
            })
            .collect();
        // Where the kill falls is seeded: after so many acknowledgements, with others under way.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let after = before + 20 + usize::try_from((seed >> 33) % 400).unwrap();
        while acknowledged.lock().unwrap().len() < after {
            tokio::time::sleep(std::time::Duration::from_micros(200)).await;
        }
        child.start_kill().unwrap();
        child.wait().await.unwrap();
        // Publishers notice only after the idle time; what they have noted so far is what counts.
        publishers.iter().for_each(tokio::task::JoinHandle::abort);
    }
    assert!(acknowledged.lock().unwrap().len() > 500);
}
