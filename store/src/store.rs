//! What a relay needs of durable storage, on one machine or on several.

use crate::error::StoreError;
use crate::limits::{BATCH_OCTETS_MAX, BATCH_RECORDS_MAX};
use crate::recovery::{Damage, Recovery};
use std::fmt;
use std::ops::Range;

/// A durable log of records that answers later: nothing here waits for a disk or a network.
///
/// Answers come as [`StoreEvent`]s through an [`EventSink`] that the store was opened with, from
/// whatever thread. Sequences increase in the order of storing; there may be gaps between them.
pub trait Store: fmt::Debug + Send {
    /// A number drawn when the log was made: another log in the same place has another one.
    fn identity(&self) -> u64;

    /// Whether others append to the same log. Then what they do comes as [`StoreEvent::Followed`], and a
    /// group that failed may be found to be stored after all, as theirs.
    fn is_shared(&self) -> bool {
        false
    }

    /// What a group may hold.
    fn group_limits(&self) -> GroupLimits {
        GroupLimits::default()
    }

    /// Appends a group: all of it becomes durable, or none of it counts. Answered by
    /// [`StoreEvent::Appended`] or [`StoreEvent::AppendFailed`], in the order of the calls. May be
    /// called from the start on, while old records are still being read.
    fn append(&mut self, group: Group);

    /// An empty buffer with the memory of a group that was written, for the next one.
    fn spare_buffer(&mut self) -> RecordBuffer {
        RecordBuffer::default()
    }

    /// Reads records. Answered by [`StoreEvent::Read`].
    fn read(&mut self, request: ReadRequest);

    /// Gives back what lies before a sequence, as far as that can be done without copying.
    fn discard_before(&mut self, sequence: u64);

    /// Gives back the room of records that `keep` (sequence, record) does not want any more, beside
    /// everything else and without holding up appends or reads. Records that are kept keep their
    /// sequences. Only records stored before the call are asked about; among them may be some whose
    /// `Appended` is still on its way, so `keep` must want what it does not know. A compaction that
    /// is asked for while another waits takes its place. Answered by [`StoreEvent::Compacted`].
    fn compact(&mut self, keep: Keep);

    /// Says something to all who share the log just now: it is stored nowhere, comes to the others as
    /// [`StoreEvent::Said`], and may get lost. On a log that nobody shares it does nothing.
    fn say(&mut self, _octets: &[u8]) {}
}

/// Whether a record, with its sequence, is still wanted.
pub type Keep = Box<dyn Fn(u64, &[u8]) -> bool + Send>;

/// Where a store's events go.
pub type EventSink = Box<dyn Fn(StoreEvent) + Send + Sync>;

/// Records to be appended together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Comes back with the answer.
    pub number: u64,
    /// The records.
    pub records: RecordBuffer,
}

/// What a group may hold; more is answered with
/// [`StoreError::BatchTooLong`](crate::StoreError::BatchTooLong).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// Records.
    pub records: usize,
    /// Octets of the records, with 16 more for each.
    pub octets: usize,
}

impl Default for GroupLimits {
    fn default() -> Self {
        Self { records: BATCH_RECORDS_MAX, octets: BATCH_OCTETS_MAX }
    }
}

/// Records one behind the other in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordBuffer {
    octets: Vec<u8>,
    ends: Vec<usize>,
}

impl RecordBuffer {
    /// Adds a record that `put` writes.
    pub fn push_with(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        put(&mut self.octets);
        self.ends.push(self.octets.len());
    }

    /// The records in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        self.ends
            .iter()
            .zip(starts)
            .map(|(end, start)| self.octets.get(start..*end).unwrap_or_default())
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.octets.get(start..end)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Octets of all records together.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.octets.len()
    }

    /// Forgets the records and keeps the memory.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.ends.clear();
    }
}

/// Which records to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// Comes back with the answer.
    pub number: u64,
    /// The records wanted, ascending. Those that are gone or damaged are left out of the answer.
    pub sequences: Vec<u64>,
}

/// Records that were stored, with their sequences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredRecords {
    /// The sequence of each record, ascending.
    pub sequences: Vec<u64>,
    /// The records in the same order.
    pub records: RecordBuffer,
}

impl StoredRecords {
    pub(crate) fn push(&mut self, sequence: u64, record: &[u8]) {
        self.sequences.push(sequence);
        self.records.push_with(|out| out.extend_from_slice(record));
    }

    pub(crate) fn with_capacity(records: usize, octets: usize) -> Self {
        let buffer =
            RecordBuffer { octets: Vec::with_capacity(octets), ends: Vec::with_capacity(records) };
        Self { sequences: Vec::with_capacity(records), records: buffer }
    }
}

/// What a store has to say.
#[derive(Debug)]
pub enum StoreEvent {
    /// Some of what was stored before the start, oldest first.
    Recovered(StoredRecords),
    /// All of that was told; what is missing is named.
    RecoveryEnded(Recovery),
    /// A group is durable.
    Appended {
        /// The group's number.
        number: u64,
        /// The records' sequences.
        sequences: Range<u64>,
    },
    /// A group is not stored.
    AppendFailed {
        /// The group's number.
        number: u64,
        /// Why.
        error: StoreError,
    },
    /// What another writer of the same log appended, in its place among the own groups.
    Followed(StoredRecords),
    /// The answer to a read.
    Read {
        /// The request's number.
        number: u64,
        /// What was found; an error when the disk or the network fails.
        records: Result<StoredRecords, StoreError>,
    },
    /// Everything before this sequence is gone.
    Discarded {
        /// The oldest sequence that may still be read.
        before: u64,
    },
    /// A compaction ended.
    Compacted {
        /// Octets of records that are gone.
        given_back: u64,
        /// Why it ended early, when it did; all that is wanted is still there.
        error: Option<StoreError>,
    },
    /// Records rotted: found at the start, by a read, or by reading again what nobody asked for. A
    /// place may be reported more than once.
    Damaged(Damage),
    /// The log failed: nothing is appended until it works again. It is tried again by itself.
    Failed {
        /// Why.
        error: StoreError,
    },
    /// What another who shares the log said, to be stored by nobody. Anything may be in it.
    Said(Vec<u8>),
    /// The log works again; groups that were not answered are answered as failed before this.
    WorksAgain(Recovery),
}
