//! Fields that run to the end of a message: ASCII text and hexadecimal data.
//!
//! On the standard wire neither begins at an octet boundary. Both types are views over the bits
//! where they lie; nothing is copied until someone asks for the characters.

use crate::error::{DecodeError, ErrorKind};
use crate::limits::SIGNAL_TEXT_OCTETS_MAX;
use bitvec::field::BitField;
use bitvec::order::Msb0;
use bitvec::slice::BitSlice;
use core::fmt;

/// The bits of a message where they lie, the most significant bit of each octet first.
pub type Bits = BitSlice<u8, Msb0>;

/// A text of 7-bit characters (4.1.2), wherever in an octet it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(&'a Bits);

impl<'a> Text<'a> {
    /// A view over a string.
    ///
    /// # Errors
    ///
    /// `BadCharacter` at a character above U+007F, `TooLong` beyond
    /// [`SIGNAL_TEXT_OCTETS_MAX`]; offsets count characters.
    pub fn new(text: &'a str) -> Result<Self, DecodeError> {
        Self::from_field(text, "Text")
    }

    /// As [`Text::new`], for the field of that name.
    pub(super) fn from_field(text: &'a str, field: &'static str) -> Result<Self, DecodeError> {
        // Before the first character above U+007F, octets and characters are the same.
        if let Some(at) = text.bytes().position(|octet| !octet.is_ascii()) {
            return Err(DecodeError::at_character(ErrorKind::BadCharacter, field, at));
        }
        if text.len() > SIGNAL_TEXT_OCTETS_MAX {
            let at = SIGNAL_TEXT_OCTETS_MAX;
            return Err(DecodeError::at_character(ErrorKind::TooLong, field, at));
        }
        Ok(Self(BitSlice::from_slice(text.as_bytes())))
    }

    /// A view over whole characters on the wire; gives the index of the first that is not ASCII.
    pub(super) fn from_bits(bits: &'a Bits) -> Result<Self, usize> {
        let text = Self(bits);
        match text.octets().position(|octet| !octet.is_ascii()) {
            Some(index) => Err(index),
            None => Ok(text),
        }
    }

    /// How many characters it has.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.len() / 8
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Its characters as octets below 128.
    #[expect(clippy::disallowed_methods, reason = "eight is not zero")]
    pub fn octets(self) -> impl Iterator<Item = u8> + 'a {
        self.0.chunks_exact(8).map(|octet| octet.load_be::<u8>())
    }

    /// Its characters.
    pub fn chars(self) -> impl Iterator<Item = char> + 'a {
        self.octets().map(char::from)
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars().try_for_each(|character| fmt::Write::write_char(f, character))
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_char(f, '"')?;
        self.chars().try_for_each(|character| write!(f, "{}", character.escape_debug()))?;
        fmt::Write::write_char(f, '"')
    }
}

/// Octets carried as hexadecimal digits of four bits each (4.3.5.1), wherever they begin.
///
/// Always an even number of digits: zero padding to the octet would make an odd number look like
/// one more (spec/01-signal.md, "Decisions").
#[derive(Clone, Copy)]
pub struct CryptoData<'a>(Digits<'a>);

/// Where the digits lie.
#[derive(Clone, Copy)]
enum Digits<'a> {
    Wire(&'a Bits),
    Text(&'a str),
}

impl<'a> CryptoData<'a> {
    /// A view over octets.
    ///
    /// # Errors
    ///
    /// `TooLong` beyond [`SIGNAL_TEXT_OCTETS_MAX`]; the offset counts digits.
    pub fn new(octets: &'a [u8]) -> Result<Self, DecodeError> {
        if octets.len() > SIGNAL_TEXT_OCTETS_MAX {
            let at = SIGNAL_TEXT_OCTETS_MAX.saturating_mul(2);
            return Err(DecodeError::at_character(ErrorKind::TooLong, "CryptoData", at));
        }
        Ok(Self(Digits::Wire(BitSlice::from_slice(octets))))
    }

    /// A view over hexadecimal digits, either case.
    ///
    /// # Errors
    ///
    /// `BadCharacter`, `TooShort` for an odd number of digits, `TooLong`; offsets count characters.
    pub fn from_hexadecimal(text: &'a str) -> Result<Self, DecodeError> {
        let refuse = |kind, at| Err(DecodeError::at_character(kind, "CryptoData", at));
        if let Some(at) = text.bytes().position(|octet| !octet.is_ascii_hexdigit()) {
            return refuse(ErrorKind::BadCharacter, at);
        }
        if !text.len().is_multiple_of(2) {
            return refuse(ErrorKind::TooShort, text.len());
        }
        if text.len() / 2 > SIGNAL_TEXT_OCTETS_MAX {
            return refuse(ErrorKind::TooLong, SIGNAL_TEXT_OCTETS_MAX.saturating_mul(2));
        }
        Ok(Self(Digits::Text(text)))
    }

    /// A view over whole octets on the wire.
    pub(super) const fn from_bits(bits: &'a Bits) -> Self {
        Self(Digits::Wire(bits))
    }

    /// How many octets it has.
    #[must_use]
    pub fn len(self) -> usize {
        match self.0 {
            Digits::Wire(bits) => bits.len() / 8,
            Digits::Text(text) => text.len() / 2,
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Its octets.
    #[expect(clippy::disallowed_methods, reason = "neither eight nor two is zero")]
    pub fn octets(self) -> impl Iterator<Item = u8> + 'a {
        let (bits, text) = match self.0 {
            Digits::Wire(bits) => (bits, ""),
            Digits::Text(text) => (BitSlice::empty(), text),
        };
        let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let from_text = text.as_bytes().chunks_exact(2).map(move |pair| {
            pair.iter().fold(0_u8, |octet, next| octet.wrapping_shl(4) | digit(*next).unwrap_or(0))
        });
        bits.chunks_exact(8).map(|octet| octet.load_be::<u8>()).chain(from_text)
    }
}

impl PartialEq for CryptoData<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.octets().eq(other.octets())
    }
}

impl Eq for CryptoData<'_> {}

/// Lower-case hexadecimal digits.
impl fmt::Display for CryptoData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.octets().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for CryptoData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
