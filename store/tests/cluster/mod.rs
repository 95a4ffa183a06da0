//! A cluster of nats-servers on ports that were free, in a folder of its own, ended by process id.

pub mod proxy;
pub mod relay;

use chappe_store::JetStreamOptions;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
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
    /// Starts this many servers and waits for them to know each other.
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
        let mut cluster = Self { folder, nodes };
        cluster.gather();
        cluster
    }

    /// Waits until a stream with a copy on each server can be made. Of servers that start for the first time in one
    /// instant, nats-server 2.10.27 at times never takes one into the cluster's own group; what docs/cluster.md tells
    /// operators to do then is done here: one after the other is started again.
    fn gather(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(5);
        const TURNS: usize = 2;
        for turn in 0..=TURNS * self.nodes.len() {
            let end = Instant::now() + PATIENCE;
            while Instant::now() < end {
                if self.has_room() {
                    return;
                }
                thread::sleep(Duration::from_millis(50));
            }
            let again = turn % self.nodes.len();
            println!(
                "the servers do not know each other; {} is started again",
                self.nodes[again].name
            );
            self.nodes[again].kill();
            self.nodes[again].start();
        }
        panic!("the servers do not come to know each other");
    }

    /// Makes a stream with a copy on each server and takes it away again.
    fn has_room(&self) -> bool {
        let config = format!(
            "{{\"name\":\"room\",\"subjects\":[\"room\"],\"storage\":\"memory\",\"num_replicas\":{}}}",
            self.nodes.len()
        );
        let made = ask(&self.servers(), "$JS.API.STREAM.CREATE.room", &config);
        if !made.is_some_and(|answer| answer.contains("\"did_create\":true")) {
            return false;
        }
        let gone = ask(&self.servers(), "$JS.API.STREAM.DELETE.room", "");
        assert!(gone.is_some_and(|answer| answer.contains("\"success\":true")));
        true
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
        let name = ask(&self.servers(), "$JS.API.STREAM.INFO.chappe-rest", "")?;
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

/// A test that failed shows what the servers said: where it failed, nobody can look any more.
impl Drop for Cluster {
    fn drop(&mut self) {
        const LINES: usize = 40;
        if !thread::panicking() {
            return;
        }
        for (index, node) in self.nodes.iter().enumerate() {
            let log = self.log(index);
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.len().saturating_sub(LINES);
            eprintln!("what {} at port {} said last:", node.name, node.port);
            lines[last..].iter().for_each(|line| eprintln!("  {line}"));
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
fn ask(servers: &[String], subject: &str, payload: &str) -> Option<String> {
    for server in servers {
        let Ok(mut stream) = TcpStream::connect(server.trim_start_matches("nats://")) else {
            continue;
        };
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let question = format!(
            "CONNECT {{\"verbose\":false}}\r\nSUB answer.{0} 1\r\nPUB {subject} answer.{0} {1}\r\n{payload}\r\n",
            std::process::id(),
            payload.len()
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
