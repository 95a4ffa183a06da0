//! The thread that answers reads. It waits for no writer: what it locks is never locked while
//! somebody reads or writes.

use super::segment::Segment;
use super::shared::Shared;
use super::verify::{damage_of, load};
use super::walk::{Verify, Walk};
use crate::error::StoreError;
use crate::limits::{OPEN_FILES_MAX, READER_IDLE};
use crate::recovery::Damage;
use crate::scan::Numbering;
use crate::storage::{Storage, StorageFile};
use crate::store::{ReadRequest, StoreEvent, StoredRecords};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

/// Answers reads.
pub(super) struct Reader<S: Storage> {
    shared: Arc<Shared<S>>,
    requests: Receiver<ReadRequest>,
    /// Files that were read last, under their segments' numbers; the latest first.
    files: VecDeque<(u64, S::File)>,
    walk: Walk,
    /// How often segments had gone when that was looked at last.
    removals: u64,
    /// The segment that `walk` is in, and how far that went.
    walking: Option<(u64, u64)>,
}

/// What became of looking for one record.
enum Sought {
    Found,
    /// There is none of this sequence.
    Absent,
    /// It should be here.
    Unreadable,
}

impl<S: Storage> Reader<S> {
    pub(super) fn new(shared: Arc<Shared<S>>, requests: Receiver<ReadRequest>) -> Self {
        let files = VecDeque::new();
        Self { shared, requests, files, walk: Walk::default(), removals: 0, walking: None }
    }

    /// Answers until nobody can ask any more.
    pub(super) fn run(mut self) {
        while let Some(ReadRequest { number, sequences }) = self.wait() {
            self.walking = None;
            let records = self.read(&sequences);
            self.shared.tell(StoreEvent::Read { number, records });
            // A file that was removed keeps its room for as long as it is open.
            let held = self.shared.removals();
            if held != self.removals {
                self.removals = held;
                self.files.retain(|(number, _)| self.shared.holds(*number));
            }
        }
    }

    /// The next request; without one for a while, no file stays open.
    fn wait(&mut self) -> Option<ReadRequest> {
        if !self.files.is_empty() {
            match self.requests.recv_timeout(READER_IDLE) {
                Ok(request) => return Some(request),
                Err(RecvTimeoutError::Timeout) => self.files.clear(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        self.requests.recv().ok()
    }

    fn read(&mut self, sequences: &[u64]) -> Result<StoredRecords, StoreError> {
        let mut records = StoredRecords::default();
        let mut reported: Option<Damage> = None;
        for sequence in sequences {
            let Some(segment) = self.shared.segment_of(*sequence) else { continue };
            match self.seek(&segment, *sequence, &mut records)? {
                Sought::Found | Sought::Absent => {}
                Sought::Unreadable => {
                    let known = |damage: &Damage| damage.sequences.contains(sequence);
                    if !reported.as_ref().is_some_and(known) {
                        reported = self.examine(&segment, *sequence, &mut records)?;
                    }
                }
            }
        }
        Ok(records)
    }

    /// Looks for one record, from where the last was found or from a place that is noted.
    fn seek(
        &mut self,
        segment: &Segment,
        sequence: u64,
        into: &mut StoredRecords,
    ) -> Result<Sought, StoreError> {
        let (offset, end) = segment.find(sequence);
        if sequence >= end.next {
            return Ok(Sought::Absent);
        }
        let Some(file) = open(&self.shared, &mut self.files, segment)? else {
            return Ok(Sought::Absent);
        };
        let here = (segment.number, end.octet);
        let goes_on = self.walking == Some(here)
            && (self.walk.offset() >= offset || offset < self.walk.read_before());
        if !goes_on {
            let Ok(octets) = file.octets() else { return Ok(Sought::Unreadable) };
            self.walk.seek(offset, end.octet.min(octets));
        }
        self.walking = None;
        let checksum = self.shared.checksum;
        loop {
            let Ok(Some(walked)) = self.walk.look(file, checksum, Verify::No) else {
                return Ok(Sought::Unreadable);
            };
            let header = walked.header;
            if header.sequence > sequence {
                // Where no sequence is left out, only a place that rotted leads past one.
                let is_whole = matches!(self.walk.look(file, checksum, Verify::Yes), Ok(Some(_)));
                let left_out = is_whole && segment.numbering() != Numbering::Dense;
                self.walking = left_out.then_some(here);
                return Ok(if left_out { Sought::Absent } else { Sought::Unreadable });
            }
            if header.sequence == sequence {
                let Ok(Some(walked)) = self.walk.look(file, checksum, Verify::Yes) else {
                    return Ok(Sought::Unreadable);
                };
                into.push(sequence, walked.payload());
                self.walk.step(header.octets());
                self.walking = Some(here);
                return Ok(Sought::Found);
            }
            self.walk.step(header.octets());
        }
    }

    /// Reads all of a segment in which something does not verify. Takes the record in when it is
    /// there after all; otherwise reports the place where it was.
    fn examine(
        &mut self,
        segment: &Segment,
        sequence: u64,
        into: &mut StoredRecords,
    ) -> Result<Option<Damage>, StoreError> {
        self.walking = None;
        let end = segment.end();
        let Some(file) = open(&self.shared, &mut self.files, segment)? else {
            return Ok(None);
        };
        let loaded = load(&self.shared, segment, file, end.octet)?;
        if let Some(payload) = loaded.payload(self.shared.checksum, sequence) {
            into.push(sequence, payload);
            return Ok(None);
        }
        let damage = damage_of(segment, &loaded, end.next)
            .into_iter()
            .find(|damage| damage.sequences.contains(&sequence));
        if let Some(damage) = &damage {
            self.shared.report(damage);
        }
        Ok(damage)
    }
}

/// The file of a segment; `None` when the segment is gone.
fn open<'a, S: Storage>(
    shared: &Shared<S>,
    files: &'a mut VecDeque<(u64, S::File)>,
    segment: &Segment,
) -> Result<Option<&'a S::File>, StoreError> {
    match files.iter().position(|(number, _)| *number == segment.number) {
        Some(0) => {}
        Some(index) => {
            if let Some(used) = files.remove(index) {
                files.push_front(used);
            }
        }
        None => {
            let Some(file) = shared.open(segment)? else { return Ok(None) };
            files.truncate(OPEN_FILES_MAX.saturating_sub(1));
            files.push_front((segment.number, file));
        }
    }
    Ok(files.front().map(|(_, file)| file))
}
