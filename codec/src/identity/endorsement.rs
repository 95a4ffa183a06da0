//! Endorsements: what a root signs (spec/10-identity.md, "Root and account").

use super::root::{self, Root};
use crate::account::Account;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::key::{KeyError, VerifyKey};
use crate::realm::Realm;
use alloc::vec::Vec;
use core::fmt;
use nom::number::complete::u8;

/// Octets of one signature with the place of its key.
pub(super) const SIGNATURE_OCTETS: usize = 65;

/// What a root may sign: a [`Certificate`](super::Certificate), a [`Revocation`](super::Revocation)
/// or a [`Succession`](super::Succession).
pub trait Content: Clone + Eq + fmt::Debug {
    /// The context of the signatures.
    const CONTEXT: &'static str;

    /// Octets of the content.
    const OCTETS: usize;

    /// The account it is about.
    fn account(&self) -> Account;

    /// Appends the octets [`Content::read`] reads.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads the content from the front of the input, and refuses what the chapter refuses.
    fn read(input: &[u8]) -> Parsed<'_, Self>;
}

/// Content, root and signatures. Parsed endorsements are claims until [`Endorsement::verify`] says
/// otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endorsement<C> {
    content: C,
    root: Root,
    signatures: Vec<PartialSignature>,
}

/// One keyholder's signature, with the place of its key in the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartialSignature {
    /// The key's place.
    pub place: u8,
    /// Its signature over the content and the root.
    pub signature: [u8; 64],
}

impl<C: Content> Endorsement<C> {
    /// Puts together what was signed; the caller has seen to it that the signatures are exactly as
    /// many as the root asks for, their places ascending.
    pub(super) const fn assemble(
        content: C,
        root: Root,
        signatures: Vec<PartialSignature>,
    ) -> Self {
        Self { content, root, signatures }
    }

    /// Reads an endorsement that fills the input. No signature is looked at.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`] naming the field.
    pub fn parse(input: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(input, Self::read)
    }

    /// Reads an endorsement from the front of the input.
    pub fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, content) = C::read(input)?;
        let (mut rest, root) = Root::read(rest)?;
        let mut signatures: Vec<PartialSignature> = Vec::new();
        for _ in 0..root.threshold() {
            let (after, one) = PartialSignature::read(rest)?;
            if one.place >= root.count() {
                return refuse(ErrorKind::OutOfRange, "place", rest);
            }
            if signatures.last().is_some_and(|last| last.place >= one.place) {
                return refuse(ErrorKind::NotCanonical, "place", rest);
            }
            signatures.push(one);
            rest = after;
        }
        Ok((rest, Self { content, root, signatures }))
    }

    /// The octets [`Endorsement::parse`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = to_be_endorsed(&self.content, &self.root);
        for one in &self.signatures {
            out.extend_from_slice(&one.to_bytes());
        }
        out
    }

    /// What is endorsed. It counts once it has verified.
    #[must_use]
    pub const fn content(&self) -> &C {
        &self.content
    }

    /// The root that is said to endorse it.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.root
    }

    /// Verifies it under the account's own root, which is what counts until a succession is known.
    ///
    /// # Errors
    ///
    /// [`EndorsementError::Key`].
    pub fn verify(&self, realm: Realm) -> Result<(), EndorsementError> {
        self.verify_under(&self.content.account(), realm)
    }

    /// Verifies it under the root that counts for its account, named as accounts are: the account's
    /// own, or its successor.
    ///
    /// # Errors
    ///
    /// [`KeyError::UnknownAccount`] for another root, then [`KeyError::NotAKey`] and
    /// [`KeyError::WeakKey`] for any key of the root, then [`KeyError::BadSignature`]: "the account,
    /// the keys, the signatures".
    pub fn verify_under(&self, root: &Account, realm: Realm) -> Result<(), EndorsementError> {
        let refused = |reason, field, offset| Err(EndorsementError::Key { reason, field, offset });
        if self.root.account() != *root {
            return refused(KeyError::UnknownAccount, "account", 1);
        }
        let at_keys = C::OCTETS.saturating_add(root::HEAD_OCTETS);
        let mut keys: Vec<VerifyKey> = Vec::with_capacity(self.root.keys().len());
        for (octets, index) in self.root.keys().iter().zip(0_usize..) {
            match VerifyKey::from_bytes(octets) {
                Ok(key) => keys.push(key),
                Err(reason) => {
                    return refused(reason, "keys", nth(at_keys, root::KEY_OCTETS, index));
                }
            }
        }
        let at_signatures = nth(at_keys, root::KEY_OCTETS, keys.len());
        let signed = to_be_endorsed(&self.content, &self.root);
        for (one, index) in self.signatures.iter().zip(0_usize..) {
            let verified = keys
                .get(usize::from(one.place))
                .ok_or(KeyError::BadSignature)
                .and_then(|key| key.verify(C::CONTEXT, realm, &[&signed], &one.signature));
            if let Err(reason) = verified {
                return refused(reason, "signature", nth(at_signatures, SIGNATURE_OCTETS, index));
            }
        }
        Ok(())
    }
}

impl PartialSignature {
    /// Reads the 65 octets, which fill the input.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`] for another size.
    pub fn parse(input: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(input, Self::read)
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, place) = field("place", u8)(input)?;
        let (rest, signature) = field("signature", octets::<64>)(rest)?;
        Ok((rest, Self { place, signature }))
    }

    /// Place and signature, as they stand in an endorsement.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SIGNATURE_OCTETS] {
        let mut out = [self.place; SIGNATURE_OCTETS];
        for (slot, octet) in out.iter_mut().skip(1).zip(self.signature) {
            *slot = octet;
        }
        out
    }
}

/// content ‖ root: what every signature is over.
pub(super) fn to_be_endorsed<C: Content>(content: &C, root: &Root) -> Vec<u8> {
    let mut out = Vec::new();
    content.write(&mut out);
    out.extend(root.to_bytes());
    out
}

fn nth(start: usize, size: usize, index: usize) -> usize {
    start.saturating_add(size.saturating_mul(index))
}

/// Why an endorsement does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndorsementError {
    /// The octets are none.
    Decode(DecodeError),
    /// Its root, a key or a signature does not hold.
    Key {
        /// What does not hold.
        reason: KeyError,
        /// The field it does not hold for.
        field: &'static str,
        /// Where that field begins, in octets.
        offset: usize,
    },
}

impl EndorsementError {
    /// The registered name (spec/00-conventions.md, "Error names").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode(error) => error.kind.name(),
            Self::Key { reason, .. } => reason.name(),
        }
    }

    /// The field that is wrong.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Decode(error) => error.field,
            Self::Key { field, .. } => field,
        }
    }
}

impl From<DecodeError> for EndorsementError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl fmt::Display for EndorsementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => write!(f, "not an endorsement: {error}"),
            Self::Key { reason, field, offset } => {
                write!(f, "an endorsement that does not count: {field}: {reason} (octet {offset})")
            }
        }
    }
}

impl core::error::Error for EndorsementError {}
