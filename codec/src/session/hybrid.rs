//! X-Wing, which makes a session post-quantum: ML-KEM-768 with X25519
//! (draft-connolly-cfrg-xwing-kem; spec/11-session.md, "Hybrid step").

use super::agreement;
use crate::digest;
use alloc::boxed::Box;
use x_wing::{Decapsulate, DecapsulationKey, Decapsulator, EncapsulationKey, KeyExport};
use zeroize::Zeroizing;

/// Octets of an encapsulation key.
pub(super) const ENCAPSULATION_KEY_OCTETS: usize = x_wing::ENCAPSULATION_KEY_SIZE;

/// Octets of a ciphertext.
pub(super) const CIPHERTEXT_OCTETS: usize = x_wing::CIPHERTEXT_SIZE;

/// Octets a key pair is made of.
pub(super) const SEED_OCTETS: usize = x_wing::DECAPSULATION_KEY_SIZE;

/// Octets an encapsulation is made of.
pub(super) const ENCAPSULATION_SEED_OCTETS: usize = x_wing::ENCAPSULATION_RANDOMNESS_SIZE;

/// The encapsulation key of a seed.
pub(super) fn encapsulation_key(seed: &[u8; SEED_OCTETS]) -> Box<[u8; ENCAPSULATION_KEY_OCTETS]> {
    Box::new(DecapsulationKey::from(*seed).encapsulation_key().to_bytes().into())
}

/// Whether these octets are an encapsulation key (FIPS 203, 7.2: "modulus check").
pub(super) fn is_encapsulation_key(octets: &[u8; ENCAPSULATION_KEY_OCTETS]) -> bool {
    EncapsulationKey::try_from(octets.as_slice()).is_ok()
}

/// A ciphertext and the shared secret.
type Encapsulated = (Box<[u8; CIPHERTEXT_OCTETS]>, Zeroizing<[u8; 32]>);

/// Encapsulates to a key with octets that are used for nothing else; `None` for what is no encapsulation key.
pub(super) fn encapsulate(
    key: &[u8; ENCAPSULATION_KEY_OCTETS],
    seed: &[u8; ENCAPSULATION_SEED_OCTETS],
) -> Option<Encapsulated> {
    let key = EncapsulationKey::try_from(key.as_slice()).ok()?;
    let (ciphertext, shared) = key.encapsulate_deterministic(seed.into());
    Some((Box::new(ciphertext.into()), Zeroizing::new(shared.into())))
}

/// The shared secret. Another ciphertext gives another secret, never an error (FIPS 203, 6.3).
pub(super) fn decapsulate(
    seed: &[u8; SEED_OCTETS],
    ciphertext: &[u8; CIPHERTEXT_OCTETS],
) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(DecapsulationKey::from(*seed).decapsulate(ciphertext.into()).into())
}

/// The root of the epoch behind a hybrid step.
pub(super) fn next_root(
    root: &[u8; 32],
    shared: &[u8; 32],
    epoch: u32,
    key: &[u8; ENCAPSULATION_KEY_OCTETS],
    ciphertext: &[u8; CIPHERTEXT_OCTETS],
) -> Zeroizing<[u8; 32]> {
    let secret: Zeroizing<[u8; 64]> = agreement::joined(&[root, shared]);
    let parts: [&[u8]; 3] =
        [&epoch.to_be_bytes(), &digest::sha256(key), &digest::sha256(ciphertext)];
    agreement::derive_key(&*secret, "chappe-hybrid-step/1", &parts)
}
