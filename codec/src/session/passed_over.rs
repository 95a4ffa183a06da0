//! Keys of counters that were passed over, for what comes late (spec/11-session.md, "Receiving").

use super::hint;
use super::message_keys::MessageKeys;
use super::receive::{Hints, Place};
use crate::envelope::OpenError;
use crate::error::{DecodeError, ErrorKind};
use alloc::vec::Vec;
use subtle::ConstantTimeEq;

/// Seconds a key of a passed-over counter is kept.
pub(super) const KEPT_SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

/// The keys of a counter that was passed over.
#[derive(Clone)]
pub(super) struct Skipped {
    pub(super) counter: u32,
    pub(super) epoch: u32,
    /// Of the class its counter belongs to.
    pub(super) hint: [u8; 3],
    pub(super) since: Option<u64>,
    pub(super) keys: MessageKeys,
}

/// Such keys of one way of a session, ascending by counter, then epoch.
#[derive(Default)]
pub(super) struct PassedOver(Vec<Skipped>);

impl PassedOver {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn all(&self) -> &[Skipped] {
        &self.0
    }

    /// Adds a key behind all others.
    pub(super) fn push(&mut self, skipped: Skipped) {
        self.0.push(skipped);
    }

    /// The keys of this place if they are still to be had; nothing changes.
    pub(super) fn keys(&self, place: Place, now: Option<u64>) -> Option<MessageKeys> {
        let skipped = self.0.get(self.position(place)?)?;
        (!skipped.is_expired(now)).then(|| skipped.keys.clone())
    }

    /// Whether there is a key of this counter, of whichever epoch.
    pub(super) fn holds(&self, counter: u32) -> bool {
        self.0.iter().any(|skipped| skipped.counter == counter)
    }

    /// The place of this counter in an epoch of this parity.
    pub(super) fn place(&self, parity: u8, counter: u32) -> Option<Place> {
        let mut fitting = self.0.iter().filter(|s| s.counter == counter && s.parity() == parity);
        fitting.next().map(|skipped| Place { epoch: skipped.epoch, counter })
    }

    /// The places of this counter, of a random-access envelope, which this hint fits.
    pub(super) fn random_access_places(
        &self,
        counter: u32,
        hint: [u8; 3],
        parity: u8,
    ) -> impl Iterator<Item = Place> {
        let held = self.0.iter().filter(move |s| s.counter == counter && s.parity() == parity);
        let fitting = held.filter(move |s| s.hint.ct_eq(&hint).into());
        fitting.map(move |s| Place { epoch: s.epoch, counter })
    }

    /// "One that reaches over a counter that was opened already is refused (`inconsistent`)".
    pub(super) fn check_items(&self, place: Place, items: u32) -> Result<(), OpenError> {
        let mut counters = place.counter..place.counter.saturating_add(items);
        if counters.all(|counter| self.position(Place { counter, ..place }).is_some()) {
            return Ok(());
        }
        Err(OpenError::Decode(DecodeError::at_octet(ErrorKind::Inconsistent, "counter", 0)))
    }

    /// Destroys the keys of `items` counters, in every epoch: "With an envelope the keys of all its
    /// counters are destroyed."
    pub(super) fn destroy(&mut self, first: u32, items: u32, index: &mut Hints<'_>) {
        let counters = first..first.saturating_add(items);
        self.retain(index, |skipped| !counters.contains(&skipped.counter));
    }

    /// Destroys what is older than it may be. Says whether there was any.
    pub(super) fn expire(&mut self, now: Option<u64>, index: &mut Hints<'_>) -> bool {
        let before = self.0.len();
        self.retain(index, |skipped| !skipped.is_expired(now));
        self.0.len() < before
    }

    /// Puts all in order, and keeps `max` of them: "the lowest counters making room".
    pub(super) fn settle(&mut self, max: usize, now: Option<u64>, index: &mut Hints<'_>) {
        self.0.sort_unstable_by_key(|s| (s.counter, s.epoch));
        let mut surplus = self.0.len().saturating_sub(max);
        self.retain(index, |skipped| {
            let goes = surplus > 0 || skipped.is_expired(now);
            surplus = surplus.saturating_sub(1);
            !goes
        });
    }

    /// Holds the hints of the keys of counters before `end`, or holds none of them any more.
    pub(super) fn expect(&self, end: u32, index: &mut Hints<'_>) {
        let expected = self.0.iter().filter(|skipped| skipped.counter < end);
        expected.for_each(|skipped| index.expect_skipped(skipped));
    }

    pub(super) fn forget_hints(&self, index: &mut Hints<'_>) {
        self.0.iter().for_each(|skipped| index.forget_skipped(skipped));
    }

    fn retain(&mut self, index: &mut Hints<'_>, mut keep: impl FnMut(&Skipped) -> bool) {
        self.0.retain(|skipped| {
            let stays = keep(skipped);
            if !stays {
                index.forget_skipped(skipped);
            }
            stays
        });
    }

    fn position(&self, place: Place) -> Option<usize> {
        let key = (place.counter, place.epoch);
        self.0.binary_search_by_key(&key, |s| (s.counter, s.epoch)).ok()
    }
}

impl Skipped {
    /// "for seven days by a clock if there is one".
    fn is_expired(&self, now: Option<u64>) -> bool {
        let age = now.zip(self.since).map(|(now, since)| now.saturating_sub(since));
        age.is_some_and(|age| age > KEPT_SECONDS_MAX)
    }

    pub(super) const fn parity(&self) -> u8 {
        if self.epoch.is_multiple_of(2) { 0 } else { 1 }
    }

    /// Whether it is found by its hint in the index: in the chain class.
    pub(super) const fn is_indexed(&self) -> bool {
        !hint::is_random_access(self.counter)
    }
}
