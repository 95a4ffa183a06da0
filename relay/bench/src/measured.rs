//! Counting over a span of time, after a warm-up.

use crate::{ROUND, WARM_UP};
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// How fast a counter grows, in counts a second.
pub(crate) fn rate(count: impl Fn() -> u64) -> f64 {
    thread::sleep(WARM_UP);
    let (before, started) = (count(), Instant::now());
    thread::sleep(ROUND);
    let counted = count() - before;
    assert!(counted > 0, "nothing arrived");
    counted as f64 / started.elapsed().as_secs_f64()
}

/// A counter shared by threads.
pub(crate) fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// One figure, for .ci/bench-relay.
pub(crate) fn figure(name: &str, value: impl Display) {
    println!("{name}\t{value}");
}
