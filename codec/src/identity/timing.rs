//! Which time of a message counts for its certificate (spec/10-identity.md, "Which time counts").

use crate::limits::{AUTHOR_TIME_AHEAD_SECONDS, AUTHOR_TIME_BEHIND_SECONDS};
use crate::time::TimeInterval;

/// What a reader knows of when a message was said. Times are seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// By its author, from the statement that holds it; [`TimeInterval::UNKNOWN`] without one.
    pub author: TimeInterval,
    /// When it was received, by the reader's clock if it has one.
    pub received: Option<u64>,
    /// When that statement was received, by the reader's clock if it has one.
    pub stated: Option<u64>,
    /// When that statement was anchored, by the ledger's clock, if it was.
    pub anchored: Option<u64>,
}

/// The time of a message that its certificate is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountingTime {
    /// When it was said, as far as it counts; [`TimeInterval::UNKNOWN`] breaks no limit.
    pub time: TimeInterval,
    /// Whether the author's clock says what cannot be by the reader's or the ledger's: to be shown.
    pub clocks_disagree: bool,
}

impl Timing {
    /// A message that no statement holds yet.
    #[must_use]
    pub const fn unsigned(received: Option<u64>) -> Self {
        Self { author: TimeInterval::UNKNOWN, received, stated: None, anchored: None }
    }

    /// The time that counts.
    #[must_use]
    pub fn counting(&self) -> CountingTime {
        let latest = earlier(self.received, self.anchored);
        let by_others = latest.map_or(TimeInterval::UNKNOWN, |time| TimeInterval::new(time, 0));
        if self.author == TimeInterval::UNKNOWN {
            return CountingTime { time: by_others, clocks_disagree: false };
        }
        let (from, until) = (self.author.earliest_seconds(), self.author.latest_seconds());
        let is_ahead = later(self.stated, self.anchored)
            .is_some_and(|bound| from > bound.saturating_add(AUTHOR_TIME_AHEAD_SECONDS));
        let is_behind = until.zip(latest).is_some_and(|(until, latest)| {
            until.saturating_add(AUTHOR_TIME_BEHIND_SECONDS) < latest
        });
        let clocks_disagree = is_ahead || is_behind;
        // An author signs what was said before: what was received by then was not said later.
        let signed_later = latest.is_some_and(|latest| from > latest);
        let time = if clocks_disagree || signed_later { by_others } else { self.author };
        CountingTime { time, clocks_disagree }
    }
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

fn later(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    /// When the message and its statement were received.
    const NOW: u64 = 1_800_000_000;

    fn counting(author: Option<(u64, u64)>, anchored: Option<u64>) -> (u64, bool) {
        let author =
            author.map_or(TimeInterval::UNKNOWN, |(from, width)| TimeInterval::new(from, width));
        let timing = Timing { author, received: Some(NOW), stated: Some(NOW + 60), anchored };
        let found = timing.counting();
        (found.time.earliest_seconds(), found.clocks_disagree)
    }

    #[test]
    fn the_authors_time_counts_within_bounds() {
        assert_eq!(counting(None, None), (NOW, false));
        assert_eq!(counting(Some((NOW - 10, 4)), None), (NOW - 10, false));
        // Under way for 30 days, and a second longer.
        let oldest = NOW - 30 * DAY - 4;
        assert_eq!(counting(Some((oldest, 4)), None), (oldest, false));
        assert_eq!(counting(Some((oldest - 1, 4)), None), (NOW, true));
        // Five minutes ahead of who received the statement, and a second more.
        assert_eq!(counting(Some((NOW + 60 + 300, 4)), None), (NOW, false));
        assert_eq!(counting(Some((NOW + 60 + 301, 4)), None), (NOW, true));
        // Without an end it may be now.
        assert_eq!(counting(Some((1, u64::MAX)), None), (1, false));
    }

    #[test]
    fn what_was_signed_after_it_was_received_was_not_said_later_than_that() {
        assert_eq!(counting(Some((NOW + 50, 4)), None), (NOW, false));
        assert_eq!(counting(Some((NOW, 4)), None), (NOW, false));
    }

    #[test]
    fn a_ledgers_time_bounds_as_the_readers_does() {
        // The reader's clock is a year ahead, the author's and the ledger's agree.
        let then = NOW - 365 * DAY;
        assert_eq!(counting(Some((then - 20, 4)), None), (NOW, true));
        assert_eq!(counting(Some((then - 20, 4)), Some(then)), (then - 20, false));
        assert_eq!(counting(Some((then - 40 * DAY, 4)), Some(then)), (then, true));
        // Anchored long after it was received: nothing new.
        assert_eq!(counting(Some((NOW - 10, 4)), Some(NOW + 9 * DAY)), (NOW - 10, false));
    }

    #[test]
    fn without_any_clock_nothing_counts() {
        let nothing = Timing::unsigned(None).counting();
        assert_eq!(nothing.time, TimeInterval::UNKNOWN);
        let author = TimeInterval::new(5, 1);
        let found = Timing { author, ..Timing::unsigned(None) }.counting();
        assert_eq!(found, CountingTime { time: author, clocks_disagree: false });
    }
}
