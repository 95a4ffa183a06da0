//! What one home relay had and another did not (spec/06-relay.md, "What a relay withholds").
//!
//! A sender sees to it that a FLASH goes to at least two home relays; what is less urgent lies at one of
//! them only, as it should. So of FLASH messages alone a relay can be said to have lacked one, and only if
//! one of all relays had it.

use chappe_relay::ParcelId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// FLASH messages compared at a time; those heard longest ago are forgotten first.
const COMPARED_MAX: usize = 1024;

/// How long a relay that is read all the time may take with what another had.
const LATE_AFTER: Duration = Duration::from_secs(60);

/// Which relays had which FLASH.
#[derive(Debug)]
pub(super) struct Comparison {
    relays: usize,
    flashes: BTreeMap<ParcelId, Flash>,
}

#[derive(Debug)]
struct Flash {
    /// The one relay that had it, by its place.
    had: usize,
    /// When it was first heard.
    at: Instant,
    /// Whether a person was told who lacked it.
    is_told: bool,
}

/// What only one of all relays had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Withheld {
    pub(super) had: usize,
    pub(super) lacked: Vec<usize>,
    /// What it had.
    pub(super) ids: Vec<ParcelId>,
}

impl Comparison {
    /// Of so many relays. With one there is nothing to compare.
    pub(super) const fn of(relays: usize) -> Self {
        Self { relays, flashes: BTreeMap::new() }
    }

    /// A relay gave this out. What the device had taken in before it began to compare says nothing.
    /// Whether it was told of this relay that it lacked it.
    pub(super) fn heard(&mut self, relay: usize, id: ParcelId, is_new: bool) -> bool {
        if self.relays < 2 {
            return false;
        }
        match self.flashes.get(&id) {
            Some(flash) if flash.had == relay => false,
            // Two had it: more is not asked of anybody.
            Some(_) => self.flashes.remove(&id).is_some_and(|flash| flash.is_told),
            None => {
                if is_new {
                    self.make_room();
                    let flash = Flash { had: relay, at: Instant::now(), is_told: false };
                    self.flashes.insert(id, flash);
                }
                false
            }
        }
    }

    /// Of the relays that were read, those that lack something.
    pub(super) fn lacking(&self, read: &[usize]) -> BTreeSet<usize> {
        let untold = self.flashes.values().filter(|flash| !flash.is_told);
        untold.flat_map(|flash| read.iter().copied().filter(|one| *one != flash.had)).collect()
    }

    /// What only one had, when these were read to their end: nothing as long as one was not.
    pub(super) fn withheld(&mut self, read: &[usize]) -> Vec<Withheld> {
        self.told(|_| read.to_vec())
    }

    /// The same of relays that are read all the time, each since a moment or not at present.
    pub(super) fn overdue(&mut self, since: &[Option<Instant>], now: Instant) -> Vec<Withheld> {
        self.told(|at| {
            let is_over = |since: &Option<Instant>| {
                since.is_some_and(|since| now.duration_since(since.max(at)) >= LATE_AFTER)
            };
            let places = since.iter().enumerate();
            places.filter(|(_, since)| is_over(since)).map(|(place, _)| place).collect()
        })
    }

    fn told(&mut self, read: impl Fn(Instant) -> Vec<usize>) -> Vec<Withheld> {
        let all: BTreeSet<usize> = (0..self.relays).collect();
        let mut withheld: BTreeMap<usize, Withheld> = BTreeMap::new();
        for (id, flash) in self.flashes.iter_mut().filter(|(_, flash)| !flash.is_told) {
            let mut read: BTreeSet<usize> = read(flash.at).into_iter().collect();
            // That it had it needs no waiting for.
            read.insert(flash.had);
            if read == all {
                flash.is_told = true;
                let lacked = || all.iter().copied().filter(|one| *one != flash.had).collect();
                let of_it = withheld.entry(flash.had).or_insert_with(|| Withheld {
                    had: flash.had,
                    lacked: lacked(),
                    ids: Vec::new(),
                });
                of_it.ids.push(*id);
            }
        }
        withheld.into_values().collect()
    }

    fn make_room(&mut self) {
        if self.flashes.len() < COMPARED_MAX {
            return;
        }
        let oldest = self.flashes.iter().min_by_key(|(_, flash)| flash.at).map(|(id, _)| *id);
        oldest.and_then(|id| self.flashes.remove(&id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ParcelId = ParcelId([1; 32]);
    const B: ParcelId = ParcelId([2; 32]);

    fn withheld(id: ParcelId, had: usize, lacked: &[usize]) -> Withheld {
        Withheld { had, lacked: lacked.to_vec(), ids: vec![id] }
    }

    #[test]
    fn what_one_of_two_relays_had_is_told_once_both_were_read() {
        let mut comparison = Comparison::of(2);
        assert!(!comparison.heard(0, A, true));
        assert!(!comparison.heard(0, B, true));
        assert!(!comparison.heard(1, B, false), "both had it");
        assert_eq!(comparison.lacking(&[0, 1]), BTreeSet::from([1]));
        assert_eq!(comparison.withheld(&[0]), [], "the other was not read to its end");
        assert_eq!(comparison.withheld(&[0, 1]), [withheld(A, 0, &[1])]);
        assert_eq!(comparison.withheld(&[0, 1]), [], "once");
        assert!(comparison.lacking(&[0, 1]).is_empty());
        assert!(!comparison.heard(0, A, false));
        assert!(comparison.heard(1, A, false), "it comes late, and that is told");
        assert!(!comparison.heard(1, A, false), "once");
    }

    #[test]
    fn of_three_relays_two_are_enough() {
        let mut comparison = Comparison::of(3);
        comparison.heard(2, A, true);
        comparison.heard(0, B, true);
        comparison.heard(1, B, false);
        assert_eq!(comparison.withheld(&[1, 2]), [], "it may lie at the one that was not read");
        assert_eq!(comparison.withheld(&[0, 1, 2]), [withheld(A, 2, &[0, 1])]);
    }

    #[test]
    fn what_was_known_before_says_nothing_and_one_relay_is_compared_with_none() {
        let mut comparison = Comparison::of(2);
        comparison.heard(1, A, false);
        assert_eq!(comparison.withheld(&[0, 1]), []);
        let mut alone = Comparison::of(1);
        alone.heard(0, A, true);
        assert_eq!(alone.withheld(&[0]), []);
    }

    #[test]
    fn a_relay_is_late_after_a_minute_in_which_it_was_read() {
        let mut comparison = Comparison::of(2);
        let begin = Instant::now();
        comparison.heard(0, A, true);
        let later = |seconds| Instant::now() + Duration::from_secs(seconds);
        let both = [Some(begin), Some(begin)];
        assert_eq!(comparison.overdue(&both, later(50)), []);
        assert_eq!(comparison.overdue(&[Some(begin), None], later(100)), [], "it is away");
        let back = [Some(begin), Some(later(80))];
        assert_eq!(comparison.overdue(&back, later(100)), [], "it has just come back");
        assert_eq!(comparison.overdue(&back, later(150)), [withheld(A, 0, &[1])]);
        assert_eq!(comparison.overdue(&both, later(200)), [], "once");
    }

    #[test]
    fn the_oldest_make_room() {
        let mut comparison = Comparison::of(2);
        for number in 0..=u16::try_from(COMPARED_MAX).unwrap() {
            let [high, low] = number.to_be_bytes();
            comparison.heard(0, ParcelId([high, low].repeat(16).try_into().unwrap()), true);
        }
        assert_eq!(comparison.flashes.len(), COMPARED_MAX);
        assert!(!comparison.flashes.contains_key(&ParcelId([0; 32])));
    }
}
