//! What the stores answer.

use super::duplicates::{Copy, log_of};
use super::fan_out::add_span;
use super::group::{Finishing, Forming, Judgement, Pending};
use super::live::FAN_OUT_OCTETS_MAX;
use super::reader::ReaderState;
use super::shelf::Entry;
use super::slots::SlotId;
use super::{LogName, Node, Now};
use crate::limits::TOLD_MAX;
use crate::protocol::{GroupId, put_delivery};
use chappe_codec::precedence::Precedence;
use chappe_store::{Damage, Recovery, StoreError, StoreEvent};
use std::ops::Range;

/// What an operator may want to know. Nothing in it names a client, a key, an address or a parcel.
#[derive(Debug)]
#[non_exhaustive]
pub enum NodeEvent {
    /// A log's old records are read.
    Recovered {
        /// Which log.
        log: LogName,
        /// Parcels known in both logs by now.
        parcels: usize,
        /// What was found; torn tails and damage are the operator's business.
        recovery: Recovery,
    },
    /// A log failed: publishing to it is refused until it works again.
    StoreFailed {
        /// Which log.
        log: LogName,
        /// How.
        error: StoreError,
    },
    /// Records of a log rotted.
    Damaged {
        /// Which log.
        log: LogName,
        /// Where.
        damage: Damage,
    },
    /// A compaction ended early; all that is wanted is still there.
    CompactionFailed {
        /// Which log.
        log: LogName,
        /// How.
        error: StoreError,
    },
    /// A log works again.
    StoreWorksAgain {
        /// Which log.
        log: LogName,
        /// What was found.
        recovery: Recovery,
    },
}

impl Node {
    /// Takes in what a store says.
    pub fn store_event(&mut self, name: LogName, event: StoreEvent, now: Now) {
        self.judge_staged();
        (self.seconds, self.instant) = (now.seconds, Some(now.instant));
        let index = name.index();
        if let Some(queue) = name.queue() {
            return self.queue_event((name, queue), event, now);
        }
        let Some(event) = self.in_order(index, event) else { return };
        match event {
            StoreEvent::Recovered(records) => self.recover(index, &records, now),
            StoreEvent::RecoveryEnded(recovery) => {
                // Before anything is judged that was stored meanwhile.
                while self.tell_stored() {}
                if let Some(log) = self.logs.get_mut(index) {
                    log.next = log.next.max(recovery.sequences.end);
                }
                self.recovery_ended(index, now);
                let set_aside =
                    self.logs.get_mut(index).map(|log| std::mem::take(&mut log.set_aside));
                for event in set_aside.into_iter().flatten() {
                    self.store_event(name, event, now);
                }
                let parcels = self.duplicates.len();
                self.events.push(NodeEvent::Recovered { log: name, parcels, recovery });
            }
            StoreEvent::Appended { number, sequences } => {
                self.appended(index, number, sequences);
            }
            StoreEvent::AppendFailed { number, .. } => self.append_failed(index, number),
            StoreEvent::Followed(records) => {
                // "In its place among the own groups": what lies before it was judged before it.
                while self.tell_stored() {}
                self.follow(index, &records, now);
            }
            StoreEvent::Read { number, records } => self.read(index, number, records),
            // Only what had expired lay before it; shelves forget that by themselves.
            StoreEvent::Discarded { .. } => {}
            StoreEvent::Compacted { error, .. } => {
                if let Some(error) = error {
                    self.events.push(NodeEvent::CompactionFailed { log: name, error });
                }
            }
            StoreEvent::Damaged(damage) => {
                self.events.push(NodeEvent::Damaged { log: name, damage });
            }
            StoreEvent::Said(octets) => self.heard_elsewhere(&octets, now),
            StoreEvent::Failed { error } => {
                self.set_failed(index, true);
                self.events.push(NodeEvent::StoreFailed { log: name, error });
            }
            StoreEvent::WorksAgain(recovery) => {
                self.set_failed(index, false);
                self.events.push(NodeEvent::StoreWorksAgain { log: name, recovery });
            }
        }
    }

    /// Of a shared log everything is judged at its place: what was appended after the start waits until what
    /// lay there before is told, since that comes on a way of its own.
    fn in_order(&mut self, index: usize, event: StoreEvent) -> Option<StoreEvent> {
        let log = self.logs.get_mut(index)?;
        let is_later = matches!(event, StoreEvent::Appended { .. } | StoreEvent::Followed(_));
        if is_later && log.is_shared && !log.is_recovered {
            log.set_aside.push(event);
            return None;
        }
        Some(event)
    }

    fn set_failed(&mut self, index: usize, has_failed: bool) {
        if let Some(log) = self.logs.get_mut(index) {
            log.has_failed = has_failed;
        }
    }

    fn appended(&mut self, index: usize, number: u64, sequences: Range<u64>) {
        let Some(log) = self.logs.get_mut(index) else { return };
        let Some((_, forming)) = log.finish_group(number) else { return };
        log.durable = number;
        log.finishing = Some(Finishing { forming, sequences, done: 0 });
        self.tell_stored();
    }

    /// Tells of what is durable to those who wait for it, FLASH first, as much as others can wait for.
    /// Whether there is more: call it again when they had their turn.
    pub fn tell_stored(&mut self) -> bool {
        let mut left = TOLD_MAX;
        for index in 0..self.logs.len() {
            let Some(log) = self.logs.get_mut(index) else { continue };
            let Some(mut group) = log.finishing.take() else { continue };
            let Finishing { forming, sequences, done } = &mut group;
            let entries = forming.entries.iter().zip(sequences.clone()).skip(*done);
            for (entry, sequence) in entries {
                if left == 0 {
                    break;
                }
                let readers = self.stored(index, entry, sequence, &forming.kept);
                left = left.saturating_sub(readers.saturating_add(1));
                *done = done.saturating_add(1);
            }
            if left == 0 && *done < forming.entries.len() {
                if let Some(log) = self.logs.get_mut(index) {
                    log.finishing = Some(group);
                }
                return true;
            }
            self.share_out();
            self.settle(&group.forming.lanes);
            self.recycle(index, group.forming);
        }
        false
    }

    /// Whether a store has something to do for which others wait, so that its thread may want a processor.
    #[must_use]
    pub fn is_storing(&self) -> bool {
        self.logs.iter().any(|log| log.in_flight.is_some())
    }

    /// Whether FLASH is on its way to the disk.
    #[must_use]
    pub fn is_storing_flash(&self) -> bool {
        self.logs.get(log_of(Precedence::Flash)).is_some_and(|log| log.in_flight.is_some())
    }

    /// One parcel is durable. How many wait for it.
    fn stored(&mut self, index: usize, entry: &Pending, sequence: u64, kept: &[u8]) -> usize {
        let octets = usize::try_from(entry.octets).unwrap_or(0);
        let stored = Entry::new(sequence, entry.expiry_seconds, octets);
        let Some(log) = self.logs.get_mut(index) else { return 0 };
        log.note(sequence, entry.expiry_seconds, octets);
        let is_shared = log.is_shared;
        let Some(shelf) = self.shelves.get_mut(entry.shelf) else { return 0 };
        shelf.pending = shelf.pending.saturating_sub(1);
        self.counters.stored = self.counters.stored.saturating_add(1);
        self.options.counts.store(entry.precedence, entry.octets);
        match entry.judgement {
            Judgement::New => self.show(entry, stored, kept),
            Judgement::Waits => {
                let address = shelf.address;
                if !is_shared {
                    self.judge_later(index, entry, stored, address);
                    0
                } else if self.is_first(index, entry, stored, address) {
                    self.show(entry, stored, kept)
                } else {
                    0
                }
            }
            Judgement::Duplicate => 0,
        }
    }

    /// Shows readers a parcel that is durable and repeats nothing. How many there are.
    fn show(&mut self, entry: &Pending, stored: Entry, kept: &[u8]) -> usize {
        let Some(shelf) = self.shelves.get_mut(entry.shelf) else { return 0 };
        shelf.insert(entry.precedence, stored);
        let readers = shelf.subscribers(entry.precedence).len();
        if readers > 0 {
            let range = usize::try_from(entry.kept.start).unwrap_or(usize::MAX)
                ..usize::try_from(entry.kept.end).unwrap_or(usize::MAX);
            let octets = kept.get(range).unwrap_or_default();
            self.deliver(entry, stored, octets);
        }
        readers
    }

    /// Gives a parcel that was just stored to those who wait for it: at the log's end, with credit and
    /// with room. The others read it from the log.
    fn deliver(&mut self, entry: &Pending, stored: Entry, kept: &[u8]) {
        let Some(shelf) = self.shelves.get(entry.shelf) else { return };
        let mut behind = Vec::new();
        self.fan_out.begin();
        for id in shelf.subscribers(entry.precedence) {
            let Some(reader) = self.readers.get_mut(*id) else { continue };
            if reader.state != ReaderState::Tail {
                continue;
            }
            let Some(lane) = self.lanes.get_mut(reader.lane) else { continue };
            let may_read = reader.until_seconds.is_none_or(|until| self.seconds < until);
            let Some((head, expiry_and_envelope)) = kept.split_first() else {
                behind.push((*id, may_read));
                continue;
            };
            if !may_read || !reader.has_credit() || !lane.has_room() {
                behind.push((*id, may_read));
                continue;
            }
            let step = stored.cursor().saturating_sub(reader.cursor);
            let span = self.fan_out.encode(reader.number, step, |out| {
                put_delivery(out, reader.number, step, *head, expiry_and_envelope)
            });
            reader.spend(span.body);
            reader.cursor = stored.cursor();
            reader.position = stored.cursor();
            self.counters.delivered = self.counters.delivered.saturating_add(1);
            if add_span(&mut lane.spans, span) {
                self.fan_out.lanes.push(reader.lane);
            }
        }
        for (id, may_read) in behind {
            self.leave_tail(id);
            if may_read {
                self.schedule(id);
            }
        }
        if self.fan_out.octets() > FAN_OUT_OCTETS_MAX {
            self.share_out();
        }
    }

    pub(super) fn settle(&mut self, lanes: &[SlotId]) {
        let durable = self.durable();
        for id in lanes {
            if let Some(lane) = self.lanes.get_mut(*id) {
                lane.settle(&durable);
                self.mark_ready(*id);
            }
        }
    }

    fn append_failed(&mut self, index: usize, number: u64) {
        let Some(log) = self.logs.get_mut(index) else { return };
        let Some((group, forming)) = log.finish_group(number) else { return };
        for entry in forming.entries.iter().rev() {
            if entry.judgement == Judgement::New {
                self.duplicates.take_back(entry.key, group, entry.previous);
                self.correct_previous(entry, group);
            }
            let octets = u64::from(entry.octets);
            if let Some(shelf) = self.shelves.get_mut(entry.shelf) {
                shelf.pending = shelf.pending.saturating_sub(1);
                shelf.account.take_back(entry.expiry_seconds, octets);
            }
            if let Some(sender) = self.senders.get_mut(entry.sender) {
                sender.account.take_back(entry.expiry_seconds, octets);
            }
        }
        for id in &forming.lanes {
            if let Some(lane) = self.lanes.get_mut(*id) {
                lane.fail(group);
                self.mark_ready(*id);
            }
        }
        // A later group of the other log may have been waiting behind this one.
        self.settle(&forming.lanes);
        self.recycle(index, forming);
    }

    /// What is on its way to a log and was noted in the place of a copy that is not stored after all must
    /// not bring that back, should it fail too: its repetitions would be acknowledged and be nowhere.
    fn correct_previous(&mut self, failed: &Pending, group: GroupId) {
        let copy = Copy::new(failed.expiry_seconds, failed.precedence, group.number);
        for log in &mut self.logs {
            let forming = log.in_flight.iter_mut().chain(std::iter::once(&mut log.forming));
            for entry in forming.flat_map(|forming| forming.entries.iter_mut()) {
                if entry.key == failed.key
                    && entry.previous.is_some_and(|previous| previous.is_the_same(copy))
                {
                    entry.previous = failed.previous;
                }
            }
        }
    }

    fn recycle(&mut self, index: usize, forming: Forming) {
        if let Some(log) = self.logs.get_mut(index) {
            log.recycle(forming);
        }
    }
}
