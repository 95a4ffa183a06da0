//! A line on a terminal that shows how far it is. Nothing where nobody looks.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

const CELLS: usize = 30;

#[derive(Debug)]
pub(super) struct Progress {
    is_shown: bool,
    began: Instant,
    lasts: Duration,
    last: (Instant, u64),
}

impl Progress {
    pub(super) fn new(lasts: Duration) -> Self {
        let now = Instant::now();
        Self { is_shown: std::io::stderr().is_terminal(), began: now, lasts, last: (now, 0) }
    }

    /// Shows the part of the time that is over, and how much has come back a second since the last time.
    pub(super) fn show(&mut self, answered: u64) {
        if !self.is_shown {
            return;
        }
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.last.0).as_millis().max(1);
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        let rate = answered.saturating_sub(self.last.1).saturating_mul(1000) / passed;
        self.last = (now, answered);
        let whole = self.lasts.as_millis().max(1);
        let done = now.saturating_duration_since(self.began).as_millis().min(whole);
        let cells = done.saturating_mul(30).checked_div(whole).unwrap_or(0);
        let cells = usize::try_from(cells).unwrap_or(CELLS);
        let bar = "#".repeat(cells);
        write!(std::io::stderr().lock(), "\r[{bar:<CELLS$}] {rate:>10}/s ").unwrap_or_default();
    }

    pub(super) fn clear(&self) {
        if self.is_shown {
            write!(std::io::stderr().lock(), "\r{:60}\r", "").unwrap_or_default();
        }
    }
}
