//! Drafts: an endorsement on its way from keyholder to keyholder, each at a machine of their own.
//!
//! The draft's octets are content and root, and hold no secret. Every keyholder reads what it says,
//! signs, and hands back 65 octets; whoever collects them puts the endorsement together.

use super::endorsement::{Content, Endorsement, PartialSignature, to_be_endorsed};
use super::root::Root;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed};
use crate::key::{KeyError, VerifyKey};
use crate::key_store::{KeyStoreError, Sign};
use crate::realm::Realm;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

/// What a root is about to endorse, with the signatures so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft<C> {
    content: C,
    root: Root,
    signatures: BTreeMap<u8, [u8; 64]>,
}

impl<C: Content> Draft<C> {
    /// Prepares content for a root's signatures.
    ///
    /// # Errors
    ///
    /// The content breaks a rule of the chapter, or is about another account than the root's own. (A
    /// successor signs for the account it succeeds: [`Draft::by_successor`].)
    pub fn new(content: C, root: Root) -> Result<Self, DecodeError> {
        if root.account() != content.account() {
            return Err(DecodeError::at_octet(ErrorKind::Inconsistent, "account", 1));
        }
        Self::by_successor(content, root)
    }

    /// Prepares content for the signatures of the root that has followed the account's own.
    ///
    /// # Errors
    ///
    /// The content breaks a rule of the chapter.
    pub fn by_successor(content: C, root: Root) -> Result<Self, DecodeError> {
        let mut octets = Vec::new();
        content.write(&mut octets);
        framing::parse_all(&octets, C::read)?;
        Ok(Self { content, root, signatures: BTreeMap::new() })
    }

    /// Reads a draft as another machine wrote it, without signatures.
    ///
    /// # Errors
    ///
    /// A [`DecodeError`] naming the field.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        fn read<C: Content>(input: &[u8]) -> Parsed<'_, Draft<C>> {
            let (rest, content) = C::read(input)?;
            let (rest, root) = Root::read(rest)?;
            Ok((rest, Draft { content, root, signatures: BTreeMap::new() }))
        }
        framing::parse_all(octets, read)
    }

    /// Content and root: what every keyholder signs.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_be_endorsed(&self.content, &self.root)
    }

    /// What is to be endorsed: to be shown to a keyholder before they sign.
    #[must_use]
    pub const fn content(&self) -> &C {
        &self.content
    }

    /// Signs as one keyholder; the signature counts here and can be handed on.
    ///
    /// # Errors
    ///
    /// [`DraftError::NotAKeyholder`]; [`DraftError::KeyStore`].
    pub fn sign(
        &mut self,
        key: &(impl Sign + ?Sized),
        realm: Realm,
    ) -> Result<PartialSignature, DraftError> {
        let place = self.root.place(&key.verify_key()).ok_or(DraftError::NotAKeyholder)?;
        let signature =
            key.signature(C::CONTEXT, realm, &[&self.to_bytes()]).map_err(DraftError::KeyStore)?;
        self.signatures.insert(place, signature);
        Ok(PartialSignature { place, signature })
    }

    /// Takes in another keyholder's signature.
    ///
    /// # Errors
    ///
    /// [`DraftError::NotAKeyholder`] for a place the root does not have; [`DraftError::Key`] where
    /// the signature is not that key's over this draft in this realm.
    pub fn add(&mut self, one: &PartialSignature, realm: Realm) -> Result<(), DraftError> {
        let octets =
            self.root.keys().get(usize::from(one.place)).ok_or(DraftError::NotAKeyholder)?;
        VerifyKey::from_bytes(octets)
            .and_then(|key| key.verify(C::CONTEXT, realm, &[&self.to_bytes()], &one.signature))
            .map_err(DraftError::Key)?;
        self.signatures.insert(one.place, one.signature);
        Ok(())
    }

    /// The root that endorses it.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.root
    }

    /// The signatures so far, by place.
    pub fn signatures(&self) -> impl Iterator<Item = PartialSignature> {
        self.signatures
            .iter()
            .map(|(place, signature)| PartialSignature { place: *place, signature: *signature })
    }

    /// How many signatures are still missing.
    #[must_use]
    pub fn missing(&self) -> usize {
        usize::from(self.root.threshold()).saturating_sub(self.signatures.len())
    }

    /// Puts the endorsement together. Of more signatures than the root asks for, those of the lowest
    /// places stand in it.
    ///
    /// # Errors
    ///
    /// [`DraftError::Missing`].
    pub fn finish(&self) -> Result<Endorsement<C>, DraftError> {
        match self.missing() {
            0 => {}
            count => return Err(DraftError::Missing { count }),
        }
        let signatures = self
            .signatures
            .iter()
            .take(usize::from(self.root.threshold()))
            .map(|(place, signature)| PartialSignature { place: *place, signature: *signature })
            .collect();
        Ok(Endorsement::assemble(self.content.clone(), self.root.clone(), signatures))
    }
}

/// Why a draft did not become an endorsement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftError {
    /// The key is none of the root's.
    NotAKeyholder,
    /// A signature that does not hold.
    Key(KeyError),
    /// The key could not be used.
    KeyStore(KeyStoreError),
    /// So many signatures are still missing.
    Missing {
        /// How many.
        count: usize,
    },
}

impl fmt::Display for DraftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAKeyholder => f.write_str("this key is none of the root's"),
            Self::Key(error) => write!(f, "a keyholder's signature does not hold: {error}"),
            Self::KeyStore(error) => write!(f, "not signed: {error}"),
            Self::Missing { count } => write!(f, "signatures still missing: {count}"),
        }
    }
}

impl core::error::Error for DraftError {}
