//! What a relay tells its operator, and why it did not start.

use crate::client::ClientError;
use crate::node::{LogName, NodeEvent};
use crate::protocol::SessionError;
use chappe_store::{Recovery, StoreError};
use std::fmt;
use std::io;

/// What happens in a relay. Nothing in it names a client, a key, an address or a parcel.
#[derive(Debug)]
#[non_exhaustive]
pub enum RelayEvent {
    /// Something about its logs.
    Node(NodeEvent),
    /// A client said hello and was answered.
    Connected,
    /// A client is gone.
    Disconnected,
    /// A connection was closed because of what its client sent.
    Misbehaved {
        /// What was wrong.
        error: SessionError,
    },
    /// A hello was not answered, or a connection is no longer admitted.
    TurnedAway {
        /// Why.
        error: SessionError,
    },
    /// What was counted before the start cannot be read: counting begins anew.
    SumsLost {
        /// Why.
        error: io::Error,
    },
    /// What was counted cannot be saved; it is tried again.
    SumsNotSaved {
        /// Why.
        error: io::Error,
    },
    /// A peer is reached.
    PeerReached {
        /// The operator's name for it.
        name: String,
    },
    /// A peer is not reached any more, or, since the relay started, not yet. It is tried again.
    PeerLost {
        /// The operator's name for it.
        name: String,
        /// Why.
        error: ClientError,
    },
    /// The relay shut down.
    Stopped {
        /// Whether everything taken was answered in time.
        is_drained: bool,
    },
}

impl fmt::Display for RelayEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(event) => event.fmt(f),
            Self::Connected => f.write_str("client connected"),
            Self::Disconnected => f.write_str("client gone"),
            Self::Misbehaved { error } | Self::TurnedAway { error } => {
                write!(f, "connection closed: {error}")
            }
            Self::SumsLost { error } => {
                write!(f, "what senders had stored is counted anew: {error}")
            }
            Self::SumsNotSaved { error } => {
                write!(f, "what senders have stored was not saved: {error}")
            }
            Self::PeerReached { name } => write!(f, "peer {name} reached"),
            Self::PeerLost { name, error } => write!(f, "peer {name} not reached: {error}"),
            Self::Stopped { is_drained: true } => f.write_str("stopped"),
            Self::Stopped { is_drained: false } => {
                f.write_str("stopped with requests unanswered; their senders will try again")
            }
        }
    }
}

impl fmt::Display for NodeEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recovered { log, parcels, recovery } => {
                write!(f, "{log} open; {parcels} parcels in all")?;
                put_recovery(f, recovery)
            }
            Self::StoreFailed { log, error } => write!(f, "{log} failed: {error}"),
            Self::StoreWorksAgain { log, recovery } => {
                write!(f, "{log} works again")?;
                put_recovery(f, recovery)
            }
            Self::Damaged { log, damage } => write!(f, "{log} is damaged: {damage}"),
            Self::CompactionFailed { log, error } => {
                write!(f, "{log} was not compacted: {error}")
            }
        }
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flash => "log of FLASH",
            Self::Rest => "log of the rest",
            Self::ForwardFlash => "forward queue of FLASH",
            Self::ForwardRest => "forward queue of the rest",
        })
    }
}

fn put_recovery(f: &mut fmt::Formatter<'_>, recovery: &Recovery) -> fmt::Result {
    if let Some(torn) = &recovery.torn {
        write!(f, "; {torn}")?;
    }
    recovery.damage.iter().try_for_each(|damage| write!(f, "; {damage}"))
}

/// Why a relay did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// A log cannot be opened.
    Store(StoreError),
    /// The socket cannot be had.
    Socket(io::Error),
    /// The system gives no random octets.
    Random,
    /// TLS cannot be set up: a fault of this program or its key.
    Setup(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "cannot open the relay's log: {error}"),
            Self::Socket(error) => write!(f, "cannot listen: {error}"),
            Self::Random => f.write_str("the system gives no random octets"),
            Self::Setup(error) => write!(f, "cannot set up TLS: {error}"),
        }
    }
}

impl std::error::Error for ServerError {}
