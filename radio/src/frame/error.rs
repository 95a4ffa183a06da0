//! Why octets from the air are not a frame for us.

use core::fmt;

use chappe_codec::error::DecodeError;

/// Why a received frame was dropped. Whatever the reason, nothing else has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The octets do not have the form of a frame.
    Malformed(DecodeError),
    /// The frame belongs to a network whose key is not known here.
    UnknownNet(u8),
    /// The MIC is wrong: damage on the way, another realm, or a forgery.
    BadMic,
}

impl FrameError {
    /// The registered name of the refusal (spec/00-conventions.md, "Error names").
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Malformed(error) => error.kind.name(),
            Self::UnknownNet(_) => "unknown_net",
            Self::BadMic => "bad_mic",
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::UnknownNet(net) => write!(f, "net: no key for net {net}"),
            Self::BadMic => f.write_str("MIC: wrong"),
        }
    }
}

impl core::error::Error for FrameError {}

impl From<DecodeError> for FrameError {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error)
    }
}
