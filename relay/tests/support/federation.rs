//! Relays that know each other, in this process, each on a real socket and a real folder.

use super::{NOW, REALM, secret};
use chappe_codec::precedence::Precedence;
use chappe_relay::{
    Address, ClientError, Clock, Counts, Observer, Parcel, PeerCounts, PeerOptions, QueueOptions,
    Reading, RelayClient, RelayOptions, RelayServer, TransportKey,
};
use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

pub(crate) fn parcel(address: Address, precedence: Precedence, number: u64) -> Parcel {
    let mut envelope = vec![0x55];
    envelope.extend_from_slice(&number.to_be_bytes());
    Parcel::new(address, precedence, NOW + 3600, envelope).unwrap()
}

/// A relay that runs, stands still, or never ran; its place in the network stays the same.
pub(crate) struct Station {
    pub(crate) key: TransportKey,
    pub(crate) address: SocketAddr,
    pub(crate) counts: Counts,
    pub(crate) peers: BTreeMap<char, PeerCounts>,
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
    pub(crate) folder: TempDir,
    seed: u8,
    running: Option<Running>,
}

/// A relay has a thread and a runtime of its own, so that it can be ended as a process is.
struct Running {
    shutdown: oneshot::Sender<()>,
    kill: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// Relays by one letter each.
pub(crate) struct Net {
    pub(crate) stations: BTreeMap<char, Station>,
    /// Which of them know each other.
    links: Vec<(char, char)>,
    topics: Vec<Address>,
    pub(crate) clock: Arc<AtomicU64>,
    pub(crate) queue: QueueOptions,
}

impl Net {
    /// Places for relays; none runs yet. All replicate `topics` from all their peers.
    pub(crate) fn new(links: &[(char, char)], topics: &[Address]) -> Self {
        let mut stations = BTreeMap::new();
        let names = links.iter().flat_map(|(left, right)| [*left, *right]);
        // Held until all are drawn, so that no two are the same.
        let mut sockets = Vec::new();
        for name in names {
            if stations.contains_key(&name) {
                continue;
            }
            let seed = 100 + u8::try_from(stations.len()).unwrap();
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            let address = socket.local_addr().unwrap();
            sockets.push(socket);
            let station = Station {
                key: secret(seed).public(),
                address,
                counts: Counts::default(),
                peers: BTreeMap::new(),
                lines: Arc::default(),
                folder: tempfile::tempdir().unwrap(),
                seed,
                running: None,
            };
            stations.insert(name, station);
        }
        let clock = Arc::new(AtomicU64::new(NOW));
        let (links, topics) = (links.to_vec(), topics.to_vec());
        Self { stations, links, topics, clock, queue: QueueOptions::default() }
    }

    pub(crate) fn key(&self, name: char) -> TransportKey {
        self.stations[&name].key
    }

    pub(crate) fn peer(&self, of: char, name: char) -> &PeerCounts {
        &self.stations[&of].peers[&name]
    }

    pub(crate) async fn start(&mut self, names: &str) {
        for name in names.chars() {
            self.start_one(name).await;
        }
    }

    async fn start_one(&mut self, name: char) {
        let known = self.links.iter().filter_map(|(left, right)| match (*left, *right) {
            (left, right) if left == name => Some(right),
            (left, right) if right == name => Some(left),
            _ => None,
        });
        let peers: Vec<_> = known
            .map(|other| PeerOptions {
                name: other.to_string(),
                key: self.key(other),
                address: format!("localhost:{}", self.stations[&other].address.port()),
                topics: self.topics.clone(),
                counts: PeerCounts::default(),
            })
            .collect();
        let station = self.stations.get_mut(&name).unwrap();
        station.peers = peers
            .iter()
            .map(|peer| (peer.name.chars().next().unwrap(), peer.counts.clone()))
            .collect();
        station.counts = Counts::default();
        let mut options = RelayOptions::new(REALM);
        let (time, told) = (Arc::clone(&self.clock), Arc::clone(&station.lines));
        options.clock = Clock::new(move || time.load(Ordering::SeqCst));
        options.observer = Observer::new(move |event| told.lock().unwrap().push(event.to_string()));
        options.counts = station.counts.clone();
        options.peers = peers;
        options.queue = self.queue;
        let own = secret(station.seed);
        let (address, folder) = (station.address, station.folder.path().to_owned());
        let (shutdown, stop) = oneshot::channel::<()>();
        let (kill, killed) = oneshot::channel::<()>();
        let (bound, ready) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = RelayServer::bind(address, &own, folder, options).unwrap();
                bound.send(()).unwrap();
                let run = server.run(async {
                    stop.await.ok();
                });
                tokio::select! {
                    () = run => {}
                    _ = killed => {}
                }
            });
        });
        ready.await.unwrap();
        station.running = Some(Running { shutdown, kill, thread });
    }

    /// Shuts a relay down.
    pub(crate) async fn stop(&mut self, name: char) {
        let running = self.stations.get_mut(&name).unwrap().running.take().unwrap();
        running.shutdown.send(()).ok();
        ended(running.thread).await;
    }

    /// Ends a relay in the middle of whatever it does: nothing is drained, saved or said.
    pub(crate) async fn kill(&mut self, name: char) {
        let running = self.stations.get_mut(&name).unwrap().running.take().unwrap();
        running.kill.send(()).unwrap();
        ended(running.thread).await;
    }

    pub(crate) async fn connect(&self, name: char, own: u8) -> Result<RelayClient, ClientError> {
        let Station { address, key, .. } = &self.stations[&name];
        RelayClient::connect(*address, *key, &secret(own), REALM).await
    }

    /// How many copies of each envelope a relay has at an address.
    pub(crate) async fn stored(&self, name: char, address: Address) -> BTreeMap<Vec<u8>, usize> {
        let client = self.connect(name, 1).await.unwrap();
        let mut reading = Reading::all(address);
        let mut found = BTreeMap::new();
        loop {
            let page = client.fetch(reading.clone(), 256).await.unwrap();
            for delivery in page.deliveries {
                *found.entry(delivery.parcel.envelope().to_vec()).or_default() += 1;
            }
            reading.cursors = page.cursors;
            if !page.more {
                return found;
            }
        }
    }

    /// Waits until so many different parcels are at an address, and says how many copies there are in all.
    pub(crate) async fn wait_for(&self, name: char, address: Address, count: usize) -> usize {
        let found = eventually(|| async {
            let found = self.stored(name, address).await;
            (found.len() >= count).then_some(found)
        });
        let found = found.await;
        assert_eq!(found.len(), count);
        found.values().sum()
    }
}

async fn ended(thread: JoinHandle<()>) {
    tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
}

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(ask: impl Fn() -> F) -> T {
    let until = Instant::now() + Duration::from_secs(40);
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < until, "it did not come to be");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
