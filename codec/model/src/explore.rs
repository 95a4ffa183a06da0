//! Breadth-first search: every state once, the shortest way to what must not be.
//!
//! A state that was looked at is 128 bits (`fingerprint`) and a place of eight octets,
//! about 40 octets in all; only those that wait are held whole. The way to a violation is walked again
//! from the first state, so that nobody writes the words of millions of steps that nobody reads.
//!
//! Neither symmetry nor partial order is made use of. A and B are not alike: one of them begins, one
//! has a prekey, and a plan that has both in both parts begins in a fixed order. And the claims look at
//! what had been read when a message was sealed or opened, so nearly every two steps that commute in
//! what devices hold do not commute in what is claimed.

use crate::fingerprint::{AsItIs, fingerprint};
use crate::outcome::{Outcome, Progress, Violation};
use std::collections::HashSet;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// States an exploration holds at most; a scope that needs more is too large for one machine.
pub const MAX_STATES: usize = 20_000_000;

/// States that may wait at most, each of up to two kilobytes.
pub const MAX_WAITING: usize = 4_000_000;

/// What can be explored.
pub trait System {
    /// A situation. What has no order stands in one order.
    type State: Clone + Hash;

    /// The scope's name.
    fn name(&self) -> &'static str;

    /// Where everything begins.
    fn initial(&mut self) -> Self::State;

    /// Every state that can follow, always in the same order, each with what happened if `words` are
    /// asked for.
    fn steps(&mut self, state: &Self::State, words: bool) -> Vec<(String, Self::State)>;

    /// A claim that does not hold in this state.
    fn violation(&mut self, state: &Self::State) -> Option<String>;

    /// The newest epoch of which something was opened.
    fn newest_epoch(&self, state: &Self::State) -> Option<u8>;
}

/// How a state was first reached: from which, and by which of its steps.
struct Way {
    from: u32,
    step: u32,
}

/// Looks at every state, or stops at the first violation. `progress` is told every two seconds.
pub fn explore<S: System>(mut system: S, mut progress: impl FnMut(&Progress)) -> Outcome {
    let start = Instant::now();
    let mut spoken = start;
    let mut outcome = Outcome {
        name: system.name(),
        states: 1,
        transitions: 0,
        depth: 0,
        newest_epoch: None,
        widest: 1,
        time: Duration::ZERO,
        violation: None,
        exhausted: true,
    };
    let initial = system.initial();
    let mut known = HashSet::with_hasher(AsItIs);
    known.insert(fingerprint(&initial));
    let mut ways = vec![Way { from: 0, step: 0 }];
    let mut layer: Vec<(u32, S::State)> = vec![(0, initial)];
    'search: while !layer.is_empty() {
        let mut following = Vec::new();
        let mut waiting = layer.len();
        for (place, state) in layer {
            if spoken.elapsed() > Duration::from_secs(2) {
                spoken = Instant::now();
                progress(&Progress {
                    name: outcome.name,
                    depth: outcome.depth,
                    states: ways.len(),
                    frontier: waiting + following.len(),
                    time: start.elapsed(),
                });
            }
            waiting -= 1;
            for (step, (_, next)) in (0_u32..).zip(system.steps(&state, false)) {
                outcome.transitions += 1;
                if !known.insert(fingerprint(&next)) {
                    continue;
                }
                let number = u32::try_from(ways.len()).unwrap_or(u32::MAX);
                ways.push(Way { from: place, step });
                outcome.newest_epoch = outcome.newest_epoch.max(system.newest_epoch(&next));
                if let Some(property) = system.violation(&next) {
                    let trace = trace(&mut system, &ways, number);
                    outcome.violation = Some(Violation { property, trace });
                    break 'search;
                }
                following.push((number, next));
                if ways.len() >= MAX_STATES || waiting + following.len() >= MAX_WAITING {
                    outcome.exhausted = false;
                    break 'search;
                }
            }
            outcome.widest = outcome.widest.max(waiting + following.len());
        }
        outcome.depth += u32::from(!following.is_empty());
        layer = following;
    }
    outcome.states = ways.len();
    outcome.time = start.elapsed();
    outcome
}

/// Walks from the first state to this one again, and says what happens.
fn trace<S: System>(system: &mut S, ways: &[Way], last: u32) -> Vec<String> {
    let mut steps = Vec::new();
    let mut place = last;
    while let Some(way) = ways.get(place as usize).filter(|_| place != 0) {
        steps.push(way.step);
        place = way.from;
    }
    let mut state = system.initial();
    let mut trace = Vec::new();
    for step in steps.into_iter().rev() {
        let Some((words, next)) = system.steps(&state, true).into_iter().nth(step as usize) else {
            break;
        };
        trace.push(words);
        state = next;
    }
    trace
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Run;
    use crate::scope::{Scope, Size, agreement, counters, crossing, hybrid_healing, strangers};

    /// Every state held whole: no two of these scopes share a fingerprint.
    #[test]
    fn no_state_is_passed_over() {
        for scope in [agreement, crossing, strangers, counters, hybrid_healing] {
            let scope = scope(Size::Short);
            let outcome = explore(Run::new(scope.clone()), |_| ());
            assert_eq!(outcome.states, states_held_whole(scope));
        }
    }

    fn states_held_whole(scope: Scope) -> usize {
        let mut run = Run::new(scope);
        let initial = run.initial();
        let mut known = HashSet::from([initial.clone()]);
        let mut open = vec![initial];
        while let Some(state) = open.pop() {
            for (_, next) in run.steps(&state, false) {
                if known.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        known.len()
    }
}
