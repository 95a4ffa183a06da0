//! What one way of a session receives: the counters it expects, the keys it keeps of those passed
//! over, and how it finds its place again (spec/11-session.md, "Hints" and "Receiving").

use super::Window;
use super::epoch::WayKeys;
use super::hint::{self, Expected, FAR_COUNTERS, FAR_REACH, HintIndex};
use super::message_keys::MessageKeys;
use super::passed_over::{PassedOver, Skipped};
use crate::envelope::OpenError;
use crate::error::{DecodeError, ErrorKind};
use crate::limits::{SESSION_COUNTERS_MAX, SKIPPED_KEYS_MAX};
use alloc::collections::btree_map::Entry;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use subtle::ConstantTimeEq;

/// One way of a session, receiving.
pub(super) struct Receiving {
    /// n: the counter behind the newest opened.
    pub(super) behind: u32,
    pub(super) newest: LiveEpoch,
    /// The epoch before it, as long as nothing of the newest has been opened.
    pub(super) older: Option<LiveEpoch>,
    pub(super) skipped: PassedOver,
}

/// An epoch envelopes may come in.
pub(super) struct LiveEpoch {
    pub(super) epoch: u32,
    pub(super) keys: WayKeys,
    /// Held hints of the next counters, and of the multiples of 64 further on; in the index too.
    near: BTreeMap<u32, [u8; 3]>,
    far: VecDeque<(u32, [u8; 3])>,
    /// Up to where hints are held: of the next counters, of those a sender that was restarted goes
    /// on with, and of the multiples of 64.
    near_end: u32,
    restart_end: u32,
    far_end: u32,
}

/// Which key an envelope is tried with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) epoch: u32,
    pub(super) counter: u32,
}

impl Receiving {
    pub(super) fn new(epoch: u32, keys: WayKeys) -> Self {
        let newest = LiveEpoch::new(epoch, keys);
        Self { behind: 0, newest, older: None, skipped: PassedOver::default() }
    }

    /// The keys of this place if they are still to be had; nothing changes.
    pub(super) fn keys(&self, place: Place, now: Option<u64>) -> Option<MessageKeys> {
        if place.counter < self.behind {
            return self.skipped.keys(place, now);
        }
        let live = self.live().find(|live| live.epoch == place.epoch)?;
        let chain = &live.keys.chain;
        if chain.counter() == place.counter {
            return Some(chain.message_keys());
        }
        let mut chain = chain.clone();
        chain.advance(place.counter);
        (chain.counter() == place.counter).then(|| chain.message_keys())
    }

    /// Whether the key of this counter is still to be had.
    pub(super) fn expects(&self, counter: u32) -> bool {
        let is_ahead = (self.behind..SESSION_COUNTERS_MAX).contains(&counter);
        is_ahead || self.skipped.holds(counter)
    }

    /// The place of this counter in an epoch of this parity.
    pub(super) fn place(&self, parity: u8, counter: u32) -> Option<Place> {
        if counter < self.behind {
            return self.skipped.place(parity, counter);
        }
        let live = self.live().find(|live| live.parity() == parity)?;
        Some(Place { epoch: live.epoch, counter })
    }

    /// The places a random-access envelope can have: its counter is the one nearest to n.
    pub(super) fn random_access_places(
        &self,
        hint: [u8; 3],
        residue: u8,
        parity: u8,
    ) -> Vec<Place> {
        let counter = hint::nearest(self.behind, residue);
        if !hint::is_random_access(counter) {
            return Vec::new();
        }
        if counter < self.behind {
            return self.skipped.random_access_places(counter, hint, parity).collect();
        }
        let live = self.live().filter(|live| live.parity() == parity);
        let fitting = live.filter(|live| live.keys.hints.at_random(counter).ct_eq(&hint).into());
        fitting.map(|live| Place { epoch: live.epoch, counter }).collect()
    }

    /// Whether an envelope of `items` items may stand at this place (spec/11-session.md: "An envelope
    /// does not reach over a multiple of 64 that is not its first counter", "A session has at most
    /// 2^20 counters each way").
    pub(super) fn check_items(&self, place: Place, items: u32) -> Result<(), OpenError> {
        check_block(place, items)?;
        if place.counter < self.behind {
            return self.skipped.check_items(place, items);
        }
        Ok(())
    }

    /// Takes note that an envelope of `items` items was opened at this place. Its keys are gone.
    pub(super) fn accept(
        &mut self,
        place: Place,
        items: u32,
        now: Option<u64>,
        window: Window,
        index: &mut Hints<'_>,
    ) {
        let end = place.counter.saturating_add(items);
        if place.counter < self.behind {
            self.skipped.destroy(place.counter, items, index);
        } else {
            let passed = self.behind..place.counter;
            if place.epoch == self.newest.epoch {
                // "With the first envelope opened in epoch k + 1 the chain of epoch k ends."
                if let Some(mut ended) = self.older.take() {
                    index.forget_live(&ended);
                    ended.pass_over(passed.clone(), window, now, &mut self.skipped, index);
                }
                self.newest.pass_over(passed, window, now, &mut self.skipped, index);
                self.newest.keys.chain.advance(end);
            } else if let Some(older) = &mut self.older {
                older.pass_over(passed, window, now, &mut self.skipped, index);
                older.keys.chain.advance(end);
            }
            self.behind = end;
        }
        self.skipped.settle(SKIPPED_KEYS_MAX, now, index);
        self.expect(window, index);
    }

    /// Makes the newest epoch the older one.
    pub(super) fn enter(
        &mut self,
        epoch: u32,
        keys: WayKeys,
        window: Window,
        index: &mut Hints<'_>,
    ) {
        let left = core::mem::replace(&mut self.newest, LiveEpoch::new(epoch, keys));
        if let Some(ended) = self.older.replace(left) {
            index.forget_live(&ended);
        }
        self.expect(window, index);
    }

    /// Brings the held hints of every live epoch to where n is.
    pub(super) fn expect(&mut self, window: Window, index: &mut Hints<'_>) {
        self.newest.expect(self.behind, window, index);
        if let Some(older) = &mut self.older {
            older.expect(self.behind, window, index);
        }
    }

    /// Takes all hints of this way out of the index.
    pub(super) fn forget_hints(&self, index: &mut Hints<'_>) {
        self.live().for_each(|live| index.forget_live(live));
        self.skipped.forget_hints(index);
    }

    /// Whether an envelope of the newest epoch has been opened, or of the only one.
    pub(super) const fn is_in_newest(&self) -> bool {
        self.older.is_none() && self.behind > 0
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &LiveEpoch> {
        core::iter::once(&self.newest).chain(&self.older)
    }
}

/// Whether these counters are of one block of 64, and all below 2^20.
pub(super) fn check_block(place: Place, items: u32) -> Result<(), OpenError> {
    let room = FAR_COUNTERS.saturating_sub(place.counter % FAR_COUNTERS);
    let end = place.counter.saturating_add(items);
    if items > room || end > SESSION_COUNTERS_MAX {
        return Err(OpenError::Decode(DecodeError::at_octet(ErrorKind::OutOfRange, "counter", 0)));
    }
    Ok(())
}

impl LiveEpoch {
    pub(super) fn new(epoch: u32, keys: WayKeys) -> Self {
        let (near, far) = (BTreeMap::new(), VecDeque::new());
        Self { epoch, keys, near, far, near_end: 0, restart_end: 0, far_end: 0 }
    }

    const fn parity(&self) -> u8 {
        if self.epoch.is_multiple_of(2) { 0 } else { 1 }
    }

    /// Keeps the keys of the last counters passed over.
    fn pass_over(
        &mut self,
        passed: core::ops::Range<u32>,
        window: Window,
        now: Option<u64>,
        skipped: &mut PassedOver,
        index: &mut Hints<'_>,
    ) {
        let first = passed.start.max(passed.end.saturating_sub(window.counters()));
        if first >= passed.end {
            return;
        }
        self.keys.chain.advance(first);
        while self.keys.chain.counter() < passed.end {
            let counter = self.keys.chain.counter();
            let hint = self.keys.hints.of(counter);
            let keys = self.keys.chain.take();
            let kept = Skipped { counter, epoch: self.epoch, hint, since: now, keys };
            index.expect_skipped(&kept);
            skipped.push(kept);
        }
    }

    /// Holds the hints of the window from `n` on and of the multiples of 64 further on, but for those
    /// of random access, which are asked when one comes; on a handset those of the counters too "where
    /// a sender that was restarted goes on".
    fn expect(&mut self, n: u32, window: Window, index: &mut Hints<'_>) {
        let parity = self.parity();
        while let Some(held) = self.near.first_entry().filter(|held| *held.key() < n) {
            let (counter, hint) = held.remove_entry();
            index.remove(hint, counter, parity);
        }
        while let Some((counter, hint)) = self.far.pop_front_if(|(counter, _)| *counter < n) {
            index.remove(hint, counter, parity);
        }
        let near_end = n.saturating_add(window.counters()).min(SESSION_COUNTERS_MAX);
        self.hold(self.near_end.max(n)..near_end, index);
        self.near_end = near_end;
        if window.is_short() {
            let restart = n.saturating_add(1).next_multiple_of(FAR_COUNTERS);
            let end = restart.saturating_add(window.counters()).min(SESSION_COUNTERS_MAX);
            self.hold(self.restart_end.max(restart)..end, index);
            self.restart_end = end;
        }
        let far_end = n.saturating_add(FAR_REACH).min(SESSION_COUNTERS_MAX);
        let first = self.far_end.max(n).next_multiple_of(FAR_COUNTERS);
        #[expect(clippy::disallowed_methods, reason = "64 is not zero")]
        let multiples = (first..far_end).step_by(64);
        for counter in multiples {
            if !hint::is_random_access(counter) {
                let hint = self.keys.hints.in_chain(counter);
                index.insert(hint, counter, parity);
                self.far.push_back((counter, hint));
            }
        }
        self.far_end = far_end;
    }

    /// Holds the hints of these counters but for multiples of 64.
    fn hold(&mut self, counters: core::ops::Range<u32>, index: &mut Hints<'_>) {
        let parity = self.parity();
        for counter in counters.filter(|counter| !counter.is_multiple_of(FAR_COUNTERS)) {
            if let Entry::Vacant(place) = self.near.entry(counter) {
                let hint = *place.insert(self.keys.hints.in_chain(counter));
                index.insert(hint, counter, parity);
            }
        }
    }
}

/// The index as one session sees it.
pub(super) struct Hints<'a> {
    pub(super) session: u32,
    pub(super) index: &'a mut HintIndex,
}

impl Hints<'_> {
    fn expected(&self, counter: u32, parity: u8) -> Expected {
        Expected { session: self.session, counter, parity }
    }

    fn insert(&mut self, hint: [u8; 3], counter: u32, parity: u8) {
        self.index.insert(hint, self.expected(counter, parity));
    }

    fn remove(&mut self, hint: [u8; 3], counter: u32, parity: u8) {
        self.index.remove(hint, self.expected(counter, parity));
    }

    fn forget_live(&mut self, live: &LiveEpoch) {
        for (counter, hint) in live.near.iter().chain(live.far.iter().map(|(c, h)| (c, h))) {
            self.remove(*hint, *counter, live.parity());
        }
    }

    pub(super) fn expect_skipped(&mut self, skipped: &Skipped) {
        if skipped.is_indexed() {
            self.insert(skipped.hint, skipped.counter, skipped.parity());
        }
    }

    pub(super) fn forget_skipped(&mut self, skipped: &Skipped) {
        if skipped.is_indexed() {
            self.remove(skipped.hint, skipped.counter, skipped.parity());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What only an author that breaks the rules can write: its tag is right, its place is not.
    #[test]
    fn an_envelope_stands_where_it_may() {
        let mut receiving = Receiving::new(0, WayKeys::of_epoch(&[1; 32], 0));
        let mut index = HintIndex::new();
        let mut hints = Hints { session: 0, index: &mut index };
        let place = |counter| Place { epoch: 0, counter };
        let name = |refused: Result<(), OpenError>| refused.map_err(OpenError::name);
        assert_eq!(receiving.check_items(place(32), 32), Ok(()));
        assert_eq!(name(receiving.check_items(place(33), 32)), Err("out_of_range"));
        assert_eq!(receiving.check_items(place(64), 32), Ok(()));
        let last = SESSION_COUNTERS_MAX - 1;
        assert_eq!(receiving.check_items(place(last), 1), Ok(()));
        assert_eq!(name(receiving.check_items(place(last), 2)), Err("out_of_range"));
        // 5 and 6 were passed over; 7 was opened.
        receiving.accept(place(0), 5, None, Window::STATION, &mut hints);
        receiving.accept(place(7), 1, None, Window::STATION, &mut hints);
        assert_eq!(receiving.check_items(place(5), 2), Ok(()));
        assert_eq!(name(receiving.check_items(place(5), 3)), Err("inconsistent"));
        receiving.accept(place(5), 2, None, Window::STATION, &mut hints);
        assert!(receiving.skipped.is_empty() && receiving.keys(place(6), None).is_none());
        // Every hint is gone with its way.
        receiving.forget_hints(&mut hints);
        assert_eq!(index.len(), 0);
    }
}
