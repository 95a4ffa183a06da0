//! Which frames of whom have been here before.

use std::collections::BTreeMap;

use bitvec::BitArr;
use bitvec::order::Lsb0;

use crate::frame::Pseudonym;
use crate::limits::{LINK_SOURCES_MAX, SEQUENCE_WINDOW};
use crate::time::Instant;

/// Whether a frame is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Novelty {
    New,
    Duplicate,
}

/// The recent sequences of every sender heard lately. The same pseudonym on two nets is two
/// senders: whoever has the key of one must not be able to use up numbers of the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sources(BTreeMap<(u8, Pseudonym), Source>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    window: Window,
    last_heard: Instant,
}

impl Sources {
    /// Takes note of a frame and says whether it is new.
    pub(super) fn note(
        &mut self,
        now: Instant,
        net: u8,
        source: Pseudonym,
        sequence: u16,
    ) -> Novelty {
        if let Some(known) = self.0.get_mut(&(net, source)) {
            known.last_heard = now;
            return known.window.note(sequence);
        }
        if self.0.len() >= LINK_SOURCES_MAX {
            self.forget_oldest();
        }
        let window = Window::starting_with(sequence);
        self.0.insert((net, source), Source { window, last_heard: now });
        Novelty::New
    }

    fn forget_oldest(&mut self) {
        let oldest = self.0.iter().min_by_key(|(_, source)| source.last_heard).map(|(key, _)| *key);
        if let Some(oldest) = oldest {
            self.0.remove(&oldest);
        }
    }
}

/// The newest sequence of a sender and which of those behind it have been seen.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    newest: u16,
    /// Bit i: newest − i was seen.
    seen: Seen,
}

type Seen = BitArr!(for SEQUENCE_WINDOW as usize, in u64, Lsb0);

impl Window {
    fn starting_with(sequence: u16) -> Self {
        let mut window = Self { newest: sequence, seen: Seen::ZERO };
        window.mark(0);
        window
    }

    fn note(&mut self, sequence: u16) -> Novelty {
        let ahead = sequence.wrapping_sub(self.newest);
        let behind = self.newest.wrapping_sub(sequence);
        if behind < SEQUENCE_WINDOW {
            return self.note_within(usize::from(behind));
        }
        if ahead < 0x8000 {
            self.advance(ahead, sequence);
        } else {
            // "A sequence behind the window is a sender that began anew": rather one frame twice,
            // which the parcel id sorts out, than every frame of a restarted handset dropped.
            *self = Self::starting_with(sequence);
        }
        Novelty::New
    }

    fn note_within(&mut self, behind: usize) -> Novelty {
        if self.seen.get(behind).is_some_and(|seen| *seen) {
            return Novelty::Duplicate;
        }
        self.mark(behind);
        Novelty::New
    }

    fn advance(&mut self, ahead: u16, sequence: u16) {
        if ahead < SEQUENCE_WINDOW {
            self.seen.shift_end(usize::from(ahead));
        } else {
            self.seen.fill(false);
        }
        self.newest = sequence;
        self.mark(0);
    }

    fn mark(&mut self, behind: usize) {
        if let Some(mut seen) = self.seen.get_mut(behind) {
            *seen = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn noted(sequences: &[u16]) -> Vec<Novelty> {
        let mut sources = Sources::default();
        let note = |sequence: &u16| sources.note(Instant::ZERO, 0, Pseudonym([1; 3]), *sequence);
        sequences.iter().map(note).collect()
    }

    #[test]
    fn a_sequence_is_new_once_also_across_the_wrap() {
        use Novelty::{Duplicate, New};
        assert_eq!(noted(&[5, 5, 6, 5, 6]), [New, Duplicate, New, Duplicate, Duplicate]);
        assert_eq!(noted(&[0xFFFF, 0, 0xFFFF, 0]), [New, New, Duplicate, Duplicate]);
        // 63 behind the newest is still known; 64 behind is a sender that began anew.
        assert_eq!(noted(&[10, 9, 73, 10, 9]), [New, New, New, Duplicate, New]);
    }

    #[test]
    fn a_sender_that_began_anew_is_heard() {
        assert_eq!(
            noted(&[30_000, 0, 1, 0]),
            [Novelty::New, Novelty::New, Novelty::New, Novelty::Duplicate]
        );
    }

    #[test]
    fn the_sender_not_heard_for_longest_makes_room() {
        let mut sources = Sources::default();
        for number in 0..=LINK_SOURCES_MAX {
            let [.., high, low] = number.to_be_bytes();
            let now = Instant::from_nanoseconds(number as u64);
            assert_eq!(sources.note(now, 0, Pseudonym([0, high, low]), 1), Novelty::New);
        }
        assert_eq!(sources.0.len(), LINK_SOURCES_MAX);
        let later = Instant::from_nanoseconds(10_000);
        assert_eq!(sources.note(later, 0, Pseudonym([0, 0, 1]), 1), Novelty::Duplicate);
        assert_eq!(sources.note(later, 0, Pseudonym([0, 0, 0]), 1), Novelty::New);
    }

    proptest! {
        /// Within half the number space of a steady sender, nothing new is taken for old as long
        /// as it is not further behind than the window, and nothing is taken for new twice.
        #[test]
        fn reordering_within_the_window_loses_nothing(
            start: u16,
            order in proptest::collection::vec(0_u16..64, 1..200),
        ) {
            let mut sources = Sources::default();
            let mut seen = BTreeSet::new();
            for step in order {
                let sequence = start.wrapping_add(step);
                let novelty = sources.note(Instant::ZERO, 0, Pseudonym([0; 3]), sequence);
                let expected = if seen.insert(sequence) { Novelty::New } else { Novelty::Duplicate };
                prop_assert_eq!(novelty, expected);
            }
        }
    }
}
