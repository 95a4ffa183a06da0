//! Many hostile clients at once over real QUIC, and a client that means well beside them: the relay stays
//! up, its memory is bounded, and the other's answers do not take long.

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
use chappe_relay::{Address, AddressKind, ClientError, Parcel, Reading, RelayClient, TransportKey};
use raw::{RawClient, RawLane};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::{NOW, REALM, TestRelay, parcel_of, secret, topic};

/// Octets one sender may have stored in this test.
const SENDER_OCTETS: u64 = 256 << 10;

/// A disturbed p99 below these, of FLASH and of ROUTINE, is no finding: this machine builds other things
/// meanwhile, the test's program is not optimized, and attackers and relay share its processors.
const FLOORS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(250)];

/// What the relay and all its attackers, in one process, may take beside what was there before.
const MEMORY_MAX: u64 = 256 << 20;

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
            let envelope = [round, number, 0, 0].map(u64::to_be_bytes).concat();
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

fn resident_octets() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
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

/// All of them at once, on a thread of their own, until they are told to stop. Whether each kept on.
fn attack(
    (address, key): (SocketAddr, TransportKey),
    counts: [Arc<AtomicU64>; 4],
    stop: Arc<AtomicBool>,
) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let [closed, made, refused, full] = counts;
        let [first, second] = [31, 32].map(secret);
        let guesser = RelayClient::connect(address, key, &first, REALM).await.unwrap();
        let filler = RelayClient::connect(address, key, &second, REALM).await.unwrap();
        let hostile = Vec::from_iter(
            [
                chosen("malformed", malformed(address, closed)),
                chosen("slow", slow(address)),
                chosen("handshakes", handshakes(address, made)),
                chosen("guess", guess(guesser, refused)),
                chosen("fill", fill(filler, full)),
                chosen("read_nothing", read_nothing(address)),
                chosen("flood", flood(address)),
            ]
            .into_iter()
            .flatten(),
        );
        while !stop.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        hostile.iter().all(|task| !task.is_finished())
    })
}

#[tokio::test]
async fn whatever_the_others_do_a_client_is_answered() {
    let relay = TestRelay::start_with(|options| options.sender_octets = SENDER_OCTETS).await;
    let client = relay.connect(&secret(1)).await.unwrap();
    p99(&client, 0, 20).await; // warm
    let undisturbed = p99(&client, 1, 200).await;
    let before = resident_octets();

    let counts: [Arc<AtomicU64>; 4] = Default::default();
    let stop = Arc::new(AtomicBool::new(false));
    let (target, told) = ((relay.address, relay.key), Arc::clone(&stop));
    let of_attack = counts.each_ref().map(Arc::clone);
    let attackers = std::thread::spawn(move || attack(target, of_attack, told));
    // Until every attack has had its first effect.
    let is_early = || counts.iter().any(|count| count.load(Ordering::Relaxed) == 0);
    let began = Instant::now();
    while is_early() && began.elapsed() < Duration::from_secs(20) && !attackers.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let disturbed = p99(&client, 2, 200).await;
    let grown = resident_octets().saturating_sub(before);
    stop.store(true, Ordering::Relaxed);
    // The relay serves on this thread: the others must not wait for it in vain.
    let kept_on = tokio::task::spawn_blocking(move || attackers.join()).await.unwrap().unwrap();

    let counts = counts.map(|count| count.load(Ordering::Relaxed));
    println!("p99 FLASH, ROUTINE: {undisturbed:?} undisturbed, {disturbed:?} disturbed");
    println!("closed, handshakes, guesses, full: {counts:?}; {grown} octets more");
    assert!(kept_on, "an attacker gave up");
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    for ((undisturbed, disturbed), floor) in undisturbed.into_iter().zip(disturbed).zip(FLOORS) {
        assert!(disturbed <= floor.max(undisturbed * 2), "{undisturbed:?} {disturbed:?}");
    }
    assert!(grown < MEMORY_MAX, "{grown}");
    // Whoever comes afterwards is served as before.
    let late = relay.connect(&secret(2)).await.unwrap();
    late.publish(parcel_of(topic("others"), vec![9])).await.unwrap();
    relay.stop().await;
}
