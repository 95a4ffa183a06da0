//! Why something of this chapter was refused: what is wrong, and in which field.

use crate::error::{DecodeError, ErrorKind};
use core::fmt;

/// A refusal. It never holds anything secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CryptographyError {
    /// What is wrong.
    pub kind: CryptographyErrorKind,
    /// In which field, by the name `spec/` gives it.
    pub field: &'static str,
}

/// What is wrong. The names are registered in spec/00-conventions.md, "Error names".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CryptographyErrorKind {
    /// It is not well-formed, or not what was expected.
    Format(ErrorKind),
    /// A secret or key that protects nothing.
    WeakKey,
    /// A signature that is not this key's over these octets.
    BadSignature,
    /// A token that is not the one derived.
    BadTag,
    /// A key whose time is over.
    Expired,
    /// An initialisation vector that was used before.
    Replay,
}

impl CryptographyErrorKind {
    /// The registered name, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Format(kind) => kind.name(),
            Self::WeakKey => "weak_key",
            Self::BadSignature => "bad_signature",
            Self::BadTag => "bad_tag",
            Self::Expired => "expired",
            Self::Replay => "replay",
        }
    }
}

impl CryptographyError {
    pub(super) const fn new(kind: CryptographyErrorKind, field: &'static str) -> Self {
        Self { kind, field }
    }

    pub(super) const fn format(kind: ErrorKind, field: &'static str) -> Self {
        Self { kind: CryptographyErrorKind::Format(kind), field }
    }

    pub(super) const fn weak(field: &'static str) -> Self {
        Self { kind: CryptographyErrorKind::WeakKey, field }
    }
}

/// The plain message is refused as chapter 01 says; where in it stays with that error.
impl From<DecodeError> for CryptographyError {
    fn from(error: DecodeError) -> Self {
        Self::format(error.kind, error.field)
    }
}

impl fmt::Display for CryptographyErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(kind) => fmt::Display::fmt(kind, f),
            Self::WeakKey => f.write_str("too weak to protect anything"),
            Self::BadSignature => f.write_str("not this key's signature over these octets"),
            Self::BadTag => f.write_str("not the token of this secret and this address"),
            Self::Expired => f.write_str("expired"),
            Self::Replay => f.write_str("used before"),
        }
    }
}

impl fmt::Display for CryptographyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.kind)
    }
}

impl core::error::Error for CryptographyError {}
