//! The one thread that touches the disk. Connections hand it parcels and questions through bounded
//! queues, one for each precedence, and never wait for the disk themselves.

use super::event::{RelayEvent, ServerError};
use super::options::{Clock, Observer};
use super::subscribers::{Subscriber, Subscribers};
use crate::address::Address;
use crate::limits::{COMMIT_OCTETS_MAX, COMMIT_PARCELS_MAX, READ_QUEUE_MAX, STORE_QUEUE_MAX};
use crate::node::{Node, Stored, StoredPage};
use crate::parcel::Parcel;
use crate::protocol::Reason;
use chappe_codec::precedence::Precedence;
use chappe_store::{Options, StoreError};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// A failed log is opened again at most this often.
const REOPEN_EVERY: Duration = Duration::from_secs(1);

/// Reads answered between two commits when both are waiting.
const READS_BETWEEN_COMMITS: usize = 16;

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
    pub(super) fn start(
        node: Node,
        folder: PathBuf,
        options: Options,
        clock: Clock,
        observer: Observer,
    ) -> Result<(Self, Stopped), ServerError> {
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
        let worker = Worker {
            log: node.log_name(),
            node: Some(node),
            failed_at: None,
            folder,
            options,
            clock,
            observer,
            subscribers: Subscribers::default(),
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
struct Intake {
    flash: mpsc::Receiver<PublishJob>,
    immediate: mpsc::Receiver<PublishJob>,
    priority: mpsc::Receiver<PublishJob>,
    routine: mpsc::Receiver<PublishJob>,
    reads: mpsc::Receiver<ReadJob>,
}

enum Work {
    Commit(Vec<PublishJob>),
    Read(ReadJob),
}

impl Intake {
    /// The next thing to do; `None` when nobody can ask any more and everything is done.
    async fn next(&mut self) -> Option<Work> {
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

struct Worker {
    log: u64,
    /// `None` while the log has failed.
    node: Option<Node>,
    failed_at: Option<Instant>,
    folder: PathBuf,
    options: Options,
    clock: Clock,
    observer: Observer,
    subscribers: Subscribers,
}

impl Worker {
    async fn run(mut self, mut intake: Intake) {
        while let Some(work) = intake.next().await {
            match work {
                Work::Read(ReadJob::Stop) => return,
                Work::Read(job) => self.read(job),
                Work::Commit(jobs) => {
                    self.commit(jobs);
                    // A flood of publishes must not keep readers waiting for ever.
                    for _ in 0..READS_BETWEEN_COMMITS {
                        match intake.reads.try_recv() {
                            Ok(ReadJob::Stop) => return,
                            Ok(job) => self.read(job),
                            Err(_) => break,
                        }
                    }
                }
            }
        }
    }

    fn commit(&mut self, jobs: Vec<PublishJob>) {
        let now_seconds = self.clock.now_seconds();
        self.reopen();
        let mut parcels = Vec::with_capacity(jobs.len());
        let mut waiting = Vec::with_capacity(jobs.len());
        for PublishJob { parcel, number, answer, received } in jobs {
            parcels.push(parcel);
            waiting.push((number, answer, received));
        }
        let (answers, error) = match &mut self.node {
            Some(node) => node.commit(&parcels, now_seconds),
            None => (vec![Err(Reason::TryLater); parcels.len()], None),
        };
        for (stored, (number, answer, _)) in answers.iter().zip(&waiting) {
            // The queue has room for as many answers as its lane may have publishes open; when the
            // lane is gone its client will ask again.
            answer.try_send((*number, stored.map(|_| ()))).ok();
        }
        for ((parcel, stored), (.., received)) in parcels.iter().zip(answers).zip(waiting) {
            self.tell(parcel, stored, received.elapsed());
            if let Ok(Stored::New { cursor, previous }) = stored {
                self.subscribers.offer(parcel, cursor, previous);
            }
        }
        if let Some(error) = error {
            self.failed(error);
        }
    }

    fn tell(&self, parcel: &Parcel, stored: Result<Stored, Reason>, elapsed: Duration) {
        let id = parcel.id();
        self.observer.note(&match stored {
            Ok(Stored::New { .. }) => RelayEvent::Stored {
                parcel: id,
                precedence: parcel.precedence,
                octets: parcel.octets(),
                elapsed,
            },
            Ok(Stored::Duplicate) => RelayEvent::Duplicate { parcel: id },
            Err(reason) => RelayEvent::Refused { parcel: id, reason },
        });
    }

    /// After a failed sync what is on disk is unknown until the log is opened again.
    fn failed(&mut self, error: StoreError) {
        let is_lost = match &error {
            StoreError::Io { doing, .. } => *doing == "sync",
            StoreError::Poisoned => true,
            _ => false,
        };
        self.observer.note(&RelayEvent::StoreFailed { error });
        if is_lost {
            self.node = None;
            self.failed_at = Some(Instant::now());
        }
    }

    fn reopen(&mut self) {
        let is_due = self.failed_at.is_none_or(|failed| failed.elapsed() >= REOPEN_EVERY);
        if self.node.is_some() || !is_due {
            return;
        }
        self.failed_at = Some(Instant::now());
        match Node::open(&self.folder, self.options) {
            // Another log in the same place would give the cursors clients hold another meaning.
            Ok((node, recovery)) if node.log_name() == self.log => {
                self.node = Some(node);
                self.observer.note(&RelayEvent::StoreReopened { recovery });
            }
            Ok(_) => {}
            Err(error) => self.observer.note(&RelayEvent::StoreFailed { error }),
        }
    }

    fn read(&mut self, job: ReadJob) {
        let now_seconds = self.clock.now_seconds();
        match job {
            ReadJob::Page { address, cursor, limit, answer } => {
                let page = match &self.node {
                    Some(node) => node.fetch(&address, cursor, limit, now_seconds),
                    None => Err(Reason::TryLater),
                };
                // Whoever asked may be gone.
                drop(answer.send(page));
            }
            ReadJob::Subscribe { address, subscriber } => {
                self.subscribers.insert(address, subscriber);
            }
            ReadJob::Unsubscribe { address, id } => self.subscribers.remove(&address, id),
            ReadJob::Discard => {
                if let Some(Err(error)) =
                    self.node.as_mut().map(|node| node.discard_expired(now_seconds))
                {
                    self.observer.note(&RelayEvent::StoreFailed { error });
                }
            }
            ReadJob::Stop => {}
        }
    }
}
