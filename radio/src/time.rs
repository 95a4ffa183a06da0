//! The time every machine of this crate is told: nanoseconds since an origin the caller chose.
//!
//! A LoRa symbol at 500 kHz lasts 64 µs and two chips that start within one of them collide, so
//! milliseconds, which most timers count, would manufacture collisions that never happened.

use core::fmt;
use core::time::Duration;

/// A point in time, in nanoseconds since an origin that only has to be the same for all who
/// compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The origin.
    pub const ZERO: Self = Self(0);
    /// Later than every deadline; 584 years after the origin.
    pub const FAR_FUTURE: Self = Self(u64::MAX);

    /// The point `nanoseconds` after the origin.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// Nanoseconds since the origin.
    #[must_use]
    pub const fn as_nanoseconds(self) -> u64 {
        self.0
    }

    /// The point `duration` later; at the end of time it stays there.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanoseconds(duration)))
    }

    /// The time from `earlier` to `self`, zero when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Seconds with nine decimals.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since_origin = Duration::from_nanos(self.0);
        write!(f, "{}.{:09} s", since_origin.as_secs(), since_origin.subsec_nanos())
    }
}

/// A duration in nanoseconds; 584 years and more become the largest number.
#[must_use]
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The earlier of two deadlines either of which may be absent.
#[must_use]
pub fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stops_at_its_end_instead_of_wrapping() {
        assert_eq!(Instant::FAR_FUTURE.after(Duration::from_secs(1)), Instant::FAR_FUTURE);
        assert_eq!(Instant::ZERO.since(Instant::FAR_FUTURE), Duration::ZERO);
        assert_eq!(Instant::from_nanoseconds(1_500_000_000).to_string(), "1.500000000 s");
    }

    #[test]
    fn an_absent_deadline_never_wins() {
        let soon = Some(Instant::from_nanoseconds(1));
        assert_eq!(earliest(None, soon), soon);
        assert_eq!(earliest(soon, None), soon);
        assert_eq!(earliest(soon, Some(Instant::ZERO)), Some(Instant::ZERO));
        assert_eq!(earliest(None, None), None);
    }
}
