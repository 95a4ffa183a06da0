//! The task that does everything in its turn: tells what the stream holds, in its order, and appends to
//! it.

use super::batch::{self, Header};
use super::cluster::Cluster;
use super::follower::{Follower, Next};
use super::limits::{ANSWER_TIMEOUT, DRAIN_TIMEOUT, LOOK_PAUSE, RETRY_PAUSE, STUCK_TIMEOUT};
use super::options::JetStreamOptions;
use super::order::Order;
use super::probe::{Health, probe};
use super::reads::{Reads, Tail, first_sequence, place_of};
use super::saying;
use super::waiting::Waiting;
use super::writing::{UnderWay, answer_of};
use crate::error::StoreError;
use crate::limits::{RECOVERED_OCTETS_MAX, RECOVERED_RECORDS_MAX};
use crate::recovery::{Damage, Recovery};
use crate::store::{EventSink, Group, Keep, ReadRequest, StoreEvent, StoredRecords};
use bytes::Bytes;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, timeout};

/// What a store is asked.
pub(super) enum Command {
    Append(Group),
    Read(ReadRequest),
    Discard(u64),
    Compact(Keep),
    Stop,
}

/// Everything a store knows.
pub(super) struct Driver {
    cluster: Cluster,
    reads: Rc<Reads>,
    commands: mpsc::UnboundedReceiver<Command>,
    health: watch::Receiver<Health>,
    /// What the stream says up to `place`.
    order: Order,
    place: u64,
    /// Where it began to be read.
    first: u64,
    waiting: Waiting,
    /// This store's messages are this writer's.
    writer: u64,
    number: u64,
    under_way: Option<UnderWay>,
    patience: Duration,
    /// Since when nothing is taken, as the cluster does not answer.
    failed: Option<Instant>,
    /// When the follower handed over something last.
    progress: Instant,
    /// Until when what is under way is waited for, once the store is being dropped.
    stopping: Option<Instant>,
}

impl Driver {
    pub(super) fn new(
        cluster: Cluster,
        options: &JetStreamOptions,
        commands: mpsc::UnboundedReceiver<Command>,
        sink: EventSink,
    ) -> Self {
        let tail = Mutex::new(Tail::default());
        let reads = Rc::new(Reads { cluster: cluster.clone(), sink, tail });
        Self {
            health: probe(cluster.clone()),
            cluster,
            reads,
            commands,
            order: Order::default(),
            place: 0,
            first: 0,
            waiting: Waiting::default(),
            writer: draw(),
            number: 0,
            under_way: None,
            patience: options.patience,
            failed: None,
            progress: Instant::now(),
            stopping: None,
        }
    }

    /// Works until the store is dropped.
    pub(super) async fn run(mut self, said: mpsc::Receiver<Vec<u8>>) {
        spawn_local(saying::tell(self.cluster.clone(), self.writer, said));
        spawn_local(saying::hear(self.cluster.clone(), self.writer, self.reads.clone()));
        let Some(mut follower) = self.recover().await else { return };
        self.progress = Instant::now();
        while !self.is_done() {
            self.send().await;
            if self.is_stuck() {
                follower = Follower::behind(self.place, self.cluster.clone());
                self.progress = Instant::now();
            }
            tokio::select! {
                next = follower.next.recv() => match next {
                    Some(next) => self.take_next(next),
                    None => return,
                },
                command = self.commands.recv() => self.obey(command),
                place = answer_of(&mut self.under_way) => self.answered(place),
                Ok(()) = self.health.changed() => self.look_at_health(),
                () = sleep(LOOK_PAUSE) => {}
            }
        }
    }

    fn is_done(&self) -> bool {
        self.stopping.is_some_and(|end| self.waiting.is_empty() || Instant::now() >= end)
    }

    /// Whether the cluster says that a message is stored, and the follower does not bring it.
    fn is_stuck(&self) -> bool {
        let is_stored = self.under_way.as_ref().is_some_and(|sent| sent.stored_at.is_some());
        is_stored && self.progress.elapsed() > STUCK_TIMEOUT
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
        self.first = first;
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
        let recovery = Recovery { sequences: self.sequences(), torn: None, damage };
        self.reads.tell(StoreEvent::RecoveryEnded(recovery));
        Some(follower)
    }

    fn sequences(&self) -> std::ops::Range<u64> {
        first_sequence(self.first)..first_sequence(self.place.saturating_add(1))
    }

    /// Sends what is to be sent: one message at a time.
    async fn send(&mut self) {
        if let Some(sent) = &mut self.under_way {
            if Instant::now() < sent.give_up || (sent.stored_at.is_some() && self.failed.is_none())
            {
                return sent.send(&self.cluster).await;
            }
            self.give_up();
        }
        while self.failed.is_none() && self.waiting.pack(self.cluster.message_octets) {
            if self.waiting.sent_records().next().is_none() {
                self.waiting.stored(self.place.saturating_add(1), &self.reads);
                continue;
            }
            self.number = self.number.saturating_add(1);
            let header = Header { writer: self.writer, number: self.number };
            let identity = self.cluster.identity;
            let message = batch::encode(identity, header, self.waiting.sent_records());
            let mut sent = UnderWay::new(header, message.into(), after(self.patience));
            sent.send(&self.cluster).await;
            self.under_way = Some(sent);
            return;
        }
    }

    /// Answers as failed what the cluster did not store in time. It may do so later: then it is told like
    /// anybody's.
    fn give_up(&mut self) {
        self.under_way = None;
        self.waiting.give_up(&self.reads);
        self.fail();
    }

    fn fail(&mut self) {
        if self.failed.is_none() {
            self.reads.tell(StoreEvent::Failed { error: StoreError::Unanswered });
        }
        self.failed = Some(Instant::now());
    }

    /// The cluster says where the message under way is. Right behind all that was read, that is enough; else
    /// the follower comes to it.
    fn answered(&mut self, place: Option<u64>) {
        let next = self.place.saturating_add(1);
        match place {
            Some(place) if place == next => {
                let Some(sent) = self.under_way.take() else { return };
                self.place = next;
                self.order.counts(&sent.header);
                self.reads.tail().keep(next, sent.message);
                self.waiting.stored(next, &self.reads);
            }
            // It was passed already, so it did not verify there.
            Some(place) if place < next => self.give_up(),
            Some(_) | None => {}
        }
    }

    /// Takes in what the stream holds next.
    fn take_next(&mut self, next: Next) {
        self.progress = Instant::now();
        let (place, message) = match next {
            Next::Gone(place) => {
                self.place = self.place.max(place);
                return;
            }
            Next::Message(place, _) if place <= self.place => return,
            Next::Message(place, message) => (place, message),
        };
        let mut records = StoredRecords::default();
        let header = self.judge(place, &message, &mut records, &mut Vec::new());
        if self.under_way.as_ref().is_some_and(|sent| Some(sent.header) == header) {
            self.under_way = None;
            self.waiting.stored(place, &self.reads);
        } else if header.is_some() {
            self.reads.tell(StoreEvent::Followed(records));
        }
    }

    /// Judges the message at the next place and collects its records; its header when it counts.
    fn judge(
        &mut self,
        place: u64,
        message: &Bytes,
        records: &mut StoredRecords,
        damage: &mut Vec<Damage>,
    ) -> Option<Header> {
        self.place = place;
        let Some((header, held)) = batch::parse(self.cluster.identity, message) else {
            let found = self.reads.damage(place, message);
            self.reads.tell(StoreEvent::Damaged(found.clone()));
            damage.push(found);
            return None;
        };
        if !self.order.counts(&header) {
            return None;
        }
        for (record, sequence) in held.iter().zip(first_sequence(place)..) {
            records.push(sequence, record);
        }
        self.reads.tail().keep(place, message.clone());
        Some(header)
    }

    /// Takes nothing while the cluster is silent, and goes on when it answers again.
    fn look_at_health(&mut self) {
        let Health { is_well, since } = *self.health.borrow_and_update();
        match self.failed {
            None if !is_well => self.fail(),
            Some(failed) if is_well && since > failed => {
                self.failed = None;
                let sequences = self.sequences();
                let recovery = Recovery { sequences, torn: None, damage: Vec::new() };
                self.reads.tell(StoreEvent::WorksAgain(recovery));
            }
            None | Some(_) => {}
        }
    }

    /// Does what the store is asked.
    fn obey(&mut self, command: Option<Command>) {
        let reads = self.reads.clone();
        match command {
            Some(Command::Append(group)) if self.failed.is_none() => {
                self.waiting.take(group, self.cluster.message_octets, &reads);
            }
            Some(Command::Append(group)) => {
                self.waiting.refuse(group.number, StoreError::Unanswered, &reads);
            }
            Some(Command::Read(request)) => {
                spawn_local(async move { reads.read(request).await });
            }
            Some(Command::Discard(sequence)) => {
                let place = place_of(sequence).min(self.place);
                spawn_local(async move { reads.discard(place).await });
            }
            Some(Command::Compact(keep)) => {
                let end = self.place;
                spawn_local(async move { reads.compact(keep, end).await });
            }
            Some(Command::Stop) | None => {
                self.stopping.get_or_insert_with(|| after(DRAIN_TIMEOUT));
            }
        }
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
