//! Hints: how an envelope is found among all that may come (spec/11-session.md, "Hints").

use crate::digest::{self, Keyed};
use crate::limits::SESSION_COUNTERS_MAX;
use core::fmt;
use zeroize::Zeroizing;

/// Every this many counters an envelope goes into the random-access class.
pub(super) const RANDOM_ACCESS_COUNTERS: u32 = 256;

/// Every this many counters a hint is held far ahead.
pub(super) const FAR_COUNTERS: u32 = 64;

/// How far ahead.
pub(super) const FAR_REACH: u32 = 4096;

/// Whether an envelope with this first counter says its counter.
pub(super) const fn is_random_access(counter: u32) -> bool {
    counter != 0 && counter.is_multiple_of(RANDOM_ACCESS_COUNTERS)
}

/// "of the multiples of 256 of that residue below 2^20 the receiver takes the one nearest to n, the
/// higher of two equally near".
pub(super) fn nearest(n: u32, residue: u8) -> u32 {
    let lowest = u32::from(residue).saturating_mul(RANDOM_ACCESS_COUNTERS);
    let all = (0..SESSION_COUNTERS_MAX >> 16).map(|high| high << 16 | lowest);
    // Of equal minima the first is taken: from the highest down.
    all.rev().min_by_key(|counter| counter.abs_diff(n)).unwrap_or(lowest)
}

/// An epoch's hint key for one way.
#[derive(Clone)]
pub(super) struct HintKey {
    octets: Zeroizing<[u8; 32]>,
    keyed: Keyed,
}

impl HintKey {
    pub(super) fn new(octets: Zeroizing<[u8; 32]>) -> Self {
        let keyed = Keyed::new(&octets);
        Self { octets, keyed }
    }

    pub(super) fn octets(&self) -> &[u8; 32] {
        &self.octets
    }

    /// `MAC(hint key, "chappe-in-chain/1", c)[..3]`.
    pub(super) fn in_chain(&self, counter: u32) -> [u8; 3] {
        digest::first(&self.keyed.mac("chappe-in-chain/1", &[&counter.to_be_bytes()]))
    }

    /// `MAC(hint key, "chappe-at-random/1", c)[..3]`.
    pub(super) fn at_random(&self, counter: u32) -> [u8; 3] {
        digest::first(&self.keyed.mac("chappe-at-random/1", &[&counter.to_be_bytes()]))
    }

    /// The hint of an envelope with this first counter, of the class it belongs to.
    pub(super) fn of(&self, counter: u32) -> [u8; 3] {
        if is_random_access(counter) { self.at_random(counter) } else { self.in_chain(counter) }
    }
}

/// Where an expected envelope belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Expected {
    /// The session's number.
    pub(super) session: u32,
    /// The envelope's first counter.
    pub(super) counter: u32,
    /// The lowest bit of the epoch.
    pub(super) parity: u8,
}

/// Entries in a bucket, all of which every look-up reads.
const BUCKET: usize = 16;

/// The mean load of a bucket at which the table grows. With hints that are as good as random, more
/// than sixteen then meet in one bucket in less than one of 10^6.
const BUCKET_LOAD: usize = 4;

/// Buckets at the start, and at most: one for each hint.
const BUCKETS_MIN: usize = 16;
const BUCKETS_MAX: usize = 1 << 24;

/// No hint: hints have 24 bits.
const VACANT: u32 = u32::MAX;

/// The hints of all sessions that chain envelopes may come with.
///
/// A look-up reads one whole bucket and, in the same time whatever stands there, compares every entry
/// of it. So what a stranger learns from the time of a look-up is whether a hint was met, and nothing
/// of those that were not.
pub(super) struct HintIndex {
    hints: alloc::vec::Vec<[u32; BUCKET]>,
    expected: alloc::vec::Vec<[Expected; BUCKET]>,
    /// What found its bucket full: next to nothing, read in every look-up.
    overflow: alloc::vec::Vec<(u32, Expected)>,
    count: usize,
}

impl HintIndex {
    pub(super) fn new() -> Self {
        Self {
            hints: alloc::vec![[VACANT; BUCKET]; BUCKETS_MIN],
            expected: alloc::vec![[Expected::default(); BUCKET]; BUCKETS_MIN],
            overflow: alloc::vec::Vec::new(),
            count: 0,
        }
    }

    /// Hints held.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// What may come with this hint: mostly nothing, mostly one. Allocates on a hit only.
    pub(super) fn find(&self, hint: [u8; 3]) -> alloc::vec::Vec<Expected> {
        let hint = number(hint);
        let bucket = self.bucket(hint);
        let mut found = alloc::vec::Vec::new();
        let (Some(hints), Some(expected)) = (self.hints.get(bucket), self.expected.get(bucket))
        else {
            return found;
        };
        let mut met = 0_u32;
        for (place, held) in (0_u32..).zip(hints) {
            met |= u32::from(*held == hint) << place;
        }
        if met != 0 {
            let places = (0_u32..).zip(expected).filter(|(place, _)| (met >> place) & 1 == 1);
            found.extend(places.map(|(_, expected)| *expected));
        }
        let further = self.overflow.iter().filter(|(held, _)| *held == hint);
        found.extend(further.map(|(_, expected)| *expected));
        found
    }

    pub(super) fn insert(&mut self, hint: [u8; 3], expected: Expected) {
        if self.count >= self.hints.len().saturating_mul(BUCKET_LOAD)
            && self.hints.len() < BUCKETS_MAX
        {
            self.grow();
        }
        self.count = self.count.saturating_add(1);
        self.put(number(hint), expected);
    }

    pub(super) fn remove(&mut self, hint: [u8; 3], expected: Expected) {
        let hint = number(hint);
        let bucket = self.bucket(hint);
        let (Some(hints), Some(entries)) = (self.hints.get_mut(bucket), self.expected.get(bucket))
        else {
            return;
        };
        let mut places = hints.iter_mut().zip(entries);
        let place = places.find(|(held, entry)| **held == hint && **entry == expected);
        if let Some((held, _)) = place {
            *held = VACANT;
        } else if let Some(at) = self.overflow.iter().position(|e| *e == (hint, expected)) {
            #[expect(clippy::disallowed_methods, reason = "found one line up")]
            self.overflow.swap_remove(at);
        } else {
            return;
        }
        self.count = self.count.saturating_sub(1);
    }

    fn bucket(&self, hint: u32) -> usize {
        // The number of buckets is a power of two.
        usize::try_from(hint).unwrap_or(0) & self.hints.len().saturating_sub(1)
    }

    fn put(&mut self, hint: u32, expected: Expected) {
        let bucket = self.bucket(hint);
        let places = self.hints.get_mut(bucket).zip(self.expected.get_mut(bucket));
        let mut places =
            places.into_iter().flat_map(|(hints, entries)| hints.iter_mut().zip(entries));
        if let Some((held, entry)) = places.find(|(held, _)| **held == VACANT) {
            (*held, *entry) = (hint, expected);
        } else {
            self.overflow.push((hint, expected));
        }
    }

    fn grow(&mut self) {
        let buckets = self.hints.len().saturating_mul(2);
        let old = core::mem::replace(
            self,
            Self {
                hints: alloc::vec![[VACANT; BUCKET]; buckets],
                expected: alloc::vec![[Expected::default(); BUCKET]; buckets],
                overflow: alloc::vec::Vec::new(),
                count: self.count,
            },
        );
        let entries = old.hints.into_iter().flatten().zip(old.expected.into_iter().flatten());
        for (hint, expected) in entries.filter(|(hint, _)| *hint != VACANT).chain(old.overflow) {
            self.put(hint, expected);
        }
    }
}

impl fmt::Debug for HintIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HintIndex of {}", self.count)
    }
}

const fn number([a, b, c]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, a, b, c])
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // an overflow in a test fails the test
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list: whatever was put in and not taken out is found, with equal hints too.
        #[test]
        fn the_index_is_a_list_of_pairs(
            steps in proptest::collection::vec((any::<bool>(), 0_u8..40, 0_u32..400), 0..900)
        ) {
            let (mut index, mut list) = (HintIndex::new(), alloc::vec::Vec::new());
            for (is_insert, low, counter) in steps {
                // Buckets are chosen by the low bits: many meet in few.
                let pair = ([low, 0, 7], Expected { session: 1, counter, parity: 0 });
                if is_insert {
                    index.insert(pair.0, pair.1);
                    list.push(pair);
                } else {
                    index.remove(pair.0, pair.1);
                    if let Some(at) = list.iter().position(|held| *held == pair) {
                        list.swap_remove(at);
                    }
                }
            }
            prop_assert_eq!(index.len(), list.len());
            for low in 0..40 {
                let counters = |found: &mut dyn Iterator<Item = Expected>| {
                    let mut all: alloc::vec::Vec<u32> = found.map(|e| e.counter).collect();
                    all.sort_unstable();
                    all
                };
                let expected = counters(
                    &mut list.iter().filter(|(h, _)| *h == [low, 0, 7]).map(|(_, e)| *e),
                );
                prop_assert_eq!(counters(&mut index.find([low, 0, 7]).into_iter()), expected);
            }
        }

        #[test]
        fn the_nearest_of_a_residue(n in 0_u32..=(1 << 20), residue: u8) {
            let chosen = nearest(n, residue);
            prop_assert!(chosen < SESSION_COUNTERS_MAX);
            prop_assert_eq!(chosen % (1 << 16), u32::from(residue) * 256);
            for other in (0..16).map(|k| k * (1 << 16) + u32::from(residue) * 256) {
                let (this, best) = (other.abs_diff(n), chosen.abs_diff(n));
                prop_assert!(this > best || this == best && other <= chosen);
            }
        }
    }
}
