//! One lane: the session between a stream, the store and the subscriptions.

use super::reading::Reading;
use super::store::{Answer, PublishJob};
use super::{Shared, drained};
use crate::key::TransportKey;
use crate::limits::{OUTPUT_OCTETS_MAX, PUBLISHES_PENDING_MAX, READ_OCTETS};
use crate::protocol::{Reason, RelaySession, Request, SessionError};
use bytes::{Buf, Bytes};
use chappe_codec::error::{DecodeError, ErrorKind};
use quinn::{RecvStream, SendStream};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

pub(super) struct Lane {
    session: RelaySession,
    send: SendStream,
    receive: RecvStream,
    shared: Arc<Shared>,
    reading: Reading,
    /// A publish for which the store's queue had no room yet.
    forward: Option<PublishJob>,
    answers: (mpsc::Sender<Answer>, mpsc::Receiver<Answer>),
    unwritten: Bytes,
    /// Whether the session needs octets to go on.
    is_starved: bool,
    input_ended: bool,
}

impl Lane {
    pub(super) fn new(
        session: RelaySession,
        send: SendStream,
        receive: RecvStream,
        client: TransportKey,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            session,
            send,
            receive,
            reading: Reading::new(client, Arc::clone(&shared)),
            shared,
            forward: None,
            answers: mpsc::channel(PUBLISHES_PENDING_MAX),
            unwritten: Bytes::new(),
            is_starved: false,
            input_ended: false,
        }
    }

    /// Serves the lane until both ends are done with it.
    ///
    /// # Errors
    /// The client sent what it must not: the whole connection is to be closed. A stream that fails is
    /// no error; its client is gone.
    pub(super) async fn run(
        mut self,
        mut drain: watch::Receiver<bool>,
    ) -> Result<(), SessionError> {
        let result = self.serve(&mut drain).await;
        self.reading.close_all().await;
        if result.is_ok() && self.send.finish().is_ok() {
            // So that the last answers leave before the connection is closed.
            drop(self.send.stopped().await);
        }
        result
    }

    async fn serve(&mut self, drain: &mut watch::Receiver<bool>) -> Result<(), SessionError> {
        while !self.step(drain).await? {}
        Ok(())
    }

    /// Does whatever comes next. `Ok(true)`: the lane is over.
    async fn step(&mut self, drain: &mut watch::Receiver<bool>) -> Result<bool, SessionError> {
        self.take_requests()?;
        if self.has_room() {
            self.reading.start_page();
        }
        if self.unwritten.is_empty() {
            self.unwritten = Bytes::from(self.session.take_output());
        }
        if self.is_done() {
            return Ok(true);
        }
        let has_room = self.has_room();
        let reads_input =
            self.is_starved && !self.input_ended && self.forward.is_none() && has_room;
        let shared = Arc::clone(&self.shared);
        let queue = self.forward.as_ref().map(|job| shared.store.queue(job.parcel.precedence));
        tokio::select! {
            written = self.send.write(&self.unwritten), if !self.unwritten.is_empty() => {
                let Ok(octets) = written else { return Ok(true) };
                self.unwritten.advance(octets);
            }
            chunk = self.receive.read_chunk(READ_OCTETS, true), if reads_input => match chunk {
                Ok(Some(chunk)) => {
                    self.session.receive(&chunk.bytes);
                    self.is_starved = false;
                }
                Ok(None) => self.end_input()?,
                Err(_) => return Ok(true),
            },
            Some(Ok(permit)) = reserve(queue) => {
                if let Some(job) = self.forward.take() {
                    permit.send(job);
                }
            }
            Some((number, outcome)) = self.answers.1.recv() => {
                self.session.published(number, outcome);
                while let Ok((number, outcome)) = self.answers.1.try_recv() {
                    self.session.published(number, outcome);
                }
            }
            happened = self.reading.next(&shared.store.reads, has_room) => {
                self.reading.take(happened, &mut self.session);
            }
            () = drained(drain), if !self.input_ended => {
                self.input_ended = true;
                self.reading.end_subscriptions(&mut self.session);
            }
        }
        Ok(false)
    }

    /// Takes up what the session has parsed, as long as nothing holds it back.
    fn take_requests(&mut self) -> Result<(), SessionError> {
        while self.forward.is_none() && !self.reading.has_fetch() && self.has_room() {
            match self.session.next_request()? {
                Some(Request::Publish { number, parcel }) => {
                    let answer = self.answers.0.clone();
                    let job = PublishJob { parcel, number, answer, received: Instant::now() };
                    self.enqueue(job);
                }
                Some(Request::Fetch { number, read, limit }) => {
                    self.reading.fetch(number, read, limit, &mut self.session);
                }
                Some(Request::Subscribe { number, read }) => {
                    self.reading.subscribe(number, read, &mut self.session);
                }
                Some(Request::Unsubscribe { number }) => {
                    self.reading.unsubscribe(number, &mut self.session);
                }
                None => {
                    // At the limit of open publishes it is answers that are needed, not octets.
                    self.is_starved = self.session.publishes_pending() < PUBLISHES_PENDING_MAX;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Hands a publish to the store, or keeps it until there is room.
    fn enqueue(&mut self, job: PublishJob) {
        match self.shared.store.queue(job.parcel.precedence).try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => self.forward = Some(job),
            Err(TrySendError::Closed(job)) => {
                self.session.published(job.number, Err(Reason::TryLater));
            }
        }
    }

    /// spec/06-relay.md, "Lanes": "the relay answers what it was asked, ends subscriptions and then
    /// its own half".
    fn end_input(&mut self) -> Result<(), SessionError> {
        self.input_ended = true;
        if self.session.has_input() {
            let error = DecodeError::at_octet(ErrorKind::Truncated, "message", 0);
            return Err(SessionError::Malformed(error));
        }
        self.reading.end_subscriptions(&mut self.session);
        Ok(())
    }

    /// Whether the client reads fast enough for more.
    fn has_room(&self) -> bool {
        let waiting = self.unwritten.len().saturating_add(self.session.output_octets());
        waiting < OUTPUT_OCTETS_MAX
    }

    fn is_done(&self) -> bool {
        self.input_ended
            && self.forward.is_none()
            && self.session.publishes_pending() == 0
            && self.reading.is_idle()
            && self.unwritten.is_empty()
    }
}

/// Room in a queue; never, without one.
async fn reserve(
    queue: Option<&mpsc::Sender<PublishJob>>,
) -> Option<Result<mpsc::Permit<'_, PublishJob>, mpsc::error::SendError<()>>> {
    match queue {
        Some(queue) => Some(queue.reserve().await),
        None => std::future::pending().await,
    }
}
