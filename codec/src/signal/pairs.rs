//! A message from its fields' names and text values: what structured forms (JSON, a screen, a
//! command line) come down to.

use super::field::Field;
use super::layout;
use super::message::Message;
use super::order::{self, Source};
use super::serialized::{identifier_digits, octets_of};
use super::text::{CryptoData, Text};
use crate::error::{DecodeError, ErrorKind, Unit};
use crate::framing;
use bitvec::BitArr;
use bitvec::array::BitArray;
use bitvec::order::Lsb0;

/// More fields than any message has: seven of the header, the pseudo message code, nine of a sign
/// and twice eight request objects.
const PAIRS_MAX: usize = 33;

impl<'a> Message<'a> {
    /// Builds a message from (name, value) pairs in any order. The names are the standard's; the
    /// fields of a test bear the names of what it tests, without a prefix (spec/01-signal.md).
    ///
    /// # Errors
    ///
    /// Named by the standard's field name; offsets count characters of that field's value. A
    /// field that is not given is `Missing`, one that is given twice or that this kind of message
    /// does not have is `Unexpected`, named `field` if no message has it.
    pub fn from_pairs(pairs: &[(&str, &'a str)]) -> Result<Self, DecodeError> {
        let mut source = Pairs { pairs, used: BitArray::ZERO };
        let message = order::read(&mut source)?;
        source.finish()?;
        Ok(message)
    }
}

/// Pairs, and which of them were used.
struct Pairs<'p, 'a> {
    pairs: &'p [(&'p str, &'a str)],
    used: BitArr!(for PAIRS_MAX, in u32, Lsb0),
}

impl<'a> Pairs<'_, 'a> {
    /// The value of a field, which is marked as used.
    fn value(&mut self, field: &'static Field) -> Result<&'a str, DecodeError> {
        let found = self.pairs.iter().position(|(name, _)| *name == field.name);
        let pair = found.and_then(|index| Some((index, self.pairs.get(index)?)));
        let Some((index, (_, value))) = pair else {
            return Err(self.refuse(ErrorKind::Missing, field));
        };
        if let Some(mut used) = self.used.get_mut(index) {
            used.set(true);
        }
        Ok(value)
    }

    /// Every pair was used.
    fn finish(&self) -> Result<(), DecodeError> {
        let unused = |index: usize| !self.used.get(index).is_some_and(|used| *used);
        match self.pairs.iter().enumerate().find(|(index, _)| unused(*index)) {
            None => Ok(()),
            Some((_, (name, _))) => {
                let name = layout::named(name).map_or("field", |field| field.name);
                Err(DecodeError::at_character(ErrorKind::Unexpected, name, 0))
            }
        }
    }
}

impl<'a> Source<'a> for Pairs<'_, 'a> {
    const ALWAYS_PLAIN: bool = true;

    fn fixed(&mut self, field: &'static Field) -> Result<u64, DecodeError> {
        field.parse(self.value(field)?)
    }

    fn identifier(
        &mut self,
        field: &'static Field,
        into: &mut [u8; 32],
    ) -> Result<(), DecodeError> {
        let value = self.value(field)?.as_bytes();
        let digits = framing::parse_all(value, identifier_digits).map_err(|error| {
            let kind = match error.kind {
                ErrorKind::Truncated => ErrorKind::TooShort,
                ErrorKind::Trailing => ErrorKind::TooLong,
                kind => kind,
            };
            DecodeError { kind, field: field.name, unit: Unit::Character, ..error }
        })?;
        *into = octets_of(digits);
        Ok(())
    }

    fn text(&mut self, field: &'static Field) -> Result<Text<'a>, DecodeError> {
        Text::from_field(self.value(field)?, field.name)
    }

    fn hexadecimal(&mut self, field: &'static Field) -> Result<CryptoData<'a>, DecodeError> {
        CryptoData::from_hexadecimal(self.value(field)?)
    }

    fn has_more(&self, field: &'static Field) -> bool {
        self.pairs.iter().any(|(name, _)| *name == field.name)
    }

    fn refuse(&self, kind: ErrorKind, field: &'static Field) -> DecodeError {
        DecodeError::at_character(kind, field.name, 0)
    }
}
