//! The program's clock. Everything below the program takes its time from here, as a value.

use chappe_codec::time::TimeInterval;
use std::time::{SystemTime, UNIX_EPOCH};

/// How far a networked machine's clock is trusted, in seconds either way.
const CLOCK_DOUBT_SECONDS: u64 = 2;

/// Seconds since 1970 as the system's clock says; 0 if it is set before that.
pub(crate) fn now_seconds() -> u64 {
    let system = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    #[cfg(test)]
    let system = tests::moved(system);
    system
}

/// The same, or nothing where the system's clock is plainly not set.
pub(crate) fn now_if_known() -> Option<u64> {
    Some(now_seconds()).filter(|now| *now != 0)
}

/// The time an author puts into a statement.
pub(crate) fn author_time() -> TimeInterval {
    let now = now_seconds();
    if now == 0 {
        return TimeInterval::UNKNOWN;
    }
    TimeInterval::new(
        now.saturating_sub(CLOCK_DOUBT_SECONDS),
        CLOCK_DOUBT_SECONDS.saturating_mul(2),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    thread_local! {
        static AHEAD: Cell<u64> = const { Cell::new(0) };
    }

    /// Moves this thread's clock on.
    pub(crate) fn advance(seconds: u64) {
        AHEAD.set(AHEAD.get() + seconds);
    }

    pub(super) fn moved(system: u64) -> u64 {
        system + AHEAD.get()
    }
}
