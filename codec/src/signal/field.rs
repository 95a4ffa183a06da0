//! One field of the standard: its name, where it is defined, and its template, from which both its
//! text form and its bits follow.
//!
//! The standard describes a field by its uncompressed text (4.1.2) and compresses it by rule
//! (4.1.3): literals vanish, a sign or a binary character takes one bit, a digit four. A
//! [`Template`] states the text once; the wire form is computed from it, so the two cannot differ.

use crate::error::{DecodeError, ErrorKind, Unit};
use crate::framing::{self, Parsed};
use core::fmt;
use nom::number::complete::u8 as octet;

/// A field of the standard: what the tables of chapters 4.2 and 4.3 say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The standard's name.
    pub name: &'static str,
    /// The section that defines it.
    pub section: &'static str,
    /// Its text form: `a` an ASCII character, `b` a binary, `d` a decimal and `x` a hexadecimal
    /// digit, `_` a sign; anything else stands for itself. `c*` and `x*` run to the message's end.
    pub template: &'static str,
    bits: u32,
    decimals: u64,
}

impl Field {
    /// A field; its bits are computed from the template.
    #[must_use]
    pub const fn new(name: &'static str, section: &'static str, template: &'static str) -> Self {
        let mut bits: u32 = 0;
        let mut decimals: u64 = 0;
        let mut rest = template.as_bytes();
        while let [symbol, tail @ ..] = rest {
            let width = width_bits(*symbol);
            bits = bits.saturating_add(width);
            decimals = decimals.wrapping_shl(width);
            if *symbol == b'd' {
                decimals |= 1;
            }
            rest = tail;
        }
        if let [_, b'*'] = template.as_bytes() {
            bits = 0;
        }
        Self { name, section, template, bits, decimals }
    }

    /// How many bits the field takes on the standard wire; 0 if it runs to the message's end.
    #[must_use]
    #[inline]
    pub const fn bits(&self) -> u32 {
        self.bits
    }

    /// The compressed value of a field's text, right-aligned (at most 64 bits).
    ///
    /// # Errors
    ///
    /// The text does not fit the template; the offset counts characters.
    pub fn parse(&self, text: &str) -> Result<u64, DecodeError> {
        let whole = framing::parse_all(text.as_bytes(), |input| self.read_text(input));
        whole.map_err(|error| {
            let kind = match error.kind {
                ErrorKind::Truncated => ErrorKind::TooShort,
                ErrorKind::Trailing => ErrorKind::TooLong,
                kind => kind,
            };
            DecodeError { kind, field: self.name, unit: Unit::Character, ..error }
        })
    }

    /// Reads the field's text at the beginning of `input`.
    pub(super) fn read_text<'a>(&self, input: &'a [u8]) -> Parsed<'a, u64> {
        let mut rest = input;
        let mut raw: u64 = 0;
        for symbol in self.template.bytes() {
            let (after, character) = octet(rest)?;
            let value = match symbol {
                b'a' if character.is_ascii() => Some(u64::from(character)),
                b'b' => digit(character, 2),
                b'd' => digit(character, 10),
                b'x' => digit(character, 16),
                // 4.3.1.1: the sign bit is 1 for `+`.
                b'_' => match character {
                    b'+' => Some(1),
                    b'-' => Some(0),
                    _ => None,
                },
                b'a' => None,
                literal if literal == character => Some(0),
                _ => return framing::refuse(ErrorKind::BadLiteral, self.name, rest),
            };
            let Some(value) = value else {
                return framing::refuse(ErrorKind::BadCharacter, self.name, rest);
            };
            raw = raw.wrapping_shl(width_bits(symbol)) | value;
            rest = after;
        }
        Ok((rest, raw))
    }

    /// Writes the text form of a compressed value. Hexadecimal digits come in upper case
    /// (spec/01-signal.md, "Decisions").
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_text(&self, raw: u64, out: &mut impl fmt::Write) -> fmt::Result {
        let mut left = self.bits;
        for symbol in self.template.bytes() {
            let width = width_bits(symbol);
            left = left.saturating_sub(width);
            let value = raw.wrapping_shr(left) & mask(width);
            let character = match symbol {
                b'a' => u32::try_from(value).ok().and_then(char::from_u32),
                b'b' | b'd' | b'x' => {
                    u32::try_from(value).ok().and_then(|value| char::from_digit(value, 16))
                }
                b'_' => Some(if value == 1 { '+' } else { '-' }),
                literal => Some(char::from(literal)),
            };
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            let digit = symbol == b'x';
            out.write_char(if digit { character.to_ascii_uppercase() } else { character })?;
        }
        Ok(())
    }

    /// How many bits into the field the first digit above 9 stands where a decimal belongs.
    #[inline(always)]
    pub(super) const fn bad_decimal(&self, raw: u64) -> Option<u32> {
        // Four bits are above 9 exactly if bit 3 is set and bit 2 or bit 1 is: all digits at once.
        let high = raw.wrapping_shr(3) & (raw.wrapping_shr(2) | raw.wrapping_shr(1));
        let bad = high & self.decimals;
        if bad == 0 {
            return None;
        }
        let lowest_of_digit = 63_u32.saturating_sub(bad.leading_zeros());
        Some(self.bits.saturating_sub(lowest_of_digit.saturating_add(4)))
    }
}

/// The bits one symbol of a template takes on the wire (4.1.3).
const fn width_bits(symbol: u8) -> u32 {
    match symbol {
        b'a' | b'c' => 8,
        b'b' | b'_' => 1,
        b'd' | b'x' => 4,
        _ => 0,
    }
}

/// The `width` lowest bits, for widths up to 8.
const fn mask(width: u32) -> u64 {
    match width {
        0 => 0,
        1 => 1,
        4 => 0xF,
        _ => 0xFF,
    }
}

/// A digit's value in the given base, either case.
fn digit(character: u8, base: u32) -> Option<u64> {
    char::from(character).to_digit(base).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    const LATITUDE: Field = Field::new("latitude", "", "_dd.ddddd");

    #[test]
    fn bits_follow_the_template() {
        assert_eq!(LATITUDE.bits(), 29);
        assert_eq!(Field::new("", "", "dddd-dd-ddTdd:dd:ddZ").bits(), 56);
        assert_eq!(Field::new("", "", "c*").bits(), 0);
    }

    #[test]
    fn a_bad_decimal_is_located() {
        let date = Field::new("", "", "dddd-dd");
        assert_eq!(date.bad_decimal(0x20_2A_09), Some(12));
        assert_eq!(date.bad_decimal(0xF0_20_09), Some(0));
        assert_eq!(date.bad_decimal(0x99_99_99), None);
        assert_eq!(LATITUDE.bad_decimal(0x1A00_0000), Some(1));
        assert_eq!(LATITUDE.bad_decimal(0x1999_9999), None);
    }

    proptest! {
        #[test]
        fn text_and_bits_read_back(raw in any::<u64>()) {
            let field = Field::new("", "", "xxXb_:aPxx");
            let raw = raw & 0x03FF_7FFF; // 26 bits, the character below 128
            let mut text = String::new();
            field.write_text(raw, &mut text).unwrap();
            prop_assert_eq!(field.parse(&text), Ok(raw));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(raw) = LATITUDE.parse(&text) {
                let mut again = String::new();
                LATITUDE.write_text(raw, &mut again).unwrap();
                prop_assert_eq!(again, text);
            }
        }
    }
}
