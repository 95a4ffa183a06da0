//! Strings of bits that no octet boundary divides, the most significant bit of each octet first:
//! what the standard wire (Whiteflag 4.1.3) and the packed form (spec/09-packed.md) are made of.

use bitvec::order::Msb0;
use bitvec::slice::BitSlice;

/// As many bits can always be seen at once: what is left of eight octets from any bit on.
const WINDOW_BITS: u32 = 57;

/// Octets of an input that are kept at hand: all that fields of fixed width lie in, and a window.
const HEAD_OCTETS: usize = 88;

/// Reads bits one after another.
#[derive(Debug, Clone)]
pub(crate) struct BitReader<'a> {
    octets: &'a [u8],
    /// The first octets and zeros behind them: a window over them needs no look at where they end.
    head: [u8; HEAD_OCTETS],
    position: usize,
}

impl<'a> BitReader<'a> {
    /// At the first bit.
    #[inline]
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        let mut head = [0; HEAD_OCTETS];
        let first = octets.get(..HEAD_OCTETS).unwrap_or(octets);
        if let Some(target) = head.get_mut(..first.len()) {
            #[expect(clippy::disallowed_methods, reason = "cut to the same length one line up")]
            target.copy_from_slice(first);
        }
        Self { octets, head, position: 0 }
    }

    /// The next bit's number.
    #[inline(always)]
    pub(crate) const fn position(&self) -> usize {
        self.position
    }

    /// How many bits are left.
    #[inline(always)]
    pub(crate) const fn left(&self) -> usize {
        // The position never passes the input's bits; inputs are bounded (`limits`) long before their
        // bits are more than a number holds.
        self.octets.len().wrapping_mul(8).wrapping_sub(self.position)
    }

    /// Takes `width` bits, right-aligned; `None` if there are not as many, or more than a window's.
    #[inline(always)]
    pub(crate) fn take(&mut self, width: u32) -> Option<u64> {
        if width > WINDOW_BITS || width as usize > self.left() {
            return None;
        }
        let window = self.window();
        self.position = self.position.wrapping_add(width as usize);
        // A shift by all 64 bits would wrap to none.
        Some(if width == 0 { 0 } else { window >> 64_u32.wrapping_sub(width) })
    }

    /// The bits from here on, left-aligned, at least [`WINDOW_BITS`] of them; zeros behind the end.
    #[inline(always)]
    pub(crate) fn window(&self) -> u64 {
        let first = self.position / 8;
        let skip = self.position % 8;
        let in_head = self.head.get(first..).and_then(|rest| rest.first_chunk::<8>());
        let window = in_head.copied().unwrap_or_else(|| far_window(self.octets, first));
        u64::from_be_bytes(window) << skip
    }

    /// Moves on by what [`BitReader::window`] showed; to the end at most.
    #[inline(always)]
    pub(crate) fn skip(&mut self, bits: u32) {
        self.position = self.position.wrapping_add((bits as usize).min(self.left()));
    }

    /// Takes the next 32 octets; tells whether there were as many.
    #[inline(always)]
    pub(crate) fn take_32_octets(&mut self, taken: &mut [u8; 32]) -> bool {
        if self.left() < 256 {
            return false;
        }
        let skip = u32::try_from(self.position % 8).unwrap_or(0);
        let near =
            self.head.get(self.position / 8..).and_then(|rest| rest.split_first_chunk::<32>());
        if let Some((octets, [behind, ..])) = near {
            let mut last = *behind;
            let words = octets.as_chunks::<8>().0.iter().zip(taken.as_chunks_mut::<8>().0);
            // From the end, so that what an octet lacks was seen before.
            for (word, target) in words.rev() {
                let lacking = u64::from(last).wrapping_shl(skip).wrapping_shr(8);
                *target = (u64::from_be_bytes(*word).wrapping_shl(skip) | lacking).to_be_bytes();
                [last, ..] = *word;
            }
            self.position = self.position.wrapping_add(256);
            return true;
        }
        for octet in taken {
            [*octet, ..] = self.window().to_be_bytes();
            self.position = self.position.wrapping_add(8);
        }
        true
    }

    /// The next `bits` bits where they lie, as many as there are.
    pub(crate) fn view(&mut self, bits: usize) -> &'a BitSlice<u8, Msb0> {
        let all = BitSlice::<u8, Msb0>::from_slice(self.octets);
        let first = self.position;
        self.position = first.saturating_add(bits).min(all.len());
        all.get(first..self.position).unwrap_or_default()
    }
}

/// Eight octets from `first` on, zeros behind the end.
#[inline(never)]
fn far_window(octets: &[u8], first: usize) -> [u8; 8] {
    let mut window = [0; 8];
    let rest = octets.get(first..).unwrap_or_default();
    window.iter_mut().zip(rest).for_each(|(slot, octet)| *slot = *octet);
    window
}

/// Writes bits one after another; stops silently where the buffer ends, so the buffer is measured
/// first. The last ones are in it once [`BitWriter::finish`] was called.
#[derive(Debug)]
pub(crate) struct BitWriter<'b> {
    octets: &'b mut [u8],
    /// Octets written, a multiple of eight.
    position: usize,
    /// The last bits, right-aligned; what stands above `begun_bits` of them is of no account.
    begun: u64,
    /// Fewer than 64.
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

    /// Appends a value of `width` bits, at most 63; its bits above are zeros.
    #[inline(always)]
    pub(crate) fn put(&mut self, raw: u64, width: u32) {
        let free = 64_u32.wrapping_sub(self.begun_bits);
        if width < free {
            self.begun = self.begun.wrapping_shl(width) | raw;
            self.begun_bits = self.begun_bits.wrapping_add(width);
            return;
        }
        let behind = width.wrapping_sub(free);
        // With nothing begun all 64 bits are free: a shift by them would be one by none.
        let begun = if free == 64 { 0 } else { self.begun.wrapping_shl(free) };
        self.store(begun | raw.wrapping_shr(behind));
        self.begun = raw;
        self.begun_bits = behind;
    }

    /// Writes what is left, zeros behind it in the last octet.
    pub(crate) fn finish(mut self) {
        if self.begun_bits > 0 {
            let word = self.begun.wrapping_shl(64_u32.wrapping_sub(self.begun_bits));
            let octets = self.begun_bits.div_ceil(8) as usize;
            let rest = self.octets.get_mut(self.position..).unwrap_or_default();
            let last = rest.iter_mut().take(octets);
            last.zip(word.to_be_bytes()).for_each(|(slot, octet)| *slot = octet);
        }
        self.begun_bits = 0;
    }

    #[inline(always)]
    fn store(&mut self, word: u64) {
        let rest = self.octets.get_mut(self.position..).unwrap_or_default();
        match rest.first_chunk_mut::<8>() {
            Some(target) => *target = word.to_be_bytes(),
            None => rest.iter_mut().zip(word.to_be_bytes()).for_each(|(slot, octet)| *slot = octet),
        }
        self.position = self.position.wrapping_add(8);
    }
}
