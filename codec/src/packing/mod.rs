//! The parts a packed body is made of: prefix codes and numbers (spec/09-packed.md, "Bits").
//!
//! What is written goes to a [`Sink`]: a buffer, a counter of bits, or the octets another writer
//! left, which are compared. Comparing is how a reader knows that what it read is the one encoding.

pub(crate) mod codes;

use crate::bits::{BitReader, BitWriter};
use crate::error::{DecodeError, ErrorKind};

/// The longest codeword a [`PrefixCode`] has.
const CODEWORD_BITS_MAX: usize = 16;

/// A complete prefix code of `N` symbols, made from the lengths of its codewords.
#[derive(Debug)]
pub(crate) struct PrefixCode<const N: usize> {
    lengths: [u8; N],
    codewords: [u16; N],
    /// Symbols in the order of their codewords.
    order: [u8; N],
    /// By length: the first 16 bits above all codewords of that length or less.
    limits: [u32; CODEWORD_BITS_MAX + 1],
    /// By length: the place in `order` of a codeword, less the codeword.
    bases: [u16; CODEWORD_BITS_MAX + 1],
}

impl<const N: usize> PrefixCode<N> {
    /// The canonical code of these lengths, one for each symbol.
    // Only constants are made of it: an index out of bounds does not compile.
    #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
    #[allow(clippy::cast_possible_truncation)] // places below N, codewords below 2^16
    #[expect(clippy::disallowed_macros, reason = "run by the compiler, over constants")]
    pub(crate) const fn new(lengths: [u8; N]) -> Self {
        assert!(N <= 256, "symbols are octets");
        let mut code = Self {
            lengths,
            codewords: [0; N],
            order: [0; N],
            limits: [0; CODEWORD_BITS_MAX + 1],
            bases: [0; CODEWORD_BITS_MAX + 1],
        };
        let (mut length, mut place, mut next) = (1, 0, 0_u32);
        while length <= CODEWORD_BITS_MAX {
            next *= 2;
            code.bases[length] = (place as u16).wrapping_sub(next as u16);
            let mut symbol = 0;
            while symbol < N {
                if lengths[symbol] as usize == length {
                    code.codewords[symbol] = next as u16;
                    code.order[place] = symbol as u8;
                    place += 1;
                    next += 1;
                }
                symbol += 1;
            }
            code.limits[length] = next << (CODEWORD_BITS_MAX - length);
            length += 1;
        }
        assert!(place == N && next == 1 << CODEWORD_BITS_MAX, "the code is not complete");
        code
    }

    /// The code without its size in its type, so that reading and writing exist once.
    pub(crate) const fn as_code(&self) -> Code<'_> {
        Code {
            lengths: &self.lengths,
            codewords: &self.codewords,
            order: &self.order,
            limits: &self.limits,
            bases: &self.bases,
        }
    }
}

/// A [`PrefixCode`] of any size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code<'c> {
    lengths: &'c [u8],
    codewords: &'c [u16],
    order: &'c [u8],
    limits: &'c [u32; CODEWORD_BITS_MAX + 1],
    bases: &'c [u16; CODEWORD_BITS_MAX + 1],
}

/// Where a body's parts go, one after another.
pub(crate) trait Sink {
    /// A field begins.
    fn field(&mut self, name: &'static str);
    /// A value of `width` bits (at most 50), right-aligned, zeros above.
    fn put(&mut self, value: u64, width: u32);

    /// The codeword of a symbol.
    #[inline]
    fn code(&mut self, code: Code<'_>, symbol: usize) {
        let length = code.lengths.get(symbol).copied().unwrap_or(0);
        let codeword = code.codewords.get(symbol).copied().unwrap_or(0);
        self.put(u64::from(codeword), u32::from(length));
    }

    /// number(`count`): a value below it.
    #[inline]
    fn number(&mut self, count: u64, value: u64) {
        let (short, threshold) = number_form(count);
        if value < threshold {
            self.put(value, short);
        } else {
            self.put(value.wrapping_add(threshold), short.wrapping_add(1));
        }
    }
}

/// k and u of a number(n).
#[inline]
const fn number_form(count: u64) -> (u32, u64) {
    let short = 63_u32.wrapping_sub(count.leading_zeros());
    (short, 2_u64.wrapping_shl(short).wrapping_sub(count))
}

/// Reads a body's parts; failures bear the name and first bit of the field begun last.
#[derive(Debug, Clone)]
pub(crate) struct Source<'a> {
    pub(crate) bits: BitReader<'a>,
    field: &'static str,
    field_at: usize,
}

impl<'a> Source<'a> {
    /// At the first bit.
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { bits: BitReader::new(octets), field: "", field_at: 0 }
    }

    /// A field begins.
    pub(crate) const fn field(&mut self, name: &'static str) {
        self.field = name;
        self.field_at = self.bits.position();
    }

    /// An error at the field begun last.
    #[cold]
    pub(crate) const fn refuse(&self, kind: ErrorKind) -> DecodeError {
        DecodeError::at_bit(kind, self.field, self.field_at)
    }

    /// An error inside it.
    #[cold]
    pub(crate) const fn refuse_at(&self, kind: ErrorKind, bit: usize) -> DecodeError {
        DecodeError::at_bit(kind, self.field, bit)
    }

    /// A value of `width` bits.
    #[inline]
    pub(crate) fn take(&mut self, width: u32) -> Result<u64, DecodeError> {
        self.bits.take(width).ok_or_else(|| self.refuse(ErrorKind::Truncated))
    }

    /// A symbol of a code.
    #[inline]
    pub(crate) fn code(&mut self, code: Code<'_>) -> Result<usize, DecodeError> {
        let window = self.bits.window();
        let ahead = u32::try_from(window.wrapping_shr(48)).unwrap_or(0);
        // The code is complete, so some limit lies above any 16 bits.
        let not_above = |limit: &&u32| ahead >= **limit;
        let length = code.limits.iter().take_while(not_above).count();
        if self.bits.left() < length {
            return Err(self.refuse(ErrorKind::Truncated));
        }
        let bits = u32::try_from(length).unwrap_or(0);
        let codeword = ahead.wrapping_shr(16_u32.wrapping_sub(bits));
        let base = code.bases.get(length).copied().unwrap_or(0);
        let place = u16::try_from(codeword).unwrap_or(0).wrapping_add(base);
        self.bits.skip(bits);
        Ok(code.order.get(usize::from(place)).copied().map_or(0, usize::from))
    }

    /// number(`count`).
    #[inline]
    pub(crate) fn number(&mut self, count: u64) -> Result<u64, DecodeError> {
        let (short, threshold) = number_form(count);
        let value = self.take(short)?;
        if value < threshold {
            return Ok(value);
        }
        let last = self.take(1)?;
        Ok(value.wrapping_mul(2).wrapping_add(last).wrapping_sub(threshold))
    }

    /// Decimal digits of four bits each.
    pub(crate) fn digits(&mut self, count: u32) -> Result<u64, DecodeError> {
        let first = self.bits.position();
        let raw = self.take(count.wrapping_mul(4))?;
        for index in 0..count {
            let shift = count.wrapping_sub(index).wrapping_sub(1).wrapping_mul(4);
            if raw.wrapping_shr(shift) & 0xF > 9 {
                let at = usize::try_from(index.wrapping_mul(4)).unwrap_or(0);
                return Err(self.refuse_at(ErrorKind::BadDigit, first.saturating_add(at)));
            }
        }
        Ok(raw)
    }

    /// The body ends here: fewer than eight ones.
    pub(crate) fn finish(&self) -> Result<(), DecodeError> {
        let (at, left) = (self.bits.position(), self.bits.left());
        if left >= 8 {
            return Err(DecodeError::at_bit(ErrorKind::Trailing, "end", at));
        }
        let ahead = self.bits.window();
        let ones = !u64::MAX.checked_shr(u32::try_from(left).unwrap_or(0)).unwrap_or(0);
        if ahead & ones != ones {
            return Err(DecodeError::at_bit(ErrorKind::BadPadding, "padding", at));
        }
        Ok(())
    }
}

/// How many ones fill the octet that `bits` bits end in.
pub(crate) fn padding(bits: usize) -> u32 {
    7 & 0_u32.wrapping_sub(u32::try_from(bits % 8).unwrap_or(0))
}

/// Writes to a buffer.
pub(crate) struct Buffer<'b>(BitWriter<'b>);

impl<'b> Buffer<'b> {
    /// At its first bit.
    pub(crate) const fn new(octets: &'b mut [u8]) -> Self {
        Self(BitWriter::new(octets))
    }

    /// Fills the last octet with ones.
    pub(crate) fn finish(mut self) {
        let width = padding(self.0.bits_written());
        self.0.put(!u64::MAX.wrapping_shl(width), width);
        self.0.finish();
    }
}

impl Sink for Buffer<'_> {
    #[inline]
    fn field(&mut self, _: &'static str) {}

    #[inline]
    fn put(&mut self, value: u64, width: u32) {
        self.0.put(value, width);
    }
}

/// Counts bits.
pub(crate) struct Counter(pub(crate) usize);

impl Sink for Counter {
    #[inline]
    fn field(&mut self, _: &'static str) {}

    #[inline]
    fn put(&mut self, _: u64, width: u32) {
        self.0 = self.0.saturating_add(width as usize);
    }
}

/// Compares with what was read: the first field that differs is not the one encoding.
pub(crate) struct Comparison<'a> {
    bits: BitReader<'a>,
    field: &'static str,
    field_at: usize,
    differs: Option<DecodeError>,
}

impl<'a> Comparison<'a> {
    /// From the first bit on.
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { bits: BitReader::new(octets), field: "", field_at: 0, differs: None }
    }

    /// Nothing differed.
    pub(crate) const fn finish(self) -> Result<(), DecodeError> {
        match self.differs {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }
}

impl Sink for Comparison<'_> {
    #[inline]
    fn field(&mut self, name: &'static str) {
        self.field = name;
        self.field_at = self.bits.position();
    }

    #[inline]
    fn put(&mut self, value: u64, width: u32) {
        if self.bits.take(width) != Some(value) && self.differs.is_none() {
            let kind = ErrorKind::NotCanonical;
            self.differs = Some(DecodeError::at_bit(kind, self.field, self.field_at));
        }
    }
}
