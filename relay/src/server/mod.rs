//! The relay as a program: sockets, disk and clock around the [`node`](crate::node).

mod connection;
mod event;
mod lane;
mod options;
mod reading;
mod store;
mod subscribers;
mod worker;

pub use event::{RelayEvent, ServerError};
pub use options::{Clock, Observer, RelayOptions};

use crate::key::{TransportKey, TransportSecret};
use crate::limits::{CONNECTIONS_MAX, DISCARD_EVERY, DRAIN_MAX, REOPEN_EVERY};
use crate::node::Node;
use crate::protocol::CloseCode;
use crate::quic;
use chappe_codec::realm::Realm;
use connection::serve;
use quinn::{Endpoint, Incoming, TokioRuntime, VarInt};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use store::{ReadJob, Stopped, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;
use worker::Worker;

/// A relay that listens. Its parcels are open from [`RelayServer::bind`] on; it serves while
/// [`RelayServer::run`] runs.
#[derive(Debug)]
pub struct RelayServer {
    endpoint: Endpoint,
    key: TransportKey,
    shared: Arc<Shared>,
    stopped: Stopped,
}

/// What every connection of a relay needs.
#[derive(Debug)]
struct Shared {
    realm: Realm,
    log: u64,
    clock: Clock,
    observer: Observer,
    store: Store,
}

impl RelayServer {
    /// Opens the parcels in `store_folder` (made when it is not there) and listens on `address` (port
    /// 0: any). Must be called within a tokio runtime; reads the whole log once before it returns.
    ///
    /// # Errors
    /// [`ServerError::Store`] (another relay has the folder, the disk fails, …),
    /// [`ServerError::Socket`], [`ServerError::Setup`].
    pub fn bind(
        address: SocketAddr,
        secret: &TransportSecret,
        store_folder: impl AsRef<Path>,
        options: RelayOptions,
    ) -> Result<Self, ServerError> {
        let RelayOptions { realm, admitted, store, clock, observer } = options;
        let config = quic::server_config(secret, admitted).map_err(ServerError::Setup)?;
        let folder = store_folder.as_ref().to_path_buf();
        let (node, recovery) = Node::open(&folder, store).map_err(ServerError::Store)?;
        observer.note(&RelayEvent::Opened { parcels: node.parcels(), recovery });
        let log = node.log_name();
        let socket = UdpSocket::bind(address).map_err(ServerError::Socket)?;
        let endpoint = quic::endpoint_config(secret);
        let endpoint = Endpoint::new(endpoint, Some(config), socket, Arc::new(TokioRuntime))
            .map_err(ServerError::Socket)?;
        let reopen = Box::new(move || Node::open(&folder, store));
        let worker = Worker::new(node, reopen, REOPEN_EVERY, clock.clone(), observer.clone());
        let (store, stopped) = Store::start(worker)?;
        let shared = Arc::new(Shared { realm, log, clock, observer, store });
        Ok(Self { endpoint, key: secret.public(), shared, stopped })
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

    /// Serves until `shutdown` is ready; then takes nothing new, answers what it has taken, closes
    /// its connections with [`CloseCode::ShuttingDown`] and its log. Everything acknowledged is on
    /// disk whether this is reached or not.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let (draining, drain) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut discard = tokio::time::interval(DISCARD_EVERY);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                incoming = self.endpoint.accept() => match incoming {
                    Some(incoming) => self.admit(incoming, &mut connections, &drain),
                    None => break,
                },
                // Joined so that finished connections give their memory back.
                Some(_) = connections.join_next() => {}
                // When reads are queueing up this one can be left out.
                _ = discard.tick() => drop(self.shared.store.reads.try_send(ReadJob::Discard)),
            }
        }
        draining.send_replace(true);
        let all_answered = async { while connections.join_next().await.is_some() {} };
        let is_drained = tokio::time::timeout(DRAIN_MAX, all_answered).await.is_ok();
        self.endpoint.close(VarInt::from_u32(CloseCode::ShuttingDown.code()), b"shutting down");
        connections.shutdown().await;
        self.endpoint.wait_idle().await;
        self.shared.store.stop(self.stopped).await;
        self.shared.observer.note(&RelayEvent::Stopped { is_drained });
    }

    fn admit(
        &self,
        incoming: Incoming,
        connections: &mut JoinSet<()>,
        drain: &watch::Receiver<bool>,
    ) {
        if connections.len() >= CONNECTIONS_MAX {
            incoming.refuse();
            return;
        }
        let (shared, drain) = (Arc::clone(&self.shared), drain.clone());
        connections.spawn(serve(incoming, shared, drain));
    }
}

/// Ready when the relay drains.
async fn drained(drain: &mut watch::Receiver<bool>) {
    // An error means that the relay itself is gone.
    drop(drain.wait_for(|draining| *draining).await);
}
