//! The one thread that changes the log. Submissions queue up before it and go in batches: one
//! write, one sync and one checkpoint for all that came meanwhile.

use super::{Clock, ServerError, ServerOptions};
use crate::limits::{BATCH_SUBMISSIONS_MAX, QUEUED_SUBMISSIONS_MAX};
use crate::log::{LogError, ShardLog};
use crate::receipt::Receipt;
use crate::submission::Admitted;
use crate::tile::Tile;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::{mpsc, oneshot, watch};

/// A submission that waits for its receipt. A dropped reply means "try later".
struct Job {
    admitted: Admitted,
    reply: oneshot::Sender<Receipt>,
}

/// The way to the writer, and to what it publishes.
pub(super) struct Jobs {
    queue: mpsc::Sender<Job>,
    log: Arc<Mutex<ShardLog>>,
    checkpoint: watch::Receiver<Arc<str>>,
}

impl Jobs {
    /// Queues a submission; `None` if the queue is full or the writer gone.
    pub(super) fn submit(&self, admitted: Admitted) -> Option<oneshot::Receiver<Receipt>> {
        let (reply, receipt) = oneshot::channel();
        match self.queue.try_send(Job { admitted, reply }) {
            Ok(()) => Some(receipt),
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => None,
        }
    }

    /// The latest checkpoint's text.
    pub(super) fn checkpoint(&self) -> Arc<str> {
        Arc::clone(&self.checkpoint.borrow())
    }

    /// A tile's octets, read off the async threads.
    pub(super) async fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, LogError> {
        let log = Arc::clone(&self.log);
        tokio::task::spawn_blocking(move || lock(&log).tile(&tile))
            .await
            .unwrap_or(Err(LogError::Inconsistent))
    }
}

/// The thread.
pub(super) struct Writer(JoinHandle<()>);

impl Writer {
    pub(super) fn start(log: ShardLog, options: &ServerOptions) -> io::Result<(Self, Jobs)> {
        let (queue, jobs) = mpsc::channel(QUEUED_SUBMISSIONS_MAX);
        let (published, checkpoint) = watch::channel(text_of(&log));
        let log = Arc::new(Mutex::new(log));
        let writing = Writing {
            log: Arc::clone(&log),
            jobs,
            published,
            interval: options.checkpoint_interval,
            clock: Arc::clone(&options.clock),
        };
        let thread = thread::Builder::new().name("ledger writer".into()).spawn(|| writing.run())?;
        Ok((Self(thread), Jobs { queue, log, checkpoint }))
    }

    /// Waits for its end, which comes when all [`Jobs`] are gone and the queue is empty.
    pub(super) fn join(self) -> Result<(), ServerError> {
        self.0.join().map_err(|_| ServerError::Stopped)
    }
}

struct Writing {
    log: Arc<Mutex<ShardLog>>,
    jobs: mpsc::Receiver<Job>,
    published: watch::Sender<Arc<str>>,
    interval: Duration,
    clock: Clock,
}

impl Writing {
    fn run(mut self) {
        let mut next_checkpoint = Instant::now();
        let mut tiles_left = true;
        loop {
            // Tiles are written while nobody waits.
            let first = match self.jobs.try_recv() {
                Ok(job) => job,
                Err(TryRecvError::Empty) if tiles_left => {
                    tiles_left = self.publish_tiles();
                    continue;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                    match self.jobs.blocking_recv() {
                        Some(job) => job,
                        None => return,
                    }
                }
            };
            thread::sleep(next_checkpoint.saturating_duration_since(Instant::now()));
            self.write_batch(first);
            next_checkpoint =
                Instant::now().checked_add(self.interval).unwrap_or_else(Instant::now);
            tiles_left = true;
        }
    }

    fn write_batch(&mut self, first: Job) {
        let (mut batch, mut replies) = (vec![first.admitted], vec![first.reply]);
        while batch.len() < BATCH_SUBMISSIONS_MAX {
            let Ok(job) = self.jobs.try_recv() else { break };
            batch.push(job.admitted);
            replies.push(job.reply);
        }
        let (written, text) = {
            let mut log = lock(&self.log);
            let written = log.intake_batch(&batch, (self.clock)());
            (written, text_of(&log))
        };
        self.published.send_replace(text);
        // Without receipts the replies are dropped, which the answerer turns into "try later".
        for (receipt, reply) in written.unwrap_or_default().into_iter().zip(replies) {
            // A client that no longer waits gets its receipt when it submits again.
            drop(reply.send(receipt));
        }
    }

    fn publish_tiles(&self) -> bool {
        // Tiles are a cache: when one cannot be written, it is served from the log, and writing
        // goes on with the next batch.
        lock(&self.log).publish_tiles().unwrap_or(false)
    }
}

fn text_of(log: &ShardLog) -> Arc<str> {
    log.checkpoint().to_text().into()
}

fn lock(log: &Mutex<ShardLog>) -> MutexGuard<'_, ShardLog> {
    // The log changes only after the disk has, so a panic cannot have left it half changed.
    log.lock().unwrap_or_else(PoisonError::into_inner)
}
