//! Damage on purpose.

/// What goes wrong on this air, besides noise and collisions. The default: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// Of a million packets, this many are not noticed by a receiver that would have heard them;
    /// every receiver has its own luck.
    pub lost_of_a_million: u32,
    /// Bits that arrive wrong at everyone.
    pub flips: Vec<Flip>,
}

/// One bit of one transmission that arrives wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flip {
    /// The number of the transmission on this air, from 0.
    pub transmission: u64,
    /// The bit of its payload, from the highest of the first octet; beyond the end, the last.
    pub bit: usize,
}

impl Flip {
    /// Does the damage.
    pub(super) fn apply(&self, payload: &mut [u8]) {
        let bits = payload.len().saturating_mul(8);
        let bit = self.bit.min(bits.saturating_sub(1));
        if let Some(octet) = payload.get_mut(bit / 8) {
            *octet ^= 0x80_u8 >> (bit % 8);
        }
    }
}
