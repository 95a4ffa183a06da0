//! Which live parcels were said before (spec/06-relay.md, "Live").

use crate::limits::{LIVE_FILTER_GENERATION, LIVE_FILTER_PLACES};
use std::time::Instant;

/// Fingerprints a set holds.
const WAYS: usize = 4;

/// A table of fixed size: fingerprints of 64 bits in sets of four, in two generations. When a set is
/// full the oldest of it falls out, so a flood makes repetitions be heard again, never new parcels be
/// dropped.
#[derive(Debug)]
pub(super) struct LiveFilter {
    now: Generation,
    before: Generation,
    began: Option<Instant>,
}

#[derive(Debug)]
struct Generation {
    /// Empty until something is said.
    sets: Vec<[u64; WAYS]>,
    is_empty: bool,
}

impl Default for LiveFilter {
    fn default() -> Self {
        let fresh = || Generation { sets: Vec::new(), is_empty: true };
        Self { now: fresh(), before: fresh(), began: None }
    }
}

impl Generation {
    fn set(&mut self, fingerprint: u64) -> Option<&mut [u64; WAYS]> {
        let sets = u64::try_from(self.sets.len()).ok()?;
        let index = usize::try_from(fingerprint.checked_rem(sets)?).ok()?;
        self.sets.get_mut(index)
    }

    fn clear(&mut self) {
        if !self.is_empty {
            self.sets.fill([0; WAYS]);
            self.is_empty = true;
        }
    }
}

impl LiveFilter {
    /// Whether this was not said in the last seconds. It is, from now on.
    pub(super) fn is_new(&mut self, fingerprint: u64, now: Instant) -> bool {
        self.turn(now);
        let fingerprint = fingerprint.max(1); // 0 is a free place
        if self.before.set(fingerprint).is_some_and(|set| set.contains(&fingerprint)) {
            return false;
        }
        if self.now.sets.is_empty() {
            self.now.sets = vec![[0; WAYS]; LIVE_FILTER_PLACES / WAYS];
        }
        let Some(set) = self.now.set(fingerprint) else { return true };
        if set.contains(&fingerprint) {
            return false;
        }
        let [a, b, c, _] = *set;
        *set = [fingerprint, a, b, c];
        self.now.is_empty = false;
        true
    }

    fn turn(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        let age = now.saturating_duration_since(began);
        if age < LIVE_FILTER_GENERATION {
            return;
        }
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.clear();
        if age >= LIVE_FILTER_GENERATION.saturating_mul(2) {
            self.before.clear();
        }
        self.began = Some(now);
    }
}
