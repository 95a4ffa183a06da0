//! Why something on disk was refused.

use crate::error::DecodeError;
use core::fmt;

/// Why something on disk was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultError {
    /// Its form is not that of the specification.
    Decode(DecodeError),
    /// No tag is right: a wrong passphrase or key, or octets that were changed or moved.
    BadTag,
    /// The vault file asks for less work than its owner's program ever would.
    Downgraded,
    /// The vault file asks for more work than is safe to do.
    TooMuchWork,
    /// This machine has no memory for the work.
    OutOfMemory,
    /// Records are missing at an end of a journal.
    Cut,
}

impl VaultError {
    /// The registered name (spec/00-conventions.md, "Error names").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode(error) => error.kind.name(),
            Self::BadTag => "bad_tag",
            Self::Downgraded => "downgraded",
            Self::TooMuchWork => "too_much_work",
            Self::OutOfMemory => "unavailable",
            Self::Cut => "cut",
        }
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::BadTag => f.write_str("a wrong key, or octets that were changed"),
            Self::Downgraded => {
                f.write_str("it asks for less work than is safe: not made by its owner")
            }
            Self::TooMuchWork => f.write_str("it asks for more work than is safe"),
            Self::OutOfMemory => f.write_str("there is not enough memory to work the key out"),
            Self::Cut => f.write_str("records are missing at an end"),
        }
    }
}

impl core::error::Error for VaultError {}

impl From<DecodeError> for VaultError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}
