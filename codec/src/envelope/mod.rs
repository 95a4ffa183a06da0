//! Envelopes: items on their way, open or sealed (spec/03-envelope.md).

mod open;
mod opened;
mod sealed;

pub use open::OpenEnvelope;
pub use opened::{Opened, OpenedMessage};
pub(crate) use sealed::SealedHead;
pub use sealed::{SealedClass, SealedEnvelope};

use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, refuse};
use crate::key::KeyError;
use crate::key_store::KeyStoreError;
use crate::limits::ENVELOPE_OCTETS_MAX;
use core::fmt;
use nom::number::complete::u8;

/// An envelope's outside. What it says is known only after verifying or opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Envelope<'a> {
    /// Public and signed.
    Open(OpenEnvelope<'a>),
    /// Sealed to one recipient: opened by [`Sessions`](crate::session::Sessions).
    Sealed(SealedEnvelope<'a>),
    /// Made by a newer Chappe: relayed and kept, not opened.
    Unknown {
        /// The version in its header.
        version: u8,
        /// The class in its header.
        class: u8,
    },
}

impl<'a> Envelope<'a> {
    /// Reads the outside of an envelope that fills the input. Checks no signature and no tag.
    pub fn parse(octets: &'a [u8]) -> Result<Self, DecodeError> {
        framing::parse_all(octets, Self::read)
    }

    fn read(input: &'a [u8]) -> Parsed<'a, Self> {
        if input.len() > ENVELOPE_OCTETS_MAX {
            return refuse(ErrorKind::TooLong, "envelope", input);
        }
        let (_, octet) = field("class", u8)(input)?;
        match Header::from_octet(octet) {
            Header { version: 0, class: Header::OPEN, flags: 0 | 1, .. } => {
                let (rest, envelope) = OpenEnvelope::read(input)?;
                Ok((rest, Self::Open(envelope)))
            }
            Header { version, class, .. } => match SealedEnvelope::parse(input) {
                Ok(sealed) => Ok((&[], Self::Sealed(sealed))),
                Err(OpenError::Decode(error)) => {
                    let at = input.get(error.offset..).unwrap_or_default();
                    refuse(error.kind, error.field, at)
                }
                Err(_) => Ok((&[], Self::Unknown { version, class })),
            },
        }
    }
}

/// The first octet of every envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    version: u8,
    class: u8,
    parity: u8,
    flags: u8,
}

impl Header {
    const OPEN: u8 = 0;

    const fn from_octet(octet: u8) -> Self {
        Self {
            version: octet >> 6,
            class: (octet >> 3) & 0b111,
            parity: (octet >> 2) & 1,
            flags: octet & 0b11,
        }
    }

    const fn to_octet(self) -> u8 {
        (self.version << 6) | (self.class << 3) | (self.parity << 2) | self.flags
    }

    const fn new(class: u8, epoch: u16, several: bool) -> Self {
        let [_, low] = epoch.to_be_bytes();
        Self { version: 0, class, parity: low & 1, flags: several as u8 }
    }

    const fn several(self) -> bool {
        self.flags & 1 == 1
    }

    /// "Epoch parity is the lowest bit of the epoch."
    const fn parity_fits(self, epoch: u16) -> bool {
        let [_, low] = epoch.to_be_bytes();
        self.parity == low & 1
    }
}

/// Why items could not be put into an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    /// No items, too many, or one too long; or the whole is.
    Items(DecodeError),
    /// The chain has no counter left for them: a new epoch must begin.
    CountersExhausted,
    /// One of the recipient's keys is weak.
    WeakKey,
    /// The device's own keys could not be used.
    KeyStore(KeyStoreError),
}

impl From<DecodeError> for SealError {
    fn from(error: DecodeError) -> Self {
        Self::Items(error)
    }
}

impl From<KeyStoreError> for SealError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::WeakKey => Self::WeakKey,
            other => Self::KeyStore(other),
        }
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Items(error) => write!(f, "this does not fit an envelope: {error}"),
            Self::CountersExhausted => f.write_str("this chain has no numbers left"),
            Self::WeakKey => f.write_str("the recipient's keys are weak; ask for a new card"),
            Self::KeyStore(error) => write!(f, "not signed or sealed: {error}"),
        }
    }
}

impl core::error::Error for SealError {}

/// Why an envelope was not opened. Towards the outside all of them are silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// Not the octets of an envelope, or not of items inside.
    Decode(DecodeError),
    /// Sealed to somebody else, or from somebody whose card we do not hold.
    UnknownHint,
    /// The hint fits, the content was changed.
    BadTag,
    /// The signature is not this account's in this realm.
    BadSignature,
    /// No card of this account is held, or the device's key is not known: an unverified claim.
    UnknownAccount,
    /// By a device that its account has revoked.
    Revoked,
    /// Seen before.
    Replay,
    /// A weak key.
    WeakKey,
    /// Made by a newer Chappe.
    NeedsNewer,
    /// The device's keys cannot be used now, or no more first flights can be remembered.
    Unavailable,
}

impl OpenError {
    /// The registered name (spec/00-conventions.md, "Error names").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode(error) => error.kind.name(),
            Self::UnknownHint => "unknown_hint",
            Self::BadTag => "bad_tag",
            Self::BadSignature => "bad_signature",
            Self::UnknownAccount => "unknown_account",
            Self::Replay => "replay",
            Self::WeakKey => "weak_key",
            Self::NeedsNewer => "unknown_version",
            Self::Revoked => "revoked",
            Self::Unavailable => "unavailable",
        }
    }
}

impl From<DecodeError> for OpenError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<KeyError> for OpenError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::WeakKey => Self::WeakKey,
            KeyError::NotAKey | KeyError::BadSignature => Self::BadSignature,
            KeyError::UnknownAccount => Self::UnknownAccount,
            KeyError::Revoked => Self::Revoked,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => write!(f, "malformed: {error}"),
            Self::UnknownHint => f.write_str("sealed to somebody else, or from an unknown contact"),
            Self::BadTag => f.write_str("changed on the way"),
            Self::BadSignature => {
                f.write_str("the signature is not this account's, or the realm is another")
            }
            Self::UnknownAccount => f.write_str("an unverified claim: no card of this account"),
            Self::Revoked => f.write_str("by a device that its account has revoked"),
            Self::Replay => f.write_str("seen before"),
            Self::WeakKey => f.write_str("a weak key"),
            Self::NeedsNewer => f.write_str("needs a newer Chappe"),
            Self::Unavailable => f.write_str("cannot be opened now"),
        }
    }
}

impl core::error::Error for OpenError {}
