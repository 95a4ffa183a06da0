//! The thread that looks at closed segments: tells what was stored before the start, then compacts
//! and scrubs. It may be held up by whoever takes what it tells; nothing else waits for it.

use super::compaction::compact;
use super::segment::{End, Segment};
use super::shared::Shared;
use super::verify::verify;
use super::walk::{Walk, Walked};
use crate::limits::{RECOVERED_OCTETS_MAX, RECOVERED_RECORDS_MAX};
use crate::recovery::{Damage, Recovery, TornTail};
use crate::storage::Storage;
use crate::store::{Keep, StoreEvent, StoredRecords};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// A compaction that was asked for.
pub(super) struct Compaction {
    pub(super) keep: Keep,
    /// Segments that were closed then are all before this sequence.
    pub(super) before: u64,
}

/// Looks at closed segments.
pub(super) struct Examiner<S: Storage> {
    shared: Arc<Shared<S>>,
    compactions: Receiver<Compaction>,
    walk: Walk,
    /// Places that were reported, by segment and offset.
    reported: HashSet<(u64, u64)>,
    /// The segment after which scrubbing goes on.
    scrubbed: u64,
}

impl<S: Storage> Examiner<S> {
    pub(super) fn new(shared: Arc<Shared<S>>, compactions: Receiver<Compaction>) -> Self {
        let (walk, reported) = (Walk::default(), HashSet::new());
        Self { shared, compactions, walk, reported, scrubbed: 0 }
    }

    /// Works until nobody can order a compaction any more.
    pub(super) fn run(mut self, stored: &[(Arc<Segment>, End)], torn: Option<TornTail>) {
        self.recover(stored, torn);
        while let Some(Compaction { keep, before }) = self.wait() {
            compact(&self.shared, &keep, before, &mut self.walk);
        }
    }

    /// Tells all records there were at the start, oldest first.
    fn recover(&mut self, stored: &[(Arc<Segment>, End)], torn: Option<TornTail>) {
        let mut damage = Vec::new();
        for (segment, end) in stored {
            if self.shared.is_stopping() {
                return;
            }
            damage.extend(self.examine(segment, *end, Telling::Yes));
        }
        let first = stored.first().map_or(0, |(segment, _)| segment.name.first);
        let next = stored.last().map_or(0, |(_, end)| end.next);
        let recovery = Recovery { sequences: first..next, torn, damage };
        self.shared.tell(StoreEvent::RecoveryEnded(recovery));
    }

    /// Waits for a compaction; scrubs meanwhile.
    fn wait(&mut self) -> Option<Compaction> {
        let rate = self.shared.options.scrub_octets_per_second;
        let mut compaction = if rate == 0 {
            self.compactions.recv().ok()?
        } else {
            let seconds = self.shared.options.segment_octets().div_ceil(rate);
            loop {
                match self.compactions.recv_timeout(Duration::from_secs(seconds)) {
                    Ok(compaction) => break compaction,
                    Err(RecvTimeoutError::Timeout) => self.scrub(),
                    Err(RecvTimeoutError::Disconnected) => return None,
                }
            }
        };
        // What a later one does not want, an earlier one need not ask for.
        while let Ok(later) = self.compactions.try_recv() {
            compaction = later;
        }
        (!self.shared.is_stopping()).then_some(compaction)
    }

    /// Reads the next closed segment again.
    fn scrub(&mut self) {
        let closed = self.shared.closed();
        let behind = closed.iter().find(|segment| segment.name.first > self.scrubbed);
        if let Some(segment) = behind.or_else(|| closed.first()) {
            self.scrubbed = segment.name.first;
            self.examine(segment, segment.end(), Telling::No);
        }
    }

    /// Reads a segment in full, reports what does not verify and was not reported before, and
    /// returns all of it.
    fn examine(&mut self, segment: &Arc<Segment>, end: End, telling: Telling) -> Vec<Damage> {
        let shared = &self.shared;
        let mut told = Told { shared, records: StoredRecords::default() };
        let file = match shared.open(segment) {
            Ok(Some(file)) => Ok(file),
            // It was discarded meanwhile.
            Ok(None) => return Vec::new(),
            Err(error) => Err(error),
        };
        let verified = file.and_then(|file| {
            verify(shared, segment, &file, end, &mut self.walk, |walked| match telling {
                Telling::Yes => told.take(&walked),
                Telling::No if shared.is_stopping() => ControlFlow::Break(()),
                Telling::No => ControlFlow::Continue(()),
            })
        });
        told.flush();
        let mut damage = verified.unwrap_or_else(|_| unreadable(segment, end));
        damage.extend(missing_behind(segment, end));
        for damage in &damage {
            if self.reported.insert((segment.number, damage.offset)) {
                shared.report(damage);
            }
        }
        damage
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    Yes,
    No,
}

/// Records on their way to be told.
struct Told<'a, S: Storage> {
    shared: &'a Shared<S>,
    records: StoredRecords,
}

impl<S: Storage> Told<'_, S> {
    fn take(&mut self, walked: &Walked<'_>) -> ControlFlow<()> {
        self.records.push(walked.header.sequence, walked.payload());
        let records = &self.records.records;
        if records.len() >= RECOVERED_RECORDS_MAX || records.octets() >= RECOVERED_OCTETS_MAX {
            self.flush();
        }
        if self.shared.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn flush(&mut self) {
        if !self.records.sequences.is_empty() {
            let like = StoredRecords::with_capacity(
                self.records.sequences.len(),
                self.records.records.octets(),
            );
            let records = std::mem::replace(&mut self.records, like);
            self.shared.tell(StoreEvent::Recovered(records));
        }
    }
}

/// A segment of which nothing can be read.
fn unreadable(segment: &Segment, end: End) -> Vec<Damage> {
    let sequences = segment.name.first..end.next;
    vec![Damage { segment: segment.file_name(), offset: 0, octets: 0, sequences }]
}

/// A segment that should follow a compacted one and is not there.
fn missing_behind(segment: &Segment, end: End) -> Option<Damage> {
    let next = segment.name.compacted?.next;
    let sequences = next..end.next;
    let damage = Damage { segment: segment.file_name(), offset: u64::MAX, octets: 0, sequences };
    (next < end.next).then_some(damage)
}
