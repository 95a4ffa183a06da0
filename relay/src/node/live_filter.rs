//! Which live parcels were said before (spec/06-relay.md, "Live").

use crate::limits::{LIVE_FILTER_GENERATION, LIVE_FILTER_PLACES};
use std::time::Instant;

/// Fingerprints a set holds of each generation.
const WAYS: usize = 4;

/// Sets, a power of two.
const SETS: usize = LIVE_FILTER_PLACES / WAYS;
const _: () = assert!(SETS.is_power_of_two());

/// A table of fixed size: fingerprints of 64 bits in sets of four, in two generations. When a set is
/// full the oldest of it falls out, so a flood makes repetitions be heard again, never new parcels be
/// dropped.
#[derive(Debug, Default)]
pub(super) struct LiveFilter {
    /// Empty until something is said.
    sets: Vec<Set>,
    /// Which generation of each set is the present one.
    present: Generation,
    is_empty: [bool; 2],
    began: Option<Instant>,
}

/// Both generations of a set in one line of the cache: a look costs one miss and not two.
#[derive(Debug, Clone, Default)]
#[repr(align(64))]
struct Set {
    even: [u64; WAYS],
    odd: [u64; WAYS],
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Generation {
    #[default]
    Even,
    Odd,
}

impl Generation {
    const fn other(self) -> Self {
        match self {
            Self::Even => Self::Odd,
            Self::Odd => Self::Even,
        }
    }
}

impl Set {
    const fn of(&mut self, generation: Generation) -> &mut [u64; WAYS] {
        match generation {
            Generation::Even => &mut self.even,
            Generation::Odd => &mut self.odd,
        }
    }
}

impl LiveFilter {
    /// Whether this was not said in the last seconds. It is, from now on.
    pub(super) fn is_new(&mut self, fingerprint: u64, now: Instant) -> bool {
        self.turn(now);
        let fingerprint = fingerprint.max(1); // 0 is a free place
        if self.sets.is_empty() {
            self.sets = vec![Set::default(); SETS];
        }
        let present = self.present;
        let Some(set) = self.sets.get_mut(index(fingerprint)) else { return true };
        if set.even.contains(&fingerprint) || set.odd.contains(&fingerprint) {
            return false;
        }
        let ways = set.of(present);
        let [a, b, c, _] = *ways;
        *ways = [fingerprint, a, b, c];
        if let Some(is_empty) = self.is_empty.get_mut(usize::from(present == Generation::Odd)) {
            *is_empty = false;
        }
        true
    }

    fn turn(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        let age = now.saturating_duration_since(began);
        if age < LIVE_FILTER_GENERATION {
            return;
        }
        let former = self.present;
        self.present = former.other();
        self.clear(self.present);
        if age >= LIVE_FILTER_GENERATION.saturating_mul(2) {
            self.clear(former);
        }
        self.began = Some(now);
    }

    fn clear(&mut self, generation: Generation) {
        let place = self.is_empty.get_mut(usize::from(generation == Generation::Odd));
        if place.is_some_and(|is_empty| !std::mem::replace(is_empty, true)) {
            self.sets.iter_mut().for_each(|set| *set.of(generation) = [0; WAYS]);
        }
    }
}

/// A fingerprint is a keyed hash: any bits of it will do.
fn index(fingerprint: u64) -> usize {
    let [a, b, c, d, ..] = fingerprint.to_le_bytes();
    usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(0) & (SETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repetition_is_known_for_one_to_two_generations() {
        let start = Instant::now();
        let at = |generations: u32, parts: u32| {
            start + LIVE_FILTER_GENERATION * generations + LIVE_FILTER_GENERATION * parts / 8
        };
        let mut filter = LiveFilter::default();
        assert!(filter.is_new(7, at(0, 0)));
        assert!(!filter.is_new(7, at(0, 7)));
        assert!(filter.is_new(8, at(0, 7)));
        // The generation turns at 1.
        assert!(!filter.is_new(7, at(1, 0)) && !filter.is_new(8, at(1, 7)));
        // And again at 2: what was said before 1 is forgotten.
        assert!(filter.is_new(7, at(2, 0)) && filter.is_new(8, at(2, 0)));
        assert!(!filter.is_new(7, at(3, 7)));
        // After a silence of two generations nothing is left.
        assert!(filter.is_new(7, at(9, 0)));
    }

    #[test]
    fn a_full_set_forgets_its_oldest() {
        let now = Instant::now();
        let mut filter = LiveFilter::default();
        let alike = |number: u64| (number << 32) | 5;
        assert!((1..=5).all(|number| filter.is_new(alike(number), now)));
        assert!((2..=5).all(|number| !filter.is_new(alike(number), now)));
        assert!(filter.is_new(alike(1), now), "heard again, and nothing new was dropped");
    }
}
