//! What an endorsement changes, what is kept against a root, and why nothing was taken in.

use crate::account::Account;
use crate::card::{Card, CardError};
use crate::identity::{Certificate, Endorsement, EndorsementError, Succession};
use alloc::boxed::Box;
use core::fmt;

/// A change that a person is shown before anything goes to a new key (spec/10-identity.md, "A change
/// is never silent").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An account not known before.
    NewAccount {
        /// The account.
        account: Account,
    },
    /// A device number not known before.
    NewDevice {
        /// Its certificate.
        certificate: Box<Certificate>,
    },
    /// A certificate of a higher issue for a known device.
    Reissued {
        /// What held before.
        old: Box<Certificate>,
        /// What holds now. [`Certificate::has_other_keys`] tells whether it is more than new
        /// permissions.
        new: Box<Certificate>,
        /// Whether the old one was revoked: then this is a new device under the old number.
        was_revoked: bool,
    },
    /// A card that counts from now on, under a certificate that was told of before.
    NewCard {
        /// What counted before, under the same certificate.
        old: Option<Box<Card>>,
        /// What counts now.
        new: Box<Card>,
    },
    /// A device is revoked under every issue up to this one.
    Revoked {
        /// Whose.
        account: Account,
        /// The device.
        device: u8,
        /// The last issue it ends.
        issue: u16,
        /// The certificate that held until now and is ended by it.
        ended: Option<Box<Certificate>>,
    },
    /// Another root counts for the account from now on.
    Succeeded {
        /// Whose.
        account: Account,
        /// The root before.
        old: Account,
        /// The root now.
        new: Account,
    },
    /// The root has endorsed two things that cannot both hold. Of two certificates the one known
    /// first goes on holding; of two successors none, and nothing more is certified for the account.
    Conflict(Evidence),
}

/// Two endorsements by one root that exclude each other: evidence against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Two certificates of one device and one issue; the one known first comes first.
    Certificates(Box<[Endorsement<Certificate>; 2]>),
    /// Two successors; the one known first comes first.
    Successions(Box<[Endorsement<Succession>; 2]>),
}

/// Why an endorsement or a card was not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryError {
    /// It does not hold.
    Endorsement(EndorsementError),
    /// The card does not hold.
    Card(CardError),
    /// The card of a device that its account has revoked.
    Revoked,
    /// As many accounts, or successions of one, as a directory keeps.
    Full,
    /// Another account is known under the same id of eight octets.
    IdTaken,
}

impl DirectoryError {
    /// The registered name (spec/00-conventions.md, "Error names").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Endorsement(error) => error.name(),
            Self::Card(error) => error.name(),
            Self::Revoked => "revoked",
            Self::Full => "too_long",
            Self::IdTaken => "inconsistent",
        }
    }
}

impl From<EndorsementError> for DirectoryError {
    fn from(error: EndorsementError) -> Self {
        Self::Endorsement(error)
    }
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endorsement(error) => error.fmt(f),
            Self::Card(error) => error.fmt(f),
            Self::Revoked => f.write_str("the card of a device that its account has revoked"),
            Self::Full => f.write_str("no room for another account"),
            Self::IdTaken => f.write_str("another account is known under the same id"),
        }
    }
}

impl core::error::Error for DirectoryError {}
