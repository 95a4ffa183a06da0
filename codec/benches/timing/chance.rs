//! Chance that a seed repeats: which class is next, and what is in an input. (Steele, Lea, Flood,
//! "Fast splittable pseudorandom number generators", 2014: SplitMix64.)

pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn octets<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_be_bytes()[0])
    }

    /// An octet that is not zero: what damages another one.
    pub(crate) fn damage(&mut self) -> u8 {
        self.octets::<1>()[0].max(1)
    }
}
