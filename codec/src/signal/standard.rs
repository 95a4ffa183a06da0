//! The standard wire: compressed fields one after another, none of them aligned (4.1.3), zero bits
//! up to the next octet.

use super::code::{EncryptionIndicator, ReferenceIndicator};
use super::field::Field;
use super::message::Message;
use super::order::{self, Sink};
use super::text::{CryptoData, Text};
use super::wire::{Reader, Writer};
use crate::error::{DecodeError, ErrorKind};
use crate::limits::SIGNAL_OCTETS_MAX;
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

impl<'a> Message<'a> {
    /// Reads a whole message from the standard wire; text and data stay where they are.
    ///
    /// # Errors
    ///
    /// Named by the standard's field name and the bit the field, or the wrong digit in it, begins
    /// at. Octets after the message are `Trailing`, padding that is not zero is `BadPadding`, an
    /// encrypted message is `Unsupported` in `EncryptionIndicator`.
    pub fn parse_standard(octets: &'a [u8]) -> Result<Self, DecodeError> {
        expect_short(octets)?;
        let mut reader = Reader::new(octets);
        let message = order::read(&mut reader)?;
        reader.finish()?;
        Ok(message)
    }

    /// Reads a message that was decrypted: plain octets, whatever encryption they name
    /// (spec/12-whiteflag-cryptography.md, "Encryption").
    ///
    /// # Errors
    ///
    /// As [`Message::parse_standard`], but for `Unsupported`.
    pub fn parse_decrypted(octets: &'a [u8]) -> Result<Self, DecodeError> {
        expect_short(octets)?;
        let mut reader = Reader::new(octets);
        let message = order::read_decrypted(&mut reader)?;
        reader.finish()?;
        Ok(message)
    }

    /// How many bits the message takes on the standard wire, before padding.
    #[must_use]
    pub fn standard_bits(&self) -> usize {
        let mut count = Counter(0);
        order::write(self, &mut count);
        count.0
    }

    /// Writes the standard wire to the beginning of `out`; gives the number of octets written.
    ///
    /// # Errors
    ///
    /// `out` is too short, or the message names an encryption: plain octets under that name would
    /// be read as ciphertext.
    pub fn to_standard(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        if self.encryption != EncryptionIndicator::NONE {
            return Err(EncodeError::Encrypted(self.encryption));
        }
        let octets_needed = self.standard_bits().div_ceil(8);
        let too_short = EncodeError::TooShort { octets_needed };
        let out = out.get_mut(..octets_needed).ok_or(too_short)?;
        let mut writer = Writer::new(out);
        order::write(self, &mut writer);
        writer.finish();
        Ok(octets_needed)
    }

    /// The standard wire in a buffer of its own.
    ///
    /// # Errors
    ///
    /// The message names an encryption.
    pub fn to_standard_vec(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = alloc::vec![0; self.standard_bits().div_ceil(8)];
        self.to_standard(&mut out)?;
        Ok(out)
    }
}

impl Message<'_> {
    /// The standard wire that encryption goes over. Plain octets under the name of an encryption: they
    /// must not leave the program.
    pub(super) fn plain_octets(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(alloc::vec![0; self.standard_bits().div_ceil(8)]);
        let mut writer = Writer::new(&mut out);
        order::write(self, &mut writer);
        writer.finish();
        out
    }
}

fn expect_short(octets: &[u8]) -> Result<(), DecodeError> {
    if octets.len() <= SIGNAL_OCTETS_MAX {
        return Ok(());
    }
    let bit = SIGNAL_OCTETS_MAX.saturating_mul(8);
    Err(DecodeError::at_bit(ErrorKind::TooLong, "message", bit))
}

/// What everybody can read of a message, encrypted or not (4.1.4): which encryption it names.
///
/// # Errors
///
/// Not a message of version 1.
pub fn encryption_of(octets: &[u8]) -> Result<EncryptionIndicator, DecodeError> {
    order::read_preamble(&mut Reader::new(octets))
}

/// Why a message or text was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is too short.
    TooShort {
        /// How long it must be.
        octets_needed: usize,
    },
    /// The message is to be encrypted, which this form cannot express.
    Encrypted(EncryptionIndicator),
    /// A message with this indicator does not repeat another (4.2.1.7).
    NoRepeat(ReferenceIndicator),
    /// A text longer than any may be.
    TooLong {
        /// How many octets of UTF-8 it may have.
        octets_max: usize,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { octets_needed } => {
                write!(f, "the buffer is shorter than the {octets_needed} octets needed")
            }
            Self::Encrypted(indicator) => {
                write!(f, "EncryptionIndicator {indicator}: this form holds plain messages only")
            }
            Self::NoRepeat(indicator) => {
                write!(f, "a message with ReferenceIndicator {indicator} repeats no other")
            }
            Self::TooLong { octets_max } => write!(f, "longer than {octets_max} octets"),
        }
    }
}

impl core::error::Error for EncodeError {}

/// Counts bits.
struct Counter(usize);

impl Counter {
    fn add(&mut self, bits: usize) {
        self.0 = self.0.saturating_add(bits);
    }
}

impl<'a> Sink<'a> for Counter {
    #[inline]
    fn fixed(&mut self, field: &'static Field, _: u64) {
        self.add(usize::try_from(field.bits()).unwrap_or(0));
    }

    #[inline]
    fn identifier(&mut self, _: &'static Field, identifier: &[u8; 32]) {
        self.add(identifier.len().saturating_mul(8));
    }

    fn text(&mut self, _: &'static Field, text: Text<'a>) {
        self.add(text.len().saturating_mul(8));
    }

    fn hexadecimal(&mut self, _: &'static Field, data: CryptoData<'a>) {
        self.add(data.len().saturating_mul(8));
    }
}
