//! What the threads of a store share.

use super::names::{FileName, SegmentName};
use super::options::FolderOptions;
use super::segment::{End, Segment, lock};
use crate::error::StoreError;
use crate::record::Checksum;
use crate::recovery::Damage;
use crate::storage::Storage;
use crate::store::{EventSink, StoreEvent};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// What the threads of a store share.
pub(super) struct Shared<S: Storage> {
    /// Names of files. The writer needs it only when no segment is ready; whoever changes which
    /// segments there are holds it while it does so on disk and in `segments`.
    storage: Mutex<S>,
    /// The segments in order; the last is written to.
    segments: Mutex<Vec<Arc<Segment>>>,
    sink: EventSink,
    pub(super) identity: u64,
    pub(super) checksum: Checksum,
    pub(super) options: FolderOptions,
    stopping: AtomicBool,
    /// Numbers for files.
    numbers: AtomicU64,
    /// How often segments went.
    removals: AtomicU64,
}

impl<S: Storage> fmt::Debug for Shared<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("identity", &self.identity)
            .field("segments", &lock(&self.segments).len())
            .finish_non_exhaustive()
    }
}

impl<S: Storage> Shared<S> {
    pub(super) fn new(storage: S, identity: u64, options: FolderOptions, sink: EventSink) -> Self {
        Self {
            storage: Mutex::new(storage),
            segments: Mutex::new(Vec::new()),
            sink,
            identity,
            checksum: Checksum::of(identity),
            options,
            stopping: AtomicBool::new(false),
            numbers: AtomicU64::new(0),
            removals: AtomicU64::new(0),
        }
    }

    pub(super) fn tell(&self, event: StoreEvent) {
        (self.sink)(event);
    }

    /// Tells of a place that does not verify.
    pub(super) fn report(&self, damage: &Damage) {
        self.tell(StoreEvent::Damaged(damage.clone()));
    }

    pub(super) fn storage(&self) -> MutexGuard<'_, S> {
        lock(&self.storage)
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// A number no file of this store has had since it was opened.
    pub(super) fn new_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// How often segments went.
    pub(super) fn removals(&self) -> u64 {
        self.removals.load(Ordering::Relaxed)
    }

    /// A segment that other threads do not know yet.
    pub(super) fn new_segment(
        &self,
        name: SegmentName,
        called: FileName,
        end: End,
    ) -> Arc<Segment> {
        Arc::new(Segment::new(self.new_number(), name, called, end))
    }

    /// The segments there are at the moment.
    pub(super) fn segments(&self) -> Vec<Arc<Segment>> {
        lock(&self.segments).clone()
    }

    /// All but the last.
    pub(super) fn closed(&self) -> Vec<Arc<Segment>> {
        let mut segments = self.segments();
        segments.pop();
        segments
    }

    /// Where the segment begins that is written to.
    pub(super) fn last_first(&self) -> u64 {
        lock(&self.segments).last().map_or(0, |segment| segment.name.first)
    }

    /// The segment in whose range a sequence lies.
    pub(super) fn segment_of(&self, sequence: u64) -> Option<Arc<Segment>> {
        let segments = lock(&self.segments);
        let later = segments.partition_point(|segment| segment.name.first <= sequence);
        segments.get(later.checked_sub(1)?).cloned()
    }

    /// Whether the segment of this number is still among them.
    pub(super) fn holds(&self, number: u64) -> bool {
        lock(&self.segments).iter().any(|held| held.number == number)
    }

    /// Adds a segment behind the others.
    pub(super) fn push(&self, segment: Arc<Segment>) {
        lock(&self.segments).push(segment);
    }

    /// Takes the last segment out when it is this one.
    pub(super) fn pop(&self, segment: &Segment) {
        lock(&self.segments).retain(|held| held.number != segment.number);
    }

    /// Takes out closed segments that hold nothing from `sequence` on.
    pub(super) fn take_before(&self, sequence: u64) -> Vec<Arc<Segment>> {
        let mut segments = lock(&self.segments);
        let count = segments
            .windows(2)
            .take_while(|pair| pair.get(1).is_some_and(|next| next.name.first <= sequence))
            .count();
        self.removals.fetch_add(1, Ordering::Relaxed);
        segments.drain(..count).collect()
    }

    /// Puts one segment in the place of several that follow one another; not when one of them is not
    /// there any more.
    pub(super) fn exchange(&self, old: &[Arc<Segment>], new: Arc<Segment>) -> bool {
        let mut segments = lock(&self.segments);
        let first = old.first().map(|segment| segment.number);
        let start = segments.iter().position(|held| Some(held.number) == first);
        let Some(start) = start else {
            return false;
        };
        let end = start.saturating_add(old.len());
        let same = |(held, old): (&Arc<Segment>, &Arc<Segment>)| held.number == old.number;
        let all = segments.get(start..end).is_some_and(|held| held.iter().zip(old).all(same));
        if all {
            segments.splice(start..end, [new]);
            self.removals.fetch_add(1, Ordering::Relaxed);
        }
        all
    }

    /// Opens a segment's file, whatever it is called at the moment. `None` when the segment is gone.
    pub(super) fn open(&self, segment: &Segment) -> Result<Option<S::File>, StoreError> {
        loop {
            let called = segment.called();
            let name = called.file_name();
            let opened = self.storage().open(&name);
            match opened {
                Ok(file) => return Ok(Some(file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    if !self.holds(segment.number) {
                        return Ok(None);
                    }
                    if segment.called() == called {
                        return Err(StoreError::io("open", &name)(error));
                    }
                }
                Err(error) => return Err(StoreError::io("open", &name)(error)),
            }
        }
    }
}
