//! Hints and windows (spec/11-session.md, "Hints", "Receiving") in the small, explored to the end: one way
//! of one session, over one step, every envelope in any order, again, or never.
//!
//! The author has sealed everything already; what arrives and when is the attacker's choice, so nothing of
//! the author's is state but where it went on in the next epoch. Envelopes take one counter or two, and
//! every layout of them is tried, so an author that breaks the rules is in it as well. Hints are as
//! short as can be and meet all the time: a foreign envelope, or one of another counter, may fit any.
//!
//! What the real sizes are to one another these are too: a station's window is as long as the distance of
//! the counters held further ahead (64; two here), which reach further than random access stands apart, and
//! whose residues repeat below the last counter of a session.
//!
//! Left out: first flights (no hint of theirs has a counter), the seven days, more than one step.

mod claims;
mod receiver;

use crate::explore::{self, System};
use crate::outcome::{Outcome, Progress};
use crate::scope::Size;
use receiver::Receiver;

/// Rules that can be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a sentence of the specification")]
pub struct Rules {
    /// "A key is destroyed with its use."
    pub key_destroyed: bool,
    /// "Several may fit a hint: all are tried."
    pub all_tried: bool,
    /// "Trying changes nothing."
    pub trying_changes_nothing: bool,
    /// "The keys of the counters passed over are kept."
    pub passed_over_kept: bool,
    /// "The multiples of 64 within the 4,096 counters from n on."
    pub multiples_held: bool,
    /// "Goes into the random-access class if its c is a multiple of 256 and not 0."
    pub random_access: bool,
    /// "The one nearest to n."
    pub nearest: bool,
    /// "Keys of both epochs are kept."
    pub both_epochs_kept: bool,
    /// "An envelope does not reach over a multiple of 64 that is not its first counter."
    pub multiples_begin_envelopes: bool,
    /// "One that reaches over a counter that was opened already is refused."
    pub opened_not_reached_over: bool,
    /// "And the 16 from the next multiple of 64 above n on."
    pub restart_window: bool,
}

/// Everything in place.
pub const ALL_RULES: Rules = Rules {
    key_destroyed: true,
    all_tried: true,
    trying_changes_nothing: true,
    passed_over_kept: true,
    multiples_held: true,
    random_access: true,
    nearest: true,
    both_epochs_kept: true,
    multiples_begin_envelopes: true,
    opened_not_reached_over: true,
    restart_window: true,
};

/// The sizes of everything.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// What this scope is for.
    pub name: &'static str,
    /// Rules in force.
    pub rules: Rules,
    /// Counters of a session: 2^20 in the specification; 64 at most here.
    pub counters: u8,
    /// Hints held from n on, and counters of which keys are kept: 64, a handset 16.
    pub window: u8,
    /// Whether as many are held from the next multiple on: a handset's.
    pub handset: bool,
    /// Keys kept at most: 128.
    pub kept: u32,
    /// The distance of the counters held far ahead, over which no envelope reaches: 64.
    pub spacing: u8,
    /// How far ahead they are held: 4,096.
    pub reach: u8,
    /// The distance of random access: 256.
    pub access: u8,
    /// Residues a random-access envelope can name: 256.
    pub residues: u8,
    /// Where the author may go on in the next epoch: at every multiple of this, and never.
    pub steps_at: u8,
}

/// A station.
#[must_use]
pub fn station(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "windows, station",
        rules: ALL_RULES,
        counters: if full { 36 } else { 26 },
        window: 2,
        handset: false,
        kept: 4,
        spacing: 2,
        reach: 8,
        access: 4,
        residues: if full { 8 } else { 6 },
        // In full at every remainder of four.
        steps_at: if full { 9 } else { 13 },
    }
}

/// A handset: a window shorter than the distance of what is held ahead, in two pieces.
#[must_use]
pub fn handset(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "windows, handset",
        handset: true,
        spacing: 4,
        reach: 8,
        access: 8,
        residues: if full { 4 } else { 3 },
        ..station(size)
    }
}

impl Scope {
    /// Looks at every state of the scope, or stops at the first violation.
    pub fn explore(&self, progress: impl FnMut(&Progress)) -> Outcome {
        explore::explore(Run { scope: *self }, progress)
    }

    /// "What is no first flight goes into the random-access class if its c is a multiple of 256 and
    /// not 0, into the chain class otherwise."
    fn is_random_access(&self, counter: u8) -> bool {
        self.rules.random_access && counter != 0 && counter.is_multiple_of(self.access)
    }

    /// Whether an envelope may have this layout.
    fn may_be(&self, envelope: Envelope) -> bool {
        let room = self.spacing - envelope.first % self.spacing;
        let reaches_over = self.rules.multiples_begin_envelopes && envelope.items > room;
        envelope.end() <= self.counters && !reaches_over
    }
}

/// An envelope of this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Envelope {
    first: u8,
    items: u8,
    epoch: u8,
}

impl Envelope {
    const fn end(self) -> u8 {
        self.first.saturating_add(self.items)
    }

    /// The counters it takes, as bits.
    fn counters(self) -> u64 {
        (self.first..self.end()).fold(0, |bits, counter| bits | bit(counter))
    }
}

/// A situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The first counter that is sealed in epoch 1, once the author has decided.
    split: Option<u8>,
    receiver: Receiver,
    /// The counter behind the newest that was opened, as it was and not as the receiver has it.
    behind: u8,
    /// Of the counters of one window before that: those never opened, as bits.
    late: u64,
    /// Opened counters that an envelope may take again: those n has not passed, and those of which a key is
    /// kept, or of the counter before. A key comes to be kept only when n passes it, so of the others
    /// nothing needs to be known.
    opened: u64,
    wrong: Option<&'static str>,
}

/// One exploration.
struct Run {
    scope: Scope,
}

impl System for Run {
    type State = State;

    fn name(&self) -> &'static str {
        self.scope.name
    }

    fn initial(&mut self) -> State {
        State {
            split: None,
            receiver: Receiver::default(),
            behind: 0,
            late: 0,
            opened: 0,
            wrong: None,
        }
    }

    fn steps(&mut self, state: &State, words: bool) -> Vec<(String, State)> {
        let say = |text: &dyn Fn() -> String| if words { text() } else { String::new() };
        let scope = &self.scope;
        let mut steps = Vec::new();
        let Some(split) = state.split else {
            for split in (1..=scope.counters)
                .filter(|at| at.is_multiple_of(scope.steps_at) || *at == scope.counters)
            {
                let words = say(&|| format!("the author seals in epoch 1 from counter {split} on"));
                steps.push((words, State { split: Some(split), ..*state }));
            }
            return steps;
        };
        for first in 0..scope.counters {
            for items in 1..=2 {
                let envelope = Envelope { first, items, epoch: u8::from(first >= split) };
                if let Some(next) = self.delivered(state, envelope) {
                    let words = say(&|| match items {
                        1 => format!("counter {first} opens"),
                        _ => format!("counters {first} and {} open", first + 1),
                    });
                    steps.push((words, next));
                }
            }
            for epoch in 0..=1 {
                let met = state.receiver.met_by_foreign(scope, first, epoch);
                if let Some(receiver) = met.filter(|receiver| *receiver != state.receiver) {
                    let words = say(&|| {
                        format!(
                            "a foreign envelope meets the hint of counter {first}, epoch {epoch}"
                        )
                    });
                    let wrong = Some("foreign: what did not open changed what is held");
                    steps.push((words, State { receiver, wrong, ..*state }));
                }
            }
        }
        steps
    }

    fn violation(&mut self, state: &State) -> Option<String> {
        state.wrong.map(str::to_owned).or_else(|| claims::broken(&self.scope, state))
    }

    fn newest_epoch(&self, state: &State) -> Option<u8> {
        (state.behind > 0).then(|| u8::from(state.split.is_some_and(|at| state.behind > at)))
    }
}

impl Run {
    fn delivered(&self, state: &State, envelope: Envelope) -> Option<State> {
        let scope = &self.scope;
        let receiver = state.receiver.opened(scope, envelope)?;
        let counters = envelope.counters();
        let behind = state.behind.max(envelope.end());
        let window = (behind.saturating_sub(scope.window)..behind).fold(0, |all, c| all | bit(c));
        let passed = (state.behind..behind).fold(0, |all, c| all | bit(c));
        let again = state.opened & counters != 0;
        Some(State {
            receiver,
            behind,
            late: (state.late | passed) & window & !counters,
            opened: (state.opened | counters) & receiver.within_reach(),
            wrong: again.then_some("once: a counter was opened twice"),
            ..*state
        })
    }
}

/// A counter as a bit; counters are below 64.
const fn bit(counter: u8) -> u64 {
    1_u64.wrapping_shl(counter as u32)
}
