//! Which home relays had which FLASH, over restarts (spec/06-relay.md, "What a relay withholds").
//!
//! A sender sees to it that a FLASH goes to at least two home relays; what is less urgent lies at one of
//! them only, as it should. So of FLASH messages alone a relay can be said to have lacked one, and only if
//! one of all relays had it. No clock, disk or network here.

use crate::device::limits::FLASHES_MAX;
use chappe_relay::ParcelId;
use std::collections::{BTreeMap, BTreeSet};

/// The key of a relay.
pub(crate) type RelayKey = [u8; 32];

/// A FLASH that one home relay had, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flash {
    pub(crate) had: RelayKey,
    /// The homes that should have it, too.
    pub(crate) others: BTreeSet<RelayKey>,
    /// When it was heard, in seconds since 1970.
    pub(crate) at: u64,
    /// The parcel's expiry: who gives it out no longer then does as he should.
    pub(crate) until: u64,
    /// Whether a person was told who lacked it.
    pub(crate) is_told: bool,
}

/// What only one of all relays had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Withheld {
    pub(crate) had: RelayKey,
    pub(crate) lacked: BTreeSet<RelayKey>,
    /// What it had.
    pub(crate) ids: Vec<ParcelId>,
}

/// What is compared.
#[derive(Debug, Default)]
pub(crate) struct Flashes(BTreeMap<ParcelId, Flash>);

impl Flashes {
    /// A relay gave it out, and no other that is known of.
    pub(crate) fn hear(&mut self, id: ParcelId, flash: Flash) {
        if !self.0.contains_key(&id) {
            self.make_room();
        }
        self.0.insert(id, flash);
    }

    /// A relay gave it out. If that makes two it is compared no longer: what was known of it.
    pub(crate) fn had(&self, id: ParcelId, relay: RelayKey) -> Option<&Flash> {
        self.0.get(&id).filter(|flash| flash.others.contains(&relay))
    }

    /// More is not asked of anybody.
    pub(crate) fn settle(&mut self, id: ParcelId) -> Option<Flash> {
        self.0.remove(&id)
    }

    /// A person was told who lacked it.
    pub(crate) fn told(&mut self, id: ParcelId) -> Option<&Flash> {
        let flash = self.0.get_mut(&id)?;
        flash.is_told = true;
        Some(flash)
    }

    /// The relays that lack something that was not told.
    pub(crate) fn lacking(&self) -> BTreeSet<RelayKey> {
        let untold = self.0.values().filter(|flash| !flash.is_told);
        untold.flat_map(|flash| flash.others.iter().copied()).collect()
    }

    /// What is to be told now, by those that had it and those that lacked it: what expects no home to be
    /// read any more. `homes` are those there are now; `is_read` says of one whether it was read to its
    /// end since a time.
    pub(crate) fn withheld(
        &mut self,
        homes: &BTreeSet<RelayKey>,
        is_read: &dyn Fn(&RelayKey, u64) -> bool,
        now: u64,
    ) -> Vec<Withheld> {
        self.0.retain(|_, flash| flash.until > now);
        let mut withheld: BTreeMap<(RelayKey, BTreeSet<RelayKey>), Vec<ParcelId>> = BTreeMap::new();
        for (id, flash) in self.0.iter().filter(|(_, flash)| !flash.is_told) {
            // Of a relay that is no home any more nothing is expected.
            let lacked: BTreeSet<RelayKey> = flash.others.intersection(homes).copied().collect();
            if !lacked.is_empty() && lacked.iter().all(|home| is_read(home, flash.at)) {
                withheld.entry((flash.had, lacked)).or_default().push(*id);
            }
        }
        withheld.into_iter().map(|((had, lacked), ids)| Withheld { had, lacked, ids }).collect()
    }

    fn make_room(&mut self) {
        if self.0.len() < FLASHES_MAX {
            return;
        }
        let oldest = self.0.iter().min_by_key(|(_, flash)| flash.at).map(|(id, _)| *id);
        oldest.and_then(|id| self.0.remove(&id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ParcelId = ParcelId([1; 32]);
    const B: ParcelId = ParcelId([2; 32]);
    const ONE: RelayKey = [1; 32];
    const TWO: RelayKey = [2; 32];
    const THREE: RelayKey = [3; 32];
    const NOW: u64 = 1_000;

    fn flash(had: RelayKey, others: &[RelayKey]) -> Flash {
        let others = others.iter().copied().collect();
        Flash { had, others, at: NOW, until: NOW + 100, is_told: false }
    }

    fn told(
        flashes: &mut Flashes,
        homes: &[RelayKey],
        read: &[RelayKey],
        now: u64,
    ) -> Vec<Withheld> {
        let homes = homes.iter().copied().collect();
        let told = flashes.withheld(&homes, &|home, _| read.contains(home), now);
        for id in told.iter().flat_map(|one| &one.ids) {
            flashes.told(*id);
        }
        told
    }

    fn withheld(id: ParcelId, had: RelayKey, lacked: &[RelayKey]) -> Withheld {
        Withheld { had, lacked: lacked.iter().copied().collect(), ids: vec![id] }
    }

    #[test]
    fn what_one_of_two_relays_had_is_told_once_both_were_read() {
        let mut flashes = Flashes::default();
        flashes.hear(A, flash(ONE, &[TWO]));
        flashes.hear(B, flash(ONE, &[TWO]));
        assert!(flashes.had(B, ONE).is_none(), "it says it again");
        assert!(flashes.had(B, THREE).is_none(), "that one is no home");
        assert!(!flashes.had(B, TWO).unwrap().is_told, "both had it");
        flashes.settle(B);
        let both = [ONE, TWO];
        assert_eq!(flashes.lacking(), BTreeSet::from([TWO]));
        assert_eq!(told(&mut flashes, &both, &[ONE], NOW), [], "the other was not read");
        assert_eq!(told(&mut flashes, &both, &both, NOW), [withheld(A, ONE, &[TWO])]);
        assert_eq!(told(&mut flashes, &both, &both, NOW), [], "once");
        assert!(flashes.lacking().is_empty());
        assert!(flashes.had(A, TWO).unwrap().is_told, "it comes late, and that is told");
    }

    #[test]
    fn of_three_relays_two_are_enough_and_one_that_is_no_home_any_more_is_not_waited_for() {
        let mut flashes = Flashes::default();
        flashes.hear(A, flash(THREE, &[ONE, TWO]));
        assert_eq!(told(&mut flashes, &[ONE, TWO, THREE], &[TWO, THREE], NOW), []);
        assert_eq!(told(&mut flashes, &[TWO, THREE], &[TWO], NOW), [withheld(A, THREE, &[TWO])]);
        flashes.hear(B, flash(THREE, &[ONE]));
        assert_eq!(told(&mut flashes, &[TWO, THREE], &[TWO, THREE], NOW), [], "nothing to compare");
    }

    #[test]
    fn what_has_expired_is_asked_of_nobody() {
        let mut flashes = Flashes::default();
        flashes.hear(A, flash(ONE, &[TWO]));
        assert_eq!(told(&mut flashes, &[ONE, TWO], &[ONE, TWO], NOW + 100), []);
        assert!(flashes.had(A, TWO).is_none());
    }

    #[test]
    fn the_oldest_make_room() {
        let mut flashes = Flashes::default();
        for number in 0..=u16::try_from(FLASHES_MAX).unwrap() {
            let [high, low] = number.to_be_bytes();
            let id = ParcelId([high, low].repeat(16).try_into().unwrap());
            flashes.hear(id, Flash { at: NOW + u64::from(number), ..flash(ONE, &[TWO]) });
        }
        assert_eq!(flashes.0.len(), FLASHES_MAX);
        assert!(!flashes.0.contains_key(&ParcelId([0; 32])));
    }
}
