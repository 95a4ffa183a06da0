//! How a relay is set up.

use super::event::RelayEvent;
use super::federation::{PeerOptions, QueueOptions};
use crate::counts::Counts;
use crate::limits::{ADDRESS_OCTETS_DEFAULT, CONNECTIONS_MAX, SENDER_OCTETS_DEFAULT};
use crate::network::Network;
use crate::node::{Admission, ListedKeys};
use crate::rates::RateLimits;
use chappe_codec::realm::Realm;
use chappe_store::FolderOptions;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// How a relay is set up.
#[derive(Debug)]
pub struct RelayOptions {
    /// The realm it serves.
    pub realm: Realm,
    /// Who judges clients. Unless told otherwise everybody is admitted.
    pub admission: Box<dyn Admission>,
    /// Octets of records one sender may have stored.
    pub sender_octets: u64,
    /// Octets of records one address may have stored.
    pub address_octets: u64,
    /// What one sender may send in a second; `None`: as much as it can.
    pub rates: Option<RateLimits>,
    /// Connections at a time.
    pub connections: usize,
    /// Where it counts.
    pub counts: Counts,
    /// The file in which it saves what senders have stored and whom invitations have let in; `None`: after
    /// a restart that is counted anew.
    pub sums: Option<PathBuf>,
    /// The relays it knows; [`RelayServer::bind`](super::RelayServer::bind) takes them up.
    pub peers: Vec<PeerOptions>,
    /// How what waits for them is kept.
    pub queue: QueueOptions,
    /// How its logs are opened.
    pub store: FolderOptions,
    /// Its clock.
    pub clock: Clock,
    /// Where its socket comes from.
    pub network: Network,
    /// Who is told what happens.
    pub observer: Observer,
}

impl RelayOptions {
    /// All clients, the quotas of [`limits`](crate::limits), the system's clock and sockets, nobody told.
    #[must_use]
    pub fn new(realm: Realm) -> Self {
        Self {
            realm,
            admission: Box::new(ListedKeys::default()),
            sender_octets: SENDER_OCTETS_DEFAULT,
            address_octets: ADDRESS_OCTETS_DEFAULT,
            rates: None,
            connections: CONNECTIONS_MAX,
            counts: Counts::default(),
            sums: None,
            peers: Vec::new(),
            queue: QueueOptions::default(),
            store: FolderOptions::default(),
            clock: Clock::system(),
            network: Network::system(),
            observer: Observer::default(),
        }
    }
}

/// Seconds since 1970, asked for where they are needed and injected by tests.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// A clock of one's own.
    pub fn new(now_seconds: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_seconds))
    }

    /// The system's clock. Before 1970 it shows 0.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|| {
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
        })
    }

    /// The time.
    #[must_use]
    pub fn now_seconds(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Who is told what happens in a relay. Called in the middle of the work: it must be quick.
#[derive(Clone, Default)]
pub struct Observer(Option<Arc<Note>>);

type Note = dyn Fn(&RelayEvent) + Send + Sync;

impl Observer {
    /// Tells a function.
    pub fn new(note: impl Fn(&RelayEvent) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(note)))
    }

    pub(super) fn note(&self, event: &RelayEvent) {
        if let Some(note) = &self.0 {
            note(event);
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
