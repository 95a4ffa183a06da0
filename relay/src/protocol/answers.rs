//! What a relay owes a lane: which publishes wait for which group.

use super::code::Reason;
use super::message::Output;
use super::relay_message::RelayMessage;
use crate::limits::{PUBLISHES_PENDING_MAX, PUBLISHES_PENDING_OCTETS_MAX};
use std::collections::VecDeque;

/// Publishes of one lane that are not answered, as runs of numbers that wait for the same group. A
/// thousand publishes of one group cost one run.
#[derive(Debug, Default)]
pub struct LaneAnswers {
    runs: VecDeque<Run>,
    open: u64,
    open_octets: u64,
    /// Durable, but not yet said: many publishes make one message.
    acknowledged: Option<u64>,
    /// A second group that what comes now waits for.
    also: Option<GroupId>,
}

/// A group of one of the relay's logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupId {
    /// Which log.
    pub log: usize,
    /// Its number there, increasing.
    pub number: u64,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    first: u64,
    last: u64,
    octets: u64,
    group: GroupId,
    /// Where it takes two groups: one of the relay's logs and one of its forward queue.
    also: Option<GroupId>,
}

impl Run {
    fn waits_for(&self, group: GroupId) -> bool {
        self.group == group || self.also == Some(group)
    }

    fn is_durable(&self, durable: &[u64]) -> bool {
        let reached =
            |group: GroupId| durable.get(group.log).is_some_and(|number| *number >= group.number);
        reached(self.group) && self.also.is_none_or(reached)
    }
}

impl LaneAnswers {
    /// What comes from now on waits for this group as well. "Where it is both stored and kept, it is
    /// acknowledged when both are durable" (spec/06-relay.md, "Federation").
    pub const fn wait_also(&mut self, group: Option<GroupId>) {
        self.also = group;
    }

    /// A publish whose parcel, or the copy it repeats, is durable when this group is.
    pub fn wait_for(&mut self, number: u64, octets: usize, group: GroupId) {
        let octets = u64::try_from(octets).unwrap_or(u64::MAX);
        self.open = self.open.saturating_add(1);
        self.open_octets = self.open_octets.saturating_add(octets);
        match self.runs.back_mut() {
            Some(run)
                if run.group == group
                    && run.also == self.also
                    && run.last.saturating_add(1) == number =>
            {
                run.last = number;
                run.octets = run.octets.saturating_add(octets);
            }
            _ => {
                let (first, last, also) = (number, number, self.also);
                self.runs.push_back(Run { first, last, octets, group, also });
            }
        }
    }

    /// A publish whose parcel repeats one that is durable already. It is acknowledged behind those
    /// before it.
    pub fn is_durable(&mut self, number: u64, octets: usize) {
        let before = self.runs.back().map(|run| run.group);
        match before.or(self.also) {
            Some(group) => self.wait_for(number, octets, group),
            None => self.acknowledged = Some(number),
        }
    }

    /// Groups up to these, one number for each log, are durable.
    pub fn settle(&mut self, durable: &[u64]) {
        while let Some(run) = self.runs.front() {
            if !run.is_durable(durable) {
                return;
            }
            self.acknowledged = Some(run.last);
            self.close(*run);
            self.runs.pop_front();
        }
    }

    /// A group is not stored: each publish that waited for it is refused.
    pub(crate) fn fail(&mut self, group: GroupId, reason: Reason, out: &mut impl Output) {
        self.put_acknowledgement(out);
        let failed: Vec<Run> =
            self.runs.iter().filter(|run| run.waits_for(group)).copied().collect();
        self.runs.retain(|run| !run.waits_for(group));
        for run in failed {
            self.close(run);
            for number in run.first..=run.last {
                RelayMessage::Refused { number, reason }.put(out);
            }
        }
    }

    const fn close(&mut self, run: Run) {
        let count = run.last.saturating_sub(run.first).saturating_add(1);
        self.open = self.open.saturating_sub(count);
        self.open_octets = self.open_octets.saturating_sub(run.octets);
    }

    /// Says what became durable since the last time.
    pub(crate) fn put_acknowledgement(&mut self, out: &mut impl Output) {
        if let Some(number) = self.acknowledged.take() {
            RelayMessage::Acknowledged { number }.put(out);
        }
    }

    /// Publishes that are not answered.
    #[must_use]
    pub const fn open(&self) -> u64 {
        self.open
    }

    /// Whether the lane may be read on: "At most 16,384 of a lane, and 16 MiB of their bodies, are
    /// unanswered at a time; a relay reads no further until it has answered some."
    #[must_use]
    pub const fn has_room(&self) -> bool {
        self.open < PUBLISHES_PENDING_MAX && self.open_octets < PUBLISHES_PENDING_OCTETS_MAX
    }
}
