//! What is done from time to time: pauses that are over, what has expired, what another home could take,
//! what the disk has to know.

use super::route::PeerId;
use super::{Federation, QueueName};
use crate::limits::{QUEUE_LOOK_ENTRIES, QUEUE_SWEEP_ENTRIES, UPKEEP_EVERY};
use crate::node::Now;

impl Federation {
    /// Does what is due.
    pub fn on_time(&mut self, now: Now) {
        if self.next.is_some_and(|next| now.instant < next) {
            return;
        }
        self.next = now.instant.checked_add(UPKEEP_EVERY);
        for name in QueueName::ALL {
            let index = name.index();
            self.sweep(index, now.seconds);
            for peer in self.peers().collect::<Vec<_>>() {
                self.release(peer, index, now);
                self.look_for_others(peer, index, now);
            }
            self.fill_all(index, now);
            self.save(index);
        }
        self.flush();
        self.count(now.seconds);
    }

    /// Pauses that are over.
    fn release(&mut self, peer: PeerId, index: usize, now: Now) {
        let (Some(link), Some(queue)) = (self.links.get_mut(peer.index()), self.queues.get(index))
        else {
            return;
        };
        let Some(side) = link.sides.get_mut(index) else { return };
        while let Some(sequence) = side.pop_due(now.instant) {
            if let Some(entry) = queue.open.get(&sequence) {
                side.wait(entry.precedence, sequence);
            }
        }
    }

    /// Some of what waits, whoever it waits for.
    fn sweep(&mut self, index: usize, now_seconds: u64) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let next = queue.open.range(queue.swept..).take(QUEUE_SWEEP_ENTRIES);
        let next: Vec<(u64, bool)> =
            next.map(|(sequence, entry)| (*sequence, entry.has_expired(now_seconds))).collect();
        let is_whole = next.len() < QUEUE_SWEEP_ENTRIES;
        let last = next.last().map_or(0, |(last, _)| last.saturating_add(1));
        queue.swept = if is_whole { 0 } else { last };
        for (sequence, _) in next.into_iter().filter(|(_, has_expired)| *has_expired) {
            self.expire(index, sequence);
        }
    }

    /// Moves what waits for a peer that is away, or left alone, to another home that is reached.
    fn look_for_others(&mut self, peer: PeerId, index: usize, now: Now) {
        let Some(link) = self.links.get_mut(peer.index()) else { return };
        let is_away = link.is_away(now.instant);
        let Some(side) = link.sides.get_mut(index) else { return };
        if !is_away && !side.is_paused(now.instant) {
            return;
        }
        for sequence in side.look_on(QUEUE_LOOK_ENTRIES) {
            let entry = self.queues.get(index).and_then(|queue| queue.open.get(&sequence)).copied();
            let Some(entry) = entry.filter(|entry| !entry.needs_all()) else { continue };
            if entry.candidates().any(|(_, other)| self.takes(index, other, &entry, now.instant)) {
                self.withdraw(index, sequence, peer);
                self.offer(index, sequence, now.instant);
            }
        }
    }

    /// Tells the disk what has changed.
    pub(super) fn save(&mut self, index: usize) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let is_rest = index == QueueName::Rest.index();
        if queue.is_worth_compacting() {
            let replicated = self.replication.iter().filter(|_| is_rest);
            queue.tell_everything(replicated);
            self.replication.has_changed &= !is_rest;
        } else {
            queue.save();
            if is_rest && self.replication.has_changed && queue.may_write() {
                self.replication.iter().for_each(|one| queue.put_replicated(one));
                self.replication.has_changed = false;
            }
        }
        queue.discard();
    }

    fn count(&self, now_seconds: u64) {
        for link in &self.links {
            let oldest =
                link.sides.iter().zip(&self.queues).filter_map(|(side, queue)| {
                    Some(queue.open.get(&side.oldest()?)?.taken_seconds)
                });
            link.counts
                .set_oldest(oldest.min().map_or(0, |taken| now_seconds.saturating_sub(taken)));
        }
    }
}
