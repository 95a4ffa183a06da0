//! The text form: a message as one string of its uncompressed fields (4.1.2).

use super::field::Field;
use super::message::Message;
use super::order::{self, Source};
use super::text::{CryptoData, Text};
use crate::error::{DecodeError, ErrorKind, Unit};
use crate::framing::{self, field as named};
use alloc::string::String;
use core::fmt::{self, Write};
use nom::bytes::complete::take_while_m_n;

impl<'a> Message<'a> {
    /// Reads a whole message from its text form. Hexadecimal digits are read in either case.
    ///
    /// # Errors
    ///
    /// Named by the standard's field name; offsets count characters of `text`. What follows the
    /// message is `Trailing`.
    pub fn parse_serialized(text: &'a str) -> Result<Self, DecodeError> {
        let mut source = Serialized { text, position: 0, field_at: 0 };
        let message = order::read(&mut source)?;
        if source.position < text.len() {
            return Err(DecodeError::at_character(ErrorKind::Trailing, "end", source.position));
        }
        Ok(message)
    }

    /// Writes the text form.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_serialized(&self, out: &mut impl Write) -> fmt::Result {
        let mut result = Ok(());
        self.visit(|view| {
            if result.is_ok() {
                result = write!(out, "{}", view.value);
            }
        });
        result
    }

    /// The text form in a string of its own.
    #[must_use]
    pub fn to_serialized(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        self.write_serialized(&mut text).unwrap_or_default();
        text
    }
}

/// A text form and how far it was read. All that was read is ASCII, so octets count characters.
struct Serialized<'a> {
    text: &'a str,
    position: usize,
    field_at: usize,
}

impl<'a> Serialized<'a> {
    /// Runs a parser on the rest and moves behind what it took.
    fn run<T>(
        &mut self,
        parser: impl nom::Parser<&'a [u8], Output = T, Error = framing::Flaw>,
    ) -> Result<T, DecodeError> {
        self.field_at = self.position;
        let rest = self.rest().as_bytes();
        let (after, value) = framing::parse(rest, parser).map_err(|error| DecodeError {
            offset: self.position.saturating_add(error.offset),
            unit: Unit::Character,
            ..error
        })?;
        self.position = self.text.len().saturating_sub(after.len());
        Ok(value)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// The rest of the text, read by `view`, whose offsets count from the rest's beginning.
    fn remaining<T>(
        &mut self,
        view: impl FnOnce(&'a str) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.field_at = self.position;
        let value = view(self.rest()).map_err(|error| DecodeError {
            offset: self.position.saturating_add(error.offset),
            ..error
        })?;
        self.position = self.text.len();
        Ok(value)
    }
}

impl<'a> Source<'a> for Serialized<'a> {
    const ALWAYS_PLAIN: bool = true;

    fn fixed(&mut self, field: &'static Field) -> Result<u64, DecodeError> {
        self.run(named(field.name, |input: &'a [u8]| field.read_text(input)))
    }

    fn identifier(
        &mut self,
        field: &'static Field,
        into: &mut [u8; 32],
    ) -> Result<(), DecodeError> {
        let identifier = self.run(named(field.name, identifier_digits))?;
        *into = octets_of(identifier);
        Ok(())
    }

    fn text(&mut self, field: &'static Field) -> Result<Text<'a>, DecodeError> {
        self.remaining(|rest| Text::from_field(rest, field.name))
    }

    fn hexadecimal(&mut self, _: &'static Field) -> Result<CryptoData<'a>, DecodeError> {
        self.remaining(CryptoData::from_hexadecimal)
    }

    fn has_more(&self, _: &'static Field) -> bool {
        !self.rest().is_empty()
    }

    fn refuse(&self, kind: ErrorKind, field: &'static Field) -> DecodeError {
        DecodeError::at_character(kind, field.name, self.field_at)
    }
}

/// Digits of the identifier of a message (4.2.1.8).
const IDENTIFIER_DIGITS: usize = 64;

/// Takes the 64 digits of an identifier; a failure lies at the first octet that is not one.
pub(super) fn identifier_digits(input: &[u8]) -> framing::Parsed<'_, &[u8]> {
    let digit = |octet: u8| octet.is_ascii_hexdigit();
    let (rest, digits) = take_while_m_n(0, IDENTIFIER_DIGITS, digit)(input)?;
    if digits.len() == IDENTIFIER_DIGITS {
        return Ok((rest, digits));
    }
    if rest.is_empty() {
        // Without a name: who knows where the field begins names and places it.
        return framing::refuse(ErrorKind::Truncated, "", rest);
    }
    framing::refuse(ErrorKind::BadCharacter, super::layout::REFERENCED_MESSAGE.name, rest)
}

/// The octets of 64 hexadecimal digits.
pub(super) fn octets_of(digits: &[u8]) -> [u8; 32] {
    let mut octets = [0_u8; 32];
    let pairs = digits.iter().map(|digit| char::from(*digit).to_digit(16).unwrap_or(0));
    for (index, digit) in pairs.enumerate() {
        if let Some(octet) = octets.get_mut(index / 2) {
            *octet = octet.wrapping_shl(4) | u8::try_from(digit).unwrap_or(0);
        }
    }
    octets
}
