//! A store on a real cluster of three nats-servers: what is appended is read, followed and recovered;
//! servers are killed under load, writers fight, are paused and cut off.

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

use chappe_store::{Store, StoreEvent};
use cluster::{Cluster, Proxy, Relay, agree, is_there};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn what_is_appended_is_read_followed_recovered_and_given_back() {
    if !is_there() {
        return;
    }
    let cluster = Cluster::start(3);
    let mut writer = Relay::open(cluster.options("writer"));
    let mut other = Relay::open(cluster.options("other"));
    assert_eq!(writer.store.identity(), other.store.identity());
    writer.append(1);
    writer.until("refused", |relay| relay.refused.len() == 1);
    writer.become_writer();
    for _ in 0..25 {
        writer.append(20);
        writer.until("answered", |relay| relay.owed.is_empty());
    }
    // Without waiting, several groups share a message.
    for _ in 0..25 {
        writer.append(20);
    }
    writer.append(0);
    writer.until("answered", |relay| relay.owed.is_empty());
    assert_eq!(agree(&mut [&mut writer, &mut other]), 1000);
    assert_eq!(writer.read_all(), writer.known);
    assert_eq!(other.read_all(), other.known);

    // The next writer goes on behind what the first one left.
    drop(writer);
    other.become_writer();
    other.append(5);
    let mut third = Relay::open(cluster.options("third"));
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
    let mut fourth = Relay::open(cluster.options("fourth"));
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

/// Appends for so long, as the lease allows, with a handful of groups under way.
fn load(relays: &mut [&mut Relay], time: Duration) {
    let end = Instant::now() + time;
    let mut asked = Instant::now();
    while Instant::now() < end {
        let writes = relays.iter().any(|relay| relay.is_writer);
        for relay in &mut *relays {
            relay.look();
            if relay.is_writer && relay.owed.len() < 20 {
                relay.append(7);
            }
        }
        if !writes && asked.elapsed() > Duration::from_millis(200) {
            asked = Instant::now();
            for relay in &mut *relays {
                relay.store.try_take();
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn settle(relays: &mut [&mut Relay]) -> usize {
    let end = Instant::now() + Duration::from_secs(40);
    // Somebody must write, so that what is owed is decided.
    while !relays.iter().any(|relay| relay.is_writer)
        || relays.iter().any(|relay| !relay.owed.is_empty())
    {
        assert!(
            Instant::now() < end,
            "the cluster does not settle: {:?}",
            relays
                .iter()
                .map(|relay| (relay.is_writer, relay.owed.len(), relay.known.len()))
                .collect::<Vec<_>>()
        );
        load(&mut relays[..0], Duration::from_millis(20));
        let writes = relays.iter().any(|relay| relay.is_writer);
        for relay in &mut *relays {
            if !writes {
                relay.store.try_take();
            }
            relay.look();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    agree(relays)
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
    let mut one = Relay::open(cluster.options("one"));
    let mut two = Relay::open(cluster.options("two"));
    one.become_writer();
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
    let acknowledged = records;
    let refused: usize = one.refused.len() + two.refused.len();
    // One that saw nothing of it reads the same.
    let mut late = Relay::open(cluster.options("late"));
    late.until("recovered", |relay| relay.recovered);
    assert_eq!(agree(&mut [&mut one, &mut late]), records);
    assert_eq!(late.read_all(), late.known);
    assert!(killed.iter().sum::<usize>() > 0, "nobody was killed");
    println!(
        "{} kills (stream leader {}, meta leader {}, follower {}): {acknowledged} records in the log, \
         {refused} groups refused, 0 lost, 0 twice",
        killed.iter().sum::<usize>(),
        killed[0],
        killed[1],
        killed[2]
    );
}

/// Two writers with a short lease, each of which asks for it all the time; leases are lost because
/// whoever holds one is cut off from the cluster.
#[test]
fn of_two_writers_one_appends_at_a_time() {
    if !is_there() {
        return;
    }
    let rounds: usize =
        std::env::var("STORE_CLUSTER_CUTS").map_or(2, |rounds| rounds.parse().unwrap());
    let cluster = Cluster::start(3);
    let proxies: Vec<[Proxy; 3]> =
        (0..2).map(|_| [0, 1, 2].map(|node: usize| Proxy::to(cluster.nodes[node].port))).collect();
    let open = |name: &str, proxies: &[Proxy; 3]| {
        let mut options = cluster.options(name);
        options.servers =
            proxies.iter().map(|proxy| format!("nats://127.0.0.1:{}", proxy.port)).collect();
        options.lease = Duration::from_secs(1);
        Relay::open(options)
    };
    let mut one = open("one", &proxies[0]);
    let mut two = open("two", &proxies[1]);
    one.become_writer();
    let mut changes = 0;
    for _ in 0..rounds {
        load(&mut [&mut one, &mut two], Duration::from_millis(300));
        let holder = usize::from(two.is_writer);
        let was = two.is_writer;
        proxies[holder].iter().for_each(Proxy::cut);
        load(&mut [&mut one, &mut two], Duration::from_millis(2500));
        proxies[holder].iter().for_each(Proxy::mend);
        load(&mut [&mut one, &mut two], Duration::from_millis(500));
        changes += usize::from(was != two.is_writer);
    }
    let records = settle(&mut [&mut one, &mut two]);
    let mut late = Relay::open(cluster.options("late"));
    late.until("recovered", |relay| relay.recovered);
    assert_eq!(agree(&mut [&mut one, &mut late]), records);
    assert!(changes > 0, "the lease never changed hands");
    println!(
        "{rounds} cuts, {changes} changes of writer: {records} records in one order for all, {} groups refused, 0 of them in the log",
        one.refused.len() + two.refused.len()
    );
}

/// By its own clock its lease goes on, and the cluster's answers are there when it wakes up: so it
/// sends what waits, and only the stream keeps that out.
#[test]
fn a_writer_that_slept_in_good_faith_appends_nothing() {
    if is_there() {
        let refused = sleep_and_wake(Duration::from_secs(120), Duration::ZERO);
        assert!(refused > 0, "it sent nothing late");
    }
}

#[test]
fn a_writer_that_slept_past_its_lease_appends_nothing() {
    if is_there() {
        sleep_and_wake(Duration::from_secs(2), Duration::from_secs(3));
    }
}

/// The writer is another process, stopped with messages under way and continued after somebody
/// else wrote. Returns how many of its groups were refused.
fn sleep_and_wake(lease: Duration, longer: Duration) -> usize {
    let cluster = Cluster::start(3);
    let mut heir = Relay::open(cluster.options("heir"));
    let mut sleeper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_sleeper", "--ignored", "--nocapture"])
        .env("STORE_CLUSTER_SERVERS", cluster.servers().join(","))
        .env("STORE_CLUSTER_LEASE", lease.as_secs().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    heir.until("told of what the sleeper appends", |relay| relay.known.len() > 200);
    // By the heir's clock, a lease of two seconds that was not renewed since.
    let end = Instant::now() + Duration::from_millis(2500);
    heir.until("later", |_| Instant::now() >= end);
    signal(&sleeper, "STOP");
    heir.become_writer();
    for _ in 0..20 {
        heir.append(3);
    }
    heir.until("answered", |relay| relay.owed.is_empty());
    std::thread::sleep(longer);
    signal(&sleeper, "CONT");
    let output = sleeper.stdout.take().unwrap();
    let said = std::io::read_to_string(output).unwrap();
    assert!(sleeper.wait().unwrap().success(), "{said}");
    for _ in 0..20 {
        heir.append(3);
    }
    heir.until("answered", |relay| relay.owed.is_empty());
    let mut late = Relay::open(cluster.options("late"));
    late.until("recovered", |relay| relay.recovered);
    agree(&mut [&mut heir, &mut late]);
    // What it was told is appended is there, and what it was told is refused is not; behind the
    // heir's first record there is nothing of it.
    let log: Vec<String> =
        late.known.iter().map(|(_, record)| String::from_utf8(record.clone()).unwrap()).collect();
    let first = log.iter().position(|record| record.starts_with("heir")).unwrap();
    assert!(log[first..].iter().all(|record| record.starts_with("heir")), "written past the fence");
    let count = |mark: &str| {
        let line = said.lines().find_map(|line| line.split_once(mark)).expect(&said);
        line.1.trim().parse::<usize>().unwrap()
    };
    assert_eq!(count("sleeper appended"), first, "{said}");
    count("sleeper refused")
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
            let mut relay = Relay::open(cluster.options("figures"));
            relay.become_writer();
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
    let mut options = chappe_store::JetStreamOptions::new(servers, 3, "sleeper".to_owned());
    let lease = std::env::var("STORE_CLUSTER_LEASE").unwrap().parse().unwrap();
    options.lease = Duration::from_secs(lease);
    let mut relay = Relay::open(options);
    relay.become_writer();
    while relay.is_writer {
        relay.look();
        while relay.owed.len() < 400 {
            relay.append(2);
        }
    }
    relay.until("answered", |relay| relay.owed.is_empty());
    let own = relay.known.iter().filter(|(_, record)| record.starts_with(b"sleeper")).count();
    println!("\nsleeper appended {own}\nsleeper refused {}", relay.refused.len());
}
