//! Relays that take parcels to one another: real sockets, real folders.

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
use chappe_relay::protocol::ConnectionRole;
use chappe_relay::{
    Address, ClientError, CloseCode, Delegation, Introduction, Reading, Reason, RelayClient,
    TransportKey, TransportSecret,
};
use std::path::Path;
use support::federation::{Net, eventually, parcel};
use support::{NOW, REALM, secret, topic};

const ROUTINE: Precedence = Precedence::Routine;
const FLASH: Precedence = Precedence::Flash;

/// A line of three: b knows a and c.
fn line() -> Net {
    Net::new(&[('a', 'b'), ('b', 'c')], &[])
}

#[tokio::test]
async fn what_is_forwarded_reaches_its_home() {
    let mut net = line();
    net.start("abc").await;
    let client = net.connect('a', 7).await.unwrap();
    let field = topic("field");
    for (number, precedence) in
        (0..).zip([ROUTINE, Precedence::Priority, Precedence::Immediate, FLASH])
    {
        let parcel = parcel(field, precedence, number);
        let pending = client.start_forward(parcel, &[net.key('b')], 2).await.unwrap();
        pending.wait().await.unwrap();
    }
    assert_eq!(net.wait_for('b', field, 4).await, 4);
    assert!(net.stored('a', field).await.is_empty());
    eventually(async || (net.peer('a', 'b').waiting() == 0).then_some(())).await;
    assert_eq!(net.peer('a', 'b').forwarded(), 4);
    assert_eq!(net.peer('a', 'b').waiting_octets(), 0);
}

/// Forwards so many ROUTINE parcels to the homes and waits for their acknowledgements.
async fn forward(
    net: &Net,
    at: char,
    homes: &str,
    precedence: Precedence,
    numbers: std::ops::Range<u64>,
) {
    let client = net.connect(at, 7).await.unwrap();
    let homes: Vec<_> = homes.chars().map(|home| net.key(home)).collect();
    let mut pending = Vec::new();
    for number in numbers {
        let parcel = parcel(topic("field"), precedence, number);
        pending.push(client.start_forward(parcel, &homes, 3).await.unwrap());
    }
    for one in pending {
        one.wait().await.unwrap();
    }
}

/// Waits until nothing waits for a peer.
async fn drained(net: &Net, of: char, peer: char) {
    eventually(async || (net.peer(of, peer).waiting() == 0).then_some(())).await;
}

#[tokio::test]
async fn what_comes_while_a_home_is_away_reaches_it_later_and_once() {
    let mut net = line();
    net.start("ab").await;
    forward(&net, 'a', "b", ROUTINE, 0..50).await;
    drained(&net, 'a', 'b').await;
    net.stop('b').await;
    forward(&net, 'a', "b", ROUTINE, 50..600).await;
    forward(&net, 'a', "b", FLASH, 600..650).await;
    let oldest = async || (net.peer('a', 'b').waiting() == 600).then_some(());
    eventually(oldest).await;
    net.start("b").await;
    assert_eq!(net.wait_for('b', topic("field"), 650).await, 650);
    drained(&net, 'a', 'b').await;
    assert_eq!(net.peer('a', 'b').forwarded(), 650);
    let counts = &net.stations[&'b'].counts;
    let taken: u64 = [ROUTINE, FLASH].map(|precedence| counts.taken(precedence)).iter().sum();
    assert_eq!(taken, 600, "none of those behind the cursor was said again");
    let lines = net.stations[&'a'].lines.lock().unwrap().join("\n");
    assert!(lines.contains("peer b reached") && lines.contains("peer b not reached"), "{lines}");
    assert!(!lines.contains(&net.key('b').to_string()));
}

#[tokio::test]
async fn a_flash_reaches_both_homes_and_is_acknowledged_when_one_is_dead() {
    let mut net = line();
    net.start("ab").await;
    forward(&net, 'b', "ac", FLASH, 0..1).await;
    assert_eq!(net.wait_for('a', topic("field"), 1).await, 1);
    assert_eq!(net.peer('b', 'c').waiting(), 1);
    net.start("c").await;
    assert_eq!(net.wait_for('c', topic("field"), 1).await, 1);
    drained(&net, 'b', 'c').await;
    // "A FLASH is also kept for the others named."
    forward(&net, 'b', "bc", FLASH, 1..2).await;
    assert_eq!(net.wait_for('b', topic("field"), 1).await, 1);
    assert_eq!(net.wait_for('c', topic("field"), 2).await, 2);
}

#[tokio::test]
async fn what_is_no_flash_goes_to_one_home_and_to_the_next_when_that_is_away() {
    let mut net = line();
    net.start("bc").await;
    let reached = async || net.peer('b', 'c').is_connected().then_some(());
    eventually(reached).await;
    forward(&net, 'b', "ca", ROUTINE, 0..1).await;
    assert_eq!(net.wait_for('c', topic("field"), 1).await, 1);
    // a has not been reached yet, but for less than ten seconds: it is waited for.
    forward(&net, 'b', "ac", ROUTINE, 1..2).await;
    assert_eq!((net.peer('b', 'a').waiting(), net.peer('b', 'c').waiting()), (1, 0));
    assert_eq!(net.wait_for('c', topic("field"), 2).await, 2);
    drained(&net, 'b', 'a').await;
    net.start("a").await;
    eventually(async || net.peer('b', 'a').is_connected().then_some(())).await;
    assert!(net.stored('a', topic("field")).await.is_empty());
    // What is at home here goes nowhere else.
    forward(&net, 'b', "cba", ROUTINE, 2..3).await;
    assert_eq!(net.wait_for('b', topic("field"), 1).await, 1);
    assert_eq!((net.peer('b', 'a').waiting(), net.peer('b', 'c').waiting()), (0, 0));
}

async fn refusal(net: &Net, at: char, homes: &[TransportKey], hops: u8) -> Option<Reason> {
    let client = net.connect(at, 7).await.unwrap();
    let parcel = parcel(topic("field"), FLASH, 99);
    match client.start_forward(parcel, homes, hops).await.unwrap().wait().await {
        Ok(_) => None,
        Err(ClientError::Refused(reason)) => Some(reason),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_last_hop_and_strangers_have_no_route() {
    let mut net = line();
    net.start("abc").await;
    let [a, b, c] = ['a', 'b', 'c'].map(|name| net.key(name));
    let none = Some(Reason::NoRoute);
    assert_eq!(refusal(&net, 'a', &[b], 1).await, none);
    assert_eq!(refusal(&net, 'a', &[c], 8).await, none, "a does not know c");
    assert_eq!(refusal(&net, 'a', &[a, b], 1).await, None);
    assert_eq!(net.wait_for('a', topic("field"), 1).await, 1);
    assert!(net.stored('b', topic("field")).await.is_empty(), "1 hop left: kept for nobody");
    assert_eq!(refusal(&net, 'a', &[c, b], 2).await, None);
    assert_eq!(net.wait_for('b', topic("field"), 1).await, 1);
}

#[tokio::test]
async fn a_full_queue_says_try_later_and_heals() {
    let mut net = line();
    net.queue.octets = 4096;
    net.start("a").await;
    let client = net.connect('a', 7).await.unwrap();
    let mut kept = 0;
    let refused = loop {
        let parcel = parcel(topic("field"), ROUTINE, kept);
        match client.start_forward(parcel, &[net.key('b')], 2).await.unwrap().wait().await {
            Ok(_) => kept += 1,
            Err(ClientError::Refused(reason)) => break reason,
            Err(error) => panic!("{error}"),
        }
        assert!(kept < 100);
    };
    assert_eq!(refused, Reason::TryLater);
    assert!(net.peer('a', 'b').waiting_octets() <= 4096);
    // FLASH has a bound of its own.
    assert_eq!(refusal(&net, 'a', &[net.key('b')], 2).await, None);
    net.start("b").await;
    drained(&net, 'a', 'b').await;
    forward(&net, 'a', "b", ROUTINE, kept..kept + 10).await;
    let count = usize::try_from(kept + 11).unwrap();
    assert_eq!(net.wait_for('b', topic("field"), count).await, count);
}

#[tokio::test]
async fn a_relay_that_was_killed_takes_on_what_it_had_acknowledged() {
    let mut net = line();
    net.start("b").await;
    forward(&net, 'b', "a", ROUTINE, 0..300).await;
    forward(&net, 'b', "ac", FLASH, 300..310).await;
    net.kill('b').await;
    net.start("b").await;
    forward(&net, 'b', "a", ROUTINE, 310..320).await;
    net.start("ac").await;
    assert_eq!(net.wait_for('a', topic("field"), 320).await, 320);
    assert_eq!(net.wait_for('c', topic("field"), 10).await, 10);
    drained(&net, 'b', 'a').await;
    drained(&net, 'b', 'c').await;
    // A second after the last answer the disk knows what is done: a start after that repeats nothing.
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    net.kill('b').await;
    net.kill('a').await;
    net.start("ab").await;
    eventually(async || net.peer('b', 'a').is_connected().then_some(())).await;
    forward(&net, 'b', "a", ROUTINE, 320..321).await;
    assert_eq!(net.wait_for('a', topic("field"), 321).await, 321);
    assert_eq!(net.stations[&'a'].counts.taken(ROUTINE), 1);
}

/// More than a group holds comes while one is being synced: it waits, as a publish would.
#[tokio::test]
async fn a_burst_of_forwards_is_held_back_and_not_refused() {
    let mut net = line();
    net.start("ab").await;
    forward(&net, 'a', "b", ROUTINE, 0..20_000).await;
    assert_eq!(net.wait_for('b', topic("field"), 20_000).await, 20_000);
}

#[tokio::test]
async fn a_killed_home_gets_what_it_had_not_acknowledged() {
    let mut net = line();
    net.start("ab").await;
    let forwarding = forward(&net, 'a', "b", ROUTINE, 0..4000);
    forwarding.await;
    net.kill('b').await;
    net.start("b").await;
    assert_eq!(net.wait_for('b', topic("field"), 4000).await, 4000);
    drained(&net, 'a', 'b').await;
}

#[tokio::test]
async fn topics_are_replicated_along_the_line_without_an_echo() {
    let field = topic("field");
    let mut net = Net::new(&[('a', 'b'), ('b', 'c')], &[field]);
    net.start("abc").await;
    for (name, first) in [('a', 0), ('b', 100), ('c', 200)] {
        let client = net.connect(name, 7).await.unwrap();
        for number in first..first + 100 {
            let precedence = if number % 10 == 0 { FLASH } else { ROUTINE };
            client.publish(parcel(field, precedence, number)).await.unwrap();
        }
        client.publish(parcel(topic("elsewhere"), ROUTINE, first)).await.unwrap();
    }
    for name in ['a', 'b', 'c'] {
        assert_eq!(net.wait_for(name, field, 300).await, 300, "one copy of each at {name}");
        assert_eq!(net.wait_for(name, topic("elsewhere"), 1).await, 1, "{name}");
    }
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let taken = |net: &Net, name: char| {
        let counts = &net.stations[&name].counts;
        [FLASH, ROUTINE].map(|precedence| counts.taken(precedence)).iter().sum::<u64>()
    };
    for name in ['a', 'b', 'c'] {
        let counts = &net.stations[&name].counts;
        let stored: u64 = [FLASH, ROUTINE].map(|precedence| counts.stored(precedence)).iter().sum();
        assert_eq!(stored, 301, "stored at {name}");
    }
    // Each crosses each link once each way, what came from there included, and then there is silence.
    let before = ['a', 'b', 'c'].map(|name| taken(&net, name));
    assert_eq!(before, [101 + 300, 101 + 300 + 300, 101 + 300]);
    tokio::time::sleep(std::time::Duration::from_millis(1000)).await;
    assert_eq!(['a', 'b', 'c'].map(|name| taken(&net, name)), before);
    // With its cursor on disk a restarted relay reads only what is new.
    net.stop('c').await;
    net.start("c").await;
    let client = net.connect('a', 7).await.unwrap();
    client.publish(parcel(field, ROUTINE, 1000)).await.unwrap();
    assert_eq!(net.wait_for('c', field, 301).await, 301);
    assert!(taken(&net, 'c') < 10, "{}", taken(&net, 'c'));
}

#[tokio::test]
async fn role_1_is_for_peers_and_peers_read_topics_only() {
    let mut net = line();
    net.start("b").await;
    let connect = async |secret: TransportSecret| {
        let station = &net.stations[&'b'];
        let as_relay = Introduction { role: ConnectionRole::Relay, ..Introduction::default() };
        let (address, key) = (station.address, station.key);
        RelayClient::connect_introduced(address, key, &secret, REALM, &as_relay).await
    };
    let refused = connect(secret(7)).await.unwrap_err();
    assert!(matches!(refused, ClientError::Closed(CloseCode::NotAPeer)), "{refused}");
    let a = secret(100);
    assert_eq!(a.public(), net.key('a'));
    let peer = connect(a.clone()).await.unwrap();
    peer.fetch(Reading::all(topic("field")), 1).await.unwrap();
    for delegated in [false, true] {
        let owner = if delegated { secret(9) } else { a.clone() };
        let address = Address::mailbox(owner.public());
        let delegation = Delegation::sign(&owner, REALM, a.public(), NOW + 60);
        let delegation = delegated.then_some(delegation);
        let reading = Reading { delegation, ..Reading::all(address) };
        for refused in [
            peer.fetch(reading.clone(), 1).await.unwrap_err(),
            peer.subscribe(reading.clone()).await.unwrap().next().await.unwrap_err(),
            peer.listen(reading.clone()).await.unwrap().next().await.unwrap_err(),
        ] {
            assert!(matches!(refused, ClientError::Refused(Reason::NotYourMailbox)), "{refused}");
        }
    }
}

/// A copy of a folder, as an operator makes one.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn clear(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
}

#[tokio::test]
async fn a_relay_that_lost_its_logs_gets_a_topic_back_and_gives_what_is_new() {
    let field = topic("field");
    let mut net = Net::new(&[('a', 'b')], &[field]);
    net.start("ab").await;
    let publish = async |net: &Net, name: char, numbers: std::ops::Range<u64>| {
        let client = net.connect(name, 7).await.unwrap();
        for number in numbers {
            client.publish(parcel(field, ROUTINE, number)).await.unwrap();
        }
    };
    publish(&net, 'a', 0..20).await;
    net.wait_for('b', field, 20).await;
    net.stop('a').await;
    let old = tempfile::tempdir().unwrap();
    let folder = net.stations[&'a'].folder.path().to_owned();
    copy(&folder, old.path());
    net.start("a").await;
    publish(&net, 'a', 20..50).await;
    net.wait_for('b', field, 50).await;
    // b's cursor is on its disk, a second later.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    net.stop('a').await;
    // An old copy is put back: b's cursor is ahead of a's log.
    clear(&folder);
    copy(old.path(), &folder);
    net.start("a").await;
    assert_eq!(net.wait_for('a', field, 50).await, 50);
    publish(&net, 'a', 50..60).await;
    assert_eq!(net.wait_for('b', field, 60).await, 60);
    net.stop('a').await;
    // All is gone: the logs have another name.
    clear(&folder);
    net.start("a").await;
    assert_eq!(net.wait_for('a', field, 60).await, 60);
    publish(&net, 'a', 60..70).await;
    assert_eq!(net.wait_for('b', field, 70).await, 70);
}
