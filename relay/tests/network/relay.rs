//! A relay in the simulated network, with the crate's own server.

use crate::chance::Chance;
use crate::support::{NOW, REALM, secret};
use crate::virtual_store::VirtualStore;
use crate::world::{Host, RELAY, World};
use chappe_relay::server::Stores;
use chappe_relay::{Clock, Connector, Counts, Network, RelayOptions, RelayServer};
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
    chance: Chance,
    began: Instant,
    jumps: Arc<AtomicI64>,
    running: Option<Running>,
}

struct Running {
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl SimulatedRelay {
    /// Starts one; what is not given the seed decides.
    pub(crate) fn start(chance: &mut Chance) -> Self {
        let mut relay = Self {
            world: World::new(Chance::new(chance.next())),
            counts: Counts::default(),
            chance: Chance::new(chance.next()),
            began: Instant::now(),
            jumps: Arc::default(),
            running: None,
        };
        relay.run();
        relay
    }

    fn run(&mut self) {
        let chance = &mut self.chance;
        let mut options = RelayOptions::new(REALM);
        let (jumps, began) = (Arc::clone(&self.jumps), self.began);
        options.clock = Clock::new(move || {
            (NOW + began.elapsed().as_secs()).saturating_add_signed(jumps.load(Ordering::SeqCst))
        });
        options.counts = self.counts.clone();
        options.network = network(&self.world, RELAY, chance.seed());
        let (flash, rest) = (chance.between(1, 10), chance.between(1, 40));
        let server =
            RelayServer::bind_with(World::relay_address(), &secret(200), options, |sinks| {
                let [flash, rest] = [flash, rest].map(Duration::from_millis);
                Ok(Stores {
                    flash: Box::new(VirtualStore::open(1, flash, sinks.flash)),
                    rest: Box::new(VirtualStore::open(2, rest, sinks.rest)),
                })
            })
            .unwrap();
        let (shutdown, stop) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run(async {
            stop.await.ok();
        }));
        self.running = Some(Running { shutdown, task });
    }

    /// The way to it from a host, under that host's key.
    pub(crate) fn connector(&mut self, host: Host) -> Connector {
        let network = network(&self.world, host, self.chance.seed());
        Connector::new(secret(200).public(), &secret(host), REALM).unwrap().with_network(network)
    }

    /// The relay's clock jumps, forward or back.
    pub(crate) fn jump(&self, seconds: i64) {
        self.jumps.fetch_add(seconds, Ordering::SeqCst);
    }

    /// In its place comes one with the same key and empty stores, that knows nobody.
    pub(crate) async fn restart(&mut self) {
        self.end().await;
        self.run();
    }

    pub(crate) async fn stop(mut self) {
        self.end().await;
    }

    async fn end(&mut self) {
        let Some(Running { shutdown, task }) = self.running.take() else { return };
        shutdown.send(()).ok();
        task.await.unwrap();
    }
}

fn network(world: &World, host: Host, seed: [u8; 32]) -> Network {
    let world = world.clone();
    Network::new(move |_| Ok(world.open(host))).with_seed(seed)
}
