//! One subscription: how stored and live parcels become one sequence without gap or repetition.
//!
//! The publishing side never waits for a reader. It offers each new parcel once, to a bounded queue;
//! when that is full, the live copy is dropped and the reader reads the log instead. Each live parcel
//! names its forerunner, so that a reader sees by itself whether one is missing.

/// What to do with a live parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveStep {
    /// Give it out.
    Deliver,
    /// Drop it: it was given out, or reading the log will bring it.
    Drop,
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionState {
    /// Everything up to here was given out.
    cursor: u64,
    /// Everything up to here is known to exist.
    known: u64,
    /// Whether the log may hold more than was given out.
    reads_log: bool,
    /// Whether a live parcel was dropped since the last page was asked for.
    lagged: bool,
}

impl SubscriptionState {
    /// A subscription from a cursor on: it begins by reading the log.
    #[must_use]
    pub const fn new(cursor: u64) -> Self {
        Self { cursor, known: cursor, reads_log: true, lagged: false }
    }

    /// Everything up to here was given out.
    #[must_use]
    pub const fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Whether a page of the log is to be read from [`SubscriptionState::cursor`] on.
    #[must_use]
    pub const fn reads_log(&self) -> bool {
        self.reads_log
    }

    /// A page of the log is being asked for: returns the cursor to ask from.
    pub fn start_page(&mut self) -> u64 {
        self.lagged = false;
        self.cursor
    }

    /// A page of the log was given out, up to `cursor`. When it said that nothing is left, but a
    /// later parcel was seen or dropped since it was asked for, the log is read on.
    pub fn page(&mut self, cursor: u64, more: bool) {
        self.cursor = self.cursor.max(cursor);
        self.reads_log = more || self.lagged || self.known > self.cursor;
    }

    /// A live parcel came: the cursors behind it and behind its forerunner.
    pub fn live(&mut self, cursor: u64, previous: u64) -> LiveStep {
        if cursor <= self.cursor {
            return LiveStep::Drop;
        }
        self.known = self.known.max(cursor);
        if self.reads_log || previous > self.cursor {
            self.reads_log = true;
            return LiveStep::Drop;
        }
        self.cursor = cursor;
        LiveStep::Deliver
    }

    /// A live parcel was dropped because the queue was full.
    pub fn lagged(&mut self) {
        self.lagged = true;
        self.reads_log = true;
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_live_parcel_seen_while_the_log_is_read_is_not_lost() {
        let mut subscription = SubscriptionState::new(0);
        assert_eq!(subscription.live(7, 3), LiveStep::Drop);
        subscription.page(3, false);
        assert!(subscription.reads_log(), "the page was taken before parcel 7 was stored");
        subscription.page(7, false);
        assert!(!subscription.reads_log());
        assert_eq!(subscription.live(7, 3), LiveStep::Drop);
        assert_eq!(subscription.live(8, 7), LiveStep::Deliver);
    }

    #[test]
    fn a_gap_sends_the_reader_to_the_log() {
        let mut subscription = SubscriptionState::new(0);
        subscription.page(0, false);
        assert_eq!(subscription.live(5, 4), LiveStep::Drop);
        assert!(subscription.reads_log());
    }

    /// What happens to a stored parcel, or to the reader.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        /// Stored, and the queue has room for its live copy or not.
        Store { is_queued: bool },
        /// The reader takes a live copy off the queue.
        TakeLive,
        /// A page is taken from the log; it arrives with the next of these.
        TakePage,
    }

    proptest! {
        #[test]
        fn in_whatever_order_things_happen_each_parcel_comes_once(
            events in proptest::collection::vec(prop_oneof![
                any::<bool>().prop_map(|is_queued| Event::Store { is_queued }),
                Just(Event::TakeLive),
                Just(Event::TakePage),
            ], 0..200),
            page_size in 1_usize..4,
        ) {
            let mut log: Vec<u64> = Vec::new();
            let mut queue: Vec<(u64, u64)> = Vec::new();
            let mut pending_page: Option<(Vec<u64>, bool)> = None;
            let mut given = Vec::new();
            let mut subscription = SubscriptionState::new(0);
            // At the end the reader gets the time to catch up.
            let rest = std::iter::repeat_n([Event::TakeLive, Event::TakePage], 400).flatten();
            for event in events.into_iter().chain(rest) {
                match event {
                    Event::Store { is_queued } => {
                        let previous = log.last().copied().unwrap_or(0);
                        let cursor = previous + 3;
                        log.push(cursor);
                        if is_queued {
                            queue.push((cursor, previous));
                        } else {
                            subscription.lagged();
                        }
                    }
                    Event::TakeLive if !queue.is_empty() => {
                        let (cursor, previous) = queue.remove(0);
                        if subscription.live(cursor, previous) == LiveStep::Deliver {
                            given.push(cursor);
                        }
                    }
                    Event::TakeLive => {}
                    Event::TakePage => match pending_page.take() {
                        Some((page, more)) => {
                            let end = page.last().copied().unwrap_or(subscription.cursor());
                            given.extend(page);
                            subscription.page(end, more);
                        }
                        None if subscription.reads_log() => {
                            let from = subscription.start_page();
                            let left: Vec<u64> =
                                log.iter().copied().filter(|cursor| *cursor > from).collect();
                            let page = left.iter().copied().take(page_size).collect();
                            pending_page = Some((page, left.len() > page_size));
                        }
                        None => {}
                    },
                }
            }
            prop_assert_eq!(given, log);
        }
    }
}
