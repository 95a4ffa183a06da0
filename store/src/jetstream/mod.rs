//! A [`Store`] on one stream of a NATS `JetStream` cluster: one partition that several relays share.
//!
//! ```text
//! relay A: append ─► driver ─ messages, several under way ─► stream "chappe-3" (3 replicas)
//! relay B: follower ◄──────── messages, in order ◄──────────┘      bucket "chappe-leases": who writes
//! ```
//!
//! One store at a time writes. Who does is said by a lease; that nobody else does is said by the
//! stream itself: a writer begins with a *fence*, a message that is stored only at the place right
//! behind all that the writer has read. Each message names the place before its own, so what a former
//! writer still has under way is refused; where the cluster lets some of it in, every reader passes
//! it over by the same rule (`order`).
//!
//! When an answer is lost, nothing is guessed and nothing is sent again in the hope that the cluster
//! knows it: the writer begins anew behind a fence of its own. What is found before that fence is stored; what
//! is not can never count any more, and is sent under the new fence or answered as failed.

mod batch;
mod cluster;
mod driver;
mod follower;
mod lease;
mod limits;
mod options;
mod order;
mod partition;
mod reads;
mod waiting;
mod writing;

pub use lease::{LeaseEvent, LeaseSink};
pub use options::JetStreamOptions;
pub use partition::{PARTITIONS, partition_of};

use crate::error::StoreError;
use crate::store::{EventSink, Group, Keep, ReadRequest, Store};
use cluster::Cluster;
use driver::{Command, Driver};
use limits::HOLDER_OCTETS_MAX;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

/// A store on a cluster. It does not write until it is told to ([`try_take`](Self::try_take)) and
/// the lease is its own ([`LeaseEvent::Mine`]); until then groups are answered with
/// [`StoreError::NotWriter`], and what the writer appends is told as
/// [`StoreEvent::Followed`](crate::StoreEvent::Followed).
///
/// Events come from one thread. Blocking on `Recovered` or `Followed` holds up reads, and no more; on
/// other events, everything. Reads are answered as they end, which may be in another order.
///
/// A group whose answer the cluster owes while the lease is lost is answered when the next writer
/// has begun, whoever that is: before, nobody can know. `Failed` and `WorksAgain` are not told: a
/// cluster that is silent for as long as the lease ends in [`LeaseEvent::Free`].
///
/// Dropping it gives the lease back and waits a few seconds for what is under way; groups that are
/// not answered by then stay without an answer.
#[derive(Debug)]
pub struct JetStreamStore {
    identity: u64,
    commands: mpsc::UnboundedSender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl JetStreamStore {
    /// Opens the store of a partition; makes stream and bucket when there are none. Returns when
    /// the cluster has answered; what is stored is told meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the cluster cannot be reached in time; [`StoreError::StrangeFile`]
    /// when the stream is none of ours; [`StoreError::RecordTooLong`] for a holder's name that is.
    pub fn open(
        options: JetStreamOptions,
        sink: EventSink,
        leases: LeaseSink,
    ) -> Result<Self, StoreError> {
        if options.holder.len() > HOLDER_OCTETS_MAX {
            return Err(StoreError::RecordTooLong { octets: options.holder.len() });
        }
        let (commands, to_driver) = mpsc::unbounded_channel();
        let (opened, is_opened) = sync_channel(1);
        let name = options.stream();
        let thread = Builder::new()
            .name("store-cluster".to_owned())
            .spawn(move || run(options, to_driver, sink, leases, &opened))
            .map_err(StoreError::io("start", &name))?;
        let identity = is_opened.recv().unwrap_or(Err(StoreError::Poisoned))?;
        Ok(Self { identity, commands, thread: Some(thread) })
    }

    /// Asks for the lease. Answered by the next [`LeaseEvent`]: `Mine` when it was free, once all
    /// that others had appended was told.
    pub fn try_take(&mut self) {
        self.order(Command::Take);
    }

    fn order(&mut self, command: Command) {
        // Fails only when the thread died, which nothing but a bug of a dependency can cause.
        match self.commands.send(command) {
            Ok(()) | Err(_) => {}
        }
    }
}

fn run(
    options: JetStreamOptions,
    commands: mpsc::UnboundedReceiver<Command>,
    sink: EventSink,
    leases: LeaseSink,
    opened: &SyncSender<Result<u64, StoreError>>,
) {
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            answer(opened, Err(StoreError::io("start", "the runtime")(error)));
            return;
        }
    };
    LocalSet::new().block_on(&runtime, async {
        match Cluster::open(&options).await {
            Ok(cluster) => {
                answer(opened, Ok(cluster.identity));
                Driver::new(cluster, &options, commands, sink, leases).run().await;
            }
            Err(error) => answer(opened, Err(error)),
        }
    });
    // Whatever still hangs on the cluster is not waited for.
    runtime.shutdown_background();
}

fn answer(opened: &SyncSender<Result<u64, StoreError>>, with: Result<u64, StoreError>) {
    match opened.send(with) {
        Ok(()) | Err(_) => {}
    }
}

impl Store for JetStreamStore {
    fn identity(&self) -> u64 {
        self.identity
    }

    fn append(&mut self, group: Group) {
        self.order(Command::Append(group));
    }

    fn read(&mut self, request: ReadRequest) {
        self.order(Command::Read(request));
    }

    fn discard_before(&mut self, sequence: u64) {
        self.order(Command::Discard(sequence));
    }

    /// Gives back the messages at the stream's start of which no record is wanted; what lies
    /// between records that are wanted stays until the cluster's expiry. See `docs/cluster.md`.
    fn compact(&mut self, keep: Keep) {
        self.order(Command::Compact(keep));
    }
}

impl Drop for JetStreamStore {
    fn drop(&mut self) {
        self.order(Command::Stop);
        if let Some(thread) = self.thread.take() {
            match thread.join() {
                Ok(()) | Err(_) => {}
            }
        }
    }
}
