//! What is done from time to time.

use super::record::Record;
use super::{Node, Now};
use crate::limits::{
    COMPACT_EVERY_SECONDS, COMPACT_OCTETS_MIN, DISCARD_EVERY_SECONDS,
    SHARED_DISCARD_MARGIN_SECONDS, SWEEP_ADDRESSES, SWEEP_ENTRIES, UPKEEP_EVERY,
};
use crate::protocol::Reason;
use std::time::Instant;

/// Parts of the table of duplicates looked through at a time: all of it in four minutes.
const SWEEP_SHARDS: usize = 4;

/// When what is due.
#[derive(Debug, Default)]
pub(super) struct Upkeep {
    next: Option<Instant>,
    discarded_seconds: u64,
    compacted_seconds: u64,
}

/// What a node has done since its start.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Parcels stored.
    pub stored: u64,
    /// Deliveries to readers.
    pub delivered: u64,
}

impl Node {
    /// When [`Node::on_time`] is due; `None`: at once.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let federation = self.forwarding.as_ref().map(|forwarding| forwarding.deadline());
        let next =
            federation.map_or(self.upkeep.next, |federation| federation.min(self.upkeep.next));
        self.held().map_or(next, |held| next.map(|next| next.min(held)))
    }

    /// Until when a group is held for more to come; then [`Node::on_time`] is due.
    #[must_use]
    pub fn held(&self) -> Option<Instant> {
        self.logs.iter().filter_map(|log| log.held).min()
    }

    /// Does what is due: leaves to read that ended, what has expired, what may be given back to the
    /// disk.
    pub fn on_time(&mut self, now: Now) {
        self.judge_staged();
        self.instant = Some(now.instant);
        self.forwarding_on_time(now);
        if self.upkeep.next.is_some_and(|next| now.instant < next) {
            return;
        }
        self.seconds = now.seconds;
        self.upkeep.next = now.instant.checked_add(UPKEEP_EVERY);
        while let Some((until, id)) = self.grants.first().copied()
            && until <= now.seconds
        {
            self.grants.pop_first();
            if let Some(reader) = self.readers.get(id) {
                let (lane, number) = (reader.lane, reader.number);
                self.forget_reader(id);
                self.refuse(lane, number, Reason::DelegationExpired);
            }
        }
        for _ in 0..SWEEP_SHARDS {
            self.duplicates.sweep(now.seconds);
        }
        self.shelves.sweep(SWEEP_ADDRESSES, SWEEP_ENTRIES, now.seconds);
        if self.logs.iter().all(|log| log.is_recovered) {
            self.give_back(now);
        }
    }

    fn give_back(&mut self, now: Now) {
        let seconds = now.seconds;
        if seconds.saturating_sub(self.upkeep.discarded_seconds) >= DISCARD_EVERY_SECONDS {
            self.upkeep.discarded_seconds = seconds;
            for log in &mut self.logs {
                // A clock that is ahead must not take from others what is theirs.
                let margin = if log.is_shared { SHARED_DISCARD_MARGIN_SECONDS } else { 0 };
                log.discard(seconds.saturating_sub(margin));
            }
        }
        if self.upkeep.compacted_seconds == 0 {
            self.upkeep.compacted_seconds = seconds;
        }
        if seconds.saturating_sub(self.upkeep.compacted_seconds) >= COMPACT_EVERY_SECONDS {
            self.upkeep.compacted_seconds = seconds;
            for log in self.logs.iter_mut().filter(|log| !log.is_shared) {
                let (all, living) = (log.octets(), log.living(seconds));
                if all >= COMPACT_OCTETS_MIN && living.saturating_mul(2) < all {
                    log.compacted(living);
                    log.store.compact(Box::new(move |_, record| {
                        let record = Record::parse(record);
                        record.is_none_or(|record| record.parcel.expiry_seconds() > seconds)
                    }));
                }
            }
        }
    }

    /// What it has done since its start.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }
}
