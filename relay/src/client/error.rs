//! Why a relay could not be used.

use crate::protocol::{CloseCode, Reason, SessionError};
use crate::quic::KEY_REFUSED;
use quinn::ConnectionError;
use std::fmt;
use std::io;

/// Why a relay could not be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// Whoever answers at the address does not hold the relay's key.
    AnotherRelay,
    /// The relay does not admit this client's key.
    NotAdmitted,
    /// Nobody answered in time.
    NoAnswer,
    /// The connection broke.
    Lost(ConnectionError),
    /// The relay closed the connection and said why.
    Closed(CloseCode),
    /// The relay ended a lane; a connection made anew has fresh ones.
    LaneClosed,
    /// All lanes of the connection were in use, and none became free in time: there are too many
    /// subscriptions ([`CLIENT_SUBSCRIPTIONS_MAX`](crate::limits::CLIENT_SUBSCRIPTIONS_MAX)). The
    /// connection itself is sound; dropping subscriptions makes room.
    NoFreeLane,
    /// The relay refused a request.
    Refused(Reason),
    /// The relay sent what it must not.
    Misbehaved(SessionError),
    /// No socket could be had.
    Socket(io::Error),
    /// TLS could not be set up: a fault of this program, its key or the address.
    Setup(Box<dyn std::error::Error + Send + Sync>),
}

impl ClientError {
    /// Whether the same may succeed later: then keep the parcel and try again with a pause that
    /// grows.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::NoAnswer
            | Self::Lost(_)
            | Self::LaneClosed
            | Self::NoFreeLane
            | Self::Socket(_) => true,
            Self::Closed(code) => code.is_temporary(),
            Self::Refused(reason) => reason.is_temporary(),
            Self::AnotherRelay | Self::NotAdmitted | Self::Misbehaved(_) | Self::Setup(_) => false,
        }
    }
}

impl From<ConnectionError> for ClientError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::TransportError(own) if u64::from(own.code) == KEY_REFUSED => {
                Self::AnotherRelay
            }
            ConnectionError::ConnectionClosed(theirs)
                if u64::from(theirs.error_code) == KEY_REFUSED =>
            {
                Self::NotAdmitted
            }
            ConnectionError::ApplicationClosed(theirs) => {
                match CloseCode::from_code(theirs.error_code.into_inner()) {
                    CloseCode::NotAdmitted => Self::NotAdmitted,
                    code => Self::Closed(code),
                }
            }
            ConnectionError::TimedOut => Self::NoAnswer,
            other => Self::Lost(other),
        }
    }
}

impl From<SessionError> for ClientError {
    fn from(error: SessionError) -> Self {
        Self::Misbehaved(error)
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnotherRelay => f.write_str("whoever answers there is not the relay expected"),
            Self::NotAdmitted => f.write_str("the relay does not admit this key"),
            Self::NoAnswer => f.write_str("the relay does not answer"),
            Self::Lost(error) => write!(f, "the connection to the relay broke: {error}"),
            Self::Closed(code) => write!(f, "the relay closed the connection: {code}"),
            Self::LaneClosed => f.write_str("the relay ended the conversation"),
            Self::NoFreeLane => f.write_str("all lanes to the relay are in use"),
            Self::Refused(reason) => write!(f, "the relay refused: {reason}"),
            Self::Misbehaved(error) => {
                write!(f, "the relay does not keep to the protocol: {error}")
            }
            Self::Socket(error) => write!(f, "no socket: {error}"),
            Self::Setup(error) => write!(f, "cannot set up the connection: {error}"),
        }?;
        if self.is_temporary() { f.write_str(" (try later)") } else { Ok(()) }
    }
}

impl std::error::Error for ClientError {}
