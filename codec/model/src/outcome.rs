//! What an exploration says: while it runs, and when it has come to its end.

use std::fmt;
use std::time::Duration;

/// How far an exploration has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The scope's name.
    pub name: &'static str,
    /// Steps from the first state to those that are looked at now.
    pub depth: u32,
    /// Different states so far.
    pub states: usize,
    /// States found whose steps have not been looked at yet.
    pub frontier: usize,
    /// Since its beginning.
    pub time: Duration,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} states, frontier {}, depth {}, {:.0} s",
            self.name,
            self.states,
            self.frontier,
            self.depth,
            self.time.as_secs_f64()
        )
    }
}

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
    /// The most states that waited at one time.
    pub widest: usize,
    /// How long it took.
    pub time: Duration,
    /// The first violation, with the way to it.
    pub violation: Option<Violation>,
    /// Whether every state was looked at.
    pub exhausted: bool,
}

impl Outcome {
    /// Whether every state was looked at and nothing was violated.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.exhausted && self.violation.is_none()
    }
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
            "| {} | {} | {} | {} | {} | {} | {:.1} | ",
            self.name,
            self.states,
            self.transitions,
            self.depth,
            self.newest_epoch.map_or(0, |newest| newest + 1),
            self.widest,
            self.time.as_secs_f64()
        )?;
        match (&self.violation, self.exhausted) {
            (Some(violation), _) => write!(f, "{violation}"),
            (None, true) => f.write_str("exhausted, no violation |"),
            (None, false) => f.write_str("NOT exhausted: too many states |"),
        }
    }
}
