//! The log itself.

use crate::directory::Directory;
use crate::error::StoreError;
use crate::limits::{BATCH_OCTETS_MAX, BATCH_RECORDS_MAX, RECORD_OCTETS_MAX, SEQUENCE_MAX};
use crate::opening::{Opened, open_segments};
use crate::options::Options;
use crate::record::{self, Checksum, RECORD_HEADER_OCTETS};
use crate::recovery::Recovery;
use crate::segment::{Segment, SegmentName};
use crate::storage::{Storage, StorageFile};
use std::ops::Range;
use std::path::Path;

/// An append-only log of records, numbered from 0.
///
/// Held by one writer; [`Log::read`] takes `&self`, so readers may share it between appends.
#[derive(Debug)]
pub struct Log<S: Storage = Directory> {
    storage: S,
    options: Options,
    /// All segments before the last.
    closed: Vec<Segment<S::File>>,
    /// The one that is appended to.
    last: Segment<S::File>,
    poisoned: bool,
    /// The batch being written, kept so that its memory is reused.
    batch: Vec<u8>,
}

impl Log<Directory> {
    /// Opens the log in a folder; makes both when there is none.
    ///
    /// Reads every record once. When this returns, all records it reports are durable, those
    /// included whose writer was killed before it could sync them.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::Corrupt`] (unless the options contain corruption),
    /// [`StoreError::StrangeFile`], [`StoreError::UnknownVersion`], [`StoreError::Io`].
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<(Self, Recovery), StoreError> {
        let name = dir.as_ref().display().to_string();
        let storage = Directory::new(dir).map_err(StoreError::io("open the folder", &name))?;
        Self::open_on(storage, options)
    }
}

impl<S: Storage> Log<S> {
    /// Opens the log on any storage. See [`Log::open`].
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open_on(mut storage: S, options: Options) -> Result<(Self, Recovery), StoreError> {
        if !storage.lock().map_err(StoreError::io("lock", "the log"))? {
            return Err(StoreError::Locked);
        }
        let Opened { mut segments, recovery } = open_segments(&mut storage, options.on_corruption)?;
        let last = match segments.pop() {
            Some(last) => last,
            None => {
                let identity = storage.new_identity();
                Segment::create(&mut storage, SegmentName { first: 0, identity })?
            }
        };
        let batch = Vec::new();
        Ok((Self { storage, options, closed: segments, last, poisoned: false, batch }, recovery))
    }

    /// A number drawn when the log was made: another log in the same place has another one, so that
    /// whoever remembers sequence numbers can tell that they have lost their meaning.
    #[must_use]
    pub fn identity(&self) -> u64 {
        self.last.name.identity
    }

    /// The oldest record's number; equal to [`Log::next`] when the log is empty.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.closed.first().unwrap_or(&self.last).name.first
    }

    /// The number the next record will get.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.last.next
    }

    /// Octets the log takes on disk.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.closed.iter().fold(self.last.end, |sum, segment| sum.saturating_add(segment.end))
    }

    /// Appends one record durably and returns its number. See [`Log::append_batch`].
    ///
    /// # Errors
    /// As [`Log::append_batch`].
    pub fn append(&mut self, record: &[u8]) -> Result<u64, StoreError> {
        self.append_batch(&[record]).map(|sequences| sequences.start)
    }

    /// Appends records and returns their numbers when all of them are durable: one write, one sync.
    /// An empty batch does nothing.
    ///
    /// # Errors
    /// [`StoreError::RecordTooLong`] and [`StoreError::BatchTooLong`]: nothing was written.
    /// [`StoreError::Io`]: none of the records counts as written; after a failed sync further
    /// appends answer [`StoreError::Poisoned`], since the operating system may have dropped the very
    /// pages it failed to write and would call the next sync a success.
    pub fn append_batch(&mut self, records: &[&[u8]]) -> Result<Range<u64>, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        check_batch(records)?;
        if records.is_empty() {
            return Ok(self.next()..self.next());
        }
        let first = self.next();
        let count = u64::try_from(records.len()).map_err(|_| StoreError::Exhausted)?;
        let next = first.saturating_add(count);
        if next > SEQUENCE_MAX {
            return Err(StoreError::Exhausted);
        }

        let checksum = Checksum::of(self.identity());
        let mut offsets = Vec::with_capacity(records.len());
        self.batch.clear();
        for ((record, position), sequence) in records.iter().zip(0..=u16::MAX).zip(first..) {
            offsets.push(self.batch.len());
            let ends_group = sequence.saturating_add(1) == next;
            record::put(&mut self.batch, checksum, (sequence, position, ends_group), record);
        }
        self.make_room()?;
        self.write_batch()?;

        let base = usize::try_from(self.last.end).map_err(|_| StoreError::Exhausted)?;
        for (offset, sequence) in offsets.into_iter().zip(first..) {
            self.last.note(sequence, base.saturating_add(offset))?;
        }
        self.last.end = self.last.end.saturating_add(self.batch_octets());
        Ok(first..next)
    }

    /// Begins a new segment when the batch would pass the size of this one.
    fn make_room(&mut self) -> Result<(), StoreError> {
        let is_empty = self.last.next == self.last.name.first;
        let end = self.last.end.saturating_add(self.batch_octets());
        if is_empty || end <= self.options.segment_octets() {
            return Ok(());
        }
        let name = SegmentName { first: self.last.next, identity: self.identity() };
        match Segment::create(&mut self.storage, name) {
            Ok(segment) => {
                self.closed.push(std::mem::replace(&mut self.last, segment));
                Ok(())
            }
            Err(error) => {
                // A half-made segment would stand in the way of the next attempt.
                match self.storage.remove(&name.file_name()) {
                    Ok(()) => {}
                    Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => {}
                    Err(_) => self.poisoned = true,
                }
                Err(error)
            }
        }
    }

    fn write_batch(&mut self) -> Result<(), StoreError> {
        let name = self.last.name.file_name();
        if let Err(error) = self.last.file.write_at(self.last.end, &self.batch) {
            // A full disk is no reason to stop for good: take back what was half written.
            self.poisoned = self.last.file.truncate(self.last.end).is_err();
            return Err(StoreError::io("write", &name)(error));
        }
        self.last.file.sync().map_err(|error| {
            self.poisoned = true;
            StoreError::io("sync", &name)(error)
        })
    }

    fn batch_octets(&self) -> u64 {
        u64::try_from(self.batch.len()).unwrap_or(u64::MAX)
    }

    /// Reads one record and verifies it.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRecord`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn read(&self, sequence: u64) -> Result<Vec<u8>, StoreError> {
        if sequence < self.first() || sequence >= self.next() {
            return Err(StoreError::NoSuchRecord { sequence });
        }
        let later = self.closed.partition_point(|segment| segment.next <= sequence);
        match self.closed.get(later) {
            Some(segment) => segment.read(sequence),
            None => self.last.read(sequence),
        }
    }

    /// The records from `sequence` on (or from the oldest, when that is later), with their numbers.
    #[must_use]
    pub fn iter_from(&self, sequence: u64) -> Records<'_, S> {
        Records { log: self, sequences: sequence.max(self.first())..self.next() }
    }

    /// Removes the segments that hold only records before `sequence`. Records go by whole segments,
    /// so some before `sequence` may stay. Returns the oldest number now held.
    ///
    /// # Errors
    /// [`StoreError::Io`]; the segments not yet removed stay readable.
    pub fn discard_before(&mut self, sequence: u64) -> Result<u64, StoreError> {
        while self.closed.first().is_some_and(|oldest| oldest.next <= sequence) {
            let oldest = self.closed.remove(0);
            let name = oldest.name.file_name();
            drop(oldest);
            self.storage.remove(&name).map_err(StoreError::io("remove", &name))?;
            // Oldest first, each durable before the next: a gap would read as corruption.
            self.storage.sync_names().map_err(StoreError::io("sync the removal of", &name))?;
        }
        Ok(self.first())
    }
}

fn check_batch(records: &[&[u8]]) -> Result<(), StoreError> {
    let mut octets = 0_usize;
    for record in records {
        if record.len() > RECORD_OCTETS_MAX {
            return Err(StoreError::RecordTooLong { octets: record.len() });
        }
        octets = octets.saturating_add(record.len()).saturating_add(RECORD_HEADER_OCTETS);
    }
    if records.len() > BATCH_RECORDS_MAX || octets > BATCH_OCTETS_MAX {
        return Err(StoreError::BatchTooLong { records: records.len() });
    }
    Ok(())
}

/// Records in order, with their numbers. A damaged one is an error of its own; the next call goes
/// on behind it.
#[derive(Debug)]
pub struct Records<'a, S: Storage> {
    log: &'a Log<S>,
    sequences: Range<u64>,
}

impl<S: Storage> Iterator for Records<'_, S> {
    type Item = Result<(u64, Vec<u8>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let sequence = self.sequences.next()?;
        Some(self.log.read(sequence).map(|record| (sequence, record)))
    }
}
