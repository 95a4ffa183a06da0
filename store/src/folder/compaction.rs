//! Writing segments again without the records that nobody wants any more.
//!
//! What is written becomes durable under a name that does not count; then it gets a name that says
//! which range it stands for, and from then on it stands for it (`names`). Only then do the files it
//! replaces go. A crash at any point leaves the old ones, or the new one.

use super::create::create_file;
use super::keeper::discard;
use super::names::{Compacted, FileName, SegmentName};
use super::segment::{End, Marks, Segment};
use super::shared::Shared;
use super::verify::verify;
use super::walk::{Walk, as_u64};
use crate::error::StoreError;
use crate::record::{SEGMENT_HEADER_OCTETS, segment_header};
use crate::storage::{Storage, StorageFile};
use crate::store::{Keep, StoreEvent};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What is written between two syncs. Small, so that a batch's sync never waits for much of it.
const PIECE_OCTETS: usize = 256 << 10;

/// A segment below this share of a full one joins its neighbours.
const SMALL_SHARE: u64 = 8;

/// A segment and what is wanted of it.
struct Assessed {
    segment: Arc<Segment>,
    live: u64,
    dead: u64,
    kept: Vec<u64>,
}

/// Compacts the closed segments before a sequence and tells of it.
pub(super) fn compact<S: Storage>(shared: &Shared<S>, keep: &Keep, before: u64, walk: &mut Walk) {
    let mut compaction = Compaction { shared, walk, run: Vec::new(), given_back: 0 };
    let error = compaction.work(keep, before).err();
    let given_back = compaction.given_back;
    shared.tell(StoreEvent::Compacted { given_back, error });
}

struct Compaction<'a, S: Storage> {
    shared: &'a Shared<S>,
    walk: &'a mut Walk,
    /// Segments one behind the other that are written into one.
    run: Vec<Assessed>,
    given_back: u64,
}

impl<S: Storage> Compaction<'_, S> {
    fn work(&mut self, keep: &Keep, before: u64) -> Result<(), StoreError> {
        let mut is_front = true;
        for segment in self.shared.closed() {
            if segment.end().next > before {
                break;
            }
            if self.shared.is_stopping() {
                return Ok(());
            }
            let Some(assessed) = self.assess(&segment, keep)? else { continue };
            // Nothing has to stand for what lies before all that is wanted.
            if is_front && assessed.live == 0 {
                self.given_back = self.given_back.saturating_add(assessed.dead);
                discard(self.shared, segment.end().next);
                continue;
            }
            is_front = false;
            let live = self.run.iter().map(|assessed| assessed.live).sum::<u64>();
            let together = live.saturating_add(assessed.live);
            if !self.is_worth_it(&assessed) {
                self.write_run()?;
                continue;
            }
            if together > self.shared.options.segment_octets() {
                self.write_run()?;
            }
            self.run.push(assessed);
        }
        self.write_run()
    }

    fn is_worth_it(&self, assessed: &Assessed) -> bool {
        let Assessed { live, dead, .. } = assessed;
        let percent = u64::from(self.shared.options.dead_percent);
        let all = live.saturating_add(*dead);
        let is_dead = *dead > 0 && dead.saturating_mul(100) >= all.saturating_mul(percent);
        is_dead || *live < self.shared.options.segment_octets() / SMALL_SHARE
    }

    /// Asks which records of a segment are wanted. `None` when the segment is gone.
    fn assess(
        &mut self,
        segment: &Arc<Segment>,
        keep: &Keep,
    ) -> Result<Option<Assessed>, StoreError> {
        let Some(file) = self.shared.open(segment)? else { return Ok(None) };
        let mut assessed =
            Assessed { segment: segment.clone(), live: 0, dead: 0, kept: Vec::new() };
        let end = segment.end();
        let shared = self.shared;
        let damage = verify(shared, segment, &file, end, self.walk, |walked| {
            let octets = as_u64(walked.record.len());
            if keep(walked.header.sequence, walked.payload()) {
                assessed.live = assessed.live.saturating_add(octets);
                assessed.kept.push(walked.header.sequence);
            } else {
                assessed.dead = assessed.dead.saturating_add(octets);
            }
            if shared.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        // What rotted since it was last looked at is reported before it is gone.
        damage.iter().for_each(|damage| self.shared.report(damage));
        Ok((!self.shared.is_stopping()).then_some(assessed))
    }

    /// Writes the run into one segment, when that gives back anything.
    fn write_run(&mut self) -> Result<(), StoreError> {
        let run = std::mem::take(&mut self.run);
        let dead = run.iter().map(|assessed| assessed.dead).sum::<u64>();
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(()) };
        if dead == 0 && run.len() < 2 {
            return Ok(());
        }
        let rounds = run.iter().filter_map(|assessed| assessed.segment.name.compacted);
        let round = rounds.map(|compacted| compacted.round).max().unwrap_or(0).saturating_add(1);
        let next = last.segment.end().next;
        let name = SegmentName {
            first: first.segment.name.first,
            compacted: Some(Compacted { next, round }),
            identity: self.shared.identity,
        };
        let part = FileName::Part { identity: self.shared.identity };
        let written = self.copy(&run, name, part);
        let Some((end, marks)) = written? else { return Ok(()) };
        let segment = self.shared.new_segment(name, FileName::Segment(name), end);
        segment.set_marks(marks);
        let old: Vec<_> = run.into_iter().map(|assessed| assessed.segment).collect();
        if self.install(&old, segment, part)? {
            self.given_back = self.given_back.saturating_add(dead);
        }
        Ok(())
    }

    /// Copies what is kept, as it is, into a file that does not count yet. `None` when the store is
    /// being closed.
    fn copy(
        &mut self,
        run: &[Assessed],
        name: SegmentName,
        part: FileName,
    ) -> Result<Option<(End, Marks)>, StoreError> {
        let part = part.file_name();
        let live = run.iter().map(|assessed| assessed.live).sum::<u64>();
        let octets = live.saturating_add(as_u64(SEGMENT_HEADER_OCTETS));
        let file = create_file(&mut *self.shared.storage(), &part, octets)?;
        let mut copy = Copy { file, part, at: 0, piece: Vec::new(), failed: None };
        copy.piece.extend_from_slice(&segment_header(name.first, name.identity));
        let mut marks = Marks::default();
        for Assessed { segment, kept, .. } in run {
            let Some(file) = self.shared.open(segment)? else { return Ok(None) };
            let mut kept = kept.iter().copied().peekable();
            verify(self.shared, segment, &file, segment.end(), self.walk, |walked| {
                if kept.next_if_eq(&walked.header.sequence).is_some() {
                    marks.note(walked.header.sequence, copy.offset());
                    copy.put(walked.record);
                }
                if copy.failed.is_some() || self.shared.is_stopping() {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            })?;
            if self.shared.is_stopping() {
                return Ok(None);
            }
        }
        let octet = copy.finish()?;
        let next = name.compacted.map_or(name.first, |compacted| compacted.next);
        Ok(Some((End { next, octet }, marks)))
    }

    /// Puts what was written in the place of what it replaces, unless that was discarded meanwhile.
    fn install(
        &self,
        old: &[Arc<Segment>],
        new: Arc<Segment>,
        part: FileName,
    ) -> Result<bool, StoreError> {
        let (part, name) = (part.file_name(), new.file_name());
        let mut storage = self.shared.storage();
        if !old.iter().all(|segment| self.shared.holds(segment.number)) {
            return Ok(false);
        }
        storage.rename(&part, &name).map_err(StoreError::io("name", &name))?;
        storage.sync_names().map_err(StoreError::io("sync the name of", &name))?;
        self.shared.exchange(old, new);
        for segment in old {
            // One that stays is known at the next start as replaced.
            match storage.remove(&segment.file_name()) {
                Ok(()) | Err(_) => {}
            }
        }
        storage.sync_names().map_err(StoreError::io("sync the removals behind", &name))?;
        Ok(true)
    }
}

/// A file that is being written in pieces, each synced.
struct Copy<F> {
    file: F,
    part: String,
    at: u64,
    piece: Vec<u8>,
    failed: Option<StoreError>,
}

impl<F: StorageFile> Copy<F> {
    fn offset(&self) -> u64 {
        self.at.saturating_add(as_u64(self.piece.len()))
    }

    fn put(&mut self, record: &[u8]) {
        self.piece.extend_from_slice(record);
        if self.piece.len() >= PIECE_OCTETS {
            self.failed = self.flush().err();
        }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let part = &self.part;
        self.file.write_at(self.at, &self.piece).map_err(StoreError::io("write", part))?;
        self.file.sync().map_err(StoreError::io("sync", part))?;
        self.at = self.offset();
        self.piece.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<u64, StoreError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.flush()?;
        Ok(self.at)
    }
}
