//! What the queue held before the start.

use super::Federation;
use super::entry::Entry;
use super::record::{Kept, OpenRange, QueueRecord};
use super::route::Homes;
use crate::node::Now;
use chappe_store::StoredRecords;
use std::ops::Bound::{Excluded, Included};

impl Federation {
    pub(super) fn recover(&mut self, index: usize, records: &StoredRecords, now: Now) {
        for (sequence, octets) in records.sequences.iter().copied().zip(records.records.iter()) {
            if let Some(queue) = self.queues.get_mut(index) {
                queue.next = queue.next.max(sequence.saturating_add(1));
                let octets = u64::try_from(octets.len()).unwrap_or(0);
                queue.octets = queue.octets.saturating_add(octets);
            }
            match QueueRecord::parse(octets) {
                Some(QueueRecord::Kept(kept)) => self.recover_kept(index, sequence, &kept, now),
                Some(QueueRecord::Open(range)) => self.recover_range(index, &range),
                Some(QueueRecord::Replicated(replicated)) => {
                    self.replication.recover(replicated);
                    if let Some(queue) = self.queues.get_mut(index) {
                        queue.found_replicated(sequence);
                    }
                }
                // "A record of another kind, or one that does not parse, is passed over."
                None => {}
            }
        }
    }

    fn recover_kept(&mut self, index: usize, sequence: u64, kept: &Kept<'_>, now: Now) {
        if kept.parcel.expiry_seconds() <= now.seconds {
            return;
        }
        let mut homes = Homes::default();
        let mut open = 0;
        for ((place, key), bit) in kept.homes.iter().enumerate().zip([1, 2, 4]) {
            // One that is no peer any more may be one again after the next start.
            homes.put(place, self.by_key.get(key).copied());
            open |= bit;
        }
        let entry = Entry {
            homes,
            open,
            offered: 0,
            precedence: kept.parcel.precedence,
            put_off: 0,
            put_off_by: 0,
            octets: u32::try_from(kept.octets()).unwrap_or(u32::MAX),
            taken_seconds: kept.taken_seconds,
            expiry_seconds: kept.parcel.expiry_seconds(),
        };
        if let Some(queue) = self.queues.get_mut(index) {
            queue.open_octets = queue.open_octets.saturating_add(u64::from(entry.octets));
            queue.open.insert(sequence, entry);
        }
    }

    /// "Records that have no entry are done."
    fn recover_range(&mut self, index: usize, range: &OpenRange) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let told = queue.open.range((Included(range.first), Excluded(range.end)));
        let told: Vec<u64> = told.map(|(sequence, _)| *sequence).collect();
        for sequence in told {
            let open = range.open.binary_search_by_key(&sequence, |(sequence, _)| *sequence);
            let open = open.ok().and_then(|place| range.open.get(place)).map(|(_, open)| *open);
            match (open, queue.open.get_mut(&sequence)) {
                (Some(open), Some(entry)) => entry.open &= open,
                (_, Some(entry)) => {
                    let octets = u64::from(entry.octets);
                    queue.open_octets = queue.open_octets.saturating_sub(octets);
                    queue.open.remove(&sequence);
                }
                (_, None) => {}
            }
        }
    }

    pub(super) fn recovery_ended(&mut self, index: usize, end: u64, now: Now) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        queue.next = queue.next.max(end);
        queue.is_recovered = true;
        let old = queue.open.iter().filter(|(_, entry)| entry.offered == 0);
        let old: Vec<u64> = old.map(|(sequence, _)| *sequence).collect();
        for sequence in old {
            self.offer(index, sequence, now.instant);
        }
        self.fill_all(index, now);
    }
}
