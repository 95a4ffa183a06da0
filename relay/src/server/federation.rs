//! A relay with peers: their queue's stores, and a task for each (spec/06-relay.md, "Federation").

use super::hub::Shared;
use super::peer::PeerTask;
use super::stores::{QUEUES, StoreEvents, StoreSinks, store_events};
use super::{RelayServer, ServerError, Stores};
use crate::address::Address;
use crate::federation::{Federation, FederationOptions, PeerCounts};
use crate::key::{TransportKey, TransportSecret};
use crate::limits::{QUEUE_COMPACT_OCTETS_MIN, QUEUE_SEGMENT_OCTETS};
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
    /// [`ServerError::Store`], [`ServerError::Random`].
    pub fn federate(
        mut self,
        secret: &TransportSecret,
        peers: Vec<PeerOptions>,
        queue_octets: u64,
        open: impl FnOnce(StoreSinks) -> Result<Stores, StoreError>,
    ) -> Result<Self, ServerError> {
        let seed = ring::rand::generate::<[u8; 8]>(&SystemRandom::new());
        let seed = u64::from_be_bytes(seed.map_err(|_| ServerError::Random)?.expose());
        let (sinks, events) = store_events(QUEUES);
        let stores = open(sinks).map_err(ServerError::Store)?;
        let options = FederationOptions {
            own: secret.public(),
            peers: peers.iter().map(|peer| (peer.key, peer.counts.clone())).collect(),
            queue_octets,
            compact_octets: QUEUE_COMPACT_OCTETS_MIN,
            jitter_seed: seed,
        };
        let now = self.shared.now().instant;
        let federation = Federation::new(options, stores.flash, stores.rest, now);
        let tasks = federation.peers().zip(peers).zip(seed..);
        let tasks = tasks.map(|((id, peer), seed)| PeerTask::new(id, peer, secret.clone(), seed));
        self.peers = Some(Peers { events, tasks: tasks.collect() });
        self.shared.hub().node.federate(federation);
        Ok(self)
    }

    /// The same with the queue in a folder; nothing is opened when there are no peers.
    ///
    /// # Errors
    /// As [`RelayServer::federate`].
    pub fn federate_in(
        self,
        secret: &TransportSecret,
        peers: Vec<PeerOptions>,
        queue_octets: u64,
        (folder, store): (&Path, FolderOptions),
    ) -> Result<Self, ServerError> {
        if peers.is_empty() {
            return Ok(self);
        }
        let segment_octets = store.segment_octets.min(QUEUE_SEGMENT_OCTETS);
        let store = FolderOptions { segment_octets, ..store };
        self.federate(secret, peers, queue_octets, |sinks| {
            let flash = FolderStore::open(folder.join("forward-flash"), store, sinks.flash)?;
            let rest = FolderStore::open(folder.join("forward-rest"), store, sinks.rest)?;
            Ok(Stores { flash: Box::new(flash), rest: Box::new(rest) })
        })
    }
}
