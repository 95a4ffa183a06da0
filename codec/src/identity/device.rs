//! A device as it knows itself: its keys, its certificate, its card.

use super::{Certificate, Draft, DraftError, Endorsement, Permissions, Root};
use super::{Prekeys, Signer, SoftwareKeys};
use crate::account::Account;
use crate::card::Card;
use crate::digest;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, octets};
use crate::home::HomeRelays;
use crate::key::SignKey;
use crate::key_store::{KeyStore, KeyStoreError};
use crate::label::LabelKey;
use crate::realm::Realm;
use alloc::vec::Vec;
use core::fmt;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Octets of the seeds that a device's keys which stay are made from.
pub const IDENTITY_SEED_OCTETS: usize = 112;

/// The device number and the issue of an account's first certificate.
const FIRST_DEVICE: u8 = 1;
const FIRST_ISSUE: u16 = 1;

/// A device with its secrets. Wiped when dropped; `Debug` shows account and device only.
pub struct Identity {
    seed: Zeroizing<[u8; IDENTITY_SEED_OCTETS]>,
    prekeys: Prekeys,
    keys: SoftwareKeys,
    homes: HomeRelays,
    card: Card,
}

impl Identity {
    /// Makes the first device of the account whose root is this one key, permitted everything.
    ///
    /// The seed is 112 octets from a healthy random source: signing key, identity key, transport key
    /// (32 each) and label key (16). Prekeys change and lie apart. It has no home relays yet.
    ///
    /// # Errors
    ///
    /// None of those of [`Identity::assemble`] occurs with fresh seeds.
    pub fn first_device(
        root: &SignKey,
        seed: &[u8; IDENTITY_SEED_OCTETS],
        prekeys: Prekeys,
        realm: Realm,
    ) -> Result<Self, IdentityError> {
        let one_key = Root::of_key(&root.public());
        let parts = Seeds::of(seed);
        let keys = parts.keys();
        let certificate = Certificate {
            account: one_key.account(),
            device: FIRST_DEVICE,
            issue: FIRST_ISSUE,
            signing_key: keys.signing_key().to_bytes(),
            identity_key: keys.identity_key(),
            transport_key: parts.transport().public().to_bytes(),
            permissions: Permissions::ALL,
        };
        let mut draft = Draft::new(certificate, one_key).map_err(IdentityError::Decode)?;
        draft.sign(root, realm).map_err(IdentityError::Draft)?;
        let endorsement = draft.finish().map_err(IdentityError::Draft)?;
        Self::assemble(seed, endorsement, prekeys, HomeRelays::NONE, realm)
    }

    /// Puts a device together from its seeds, the certificate its root gave it, its prekeys, of which
    /// the present one is in its card, and its home relays. The same parts give the same device.
    ///
    /// # Errors
    ///
    /// [`IdentityError::OtherKeys`] if the certificate is for other keys;
    /// [`IdentityError::KeyStore`].
    pub fn assemble(
        seed: &[u8; IDENTITY_SEED_OCTETS],
        endorsement: Endorsement<Certificate>,
        prekeys: Prekeys,
        homes: HomeRelays,
        realm: Realm,
    ) -> Result<Self, IdentityError> {
        let parts = Seeds::of(seed);
        let mut keys = parts.keys();
        prekeys.fill(&mut keys);
        let certificate = endorsement.content();
        let own = (
            keys.signing_key().to_bytes(),
            keys.identity_key(),
            parts.transport().public().to_bytes(),
        );
        let certified =
            (certificate.signing_key, certificate.identity_key, certificate.transport_key);
        if own != certified {
            return Err(IdentityError::OtherKeys);
        }
        let (prekey, expiry) = (prekeys.present(), prekeys.expiry());
        let label_key = parts.label_key;
        let card = Card::sign(&keys, realm, endorsement, prekey, expiry, label_key, homes.clone())
            .map_err(IdentityError::KeyStore)?;
        Ok(Self { seed: Zeroizing::new(*seed), prekeys, keys, homes, card })
    }

    /// The same device under another certificate for its keys: of another account, or with other
    /// permissions.
    ///
    /// # Errors
    ///
    /// Those of [`Identity::assemble`].
    pub fn certified_by(
        &self,
        endorsement: Endorsement<Certificate>,
        realm: Realm,
    ) -> Result<Self, IdentityError> {
        Self::assemble(&self.seed, endorsement, self.prekeys.clone(), self.homes.clone(), realm)
    }

    /// The same device with what changes more often: prekeys and home relays, and so with another card.
    /// "Who changes home relays makes a new prekey, so that the newer card counts" (spec/10-identity.md,
    /// "Card").
    ///
    /// # Errors
    ///
    /// Those of [`Identity::assemble`].
    pub fn renewed(
        &self,
        prekeys: Prekeys,
        homes: HomeRelays,
        realm: Realm,
    ) -> Result<Self, IdentityError> {
        Self::assemble(&self.seed, self.card.endorsement().clone(), prekeys, homes, realm)
    }

    /// What a program keeps of a device, encrypted: seeds ‖ certificate. The prekeys are not in it:
    /// they lie where they can be destroyed ([`PrekeyPage`](crate::vault::PrekeyPage)); nor are the home
    /// relays, which are a setting.
    #[must_use]
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        let certificate = self.card.endorsement().to_bytes();
        Zeroizing::new([&self.seed[..], &certificate].concat())
    }

    /// Reads what [`Identity::to_secret_bytes`] gave.
    ///
    /// # Errors
    ///
    /// The octets are none of a device, or its certificate is for other keys.
    pub fn from_secret_bytes(
        input: &[u8],
        prekeys: Prekeys,
        homes: HomeRelays,
        realm: Realm,
    ) -> Result<Self, IdentityError> {
        type Kept = (Zeroizing<[u8; IDENTITY_SEED_OCTETS]>, Endorsement<Certificate>);
        fn read(input: &[u8]) -> Parsed<'_, Kept> {
            let (rest, seed) = framing::field("seed", octets::<IDENTITY_SEED_OCTETS>)(input)?;
            let (rest, endorsement) = Endorsement::read(rest)?;
            Ok((rest, (Zeroizing::new(seed), endorsement)))
        }
        let (seed, endorsement) = framing::parse_all(input, read).map_err(IdentityError::Decode)?;
        Self::assemble(&seed, endorsement, prekeys, homes, realm)
    }

    /// The public half.
    #[must_use]
    pub const fn card(&self) -> &Card {
        &self.card
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.card.certificate().account
    }

    /// The device's number.
    #[must_use]
    pub const fn device(&self) -> u8 {
        self.card.device()
    }

    /// Who its envelopes and statements are by.
    #[must_use]
    pub fn signer(&self) -> Signer {
        let key = self.keys.signing_key();
        Signer { account: *self.account(), device: self.device(), key }
    }

    /// The prekeys: the one in the card and those before it.
    #[must_use]
    pub const fn prekeys(&self) -> &Prekeys {
        &self.prekeys
    }

    /// The device's keys, to sign and agree with.
    #[must_use]
    pub const fn keys(&self) -> &SoftwareKeys {
        &self.keys
    }

    /// The device's signing key.
    #[must_use]
    pub const fn signing_key(&self) -> &SignKey {
        self.keys.sign_key()
    }

    /// The seed of the Ed25519 key this device shows to relays.
    #[must_use]
    pub fn transport_seed(&self) -> Zeroizing<[u8; 32]> {
        Seeds::of(&self.seed).transport
    }

    /// The seed of the Ed25519 key this device signs with where it is a server: a ledger's
    /// checkpoints. It is derived, so that no key signs in two formats.
    #[must_use]
    pub fn ledger_seed(&self) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        digest::derive(&*self.seed, "chappe-ledger-key/1", &[], &mut *out);
        out
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity of {}, device {}", self.account().id(), self.device())
    }
}

/// The seeds by their names.
struct Seeds {
    signing: Zeroizing<[u8; 32]>,
    identity: Zeroizing<[u8; 32]>,
    transport: Zeroizing<[u8; 32]>,
    label_key: LabelKey,
}

impl Seeds {
    fn of(seed: &[u8; IDENTITY_SEED_OCTETS]) -> Self {
        let mut rest: &[u8] = seed;
        Self {
            signing: Zeroizing::new(take_chunk(&mut rest)),
            identity: Zeroizing::new(take_chunk(&mut rest)),
            transport: Zeroizing::new(take_chunk(&mut rest)),
            label_key: LabelKey(take_chunk(&mut rest)),
        }
    }

    fn keys(&self) -> SoftwareKeys {
        SoftwareKeys::from_seeds(&self.signing, &self.identity)
    }

    fn transport(&self) -> SignKey {
        SignKey::from_seed(&self.transport)
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

/// Why parts do not make a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityError {
    /// The octets are none of a device.
    Decode(DecodeError),
    /// The certificate is for other keys than the seeds give.
    OtherKeys,
    /// The root did not endorse it.
    Draft(DraftError),
    /// The card could not be signed.
    KeyStore(KeyStoreError),
}

impl IdentityError {
    /// The registered name (spec/00-conventions.md, "Error names").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode(error) => error.kind.name(),
            Self::OtherKeys | Self::Draft(_) | Self::KeyStore(_) => ErrorKind::Inconsistent.name(),
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => write!(f, "not a device: {error}"),
            Self::OtherKeys => f.write_str("the certificate is for other keys than this device's"),
            Self::Draft(error) => write!(f, "not certified: {error}"),
            Self::KeyStore(error) => write!(f, "no card: {error}"),
        }
    }
}

impl core::error::Error for IdentityError {}
