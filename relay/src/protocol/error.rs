//! Why a session cannot go on.

use super::code::CloseCode;
use chappe_codec::error::DecodeError;
use std::fmt;

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
    /// The hello did not come in time.
    NoHello,
    /// A message that was begun did not end in time.
    TooSlow,
    /// Neither key, certificate nor invitation lets the client in.
    NotAdmitted,
    /// A client that says it is a relay is none this relay knows.
    NotAPeer,
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
            Self::NoHello => CloseCode::NoHello,
            Self::TooSlow => CloseCode::TooSlow,
            Self::NotAdmitted => CloseCode::NotAdmitted,
            Self::NotAPeer => CloseCode::NotAPeer,
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
            Self::NoHello => f.write_str("no hello in time"),
            Self::TooSlow => f.write_str("a message did not end in time"),
            Self::NotAdmitted => f.write_str("not admitted"),
            Self::NotAPeer => f.write_str("not a relay known here"),
        }
    }
}

impl std::error::Error for SessionError {}

impl From<DecodeError> for SessionError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}
