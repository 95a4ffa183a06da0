//! A relay with peers: their queue's stores, and a task for each (spec/06-relay.md, "Federation").

use super::hub::Shared;
use super::peer::PeerTask;
use super::sockets::Sockets;
use super::stores::{QUEUES, StoreEvents, StoreSinks, store_events};
use super::{RelayServer, ServerError, Stores};
use crate::address::Address;
use crate::federation::{Federation, FederationOptions, PeerCounts};
use crate::key::{TransportKey, TransportSecret};
use crate::limits::{QUEUE_COMPACT_OCTETS_MIN, QUEUE_OCTETS_DEFAULT, QUEUE_SEGMENT_OCTETS};
use chappe_store::{FolderOptions, FolderStore, StoreError};
use ring::rand::SystemRandom;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinSet;

/// A relay that this one knows.
#[derive(Debug, Clone)]
pub struct PeerOptions {
    /// What the operator calls it: in events and metrics it goes by this name and never by its key.
    pub name: String,
    /// Its relay key.
    pub key: TransportKey,
    /// Host and port. A host name is resolved anew at each attempt to connect.
    pub address: String,
    /// The topics to replicate from it; of those beyond
    /// [`PEER_TOPICS_MAX`](crate::limits::PEER_TOPICS_MAX) none is.
    pub topics: Vec<Address>,
    /// Where what is of it is counted.
    pub counts: PeerCounts,
}

/// How what waits for peers is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueOptions {
    /// Octets of records that may wait for one peer, in each of the two queues.
    pub octets: u64,
    /// Octets a queue's log has at least before it is compacted.
    pub compact_octets: u64,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self { octets: QUEUE_OCTETS_DEFAULT, compact_octets: QUEUE_COMPACT_OCTETS_MIN }
    }
}

/// The peers of a relay that does not run yet.
#[derive(Debug)]
pub(super) struct Peers {
    events: StoreEvents,
    tasks: Vec<PeerTask>,
}

impl Peers {
    /// Starts them all. What brings the queue's answers runs as long as the other stores': while the relay
    /// drains, lanes still wait for it.
    pub(super) fn start(self, shared: &Arc<Shared>, stores: &mut JoinSet<()>) -> JoinSet<()> {
        stores.spawn(self.events.run(Arc::clone(shared)));
        let mut running = JoinSet::new();
        for task in self.tasks {
            running.spawn(task.run(Arc::clone(shared)));
        }
        running
    }
}

impl RelayServer {
    /// Gives a relay peers; what waits for them is kept in stores of the caller's. `secret` is the relay's own.
    ///
    /// # Errors
    /// [`ServerError::Store`], [`ServerError::Random`], [`ServerError::Setup`], [`ServerError::Socket`].
    pub fn federate(
        mut self,
        secret: &TransportSecret,
        peers: Vec<PeerOptions>,
        queue: QueueOptions,
        open: impl FnOnce(StoreSinks) -> Result<Stores, StoreError>,
    ) -> Result<Self, ServerError> {
        let seed = self.jitter_seed()?;
        let (sinks, events) = store_events(QUEUES);
        let stores = open(sinks).map_err(ServerError::Store)?;
        let options = FederationOptions {
            own: secret.public(),
            peers: peers.iter().map(|peer| (peer.key, peer.counts.clone())).collect(),
            queue_octets: queue.octets,
            compact_octets: queue.compact_octets,
            jitter_seed: seed,
        };
        let now = self.shared.now().instant;
        let federation = Federation::new(options, stores.flash, stores.rest, now);
        let realm = self.shared.hub().node.realm();
        let mut tasks = Vec::new();
        for ((id, peer), seed) in federation.peers().zip(peers).zip(seed..) {
            let sockets = Sockets::new(&self.endpoint, &self.network, (secret, realm), peer.key)?;
            tasks.push(PeerTask::new(id, peer, sockets, seed));
        }
        self.peers = Some(Peers { events, tasks });
        self.shared.hub().node.federate(federation);
        Ok(self)
    }

    /// Jitter is drawn anew at each start; a network that is to replay decides it too.
    fn jitter_seed(&self) -> Result<u64, ServerError> {
        if let Some([a, b, c, d, e, f, g, h, ..]) = self.network.seed {
            return Ok(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        }
        let seed = ring::rand::generate::<[u8; 8]>(&SystemRandom::new());
        Ok(u64::from_be_bytes(seed.map_err(|_| ServerError::Random)?.expose()))
    }

    /// The same with the queue in a folder; nothing is opened when there are no peers.
    ///
    /// # Errors
    /// As [`RelayServer::federate`].
    pub fn federate_in(
        self,
        secret: &TransportSecret,
        peers: Vec<PeerOptions>,
        queue: QueueOptions,
        (folder, store): (&Path, FolderOptions),
    ) -> Result<Self, ServerError> {
        if peers.is_empty() {
            return Ok(self);
        }
        let segment_octets = store.segment_octets.min(QUEUE_SEGMENT_OCTETS);
        let store = FolderOptions { segment_octets, ..store };
        self.federate(secret, peers, queue, |sinks| {
            let flash = FolderStore::open(folder.join("forward-flash"), store, sinks.flash)?;
            let rest = FolderStore::open(folder.join("forward-rest"), store, sinks.rest)?;
            Ok(Stores { flash: Box::new(flash), rest: Box::new(rest) })
        })
    }
}
