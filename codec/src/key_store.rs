//! Where a device's secret keys lie: in memory, or in a secure element that never gives them out.

use crate::key::{SignKey, VerifyKey};
use crate::realm::Realm;
use core::fmt;
use zeroize::Zeroizing;

/// The three long-lived kinds of secret a device has, used and never read.
pub trait KeyStore {
    /// The public half of the signing key (Ed25519) that the device's certificate names.
    fn signing_key(&self) -> VerifyKey;

    /// The public half of the identity key (X25519) that the device's certificate names.
    fn identity_key(&self) -> [u8; 32];

    /// The public halves of the prekeys (X25519) still kept, the newest first, at most
    /// [`PREKEYS_MAX`](crate::limits::PREKEYS_MAX) (spec/11-session.md, "Life of a prekey").
    fn prekeys(&self) -> &[[u8; 32]];

    /// Signs `context ‖ realm ‖ parts` with the signing key.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    fn sign(&self, context: &str, realm: Realm, parts: &[&[u8]])
    -> Result<[u8; 64], KeyStoreError>;

    /// X25519 of one of the device's keys and a public key.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::WeakKey`] for an all-zero result (spec/00-conventions.md, "Keys and
    /// accounts"); [`KeyStoreError::UnknownKey`] for a prekey that is not kept any more;
    /// [`KeyStoreError::Unavailable`].
    fn agree(
        &self,
        own: AgreementKey,
        public: &[u8; 32],
    ) -> Result<Zeroizing<[u8; 32]>, KeyStoreError>;
}

/// What can sign as one key: a key in memory, or the signing key of any [`KeyStore`].
pub trait Sign {
    /// The public half of the key.
    fn verify_key(&self) -> VerifyKey;

    /// Signs `context ‖ realm ‖ parts`.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    fn signature(
        &self,
        context: &str,
        realm: Realm,
        parts: &[&[u8]],
    ) -> Result<[u8; 64], KeyStoreError>;
}

impl Sign for SignKey {
    fn verify_key(&self) -> VerifyKey {
        self.public()
    }

    fn signature(
        &self,
        context: &str,
        realm: Realm,
        parts: &[&[u8]],
    ) -> Result<[u8; 64], KeyStoreError> {
        Ok(self.sign(context, realm, parts))
    }
}

impl<K: KeyStore + ?Sized> Sign for K {
    fn verify_key(&self) -> VerifyKey {
        self.signing_key()
    }

    fn signature(
        &self,
        context: &str,
        realm: Realm,
        parts: &[&[u8]],
    ) -> Result<[u8; 64], KeyStoreError> {
        self.sign(context, realm, parts)
    }
}

/// Which of a device's X25519 keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementKey {
    /// The identity key.
    Identity,
    /// The prekey with this public half.
    Prekey([u8; 32]),
}

/// Why a key store did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStoreError {
    /// The other side's key is of small order.
    WeakKey,
    /// The prekey was destroyed, or never was ours.
    UnknownKey,
    /// The store cannot be reached or refuses (locked, wiped).
    Unavailable,
}

impl fmt::Display for KeyStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WeakKey => "a weak key",
            Self::UnknownKey => "a key this device does not hold any more",
            Self::Unavailable => "the device's keys cannot be used now",
        })
    }
}

impl core::error::Error for KeyStoreError {}
