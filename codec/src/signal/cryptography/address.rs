//! Addresses of blockchains (spec/12-whiteflag-cryptography.md, "Addresses").

use super::authentication::VerificationKey;
use super::base58;
use super::error::{CryptographyError, CryptographyErrorKind};
use crate::digest::sha256;
use crate::error::ErrorKind;
use crate::limits::{WHITEFLAG_ADDRESS_CHARACTERS_MAX, WHITEFLAG_ADDRESS_OCTETS_MAX};
use alloc::string::String;
use alloc::vec::Vec;
use blake2::Blake2b512;
use ripemd::Ripemd160;
use sha2::Digest;
use sha3::Keccak256;

/// How an address is written, and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// 25 octets with their checksum: Bitcoin.
    Base58Check,
    /// 35 octets with their checksum: Substrate.
    Ss58,
    /// 20 octets in hexadecimal digits: Ethereum.
    Hexadecimal,
    /// As its blockchain has it.
    Other,
}

/// An address: its text, which claims name, and its binary form, which keys are derived with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    kind: AddressKind,
    text: String,
    binary: Vec<u8>,
}

impl Address {
    /// Reads an address in Base58Check. Its binary form has all 25 octets, as 5.2.3 shows.
    ///
    /// # Errors
    ///
    /// In `address`: `bad_character`, `too_short`, `too_long`, `bad_checksum`.
    pub fn from_base58check(text: &str) -> Result<Self, CryptographyError> {
        let binary = base58::decode(text)?;
        expect_length(&binary, 25)?;
        let (body, checksum) = binary.split_at_checked(21).unwrap_or_default();
        expect_checksum(sha256(&sha256(body)).starts_with(checksum))?;
        Ok(Self { kind: AddressKind::Base58Check, text: text.into(), binary })
    }

    /// Reads an address in SS58 of a network below 64.
    ///
    /// # Errors
    ///
    /// In `address`: as [`Address::from_base58check`], and `out_of_range` for other networks.
    pub fn from_ss58(text: &str) -> Result<Self, CryptographyError> {
        let binary = base58::decode(text)?;
        expect_length(&binary, 35)?;
        if binary.first().is_none_or(|network| *network >= 64) {
            return Err(CryptographyError::format(ErrorKind::OutOfRange, "address"));
        }
        let (body, checksum) = binary.split_at_checked(33).unwrap_or_default();
        let hash = Blake2b512::new_with_prefix(b"SS58PRE").chain_update(body).finalize();
        expect_checksum(hash.starts_with(checksum))?;
        Ok(Self { kind: AddressKind::Ss58, text: text.into(), binary })
    }

    /// Reads an address of 20 octets in hexadecimal digits of either case, `0x` before them or not.
    ///
    /// # Errors
    ///
    /// In `address`: `bad_character`, `too_short`, `too_long`.
    pub fn from_hexadecimal(text: &str) -> Result<Self, CryptographyError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let digit =
            |octet: u8| char::from(octet).to_digit(16).and_then(|one| u8::try_from(one).ok());
        let values: Option<Vec<u8>> = digits.bytes().map(digit).collect();
        let values = values.ok_or(CryptographyError::format(ErrorKind::BadCharacter, "address"))?;
        expect_length(&values, 40)?;
        let binary =
            values.as_chunks::<2>().0.iter().map(|[high, low]| (high << 4) | low).collect();
        Ok(Self { kind: AddressKind::Hexadecimal, text: text.into(), binary })
    }

    /// An address of another blockchain: its text, and its binary form as that blockchain has it.
    ///
    /// # Errors
    ///
    /// In `address`: `too_short` if either is empty, `too_long`.
    pub fn other(text: &str, binary: &[u8]) -> Result<Self, CryptographyError> {
        if text.is_empty() || binary.is_empty() {
            return Err(CryptographyError::format(ErrorKind::TooShort, "address"));
        }
        if text.len() > WHITEFLAG_ADDRESS_CHARACTERS_MAX
            || binary.len() > WHITEFLAG_ADDRESS_OCTETS_MAX
        {
            return Err(CryptographyError::format(ErrorKind::TooLong, "address"));
        }
        Ok(Self { kind: AddressKind::Other, text: text.into(), binary: binary.to_vec() })
    }

    /// How it is written.
    #[must_use]
    pub const fn kind(&self) -> AddressKind {
        self.kind
    }

    /// Its text, as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its octets: the info of key derivation.
    #[must_use]
    pub fn binary(&self) -> &[u8] {
        &self.binary
    }

    /// Whether a text names this address.
    #[must_use]
    pub fn is_written(&self, text: &str) -> bool {
        let other = match self.kind {
            AddressKind::Base58Check => Self::from_base58check(text),
            AddressKind::Ss58 => Self::from_ss58(text),
            AddressKind::Hexadecimal => Self::from_hexadecimal(text),
            AddressKind::Other => return self.text == text,
        };
        other.is_ok_and(|other| other.binary == self.binary)
    }

    /// Whether it is this key's, where that can be computed.
    #[must_use]
    pub fn belongs_to(&self, key: &VerificationKey) -> Option<bool> {
        match self.kind {
            AddressKind::Base58Check => {
                let [0x00 | 0x6F, hash @ .., _, _, _, _] = self.binary.as_slice() else {
                    return None;
                };
                let is_of = |key: &[u8]| Ripemd160::digest(sha256(key)).as_slice() == hash;
                Some(key.secp256k1().is_some_and(|(short, long)| is_of(&short) || is_of(&long)))
            }
            AddressKind::Hexadecimal => Some(key.secp256k1().is_some_and(|(_, long)| {
                let [_, coordinates @ ..] = long;
                Keccak256::digest(coordinates).ends_with(&self.binary)
            })),
            // The key of an SS58 address may be of another curve.
            AddressKind::Ss58 => {
                let key = key.ed25519()?;
                Some(self.binary.get(1..33) == Some(key.as_slice()))
            }
            AddressKind::Other => None,
        }
    }
}

fn expect_length(octets: &[u8], length: usize) -> Result<(), CryptographyError> {
    match octets.len().cmp(&length) {
        core::cmp::Ordering::Less => Err(CryptographyError::format(ErrorKind::TooShort, "address")),
        core::cmp::Ordering::Greater => {
            Err(CryptographyError::format(ErrorKind::TooLong, "address"))
        }
        core::cmp::Ordering::Equal => Ok(()),
    }
}

fn expect_checksum(holds: bool) -> Result<(), CryptographyError> {
    let kind = CryptographyErrorKind::Format(ErrorKind::BadChecksum);
    if holds { Ok(()) } else { Err(CryptographyError::new(kind, "address")) }
}
