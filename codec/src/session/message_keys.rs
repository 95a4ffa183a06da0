//! K, N and S: what one envelope is sealed with, once (spec/11-session.md, "Keys of an epoch").

use crate::digest::Keyed;
use crate::envelope::{SealedEnvelope, SealedHead};
use crate::realm::Realm;
use aes_gcm_siv::aead::{AeadInOut, KeyInit};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// K ‖ N ‖ S.
pub(super) const MESSAGE_KEYS_OCTETS: usize = 76;

/// The keys of one envelope.
#[derive(Clone)]
pub(super) struct MessageKeys(Zeroizing<[u8; MESSAGE_KEYS_OCTETS]>);

impl MessageKeys {
    pub(super) fn of_chain_key(chain_key: &Keyed) -> Self {
        let mut out = Zeroizing::new([0; MESSAGE_KEYS_OCTETS]);
        chain_key.expand("chappe-message/1", &[], &mut *out);
        Self(out)
    }

    pub(super) fn from_octets(octets: Zeroizing<[u8; MESSAGE_KEYS_OCTETS]>) -> Self {
        Self(octets)
    }

    pub(super) fn octets(&self) -> &[u8; MESSAGE_KEYS_OCTETS] {
        &self.0
    }

    /// S, which the salts of the messages come from.
    pub(super) fn salt_secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.last_chunk::<32>().copied().unwrap_or_default())
    }

    /// Encrypts what stands behind the first `head` octets, where it stands, and appends the tag.
    /// The keys go with it. `None` beyond what RFC 8452 lets one encrypt, which no envelope reaches.
    pub(super) fn seal(
        self,
        realm: Realm,
        head: usize,
        out: &mut Vec<u8>,
    ) -> Option<Zeroizing<[u8; 32]>> {
        let (front, inside) = out.split_at_mut_checked(head)?;
        let tag = SealedHead::with_associated(realm, front, |associated| {
            self.cipher().encrypt_inout_detached(&self.nonce(), associated, inside.into())
        })
        .ok()?;
        out.extend_from_slice(&tag);
        Some(self.salt_secret())
    }

    /// The inside, if the tag is right.
    pub(super) fn open(
        &self,
        realm: Realm,
        envelope: &SealedEnvelope<'_>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut inside = Zeroizing::new(Vec::from(envelope.ciphertext()));
        SealedHead::with_associated(realm, envelope.head_octets(), |associated| {
            self.cipher().decrypt_inout_detached(
                &self.nonce(),
                associated,
                inside.as_mut_slice().into(),
                envelope.tag().into(),
            )
        })
        .ok()?;
        Some(inside)
    }

    fn cipher(&self) -> Aes256GcmSiv {
        let key = self.0.first_chunk::<32>().unwrap_or(&[0; 32]);
        Aes256GcmSiv::new(key.into())
    }

    fn nonce(&self) -> Nonce {
        let nonce = self.0.get(32..).and_then(|rest| rest.first_chunk::<12>());
        nonce.copied().unwrap_or_default().into()
    }
}
