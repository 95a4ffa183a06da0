//! What a receiver holds of one way, and what it does with an envelope.

use super::{Envelope, Scope, bit};

/// One way of a session, as its receiver holds it. Both epochs are live from the beginning: the receiver
/// has made the offer of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Receiver {
    /// The counter behind the newest opened.
    n: u8,
    /// Whether epoch 0 has ended.
    ended: bool,
    /// Counters whose keys are kept, as bits, by epoch.
    kept: Kept,
}

/// Counters whose keys are kept, as bits, of each of the two epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Kept {
    older: u64,
    newer: u64,
}

impl Kept {
    const fn of(&self, epoch: u8) -> u64 {
        if epoch == 0 { self.older } else { self.newer }
    }

    const fn of_mut(&mut self, epoch: u8) -> &mut u64 {
        if epoch == 0 { &mut self.older } else { &mut self.newer }
    }

    /// "At most 128 are kept, the lowest counters making room."
    fn settle(&mut self, max: u32) {
        while self.older.count_ones() + self.newer.count_ones() > max {
            // Of one counter the older epoch's goes first.
            let epoch = u8::from(self.newer.trailing_zeros() < self.older.trailing_zeros());
            let kept = self.of_mut(epoch);
            *kept &= kept.wrapping_sub(1);
        }
    }
}

impl Receiver {
    /// The envelope comes: what is held afterwards if it opens. "Several may fit a hint: all are tried,
    /// the first whose tag is right is it."
    pub(super) fn opened(&self, scope: &Scope, envelope: Envelope) -> Option<Self> {
        if !scope.may_be(envelope) || !self.fits(scope, envelope) {
            return None;
        }
        let Envelope { first, epoch, .. } = envelope;
        if first >= self.n {
            return Some(self.with_accepted(scope, envelope));
        }
        let there = self.kept.of(epoch);
        let needed =
            if scope.rules.opened_not_reached_over { envelope.counters() } else { bit(first) };
        (there & needed == needed).then(|| self.with_accepted(scope, envelope))
    }

    /// An envelope that is not this session's comes, with the hint of this counter: what is held
    /// afterwards, if the hint is held.
    pub(super) fn met_by_foreign(&self, scope: &Scope, counter: u8, epoch: u8) -> Option<Self> {
        let foreign = Envelope { first: counter, items: 1, epoch };
        if !scope.may_be(foreign) || !self.fits(scope, foreign) {
            return None;
        }
        let changes = !scope.rules.trying_changes_nothing;
        Some(if changes { self.with_accepted(scope, foreign) } else { *self })
    }

    /// Counters that envelopes may take under a key that is or will be there, as bits.
    pub(super) fn within_reach(&self) -> u64 {
        let kept = self.kept.older | self.kept.newer;
        kept | kept.wrapping_shl(1) | u64::MAX.checked_shl(u32::from(self.n)).unwrap_or(0)
    }

    /// Whether an envelope is tried under the keys of its own counter and epoch: its hint is held.
    fn fits(&self, scope: &Scope, envelope: Envelope) -> bool {
        let Envelope { first, epoch, .. } = envelope;
        if scope.is_random_access(first) {
            return self.nearest(scope, first / scope.access % scope.residues) == Some(first)
                && self.holds_key(first, epoch);
        }
        // A hint is a counter's remainder of three: held counters share it, as two of 2^24 may. With all
        // tried it is enough that the right one is among them.
        self.expects(scope, first, epoch)
            && (scope.rules.all_tried
                || !(0..first)
                    .any(|before| before % 3 == first % 3 && self.expects(scope, before, epoch)))
    }

    /// "Of the multiples of 256 of that residue below 2^20 the receiver takes the one nearest to n, the
    /// higher of two equally near".
    fn nearest(&self, scope: &Scope, residue: u8) -> Option<u8> {
        let of_residue = (0..scope.counters).filter(|counter| {
            counter.is_multiple_of(scope.access)
                && counter / scope.access % scope.residues == residue
        });
        if scope.rules.nearest {
            of_residue.rev().min_by_key(|counter| counter.abs_diff(self.n))
        } else {
            of_residue.min()
        }
    }

    /// Whether the hint of this counter of the chain class is held.
    fn expects(&self, scope: &Scope, counter: u8, epoch: u8) -> bool {
        if scope.is_random_access(counter) || !self.holds_key(counter, epoch) {
            return false;
        }
        let Some(ahead) = counter.checked_sub(self.n) else { return true };
        let near = ahead < scope.window;
        let far = scope.rules.multiples_held
            && counter.is_multiple_of(scope.spacing)
            && ahead < scope.reach;
        // "And the 16 from the next multiple of 64 above n on, where a sender that was restarted goes
        // on".
        let restart = (self.n / scope.spacing + 1) * scope.spacing;
        let restarted = scope.handset
            && scope.rules.restart_window
            && counter.checked_sub(restart).is_some_and(|behind| behind < scope.window);
        near || far || restarted
    }

    /// Whether the key is kept, or still to come of a live epoch.
    fn holds_key(&self, counter: u8, epoch: u8) -> bool {
        if counter < self.n {
            self.kept.of(epoch) & bit(counter) != 0
        } else {
            epoch == 1 || !self.ended
        }
    }

    /// "When the tag is right, and only then".
    fn with_accepted(&self, scope: &Scope, envelope: Envelope) -> Self {
        let Envelope { first, epoch, .. } = envelope;
        let mut next = *self;
        if first >= self.n {
            // "The keys of the counters passed over are kept, of the last 64 of them".
            let from = self.n.max(first.saturating_sub(scope.window));
            let passed = (from..first).fold(0, |all, counter| all | bit(counter));
            if scope.rules.passed_over_kept {
                *next.kept.of_mut(epoch) |= passed;
                // "With the first envelope opened in epoch k + 1 the chain of epoch k ends: of the counters
                // from n to that envelope's, keys of both epochs are kept".
                if epoch == 1 && !self.ended && scope.rules.both_epochs_kept {
                    next.kept.older |= passed;
                }
            }
            next.ended |= epoch == 1;
            next.n = envelope.end();
        }
        if scope.rules.key_destroyed {
            // "With an envelope the keys of all its counters are destroyed."
            next.kept.older &= !envelope.counters();
            next.kept.newer &= !envelope.counters();
        } else {
            *next.kept.of_mut(epoch) |= bit(first);
        }
        next.kept.settle(scope.kept);
        next
    }
}
