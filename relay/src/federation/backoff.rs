//! Pauses that double, with jitter, so that relays that lost one another do not come back all at once.

use std::time::Duration;

/// Draws numbers from a seed that is handed in (SplitMix64). For jitter only: nothing secret hangs on it.
#[derive(Debug, Clone)]
pub struct Jitter(u64);

impl Jitter {
    /// The same seed gives the same numbers.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The pause after so many failures in a row: from half of to the whole of `first` doubled with each
    /// failure after the first, `most` at most.
    pub fn pause(&mut self, failures: u32, first: Duration, most: Duration) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let whole = first.saturating_mul(factor).min(most);
        let half = whole.checked_div(2).unwrap_or_default();
        // 2^16 steps between the half and the whole.
        let share = u32::try_from(self.next() >> 48).unwrap_or(0);
        let step = half.checked_div(1 << 16).unwrap_or_default();
        half.saturating_add(step.saturating_mul(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_most_and_differ_by_seed() {
        let (first, most) = (Duration::from_secs(1), Duration::from_secs(300));
        for failures in 1..100 {
            let whole = Duration::from_secs(1_u64 << (failures - 1).min(20)).min(most);
            for seed in 0..50 {
                let pause = Jitter::new(seed).pause(failures, first, most);
                assert!(pause >= whole / 2 && pause <= whole, "{failures} {pause:?}");
            }
        }
        let pauses = |seed| {
            let mut jitter = Jitter::new(seed);
            [(); 8].map(|()| jitter.pause(4, first, most))
        };
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1), pauses(2));
    }
}
