//! The relay as a program: sockets, disk and clock around the [`node`](crate::node).
//!
//! Sockets and node run on the runtime [`RelayServer::run`] is called in, best a current-thread one of its
//! own; the stores have threads.

mod connection;
mod control;
mod course;
mod early;
mod event;
mod federation;
mod handshakes;
mod hub;
mod lane;
mod options;
mod peer;
mod replica;
mod saving;
mod sockets;
mod stores;
mod turn;

pub use control::RelayControl;
pub use event::{RelayEvent, ServerError};
pub use federation::{PeerOptions, QueueOptions};
pub use options::{Clock, Observer, RelayOptions};
pub use stores::StoreSinks;

use crate::counts::Counts;
use crate::federation::Federation;
use crate::key::{TransportKey, TransportSecret};
use crate::limits::{
    CONNECTIONS_MAX, DRAIN_MAX, HANDSHAKES_WITHOUT_RETRY, ROUTINE_SYNC_EVERY, SAVE_LOOK, SAVE_MAX,
};
use crate::network::Network;
use crate::node::{Node, NodeOptions};
use crate::protocol::CloseCode;
use crate::quic;
use chappe_store::{FolderStore, Store, StoreError};
use connection::serve;
use course::{Course, Orders};
use federation::Peers;
use handshakes::{Arrival, Handshakes};
use hub::Shared;
use quinn::{Endpoint, Incoming, VarInt};
use ring::rand::SystemRandom;
use saving::SumsFile;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stores::{OWN, StoreEvents, store_events};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A relay that listens. Its logs are open from [`RelayServer::bind`] on; it serves while
/// [`RelayServer::run`] runs.
#[derive(Debug)]
pub struct RelayServer {
    endpoint: Endpoint,
    network: Network,
    key: TransportKey,
    shared: Arc<Shared>,
    events: StoreEvents,
    door: Door,
    course: watch::Sender<Course>,
    sums: Option<Arc<SumsFile>>,
    peers: Option<Peers>,
}

/// The two stores of a relay.
#[derive(Debug)]
pub struct Stores {
    /// For FLASH.
    pub flash: Box<dyn Store>,
    /// For all else.
    pub rest: Box<dyn Store>,
}

impl RelayServer {
    /// Opens the parcels in `store_folder` (made when it is not there) and listens on `address` (port
    /// 0: any). Must be called within a tokio runtime. Publishes are taken at once; reads wait until
    /// the old records are read.
    ///
    /// # Errors
    /// [`ServerError::Store`] (another relay has the folder, the disk fails, …),
    /// [`ServerError::Socket`], [`ServerError::Setup`], [`ServerError::Random`].
    pub fn bind(
        address: SocketAddr,
        secret: &TransportSecret,
        store_folder: impl AsRef<Path>,
        mut options: RelayOptions,
    ) -> Result<Self, ServerError> {
        let folder = store_folder.as_ref();
        let (store, queue) = (options.store, options.queue);
        let peers = std::mem::take(&mut options.peers);
        let server = Self::bind_with(address, secret, options, |sinks| {
            let flash = FolderStore::open(folder.join("flash"), store, sinks.flash)?;
            let rest = FolderStore::open(folder.join("rest"), store, sinks.rest)?;
            Ok(Stores { flash: Box::new(flash), rest: Box::new(rest) })
        })?;
        server.federate_in(secret, peers, queue, (folder, store))
    }

    /// The same on stores of the caller's. Peers are given to it by [`RelayServer::federate`].
    ///
    /// # Errors
    /// As [`RelayServer::bind`].
    pub fn bind_with(
        address: SocketAddr,
        secret: &TransportSecret,
        options: RelayOptions,
        open: impl FnOnce(StoreSinks) -> Result<Stores, StoreError>,
    ) -> Result<Self, ServerError> {
        let RelayOptions { realm, admission, counts, clock, observer, rates, network, .. } =
            options;
        let door = Door::new(options.connections, counts.clone());
        let config = quic::server_config(secret).map_err(ServerError::Setup)?;
        let key = ring::rand::generate::<[u8; 16]>(&SystemRandom::new());
        let key = key.map_err(|_| ServerError::Random)?.expose();
        let node = NodeOptions {
            sender_octets: options.sender_octets,
            address_octets: options.address_octets,
            admission,
            counts: counts.clone(),
            routine_sync_every: ROUTINE_SYNC_EVERY,
            ..NodeOptions::new(realm, key)
        };
        let socket = network.open(address).map_err(ServerError::Socket)?;
        let (sinks, events) = store_events(OWN);
        let stores = open(sinks).map_err(ServerError::Store)?;
        let mut node = Node::new(node, stores.flash, stores.rest);
        let sums = options.sums.map(|path| {
            let (file, read) = SumsFile::open(path, &mut node, clock.now_seconds());
            if let Err(error) = read {
                observer.note(&RelayEvent::SumsLost { error });
            }
            Arc::new(file)
        });
        let mut endpoint = quic::endpoint_config(secret);
        endpoint.rng_seed(network.seed);
        let runtime = door.waiting.runtime(Arc::clone(&network.runtime));
        let endpoint = Endpoint::new_with_abstract_socket(endpoint, Some(config), socket, runtime)
            .map_err(ServerError::Socket)?;
        let shared = Arc::new(Shared::new(node, clock, observer, counts, rates));
        let (course, _) = watch::channel(Course::default());
        let key = secret.public();
        let peers = None;
        Ok(Self { endpoint, network, key, shared, events, door, course, sums, peers })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// [`ServerError::Socket`].
    pub fn local_addr(&self) -> Result<SocketAddr, ServerError> {
        self.endpoint.local_addr().map_err(ServerError::Socket)
    }

    /// The key clients must expect.
    #[must_use]
    pub const fn key(&self) -> TransportKey {
        self.key
    }

    /// A hold on it, to change it while it runs.
    #[must_use]
    pub fn control(&self) -> RelayControl {
        RelayControl::new(&self.shared, self.course.clone())
    }

    /// Serves until `shutdown` is ready; then takes nothing new, answers what it has taken, closes
    /// its connections with [`CloseCode::ShuttingDown`] and its logs. Everything acknowledged is on
    /// disk whether this is reached or not.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { endpoint, shared, events, mut door, course, sums, peers, .. } = self;
        let mut stores = JoinSet::new();
        stores.spawn(events.run(Arc::clone(&shared)));
        stores.spawn(door.waiting.clone().run(Arc::clone(&shared)));
        if let Some(sums) = &sums {
            stores.spawn(Arc::clone(sums).save(Arc::clone(&shared)));
        }
        let peers = peers.map(|peers| peers.start(&shared, &mut stores));
        let mut peers = peers.unwrap_or_default();
        let mut connections = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                incoming = endpoint.accept() => match incoming {
                    Some(incoming) => {
                        if let Some(arrival) = door.look(incoming, connections.len()) {
                            let orders = Orders::new(course.subscribe());
                            connections.spawn(serve(arrival, Arc::clone(&shared), orders));
                        }
                    }
                    None => break,
                },
                // Joined so that finished connections give their memory back.
                Some(_) = connections.join_next() => {}
            }
        }
        course.send_modify(|course| course.is_draining = true);
        shared.drain();
        peers.shutdown().await;
        let all_answered = async { while connections.join_next().await.is_some() {} };
        let is_drained = tokio::time::timeout(DRAIN_MAX, all_answered).await.is_ok();
        endpoint.close(VarInt::from_u32(CloseCode::ShuttingDown.code()), b"shutting down");
        connections.shutdown().await;
        endpoint.wait_idle().await;
        save_queues(&shared).await;
        stores.shutdown().await;
        if let Some(sums) = sums {
            sums.save_all(&shared);
        }
        let observer = shared.observer.clone();
        // The node goes with this, and with it the stores: they end their threads.
        drop(shared);
        observer.note(&RelayEvent::Stopped { is_drained });
    }
}

/// Waits until the disk knows what peers have acknowledged, while it answers.
async fn save_queues(shared: &Shared) {
    let saved = async {
        while shared.hub().node.federation().is_some_and(Federation::save_all) {
            tokio::time::sleep(SAVE_LOOK).await;
        }
    };
    // What is not saved is sent again after the next start, and the peers know it.
    drop(tokio::time::timeout(SAVE_MAX, saved).await);
}

/// Who is let in to be looked at.
#[derive(Debug)]
struct Door {
    second: Instant,
    handshakes: u32,
    waiting: Handshakes,
    connections_max: usize,
    counts: Counts,
}

impl Door {
    fn new(connections_max: usize, counts: Counts) -> Self {
        let connections_max = connections_max.min(CONNECTIONS_MAX);
        let waiting = Handshakes::default();
        Self { second: Instant::now(), handshakes: 0, waiting, connections_max, counts }
    }

    fn look(&mut self, incoming: Incoming, connections: usize) -> Option<Arrival> {
        self.counts.handshake();
        if connections >= self.connections_max {
            self.counts.turn_away();
            incoming.refuse();
            return None;
        }
        if self.second.elapsed() >= Duration::from_secs(1) {
            (self.second, self.handshakes) = (Instant::now(), 0);
        }
        self.handshakes = self.handshakes.saturating_add(1);
        let is_busy = self.handshakes > HANDSHAKES_WITHOUT_RETRY;
        if is_busy && !incoming.remote_address_validated() && incoming.may_retry() {
            // An error hands it back unanswered: it is left alone then.
            self.counts.retry();
            drop(incoming.retry());
            return None;
        }
        let Some(handshake) = self.waiting.begin() else {
            self.counts.turn_away();
            incoming.ignore();
            return None;
        };
        Some((Box::new(incoming), handshake))
    }
}
