//! Why a cluster does not take a relay: what waiting hardly mends, told apart from a server that is away.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind};
use async_nats::rustls::{AlertDescription, Error as TlsError};
use async_nats::{ConnectError, ConnectErrorKind};
use std::error::Error;
use std::fmt;

/// Why a cluster does not take this relay. Who looks after it must change a setting, here or there.
///
/// It is the source of a [`StoreError::Io`](crate::StoreError::Io) that says "cannot connect to".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterRefusal {
    /// A server does not take the user, the password or the certificate as a login, or wants one and
    /// was shown none.
    Login,
    /// A server's certificate does not lead to those that are trusted, is for another name, or has
    /// expired. Nothing was sent, the password neither.
    UntrustedServer {
        /// What is wrong with it, in the words of the TLS library.
        why: String,
    },
    /// A server does not take the certificate it was shown, or wants one and was shown none.
    ClientCertificate {
        /// Its alert (RFC 8446, section 6.2).
        why: String,
    },
    /// A file of certificates or of a key does not do.
    File {
        /// Which and why.
        why: String,
    },
    /// The servers know of fewer than are to have a copy. It may be over in a moment, when one is still starting; of
    /// servers that started for the first time in one instant, nats-server 2.10.27 at times leaves one out for good.
    TooFewServers,
}

impl ClusterRefusal {
    /// Why the servers refused; `None` for what may be over in a moment.
    pub(super) fn of(error: &ConnectError) -> Option<Self> {
        match error.kind() {
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                Some(Self::Login)
            }
            ConnectErrorKind::Tls => Some(Self::File { why: innermost(error) }),
            // The handshake's own errors come as those of the socket.
            ConnectErrorKind::Io => Self::of_tls(tls_error(error)?),
            ConnectErrorKind::ServerParse
            | ConnectErrorKind::Dns
            | ConnectErrorKind::TimedOut
            | ConnectErrorKind::MaxReconnects => None,
        }
    }

    /// Why no stream can be made; `None` for what the servers' own words tell best.
    pub(super) fn of_stream(error: &CreateStreamError) -> Option<Self> {
        let CreateStreamErrorKind::JetStream(error) = error.kind() else { return None };
        (error.error_code() == ErrorCode::CLUSTER_NO_PEERS).then_some(Self::TooFewServers)
    }

    fn of_tls(error: &TlsError) -> Option<Self> {
        match error {
            TlsError::InvalidCertificate(_) => {
                Some(Self::UntrustedServer { why: error.to_string() })
            }
            TlsError::AlertReceived(
                AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::CertificateRequired,
            ) => Some(Self::ClientCertificate { why: error.to_string() }),
            _ => None,
        }
    }
}

impl fmt::Display for ClusterRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login => f.write_str(
                "a server refuses the login: user, password or certificate are wrong or missing",
            ),
            Self::UntrustedServer { why } => {
                write!(f, "a server's certificate is not trusted: {why}")
            }
            Self::ClientCertificate { why } => {
                write!(f, "a server does not take this relay's certificate, or wants one: {why}")
            }
            Self::TooFewServers => f.write_str(
                "the servers know of too few servers: start those that are down; when all run, restart one after the other",
            ),
            Self::File { why } => write!(f, "certificates or key cannot be used: {why}"),
        }
    }
}

impl Error for ClusterRefusal {}

fn tls_error(error: &ConnectError) -> Option<&TlsError> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<TlsError>() {
            return Some(tls);
        }
        // An error of a socket hands out the source of what it holds, not that itself.
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match held {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}

fn innermost(error: &ConnectError) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
