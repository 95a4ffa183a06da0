//! The task that does everything in its turn: tells what the stream holds, begins to write when the
//! lease is its own, writes, and follows again when anything is in doubt.

use super::batch::{self, Header, Kind};
use super::cluster::Cluster;
use super::follower::{Follower, Next};
use super::lease::{LeaseEvent, LeaseKeeper, LeaseSink, LeaseState, Wish};
use super::limits::{ANSWER_TIMEOUT, DRAIN_TIMEOUT, LOOK_PAUSE, RETRY_PAUSE};
use super::options::JetStreamOptions;
use super::order::{Order, Verdict};
use super::reads::{Reads, Tail, first_sequence, place_of};
use super::waiting::Waiting;
use super::writing::{self, Answer};
use crate::error::StoreError;
use crate::limits::{RECOVERED_OCTETS_MAX, RECOVERED_RECORDS_MAX};
use crate::recovery::{Damage, Recovery};
use crate::store::{EventSink, Group, Keep, ReadRequest, StoreEvent, StoredRecords};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What a store is asked.
pub(super) enum Command {
    Append(Group),
    Read(ReadRequest),
    Discard(u64),
    Compact(Keep),
    Take,
    Stop,
}

/// Everything a store knows.
pub(super) struct Driver {
    pub(super) cluster: Cluster,
    pub(super) reads: Rc<Reads>,
    commands: mpsc::UnboundedReceiver<Command>,
    leases: LeaseSink,
    lease: watch::Receiver<LeaseState>,
    wishes: mpsc::UnboundedSender<Wish>,
    keeper: JoinHandle<()>,
    /// What the stream says up to `place`.
    pub(super) order: Order,
    pub(super) place: u64,
    /// Places of messages that do not count.
    passed_over: BTreeSet<u64>,
    pub(super) waiting: Waiting,
    pub(super) under_way: usize,
    /// Since when somebody else may have the lease: a fence needs one that was renewed later.
    doubted: Option<Instant>,
    lease_time: Duration,
    /// Who this store tried to become and may be found to be.
    tried: Vec<u64>,
    /// Until when what is under way is waited for, once the store is being dropped.
    pub(super) stopping: Option<Instant>,
}

/// A fence under way.
struct Fence {
    header: Header,
    behind: u64,
    answer: Answer,
}

impl Driver {
    pub(super) fn new(
        cluster: Cluster,
        options: &JetStreamOptions,
        commands: mpsc::UnboundedReceiver<Command>,
        sink: EventSink,
        leases: LeaseSink,
    ) -> Self {
        let (state, lease) = watch::channel(LeaseState::Unknown);
        let (wishes, to_keeper) = mpsc::unbounded_channel();
        let keeper = LeaseKeeper {
            leases: cluster.leases.clone(),
            key: options.lease_key(),
            holder: options.holder.clone(),
            token: draw(),
            lease: options.lease,
            state,
            wishes: to_keeper,
            seen: None,
        };
        let keeper = spawn_local(keeper.run());
        let tail = Mutex::new(Tail::default());
        let reads = Rc::new(Reads { cluster: cluster.clone(), sink, tail });
        Self {
            cluster,
            reads,
            commands,
            leases,
            lease,
            wishes,
            keeper,
            order: Order::default(),
            place: 0,
            passed_over: BTreeSet::new(),
            waiting: Waiting::default(),
            under_way: options.under_way.max(1),
            doubted: None,
            lease_time: options.lease,
            tried: Vec::new(),
            stopping: None,
        }
    }

    /// Works until the store is dropped.
    pub(super) async fn run(mut self) {
        let mut follower = self.recover().await;
        while let Some(writer) = self.follow(follower.take()).await {
            self.write(writer).await;
            self.doubt();
            if self.is_done() {
                break;
            }
        }
        match self.wishes.send(Wish::GiveBack) {
            Ok(()) | Err(_) => {}
        }
        match timeout(ANSWER_TIMEOUT, &mut self.keeper).await {
            Ok(_) | Err(_) => {}
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.stopping.is_some_and(|end| self.waiting.is_empty() || Instant::now() >= end)
    }

    /// The lease's epoch while it is this store's.
    pub(super) fn epoch(&self) -> Option<u64> {
        self.lease.borrow().mine()
    }

    /// Somebody else may have the lease: it is renewed before anything is built on it.
    fn doubt(&mut self) {
        self.doubted = Some(Instant::now());
        match self.wishes.send(Wish::Renew) {
            Ok(()) | Err(_) => {}
        }
    }

    /// Whether the lease is this store's beyond doubt.
    fn may_begin(&self) -> bool {
        let LeaseState::Mine { until, .. } = *self.lease.borrow() else { return false };
        let renewed = until.checked_sub(self.lease_time);
        Instant::now() < until && self.doubted.is_none_or(|since| renewed >= Some(since))
    }

    /// Tells all that is in the stream at the start.
    async fn recover(&mut self) -> Option<Follower> {
        let (first, last) = loop {
            match self.cluster.ends().await {
                Ok(ends) => break ends,
                Err(_) if self.commands.is_closed() => return None,
                Err(_) => sleep(RETRY_PAUSE).await,
            }
        };
        self.place = first.saturating_sub(1);
        let mut follower = Follower::behind(self.place, self.cluster.clone());
        let mut records = StoredRecords::default();
        let mut damage = Vec::new();
        while self.place < last && !self.commands.is_closed() {
            let Ok(next) = timeout(ANSWER_TIMEOUT, follower.next.recv()).await else { continue };
            match next {
                None => return None,
                Some(Next::Gone(place)) => self.place = place,
                Some(Next::Message(place, message)) => {
                    self.judge(place, &message, &mut records, &mut damage);
                }
            }
            let held = &records.records;
            if held.len() >= RECOVERED_RECORDS_MAX || held.octets() >= RECOVERED_OCTETS_MAX {
                self.reads.tell(StoreEvent::Recovered(std::mem::take(&mut records)));
            }
        }
        if !records.sequences.is_empty() {
            self.reads.tell(StoreEvent::Recovered(records));
        }
        let end = first_sequence(self.place.saturating_add(1));
        let recovery = Recovery { sequences: first_sequence(first)..end, torn: None, damage };
        self.reads.tell(StoreEvent::RecoveryEnded(recovery));
        Some(follower)
    }

    /// Tells what others append until this store is found to write; `None` when it is being dropped.
    async fn follow(&mut self, follower: Option<Follower>) -> Option<u64> {
        let mut follower =
            follower.unwrap_or_else(|| Follower::behind(self.place, self.cluster.clone()));
        let mut fence: Option<Fence> = None;
        let mut again = Instant::now();
        let mut progress = Instant::now();
        self.tell_lease();
        loop {
            if self.is_done() {
                return None;
            }
            if self.may_begin() && fence.is_none() && Instant::now() >= again {
                fence = self.fence().await;
                again = after(RETRY_PAUSE);
                // A follower that hands over nothing while fences are refused is at fault.
                if progress.elapsed() > ANSWER_TIMEOUT {
                    follower = Follower::behind(self.place, self.cluster.clone());
                    progress = Instant::now();
                }
            }
            let is_behind = self.may_begin() && fence.is_none();
            let pause = if is_behind { again } else { after(LOOK_PAUSE) };
            tokio::select! {
                next = follower.next.recv() => {
                    progress = Instant::now();
                    if let Some(writer) = self.take_next(next?) {
                        return Some(writer);
                    }
                }
                command = self.commands.recv() => self.obey(command),
                answer = answer_of(&mut fence) => if let Some(sent) = fence.take()
                    && answer == Some(sent.behind.saturating_add(1))
                    && sent.behind == self.place
                {
                    self.place = sent.behind.saturating_add(1);
                    self.order.judge(&sent.header);
                    self.begun();
                    return Some(sent.header.writer);
                },
                Ok(()) = self.lease.changed() => self.tell_lease(),
                () = sleep_until(pause) => {}
            }
        }
    }

    /// Sends a fence that is stored only right behind what was read.
    async fn fence(&mut self) -> Option<Fence> {
        let epoch = self.epoch()?.max(self.order.epoch().saturating_add(1));
        let header = Header { kind: Kind::Fence, epoch, writer: draw(), number: 0 };
        let message = batch::encode(self.cluster.identity, header, std::iter::empty());
        let behind = self.place;
        self.tried.push(header.writer);
        let answer = writing::send(&self.cluster, header, behind, message.into()).await?;
        Some(Fence { header, behind, answer })
    }

    /// Takes in what the stream holds next; the writer that this store is now, if it is.
    fn take_next(&mut self, next: Next) -> Option<u64> {
        let (place, message) = match next {
            Next::Gone(place) => {
                self.place = self.place.max(place);
                return None;
            }
            Next::Message(place, _) if place <= self.place => return None,
            Next::Message(place, message) => (place, message),
        };
        let mut records = StoredRecords::default();
        let judged = self.judge(place, &message, &mut records, &mut Vec::new());
        match judged {
            Some((Verdict::Begins, header)) => {
                if self.tried.contains(&header.writer) && self.epoch().is_some() {
                    self.begun();
                    return Some(header.writer);
                }
                // Somebody else writes now, so what is under way will never count.
                self.waiting.send_again();
                self.doubt();
                if self.epoch().is_none() {
                    self.waiting.refuse_all(&self.reads);
                }
            }
            Some((Verdict::Counts, header)) => {
                let own = self.waiting.first_sent().is_some_and(|sent| {
                    (sent.writer, sent.number) == (header.writer, header.number)
                });
                if own {
                    self.waiting.stored(place, &self.reads);
                } else if !records.sequences.is_empty() {
                    self.reads.tell(StoreEvent::Followed(records));
                }
            }
            Some((Verdict::Ignored, _)) | None => {}
        }
        None
    }

    /// Judges the message at the next place and collects the records that count.
    fn judge(
        &mut self,
        place: u64,
        message: &Bytes,
        records: &mut StoredRecords,
        damage: &mut Vec<Damage>,
    ) -> Option<(Verdict, Header)> {
        self.place = place;
        let Some((header, held)) = batch::parse(self.cluster.identity, message) else {
            self.order.pass_damaged();
            let found = self.reads.damage(place, message);
            self.reads.tell(StoreEvent::Damaged(found.clone()));
            damage.push(found);
            return None;
        };
        let verdict = self.order.judge(&header);
        match verdict {
            Verdict::Counts => {
                for (record, sequence) in held.iter().zip(first_sequence(place)..) {
                    records.push(sequence, record);
                }
                self.reads.tail().keep(place, message.clone());
            }
            Verdict::Ignored => {
                self.passed_over.insert(place);
            }
            Verdict::Begins => {}
        }
        Some((verdict, header))
    }

    /// This store writes: what it had under way before and was not found is sent anew.
    fn begun(&mut self) {
        self.tried.clear();
        self.waiting.send_again();
        if let Some(epoch) = self.epoch() {
            (self.leases)(LeaseEvent::Mine { epoch });
        }
    }

    /// Tells who writes when this store does not, and answers what it can then not append.
    fn tell_lease(&mut self) {
        let state = self.lease.borrow_and_update().clone();
        if state.mine().is_some() {
            return;
        }
        self.waiting.refuse_all(&self.reads);
        match state {
            LeaseState::Others(holder) => (self.leases)(LeaseEvent::Others { holder }),
            LeaseState::Free | LeaseState::Mine { .. } => (self.leases)(LeaseEvent::Free),
            LeaseState::Unknown => {}
        }
    }

    /// Does what the store is asked.
    pub(super) fn obey(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Append(group)) if self.epoch().is_some() => {
                self.waiting.take(group, self.cluster.message_octets, &self.reads);
            }
            Some(Command::Append(group)) => {
                self.waiting.refuse(group.number, StoreError::NotWriter, &self.reads);
            }
            Some(Command::Read(request)) => {
                let reads = self.reads.clone();
                spawn_local(async move { reads.read(request).await });
            }
            Some(Command::Discard(sequence)) => {
                // The last message stays: it tells which writer's come next.
                let mut place = place_of(sequence).min(self.place);
                while self.passed_over.contains(&place) {
                    place = place.saturating_sub(1);
                }
                self.passed_over = self.passed_over.split_off(&place);
                let reads = self.reads.clone();
                spawn_local(async move { reads.discard(place).await });
            }
            Some(Command::Compact(keep)) => {
                let (reads, end) = (self.reads.clone(), self.place);
                let passed_over: Vec<u64> = self.passed_over.iter().copied().collect();
                spawn_local(async move { reads.compact(keep, end, &passed_over).await });
            }
            Some(Command::Take) => match self.wishes.send(Wish::Take) {
                Ok(()) | Err(_) => {}
            },
            Some(Command::Stop) | None => self.stopping = Some(after(DRAIN_TIMEOUT)),
        }
    }

    /// The next command; for the writer.
    pub(super) async fn next_command(&mut self) -> Option<Command> {
        self.commands.recv().await
    }

    /// A command that came already.
    pub(super) fn ready_command(&mut self) -> Option<Command> {
        self.commands.try_recv().ok()
    }
}

/// A number nobody else has.
fn draw() -> u64 {
    RandomState::new().hash_one((std::process::id(), std::time::SystemTime::now()))
}

fn after(pause: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(pause).unwrap_or(now)
}

/// The place of a fence that is under way; never, when there is none.
async fn answer_of(fence: &mut Option<Fence>) -> Option<u64> {
    match fence {
        Some(fence) => (&mut fence.answer).await,
        None => std::future::pending().await,
    }
}
