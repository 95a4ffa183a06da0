//! Endorsements as they are carried: the body of an item of family 14 (spec/10-identity.md, "Carried
//! as items").

use super::{Certificate, Endorsement, Revocation, Succession};
use crate::account::Account;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, refuse};
use alloc::vec::Vec;
use nom::Parser;
use nom::number::complete::u8;

/// An endorsement of any kind. It proves itself: who carries it does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// Kind 0.
    Certificate(Endorsement<Certificate>),
    /// Kind 1.
    Revocation(Endorsement<Revocation>),
    /// Kind 2.
    Succession(Endorsement<Succession>),
}

impl Carried {
    /// Reads the body of an item. No signature is looked at.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownCode`] in `kind`, and those of [`Endorsement::parse`].
    pub fn parse(body: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(body, Self::read)
    }

    /// The octets [`Carried::parse`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, endorsement) = match self {
            Self::Certificate(endorsement) => (0, endorsement.to_bytes()),
            Self::Revocation(endorsement) => (1, endorsement.to_bytes()),
            Self::Succession(endorsement) => (2, endorsement.to_bytes()),
        };
        let mut out = alloc::vec![kind];
        out.extend(endorsement);
        out
    }

    /// The account it is about.
    #[must_use]
    pub const fn account(&self) -> Account {
        match self {
            Self::Certificate(endorsement) => endorsement.content().account,
            Self::Revocation(endorsement) => endorsement.content().account,
            Self::Succession(endorsement) => endorsement.content().account,
        }
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, kind) = field("kind", u8)(input)?;
        match kind {
            0 => Endorsement::read.map(Self::Certificate).parse(rest),
            1 => Endorsement::read.map(Self::Revocation).parse(rest),
            2 => Endorsement::read.map(Self::Succession).parse(rest),
            _ => refuse(ErrorKind::UnknownCode, "kind", input),
        }
    }
}
