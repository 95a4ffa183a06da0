//! The relay protocol without I/O (spec/06-relay.md, "Messages"): octets in, requests and events
//! out.

mod client_message;
mod client_session;
mod code;
mod deframer;
mod message;
mod relay_message;
mod relay_session;

pub use client_message::{ClientMessage, Hello, Read};
pub use client_session::{ClientEvent, ClientSession};
pub use code::{CloseCode, Reason};
pub use relay_message::RelayMessage;
pub use relay_session::{RelaySession, Request};

use chappe_codec::error::DecodeError;
use std::fmt;

/// The one version of the protocol there is.
pub const VERSION: u8 = 1;

/// What the TLS handshake agrees on (spec/06-relay.md, "Connection").
pub const ALPN: &[u8] = b"chappe-relay/1";

/// Why a session cannot go on. The connection is closed with [`SessionError::close_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// A message does not parse.
    Malformed(DecodeError),
    /// A message that parses, but has no place here.
    OutOfPlace(&'static str),
    /// The two programs know no version in common.
    NoCommonVersion,
    /// The client speaks in another realm.
    WrongRealm,
}

impl SessionError {
    /// The code to close the connection with.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::Malformed(_) => CloseCode::Malformed,
            Self::OutOfPlace(_) => CloseCode::ProtocolError,
            Self::NoCommonVersion => CloseCode::NoCommonVersion,
            Self::WrongRealm => CloseCode::WrongRealm,
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "malformed message: {error}"),
            Self::OutOfPlace(what) => write!(f, "out of place: {what}"),
            Self::NoCommonVersion => f.write_str("no common version"),
            Self::WrongRealm => f.write_str("another realm"),
        }
    }
}

impl std::error::Error for SessionError {}

impl From<DecodeError> for SessionError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}
