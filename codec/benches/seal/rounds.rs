//! Rounds: everything that is compared takes turns, and the median of the rounds counts.

use std::time::Instant;

/// Short and many: what else the machine does falls into some of them, and not into the median.
pub(crate) const ROUNDS: usize = 301;

/// Nanoseconds for each of `count`.
pub(crate) fn nanoseconds(count: usize, work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_nanos() as f64 / count as f64
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
