//! Many hostile clients at once over real QUIC, and a client that means well beside them: the relay stays
//! up, its memory is bounded, and the other's answers do not take long.
//!
//! The relay, the attackers and the client are a process each. With `RELAY_STRICT` the relay has processor 0 and
//! the attackers processor 1, more answers are timed, and the bound has no floor (`make relay-hostile`, a release
//! build on a quiet machine).

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "support/raw.rs"]
mod raw;
mod support;

use chappe_codec::precedence::Precedence;
use chappe_relay::parcel::ParcelRef;
use chappe_relay::protocol::{ALPN, AnyParcel, ClientMessage, Read, Reason};
use chappe_relay::rates::RateLimits;
use chappe_relay::{
    Address, AddressKind, ClientError, Clock, Parcel, Reading, RelayClient, RelayOptions,
    RelayServer,
};
use raw::{RawClient, RawLane};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::process::{self, serve};
use support::{NOW, REALM, parcel_of, secret, topic};

/// Octets one sender may have stored in this test.
const SENDER_OCTETS: u64 = 256 << 10;

/// A disturbed p99 below these, of FLASH and of ROUTINE, is no finding in a build that is not optimized on a
/// machine that builds other things meanwhile.
const FLOORS: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

/// Answers timed undisturbed, and as many disturbed.
const TIMED: u64 = 200;
const TIMED_STRICT: u64 = 1000;

/// What the relay may take beside what it had before.
const MEMORY_MAX: u64 = 256 << 20;

const FOLDER: &str = "CHAPPE_TEST_RELAY_FOLDER";
const RELAY: &str = "CHAPPE_TEST_RELAY_ADDRESS";
/// The relay's secret.
const SEED: u8 = 200;

const HELLO: [u8; 12] = [0x01, 10, 0, 1, 0, 0, 0, 42, 1, 2, 0, 0];

async fn greeted(relay: SocketAddr, seed: u8) -> (RawClient, RawLane) {
    let client = RawClient::connect(relay, seed, ALPN).await;
    let mut control = client.lane().await;
    control.send(&HELLO).await;
    control.receive(11).await;
    (client, control)
}

/// Publishes so often of each precedence, one after the other, and says how long the slowest hundredth
/// took at least.
async fn p99(client: &RelayClient, round: u64, count: u64) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..count {
        for (index, precedence) in [Precedence::Flash, Precedence::Routine].into_iter().enumerate()
        {
            // Else the second would repeat the first.
            let precedence_code = u64::from(precedence.to_bits());
            let envelope = [round, number, precedence_code, 0].map(u64::to_be_bytes).concat();
            let mut parcel = parcel_of(topic("others"), envelope);
            parcel.precedence = precedence;
            let began = Instant::now();
            client.publish(parcel).await.unwrap();
            times[index].push(began.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() * 99 / 100]
    })
}

fn resident_octets(process: u32) -> u64 {
    let pages = std::fs::read_to_string(format!("/proc/{process}/statm")).unwrap();
    let pages: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// Frames that are none, from connections that come again and again.
async fn malformed(relay: SocketAddr, closed: Arc<AtomicU64>) {
    for number in 0_u64.. {
        let (client, _control) = greeted(relay, 21).await;
        let mut lane = client.lane().await;
        let frames: [&[u8]; 4] = [
            &[0x02, 1, 9],
            &[0x02, 1, 0, 0x03, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            &[0x02, 1, 0, 0x03, 22, 0x08],
            &[0x02, 1, 0, 0x84, 1, 1],
        ];
        let index = usize::try_from(number % 4).unwrap();
        lane.send.write_all(frames[index]).await.ok();
        lane.send.finish().ok();
        assert!(matches!(client.close_code().await.0, 1 | 2));
        closed.fetch_add(1, Ordering::Relaxed);
    }
}

/// Messages whose octets come one by one, on as many lanes as there may be, and lanes that never begin.
async fn slow(relay: SocketAddr) {
    let (client, _control) = greeted(relay, 22).await;
    let mut lanes = Vec::new();
    for number in 0..15 {
        let mut lane = client.lane().await;
        let beginning: &[u8] =
            if number < 8 { &[0x02, 1, 0, 0x03, 0x80, 0x80, 0x01] } else { &[0x02] };
        lane.send(beginning).await;
        lanes.push(lane);
    }
    loop {
        for lane in lanes.iter_mut().take(8) {
            lane.send(&[0]).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Handshakes, more in a second than a relay takes without asking for the address to be proven.
async fn handshakes(relay: SocketAddr, made: Arc<AtomicU64>) {
    loop {
        let some = (0..8).map(|_| RawClient::try_connect(relay, 23, ALPN));
        let some: Vec<_> = some.map(|one| tokio::spawn(one)).collect();
        for one in some {
            if let Ok(Ok(_)) = one.await {
                made.fetch_add(1, Ordering::Relaxed);
            }
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// Mailboxes of others, one guess after another.
async fn guess(client: RelayClient, refused: Arc<AtomicU64>) {
    for number in 0_u64.. {
        let octets = [number.to_be_bytes(), [7; 8]].concat().try_into().unwrap();
        let address = Address { kind: AddressKind::Mailbox, octets };
        match client.fetch(Reading::all(address), 256).await {
            Err(ClientError::Refused(Reason::NotYourMailbox)) => {}
            other => panic!("{other:?}"),
        }
        refused.fetch_add(1, Ordering::Relaxed);
    }
}

/// Fills its quota and goes on.
async fn fill(client: RelayClient, full: Arc<AtomicU64>) {
    for number in 0_u64.. {
        let envelope = [number.to_be_bytes().to_vec(), vec![0; 16_000]].concat();
        match client.publish(parcel_of(topic("filled"), envelope)).await {
            Ok(_) => assert!(number * 16_000 <= SENDER_OCTETS),
            Err(ClientError::Refused(Reason::SenderFull)) => {
                full.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Asks for everything on every lane with all the credit there is, again and again, and reads nothing.
async fn read_nothing(relay: SocketAddr) {
    let (client, _control) = greeted(relay, 24).await;
    let mut lanes = Vec::new();
    for _ in 0..15 {
        let mut lane = client.lane().await;
        lane.send(&[0x02, 1, 0]).await;
        lanes.push(lane);
    }
    // One topic that has much in it, and one to which much is published meanwhile.
    let subscribe = ["filled", "flood"].map(|name| {
        let read = Read { address: topic(name), delegation: &[] };
        ClientMessage::Subscribe { read, cursor: 0, credit: u32::MAX }.to_bytes()
    });
    let credit = ClientMessage::Credit { number: 1, octets: u32::MAX }.to_bytes();
    loop {
        for (lane, subscribe) in lanes.iter_mut().zip(subscribe.iter().cycle()) {
            // Beyond 64 reads each is a refusal that nobody reads.
            let message = [subscribe.clone(), credit.clone()].concat();
            let write = lane.send.write_all(&message);
            drop(tokio::time::timeout(Duration::from_millis(1), write).await);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Publishes and live parcels without a pause, answers unread.
async fn flood(relay: SocketAddr) {
    let (client, _control) = greeted(relay, 25).await;
    let mut lane = client.lane().await;
    lane.send(&[0x02, 1, 0]).await;
    for number in 0_u64.. {
        let envelope = number.to_be_bytes().to_vec();
        let octets = parcel(envelope).to_bytes();
        let parcel = AnyParcel::Known(ParcelRef::parse(&octets).unwrap());
        let message = match number % 2 {
            0 => ClientMessage::Publish(parcel).to_bytes(),
            _ => ClientMessage::Live(parcel).to_bytes(),
        };
        lane.send.write_all(&message).await.unwrap();
    }
}

fn parcel(envelope: Vec<u8>) -> Parcel {
    Parcel::new(topic("flood"), Precedence::Routine, NOW + 60, envelope).unwrap()
}

/// `RELAY_ATTACKS` names those that attack; all, when it is not set.
fn chosen(
    name: &str,
    attack: impl Future<Output = ()> + Send + 'static,
) -> Option<tokio::task::JoinHandle<()>> {
    let names = std::env::var("RELAY_ATTACKS").ok();
    let is_chosen = names.is_none_or(|names| names.split(',').any(|one| one == name));
    is_chosen.then(|| tokio::spawn(attack))
}

/// Not a test of its own: the relay, until it is killed. "Rates hold a sender back": no sender may take more
/// than a few of them leave.
#[tokio::test]
#[ignore = "a process of the test below"]
async fn relay_process() {
    let folder = std::env::var_os(FOLDER).expect("started by the test below");
    let some = |number| NonZeroU32::new(number).unwrap();
    let mut options = RelayOptions::new(REALM);
    options.clock = Clock::new(|| NOW);
    options.sender_octets = SENDER_OCTETS;
    options.rates = Some(RateLimits {
        messages: some(2000),
        octets: some(4 << 20),
        flash_messages: some(2000),
        flash_octets: some(4 << 20),
        burst_seconds: some(1),
    });
    let any = "127.0.0.1:0".parse().unwrap();
    serve(RelayServer::bind(any, &secret(SEED), folder, options).unwrap()).await;
}

/// Not a test of its own: all attacks at once, until standard input ends. Says when each had its first effect,
/// and at the end whether each kept on.
#[tokio::test]
#[ignore = "a process of the test below"]
async fn attackers_process() {
    let address = std::env::var(RELAY).expect("started by the test below").parse().unwrap();
    let counts: [Arc<AtomicU64>; 4] = Default::default();
    let [closed, made, refused, full] = counts.each_ref().map(Arc::clone);
    let clients = [31, 32].map(|seed| async move {
        RelayClient::connect(address, secret(SEED).public(), &secret(seed), REALM).await.unwrap()
    });
    let [guesser, filler] = clients;
    let hostile = Vec::from_iter(
        [
            chosen("malformed", malformed(address, closed)),
            chosen("slow", slow(address)),
            chosen("handshakes", handshakes(address, made)),
            chosen("guess", guess(guesser.await, refused)),
            chosen("fill", fill(filler.await, full)),
            chosen("read_nothing", read_nothing(address)),
            chosen("flood", flood(address)),
        ]
        .into_iter()
        .flatten(),
    );
    let numbers = || counts.each_ref().map(|count| count.load(Ordering::Relaxed));
    while std::env::var("RELAY_ATTACKS").is_err() && numbers().contains(&0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!("\nattacking");
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()))
        .await
        .unwrap()
        .ok();
    let kept_on = hostile.iter().all(|task| !task.is_finished());
    println!("\nclosed, handshakes, guesses, full: {:?}; kept on: {kept_on}", numbers());
    // The tasks' ends are not waited for.
    std::process::exit(0);
}

#[tokio::test]
async fn whatever_the_others_do_a_client_is_answered() {
    let is_strict = std::env::var("RELAY_STRICT").is_ok();
    // The attackers leave the processor to the client that is timed: they would be on machines of their own.
    let (relay_on, attackers_on): (&[&str], &[&str]) = if is_strict {
        (&["taskset", "-c", "0"], &["chrt", "-i", "0", "taskset", "-c", "1"])
    } else {
        (&[], &["nice", "-n", "19"])
    };
    let folder = tempfile::tempdir().unwrap();
    let variable = [(FOLDER, folder.path().as_ref())];
    let mut relay = process::command(relay_on, "relay_process", &variable).spawn().unwrap();
    let mut said_by_relay = process::lines_of(&mut relay);
    let address = process::said(&mut said_by_relay, "listening ").await;
    let (target, key) = (address.parse().unwrap(), secret(SEED).public());
    let connect =
        async |seed| RelayClient::connect(target, key, &secret(seed), REALM).await.unwrap();

    let client = connect(1).await;
    let count = if is_strict { TIMED_STRICT } else { TIMED };
    p99(&client, 0, 20).await; // warm
    let undisturbed = p99(&client, 1, count).await;
    let process_of_relay = relay.id().unwrap();
    let before = resident_octets(process_of_relay);

    let variable = [(RELAY, address.as_ref())];
    let mut attackers =
        process::command(attackers_on, "attackers_process", &variable).spawn().unwrap();
    let mut said_by_attackers = process::lines_of(&mut attackers);
    process::said(&mut said_by_attackers, "attacking").await;
    let disturbed = p99(&client, 2, count).await;
    let grown = resident_octets(process_of_relay).saturating_sub(before);
    // The end of its input is the word to stop.
    drop(attackers.stdin.take());
    let counts = process::said(&mut said_by_attackers, "closed, handshakes, guesses, full: ").await;
    attackers.wait().await.unwrap();

    println!("p99 FLASH, ROUTINE: {undisturbed:?} undisturbed, {disturbed:?} disturbed");
    println!("closed, handshakes, guesses, full: {counts}; the relay took {grown} octets more");
    assert!(counts.ends_with("kept on: true"), "an attacker gave up: {counts}");
    for ((undisturbed, disturbed), floor) in undisturbed.into_iter().zip(disturbed).zip(FLOORS) {
        let floor = if is_strict { Duration::ZERO } else { floor };
        assert!(disturbed <= floor.max(undisturbed * 2), "{undisturbed:?} {disturbed:?}");
    }
    assert!(grown < MEMORY_MAX, "{grown}");
    // Whoever comes afterwards is served as before.
    connect(2).await.publish(parcel_of(topic("others"), vec![9])).await.unwrap();
    relay.kill().await.unwrap();
}
