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
    /// What streams are called: `<name>-<log>`. Letters, digits, `-` and `_`.
    pub name: String,
    /// Which log: `flash` or `rest`.
    pub log: String,
    /// Servers that keep each message, when the stream is made: 3, or 1 for a trial.
    pub replicas: u8,
    /// How this relay is called in the servers' own lists of connections.
    pub label: String,
    /// How long a group waits for the cluster before it is answered as failed.
    pub patience: Duration,
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
    /// For these servers and this log; all else as usual.
    #[must_use]
    pub fn new(servers: Vec<String>, log: &str) -> Self {
        Self {
            servers,
            name: "chappe".to_owned(),
            log: log.to_owned(),
            replicas: 3,
            label: "chappe-relay".to_owned(),
            patience: Duration::from_secs(6),
            expiry: Duration::ZERO,
            login: None,
            root_certificates: None,
            client_certificate: None,
            open_timeout: Duration::from_secs(30),
        }
    }

    pub(super) fn stream(&self) -> String {
        format!("{}-{}", self.name, self.log)
    }

    pub(super) fn subject(&self) -> String {
        format!("{}.{}", self.name, self.log)
    }
}

impl fmt::Debug for JetStreamOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A server's address may hold a password.
        f.debug_struct("JetStreamOptions")
            .field("stream", &self.stream())
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}
