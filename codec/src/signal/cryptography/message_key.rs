//! Encrypting and decrypting one message (4.1.4, 5.2.4.1).

use super::address::Address;
use super::derivation::{NEGOTIATED_SALT, PRE_SHARED_SALT, derive};
use super::error::CryptographyError;
use super::secret::SharedSecret;
use super::vector::InitialisationVector;
use crate::error::ErrorKind;
use crate::limits::SIGNAL_OCTETS_MAX;
use crate::signal::code::{CryptoDataType, EncryptionIndicator};
use crate::signal::message::Message;
use crate::signal::standard::encryption_of;
use aes::Aes256;
use alloc::vec::Vec;
use core::fmt;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use zeroize::Zeroizing;

/// Prefix, version and encryption indicator are never encrypted: 32 bits.
const PLAIN_OCTETS: usize = 4;

/// Where the secret of a key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Encryption indicator 1: agreed on by ECDH.
    Negotiated,
    /// Encryption indicator 2: shared beforehand.
    PreShared,
}

impl Method {
    /// The encryption indicator of the method.
    #[must_use]
    pub const fn indicator(self) -> EncryptionIndicator {
        match self {
            Self::Negotiated => EncryptionIndicator::NEGOTIATED_KEY,
            Self::PreShared => EncryptionIndicator::SHARED_KEY,
        }
    }

    /// The method a message names.
    ///
    /// # Errors
    ///
    /// In `EncryptionIndicator`: `unexpected` if it is not encrypted, `unsupported` for a method the
    /// standard does not define.
    pub fn of_indicator(indicator: EncryptionIndicator) -> Result<Self, CryptographyError> {
        let refuse = |kind| Err(CryptographyError::format(kind, "EncryptionIndicator"));
        match indicator {
            EncryptionIndicator::NEGOTIATED_KEY => Ok(Self::Negotiated),
            EncryptionIndicator::SHARED_KEY => Ok(Self::PreShared),
            EncryptionIndicator::NONE => refuse(ErrorKind::Unexpected),
            _ => refuse(ErrorKind::Unsupported),
        }
    }

    /// The method of encrypted octets, of which everybody can read this much.
    ///
    /// # Errors
    ///
    /// As [`Method::of_indicator`], and those of [`encryption_of`].
    pub fn of_octets(octets: &[u8]) -> Result<Self, CryptographyError> {
        Self::of_indicator(encryption_of(octets)?)
    }

    pub(super) const fn vector_type(self) -> CryptoDataType {
        match self {
            Self::Negotiated => CryptoDataType(0x11),
            Self::PreShared => CryptoDataType(0x21),
        }
    }

    pub(super) const fn of_vector_type(data_type: CryptoDataType) -> Option<Self> {
        match data_type {
            CryptoDataType(0x11) => Some(Self::Negotiated),
            CryptoDataType(0x21) => Some(Self::PreShared),
            _ => None,
        }
    }
}

/// The key of one originator's messages by one method. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct MessageKey {
    method: Method,
    key: Zeroizing<[u8; 32]>,
}

impl MessageKey {
    /// Derives it (5.2.3); `originator` is the address that sends the messages.
    #[must_use]
    pub fn derive(method: Method, secret: &SharedSecret, originator: &Address) -> Self {
        let salt = match method {
            Method::Negotiated => &NEGOTIATED_SALT,
            Method::PreShared => &PRE_SHARED_SALT,
        };
        Self { method, key: derive(salt, secret.octets(), originator.binary()) }
    }

    /// A key that was derived elsewhere.
    #[must_use]
    pub fn from_derived(method: Method, key: Zeroizing<[u8; 32]>) -> Self {
        Self { method, key }
    }

    /// Encrypts a message. The vector comes from a healthy random source and is used once.
    ///
    /// # Errors
    ///
    /// In `EncryptionIndicator`: as [`Method::of_indicator`], and `inconsistent` if the message names
    /// the other method. What a message is written with stays whole: duress indicator and padding.
    pub fn encrypt(
        &self,
        message: &Message<'_>,
        vector: &InitialisationVector,
    ) -> Result<Vec<u8>, CryptographyError> {
        self.expect(Method::of_indicator(message.encryption)?)?;
        let mut octets = message.plain_octets();
        self.apply(&mut octets, vector);
        Ok(core::mem::take(&mut *octets))
    }

    /// Decrypts a message; [`Message::parse_decrypted`] reads the octets this gives.
    ///
    /// There is no integrity: a wrong key, a wrong vector or changed octets give other octets, and
    /// only by luck an error.
    ///
    /// # Errors
    ///
    /// In `EncryptionIndicator` as [`MessageKey::encrypt`]; `too_long` in `message`; those of
    /// [`encryption_of`].
    pub fn decrypt(
        &self,
        octets: &[u8],
        vector: &InitialisationVector,
    ) -> Result<Zeroizing<Vec<u8>>, CryptographyError> {
        self.expect(Method::of_octets(octets)?)?;
        if octets.len() > SIGNAL_OCTETS_MAX {
            return Err(CryptographyError::format(ErrorKind::TooLong, "message"));
        }
        let mut octets = Zeroizing::new(octets.to_vec());
        self.apply(&mut octets, vector);
        Ok(octets)
    }

    fn expect(&self, method: Method) -> Result<(), CryptographyError> {
        if method == self.method {
            return Ok(());
        }
        Err(CryptographyError::format(ErrorKind::Inconsistent, "EncryptionIndicator"))
    }

    /// The key stream over all but the first 32 bits; the counter has 128 bits.
    fn apply(&self, octets: &mut [u8], vector: &InitialisationVector) {
        let encrypted = octets.get_mut(PLAIN_OCTETS..).unwrap_or_default();
        let mut cipher = Ctr128BE::<Aes256>::new((&*self.key).into(), (&vector.0).into());
        cipher.apply_keystream(encrypted);
    }
}

impl fmt::Debug for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageKey({:?}, ..)", self.method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST SP 800-38A F.5.5, its first block, laid behind the 32 bits that stay plain.
    #[test]
    fn counter_mode_as_nist_says() {
        let key = [
            0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d,
            0x77, 0x81, 0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3,
            0x09, 0x14, 0xdf, 0xf4,
        ];
        let key = MessageKey { method: Method::PreShared, key: Zeroizing::new(key) };
        let vector = *b"\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff";
        let vector = InitialisationVector(vector);
        let mut octets = *b"WF12\x6b\xc1\xbe\xe2\x2e\x40\x9f\x96\xe9\x3d\x7e\x11\x73\x93\x17\x2a";
        key.apply(&mut octets, &vector);
        let expected = b"WF12\x60\x1e\xc3\x13\x77\x57\x89\xa5\xb7\xa7\xf5\x04\xbb\xf3\xd2\x28";
        assert_eq!(&octets, expected);
        assert_eq!(alloc::format!("{key:?}"), "MessageKey(PreShared, ..)");
    }
}
