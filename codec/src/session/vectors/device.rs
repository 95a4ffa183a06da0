//! The keys of a device in a vector.

use super::given::array;
use crate::key::{SignKey, VerifyKey};
use crate::key_store::{AgreementKey, KeyStore, KeyStoreError};
use crate::realm::Realm;
use alloc::vec::Vec;
use serde_json::Value;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

pub(super) struct Keys {
    identity: StaticSecret,
    /// The newest first.
    prekeys: Vec<StaticSecret>,
    public_prekeys: Vec<[u8; 32]>,
}

impl Keys {
    /// `prekey_secrets`: the oldest first.
    pub(super) fn new(identity_secret: &Value, prekey_secrets: &[Value]) -> Self {
        let secret = |value: &Value| StaticSecret::from(array::<32>(value));
        let prekeys: Vec<_> = prekey_secrets.iter().rev().map(secret).collect();
        let public_prekeys = prekeys.iter().map(|p| PublicKey::from(p).to_bytes()).collect();
        Self { identity: secret(identity_secret), prekeys, public_prekeys }
    }

    pub(super) fn destroy_prekey(&mut self, prekey: [u8; 32]) {
        let at = self.public_prekeys.iter().position(|held| *held == prekey).unwrap();
        self.prekeys.remove(at);
        self.public_prekeys.remove(at);
    }
}

impl KeyStore for Keys {
    /// Nothing is signed here.
    fn signing_key(&self) -> VerifyKey {
        SignKey::from_seed(&[1; 32]).public()
    }

    fn identity_key(&self) -> [u8; 32] {
        PublicKey::from(&self.identity).to_bytes()
    }

    fn prekeys(&self) -> &[[u8; 32]] {
        &self.public_prekeys
    }

    fn sign(&self, _: &str, _: Realm, _: &[&[u8]]) -> Result<[u8; 64], KeyStoreError> {
        Err(KeyStoreError::Unavailable)
    }

    fn agree(
        &self,
        own: AgreementKey,
        public: &[u8; 32],
    ) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
        let secret = match own {
            AgreementKey::Identity => &self.identity,
            AgreementKey::Prekey(prekey) => {
                let at = self.public_prekeys.iter().position(|held| *held == prekey);
                &self.prekeys[at.ok_or(KeyStoreError::UnknownKey)?]
            }
        };
        let shared = secret.diffie_hellman(&PublicKey::from(*public));
        if !shared.was_contributory() {
            return Err(KeyStoreError::WeakKey);
        }
        Ok(Zeroizing::new(shared.to_bytes()))
    }
}
