//! Keys of originators, handed in: what the ledger says, never what a JWS says.

use crate::error::ErrorKind;
use crate::key;
use crate::signal::cryptography::error::{CryptographyError, CryptographyErrorKind};
use core::fmt;
use p256::ecdsa::signature::Verifier;

/// How a JWS is signed (RFC 7518 §3.1, RFC 8037, RFC 8812).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on secp256k1 with SHA-256.
    Es256k,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Its registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es256k => "ES256K",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Es256, Self::Es256k, Self::EdDsa].into_iter().find(|one| one.name() == name)
    }
}

/// The public key of an originator's address. Its type decides how a signature is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationKey(Key);

#[derive(Clone, PartialEq, Eq)]
enum Key {
    P256(p256::ecdsa::VerifyingKey),
    Secp256k1(k256::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl VerificationKey {
    /// A point of P-256 in the form of SEC 1, compressed or not.
    ///
    /// # Errors
    ///
    /// In `key`: `weak_key` for the point at infinity, `bad_literal` for another form, `too_short`,
    /// `too_long`, `inconsistent` for what is no point.
    pub fn from_p256(octets: &[u8]) -> Result<Self, CryptographyError> {
        expect_sec1(octets)?;
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(octets);
        key.map(|key| Self(Key::P256(key))).map_err(|_| refuse(ErrorKind::Inconsistent))
    }

    /// A point of secp256k1 in the form of SEC 1, compressed or not.
    ///
    /// # Errors
    ///
    /// As [`VerificationKey::from_p256`].
    pub fn from_secp256k1(octets: &[u8]) -> Result<Self, CryptographyError> {
        expect_sec1(octets)?;
        let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(octets);
        key.map(|key| Self(Key::Secp256k1(key))).map_err(|_| refuse(ErrorKind::Inconsistent))
    }

    /// An Ed25519 key, as chapter 00 takes them.
    ///
    /// # Errors
    ///
    /// In `key`: `too_short`, `too_long`, `inconsistent` for what is no key, `weak_key`.
    pub fn from_ed25519(octets: &[u8]) -> Result<Self, CryptographyError> {
        let octets = octets.try_into().map_err(|_| {
            refuse(if octets.len() < 32 { ErrorKind::TooShort } else { ErrorKind::TooLong })
        })?;
        match key::verifying_key(octets) {
            Ok(key) => Ok(Self(Key::Ed25519(key))),
            Err(key::KeyError::WeakKey) => Err(CryptographyError::weak("key")),
            Err(_) => Err(refuse(ErrorKind::Inconsistent)),
        }
    }

    /// How signatures under it are verified.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Key::P256(_) => Algorithm::Es256,
            Key::Secp256k1(_) => Algorithm::Es256k,
            Key::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Verifies a signature over octets, as they are; [`verify`](super::verify) is what a program uses.
    ///
    /// # Errors
    ///
    /// `bad_signature` in `signature`.
    pub fn verify_octets(
        &self,
        signed: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), CryptographyError> {
        let good = match &self.0 {
            Key::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(signed, &signature).is_ok()),
            // RFC 8812 knows no rule that s is the smaller one; this crate insists on it.
            Key::Secp256k1(key) => k256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(signed, &signature.normalize_s()).is_ok()),
            Key::Ed25519(key) => {
                let signature = ed25519_dalek::Signature::from_bytes(signature);
                key.verify_strict(signed, &signature).is_ok()
            }
        };
        if good {
            Ok(())
        } else {
            Err(CryptographyError::new(CryptographyErrorKind::BadSignature, "signature"))
        }
    }

    /// The point of a secp256k1 key, compressed and not.
    pub(in super::super) fn secp256k1(&self) -> Option<([u8; 33], [u8; 65])> {
        let Key::Secp256k1(key) = &self.0 else { return None };
        let (mut short, mut long) = ([0; 33], [0; 65]);
        copy(&mut short, key.to_sec1_point(true).as_bytes());
        copy(&mut long, key.to_sec1_point(false).as_bytes());
        Some((short, long))
    }

    pub(in super::super) fn ed25519(&self) -> Option<[u8; 32]> {
        let Key::Ed25519(key) = &self.0 else { return None };
        Some(key.to_bytes())
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerificationKey({})", self.algorithm().name())
    }
}

/// SEC 1 §2.3.4, without the hybrid and compact forms: they are other names of the same point.
fn expect_sec1(octets: &[u8]) -> Result<(), CryptographyError> {
    let expected = match octets.first() {
        None => return Err(refuse(ErrorKind::TooShort)),
        Some(0) if octets.len() == 1 => return Err(CryptographyError::weak("key")),
        Some(2 | 3) => 33,
        Some(4) => 65,
        Some(_) => return Err(refuse(ErrorKind::BadLiteral)),
    };
    match octets.len().cmp(&expected) {
        core::cmp::Ordering::Less => Err(refuse(ErrorKind::TooShort)),
        core::cmp::Ordering::Greater => Err(refuse(ErrorKind::TooLong)),
        core::cmp::Ordering::Equal => Ok(()),
    }
}

const fn refuse(kind: ErrorKind) -> CryptographyError {
    CryptographyError::format(kind, "key")
}

fn copy(to: &mut [u8], from: &[u8]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}
