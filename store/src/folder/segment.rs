//! What all threads know of a segment.

use super::names::{FileName, SegmentName};
use super::walk::as_u64;
use crate::record::SEGMENT_HEADER_OCTETS;
use crate::scan::Numbering;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A place is noted for about every so many octets. A read walks over this much at most.
const MARK_EVERY: u64 = 4096;

/// A segment's file as all threads see it. Nothing is read or written while one of these is locked.
#[derive(Debug)]
pub(super) struct Segment {
    /// Tells this file from one that had or will have its name.
    pub(super) number: u64,
    pub(super) name: SegmentName,
    /// What the file is called at the moment.
    called: Mutex<FileName>,
    extent: Mutex<Extent>,
}

/// How far a segment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The sequence behind its last.
    pub(super) next: u64,
    /// The octet behind its last record; of a closed segment that was not read yet, beyond it.
    pub(super) octet: u64,
}

#[derive(Debug)]
struct Extent {
    end: End,
    marks: Vec<Mark>,
}

/// Where a record lies.
#[derive(Debug, Clone, Copy)]
struct Mark {
    sequence: u64,
    offset: u64,
}

impl Segment {
    pub(super) fn new(number: u64, name: SegmentName, called: FileName, end: End) -> Self {
        let start = Mark { sequence: name.first, offset: as_u64(SEGMENT_HEADER_OCTETS) };
        let extent = Mutex::new(Extent { end, marks: vec![start] });
        Self { number, name, called: Mutex::new(called), extent }
    }

    /// What sequences it may hold.
    pub(super) fn numbering(&self) -> Numbering {
        self.name.compacted.map_or(Numbering::Dense, |compacted| Numbering::Sparse(compacted.next))
    }

    pub(super) fn called(&self) -> FileName {
        *lock(&self.called)
    }

    pub(super) fn call(&self, name: FileName) {
        *lock(&self.called) = name;
    }

    pub(super) fn file_name(&self) -> String {
        self.called().file_name()
    }

    pub(super) fn end(&self) -> End {
        lock(&self.extent).end
    }

    pub(super) fn set_end(&self, end: End) {
        lock(&self.extent).end = end;
    }

    /// Where to begin looking for a record, and how far the segment goes.
    pub(super) fn find(&self, sequence: u64) -> (u64, End) {
        let extent = lock(&self.extent);
        let later = extent.marks.partition_point(|mark| mark.sequence <= sequence);
        let mark = later.checked_sub(1).and_then(|index| extent.marks.get(index));
        (mark.map_or_else(|| as_u64(SEGMENT_HEADER_OCTETS), |mark| mark.offset), extent.end)
    }

    /// Notes where records lie that were added.
    pub(super) fn grow(&self, marks: Marks, end: End) {
        let mut extent = lock(&self.extent);
        extent.marks.extend(marks.0);
        extent.end = end;
    }

    /// Exchanges what is noted.
    pub(super) fn set_marks(&self, marks: Marks) {
        if !marks.0.is_empty() {
            lock(&self.extent).marks = marks.0;
        }
    }
}

/// Places of some records, at a distance from one another.
#[derive(Debug, Default)]
pub(super) struct Marks(Vec<Mark>);

impl Marks {
    /// Notes a record that lies behind those noted before, unless it lies near.
    pub(super) fn note(&mut self, sequence: u64, offset: u64) {
        let is_far = |last: &Mark| offset.saturating_sub(last.offset) >= MARK_EVERY;
        if self.0.last().is_none_or(is_far) {
            self.0.push(Mark { sequence, offset });
        }
    }
}

/// Takes a lock; a thread that panicked elsewhere leaves data that is whole, since what is locked
/// here is only ever exchanged.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
