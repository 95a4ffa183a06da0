//! What a relay tells its operator, and why it did not start.

use crate::parcel::ParcelId;
use crate::protocol::{Reason, SessionError};
use chappe_codec::precedence::Precedence;
use chappe_store::{Recovery, StoreError};
use std::fmt;
use std::io;
use std::time::Duration;

/// What happens in a relay. Nothing in it names a client, a key or an address; a parcel is named by
/// the first digits of its id.
#[derive(Debug)]
#[non_exhaustive]
pub enum RelayEvent {
    /// The log is open.
    Opened {
        /// Parcels in it.
        parcels: usize,
        /// What opening found: torn tails and damage are the operator's business.
        recovery: Recovery,
    },
    /// A client said hello and was answered.
    Connected,
    /// A client is gone.
    Disconnected,
    /// A connection was closed because of what its client sent.
    Misbehaved {
        /// What was wrong.
        error: SessionError,
    },
    /// A parcel is on durable storage.
    Stored {
        /// Which.
        parcel: ParcelId,
        /// How urgent it is.
        precedence: Precedence,
        /// Its octets.
        octets: usize,
        /// From its arrival to the end of the sync.
        elapsed: Duration,
    },
    /// A parcel was there before.
    Duplicate {
        /// Which.
        parcel: ParcelId,
    },
    /// A parcel was refused.
    Refused {
        /// Which.
        parcel: ParcelId,
        /// Why.
        reason: Reason,
    },
    /// The log failed; publishing is refused until it works again.
    StoreFailed {
        /// How.
        error: StoreError,
    },
    /// The log works again.
    StoreReopened {
        /// What opening found.
        recovery: Recovery,
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
            Self::Opened { parcels, recovery } => {
                write!(f, "log open with {parcels} parcels")?;
                put_recovery(f, recovery)
            }
            Self::Connected => f.write_str("client connected"),
            Self::Disconnected => f.write_str("client gone"),
            Self::Misbehaved { error } => write!(f, "connection closed: {error}"),
            Self::Stored { parcel, precedence, octets, elapsed } => {
                let milliseconds = elapsed.as_secs_f64() * 1000.0;
                let parcel = parcel.short();
                write!(f, "stored {parcel} {precedence} {octets} octets in {milliseconds:.2} ms")
            }
            Self::Duplicate { parcel } => write!(f, "duplicate {}", parcel.short()),
            Self::Refused { parcel, reason } => write!(f, "refused {}: {reason}", parcel.short()),
            Self::StoreFailed { error } => write!(f, "log failed: {error}"),
            Self::StoreReopened { recovery } => {
                f.write_str("log works again")?;
                put_recovery(f, recovery)
            }
            Self::Stopped { is_drained: true } => f.write_str("stopped"),
            Self::Stopped { is_drained: false } => {
                f.write_str("stopped with requests unanswered; their senders will try again")
            }
        }
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
    /// The log cannot be opened.
    Store(StoreError),
    /// The socket cannot be had.
    Socket(io::Error),
    /// The store's thread cannot be started.
    Thread(io::Error),
    /// TLS cannot be set up: a fault of this program or its key.
    Setup(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => write!(f, "cannot open the relay's log: {error}"),
            Self::Socket(error) => write!(f, "cannot listen: {error}"),
            Self::Thread(error) => write!(f, "cannot start a thread: {error}"),
            Self::Setup(error) => write!(f, "cannot set up TLS: {error}"),
        }
    }
}

impl std::error::Error for ServerError {}
