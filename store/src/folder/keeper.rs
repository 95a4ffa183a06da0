//! The thread for what must not hold up appends: the next segment, the names of begun ones, room
//! that closed ones do not need, segments that are to go.

use super::create::create_file;
use super::names::FileName;
use super::segment::{Segment, lock};
use super::shared::Shared;
use super::walk::as_u64;
use crate::error::StoreError;
use crate::limits::SPARE_FILL_OCTETS;
use crate::storage::{Storage, StorageFile};
use crate::store::StoreEvent;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What is to be done.
#[derive(Debug)]
pub(super) enum Chore<F> {
    /// Makes the next segment ready; filled with zeros where the log grows by segments.
    MakeSpare { is_filled: bool },
    /// Gives a segment that was begun as a spare its name.
    Name(Arc<Segment>),
    /// Gives back what a closed segment does not need.
    Close(F, u64),
    /// Removes segments that hold only what lies before this sequence.
    Discard(u64),
}

/// A file that is ready to become a segment.
#[derive(Debug)]
pub(super) struct Spare<F> {
    pub(super) file: F,
    pub(super) name: FileName,
    /// Octets of it that were written.
    pub(super) filled: u64,
}

/// Where the next segment is handed over.
#[derive(Debug)]
pub(super) struct Spares<F> {
    slot: Mutex<Slot<F>>,
    changed: Condvar,
}

#[derive(Debug)]
enum Slot<F> {
    /// It is being made.
    Awaited,
    Ready(Spare<F>),
    Failed(StoreError),
}

impl<F> Default for Spares<F> {
    fn default() -> Self {
        Self { slot: Mutex::new(Slot::Awaited), changed: Condvar::new() }
    }
}

impl<F> Spares<F> {
    /// The next segment; waits only when it is needed before it could be made.
    pub(super) fn take(&self) -> Result<Spare<F>, StoreError> {
        let mut slot = lock(&self.slot);
        loop {
            match std::mem::replace(&mut *slot, Slot::Awaited) {
                Slot::Ready(spare) => return Ok(spare),
                Slot::Failed(error) => return Err(error),
                Slot::Awaited => {
                    slot = self.changed.wait(slot).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn is_ready(&self) -> bool {
        matches!(*lock(&self.slot), Slot::Ready(_))
    }

    fn put(&self, slot: Slot<F>) {
        *lock(&self.slot) = slot;
        self.changed.notify_all();
    }
}

/// Does the chores.
#[derive(Debug)]
pub(super) struct Keeper<S: Storage> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) spares: Arc<Spares<S::File>>,
    pub(super) chores: Receiver<Chore<S::File>>,
    /// Segments that are still called spares.
    pub(super) unnamed: Vec<Arc<Segment>>,
}

impl<S: Storage> Keeper<S> {
    /// Works until nobody can order anything any more.
    pub(super) fn run(mut self) {
        while let Ok(chore) = self.chores.recv() {
            match chore {
                Chore::MakeSpare { .. } if self.spares.is_ready() => {}
                Chore::MakeSpare { is_filled } => {
                    let made = self.make_spare(is_filled);
                    self.spares.put(made.map_or_else(Slot::Failed, Slot::Ready));
                }
                Chore::Name(segment) => {
                    self.unnamed.push(segment);
                    // What fails is tried again before the next spare is made.
                    match self.name_segments() {
                        Ok(()) | Err(_) => {}
                    }
                }
                Chore::Close(mut file, end) => match file.truncate(end) {
                    // Room that can not be given back is lost until compaction, and nothing else.
                    Ok(()) | Err(_) => {}
                },
                Chore::Discard(before) => discard(&self.shared, before),
            }
        }
    }

    fn make_spare(&mut self, is_filled: bool) -> Result<Spare<S::File>, StoreError> {
        self.name_segments()?;
        let number = self.shared.new_number();
        let name = FileName::Spare { number, identity: self.shared.identity };
        let file_name = name.file_name();
        let octets = self.shared.options.segment_octets();
        let mut file = create_file(&mut *self.shared.storage(), &file_name, octets)?;
        file.sync().map_err(StoreError::io("sync", &file_name))?;
        self.shared
            .storage()
            .sync_names()
            .map_err(StoreError::io("sync the name of", &file_name))?;
        let filled = if is_filled { fill(&mut file) } else { 0 };
        Ok(Spare { file, name, filled })
    }

    fn name_segments(&mut self) -> Result<(), StoreError> {
        while let Some(segment) = self.unnamed.first() {
            let spare = segment.file_name();
            let name = FileName::Segment(segment.name);
            let mut storage = self.shared.storage();
            storage.rename(&spare, &name.file_name()).map_err(StoreError::io("name", &spare))?;
            segment.call(name);
            storage.sync_names().map_err(StoreError::io("sync the name of", &name.file_name()))?;
            drop(storage);
            self.unnamed.remove(0);
        }
        Ok(())
    }
}

/// Writes zeros over the room that was set aside, and says how far that went: what fails is noticed by who
/// writes there.
fn fill(file: &mut impl StorageFile) -> u64 {
    let room = file.octets().unwrap_or(0);
    let zeros = vec![0; usize::try_from(SPARE_FILL_OCTETS.min(room)).unwrap_or(0)];
    let mut filled = 0_u64;
    while filled < room {
        let left = usize::try_from(room.saturating_sub(filled)).unwrap_or(usize::MAX);
        let piece = zeros.get(..left.min(zeros.len())).unwrap_or_default();
        if file.write_at(filled, piece).and_then(|()| file.sync()).is_err() {
            return filled;
        }
        filled = filled.saturating_add(as_u64(piece.len()));
    }
    filled
}

/// Removes segments that hold only what lies before a sequence, and tells of it.
pub(super) fn discard<S: Storage>(shared: &Shared<S>, before: u64) {
    let mut storage = shared.storage();
    for segment in shared.take_before(before) {
        // A file that stays is found at the next start and is then in nobody's way: it is older
        // than all others.
        match storage.remove(&segment.file_name()) {
            Ok(()) | Err(_) => {}
        }
    }
    match storage.sync_names() {
        Ok(()) | Err(_) => {}
    }
    drop(storage);
    let oldest = shared.segments().first().map_or(0, |segment| segment.name.first);
    shared.tell(StoreEvent::Discarded { before: oldest });
}
