//! Jitter and simulated chance from an injected seed. Never for keys, nonces or pseudonyms.

use core::time::Duration;

use crate::time::nanoseconds;

/// A reproducible sequence of numbers: SplitMix64 (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014). The same seed gives the same sequence on every machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The sequence that belongs to `seed`.
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number, uniform over all of them.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0. The bias, at most bound / 2^64, is of no
    /// consequence for jitter.
    pub fn below(&mut self, bound: u64) -> u64 {
        let scaled = u128::from(self.number()).saturating_mul(u128::from(bound)) >> 64;
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }

    /// A duration shorter than `bound`.
    pub fn duration_below(&mut self, bound: Duration) -> Duration {
        Duration::from_nanos(self.below(nanoseconds(bound)))
    }

    /// A number in [0, 1), of 53 random bits.
    pub fn fraction(&mut self) -> f64 {
        let high = u32::try_from(self.number() >> 38).unwrap_or(0);
        let low = u32::try_from(self.number() >> 37).unwrap_or(0);
        (f64::from(high) * f64::from(1_u32 << 27) + f64::from(low)) / 2_f64.powi(53)
    }

    /// A number of the standard normal distribution (the Box–Muller transform).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.fraction()).ln()).sqrt();
        radius * (core::f64::consts::TAU * self.fraction()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence_of_seed_0() {
        // First outputs of SplitMix64 for seed 0 as listed with the reference implementation.
        let mut random = Random::from_seed(0);
        assert_eq!(random.number(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(random.number(), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        let mut random = Random::from_seed(7);
        assert_eq!(random.below(0), 0);
        for _ in 0..1_000 {
            assert!(random.below(3) < 3);
            let fraction = random.fraction();
            assert!((0.0..1.0).contains(&fraction));
            assert!(random.normal().is_finite());
        }
    }
}
