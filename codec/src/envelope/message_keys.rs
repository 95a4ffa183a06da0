//! The keys of a sealed envelope (spec/03-envelope.md, "Sealed, first flight").

use super::first_flight::Peer;
use crate::account::Account;
use crate::digest;
use crate::realm::Realm;
use aes_gcm_siv::aead::KeyInit;
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// Octets before the ciphertext: header, hint, ephemeral key.
pub(super) const HEAD_OCTETS: usize = 36;

/// K, N and S of the specification.
pub(super) struct MessageKeys(Zeroizing<[u8; 76]>);

impl MessageKeys {
    pub(super) fn derive(
        secrets: [&[u8; 32]; 3],
        realm: Realm,
        transcript: &[u8],
        ephemeral: &[u8; 32],
    ) -> Self {
        let secret: Zeroizing<Vec<u8>> =
            Zeroizing::new(secrets.into_iter().flatten().copied().collect());
        let mut out = Zeroizing::new([0; 76]);
        let parts: [&[u8]; 3] = [&realm.to_bytes(), transcript, ephemeral];
        digest::derive(&secret, "chappe-seal/1", &parts, &mut *out);
        Self(out)
    }

    pub(super) fn cipher(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new(&self.0.first_chunk::<32>().copied().unwrap_or_default().into())
    }

    pub(super) fn nonce(&self) -> Nonce {
        let nonce = self.0.get(32..).and_then(|rest| rest.first_chunk::<12>());
        nonce.copied().unwrap_or_default().into()
    }

    /// S, which the salts of the messages come from.
    pub(super) fn salt_secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.last_chunk::<32>().copied().unwrap_or_default())
    }
}

/// The key of the hints from `author` to `recipient`; `static_secret` is D1.
pub(super) fn hint_key(
    static_secret: &[u8; 32],
    realm: Realm,
    author: &Account,
    recipient: &Account,
) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    let parts: [&[u8]; 3] = [&realm.to_bytes(), &author.0, &recipient.0];
    digest::derive(static_secret, "chappe-hint/1", &parts, &mut *out);
    out
}

/// "`MAC(hint key, "", E)[..3]`: a MAC with an empty label", over E as it was sent.
pub(super) fn hint(hint_key: &[u8; 32], ephemeral: &[u8; 32]) -> [u8; 3] {
    digest::first(&digest::mac(hint_key, "", &[ephemeral]))
}

/// account A ‖ account B ‖ ikA ‖ ikB ‖ pkB.
pub(super) fn transcript(author: &Peer, recipient: &Peer) -> Vec<u8> {
    let (a, b) = (author.account.0, recipient.account.0);
    [a, b, author.identity_key, recipient.identity_key, recipient.prekey].concat()
}

/// What the tag covers besides the ciphertext.
pub(super) fn associated_data(realm: Realm, head: &[u8; HEAD_OCTETS]) -> Vec<u8> {
    [b"chappe-sealed/1".as_slice(), &realm.to_bytes(), head].concat()
}
