//! What one peer is still to get, and where each parcel of it is.

use super::counts::PeerCounts;
use crate::limits::{
    PEER_AWAY_WAIT, PEER_PUT_OFF_MAX, PEER_QUEUE_RECORDS_MAX, PEER_WINDOW_OCTETS,
    PEER_WINDOW_PARCELS,
};
use crate::parcel::Parcel;
use chappe_codec::precedence::Precedence;
use std::collections::{BTreeMap, BTreeSet};
use std::task::Waker;
use std::time::Instant;

/// A parcel for a peer: to be said as a `forward` with no keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its place in the queue: answers name it.
    pub sequence: u64,
    /// What the forward says.
    pub hops_left: u8,
    /// The parcel.
    pub parcel: Parcel,
}

/// One peer.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) counts: PeerCounts,
    pub(super) is_connected: bool,
    /// Since when it is not, or is.
    since: Instant,
    /// Of FLASH and of the rest.
    pub(super) sides: [Side; 2],
}

impl Link {
    pub(super) fn new(counts: PeerCounts, now: Instant) -> Self {
        Self { counts, is_connected: false, since: now, sides: Default::default() }
    }

    pub(super) fn set_connected(&mut self, is_connected: bool, now: Instant) {
        self.is_connected = is_connected;
        self.since = now;
        self.sides.iter_mut().for_each(|side| side.pause = Pause::default());
        self.counts.set_connected(is_connected);
    }

    /// Whether it has "not been reached for 10 seconds".
    pub(super) fn is_away(&self, now: Instant) -> bool {
        !self.is_connected && now.saturating_duration_since(self.since) >= PEER_AWAY_WAIT
    }

    /// A parcel waits for it from now on.
    pub(super) fn charge(&mut self, queue: usize, octets: u32) {
        if let Some(side) = self.sides.get_mut(queue) {
            side.records = side.records.saturating_add(1);
            side.octets = side.octets.saturating_add(u64::from(octets));
        }
        self.count();
    }

    /// It does not any more.
    pub(super) fn discharge(&mut self, queue: usize, octets: u32) {
        if let Some(side) = self.sides.get_mut(queue) {
            side.records = side.records.saturating_sub(1);
            side.octets = side.octets.saturating_sub(u64::from(octets));
        }
        self.count();
    }

    fn count(&self) {
        let [flash, rest] = &self.sides;
        let records = flash.records.saturating_add(rest.records);
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        self.counts.set_waiting(records, flash.octets.saturating_add(rest.octets));
    }
}

/// What a peer is still to get from one queue. Every parcel that was charged and is durable is in exactly one
/// of `waiting`, `held` and `flying`.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// By precedence: to be sent as soon as there is room.
    waiting: [BTreeSet<u64>; 4],
    /// Put off, until when.
    held: BTreeMap<u64, Instant>,
    due: BTreeSet<(Instant, u64)>,
    /// Being read from the disk or on the way to the peer, and the octets of each.
    flying: BTreeMap<u64, u32>,
    flying_octets: u64,
    pub(super) is_reading: bool,
    /// Read, and not yet taken by who sends them.
    pub(super) ready: Vec<Outgoing>,
    pub(super) waker: Option<Waker>,
    pub(super) records: usize,
    pub(super) octets: u64,
    /// Where the look for parcels that another home could take goes on, by precedence.
    looked: [u64; 4],
    pause: Pause,
}

/// What a peer that cannot store anything at the moment is spared.
#[derive(Debug, Default)]
struct Pause {
    /// Parcels it answered `try_later` to, one after the other.
    put_off: u32,
    /// Pauses one after the other: while there are any, one parcel at a time tries whether it can again.
    count: u32,
    until: Option<Instant>,
}

impl Side {
    /// Whether the bound leaves room for one more.
    pub(super) fn has_room(&self, octets: u32, octets_max: u64) -> bool {
        self.records < PEER_QUEUE_RECORDS_MAX
            && self.octets.saturating_add(u64::from(octets)) <= octets_max
    }

    pub(super) fn wait(&mut self, precedence: Precedence, sequence: u64) {
        if let Some(waiting) = self.waiting.get_mut(usize::from(precedence.to_bits())) {
            waiting.insert(sequence);
        }
    }

    /// The one to send next: "the more urgent precedence goes first".
    pub(super) fn pop_waiting(&mut self) -> Option<u64> {
        self.waiting.iter_mut().rev().find_map(BTreeSet::pop_first)
    }

    /// Whether enough has arrived that the next read is worth it.
    pub(super) fn wants_more(&self) -> bool {
        !self.is_reading && self.flying.len() <= PEER_WINDOW_PARCELS / 2 && self.has_window()
    }

    pub(super) fn has_window(&self) -> bool {
        let parcels = if self.pause.count > 0 { 1 } else { PEER_WINDOW_PARCELS };
        self.flying.len() < parcels && self.flying_octets < PEER_WINDOW_OCTETS
    }

    /// Whether nothing is sent for now.
    pub(super) fn is_paused(&self, now: Instant) -> bool {
        self.pause.until.is_some_and(|until| now < until)
    }

    /// It could store something.
    pub(super) fn works(&mut self) {
        self.pause = Pause::default();
    }

    /// It could not store something at all. How many pauses that makes, when it is left alone from now on.
    pub(super) fn works_not(&mut self, now: Instant) -> Option<u32> {
        let Pause { put_off, count, until } = &mut self.pause;
        *put_off = put_off.saturating_add(1);
        // What was on the way when the pause began says nothing new.
        if until.is_some_and(|until| now < until) || (*count == 0 && *put_off < PEER_PUT_OFF_MAX) {
            return None;
        }
        *count = count.saturating_add(1);
        Some(*count)
    }

    pub(super) fn pause(&mut self, until: Instant) {
        self.pause.until = Some(until);
    }

    pub(super) fn fly(&mut self, sequence: u64, octets: u32) {
        self.flying.insert(sequence, octets);
        self.flying_octets = self.flying_octets.saturating_add(u64::from(octets));
    }

    pub(super) fn is_flying(&self, sequence: u64) -> bool {
        self.flying.contains_key(&sequence)
    }

    /// Takes one back from the way. Whether it was there.
    pub(super) fn land(&mut self, sequence: u64) -> bool {
        let Some(octets) = self.flying.remove(&sequence) else { return false };
        self.flying_octets = self.flying_octets.saturating_sub(u64::from(octets));
        true
    }

    /// Takes all back from the way.
    pub(super) fn land_all(&mut self) -> Vec<u64> {
        self.flying_octets = 0;
        self.is_reading = false;
        self.ready.clear();
        std::mem::take(&mut self.flying).into_keys().collect()
    }

    pub(super) fn hold(&mut self, sequence: u64, until: Instant) {
        self.held.insert(sequence, until);
        self.due.insert((until, sequence));
    }

    /// The next whose pause is over.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<u64> {
        let (until, sequence) = self.due.first().copied().filter(|(until, _)| *until <= now)?;
        self.due.remove(&(until, sequence));
        self.held.remove(&sequence);
        Some(sequence)
    }

    /// Forgets one, wherever it is.
    pub(super) fn forget(&mut self, precedence: Precedence, sequence: u64) {
        if let Some(waiting) = self.waiting.get_mut(usize::from(precedence.to_bits())) {
            waiting.remove(&sequence);
        }
        if let Some(until) = self.held.remove(&sequence) {
            self.due.remove(&(until, sequence));
        }
        self.land(sequence);
        self.ready.retain(|outgoing| outgoing.sequence != sequence);
    }

    /// The next few that wait, round and round.
    pub(super) fn look_on(&mut self, count: usize) -> Vec<u64> {
        let mut found: Vec<u64> = Vec::new();
        for (waiting, looked) in self.waiting.iter().zip(&mut self.looked).rev() {
            let left = count.saturating_sub(found.len());
            let before = found.len();
            found.extend(waiting.range(*looked..).take(left));
            if found.len() > before
                && let Some(last) = found.last()
            {
                *looked = last.saturating_add(1);
            }
        }
        if found.len() < count {
            self.looked = [0; 4];
        }
        found
    }

    /// The oldest of those that wait, by sequence.
    pub(super) fn oldest(&self) -> Option<u64> {
        let waiting = self.waiting.iter().filter_map(|waiting| waiting.first());
        let others = self.held.keys().next().into_iter().chain(self.flying.keys().next());
        waiting.chain(others).copied().min()
    }

    /// Whoever sends has something to do.
    pub(super) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Parcels on the way, being read included.
    pub(super) fn flying(&self) -> usize {
        self.flying.len()
    }
}
