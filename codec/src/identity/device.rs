//! The secret half of a card: everything a device needs to sign, seal and open.

use super::Signer;
use crate::account::Account;
use crate::card::Card;
use crate::chain::ROOT_DEVICE;
use crate::digest;
use crate::key::SignKey;
use crate::label::LabelKey;
use crate::realm::Realm;
use core::fmt;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Octets of the seeds an identity is made from.
pub const IDENTITY_SEED_OCTETS: usize = 144;

/// A device's secrets. Wiped when dropped; `Debug` shows the account id only.
pub struct Identity {
    seed: Zeroizing<[u8; IDENTITY_SEED_OCTETS]>,
    account: SignKey,
    identity: StaticSecret,
    prekey: StaticSecret,
    card: Card,
}

impl Identity {
    /// Makes the identity of 144 octets from a healthy random source: account, identity key,
    /// prekey, transport key (32 each) and label key (16).
    ///
    /// The same seed gives the same identity; it is what a key file keeps, encrypted.
    #[must_use]
    pub fn from_seed(seed: &[u8; IDENTITY_SEED_OCTETS], realm: Realm) -> Self {
        let mut rest: &[u8] = seed;
        let account = SignKey::from_seed(&take_chunk(&mut rest));
        let identity = StaticSecret::from(take_chunk::<32>(&mut rest));
        let prekey = StaticSecret::from(take_chunk::<32>(&mut rest));
        let transport = SignKey::from_seed(&take_chunk(&mut rest));
        let label_key = LabelKey(take_chunk(&mut rest));
        let card = Card::sign(
            &account,
            realm,
            PublicKey::from(&identity).to_bytes(),
            PublicKey::from(&prekey).to_bytes(),
            transport.public().to_bytes(),
            label_key,
        );
        Self { seed: Zeroizing::new(*seed), account, identity, prekey, card }
    }

    /// The public half.
    #[must_use]
    pub const fn card(&self) -> &Card {
        &self.card
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.card.account
    }

    /// Who its envelopes and statements are by.
    #[must_use]
    pub fn signer(&self) -> Signer {
        Signer { account: self.card.account, device: ROOT_DEVICE, key: self.account.public() }
    }

    /// The device's signing key.
    #[must_use]
    pub const fn signing_key(&self) -> &SignKey {
        &self.account
    }

    /// The seed of the Ed25519 key this device shows to relays.
    #[must_use]
    pub fn transport_seed(&self) -> Zeroizing<[u8; 32]> {
        let mut rest: &[u8] = self.seed.get(96..).unwrap_or_default();
        Zeroizing::new(take_chunk(&mut rest))
    }

    /// The seed of the Ed25519 key this device signs with where it is a server: a ledger's
    /// checkpoints. It is derived, so that no key signs in two formats.
    #[must_use]
    pub fn ledger_seed(&self) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        digest::derive(&*self.seed, "chappe-ledger-key/1", &[], &mut *out);
        out
    }

    /// X25519 of the identity key and a public key; `None` if the result is all zero
    /// (spec/00-conventions.md: "X25519 results that are all zero are refused").
    pub(crate) fn agree_identity(&self, public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        agree(&self.identity, public)
    }

    /// X25519 of the prekey and a public key; `None` if the result is all zero.
    pub(crate) fn agree_prekey(&self, public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        agree(&self.prekey, public)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity of {}", self.card.account.id())
    }
}

/// X25519, refusing the all-zero result.
pub(crate) fn agree(secret: &StaticSecret, public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let shared = secret.diffie_hellman(&PublicKey::from(*public));
    shared.was_contributory().then(|| Zeroizing::new(shared.to_bytes()))
}

fn take_chunk<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    match rest.split_first_chunk::<N>() {
        Some((chunk, after)) => {
            *rest = after;
            *chunk
        }
        None => [0; N],
    }
}
