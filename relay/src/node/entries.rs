//! The parcels of one address and precedence, in order of storing.

use super::shelf::Entry;
use crate::limits::PIECE_ENTRIES;
use std::collections::VecDeque;

/// In pieces, so that neither growing nor forgetting what has expired ever moves more than one of them,
/// however many parcels an address has.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// None is empty.
    pieces: VecDeque<Piece>,
    /// The next piece to be looked through for what has expired.
    swept: usize,
}

#[derive(Debug)]
struct Piece {
    /// Ascending by sequence.
    entries: Vec<Entry>,
    latest_expiry: u64,
}

impl Piece {
    fn of(entry: Entry) -> Self {
        Self { entries: vec![entry], latest_expiry: entry.expiry_seconds() }
    }

    fn insert(&mut self, at: usize, entry: Entry) {
        self.latest_expiry = self.latest_expiry.max(entry.expiry_seconds());
        self.entries.insert(at, entry);
    }

    fn last(&self) -> Option<Entry> {
        self.entries.last().copied()
    }

    /// Where an entry with this sequence is or would be.
    fn place_of(&self, sequence: u64) -> usize {
        self.entries.partition_point(|entry| entry.sequence < sequence)
    }

    fn forget_expired(&mut self, now_seconds: u64) {
        if self.entries.iter().any(|entry| entry.expiry_seconds() <= now_seconds) {
            self.entries.retain(|entry| entry.expiry_seconds() > now_seconds);
            if self.entries.len() < self.entries.capacity() / 4 {
                self.entries.shrink_to_fit();
            }
        }
    }
}

impl Entries {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds an entry; nearly always it is the last. One that is there already stays as it is.
    pub(super) fn insert(&mut self, entry: Entry) {
        let sequence = entry.sequence;
        match self.pieces.back_mut() {
            Some(last) if last.last().is_none_or(|last| last.sequence < sequence) => {
                if last.entries.len() < PIECE_ENTRIES {
                    last.insert(last.entries.len(), entry);
                } else {
                    self.pieces.push_back(Piece::of(entry));
                }
            }
            Some(_) => self.insert_between(entry),
            None => self.pieces.push_back(Piece::of(entry)),
        }
    }

    fn insert_between(&mut self, entry: Entry) {
        let index = self.piece_from(entry.sequence);
        let Some(piece) = self.pieces.get_mut(index) else { return };
        let at = piece.place_of(entry.sequence);
        if piece.entries.get(at).is_some_and(|other| other.sequence == entry.sequence) {
            return;
        }
        piece.insert(at, entry);
        if piece.entries.len() > PIECE_ENTRIES {
            let behind = piece.entries.split_off(PIECE_ENTRIES / 2);
            let latest_expiry = piece.latest_expiry;
            self.pieces.insert(index.saturating_add(1), Piece { entries: behind, latest_expiry });
        }
    }

    /// The first piece with an entry at or behind this sequence.
    fn piece_from(&self, sequence: u64) -> usize {
        self.pieces
            .partition_point(|piece| piece.last().is_none_or(|last| last.sequence < sequence))
    }

    /// The entries from this sequence on.
    pub(super) fn from(&self, sequence: u64) -> impl Iterator<Item = Entry> {
        let index = self.piece_from(sequence);
        let first = self.pieces.get(index).and_then(|piece| {
            let at = piece.place_of(sequence);
            piece.entries.get(at..)
        });
        let behind = index.saturating_add(1).min(self.pieces.len());
        let rest = self.pieces.range(behind..).flat_map(|piece| &piece.entries);
        first.unwrap_or_default().iter().chain(rest).copied()
    }

    /// The last entry.
    pub(super) fn last(&self) -> Option<Entry> {
        self.pieces.back().and_then(Piece::last)
    }

    /// Forgets what has expired: at the front, where nearly all of it lies, whole pieces at once, and
    /// then entry by entry in the next pieces. `budget` is how many entries may be looked at, and what
    /// is left of that.
    pub(super) fn sweep(&mut self, now_seconds: u64, budget: &mut usize) {
        while *budget > 0
            && self.pieces.front().is_some_and(|piece| piece.latest_expiry <= now_seconds)
        {
            self.pieces.pop_front();
            self.swept = self.swept.saturating_sub(1);
            *budget = budget.saturating_sub(1);
        }
        if self.pieces.len() < self.pieces.capacity() / 4 {
            self.pieces.shrink_to_fit();
        }
        for _ in 0..self.pieces.len() {
            if *budget == 0 {
                return;
            }
            if self.swept >= self.pieces.len() {
                self.swept = 0;
            }
            let Some(piece) = self.pieces.get_mut(self.swept) else { return };
            *budget = budget.saturating_sub(piece.entries.len());
            piece.forget_expired(now_seconds);
            if piece.entries.is_empty() {
                self.pieces.remove(self.swept);
            } else if !self.joins_the_one_before() {
                self.swept = self.swept.saturating_add(1);
            }
        }
    }

    /// Puts the piece that was looked through behind the one before it where both are mostly empty.
    fn joins_the_one_before(&mut self) -> bool {
        let Some(before) = self.swept.checked_sub(1) else { return false };
        let length = |index: usize| self.pieces.get(index).map_or(0, |piece| piece.entries.len());
        if length(before).saturating_add(length(self.swept)) > PIECE_ENTRIES / 2 {
            return false;
        }
        let Some(mut piece) = self.pieces.remove(self.swept) else { return false };
        if let Some(before) = self.pieces.get_mut(before) {
            before.latest_expiry = before.latest_expiry.max(piece.latest_expiry);
            before.entries.append(&mut piece.entries);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Clone)]
    enum Step {
        /// How far behind the last one, or before it, and when it expires.
        Insert(i64, u64),
        /// Seconds that pass, and entries that may be looked at.
        Sweep(u64, usize),
        Look(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            20 => (1_i64..3, 1_u64..2000).prop_map(|(ahead, lives)| Step::Insert(ahead, lives)),
            2 => (-5000_i64..0, 1_u64..2000).prop_map(|(back, lives)| Step::Insert(back, lives)),
            1 => (0_u64..300, 0_usize..4000).prop_map(|(passed, budget)| Step::Sweep(passed, budget)),
            1 => (0_u64..6000).prop_map(Step::Look),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn they_are_as_a_sorted_map_is(steps in prop::collection::vec(step(), 1..4000)) {
            let (mut entries, mut map) = (Entries::default(), BTreeMap::new());
            let (mut last, mut now) = (6000_u64, 1_u64);
            for step in steps {
                match step {
                    Step::Insert(by, lives) => {
                        let sequence = last.saturating_add_signed(by);
                        let entry = Entry::new(sequence, now.saturating_add(lives), 100);
                        last = last.max(sequence);
                        // What has expired may be forgotten by one and not yet by the other.
                        map.retain(|_, other: &mut Entry| other.expiry_seconds() > now);
                        if entries.from(sequence).next().is_none_or(|at| at.sequence != sequence) {
                            map.insert(sequence, entry);
                        }
                        entries.insert(entry);
                    }
                    Step::Sweep(passed, budget) => {
                        now = now.saturating_add(passed);
                        let mut left = budget;
                        entries.sweep(now, &mut left);
                    }
                    Step::Look(from) => {
                        let seen: Vec<Entry> =
                            entries.from(from).filter(|entry| entry.expiry_seconds() > now).collect();
                        let meant: Vec<Entry> =
                            map.range(from..).map(|(_, entry)| *entry)
                                .filter(|entry| entry.expiry_seconds() > now).collect();
                        prop_assert_eq!(seen, meant);
                    }
                }
                prop_assert!(entries.pieces.iter().all(|piece| !piece.entries.is_empty()
                    && piece.entries.len() <= PIECE_ENTRIES
                    && piece.entries.iter().all(|entry| entry.expiry_seconds() <= piece.latest_expiry)));
            }
            // With as much leave as it takes, nothing that has expired stays.
            let mut left = usize::MAX;
            entries.sweep(now, &mut left);
            prop_assert!(entries.from(0).all(|entry| entry.expiry_seconds() > now));
            entries.sweep(u64::MAX, &mut left);
            prop_assert!(entries.is_empty() && entries.last().is_none());
        }
    }

    #[test]
    fn one_that_lives_long_keeps_none_of_the_others() {
        let mut entries = Entries::default();
        entries.insert(Entry::new(0, 1_000_000, 1));
        for sequence in 1..100_000 {
            entries.insert(Entry::new(sequence, 10, 1));
        }
        for _ in 0..100 {
            let mut budget = 1024;
            entries.sweep(11, &mut budget);
        }
        assert_eq!(entries.from(0).count(), 1);
        assert_eq!(entries.pieces.iter().map(|piece| piece.entries.capacity()).sum::<usize>(), 1);
    }
}
