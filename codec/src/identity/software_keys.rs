//! A key store in memory: what a device without a secure element has.

use crate::key::{SignKey, VerifyKey};
use crate::key_store::{AgreementKey, KeyStore, KeyStoreError};
use crate::limits::{PREKEY_AFTER_EXPIRY_SECONDS, PREKEYS_MAX};
use crate::realm::Realm;
use alloc::vec::Vec;
use core::fmt;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// A device's secrets, made of seeds from a healthy random source. Wiped when dropped, never shown.
pub struct SoftwareKeys {
    signing: SignKey,
    identity: StaticSecret,
    /// The newest first; `public` has their public halves in the same order.
    prekeys: Vec<Prekey>,
    public: Vec<[u8; 32]>,
}

struct Prekey {
    secret: StaticSecret,
    expiry: u64,
}

impl SoftwareKeys {
    /// The keys of these seeds, without a prekey: [`SoftwareKeys::add_prekey`] gives one.
    #[must_use]
    pub fn from_seeds(signing: &[u8; 32], identity: &[u8; 32]) -> Self {
        Self {
            signing: SignKey::from_seed(signing),
            identity: StaticSecret::from(*identity),
            prekeys: Vec::new(),
            public: Vec::new(),
        }
    }

    /// Makes a seed the newest prekey, for the next card, and returns its public half. Of more than
    /// three the oldest is destroyed (spec/11-session.md, "Life of a prekey").
    ///
    /// `expiry` is the one the card will bear, in seconds since 1970.
    pub fn add_prekey(&mut self, seed: &[u8; 32], expiry: u64) -> [u8; 32] {
        let secret = StaticSecret::from(*seed);
        let public = PublicKey::from(&secret).to_bytes();
        let kept = core::mem::take(&mut self.prekeys);
        let newest = core::iter::once(Prekey { secret, expiry });
        self.prekeys = newest.chain(kept).take(PREKEYS_MAX).collect();
        self.name_prekeys();
        public
    }

    /// Destroys the prekeys whose 90 days behind their expiry are over, and returns how many.
    ///
    /// `now` is in seconds since 1970. A clock that runs ahead destroys too early, so whoever is not
    /// sure of the time does not call this.
    pub fn destroy_old_prekeys(&mut self, now: u64) -> usize {
        let before = self.prekeys.len();
        self.prekeys
            .retain(|prekey| now <= prekey.expiry.saturating_add(PREKEY_AFTER_EXPIRY_SECONDS));
        self.name_prekeys();
        before.saturating_sub(self.prekeys.len())
    }

    /// Destroys the prekey with this public half, and says whether it was there. What was remembered
    /// of first flights to it goes with it: [`Sessions::renew_prekeys`].
    ///
    /// [`Sessions::renew_prekeys`]: crate::session::Sessions::renew_prekeys
    pub fn destroy_prekey(&mut self, public: &[u8; 32]) -> bool {
        let before = self.prekeys.len();
        let kept = self.public.iter().map(|own| own != public).collect::<Vec<_>>();
        let mut kept = kept.into_iter();
        self.prekeys.retain(|_| kept.next().unwrap_or(true));
        self.name_prekeys();
        self.prekeys.len() != before
    }

    fn name_prekeys(&mut self) {
        self.public =
            self.prekeys.iter().map(|prekey| PublicKey::from(&prekey.secret).to_bytes()).collect();
    }

    /// The signing key, where the account's root must certify it or a program signs with it alone.
    #[must_use]
    pub const fn sign_key(&self) -> &SignKey {
        &self.signing
    }

    /// The newest prekey and its expiry, for the card.
    #[must_use]
    pub fn newest_prekey(&self) -> Option<([u8; 32], u64)> {
        Some((*self.public.first()?, self.prekeys.first()?.expiry))
    }
}

impl KeyStore for SoftwareKeys {
    fn signing_key(&self) -> VerifyKey {
        self.signing.public()
    }

    fn identity_key(&self) -> [u8; 32] {
        PublicKey::from(&self.identity).to_bytes()
    }

    fn prekeys(&self) -> &[[u8; 32]] {
        &self.public
    }

    fn sign(
        &self,
        context: &str,
        realm: Realm,
        parts: &[&[u8]],
    ) -> Result<[u8; 64], KeyStoreError> {
        Ok(self.signing.sign(context, realm, parts))
    }

    fn agree(
        &self,
        own: AgreementKey,
        public: &[u8; 32],
    ) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
        let secret = match own {
            AgreementKey::Identity => &self.identity,
            AgreementKey::Prekey(key) => {
                let kept = self.public.iter().zip(&self.prekeys);
                let (_, prekey) = kept
                    .into_iter()
                    .find(|(public, _)| **public == key)
                    .ok_or(KeyStoreError::UnknownKey)?;
                &prekey.secret
            }
        };
        super::agree(secret, public).ok_or(KeyStoreError::WeakKey)
    }
}

impl fmt::Debug for SoftwareKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareKeys of {:?}, prekeys: {}", self.signing_key(), self.public.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const DAY: u64 = 86_400;

    fn keys() -> SoftwareKeys {
        SoftwareKeys::from_seeds(&[1; 32], &[2; 32])
    }

    #[test]
    fn three_prekeys_are_kept_the_newest_first() {
        let mut keys = keys();
        assert_eq!(keys.newest_prekey(), None);
        let made: Vec<[u8; 32]> =
            (3..8).map(|seed| keys.add_prekey(&[seed; 32], u64::from(seed))).collect();
        let [_, gone, one, two, three] = made[..] else { panic!() };
        assert_eq!(keys.prekeys(), [three, two, one]);
        assert_eq!(keys.newest_prekey(), Some((three, 7)));
        let base = PublicKey::from(&StaticSecret::from([9; 32])).to_bytes();
        for kept in [one, two, three] {
            assert!(keys.agree(AgreementKey::Prekey(kept), &base).is_ok());
        }
        let refusal = keys.agree(AgreementKey::Prekey(gone), &base).unwrap_err();
        assert_eq!(refusal, KeyStoreError::UnknownKey);
    }

    #[test]
    fn a_prekey_is_destroyed_ninety_days_after_its_expiry() {
        let mut keys = keys();
        let old = keys.add_prekey(&[3; 32], 10 * DAY);
        let new = keys.add_prekey(&[4; 32], 40 * DAY);
        assert_eq!(keys.destroy_old_prekeys(100 * DAY), 0);
        assert_eq!(keys.prekeys(), [new, old]);
        assert_eq!(keys.destroy_old_prekeys(100 * DAY + 1), 1);
        assert_eq!(keys.prekeys(), [new]);
        assert_eq!(keys.destroy_old_prekeys(u64::MAX), 1);
        assert!(keys.prekeys().is_empty());
    }

    #[test]
    fn one_prekey_is_destroyed_by_its_name() {
        let mut keys = keys();
        let made: Vec<[u8; 32]> = (3..6).map(|seed| keys.add_prekey(&[seed; 32], 0)).collect();
        let [old, middle, new] = made[..] else { panic!() };
        assert!(keys.destroy_prekey(&middle));
        assert!(!keys.destroy_prekey(&middle));
        assert_eq!(keys.prekeys(), [new, old]);
        let base = PublicKey::from(&StaticSecret::from([9; 32])).to_bytes();
        let refusal = keys.agree(AgreementKey::Prekey(middle), &base).unwrap_err();
        assert_eq!(refusal, KeyStoreError::UnknownKey);
        assert!(keys.agree(AgreementKey::Prekey(old), &base).is_ok());
    }

    #[test]
    fn both_sides_agree_and_weak_keys_are_refused() {
        let (mut one, other) = (keys(), SoftwareKeys::from_seeds(&[5; 32], &[6; 32]));
        let prekey = one.add_prekey(&[7; 32], 0);
        assert_eq!(
            one.agree(AgreementKey::Prekey(prekey), &other.identity_key()),
            other.agree(AgreementKey::Identity, &prekey),
        );
        let refusal = one.agree(AgreementKey::Identity, &[0; 32]).unwrap_err();
        assert_eq!(refusal, KeyStoreError::WeakKey);
    }

    #[test]
    fn no_secret_is_shown() {
        let shown = format!("{:?}", keys());
        assert!(!shown.contains("0202") && !shown.contains("0101"), "{shown}");
    }
}
