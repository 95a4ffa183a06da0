//! Strings of bits that no octet boundary divides, the most significant bit of each octet first:
//! what the standard wire (Whiteflag 4.1.3) and the packed form (spec/09-packed.md) are made of.

use bitvec::order::Msb0;
use bitvec::slice::BitSlice;

/// The widest value that fits a window of eight octets from any bit on.
const WINDOW_BITS: u32 = 57;

/// Reads bits one after another.
#[derive(Debug, Clone)]
pub(crate) struct BitReader<'a> {
    octets: &'a [u8],
    bits_total: usize,
    position: usize,
}

impl<'a> BitReader<'a> {
    /// At the first bit.
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self { octets, bits_total: octets.len().saturating_mul(8), position: 0 }
    }

    /// The next bit's number.
    pub(crate) const fn position(&self) -> usize {
        self.position
    }

    /// How many bits are left.
    pub(crate) const fn left(&self) -> usize {
        self.bits_total.saturating_sub(self.position)
    }

    /// Takes `width` bits, right-aligned; `None` if there are not as many, or more than a window's.
    #[inline(always)]
    pub(crate) fn take(&mut self, width: u32) -> Option<u64> {
        // Neither can wrap: the position never passes the input's bits, a window has 57.
        let end = self.position.wrapping_add(width as usize);
        if width > WINDOW_BITS || end > self.bits_total {
            return None;
        }
        let window = self.window();
        self.position = end;
        // A shift by all 64 bits would wrap to none.
        Some(if width == 0 { 0 } else { window.wrapping_shr(64_u32.wrapping_sub(width)) })
    }

    /// The bits from here on, left-aligned, at least [`WINDOW_BITS`] of them; zeros behind the end.
    #[inline(always)]
    pub(crate) fn window(&self) -> u64 {
        // At the end of the input the window stands further back: it never looks beyond.
        let first = (self.position / 8).min(self.octets.len().saturating_sub(8));
        let rest = self.octets.get(first..).unwrap_or_default();
        let window = rest.first_chunk::<8>().copied().unwrap_or_else(|| whole_input(rest));
        let skip = self.position.wrapping_sub(first.wrapping_mul(8));
        let skip = u32::try_from(skip).unwrap_or(u32::MAX);
        u64::from_be_bytes(window).checked_shl(skip).unwrap_or(0)
    }

    /// The next 32 octets; zeros behind the end.
    #[inline]
    pub(crate) fn take_32_octets(&mut self) -> [u8; 32] {
        let rest = self.octets.get(self.position / 8..).unwrap_or_default();
        let (words, behind) = rest.as_chunks::<8>();
        let skip = u32::try_from(self.position % 8).unwrap_or(0);
        let mut taken = [0; 32];
        let mut following = words.iter().skip(1).map(|word| u64::from_be_bytes(*word));
        for (target, word) in taken.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            // The bits a word lacks are the first of the octets behind it.
            let next = following.next();
            let next = next.unwrap_or_else(|| u64::from_be_bytes(whole_input(behind)));
            let lacking = next.wrapping_shr(1).wrapping_shr(63_u32.wrapping_sub(skip));
            *target = (u64::from_be_bytes(*word).wrapping_shl(skip) | lacking).to_be_bytes();
        }
        self.skip(256);
        taken
    }

    /// The next `bits` bits where they lie, as many as there are.
    pub(crate) fn view(&mut self, bits: usize) -> &'a BitSlice<u8, Msb0> {
        let all = BitSlice::<u8, Msb0>::from_slice(self.octets);
        let first = self.position;
        self.skip(bits);
        all.get(first..self.position).unwrap_or_default()
    }

    /// Moves on, to the end at most.
    #[inline(always)]
    pub(crate) fn skip(&mut self, bits: usize) {
        self.position = self.position.saturating_add(bits).min(self.bits_total);
    }
}

/// An input shorter than a window, filled up with zeros.
#[cold]
fn whole_input(rest: &[u8]) -> [u8; 8] {
    let mut window = [0; 8];
    for (slot, octet) in window.iter_mut().zip(rest) {
        *slot = *octet;
    }
    window
}

/// Writes bits one after another; stops silently where the buffer ends, so the buffer is measured
/// first.
#[derive(Debug)]
pub(crate) struct BitWriter<'b> {
    octets: &'b mut [u8],
    /// Whole octets written.
    position: usize,
    /// The bits of the octet begun, right-aligned, and how many they are.
    begun: u64,
    begun_bits: u32,
}

impl<'b> BitWriter<'b> {
    /// At the first bit of a buffer.
    pub(crate) const fn new(octets: &'b mut [u8]) -> Self {
        Self { octets, position: 0, begun: 0, begun_bits: 0 }
    }

    /// How many bits were written.
    pub(crate) const fn bits_written(&self) -> usize {
        self.position.wrapping_mul(8).wrapping_add(self.begun_bits as usize)
    }

    /// Appends a value of `width` bits, at most [`WINDOW_BITS`] less 7 where an octet is begun;
    /// its bits above are zeros.
    #[inline(always)]
    pub(crate) fn put(&mut self, raw: u64, width: u32) {
        let all = self.begun.wrapping_shl(width) | raw;
        let count = self.begun_bits.wrapping_add(width);
        // The octet begun goes out as well, filled up with zeros: the next call overwrites it, and
        // after the last one it is the padding.
        let window = if count == 0 { 0 } else { all.wrapping_shl(64_u32.wrapping_sub(count)) };
        let window = window.to_be_bytes();
        let rest = self.octets.get_mut(self.position..).unwrap_or_default();
        match rest.first_chunk_mut::<8>() {
            Some(target) => *target = window,
            None => rest.iter_mut().zip(window).for_each(|(slot, octet)| *slot = octet),
        }
        self.position = self.position.wrapping_add((count / 8) as usize);
        self.begun_bits = count % 8;
        self.begun = all & !u64::MAX.wrapping_shl(self.begun_bits);
    }
}
