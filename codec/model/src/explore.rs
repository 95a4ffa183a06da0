//! Breadth-first search: every state once, the shortest way to what must not be.

use crate::protocol::Run;
use crate::scope::Scope;
use crate::state::State;
use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

/// States an exploration holds at most; a scope that needs more is too large for one machine.
pub const MAX_STATES: usize = 20_000_000;

/// What an exploration came to.
#[derive(Debug)]
pub struct Outcome {
    /// The scope's name.
    pub name: &'static str,
    /// Different states.
    pub states: usize,
    /// Transitions, those to known states included.
    pub transitions: u64,
    /// The longest of the shortest ways to a state.
    pub depth: u32,
    /// The newest epoch of which something was opened.
    pub newest_epoch: Option<u8>,
    /// How long it took.
    pub time: Duration,
    /// The first violation, with the way to it.
    pub violation: Option<Violation>,
    /// Whether every state was looked at.
    pub exhausted: bool,
}

/// A property that does not hold, and the shortest way there.
#[derive(Debug)]
pub struct Violation {
    /// Which property.
    pub property: String,
    /// What happened, step by step.
    pub trace: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "violated: {}", self.property)?;
        self.trace
            .iter()
            .enumerate()
            .try_for_each(|(place, step)| writeln!(f, "  {:>2}. {step}", place + 1))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<20} {:>9} states {:>10} transitions, depth {:>2}, epochs {}, {:>6.1} s: ",
            self.name,
            self.states,
            self.transitions,
            self.depth,
            self.newest_epoch.map_or(0, |newest| newest + 1),
            self.time.as_secs_f64()
        )?;
        match (&self.violation, self.exhausted) {
            (Some(violation), _) => write!(f, "{violation}"),
            (None, true) => f.write_str("exhausted, no violation"),
            (None, false) => f.write_str("NOT exhausted: too many states"),
        }
    }
}

/// How a state was first reached: from where, and by which of its transitions.
struct Way {
    from: usize,
    step: String,
}

/// Looks at every state of the scope, or stops at the first violation. `progress` gets a line every
/// two seconds.
pub fn explore(scope: &Scope, mut progress: impl FnMut(&str)) -> Outcome {
    let start = Instant::now();
    let mut spoken = start;
    let mut run = Run::new(scope.clone());
    let mut outcome = Outcome {
        name: scope.name,
        states: 1,
        transitions: 0,
        depth: 0,
        newest_epoch: None,
        time: Duration::ZERO,
        violation: None,
        exhausted: true,
    };
    let initial = run.initial();
    let mut places = HashMap::from([(fingerprint(&initial), 0_usize)]);
    let mut ways = vec![Way { from: 0, step: String::new() }];
    let mut layer: Vec<(usize, State)> = vec![(0, initial)];
    'search: while !layer.is_empty() {
        let mut following = Vec::new();
        for (place, state) in layer {
            if spoken.elapsed() > Duration::from_secs(2) {
                spoken = Instant::now();
                progress(&format!(
                    "{}: depth {}, {} states, {:.0} s",
                    scope.name,
                    outcome.depth,
                    ways.len(),
                    start.elapsed().as_secs_f64()
                ));
            }
            for (step, next) in run.steps(&state) {
                outcome.transitions += 1;
                let known = places.len();
                if *places.entry(fingerprint(&next)).or_insert(known) != known {
                    continue;
                }
                ways.push(Way { from: place, step });
                outcome.newest_epoch = outcome.newest_epoch.max(newest_epoch(&next));
                if let Some(property) = run.violation(&next) {
                    outcome.violation = Some(Violation { property, trace: trace(&ways, known) });
                    break 'search;
                }
                following.push((known, next));
                if ways.len() >= MAX_STATES {
                    outcome.exhausted = false;
                    break 'search;
                }
            }
        }
        outcome.depth += u32::from(!following.is_empty());
        layer = following;
    }
    outcome.states = ways.len();
    outcome.time = start.elapsed();
    outcome
}

fn newest_epoch(state: &State) -> Option<u8> {
    state.messages.iter().filter(|said| said.opened > 0).map(|said| said.epoch).max()
}

/// 128 bits of a state, from two independently keyed hashes: two states of 20 million share them
/// with a probability of 2^-80, and only then is one of them passed over.
fn fingerprint(state: &State) -> u128 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let half = |key: u64| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        state.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

fn trace(ways: &[Way], last: usize) -> Vec<String> {
    let mut steps = Vec::new();
    let mut place = last;
    while let Some(way) = ways.get(place).filter(|_| place != 0) {
        steps.push(way.step.clone());
        place = way.from;
    }
    steps.reverse();
    steps
}
