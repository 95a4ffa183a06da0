//! A [`Store`] on one folder.
//!
//! ```text
//! append ─► writer: encode, one write, one sync ─► Appended           ┐
//! read ───► reader: places, pieces of a file ────► Read               ├─► sink
//!           examiner: recovery, compaction, scrub ► Recovered, Damaged │
//! discard ► keeper: next segment, names, removals ► Discarded          ┘
//! ```
//!
//! The threads share the list of segments and, for each, how far it is durable and where some of its
//! records lie. Nobody reads or writes while that is locked.
//!
//! A segment's room is set aside before it is needed (`fallocate`), so an append changes no file's
//! length and a rotation makes no file: the segment is there already, and its header goes with the
//! first batch. It gets its name afterwards.
//!
//! Room that is set aside is not written yet, and the file system notes in its journal when it first is:
//! on ext4 the sync that does so waits for a commit, some 4 ms where the sync of what was written before
//! takes 0.1. So a batch that reaches room not written yet brings zeros with it, and once a segment has
//! been used up the next ones are filled with zeros before they are needed. Zeros are no record.

mod compaction;
mod create;
mod keeper;
mod names;
mod opening;
mod options;
mod reader;
mod recovery;
mod segment;
mod shared;
mod verify;
mod walk;
mod writer;

pub use options::FolderOptions;

use crate::directory::Directory;
use crate::error::StoreError;
use crate::storage::Storage;
use crate::store::{EventSink, Group, Keep, ReadRequest, RecordBuffer, Store, StoreEvent};
use keeper::{Chore, Keeper, Spares};
use opening::Opened;
use reader::Reader;
use recovery::{Compaction, Examiner};
use shared::Shared;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};
use writer::Writer;

/// A store on one folder.
///
/// [`StoreEvent::Recovered`], [`StoreEvent::RecoveryEnded`] and [`StoreEvent::Compacted`] come from a
/// thread of their own that nothing else waits for. So a sink may block on `Recovered` for as long
/// as its receiver is busy, and no more than one such event is in memory beside what the receiver
/// holds. Blocking on other events holds up appends or reads. Dropping a store finishes the groups
/// it was given and waits for its threads; the sink must not block for ever.
#[derive(Debug)]
pub struct FolderStore<S: Storage = Directory> {
    shared: Arc<Shared<S>>,
    /// `None` once it is being dropped.
    threads: Option<Threads<S>>,
}

#[derive(Debug)]
struct Threads<S: Storage> {
    groups: Sender<Group>,
    /// Buffers of groups that were written.
    spares: Receiver<RecordBuffer>,
    requests: Sender<ReadRequest>,
    compactions: Sender<Compaction>,
    chores: Sender<Chore<S::File>>,
    handles: Vec<JoinHandle<()>>,
}

impl FolderStore<Directory> {
    /// Opens the store in a folder; makes both when there is none. Appends are taken as soon as this
    /// returns, which is when the last segment was read; what is stored is told meanwhile.
    ///
    /// A folder holds a `FolderStore` or a [`Log`](crate::Log), not both.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::StrangeFile`], [`StoreError::UnknownVersion`],
    /// [`StoreError::Io`]. Damage is contained and reported, never an error.
    pub fn open(
        folder: impl AsRef<Path>,
        options: FolderOptions,
        sink: EventSink,
    ) -> Result<Self, StoreError> {
        let name = folder.as_ref().display().to_string();
        let storage = Directory::new(folder).map_err(StoreError::io("open the folder", &name))?;
        Self::open_on(storage, options, sink)
    }
}

impl<S> FolderStore<S>
where
    S: Storage + Send + 'static,
    S::File: Send + 'static,
{
    /// Opens the store on any storage. See [`FolderStore::open`].
    ///
    /// # Errors
    /// As [`FolderStore::open`].
    pub fn open_on(
        storage: S,
        options: FolderOptions,
        sink: EventSink,
    ) -> Result<Self, StoreError> {
        let Opened { shared, file, last, stored, torn } = opening::open(storage, options, sink)?;
        let shared = Arc::new(shared);
        let spares = Arc::new(Spares::default());
        let (groups, to_writer) = channel();
        let (from_writer, buffers) = channel();
        let (requests, to_reader) = channel();
        let (compactions, to_examiner) = channel();
        let (chores, to_keeper) = channel();

        let writer = Writer::new(
            shared.clone(),
            (to_writer, from_writer),
            chores.clone(),
            spares.clone(),
            (file, last),
        );
        let reader = Reader::new(shared.clone(), to_reader);
        let examiner = Examiner::new(shared.clone(), to_examiner);
        let keeper =
            Keeper { shared: shared.clone(), spares, chores: to_keeper, unnamed: Vec::new() };
        let handles = vec![
            spawn("store-keeper", move || keeper.run())?,
            spawn("store-writer", move || writer.run())?,
            spawn("store-reader", move || reader.run())?,
            spawn("store-examiner", move || examiner.run(&stored, torn))?,
        ];
        let threads =
            Some(Threads { groups, spares: buffers, requests, compactions, chores, handles });
        Ok(Self { shared, threads })
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    Builder::new().name(name.to_owned()).spawn(run).map_err(StoreError::io("start", name))
}

impl<S> Store for FolderStore<S>
where
    S: Storage + Send + 'static,
    S::File: Send + 'static,
{
    fn identity(&self) -> u64 {
        self.shared.identity
    }

    fn append(&mut self, group: Group) {
        let number = group.number;
        let sent = self.threads.as_ref().map(|threads| threads.groups.send(group));
        if !matches!(sent, Some(Ok(()))) {
            let error = StoreError::Poisoned;
            self.shared.tell(StoreEvent::AppendFailed { number, error });
        }
    }

    fn spare_buffer(&mut self) -> RecordBuffer {
        let spare = self.threads.as_ref().and_then(|threads| threads.spares.try_recv().ok());
        spare.unwrap_or_default()
    }

    fn read(&mut self, request: ReadRequest) {
        let number = request.number;
        let sent = self.threads.as_ref().map(|threads| threads.requests.send(request));
        if !matches!(sent, Some(Ok(()))) {
            let records = Err(StoreError::Poisoned);
            self.shared.tell(StoreEvent::Read { number, records });
        }
    }

    fn discard_before(&mut self, sequence: u64) {
        if let Some(threads) = &self.threads {
            match threads.chores.send(Chore::Discard(sequence)) {
                Ok(()) | Err(_) => {}
            }
        }
    }

    fn compact(&mut self, keep: Keep) {
        if let Some(threads) = &self.threads {
            // The node can judge what it was told of, so nothing that comes later is looked at.
            let before = self.shared.last_first();
            match threads.compactions.send(Compaction { keep, before }) {
                Ok(()) | Err(_) => {}
            }
        }
    }
}

impl<S: Storage> Drop for FolderStore<S> {
    fn drop(&mut self) {
        self.shared.stop();
        // Without their senders the threads finish what they have and end.
        if let Some(threads) = self.threads.take() {
            let Threads { groups, spares, requests, compactions, chores, handles } = threads;
            drop((groups, spares, requests, compactions, chores));
            for handle in handles {
                match handle.join() {
                    Ok(()) | Err(_) => {}
                }
            }
        }
    }
}
