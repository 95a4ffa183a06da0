//! A relay in the simulated network, with the crate's own server.

use crate::chance::Chance;
use crate::support::{NOW, REALM, secret};
use crate::virtual_store::VirtualDisk;
use crate::world::{Host, RELAY, World};
use chappe_relay::server::Stores;
use chappe_relay::{
    Address, Clock, Connector, Counts, Network, PeerCounts, PeerOptions, QueueOptions,
    RelayOptions, RelayServer, TransportKey,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A relay in the simulated network.
pub(crate) struct SimulatedRelay {
    pub(crate) world: World,
    pub(crate) counts: Counts,
    /// What is counted of each peer since the last start.
    pub(crate) peers: BTreeMap<Host, PeerCounts>,
    /// Parcels that peers acknowledged and that were copied from them, before that.
    before: (u64, u64),
    host: Host,
    topics: Vec<Address>,
    /// Of its own logs and of the forward queue, FLASH first.
    disks: [VirtualDisk; 4],
    chance: Chance,
    began: Instant,
    jumps: Arc<AtomicI64>,
    running: Option<Running>,
}

struct Running {
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Octets a forward queue has at least before it is compacted: so few that a run reaches it.
const COMPACT_OCTETS: u64 = 3_000;

impl SimulatedRelay {
    /// Starts one that knows no other; what is not given the seed decides.
    pub(crate) fn start(chance: &mut Chance) -> Self {
        let world = World::new(Chance::new(chance.next()));
        let mut relay = Self::found(&world, RELAY, &[], &[], chance);
        relay.run();
        relay
    }

    /// A place for one that knows others and copies topics from all of them. It does not run yet.
    pub(crate) fn found(
        world: &World,
        host: Host,
        peers: &[Host],
        topics: &[Address],
        chance: &mut Chance,
    ) -> Self {
        Self {
            world: world.clone(),
            counts: Counts::default(),
            peers: peers.iter().map(|peer| (*peer, PeerCounts::default())).collect(),
            before: (0, 0),
            host,
            topics: topics.to_vec(),
            disks: disks(host),
            chance: Chance::new(chance.next()),
            began: Instant::now(),
            jumps: Arc::default(),
            running: None,
        }
    }

    /// The key of the relay at a host.
    pub(crate) fn key_of(host: Host) -> TransportKey {
        secret(Self::seed_of(host)).public()
    }

    fn seed_of(host: Host) -> u8 {
        if host == RELAY { 200 } else { host }
    }

    pub(crate) fn run(&mut self) {
        self.before = (self.forwarded(), self.replicated());
        self.peers.values_mut().for_each(|counts| *counts = PeerCounts::default());
        let chance = &mut self.chance;
        let mut options = RelayOptions::new(REALM);
        let (jumps, began) = (Arc::clone(&self.jumps), self.began);
        options.clock = Clock::new(move || {
            (NOW + began.elapsed().as_secs()).saturating_add_signed(jumps.load(Ordering::SeqCst))
        });
        options.counts = self.counts.clone();
        let (world, host) = (self.world.clone(), self.host);
        options.network =
            Network::new(move |asked| Ok(world.open_fixed(host, asked))).with_seed(chance.seed());
        let (flash, rest) = (chance.between(1, 10), chance.between(1, 40));
        let takes = [flash, rest].map(Duration::from_millis);
        let (own, queue) = self.disks.split_at(2);
        let key = secret(Self::seed_of(host));
        let server = RelayServer::bind_with(World::address_of(host), &key, options, |sinks| {
            Ok(stores(own, takes, sinks.flash, sinks.rest))
        });
        let mut server = server.unwrap();
        if !self.peers.is_empty() {
            let options =
                QueueOptions { compact_octets: COMPACT_OCTETS, ..QueueOptions::default() };
            let peers = self.peers.iter().map(|(peer, counts)| PeerOptions {
                name: format!("host {peer}"),
                key: Self::key_of(*peer),
                address: World::address_of(*peer).to_string(),
                topics: self.topics.clone(),
                counts: counts.clone(),
            });
            let federated = server.federate(&key, peers.collect(), options, |sinks| {
                Ok(stores(queue, takes, sinks.flash, sinks.rest))
            });
            server = federated.unwrap();
        }
        let (shutdown, stop) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run(async {
            stop.await.ok();
        }));
        self.running = Some(Running { shutdown, task });
    }

    /// The way to it from a host, under that host's key.
    pub(crate) fn connector(&mut self, host: Host) -> Connector {
        let world = self.world.clone();
        let seed = self.chance.seed();
        let network = Network::new(move |_| Ok(world.open(host))).with_seed(seed);
        let key = Self::key_of(self.host);
        Connector::new(key, &secret(host), REALM).unwrap().with_network(network)
    }

    /// The relay's clock jumps, forward or back.
    pub(crate) fn jump(&self, seconds: i64) {
        self.jumps.fetch_add(seconds, Ordering::SeqCst);
    }

    /// In its place comes one with the same key and empty stores, that knows nobody.
    pub(crate) async fn restart(&mut self) {
        self.end().await;
        self.disks = disks(self.host);
        self.run();
    }

    pub(crate) async fn stop(mut self) {
        self.end().await;
    }

    pub(crate) const fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// It shuts down, as when it is told to.
    pub(crate) async fn end(&mut self) {
        let Some(Running { shutdown, task }) = self.running.take() else { return };
        shutdown.send(()).ok();
        task.await.unwrap();
    }

    /// It is gone from one moment to the next: nothing is said, and nothing more is written.
    pub(crate) async fn kill(&mut self) {
        let Some(Running { task, .. }) = self.running.take() else { return };
        self.world.unplug(self.host);
        self.disks.iter().for_each(VirtualDisk::kill);
        task.abort();
        task.await.unwrap_err();
    }

    pub(crate) fn forwarded(&self) -> u64 {
        self.before.0 + self.peers.values().map(PeerCounts::forwarded).sum::<u64>()
    }

    pub(crate) fn replicated(&self) -> u64 {
        self.before.1 + self.peers.values().map(PeerCounts::replicated).sum::<u64>()
    }

    /// How often its forward queue was compacted.
    pub(crate) fn compactions(&self) -> u64 {
        self.disks.iter().skip(2).map(VirtualDisk::compactions).sum()
    }
}

fn disks(host: Host) -> [VirtualDisk; 4] {
    [1, 2, 3, 4].map(|number| VirtualDisk::new(u64::from(host) * 4 + number))
}

fn stores(
    disks: &[VirtualDisk],
    [flash, rest]: [Duration; 2],
    to_flash: chappe_store::EventSink,
    to_rest: chappe_store::EventSink,
) -> Stores {
    Stores {
        flash: Box::new(disks[0].open(flash, to_flash)),
        rest: Box::new(disks[1].open(rest, to_rest)),
    }
}
