//! From the queue to the peers, and what they answer.

use super::entry::Entry;
use super::link::Outgoing;
use super::record::QueueRecord;
use super::route::PeerId;
use super::{Federation, QueueName};
use crate::limits::{PUT_OFF_FIRST, PUT_OFF_MOST};
use crate::node::Now;
use crate::protocol::Reason;
use chappe_store::StoredRecords;
use std::collections::HashMap;
use std::ops::Range;
use std::task::Waker;
use std::time::Instant;

impl Federation {
    /// A peer is reached: it gets what waits for it.
    pub fn connected(&mut self, peer: PeerId, now: Now) {
        let Some(link) = self.links.get_mut(peer.index()) else { return };
        link.set_connected(true, now.instant);
        QueueName::ALL.into_iter().for_each(|name| self.fill(peer, name.index(), now));
    }

    /// The connection to a peer is lost: what was on the way waits again.
    pub fn lost(&mut self, peer: PeerId, now: Now) {
        let Some(link) = self.links.get_mut(peer.index()) else { return };
        link.set_connected(false, now.instant);
        for (side, queue) in link.sides.iter_mut().zip(&mut self.queues) {
            queue.reads.retain(|_, (reader, _)| *reader != peer);
            for sequence in side.land_all() {
                if let Some(entry) = queue.open.get(&sequence) {
                    side.wait(entry.precedence, sequence);
                }
            }
        }
    }

    /// Takes what is to be sent to a peer from one queue. Whoever asks is woken when there is more.
    pub fn take_outgoing(&mut self, peer: PeerId, name: QueueName, waker: &Waker) -> Vec<Outgoing> {
        let link = self.links.get_mut(peer.index());
        let Some(side) = link.and_then(|link| link.sides.get_mut(name.index())) else {
            return Vec::new();
        };
        side.waker = Some(waker.clone());
        std::mem::take(&mut side.ready)
    }

    /// A peer has a parcel on durable storage.
    pub fn acknowledged(&mut self, peer: PeerId, name: QueueName, sequence: u64, now: Now) {
        let index = name.index();
        if let Some(link) = self.links.get_mut(peer.index())
            && let Some(side) = link.sides.get_mut(index)
        {
            side.works();
            if side.land(sequence) {
                link.counts.forward();
            }
        }
        self.has(index, sequence, peer);
        self.fill(peer, index, now);
    }

    /// A peer has refused a parcel: for now or for good.
    pub fn refused(
        &mut self,
        peer: PeerId,
        name: QueueName,
        sequence: u64,
        reason: Reason,
        now: Now,
    ) {
        let index = name.index();
        let Some(link) = self.links.get_mut(peer.index()) else { return };
        let Some(side) = link.sides.get_mut(index) else { return };
        if !side.land(sequence) {
            return;
        }
        if reason.is_temporary() {
            link.counts.put_one_off();
            // Of a full mailbox others' parcels may know nothing.
            if reason == Reason::TryLater
                && let Some(times) = side.works_not(now.instant)
            {
                let pause = self.jitter.pause(times, PUT_OFF_FIRST, PUT_OFF_MOST);
                side.pause(now.instant.checked_add(pause).unwrap_or(now.instant));
            }
            self.put_off(index, peer, sequence, now.instant);
        } else {
            if reason == Reason::Expired {
                link.counts.expire();
            } else {
                link.counts.refuse();
            }
            self.refuses_for_good(index, sequence, peer, now.instant);
        }
        // It may have gone to another.
        self.fill_all(index, now);
    }

    /// To which homes a parcel goes now, as bits: a FLASH to all; else to the first named, and to a later one
    /// when those before it "have not been reached for 10 seconds".
    pub(super) fn choose(&self, index: usize, entry: &Entry, now: Instant) -> u8 {
        if entry.needs_all() {
            return entry.candidates().fold(0, |bits, (bit, _)| bits | bit);
        }
        let has_room = |peer: PeerId| {
            let side = self.links.get(peer.index()).and_then(|link| link.sides.get(index));
            side.is_some_and(|side| side.has_room(entry.octets, self.queue_octets))
        };
        let is_away = |peer: PeerId| {
            self.links.get(peer.index()).is_none_or(|link| {
                link.is_away(now) || link.sides.get(index).is_none_or(|side| side.is_paused(now))
            })
        };
        // The first of those that did not put it off; else the first.
        let near = entry
            .candidates()
            .filter(|(_, peer)| has_room(*peer) && !is_away(*peer))
            .min_by_key(|(bit, _)| entry.put_off_by & bit != 0);
        let any = || entry.candidates().find(|(_, peer)| has_room(*peer));
        // What is kept already has its place, whatever the bounds say.
        let first = || entry.candidates().next();
        near.or_else(any).or_else(first).map_or(0, |(bit, _)| bit)
    }

    pub(super) fn appended(&mut self, index: usize, number: u64, sequences: Range<u64>, now: Now) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let Some(kept) = queue.appended(number, sequences) else { return };
        for (sequence, entry) in kept {
            for peer in entry.offered_to() {
                let link = self.links.get_mut(peer.index());
                if let Some(side) = link.and_then(|link| link.sides.get_mut(index)) {
                    side.wait(entry.precedence, sequence);
                }
            }
        }
        self.fill_all(index, now);
    }

    pub(super) fn append_failed(&mut self, index: usize, number: u64) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let (lost, has_replicated) = queue.append_failed(number).unwrap_or_default();
        self.replication.has_changed |= has_replicated;
        for entry in lost {
            for peer in entry.offered_to() {
                if let Some(link) = self.links.get_mut(peer.index()) {
                    link.discharge(index, entry.octets);
                }
            }
        }
    }

    pub(super) fn fill_all(&mut self, index: usize, now: Now) {
        for peer in self.peers().collect::<Vec<_>>() {
            self.fill(peer, index, now);
        }
    }

    /// Reads what a peer can take next.
    pub(super) fn fill(&mut self, peer: PeerId, index: usize, now: Now) {
        let (Some(link), Some(queue)) =
            (self.links.get_mut(peer.index()), self.queues.get_mut(index))
        else {
            return;
        };
        let Some(side) = link.sides.get_mut(index) else { return };
        // Before all old records are read it is not known which of them are done.
        let may_send = link.is_connected && !side.is_paused(now.instant);
        if !may_send || !queue.is_recovered || !side.wants_more() {
            return;
        }
        let (mut wanted, mut expired) = (Vec::new(), Vec::new());
        while side.has_window() {
            let Some(sequence) = side.pop_waiting() else { break };
            match queue.open.get(&sequence) {
                Some(entry) if entry.has_expired(now.seconds) => expired.push(sequence),
                Some(entry) => {
                    side.fly(sequence, entry.octets);
                    wanted.push(sequence);
                }
                None => {}
            }
        }
        if !wanted.is_empty() {
            side.is_reading = true;
            queue.read(peer, wanted);
        }
        for sequence in expired {
            self.expire(index, sequence);
        }
    }

    /// The store has read: the parcels are ready to be sent.
    pub(super) fn read(
        &mut self,
        index: usize,
        number: u64,
        records: Option<&StoredRecords>,
        now: Now,
    ) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let Some((peer, wanted)) = queue.reads.remove(&number) else { return };
        let Some(link) = self.links.get_mut(peer.index()) else { return };
        let Some(side) = link.sides.get_mut(index) else { return };
        side.is_reading = false;
        let Some(records) = records else {
            // The disk fails: it is asked again after a pause.
            for sequence in wanted {
                if self.land(index, peer, sequence) {
                    self.hold(index, peer, sequence, now.instant);
                }
            }
            return;
        };
        let found: HashMap<u64, &[u8]> =
            records.sequences.iter().copied().zip(records.records.iter()).collect();
        let mut rotten = Vec::new();
        for sequence in wanted {
            if !side.is_flying(sequence) {
                continue;
            }
            match found.get(&sequence).and_then(|octets| QueueRecord::parse(octets)) {
                Some(QueueRecord::Kept(kept)) => side.ready.push(Outgoing {
                    sequence,
                    hops_left: kept.hops_left,
                    parcel: kept.parcel.to_parcel(),
                }),
                // The store has reported the damage.
                _ => rotten.push(sequence),
            }
        }
        side.wake();
        for sequence in rotten {
            self.complete(index, sequence);
        }
        self.fill(peer, index, now);
    }

    fn land(&mut self, index: usize, peer: PeerId, sequence: u64) -> bool {
        let link = self.links.get_mut(peer.index());
        let side = link.and_then(|link| link.sides.get_mut(index));
        side.is_some_and(|side| side.land(sequence))
    }

    /// A home cannot take it now. What is not FLASH goes to the next one that is reached, until all have put
    /// it off.
    fn put_off(&mut self, index: usize, peer: PeerId, sequence: u64, now: Instant) {
        let entry = self.queues.get_mut(index).and_then(|queue| queue.open.get_mut(&sequence));
        let Some(entry) = entry else { return };
        entry.put_off_by |= entry.homes.bit(peer);
        let now_known = *entry;
        let goes_on = !now_known.needs_all()
            && now_known.candidates().any(|(bit, other)| {
                now_known.put_off_by & bit == 0 && self.takes(index, other, &now_known, now)
            });
        if goes_on {
            self.withdraw(index, sequence, peer);
            return self.offer(index, sequence, now);
        }
        self.hold(index, peer, sequence, now);
    }

    /// Whether a home is reached, is not left alone, and has room for a parcel.
    pub(super) fn takes(&self, index: usize, peer: PeerId, entry: &Entry, now: Instant) -> bool {
        let link = self.links.get(peer.index()).filter(|link| link.is_connected);
        let side = link.and_then(|link| link.sides.get(index));
        side.is_some_and(|side| {
            !side.is_paused(now) && side.has_room(entry.octets, self.queue_octets)
        })
    }

    /// It is sent again after a pause that doubles.
    fn hold(&mut self, index: usize, peer: PeerId, sequence: u64, now: Instant) {
        let entry = self.queues.get_mut(index).and_then(|queue| queue.open.get_mut(&sequence));
        let Some(entry) = entry else { return };
        entry.put_off = entry.put_off.saturating_add(1);
        // After this pause the others are asked again too.
        entry.put_off_by = 0;
        let times = u32::from(entry.put_off);
        let pause = self.jitter.pause(times, PUT_OFF_FIRST, PUT_OFF_MOST);
        let until = now.checked_add(pause).unwrap_or(now);
        let link = self.links.get_mut(peer.index());
        if let Some(side) = link.and_then(|link| link.sides.get_mut(index)) {
            side.hold(sequence, until);
        }
    }

    /// A home has it. "Until one has acknowledged; a FLASH until all have."
    fn has(&mut self, index: usize, sequence: u64, peer: PeerId) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let Some(entry) = queue.open.get_mut(&sequence) else { return };
        let bit = entry.homes.bit(peer);
        entry.open &= !bit;
        if !entry.needs_all() || entry.open == 0 {
            return self.complete(index, sequence);
        }
        self.withdraw(index, sequence, peer);
    }

    /// A home does not want it: what is not FLASH goes to the next.
    fn refuses_for_good(&mut self, index: usize, sequence: u64, peer: PeerId, now: Instant) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let Some(entry) = queue.open.get_mut(&sequence) else { return };
        entry.open &= !entry.homes.bit(peer);
        if entry.open == 0 {
            return self.complete(index, sequence);
        }
        self.withdraw(index, sequence, peer);
        self.offer(index, sequence, now);
    }

    /// Takes it out of a peer's sets.
    pub(super) fn withdraw(&mut self, index: usize, sequence: u64, peer: PeerId) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let Some(entry) = queue.open.get_mut(&sequence) else { return };
        queue.changed.insert(sequence);
        let bit = entry.homes.bit(peer);
        if entry.offered & bit == 0 {
            return;
        }
        entry.offered &= !bit;
        let entry = *entry;
        if let Some(link) = self.links.get_mut(peer.index()) {
            if let Some(side) = link.sides.get_mut(index) {
                side.forget(entry.precedence, sequence);
            }
            link.discharge(index, entry.octets);
        }
    }

    /// Puts it into the sets of those it goes to now, and is not in yet.
    pub(super) fn offer(&mut self, index: usize, sequence: u64, now: Instant) {
        let entry = self.queues.get(index).and_then(|queue| queue.open.get(&sequence)).copied();
        let Some(entry) = entry else { return };
        if !entry.needs_all() && entry.offered != 0 {
            return;
        }
        let chosen = self.choose(index, &entry, now) & !entry.offered;
        let added = Entry { offered: chosen, ..entry };
        for peer in added.offered_to() {
            if let Some(link) = self.links.get_mut(peer.index()) {
                link.charge(index, entry.octets);
                if let Some(side) = link.sides.get_mut(index) {
                    side.wait(entry.precedence, sequence);
                }
            }
        }
        let queue = self.queues.get_mut(index);
        if let Some(entry) = queue.and_then(|queue| queue.open.get_mut(&sequence)) {
            entry.offered |= chosen;
        }
    }

    pub(super) fn expire(&mut self, index: usize, sequence: u64) {
        let entry = self.queues.get(index).and_then(|queue| queue.open.get(&sequence)).copied();
        for peer in entry.iter().flat_map(Entry::offered_to) {
            if let Some(link) = self.links.get(peer.index()) {
                link.counts.expire();
            }
        }
        self.complete(index, sequence);
    }

    /// Nothing is left to do for it.
    pub(super) fn complete(&mut self, index: usize, sequence: u64) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let Some(entry) = queue.open.remove(&sequence) else { return };
        queue.open_octets = queue.open_octets.saturating_sub(u64::from(entry.octets));
        queue.changed.insert(sequence);
        for peer in entry.offered_to() {
            if let Some(link) = self.links.get_mut(peer.index()) {
                if let Some(side) = link.sides.get_mut(index) {
                    side.forget(entry.precedence, sequence);
                }
                link.discharge(index, entry.octets);
            }
        }
    }
}
