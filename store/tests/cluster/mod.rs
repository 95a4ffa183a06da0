//! A cluster of nats-servers on ports that were free, in a folder of its own, ended by process id.

pub mod proxy;

use chappe_store::{
    Group, JetStreamOptions, JetStreamStore, ReadRequest, Store, StoreEvent, StoredRecords,
};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Where `.ci/peers nats` puts the server.
pub const SERVER: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/root/usr/sbin/nats-server");

/// Whether there is a server; says so when there is none.
pub fn is_there() -> bool {
    let there = fs::metadata(SERVER).is_ok();
    if !there {
        println!("skipped: no nats-server; `.ci/peers nats` brings one");
    }
    there
}

pub struct Cluster {
    folder: tempfile::TempDir,
    pub nodes: Vec<Node>,
}

pub struct Node {
    pub name: String,
    pub port: u16,
    config: PathBuf,
    process: Option<Child>,
}

impl Cluster {
    /// Starts this many servers and waits for them to agree on a leader.
    pub fn start(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = free_ports(count * 2);
        let (clients, routes) = ports.split_at(count);
        let all: Vec<String> =
            routes.iter().map(|port| format!("nats-route://127.0.0.1:{port}")).collect();
        let nodes = (0..count).map(|index| {
            let name = format!("n{index}");
            let store = folder.path().join(&name);
            let cluster = if count == 1 {
                String::new()
            } else {
                format!(
                    "cluster {{ name: test, listen: \"127.0.0.1:{}\", routes: [{}] }}\n",
                    routes[index],
                    all.join(", ")
                )
            };
            let text = format!(
                "server_name: {name}\nlisten: \"127.0.0.1:{}\"\nmax_payload: 8MB\n{cluster}\
                 jetstream {{ store_dir: \"{}\", sync_interval: always }}\n",
                clients[index],
                store.display()
            );
            let config = folder.path().join(format!("{name}.conf"));
            fs::write(&config, text).unwrap();
            let mut node = Node { name, port: clients[index], config, process: None };
            node.start();
            node
        });
        let nodes = nodes.collect();
        Self { folder, nodes }
    }

    pub fn servers(&self) -> Vec<String> {
        self.nodes.iter().map(|node| format!("nats://127.0.0.1:{}", node.port)).collect()
    }

    pub fn options(&self) -> JetStreamOptions {
        let mut options = JetStreamOptions::new(self.servers(), "rest");
        options.replicas = u8::try_from(self.nodes.len()).unwrap();
        options
    }

    /// The node that leads the stream, asked of the cluster.
    pub fn stream_leader(&self) -> Option<usize> {
        let name = ask(&self.servers(), "$JS.API.STREAM.INFO.chappe-rest")?;
        let leader = name.split("\"leader\":\"").nth(1)?.split('"').next()?.to_owned();
        self.nodes.iter().position(|node| node.name == leader)
    }

    pub fn log(&self, node: usize) -> String {
        let path = self.folder.path().join(format!("n{node}.log"));
        fs::read_to_string(path).unwrap_or_default()
    }

    /// The node whose log says last that it leads the cluster's own group.
    pub fn meta_leader(&self) -> Option<usize> {
        (0..self.nodes.len())
            .filter_map(|node| {
                let log = self.log(node);
                let at = log
                    .lines()
                    .rev()
                    .find(|line| line.contains("Self is new JetStream cluster metadata leader"))?;
                // "[pid] 2026/01/01 00:00:00.000000 ..."
                Some((at.split(' ').skip(1).take(2).collect::<Vec<_>>().join(" "), node))
            })
            .max()
            .map(|(_, node)| node)
    }
}

impl Node {
    pub fn start(&mut self) {
        let log = self.config.with_extension("log");
        let out = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let process = Command::new(SERVER)
            .arg("-c")
            .arg(&self.config)
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        self.process = Some(process);
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ports below those that a system gives to whoever takes any (from 32,768 on): a client that tries again and again to
/// reach a server that was killed would be given that server's port some day, and keep it from coming back. Programs
/// that run beside each other begin at places of their own.
pub fn free_ports(count: usize) -> Vec<u16> {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(6);
    let mut bound = Vec::new();
    while bound.len() < count {
        let at = first.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        let port = 12_000 + u16::try_from(at % 18_000).unwrap();
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            bound.push(listener);
        }
    }
    bound.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

/// One question to the cluster in the NATS protocol itself.
fn ask(servers: &[String], subject: &str) -> Option<String> {
    for server in servers {
        let Ok(mut stream) = TcpStream::connect(server.trim_start_matches("nats://")) else {
            continue;
        };
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let question = format!(
            "CONNECT {{\"verbose\":false}}\r\nSUB answer.{0} 1\r\nPUB {subject} answer.{0} 0\r\n\r\n",
            std::process::id()
        );
        if stream.write_all(question.as_bytes()).is_err() {
            continue;
        }
        let mut text = Vec::new();
        let mut buffer = [0; 65536];
        while let Ok(read) = stream.read(&mut buffer) {
            text.extend_from_slice(&buffer[..read]);
            let so_far = String::from_utf8_lossy(&text);
            if let Some((_, answer)) = so_far.split_once("MSG answer")
                && answer.contains("}\r\n")
            {
                return Some(answer.to_owned());
            }
            if read == 0 {
                break;
            }
        }
    }
    None
}

/// A relay's side: a store, what it said, and what is still owed.
pub struct Relay {
    pub store: JetStreamStore,
    pub events: Receiver<StoreEvent>,
    /// What this relay knows to be in the log, in the order it was told.
    pub known: Vec<(u64, Vec<u8>)>,
    /// Groups without an answer, oldest first.
    pub owed: std::collections::VecDeque<Group>,
    pub refused: Vec<Group>,
    /// What others said.
    pub said: Vec<Vec<u8>>,
    pub recovered: bool,
    /// Whether it said that the cluster is silent, and how often it went on.
    pub has_failed: bool,
    pub went_on: usize,
    next: u64,
    name: String,
}

impl Relay {
    pub fn open(name: &str, options: JetStreamOptions) -> Self {
        let (sender, events) = channel();
        let sink = Box::new(move |event| sender.send(event).unwrap_or_default());
        let store = JetStreamStore::open(options, sink).unwrap();
        Self {
            store,
            events,
            known: Vec::new(),
            owed: std::collections::VecDeque::new(),
            refused: Vec::new(),
            said: Vec::new(),
            recovered: false,
            has_failed: false,
            went_on: 0,
            next: 0,
            name: name.to_owned(),
        }
    }

    /// Appends a group of records that nobody else appends.
    pub fn append(&mut self, records: usize) {
        let mut group = Group { number: self.next, ..Group::default() };
        self.next += 1;
        for record in 0..records {
            let text = format!("{} {} {record}", self.name, group.number);
            group.records.push_with(|out| out.extend_from_slice(text.as_bytes()));
        }
        self.owed.push_back(group.clone());
        self.store.append(group);
    }

    /// Takes in what the store said.
    pub fn look(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
    }

    fn take(&mut self, event: StoreEvent) {
        match event {
            StoreEvent::Recovered(records) | StoreEvent::Followed(records) => self.note(&records),
            StoreEvent::RecoveryEnded(recovery) => {
                assert!(recovery.is_clean(), "{recovery:?}");
                self.recovered = true;
            }
            StoreEvent::Appended { number, sequences } => {
                let group = self.owed.pop_front().expect("an answer nobody waits for");
                assert_eq!(group.number, number, "answers out of order");
                assert_eq!(sequences.end - sequences.start, group.records.len() as u64);
                let records = group.records.iter().map(<[u8]>::to_vec);
                self.known.extend(sequences.zip(records));
            }
            StoreEvent::AppendFailed { number, .. } => {
                let group = self.owed.pop_front().expect("an answer nobody waits for");
                assert_eq!(group.number, number, "answers out of order");
                self.refused.push(group);
            }
            StoreEvent::Damaged(damage) => panic!("{damage}"),
            StoreEvent::Said(octets) => self.said.push(octets),
            StoreEvent::Read { .. }
            | StoreEvent::Discarded { .. }
            | StoreEvent::Compacted { .. } => {}
            StoreEvent::Failed { .. } => self.has_failed = true,
            StoreEvent::WorksAgain(_) => {
                self.has_failed = false;
                self.went_on += 1;
            }
        }
    }

    fn note(&mut self, records: &StoredRecords) {
        assert_eq!(records.sequences.len(), records.records.len());
        let records =
            records.sequences.iter().copied().zip(records.records.iter().map(<[u8]>::to_vec));
        self.known.extend(records);
    }

    /// Looks until this holds.
    pub fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            self.look();
            if holds(self) {
                return;
            }
            assert!(
                Instant::now() < end,
                "{}: not {what}; {} known, {} owed",
                self.name,
                self.known.len(),
                self.owed.len(),
            );
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Reads all that is known again, by sequence.
    pub fn read_all(&mut self) -> Vec<(u64, Vec<u8>)> {
        let mut found = Vec::new();
        let sequences: Vec<u64> = self.known.iter().map(|(sequence, _)| *sequence).collect();
        for (number, page) in sequences.chunks(5000).enumerate() {
            let number = number as u64;
            self.store.read(ReadRequest { number, sequences: page.to_vec() });
            let end = Instant::now() + Duration::from_secs(30);
            loop {
                assert!(Instant::now() < end, "no answer to a read");
                match self.events.recv_timeout(Duration::from_secs(1)) {
                    Ok(StoreEvent::Read { number: of, records }) => {
                        assert_eq!(of, number);
                        let records = records.unwrap();
                        found.extend(
                            records
                                .sequences
                                .iter()
                                .copied()
                                .zip(records.records.iter().map(<[u8]>::to_vec)),
                        );
                        break;
                    }
                    Ok(event) => self.take(event),
                    Err(_) => {}
                }
            }
        }
        found
    }
}

/// What must hold of several relays of one log, when all has settled: they know the same, in one order,
/// nothing twice; what was acknowledged is in it, since each knows what it was told.
pub fn agree(relays: &mut [&mut Relay]) -> usize {
    let most = relays.iter().map(|relay| relay.known.len()).max().unwrap();
    for relay in &mut *relays {
        relay.until("told of everything", |relay| {
            relay.known.len() >= most && relay.owed.is_empty()
        });
    }
    let log = relays[0].known.clone();
    assert!(log.is_sorted_by(|one, next| one.0 < next.0), "sequences do not increase");
    let mut texts: Vec<&Vec<u8>> = log.iter().map(|(_, record)| record).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), log.len(), "a record is there twice");
    for relay in relays {
        assert_eq!(relay.known.len(), log.len(), "{}", relay.name);
        assert!(relay.known == log, "{} knows another log", relay.name);
    }
    log.len()
}
