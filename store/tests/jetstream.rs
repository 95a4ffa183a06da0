//! A store on a real cluster of three nats-servers: what is appended is read, followed and recovered;
//! servers are killed under load, relays are paused and cut off.

#![cfg(feature = "jetstream")]
// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    missing_docs,
    unreachable_pub
)]

mod cluster;

use chappe_store::{JetStreamOptions, Store, StoreEvent};
use cluster::proxy::Proxy;
use cluster::relay::{Relay, agree};
use cluster::{Cluster, is_there};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn what_is_appended_is_read_followed_recovered_and_given_back() {
    if !is_there() {
        return;
    }
    let cluster = Cluster::start(3);
    let mut one = Relay::open("one", cluster.options());
    let mut other = Relay::open("other", cluster.options());
    assert_eq!(one.store.identity(), other.store.identity());
    for _ in 0..25 {
        one.append(10);
        other.append(10);
        one.until("answered", |relay| relay.owed.is_empty());
        other.until("answered", |relay| relay.owed.is_empty());
    }
    // Without waiting, several groups share a message.
    for _ in 0..25 {
        one.append(20);
    }
    one.append(0);
    one.until("answered", |relay| relay.owed.is_empty());
    assert_eq!(agree(&mut [&mut one, &mut other]), 1000);
    assert_eq!(one.read_all(), one.known);
    assert_eq!(other.read_all(), other.known);

    // One that is gone holds nobody up.
    drop(one);
    other.append(5);
    let mut third = Relay::open("third", cluster.options());
    third.until("recovered", |relay| relay.recovered);
    assert_eq!(agree(&mut [&mut other, &mut third]), 1005);
    assert_eq!(third.read_all(), third.known);

    // All before a record is given back, then all that is not wanted.
    let (last, _) = *third.known.last().unwrap();
    other.store.discard_before(third.known[300].0);
    let before = wait_for(&other, |event| match event {
        StoreEvent::Discarded { before } => Some(*before),
        _ => None,
    });
    assert_eq!(before, third.known[300].0, "it begins a message");
    other.store.compact(Box::new(move |sequence, _| sequence >= last));
    let given_back = wait_for(&other, |event| match event {
        StoreEvent::Compacted { given_back, error: None } => Some(*given_back),
        _ => None,
    });
    assert!(given_back > 0);
    let mut fourth = Relay::open("fourth", cluster.options());
    fourth.until("recovered", |relay| relay.recovered);
    assert_eq!(fourth.known, third.known[1000..]);
    other.append(1);
    other.until("answered", |relay| relay.owed.is_empty());
    fourth.until("told", |relay| relay.known.len() == 6);
}

fn wait_for<T>(relay: &Relay, find: impl Fn(&StoreEvent) -> Option<T>) -> T {
    loop {
        let event = relay.events.recv_timeout(Duration::from_secs(20)).unwrap();
        if let Some(found) = find(&event) {
            return found;
        }
    }
}

/// All append for so long, each with a handful of groups under way.
fn load(relays: &mut [&mut Relay], time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        for relay in &mut *relays {
            relay.look();
            if !relay.has_failed && relay.owed.len() < 10 {
                relay.append(7);
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn settle(relays: &mut [&mut Relay]) -> usize {
    for relay in &mut *relays {
        relay.until("answered", |relay| relay.owed.is_empty() && !relay.has_failed);
    }
    // What was given up may come late: a group behind it shows that all of it came.
    for relay in &mut *relays {
        relay.append(1);
        relay.until("answered", |relay| relay.owed.is_empty());
    }
    agree(relays)
}

fn refused(relays: &[&Relay]) -> usize {
    relays.iter().map(|relay| relay.refused.len()).sum()
}

/// `STORE_CLUSTER_KILLS` of servers, each in its turn the stream's leader, the cluster's, or any.
#[test]
fn a_server_that_is_killed_takes_nothing_with_it() {
    if !is_there() {
        return;
    }
    let kills: usize =
        std::env::var("STORE_CLUSTER_KILLS").map_or(3, |kills| kills.parse().unwrap());
    let mut cluster = Cluster::start(3);
    let mut one = Relay::open("one", cluster.options());
    let mut two = Relay::open("two", cluster.options());
    let mut killed = [0; 3];
    for kill in 0..kills {
        load(&mut [&mut one, &mut two], Duration::from_millis(700));
        let node = match kill % 3 {
            0 => cluster.stream_leader(),
            1 => cluster.meta_leader(),
            _ => cluster.stream_leader().map(|leader| (leader + 1) % 3),
        };
        let Some(node) = node else { continue };
        killed[kill % 3] += 1;
        cluster.nodes[node].kill();
        load(&mut [&mut one, &mut two], Duration::from_millis(1500));
        cluster.nodes[node].start();
        load(&mut [&mut one, &mut two], Duration::from_millis(1500));
    }
    let records = settle(&mut [&mut one, &mut two]);
    // One that saw nothing of it reads the same.
    let mut late = Relay::open("late", cluster.options());
    late.until("recovered", |relay| relay.recovered);
    assert_eq!(agree(&mut [&mut one, &mut late]), records);
    assert_eq!(late.read_all(), late.known);
    assert!(killed.iter().sum::<usize>() > 0, "nobody was killed");
    println!(
        "{} kills (stream leader {}, meta leader {}, follower {}): {records} records in the log, \
         {} groups given up, 0 acknowledged ones lost, 0 twice",
        killed.iter().sum::<usize>(),
        killed[0],
        killed[1],
        killed[2],
        refused(&[&one, &two])
    );
}

/// Each is cut off from the cluster in its turn: it says so, answers what it cannot append, and goes on when
/// the way is mended; the other does not wait for it.
#[test]
fn one_that_is_cut_off_says_so_and_goes_on() {
    if !is_there() {
        return;
    }
    let rounds: usize =
        std::env::var("STORE_CLUSTER_CUTS").map_or(2, |rounds| rounds.parse().unwrap());
    let cluster = Cluster::start(3);
    let proxies = [before_all(&cluster), before_all(&cluster)];
    let open = |name, proxies| {
        let patience = Duration::from_secs(2);
        Relay::open(name, JetStreamOptions { patience, ..through(&cluster, proxies) })
    };
    let mut relays = [open("one", &proxies[0]), open("two", &proxies[1])];
    for round in 0..rounds {
        let [one, two] = &mut relays;
        load(&mut [one, two], Duration::from_millis(300));
        let (cut, other) = (round % 2, (round + 1) % 2);
        proxies[cut].iter().for_each(Proxy::cut);
        let [one, two] = &mut relays;
        load(&mut [one, two], Duration::from_millis(3500));
        assert!(relays[cut].has_failed, "it did not say that it is cut off");
        let before = relays[other].known.len();
        let went_on = relays[cut].went_on;
        relays[other].append(1);
        relays[other].until("answered", |relay| relay.owed.is_empty());
        assert!(relays[other].known.len() > before);
        proxies[cut].iter().for_each(Proxy::mend);
        relays[cut].until("going on", |relay| relay.went_on > went_on);
    }
    let [one, two] = &mut relays;
    let records = settle(&mut [one, two]);
    let mut late = Relay::open("late", cluster.options());
    late.until("recovered", |relay| relay.recovered);
    assert_eq!(agree(&mut [&mut relays[0], &mut late]), records);
    println!(
        "{rounds} cuts: {records} records in one order for all, {} groups given up",
        refused(&[&relays[0], &relays[1]])
    );
}

/// A proxy in front of each node.
fn before_all(cluster: &Cluster) -> Vec<Proxy> {
    cluster.nodes.iter().map(|node| Proxy::to(node.port)).collect()
}

fn through(cluster: &Cluster, proxies: &[Proxy]) -> JetStreamOptions {
    let servers = proxies.iter().map(|proxy| format!("nats://127.0.0.1:{}", proxy.port)).collect();
    JetStreamOptions { servers, ..cluster.options() }
}

/// The last message of all does not come, though everything else shows that the cluster is well. Nobody writes after
/// it, so that no gap tells.
#[test]
fn one_that_is_not_given_the_last_message_looks_for_itself() {
    if !is_there() {
        return;
    }
    let cluster = Cluster::start(3);
    let proxies = before_all(&cluster);
    let mut writer = Relay::open("writer", cluster.options());
    let mut reader = Relay::open("reader", through(&cluster, &proxies));
    for round in 1..4 {
        proxies.iter().for_each(|proxy| proxy.withhold(true));
        writer.append(1);
        writer.until("answered", |relay| relay.owed.is_empty());
        // Long enough to be given it.
        std::thread::sleep(Duration::from_millis(500));
        reader.look();
        assert_eq!(reader.known.len(), round - 1, "it was not withheld");
        proxies.iter().for_each(|proxy| proxy.withhold(false));
        reader.until("told", |relay| relay.known.len() == round);
        assert!(!reader.has_failed);
    }
    assert_eq!(reader.known, writer.known);
}

#[test]
fn what_is_said_comes_to_the_others_and_is_stored_nowhere() {
    if !is_there() {
        return;
    }
    let cluster = Cluster::start(3);
    let mut one = Relay::open("one", cluster.options());
    let mut other = Relay::open("other", cluster.options());
    // The other hears once it has told the servers that it listens.
    let begun = Instant::now();
    while other.said.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing is heard");
        one.store.say(b"early");
        std::thread::sleep(Duration::from_millis(20));
        other.look();
    }
    for number in 0..500_u32 {
        one.store.say(&number.to_be_bytes());
    }
    one.store.say(b"last");
    other.until("told the last", |relay| relay.said.last().unwrap() == b"last");
    other.said.retain(|said| said.len() == 4 && said != b"last");
    let all: Vec<Vec<u8>> = (0..500_u32).map(|number| number.to_be_bytes().to_vec()).collect();
    assert_eq!(other.said, all);
    one.append(1);
    other.until("told of the record", |relay| relay.known.len() == 1);
    one.look();
    assert!(one.said.is_empty(), "its own came back");
    let mut late = Relay::open("late", cluster.options());
    late.until("recovered", |relay| relay.recovered);
    assert_eq!((late.known.len(), late.said.len()), (1, 0));
}

/// Another process is stopped with messages under way and continued after this one wrote: what it then
/// sends again counts once.
#[test]
fn one_that_slept_goes_on_and_repeats_nothing() {
    if !is_there() {
        return;
    }
    let cluster = Cluster::start(3);
    let mut awake = Relay::open("awake", cluster.options());
    let mut sleeper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_sleeper", "--ignored", "--nocapture"])
        .env("STORE_CLUSTER_SERVERS", cluster.servers().join(","))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    awake.until("told of what the sleeper appends", |relay| relay.known.len() > 200);
    signal(&sleeper, "STOP");
    for _ in 0..20 {
        awake.append(3);
    }
    awake.until("answered", |relay| relay.owed.is_empty());
    std::thread::sleep(Duration::from_secs(3));
    signal(&sleeper, "CONT");
    let output = sleeper.stdout.take().unwrap();
    let said = std::io::read_to_string(output).unwrap();
    assert!(sleeper.wait().unwrap().success(), "{said}");
    awake.append(1);
    awake.until("answered", |relay| relay.owed.is_empty());
    let mut late = Relay::open("late", cluster.options());
    late.until("recovered", |relay| relay.recovered);
    agree(&mut [&mut awake, &mut late]);
    let count = |mark: &str| {
        let line = said.lines().find_map(|line| line.split_once(mark)).expect(&said);
        line.1.trim().parse::<usize>().unwrap()
    };
    let own = late.known.iter().filter(|(_, record)| record.starts_with(b"sleeper")).count();
    assert!(own >= count("sleeper appended"), "{own} of what the sleeper appended: {said}");
}

/// Appends a second of records of 151 octets, in groups of two sizes, on one server, on three and in
/// a folder; in one run, so that their ratio means something.
#[test]
#[ignore = "figures"]
fn figures() {
    const TIME: Duration = Duration::from_secs(5);
    if !is_there() {
        return;
    }
    let run =
        |store: &mut dyn Store, events: &std::sync::mpsc::Receiver<StoreEvent>, records: usize| {
            let mut groups: u64 = 0;
            let mut answered: u64 = 0;
            let begin = Instant::now();
            while begin.elapsed() < TIME {
                while groups - answered < 16 {
                    let mut group = chappe_store::Group { number: groups, ..Default::default() };
                    for record in 0..records {
                        group.records.push_with(|out| {
                            out.extend_from_slice(&(groups << 20 | record as u64).to_le_bytes());
                            out.resize(out.len() + 143, 7);
                        });
                    }
                    groups += 1;
                    store.append(group);
                }
                match events.recv_timeout(Duration::from_secs(5)).unwrap() {
                    StoreEvent::Appended { .. } => answered += 1,
                    StoreEvent::AppendFailed { error, .. } => panic!("{error}"),
                    _ => {}
                }
            }
            let rate = (answered * records as u64) as f64 / begin.elapsed().as_secs_f64();
            while answered < groups {
                if let StoreEvent::Appended { .. } =
                    events.recv_timeout(Duration::from_secs(20)).unwrap()
                {
                    answered += 1;
                }
            }
            rate
        };
    println!("| group | store | records/s | to the folder |\n|---|---|---|---|");
    for records in [64, 1000] {
        let folder = tempfile::tempdir().unwrap();
        let (sender, events) = std::sync::mpsc::channel();
        let mut store = chappe_store::FolderStore::open(
            folder.path(),
            chappe_store::FolderOptions::default(),
            Box::new(move |event| sender.send(event).unwrap_or_default()),
        )
        .unwrap();
        let plain = run(&mut store, &events, records);
        drop(store);
        println!("| {records} | folder | {plain:.0} | 1.00 |");
        for servers in [1, 3] {
            let cluster = Cluster::start(servers);
            let mut relay = Relay::open("figures", cluster.options());
            let rate = run(&mut relay.store, &relay.events, records);
            println!("| {records} | cluster, R={servers} | {rate:.0} | {:.3} |", rate / plain);
        }
    }
}

fn signal(process: &std::process::Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), process.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
#[ignore = "the process of another test"]
fn the_sleeper() {
    let Ok(servers) = std::env::var("STORE_CLUSTER_SERVERS") else { return };
    let servers = servers.split(',').map(str::to_owned).collect();
    let mut relay = Relay::open("sleeper", chappe_store::JetStreamOptions::new(servers, "rest"));
    let end = Instant::now() + Duration::from_secs(8);
    while Instant::now() < end {
        relay.look();
        while relay.owed.len() < 40 {
            relay.append(2);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    relay.until("answered", |relay| relay.owed.is_empty());
    let refused: Vec<&[u8]> = relay.refused.iter().flat_map(|group| group.records.iter()).collect();
    let own = relay.known.iter().filter(|(_, record)| {
        record.starts_with(b"sleeper") && !refused.contains(&record.as_slice())
    });
    println!("\nsleeper appended {}", own.count());
}
