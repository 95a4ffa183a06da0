//! What key derivation starts from (spec/12-whiteflag-cryptography.md, "Shared secrets").

use super::error::CryptographyError;
use crate::error::ErrorKind;
use crate::limits::{WHITEFLAG_SECRET_OCTETS_MAX, WHITEFLAG_SECRET_OCTETS_MIN};
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

/// A pre-shared key, a token, or what two participants agreed on. Wiped when dropped, never shown.
///
/// It is of this chapter alone: no key of [`crate::key`] or [`crate::envelope`] becomes one.
#[derive(Clone)]
pub struct SharedSecret(Zeroizing<Vec<u8>>);

impl SharedSecret {
    /// Takes octets that nobody else can guess. They cannot be looked into for that; what is
    /// refused is what cannot be a key at all.
    ///
    /// # Errors
    ///
    /// In `secret`: `weak_key` for less than 16 octets (5.2.3) or for octets all the same;
    /// `too_long`.
    pub fn new(octets: &[u8]) -> Result<Self, CryptographyError> {
        Self::in_field(octets, "secret")
    }

    /// The same for a token, refused under its own name.
    ///
    /// # Errors
    ///
    /// As [`SharedSecret::new`], in `token`.
    pub fn token(octets: &[u8]) -> Result<Self, CryptographyError> {
        Self::in_field(octets, "token")
    }

    fn in_field(octets: &[u8], field: &'static str) -> Result<Self, CryptographyError> {
        let all_the_same = octets.iter().all(|octet| Some(octet) == octets.first());
        if octets.len() < WHITEFLAG_SECRET_OCTETS_MIN || all_the_same {
            return Err(CryptographyError::weak(field));
        }
        if octets.len() > WHITEFLAG_SECRET_OCTETS_MAX {
            return Err(CryptographyError::format(ErrorKind::TooLong, field));
        }
        Ok(Self(Zeroizing::new(octets.to_vec())))
    }

    /// What a point gave: it has the right length, and no two keys meet in it by chance.
    pub(super) fn agreed(x: &[u8]) -> Self {
        Self(Zeroizing::new(x.to_vec()))
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}
