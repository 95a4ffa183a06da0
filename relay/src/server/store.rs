//! The one thread that touches the disk. Connections hand it parcels and questions through bounded
//! queues, one for each precedence, and never wait for the disk themselves.

use super::event::ServerError;
use super::subscribers::Subscriber;
use super::worker::Worker;
use crate::address::Address;
use crate::limits::{COMMIT_OCTETS_MAX, COMMIT_PARCELS_MAX, READ_QUEUE_MAX, STORE_QUEUE_MAX};
use crate::node::StoredPage;
use crate::parcel::Parcel;
use crate::protocol::Reason;
use chappe_codec::precedence::Precedence;
use chappe_store::Storage;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// The way to the store's thread.
#[derive(Debug)]
pub(super) struct Store {
    flash: mpsc::Sender<PublishJob>,
    immediate: mpsc::Sender<PublishJob>,
    priority: mpsc::Sender<PublishJob>,
    routine: mpsc::Sender<PublishJob>,
    pub(super) reads: mpsc::Sender<ReadJob>,
}

/// A parcel to be stored, and who waits for it.
#[derive(Debug)]
pub(super) struct PublishJob {
    pub(super) parcel: Parcel,
    pub(super) number: u64,
    pub(super) answer: mpsc::Sender<Answer>,
    pub(super) received: Instant,
}

/// The number of a publish and what became of it.
pub(super) type Answer = (u64, Result<(), Reason>);

/// Anything else asked of the store.
#[derive(Debug)]
pub(super) enum ReadJob {
    Page {
        address: Address,
        cursor: u64,
        limit: u16,
        answer: oneshot::Sender<Result<StoredPage, Reason>>,
    },
    Subscribe {
        address: Address,
        subscriber: Subscriber,
    },
    Unsubscribe {
        address: Address,
        id: u64,
    },
    Discard,
    Stop,
}

impl Store {
    /// Starts the thread.
    pub(super) fn start<S>(worker: Worker<S>) -> Result<(Self, Stopped), ServerError>
    where
        S: Storage<File: Send> + Send + 'static,
    {
        let (flash, flash_jobs) = mpsc::channel(STORE_QUEUE_MAX);
        let (immediate, immediate_jobs) = mpsc::channel(STORE_QUEUE_MAX);
        let (priority, priority_jobs) = mpsc::channel(STORE_QUEUE_MAX);
        let (routine, routine_jobs) = mpsc::channel(STORE_QUEUE_MAX);
        let (reads, read_jobs) = mpsc::channel(READ_QUEUE_MAX);
        let (stop, stopped) = oneshot::channel::<()>();
        let intake = Intake {
            flash: flash_jobs,
            immediate: immediate_jobs,
            priority: priority_jobs,
            routine: routine_jobs,
            reads: read_jobs,
        };
        // The runtime of this thread only waits for the queues; its disk calls block nobody else.
        let runtime =
            tokio::runtime::Builder::new_current_thread().build().map_err(ServerError::Thread)?;
        std::thread::Builder::new()
            .name("chappe-store".to_owned())
            .spawn(move || {
                runtime.block_on(worker.run(intake));
                drop(stop);
            })
            .map_err(ServerError::Thread)?;
        Ok((Self { flash, immediate, priority, routine, reads }, Stopped(stopped)))
    }

    pub(super) const fn queue(&self, precedence: Precedence) -> &mpsc::Sender<PublishJob> {
        match precedence {
            Precedence::Flash => &self.flash,
            Precedence::Immediate => &self.immediate,
            Precedence::Priority => &self.priority,
            Precedence::Routine => &self.routine,
        }
    }

    /// Closes the log; what was queued and not stored is never answered.
    pub(super) async fn stop(&self, stopped: Stopped) {
        // Errors mean that the thread is gone already.
        drop(self.reads.send(ReadJob::Stop).await);
        drop(stopped.0.await);
    }
}

/// Ready when the store's thread is gone and the log is closed.
#[derive(Debug)]
pub(super) struct Stopped(oneshot::Receiver<()>);

/// The thread's end of the queues.
pub(super) struct Intake {
    flash: mpsc::Receiver<PublishJob>,
    immediate: mpsc::Receiver<PublishJob>,
    priority: mpsc::Receiver<PublishJob>,
    routine: mpsc::Receiver<PublishJob>,
    pub(super) reads: mpsc::Receiver<ReadJob>,
}

/// The next thing to do.
pub(super) enum Work {
    Commit(Vec<PublishJob>),
    Read(ReadJob),
}

impl Intake {
    /// The next thing to do; `None` when nobody can ask any more and everything is done.
    pub(super) async fn next(&mut self) -> Option<Work> {
        let first = tokio::select! {
            biased;
            Some(job) = self.flash.recv() => job,
            Some(job) = self.immediate.recv() => job,
            Some(job) = self.priority.recv() => job,
            Some(job) = self.routine.recv() => job,
            Some(job) = self.reads.recv() => return Some(Work::Read(job)),
            else => return None,
        };
        Some(Work::Commit(self.gather(first)))
    }

    /// Everything waiting that one sync can carry, the most urgent first. FLASH is written alone: it
    /// does not wait until routine traffic beside it is written too.
    fn gather(&mut self, first: PublishJob) -> Vec<PublishJob> {
        let is_flash = first.parcel.precedence == Precedence::Flash;
        let mut octets = first.parcel.octets();
        let mut jobs = vec![first];
        let queues = [&mut self.flash, &mut self.immediate, &mut self.priority, &mut self.routine];
        for queue in queues.into_iter().take(if is_flash { 1 } else { 4 }) {
            while jobs.len() < COMMIT_PARCELS_MAX && octets < COMMIT_OCTETS_MAX {
                let Ok(job) = queue.try_recv() else { break };
                octets = octets.saturating_add(job.parcel.octets());
                jobs.push(job);
            }
        }
        jobs
    }
}
