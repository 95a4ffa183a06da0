//! The thread that appends: whatever came while one batch was being synced is the next batch.

use super::create::create_segment;
use super::keeper::{Chore, Spare, Spares};
use super::names::{FileName, SegmentName};
use super::segment::{End, Marks, Segment};
use super::shared::Shared;
use super::walk::as_u64;
use crate::error::StoreError;
use crate::limits::{
    BATCH_OCTETS_MAX, BATCH_RECORDS_MAX, FILL_OCTETS, RECORD_OCTETS_MAX, RETRY_PAUSE_MAX,
    SEQUENCE_MAX,
};
use crate::record::{self, RECORD_HEADER_OCTETS, SEGMENT_HEADER_OCTETS, segment_header};
use crate::recovery::Recovery;
use crate::storage::{Storage, StorageFile};
use crate::store::{Group, RecordBuffer, StoreEvent};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Appends groups.
pub(super) struct Writer<S: Storage> {
    shared: Arc<Shared<S>>,
    groups: Receiver<Group>,
    /// Where the buffers of groups go that are copied; one at a time.
    buffers: Sender<RecordBuffer>,
    chores: Sender<Chore<S::File>>,
    spares: Arc<Spares<S::File>>,
    /// The segment that is written to, and how far it is durable.
    file: S::File,
    segment: Arc<Segment>,
    end: End,
    /// Octets of its file, and how many of them were written, zeros included.
    room: u64,
    filled: u64,
    /// A segment's header, for when the batch is the first of one, and the batch.
    batch: Vec<u8>,
    /// Where the batch's records begin, in `batch`.
    offsets: Vec<usize>,
    /// The groups of the batch.
    pending: Vec<Pending>,
    /// A group that came and had no room in the batch.
    held: Option<Group>,
    failing: Option<Failing>,
    pause: Duration,
}

#[derive(Debug)]
struct Pending {
    number: u64,
    outcome: Result<Range<u64>, StoreError>,
}

/// The disk failed; it is tried again.
#[derive(Debug)]
struct Failing {
    again: Instant,
}

impl<S: Storage> Writer<S> {
    pub(super) fn new(
        shared: Arc<Shared<S>>,
        (groups, buffers): (Receiver<Group>, Sender<RecordBuffer>),
        chores: Sender<Chore<S::File>>,
        spares: Arc<Spares<S::File>>,
        (file, segment): (S::File, Arc<Segment>),
    ) -> Self {
        let pause = shared.options.retry_pause;
        let (end, room) = (segment.end(), file.octets().unwrap_or(0));
        let mut writer = Self {
            shared,
            groups,
            buffers,
            chores,
            spares,
            file,
            segment,
            end,
            room,
            filled: end.octet,
            batch: Vec::new(),
            offsets: Vec::new(),
            pending: Vec::new(),
            held: None,
            failing: None,
            pause,
        };
        writer.order(Chore::MakeSpare { is_filled: false });
        writer.clear();
        writer
    }

    /// Appends until nobody can send groups any more.
    pub(super) fn run(mut self) {
        while let Some(group) = self.wait() {
            self.gather(group);
            if self.failing.is_none()
                && let Err(error) = self.write()
            {
                self.fail(error);
            }
            self.answer();
        }
    }

    /// The next group; meanwhile a disk that failed is tried again.
    fn wait(&mut self) -> Option<Group> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        loop {
            let Some(Failing { again }) = self.failing else {
                return self.groups.recv().ok();
            };
            let pause = again.saturating_duration_since(Instant::now());
            // However many groups come meanwhile.
            if pause.is_zero() {
                self.try_again();
                continue;
            }
            match self.groups.recv_timeout(pause) {
                Ok(group) => return Some(group),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Takes in this group and those that wait behind it, as far as a batch goes.
    fn gather(&mut self, first: Group) {
        let mut next = Some(first);
        while let Some(group) = next {
            if !self.has_room(&group) {
                self.held = Some(group);
                return;
            }
            self.take(&group);
            self.give_back(group.records);
            next = self.groups.try_recv().ok();
        }
    }

    /// A thread that frees what another allocated makes both slower than one that fills it again.
    fn give_back(&self, mut buffer: RecordBuffer) {
        buffer.clear();
        // Fails only when the store is being dropped.
        match self.buffers.send(buffer) {
            Ok(()) | Err(_) => {}
        }
    }

    fn has_room(&self, group: &Group) -> bool {
        let octets = self.batch.len().saturating_add(octets_on_disk(group));
        let records = self.offsets.len().saturating_add(group.records.len());
        self.offsets.is_empty() || (octets <= BATCH_OCTETS_MAX && records <= BATCH_RECORDS_MAX)
    }

    fn take(&mut self, group: &Group) {
        let outcome = if self.failing.is_some() {
            Err(StoreError::Poisoned)
        } else {
            check(group).and_then(|()| self.put(group))
        };
        self.pending.push(Pending { number: group.number, outcome });
    }

    fn put(&mut self, group: &Group) -> Result<Range<u64>, StoreError> {
        let first = self.end.next.saturating_add(as_u64(self.offsets.len()));
        let next = first.saturating_add(as_u64(group.records.len()));
        if next > SEQUENCE_MAX {
            return Err(StoreError::Exhausted);
        }
        for (record, sequence) in group.records.iter().zip(first..next) {
            let position = u16::try_from(self.offsets.len()).map_err(|_| StoreError::Exhausted)?;
            let place = (sequence, position, sequence.saturating_add(1) == next);
            self.offsets.push(self.batch.len());
            record::put(&mut self.batch, self.shared.checksum, place, record);
        }
        Ok(first..next)
    }

    /// One write, one sync.
    fn write(&mut self) -> Result<(), StoreError> {
        if self.offsets.is_empty() {
            return Ok(());
        }
        let records = self.batch.len().saturating_sub(SEGMENT_HEADER_OCTETS);
        let end = self.end.octet.saturating_add(as_u64(records));
        let is_new = if end > self.shared.options.segment_octets() && self.has_records() {
            self.turn_over()?;
            true
        } else {
            false
        };
        // A segment's header goes with its first batch, so a new segment costs no sync of its own.
        let skipped = if is_new { 0 } else { SEGMENT_HEADER_OCTETS };
        let offset = if is_new { 0 } else { self.end.octet };
        let batch = self.batch.len();
        let behind = offset.saturating_add(as_u64(batch.saturating_sub(skipped)));
        let filled = self.filled_with(behind);
        let zeros = usize::try_from(filled.saturating_sub(behind)).unwrap_or(0);
        self.batch.resize(batch.saturating_add(zeros), 0);
        let octets = self.batch.get(skipped..).unwrap_or_default();
        let written = match self.file.write_at(offset, octets) {
            Ok(()) => self.file.sync().map_err(|error| ("sync", error)),
            Err(error) => Err(("write", error)),
        };
        written
            .map_err(|(doing, error)| StoreError::io(doing, &self.segment.file_name())(error))?;
        self.batch.truncate(batch);
        self.filled = self.filled.max(filled);
        self.note(as_u64(records), is_new);
        Ok(())
    }

    /// How far a batch that ends there is written with zeros behind it: where nothing was written yet,
    /// so that the next ones find room that was.
    fn filled_with(&self, end: u64) -> u64 {
        if end <= self.filled {
            return end;
        }
        end.next_multiple_of(FILL_OCTETS).min(self.room).max(end)
    }

    fn has_records(&self) -> bool {
        self.end.octet > as_u64(SEGMENT_HEADER_OCTETS)
    }

    /// Goes on in the segment that was made ready.
    fn turn_over(&mut self) -> Result<(), StoreError> {
        let Spare { file, name, filled } = self.spares.take()?;
        self.room = file.octets().unwrap_or(0);
        self.filled = filled;
        let old = std::mem::replace(&mut self.file, file);
        self.order(Chore::Close(old, self.end.octet));
        let first = self.end.next;
        let segment = SegmentName { first, compacted: None, identity: self.shared.identity };
        self.end = End { next: first, octet: as_u64(SEGMENT_HEADER_OCTETS) };
        self.segment = self.shared.new_segment(segment, name, self.end);
        let header = segment_header(first, self.shared.identity);
        if let Some(place) = self.batch.get_mut(..SEGMENT_HEADER_OCTETS) {
            place.copy_from_slice(&header);
        }
        Ok(())
    }

    /// Shows what is durable to the readers.
    fn note(&mut self, records: u64, is_new: bool) {
        // Offsets in the batch are those in the file, moved by this much.
        let base = self.end.octet.saturating_sub(as_u64(SEGMENT_HEADER_OCTETS));
        let mut marks = Marks::default();
        for (offset, sequence) in self.offsets.iter().zip(self.end.next..) {
            marks.note(sequence, base.saturating_add(as_u64(*offset)));
        }
        self.end = End {
            next: self.end.next.saturating_add(as_u64(self.offsets.len())),
            octet: self.end.octet.saturating_add(records),
        };
        self.segment.grow(marks, self.end);
        if is_new {
            self.shared.push(self.segment.clone());
            self.order(Chore::Name(self.segment.clone()));
            self.order(Chore::MakeSpare { is_filled: true });
        }
        self.pause = self.shared.options.retry_pause;
    }

    fn answer(&mut self) {
        for Pending { number, outcome } in self.pending.drain(..) {
            self.shared.tell(match outcome {
                Ok(sequences) => StoreEvent::Appended { number, sequences },
                Err(error) => StoreEvent::AppendFailed { number, error },
            });
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.batch.clear();
        self.batch.resize(SEGMENT_HEADER_OCTETS, 0);
        self.offsets.clear();
    }

    /// Answers what was pending and waits for better times. What is on disk behind the last batch
    /// that was synced is unknown: the operating system may have dropped pages that it could not
    /// write, and would call the next sync a success.
    fn fail(&mut self, error: StoreError) {
        for pending in &mut self.pending {
            let stored = pending.outcome.as_ref().is_ok_and(|sequences| !sequences.is_empty());
            if stored {
                pending.outcome = Err(StoreError::Poisoned);
            }
        }
        self.answer();
        self.shared.tell(StoreEvent::Failed { error });
        self.fail_again();
    }

    fn fail_again(&mut self) {
        let now = Instant::now();
        self.failing = Some(Failing { again: now.checked_add(self.pause).unwrap_or(now) });
        self.pause = self.pause.saturating_mul(2).min(RETRY_PAUSE_MAX);
    }

    /// Takes back what is unknown and goes on in a new segment.
    fn try_again(&mut self) {
        match self.begin_again() {
            Ok(()) => {
                self.failing = None;
                let segments = self.shared.segments();
                let first = segments.first().map_or(self.end.next, |oldest| oldest.name.first);
                let sequences = first..self.end.next;
                let recovery = Recovery { sequences, torn: None, damage: Vec::new() };
                self.shared.tell(StoreEvent::WorksAgain(recovery));
                self.order(Chore::MakeSpare { is_filled: false });
            }
            Err(_) => self.fail_again(),
        }
    }

    fn begin_again(&mut self) -> Result<(), StoreError> {
        let name = self.segment.file_name();
        self.file.truncate(self.end.octet).map_err(StoreError::io("truncate", &name))?;
        self.file.sync().map_err(StoreError::io("sync", &name))?;
        if !self.has_records() {
            // Nobody has seen it; the new one will have its name.
            self.shared.pop(&self.segment);
            if matches!(self.segment.called(), FileName::Spare { .. }) {
                let mut storage = self.shared.storage();
                storage.remove(&name).or_else(gone).map_err(StoreError::io("remove", &name))?;
            }
        }
        let (file, segment) = create_segment(&self.shared, self.end.next)?;
        self.room = file.octets().unwrap_or(0);
        self.file = file;
        self.end = segment.end();
        self.filled = self.end.octet;
        self.shared.push(segment.clone());
        self.segment = segment;
        Ok(())
    }

    fn order(&mut self, chore: Chore<S::File>) {
        // Fails only when the store is being dropped.
        match self.chores.send(chore) {
            Ok(()) | Err(_) => {}
        }
    }
}

fn gone(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn octets_on_disk(group: &Group) -> usize {
    let headers = group.records.len().saturating_mul(RECORD_HEADER_OCTETS);
    group.records.octets().saturating_add(headers)
}

fn check(group: &Group) -> Result<(), StoreError> {
    if let Some(long) = group.records.iter().find(|record| record.len() > RECORD_OCTETS_MAX) {
        return Err(StoreError::RecordTooLong { octets: long.len() });
    }
    let records = group.records.len();
    if records > BATCH_RECORDS_MAX || octets_on_disk(group) > BATCH_OCTETS_MAX {
        return Err(StoreError::BatchTooLong { records });
    }
    Ok(())
}
