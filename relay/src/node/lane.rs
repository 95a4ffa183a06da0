//! A lane as the node knows it: what it owes, what it reads, what it has to write.

use super::admission::Leave;
use super::forwarding::FIRST_QUEUE;
use super::slots::SlotId;
use crate::address::Address;
use crate::federation::QueueName;
use crate::key::TransportKey;
use crate::limits::{OUTPUT_OCTETS_MAX, STAGED_MAX, STAGED_OCTETS_MAX};
use crate::protocol::{GroupId, LaneAnswers, Reason, RelayMessage};
use bytes::{Bytes, BytesMut};
use chappe_codec::precedence::Precedence;
use std::collections::BTreeMap;

/// Who is at the other end of a lane.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The key of the TLS connection.
    pub key: TransportKey,
    /// What it may do.
    pub leave: Leave,
}

/// A lane as the node knows it.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) peer: Peer,
    pub(super) sender: SlotId,
    pub(super) precedence: Precedence,
    pub(super) answers: LaneAnswers,
    /// Open reads by their numbers.
    pub(super) reads: BTreeMap<u64, SlotId>,
    /// Open subscriptions and listens among them.
    pub(super) watches: usize,
    /// Fetches among them: while there are any, nothing else is taken up.
    pub(super) fetches: usize,
    /// Subscriptions that could not go on because too much waits to be written.
    pub(super) held_back: Vec<SlotId>,
    /// The last two groups of each log and queue that know this lane, the later one first: more are not waited for
    /// at a time.
    registered: [[u64; 2]; 4],
    /// Shared octets, in order.
    chunks: Vec<Bytes>,
    /// This lane's own octets behind them.
    tail: BytesMut,
    octets: usize,
    /// Parts of what is being written for several lanes; see [`super::fan_out::FanOut`].
    pub(super) spans: Vec<(usize, usize)>,
    pub(super) is_ready: bool,
    pub(super) input_ended: bool,
    /// The address published to last, and its shelf.
    pub(super) last_shelf: Option<(Address, u32)>,
    /// Datagrams to be sent.
    pub(super) datagrams: Vec<Bytes>,
}

impl Lane {
    pub(super) fn new(peer: Peer, sender: SlotId, precedence: Precedence) -> Self {
        Self {
            peer,
            sender,
            precedence,
            answers: LaneAnswers::default(),
            reads: BTreeMap::new(),
            watches: 0,
            fetches: 0,
            held_back: Vec::new(),
            registered: [[0; 2]; 4],
            chunks: Vec::new(),
            tail: BytesMut::new(),
            octets: 0,
            spans: Vec::new(),
            is_ready: false,
            input_ended: false,
            last_shelf: None,
            datagrams: Vec::new(),
        }
    }

    /// Whether a group is told for the first time that this lane waits for it. A repetition may wait for
    /// the group under way behind a publish that waits for the one that grows.
    pub(super) fn register(&mut self, group: GroupId) -> bool {
        let Some([later, earlier]) = self.registered.get_mut(group.log) else { return false };
        if *later == group.number || *earlier == group.number {
            return false;
        }
        if group.number > *later {
            *earlier = std::mem::replace(later, group.number);
        } else {
            *earlier = group.number;
        }
        true
    }

    /// Whether anything of this lane was put in that queue.
    pub(super) fn has_forwarded(&self, queue: QueueName) -> bool {
        let groups = self.registered.get(queue.index().saturating_add(FIRST_QUEUE));
        groups.is_some_and(|groups| *groups != [0; 2])
    }

    /// Writes to this lane alone.
    pub(super) fn write(&mut self, message: RelayMessage<'_>) {
        self.write_with(|out| message.put(out));
    }

    pub(super) fn write_with<R>(&mut self, put: impl FnOnce(&mut BytesMut) -> R) -> R {
        let before = self.tail.len();
        let result = put(&mut self.tail);
        let written = self.tail.len().saturating_sub(before);
        self.octets = self.octets.saturating_add(written);
        result
    }

    pub(super) fn refuse(&mut self, number: u64, reason: Reason) {
        self.write(RelayMessage::Refused { number, reason });
    }

    pub(super) fn settle(&mut self, durable: &[u64]) {
        self.answers.settle(durable);
    }

    pub(super) fn fail(&mut self, group: GroupId) {
        let before = self.tail.len();
        self.answers.fail(group, Reason::TryLater, &mut self.tail);
        self.octets = self.octets.saturating_add(self.tail.len().saturating_sub(before));
    }

    /// Adds what is shared with other lanes.
    pub(super) fn share(&mut self, octets: Bytes) {
        if !self.tail.is_empty() {
            self.chunks.push(self.tail.split().freeze());
        }
        self.octets = self.octets.saturating_add(octets.len());
        self.chunks.push(octets);
    }

    /// Whether the client reads fast enough for more.
    pub(super) const fn has_room(&self) -> bool {
        self.octets < OUTPUT_OCTETS_MAX
    }

    /// Whether publishes that are not judged yet could be more than it may have unanswered.
    pub(super) fn is_nearly_full(&self) -> bool {
        !self.answers.has_room_for(STAGED_MAX, STAGED_OCTETS_MAX)
    }

    /// Takes what is to be written.
    pub(super) fn take(&mut self, into: &mut Vec<Bytes>) {
        let before = self.tail.len();
        self.answers.put_acknowledgement(&mut self.tail);
        self.octets = self.octets.saturating_add(self.tail.len().saturating_sub(before));
        if !self.tail.is_empty() {
            self.chunks.push(self.tail.split().freeze());
        }
        into.append(&mut self.chunks);
        self.octets = 0;
    }
}
