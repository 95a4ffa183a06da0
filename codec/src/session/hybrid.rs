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

/// The root of the epoch behind a hybrid step, from `carry_k`, X25519(f, P) and the shared secret:
/// `KDF(carry_k ‖ X25519(f, P) ‖ shared secret, "chappe-hybrid-step/1", k + 1, F, SHA-256(encapsulation
/// key), SHA-256(ciphertext), 32)`.
pub(super) fn next_root(
    secrets: [&[u8; 32]; 3],
    epoch: u32,
    offered: &[u8; 32],
    key: &[u8; ENCAPSULATION_KEY_OCTETS],
    ciphertext: &[u8; CIPHERTEXT_OCTETS],
) -> Zeroizing<[u8; 32]> {
    let secret: Zeroizing<[u8; 96]> = agreement::joined(&secrets);
    let parts: [&[u8]; 4] =
        [&epoch.to_be_bytes(), offered, &digest::sha256(key), &digest::sha256(ciphertext)];
    agreement::derive_key(&*secret, "chappe-hybrid-step/1", &parts)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // an overflow in a test fails the test
mod tests {
    use super::*;

    /// The first test vector of draft-connolly-cfrg-xwing-kem-06, appendix C; key and ciphertext by
    /// their SHA-256.
    #[test]
    fn known_answer_of_the_draft() {
        let seed = hex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
        let key = encapsulation_key(&seed);
        let expected = hex("2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb");
        assert_eq!(digest::sha256(&*key), expected);
        assert!(is_encapsulation_key(&key));
        let fresh: [u8; 64] =
            hex("3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2\
             35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2");
        let (mut ciphertext, shared) = encapsulate(&key, &fresh).unwrap();
        let expected = hex("17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33");
        assert_eq!(digest::sha256(&*ciphertext), expected);
        let expected = hex("d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384");
        assert_eq!((*shared, *decapsulate(&seed, &ciphertext)), (expected, expected));
        ciphertext[0] ^= 1;
        assert_ne!(*decapsulate(&seed, &ciphertext), expected);
    }

    #[test]
    fn what_is_no_encapsulation_key_is_not_used() {
        let none = [0xFF; ENCAPSULATION_KEY_OCTETS];
        assert!(!is_encapsulation_key(&none) && encapsulate(&none, &[0; 64]).is_none());
    }

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        core::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
    }
}
