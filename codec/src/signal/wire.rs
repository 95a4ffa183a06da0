//! Compressed fields in and out of octets, none of them aligned (4.1.3).
//!
//! Fields of fixed width go through a window of eight octets, a load and two shifts; what runs to
//! the end of a message stays a view over its bits.

use super::field::Field;
use super::order::{Sink, Source};
use super::text::{Bits, CryptoData, Text};
use crate::error::{DecodeError, ErrorKind};
use crate::limits::SIGNAL_TEXT_OCTETS_MAX;
use bitvec::slice::BitSlice;

/// Reads compressed fields from any bit on.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    octets: &'a [u8],
    bits_total: usize,
    position: usize,
    field_at: usize,
}

impl<'a> Reader<'a> {
    /// At the first bit.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { octets, bits_total: octets.len().saturating_mul(8), position: 0, field_at: 0 }
    }

    /// The bit the next field begins at.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Reads a field of at most 57 bits, right-aligned.
    ///
    /// # Errors
    ///
    /// `Truncated` at the field's first bit, `BadDigit` at the digit.
    // A field's width and alphabet are constants where the walk names it; inlined, they are folded.
    #[inline(always)]
    pub fn take(&mut self, field: &Field) -> Result<u64, DecodeError> {
        let raw = self.bits(field, field.bits())?;
        match field.bad_decimal(raw) {
            None => Ok(raw),
            Some(into) => {
                let at = self.field_at.saturating_add(usize::try_from(into).unwrap_or(0));
                Err(DecodeError::at_bit(ErrorKind::BadDigit, field.name, at))
            }
        }
    }

    #[inline(always)]
    fn bits(&mut self, field: &Field, width: u32) -> Result<u64, DecodeError> {
        self.field_at = self.position;
        // Neither can wrap: the position never passes the input's bits, a window has 57.
        let end = self.position.wrapping_add(usize::try_from(width).unwrap_or(0));
        if width > WINDOW_BITS || end > self.bits_total {
            return Err(DecodeError::at_bit(ErrorKind::Truncated, field.name, self.field_at));
        }
        // At the end of the input the window stands further back: it never looks beyond, and the
        // field still ends within it.
        let first = (self.position / 8).min(self.octets.len().saturating_sub(8));
        let rest = self.octets.get(first..).unwrap_or_default();
        let window = rest.first_chunk::<8>().copied().unwrap_or_else(|| whole_input(rest));
        let skip = self.position.wrapping_sub(first.wrapping_mul(8));
        self.position = end;
        let aligned = u64::from_be_bytes(window).wrapping_shl(u32::try_from(skip).unwrap_or(0));
        // A shift by all 64 bits would wrap to none.
        Ok(if width == 0 { 0 } else { aligned.wrapping_shr(64_u32.wrapping_sub(width)) })
    }

    /// What is left, in whole groups of eight bits.
    fn rest(&mut self, field: &Field) -> Result<&'a Bits, DecodeError> {
        self.field_at = self.position;
        let all: &'a Bits = BitSlice::from_slice(self.octets);
        let rest = all.get(self.position..).unwrap_or_default();
        let whole = rest.len().saturating_sub(rest.len() % 8);
        if whole / 8 > SIGNAL_TEXT_OCTETS_MAX {
            return Err(DecodeError::at_bit(ErrorKind::TooLong, field.name, self.field_at));
        }
        self.position = self.position.saturating_add(whole);
        Ok(rest.get(..whole).unwrap_or_default())
    }

    fn bits_left(&self) -> usize {
        self.bits_total.saturating_sub(self.position)
    }

    /// The message ends here: less than an octet of padding, all of it zero.
    pub(super) fn finish(&self) -> Result<(), DecodeError> {
        let left = self.bits_left();
        if left >= 8 {
            let end = self.position.next_multiple_of(8);
            return Err(DecodeError::at_bit(ErrorKind::Trailing, "end", end));
        }
        let last = self.octets.last().copied().unwrap_or(0);
        let padding = last & !0xFF_u8.checked_shl(u32::try_from(left).unwrap_or(0)).unwrap_or(0);
        if padding != 0 {
            return Err(DecodeError::at_bit(ErrorKind::BadPadding, "padding", self.position));
        }
        Ok(())
    }
}

/// The widest field a window of eight octets holds from any bit on.
const WINDOW_BITS: u32 = 57;

/// The identifier of a message (4.2.1.8).
const IDENTIFIER_BITS: usize = 256;

/// An input shorter than a window, filled up with zeros.
#[cold]
fn whole_input(rest: &[u8]) -> [u8; 8] {
    let mut window = [0; 8];
    for (slot, octet) in window.iter_mut().zip(rest) {
        *slot = *octet;
    }
    window
}

impl<'a> Source<'a> for Reader<'a> {
    const ALWAYS_PLAIN: bool = false;

    #[inline(always)]
    fn fixed(&mut self, field: &'static Field) -> Result<u64, DecodeError> {
        self.take(field)
    }

    #[inline]
    fn identifier(&mut self, field: &'static Field) -> Result<[u8; 32], DecodeError> {
        self.field_at = self.position;
        let end = self.position.wrapping_add(IDENTIFIER_BITS);
        if end > self.bits_total {
            return Err(self.refuse(ErrorKind::Truncated, field));
        }
        let rest = self.octets.get(self.position / 8..).unwrap_or_default();
        let (words, behind) = rest.as_chunks::<8>();
        let skip = u32::try_from(self.position % 8).unwrap_or(0);
        self.position = end;
        let mut identifier = [0; 32];
        let mut following = words.iter().skip(1).map(|word| u64::from_be_bytes(*word));
        for (target, word) in identifier.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            // The bits a word lacks are the first of the octets behind it.
            let next = following.next();
            let next = next.unwrap_or_else(|| u64::from_be_bytes(whole_input(behind)));
            let lacking = next.wrapping_shr(1).wrapping_shr(63_u32.wrapping_sub(skip));
            *target = (u64::from_be_bytes(*word).wrapping_shl(skip) | lacking).to_be_bytes();
        }
        Ok(identifier)
    }

    fn text(&mut self, field: &'static Field) -> Result<Text<'a>, DecodeError> {
        let bits = self.rest(field)?;
        Text::from_bits(bits).map_err(|index| {
            let at = self.field_at.saturating_add(index.saturating_mul(8));
            DecodeError::at_bit(ErrorKind::BadCharacter, field.name, at)
        })
    }

    fn hexadecimal(&mut self, field: &'static Field) -> Result<CryptoData<'a>, DecodeError> {
        self.rest(field).map(CryptoData::from_bits)
    }

    fn has_more(&self, _: &'static Field) -> bool {
        // Padding is always shorter than an octet.
        self.bits_left() >= 8
    }

    fn refuse(&self, kind: ErrorKind, field: &'static Field) -> DecodeError {
        DecodeError::at_bit(kind, field.name, self.field_at)
    }
}

/// Writes compressed fields one after another; stops silently where the buffer ends, so the buffer
/// is measured first.
#[derive(Debug)]
pub struct Writer<'b> {
    octets: &'b mut [u8],
    /// Whole octets written.
    position: usize,
    /// The bits of the octet begun, right-aligned, and how many they are.
    begun: u64,
    begun_bits: u32,
}

impl<'b> Writer<'b> {
    /// At the first bit of a buffer.
    #[must_use]
    pub const fn new(octets: &'b mut [u8]) -> Self {
        Self { octets, position: 0, begun: 0, begun_bits: 0 }
    }

    /// Appends a field's compressed value of at most 57 bits.
    #[inline(always)]
    pub fn put(&mut self, field: &Field, raw: u64) {
        let width = field.bits();
        self.bits(raw & !u64::MAX.checked_shl(width).unwrap_or(0), width);
    }

    #[inline(always)]
    fn bits(&mut self, raw: u64, width: u32) {
        let all = self.begun.wrapping_shl(width) | raw;
        let count = self.begun_bits.wrapping_add(width);
        // The octet begun goes out as well, filled up with zeros: the next call overwrites it, and
        // after the last one it is the padding.
        let window = all.wrapping_shl(64_u32.wrapping_sub(count)).to_be_bytes();
        let rest = self.octets.get_mut(self.position..).unwrap_or_default();
        match rest.first_chunk_mut::<8>() {
            Some(target) => *target = window,
            None => rest.iter_mut().zip(window).for_each(|(slot, octet)| *slot = octet),
        }
        let whole = usize::try_from(count / 8).unwrap_or(0);
        self.position = self.position.wrapping_add(whole);
        self.begun_bits = count % 8;
        self.begun = all & !u64::MAX.wrapping_shl(self.begun_bits);
    }
}

impl<'a> Sink<'a> for Writer<'_> {
    #[inline(always)]
    fn fixed(&mut self, field: &'static Field, raw: u64) {
        self.put(field, raw);
    }

    #[inline]
    fn identifier(&mut self, _: &'static Field, identifier: &[u8; 32]) {
        for word in identifier.as_chunks::<4>().0 {
            self.bits(u64::from(u32::from_be_bytes(*word)), 32);
        }
    }

    fn text(&mut self, _: &'static Field, text: Text<'a>) {
        text.octets().for_each(|octet| self.bits(u64::from(octet), 8));
    }

    fn hexadecimal(&mut self, _: &'static Field, data: CryptoData<'a>) {
        data.octets().for_each(|octet| self.bits(u64::from(octet), 8));
    }
}
