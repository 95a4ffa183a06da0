//! Compressed fields in and out of octets, none of them aligned (4.1.3).
//!
//! Fields of fixed width go through a window of eight octets, a load and two shifts; what runs to
//! the end of a message stays a view over its bits.

use super::field::Field;
use super::order::{Sink, Source};
use super::text::{Bits, CryptoData, Text};
use crate::bits::{BitReader, BitWriter};
use crate::error::{DecodeError, ErrorKind};
use crate::limits::SIGNAL_TEXT_OCTETS_MAX;

/// Reads compressed fields from any bit on.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bits: BitReader<'a>,
}

impl<'a> Reader<'a> {
    /// At the first bit.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        Self { bits: BitReader::new(octets) }
    }

    /// The bit the next field begins at.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.bits.position()
    }

    /// Reads a field of at most 57 bits, right-aligned.
    ///
    /// # Errors
    ///
    /// `Truncated` at the field's first bit, `BadDigit` at the digit.
    // A field's width and alphabet are constants where the walk names it; inlined, they are folded.
    #[inline(always)]
    pub fn take(&mut self, field: &Field) -> Result<u64, DecodeError> {
        let Some(raw) = self.bits.take(field.bits()) else {
            return Err(refuse(ErrorKind::Truncated, field, self.position(), 0));
        };
        match field.bad_decimal(raw) {
            None => Ok(raw),
            Some(into) => {
                let back = field.bits().wrapping_sub(into);
                Err(refuse(ErrorKind::BadDigit, field, self.position(), back))
            }
        }
    }

    /// What is left, in whole groups of eight bits.
    fn rest(&mut self, field: &Field) -> Result<&'a Bits, DecodeError> {
        let octets = self.bits.left() / 8;
        if octets > SIGNAL_TEXT_OCTETS_MAX {
            return Err(refuse(ErrorKind::TooLong, field, self.position(), 0));
        }
        Ok(self.bits.view(octets.saturating_mul(8)))
    }

    /// The message ends here: less than an octet of padding, all of it zero.
    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        let (at, left) = (self.bits.position(), self.bits.left());
        if left >= 8 {
            return Err(DecodeError::at_bit(ErrorKind::Trailing, "end", at.next_multiple_of(8)));
        }
        // Behind the end a window is zeros.
        if left > 0 && self.bits.window() != 0 {
            return Err(DecodeError::at_bit(ErrorKind::BadPadding, "padding", at));
        }
        Ok(())
    }
}

/// An error in a field, `back` bits before `position`. It takes values, so that a reader can live in
/// registers.
#[cold]
#[inline(never)]
fn refuse(kind: ErrorKind, field: &Field, position: usize, back: u32) -> DecodeError {
    let back = usize::try_from(back).unwrap_or(0);
    DecodeError::at_bit(kind, field.name, position.saturating_sub(back))
}

impl<'a> Source<'a> for Reader<'a> {
    const ALWAYS_PLAIN: bool = false;

    #[inline(always)]
    fn fixed(&mut self, field: &'static Field) -> Result<u64, DecodeError> {
        self.take(field)
    }

    #[inline(always)]
    fn identifier(
        &mut self,
        field: &'static Field,
        into: &mut [u8; 32],
    ) -> Result<(), DecodeError> {
        if self.bits.take_32_octets(into) {
            return Ok(());
        }
        Err(refuse(ErrorKind::Truncated, field, self.position(), 0))
    }

    fn text(&mut self, field: &'static Field) -> Result<Text<'a>, DecodeError> {
        let first = self.position();
        let bits = self.rest(field)?;
        Text::from_bits(bits).map_err(|index| {
            let at = first.saturating_add(index.saturating_mul(8));
            DecodeError::at_bit(ErrorKind::BadCharacter, field.name, at)
        })
    }

    fn hexadecimal(&mut self, field: &'static Field) -> Result<CryptoData<'a>, DecodeError> {
        self.rest(field).map(CryptoData::from_bits)
    }

    #[inline(always)]
    fn has_more(&self, _: &'static Field) -> bool {
        // Padding is always shorter than an octet.
        self.bits.left() >= 8
    }

    #[inline(always)]
    fn refuse(&self, kind: ErrorKind, field: &'static Field) -> DecodeError {
        refuse(kind, field, self.position(), field.bits())
    }
}

/// Writes compressed fields one after another; stops silently where the buffer ends, so the buffer
/// is measured first. The last ones are in it once [`Writer::finish`] was called.
#[derive(Debug)]
pub struct Writer<'b> {
    bits: BitWriter<'b>,
}

impl<'b> Writer<'b> {
    /// At the first bit of a buffer.
    #[must_use]
    pub const fn new(octets: &'b mut [u8]) -> Self {
        Self { bits: BitWriter::new(octets) }
    }

    /// Writes what is left, and zeros up to the end of the last octet.
    #[inline]
    pub fn finish(self) {
        self.bits.finish();
    }

    /// Appends a field's compressed value of at most 57 bits.
    #[inline(always)]
    pub fn put(&mut self, field: &Field, raw: u64) {
        let width = field.bits();
        self.bits.put(raw & !u64::MAX.checked_shl(width).unwrap_or(0), width);
    }
}

impl<'a> Sink<'a> for Writer<'_> {
    #[inline(always)]
    fn fixed(&mut self, field: &'static Field, raw: u64) {
        self.put(field, raw);
    }

    #[inline(always)]
    fn identifier(&mut self, _: &'static Field, identifier: &[u8; 32]) {
        for word in identifier.as_chunks::<4>().0 {
            self.bits.put(u64::from(u32::from_be_bytes(*word)), 32);
        }
    }

    fn text(&mut self, _: &'static Field, text: Text<'a>) {
        text.octets().for_each(|octet| self.bits.put(u64::from(octet), 8));
    }

    fn hexadecimal(&mut self, _: &'static Field, data: CryptoData<'a>) {
        data.octets().for_each(|octet| self.bits.put(u64::from(octet), 8));
    }
}
