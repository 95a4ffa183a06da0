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
    jumps: Arc<AtomicI64>,
    shutdown: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl SimulatedRelay {
    /// Starts one; what is not given the seed decides.
    pub(crate) fn start(chance: &mut Chance) -> Self {
        let world = World::new(Chance::new(chance.next()));
        let jumps = Arc::new(AtomicI64::new(0));
        let mut options = RelayOptions::new(REALM);
        let (jumped, began) = (Arc::clone(&jumps), Instant::now());
        options.clock = Clock::new(move || {
            (NOW + began.elapsed().as_secs()).saturating_add_signed(jumped.load(Ordering::SeqCst))
        });
        let counts = options.counts.clone();
        options.network = network(&world, RELAY, chance.seed());
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
        let running = tokio::spawn(server.run(async {
            stop.await.ok();
        }));
        Self { world, counts, chance: Chance::new(chance.next()), jumps, shutdown, running }
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

    pub(crate) async fn stop(self) {
        self.shutdown.send(()).ok();
        self.running.await.unwrap();
    }
}

fn network(world: &World, host: Host, seed: [u8; 32]) -> Network {
    let world = world.clone();
    Network::new(move |_| Ok(world.open(host))).with_seed(seed)
}
