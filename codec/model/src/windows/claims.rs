//! What is claimed of hints and windows, as predicates over a state.
//!
//! Let m be the counter behind the newest that was opened. Each claim is for every layout of envelopes.
//!
//! - **Once.** No counter is opened twice.
//! - **Window.** An envelope from m on within the window opens (a handset: also from the next multiple on).
//! - **Late.** An envelope none of whose counters was opened, within one window before m, opens: also over
//!   a step.
//! - **Far.** After fewer lost counters than the reach less one distance, one of the envelopes of the next
//!   distance (64 counters) opens.
//! - **Any.** After fewer lost than half of what residues tell apart, less the distance of random
//!   access, one of the envelopes of the next such distance (256 counters) opens.
//! - **Foreign.** What does not open changes nothing.

use super::{Envelope, Scope, State};

pub(super) fn broken(scope: &Scope, state: &State) -> Option<String> {
    let view = View { scope, state, split: state.split? };
    view.late()
        .or_else(|| view.window())
        .or_else(|| view.back("far", scope.reach.saturating_sub(scope.spacing), scope.spacing))
        .or_else(|| {
            let half = scope.access.saturating_mul(scope.residues) / 2;
            view.back("any", half.saturating_sub(scope.access), scope.access)
        })
}

struct View<'a> {
    scope: &'a Scope,
    state: &'a State,
    split: u8,
}

impl View<'_> {
    fn late(&self) -> Option<String> {
        let begin = self.state.behind.saturating_sub(self.scope.window);
        let lost =
            (begin..self.state.behind).flat_map(|first| self.envelopes(first)).find(|late| {
                let counters = late.counters();
                self.state.late & counters == counters && !self.opens(*late)
            })?;
        Some(format!("late: counter {}, passed over just now, does not open", lost.first))
    }

    fn window(&self) -> Option<String> {
        let (behind, window) = (self.state.behind, self.scope.window);
        let restart = (behind / self.scope.spacing + 1) * self.scope.spacing;
        let restarted = if self.scope.handset { restart..restart + window } else { 0..0 };
        let missed = (behind..behind + window)
            .chain(restarted)
            .flat_map(|first| self.envelopes(first))
            .find(|envelope| !self.opens(*envelope))?;
        Some(format!("window: counter {} does not open", missed.first))
    }

    /// Whoever lost fewer than so many is back within so many counters.
    fn back(&self, name: &str, fewer_than: u8, within: u8) -> Option<String> {
        let lost = (0..fewer_than).find(|lost| {
            let first = self.state.behind + lost;
            first + within <= self.scope.counters && !self.is_back(first, first + within)
        })?;
        Some(format!("{name}: {lost} counters were lost, and none of the next {within} opens"))
    }

    /// Whether in every layout from `first` on an envelope that begins before `end` opens.
    fn is_back(&self, first: u8, end: u8) -> bool {
        first < end
            && self
                .envelopes(first)
                .all(|envelope| self.opens(envelope) || self.is_back(envelope.end(), end))
    }

    fn opens(&self, envelope: Envelope) -> bool {
        self.state.receiver.opened(self.scope, envelope).is_some()
    }

    /// What an honest author may have sealed at this counter: in one epoch, by the layout's rule.
    fn envelopes(&self, first: u8) -> impl Iterator<Item = Envelope> {
        let epoch = u8::from(first >= self.split);
        (1..=2).map(move |items| Envelope { first, items, epoch }).filter(move |envelope| {
            let of_one_epoch = epoch == 1 || envelope.end() <= self.split;
            of_one_epoch && self.scope.may_be(*envelope)
        })
    }
}
