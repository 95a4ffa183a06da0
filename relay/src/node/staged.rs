//! Publishes that are judged together.
//!
//! Whether a parcel is known is one miss of the processor's caches, and mostly the dearest of all that is
//! done for it. The looks of a batch do not depend on one another, so when they are taken one behind the
//! other the processor waits for several at a time.

use super::duplicates::Copy;
use super::fingerprint::Fingerprint;
use super::slots::SlotId;
use super::{Node, Now};
use crate::limits::{STAGED_MAX, STAGED_OCTETS_MAX};
use crate::parcel::ParcelRef;

/// Publishes that came and are not judged yet, in the order they came.
#[derive(Debug, Default)]
pub(super) struct Staged {
    publishes: Vec<Publish>,
    /// Their parcels one behind the other.
    octets: Vec<u8>,
}

#[derive(Debug)]
struct Publish {
    lane: SlotId,
    number: u64,
    key: Fingerprint,
    now: Now,
    /// Where its parcel ends.
    end: usize,
}

/// Copies of a batch that are not in the table of duplicates yet: written one behind the other, the
/// processor fetches the places of several at a time.
#[derive(Debug, Default)]
pub(super) struct Unnoted {
    copies: Vec<UnnotedCopy>,
    /// A bit for each fingerprint among them, which others may share.
    bits: [u64; UNNOTED_WORDS],
}

const UNNOTED_WORDS: usize = 16;

#[derive(Debug)]
struct UnnotedCopy {
    key: Fingerprint,
    copy: Copy,
    log: usize,
    /// Its place in the group that grows.
    entry: usize,
}

impl Unnoted {
    pub(super) fn push(&mut self, key: Fingerprint, copy: Copy, (log, entry): (usize, usize)) {
        let (word, bit) = Self::place(key);
        if let Some(word) = self.bits.get_mut(word) {
            *word |= bit;
        }
        self.copies.push(UnnotedCopy { key, copy, log, entry });
    }

    /// Whether a copy of this parcel may be among them.
    pub(super) fn may_hold(&self, key: Fingerprint) -> bool {
        let (word, bit) = Self::place(key);
        self.bits.get(word).is_none_or(|word| word & bit != 0)
    }

    /// Bits that choose neither the part of the table nor the place in it.
    fn place(key: Fingerprint) -> (usize, u64) {
        let bits = key.shard() >> 40;
        let word = usize::try_from(bits >> 6).unwrap_or(0) % UNNOTED_WORDS;
        (word, 1 << (bits & 63))
    }
}

impl Staged {
    pub(super) const fn is_empty(&self) -> bool {
        self.publishes.is_empty()
    }

    fn has_room(&self, octets: usize) -> bool {
        self.publishes.len() < STAGED_MAX
            && self.octets.len().saturating_add(octets) <= STAGED_OCTETS_MAX
    }
}

impl Node {
    /// Takes a publish in; it is judged with the others of its batch, at the latest in [`Node::flush`].
    pub(super) fn publish(&mut self, lane: SlotId, number: u64, parcel: &ParcelRef<'_>, now: Now) {
        if !self.staged.has_room(parcel.octets().len()) {
            self.judge_staged();
        }
        let key = self.fingerprints.of(parcel);
        self.staged.octets.extend_from_slice(parcel.octets());
        let end = self.staged.octets.len();
        self.staged.publishes.push(Publish { lane, number, key, now, end });
    }

    /// Judges what was taken in. Everything that could tell whether it was calls this first.
    pub(super) fn judge_staged(&mut self) {
        if self.staged.is_empty() {
            // What came outside a batch.
            return self.note_copies();
        }
        let mut staged = std::mem::take(&mut self.staged);
        let looked = staged.publishes.iter().filter(|one| self.duplicates.knows(one.key)).count();
        std::hint::black_box(looked);
        let mut start = 0;
        for publish in staged.publishes.drain(..) {
            let octets = staged.octets.get(start..publish.end).unwrap_or_default();
            start = publish.end;
            let Ok(parcel) = ParcelRef::parse(octets) else { continue };
            self.judge(publish.lane, publish.number, &parcel, publish.key, publish.now);
        }
        self.note_copies();
        staged.octets.clear();
        self.staged = staged;
    }

    /// Brings the table of duplicates up to date.
    pub(super) fn note_copies(&mut self) {
        if self.unnoted.copies.is_empty() {
            return;
        }
        let mut unnoted = std::mem::take(&mut self.unnoted);
        for UnnotedCopy { key, copy, log, entry } in unnoted.copies.drain(..) {
            let previous = self.duplicates.insert(key, copy, self.seconds);
            let log = self.logs.get_mut(log);
            if let Some(entry) = log.and_then(|log| log.forming.entries.get_mut(entry)) {
                entry.previous = previous;
            }
        }
        unnoted.bits = Default::default();
        self.unnoted = unnoted;
    }
}
