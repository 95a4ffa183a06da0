//! A [`Store`] on one stream of a NATS `JetStream` cluster: a log that several relays share
//! (spec/15-store.md, "A log on a cluster").
//!
//! ```text
//! relay A ─┐ messages of its own writer, one under way each   ┌─► relay A: its own as Appended,
//! relay B ─┼────────────────► stream "chappe-rest" ───────────┼─► relay B: all others as Followed,
//! relay C ─┘                   3 replicas, one order          └─► relay C: in the one order
//! ```
//!
//! Every store appends, and none waits for another: the stream's order is the order of storing. Who appends
//! knows only afterwards what came to lie before, so what must be decided by order (which of two like parcels
//! is the first) is decided by each reader when it comes to the place, and all decide alike.
//!
//! A writer is a number that a store draws when it is opened, so that no two ever write under one. When an
//! answer is lost the same message is sent again; a repetition is known by its number and passed over.

mod batch;
mod cluster;
mod driver;
mod follower;
mod limits;
mod options;
mod order;
mod probe;
mod reads;
mod refusal;
mod saying;
mod waiting;
mod writing;

pub use options::JetStreamOptions;
pub use refusal::ClusterRefusal;

use crate::error::StoreError;
use crate::store::{EventSink, Group, GroupLimits, Keep, ReadRequest, Store};
use cluster::Cluster;
use driver::{Command, Driver};
use limits::{EVENTS_WAITING_MAX, MESSAGE_HEADERS_OCTETS, MESSAGE_RECORDS_MAX, SAID_WAITING_MAX};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

/// A store on a cluster, one of several on the same log.
///
/// What others append is told as [`StoreEvent::Followed`](crate::StoreEvent::Followed), in its place among
/// the own groups. Events come from a thread of their own; blocking there for long holds up reads and
/// appends. Reads are answered as they end, which may be in another order.
///
/// A cluster that does not store for as long as the options say, or does not answer at all, is told
/// as `Failed`; groups are then answered with [`StoreError::Unanswered`] until it `WorksAgain`. Such a group may
/// be stored all the same, later: then it is told as `Followed`.
///
/// Dropping it waits a few seconds for what is under way; groups that are not answered by then stay
/// without an answer.
#[derive(Debug)]
pub struct JetStreamStore {
    identity: u64,
    limits: GroupLimits,
    commands: mpsc::UnboundedSender<Command>,
    said: mpsc::Sender<Vec<u8>>,
    threads: Vec<JoinHandle<()>>,
}

impl JetStreamStore {
    /// Opens the store; makes the stream when there is none. Returns when the cluster has answered; what
    /// is stored is told meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the cluster cannot be reached in time, or at once, with a
    /// [`ClusterRefusal`] as its source, when it does not take this relay; [`StoreError::StrangeFile`]
    /// when the stream is none of ours.
    pub fn open(options: JetStreamOptions, sink: EventSink) -> Result<Self, StoreError> {
        let (commands, to_driver) = mpsc::unbounded_channel();
        let (said, to_say) = mpsc::channel(SAID_WAITING_MAX);
        let (opened, is_opened) = sync_channel(1);
        let name = options.stream();
        let (events, told) = sync_channel(EVENTS_WAITING_MAX);
        let teller = Builder::new()
            .name("store-events".to_owned())
            .spawn(move || told.iter().for_each(sink))
            .map_err(StoreError::io("start", &name))?;
        // Fails only when the sink panicked.
        let sink: EventSink = Box::new(move |event| drop(events.send(event)));
        let driver = Builder::new()
            .name("store-cluster".to_owned())
            .spawn(move || run(options, (to_driver, to_say), sink, &opened))
            .map_err(StoreError::io("start", &name))?;
        let opened = is_opened.recv().unwrap_or(Err(StoreError::Poisoned))?;
        let Opened { identity, message_octets } = opened;
        let octets = message_octets.saturating_sub(MESSAGE_HEADERS_OCTETS);
        let limits = GroupLimits { records: MESSAGE_RECORDS_MAX, octets };
        Ok(Self { identity, limits, commands, said, threads: vec![driver, teller] })
    }

    fn order(&mut self, command: Command) {
        // Fails only when the thread died, which nothing but a bug of a dependency can cause.
        match self.commands.send(command) {
            Ok(()) | Err(_) => {}
        }
    }
}

/// What is known once the cluster has answered.
#[derive(Debug)]
struct Opened {
    identity: u64,
    message_octets: usize,
}

fn run(
    options: JetStreamOptions,
    (commands, said): (mpsc::UnboundedReceiver<Command>, mpsc::Receiver<Vec<u8>>),
    sink: EventSink,
    opened: &SyncSender<Result<Opened, StoreError>>,
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
                let Cluster { identity, message_octets, .. } = cluster;
                answer(opened, Ok(Opened { identity, message_octets }));
                Driver::new(cluster, &options, commands, sink).run(said).await;
            }
            Err(error) => answer(opened, Err(error)),
        }
    });
    // Whatever still hangs on the cluster is not waited for.
    runtime.shutdown_background();
}

fn answer(opened: &SyncSender<Result<Opened, StoreError>>, with: Result<Opened, StoreError>) {
    match opened.send(with) {
        Ok(()) | Err(_) => {}
    }
}

impl Store for JetStreamStore {
    fn identity(&self) -> u64 {
        self.identity
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn group_limits(&self) -> GroupLimits {
        self.limits
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

    fn say(&mut self, octets: &[u8]) {
        // What finds no room is lost, as anything said may be.
        match self.said.try_send(octets.to_vec()) {
            Ok(()) | Err(_) => {}
        }
    }
}

impl Drop for JetStreamStore {
    fn drop(&mut self) {
        self.order(Command::Stop);
        for thread in self.threads.drain(..) {
            match thread.join() {
                Ok(()) | Err(_) => {}
            }
        }
    }
}
