//! What a store on a cluster is told.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What a store on a cluster is told.
#[derive(Clone)]
pub struct JetStreamOptions {
    /// The servers, as `nats://host:port` or `tls://host:port`. Only these are spoken to, whatever
    /// others the cluster names.
    pub servers: Vec<String>,
    /// What streams and bucket are called: `<name>-<partition>` and `<name>-leases`. Letters,
    /// digits, `-` and `_`.
    pub name: String,
    /// The partition; see [`partition_of`](super::partition_of).
    pub partition: u16,
    /// Servers that keep each message, when the stream is made: 3, or 1 for a trial.
    pub replicas: u8,
    /// How this relay is called in the lease, its key and address say: at most 512 octets.
    pub holder: String,
    /// How long nobody else may take a lease that is not renewed; also the longest time a cluster
    /// may be silent without the writer stopping. The same for all relays of a partition.
    pub lease: Duration,
    /// Messages under way. With one, the cluster alone keeps a former writer's out; with more,
    /// readers pass over what it let in.
    pub under_way: usize,
    /// How long the cluster keeps messages when the stream is made; zero: until they are discarded.
    pub expiry: Duration,
    /// User and file of the password.
    pub login: Option<(String, PathBuf)>,
    /// File of the certificates that the servers' must lead to, beside the system's.
    pub root_certificates: Option<PathBuf>,
    /// Files of the certificate and key that the servers are shown.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// How long opening waits for the cluster.
    pub open_timeout: Duration,
}

impl JetStreamOptions {
    /// For these servers and this partition, under this name in its lease; all else as usual.
    #[must_use]
    pub fn new(servers: Vec<String>, partition: u16, holder: String) -> Self {
        Self {
            servers,
            name: "chappe".to_owned(),
            partition,
            replicas: 3,
            holder,
            lease: Duration::from_secs(6),
            under_way: 8,
            expiry: Duration::ZERO,
            login: None,
            root_certificates: None,
            client_certificate: None,
            open_timeout: Duration::from_secs(30),
        }
    }

    pub(super) fn stream(&self) -> String {
        format!("{}-{}", self.name, self.partition)
    }

    pub(super) fn subject(&self) -> String {
        format!("{}.{}", self.name, self.partition)
    }

    pub(super) fn bucket(&self) -> String {
        format!("{}-leases", self.name)
    }

    pub(super) fn lease_key(&self) -> String {
        self.partition.to_string()
    }
}

impl fmt::Debug for JetStreamOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A server's address may hold a password.
        f.debug_struct("JetStreamOptions")
            .field("stream", &self.stream())
            .field("replicas", &self.replicas)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}
