//! A lane, the task that drives it, and who waits for its answers.

use super::filling::fill;
use super::subscription::Inbox;
use super::{Ack, ClientError, Delivery, lost};
use crate::address::Address;
use crate::limits::{CLIENT_OUTPUT_OCTETS_MAX, CLIENT_PENDING_MAX, READ_CHUNKS_MAX};
use crate::parcel::Parcel;
use crate::protocol::{ClientEvent, ClientLane, Given, SessionError};
use bytes::{Buf, Bytes};
use quinn::{Connection, RecvStream, SendStream, VarInt};
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::sync::{Notify, oneshot};

/// A lane as its users share it.
#[derive(Debug)]
pub(super) struct Lane {
    state: Mutex<LaneState>,
    /// Told when there is room for more publishes.
    pub(super) room: Notify,
}

#[derive(Debug)]
pub(super) struct LaneState {
    pub(super) session: ClientLane,
    /// Publishes in order, and who waits for each.
    pub(super) publishes: VecDeque<(u64, oneshot::Sender<Result<Ack, ClientError>>)>,
    pub(super) reads: BTreeMap<u64, Waiting>,
    driver: Option<Waker>,
    pub(super) is_closed: bool,
}

/// Who waits for what a read brings.
#[derive(Debug)]
pub(super) enum Waiting {
    Fetch(Address, Vec<Delivery>, oneshot::Sender<Result<FetchEnd, ClientError>>),
    Inbox(Address, Arc<Inbox>),
}

/// What a fetch on one lane brought.
#[derive(Debug)]
pub(super) struct FetchEnd {
    pub(super) deliveries: Vec<Delivery>,
    pub(super) cursor: u64,
    pub(super) more: bool,
}

impl Lane {
    pub(super) fn start(
        session: ClientLane,
        send: SendStream,
        receive: RecvStream,
        connection: Connection,
    ) -> Arc<Self> {
        let state = LaneState {
            session,
            publishes: VecDeque::new(),
            reads: BTreeMap::new(),
            driver: None,
            is_closed: false,
        };
        let lane = Arc::new(Self { state: Mutex::new(state), room: Notify::new() });
        let mut driver =
            Driver { lane: Arc::clone(&lane), send, receive, connection, output: Bytes::new() };
        tokio::spawn(async move {
            let error = std::future::poll_fn(|context| driver.poll(context)).await;
            driver.end(&error);
        });
        lane
    }

    /// A panic elsewhere is no reason to stop.
    pub(super) fn state(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks something; the driver writes it with whatever else was asked meanwhile.
    pub(super) fn ask<R>(&self, ask: impl FnOnce(&mut LaneState) -> R) -> R {
        let mut state = self.state();
        let answer = ask(&mut state);
        if let Some(driver) = state.driver.take() {
            driver.wake();
        }
        answer
    }
}

impl LaneState {
    pub(super) fn has_room(&self) -> bool {
        self.session.publishes_pending() < CLIENT_PENDING_MAX
            && self.session.output_octets() < CLIENT_OUTPUT_OCTETS_MAX
    }

    /// Gives what was heard to who listens.
    pub(super) fn hear(&self, number: u64, given: &Given<'_>) {
        hear(&self.reads, number, given);
    }
}

struct Driver {
    lane: Arc<Lane>,
    send: SendStream,
    receive: RecvStream,
    connection: Connection,
    output: Bytes,
}

impl Driver {
    /// Writes and reads as far as it goes; ready when the lane is over.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ClientError> {
        loop {
            if self.output.is_empty() {
                let mut state = self.lane.state();
                state.driver = Some(context.waker().clone());
                self.output = Bytes::from(state.session.take_output());
                drop(state);
                if !self.output.is_empty() {
                    fill(&self.connection, self.output.len());
                    self.lane.room.notify_waiters();
                }
            }
            let mut has_written = false;
            if !self.output.is_empty() {
                let mut chunks = [self.output.clone()];
                match pin!(self.send.write_chunks(&mut chunks)).poll(context) {
                    Poll::Ready(Ok(written)) => {
                        self.output.advance(written.bytes.min(self.output.len()));
                        has_written = true;
                    }
                    Poll::Ready(Err(_)) => return Poll::Ready(lost(&self.connection)),
                    Poll::Pending => {}
                }
            }
            let mut chunks: [Bytes; READ_CHUNKS_MAX] = std::array::from_fn(|_| Bytes::new());
            let read = pin!(self.receive.read_chunks(&mut chunks)).poll(context);
            match read {
                Poll::Ready(Ok(Some(count))) => {
                    if let Err(error) = self.take(chunks.into_iter().take(count)) {
                        return Poll::Ready(error);
                    }
                }
                Poll::Ready(Ok(None)) => {
                    let ended = self.lane.state().session.end();
                    return Poll::Ready(match ended {
                        Ok(()) => ClientError::LaneClosed,
                        Err(error) => self.misbehaved(error),
                    });
                }
                Poll::Ready(Err(_)) => return Poll::Ready(lost(&self.connection)),
                Poll::Pending if !has_written => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }

    fn take(&self, chunks: impl Iterator<Item = Bytes>) -> Result<(), ClientError> {
        let mut state = self.lane.state();
        let LaneState { session, publishes, reads, .. } = &mut *state;
        chunks.for_each(|chunk| session.receive(chunk));
        loop {
            match session.next_event() {
                Ok(Some(event)) => take_event(event, publishes, reads),
                Ok(None) => break,
                Err(error) => return Err(self.misbehaved(error)),
            }
        }
        drop(state);
        self.lane.room.notify_waiters();
        Ok(())
    }

    fn misbehaved(&self, error: SessionError) -> ClientError {
        let code = VarInt::from_u32(error.close_code().code());
        self.connection.close(code, error.to_string().as_bytes());
        error.into()
    }

    fn end(&self, error: &ClientError) {
        let mut state = self.lane.state();
        state.is_closed = true;
        state.publishes.clear();
        for (_, waiting) in std::mem::take(&mut state.reads) {
            if let Waiting::Inbox(_, inbox) = waiting {
                inbox.fail(again(error, &self.connection));
            }
        }
        drop(state);
        self.lane.room.notify_waiters();
    }
}

/// The same error once more.
fn again(error: &ClientError, connection: &Connection) -> ClientError {
    match error {
        ClientError::Misbehaved(error) => ClientError::Misbehaved(*error),
        _ => lost(connection),
    }
}

/// Passes an answer on. Whoever asked may have stopped waiting: that is no error.
fn take_event(
    event: ClientEvent<'_>,
    publishes: &mut VecDeque<(u64, oneshot::Sender<Result<Ack, ClientError>>)>,
    reads: &mut BTreeMap<u64, Waiting>,
) {
    match event {
        ClientEvent::Acknowledged { number } => {
            while publishes.front().is_some_and(|(first, _)| *first <= number) {
                if let Some((_, answer)) = publishes.pop_front() {
                    drop(answer.send(Ok(Ack)));
                }
            }
        }
        ClientEvent::Refused { number, reason } => {
            if let Ok(index) = publishes.binary_search_by_key(&number, |(number, _)| *number) {
                if let Some((_, answer)) = publishes.remove(index) {
                    drop(answer.send(Err(ClientError::Refused(reason))));
                }
                return;
            }
            match reads.remove(&number) {
                Some(Waiting::Fetch(_, _, answer)) => {
                    drop(answer.send(Err(ClientError::Refused(reason))));
                }
                Some(Waiting::Inbox(_, inbox)) => inbox.fail(ClientError::Refused(reason)),
                None => {}
            }
        }
        ClientEvent::Delivery { number, cursor, octets, given } => match reads.get_mut(&number) {
            Some(Waiting::Fetch(address, deliveries, _)) => {
                deliveries.extend(delivery(*address, cursor, &given));
            }
            Some(Waiting::Inbox(address, inbox)) => {
                if let Some(delivery) = delivery(*address, cursor, &given) {
                    inbox.push(delivery, octets);
                }
            }
            None => {}
        },
        ClientEvent::Heard { number, given } => hear(reads, number, &given),
        ClientEvent::Ended { number, cursor, more } => match reads.remove(&number) {
            Some(Waiting::Fetch(_, deliveries, answer)) => {
                drop(answer.send(Ok(FetchEnd { deliveries, cursor, more })));
            }
            Some(Waiting::Inbox(_, inbox)) => inbox.fail(ClientError::LaneClosed),
            None => {}
        },
    }
}

fn hear(reads: &BTreeMap<u64, Waiting>, number: u64, given: &Given<'_>) {
    if let Some(Waiting::Inbox(address, inbox)) = reads.get(&number)
        && let Some(delivery) = delivery(*address, 0, given)
    {
        inbox.push_live(delivery);
    }
}

fn delivery(address: Address, cursor: u64, given: &Given<'_>) -> Option<Delivery> {
    let envelope = given.envelope.to_vec();
    let parcel = Parcel::new(address, given.precedence, given.expiry_seconds, envelope).ok()?;
    Some(Delivery { cursor, parcel })
}
