//! A relay in a process of its own is killed while it takes parcels on, again and again. What it acknowledged
//! reaches its home, stored there once.

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
    Clock, PeerCounts, PeerOptions, RelayClient, RelayOptions, RelayServer, TransportKey,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::federation::{Net, eventually, parcel};
use support::process::{self, serve};
use support::{NOW, REALM, secret, topic};
use tokio::process::Child;

const FOLDER: &str = "CHAPPE_TEST_FORWARDER_FOLDER";
const HOME: &str = "CHAPPE_TEST_FORWARDER_HOME";
const KILLS: u64 = 12;
/// What the net gives the relay `a`.
const FORWARDER_SEED: u8 = 100;

/// Not a test of its own: what the other one starts as a process. It serves until it is killed.
#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn forwarder_process() {
    let folder = std::env::var_os(FOLDER).expect("started by the test below");
    let home = std::env::var(HOME).expect("started by the test below");
    let (key, address) = home.split_once('@').unwrap();
    let mut options = RelayOptions::new(REALM);
    options.clock = Clock::new(|| NOW);
    // Small segments, so that some kills hit a turn-over.
    options.store.segment_octets = 16 << 10;
    // And some a compaction.
    options.queue.compact_octets = 8 << 10;
    options.peers = vec![PeerOptions {
        name: "home".to_owned(),
        key: key.parse().unwrap(),
        address: address.to_owned(),
        topics: Vec::new(),
        counts: PeerCounts::default(),
    }];
    let any = "127.0.0.1:0".parse().unwrap();
    let server = RelayServer::bind(any, &secret(FORWARDER_SEED), folder, options).unwrap();
    serve(server).await;
}

async fn start(folder: &Path, home: &str) -> (Child, SocketAddr) {
    process::start("forwarder_process", &[(FOLDER, folder.as_ref()), (HOME, home.as_ref())]).await
}

/// Forwards until it is ended, and notes what was acknowledged.
async fn forward(
    address: SocketAddr,
    home: TransportKey,
    from: u64,
    acknowledged: Arc<Mutex<BTreeSet<u64>>>,
) {
    let own = secret(FORWARDER_SEED).public();
    let client = RelayClient::connect(address, own, &secret(7), REALM).await.unwrap();
    for batch in 0.. {
        let mut pending = Vec::new();
        for number in from + batch * 20..from + (batch + 1) * 20 {
            let precedence = if number % 4 == 0 { Precedence::Flash } else { Precedence::Routine };
            let parcel = parcel(topic("field"), precedence, number);
            match client.start_forward(parcel, &[home], 2).await {
                Ok(ack) => pending.push((number, ack)),
                Err(error) => return assert!(error.is_temporary(), "{error:?}"),
            }
        }
        for (number, ack) in pending {
            match ack.wait().await {
                Ok(_) => drop(acknowledged.lock().unwrap().insert(number)),
                Err(error) => assert!(error.is_temporary(), "{error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn what_a_killed_relay_had_acknowledged_reaches_its_home() {
    let folder = tempfile::tempdir().unwrap();
    let mut net = Net::new(&[('a', 'b')], &[]);
    net.start("b").await;
    let home = format!("{}@{}", net.key('b'), net.stations[&'b'].address);
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    for kill in 0..KILLS {
        // The home is away now and then, too.
        if kill == KILLS / 3 {
            net.stop('b').await;
        }
        if kill == KILLS / 2 {
            net.start("b").await;
        }
        let (mut child, address) = start(folder.path(), &home).await;
        let forwarding = tokio::spawn(forward(
            address,
            net.key('b'),
            kill * 1_000_000,
            Arc::clone(&acknowledged),
        ));
        tokio::time::sleep(Duration::from_millis(100 + 37 * kill)).await;
        child.kill().await.unwrap();
        forwarding.abort();
        drop(forwarding.await);
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    let (_child, _) = start(folder.path(), &home).await;
    let found = eventually(async || {
        let found = net.stored('b', topic("field")).await;
        let numbers: BTreeSet<u64> = found
            .keys()
            .map(|envelope| u64::from_be_bytes(envelope[1..9].try_into().unwrap()))
            .collect();
        acknowledged.is_subset(&numbers).then_some(found)
    });
    let found = found.await;
    assert!(found.values().all(|copies| *copies == 1));
}
