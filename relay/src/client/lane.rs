//! A lane that publishes and fetches, and the task that drives it.

use super::{Ack, ClientError, Delivery, Page, lost};
use crate::limits::{PUBLISHES_PENDING_MAX, READ_OCTETS};
use crate::parcel::Parcel;
use crate::protocol::{ClientEvent, ClientSession, Read};
use bytes::{Buf, Bytes};
use quinn::{Connection, RecvStream, SendStream, VarInt};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, oneshot};

/// What a lane is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    Publish { parcel: Parcel, answer: oneshot::Sender<Result<Ack, ClientError>> },
    Fetch { read: Read, limit: u16, answer: oneshot::Sender<Result<Page, ClientError>> },
}

/// Who waits for a request's answer.
enum Waiting {
    Publish(oneshot::Sender<Result<Ack, ClientError>>),
    Fetch(Vec<Delivery>, oneshot::Sender<Result<Page, ClientError>>),
}

pub(super) struct Lane {
    session: ClientSession,
    send: SendStream,
    receive: RecvStream,
    connection: Connection,
    commands: mpsc::Receiver<Command>,
    waiting: BTreeMap<u64, Waiting>,
    unwritten: Bytes,
}

impl Lane {
    pub(super) fn new(
        session: ClientSession,
        send: SendStream,
        receive: RecvStream,
        connection: Connection,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        let (waiting, unwritten) = (BTreeMap::new(), Bytes::new());
        Self { session, send, receive, connection, commands, waiting, unwritten }
    }

    /// Drives the lane until nobody can ask it any more and everything is answered, or until the
    /// connection is lost: then whoever waits learns it from the dropped answer.
    pub(super) async fn run(mut self) {
        let mut is_open = true;
        while is_open || !self.waiting.is_empty() {
            match self.step(is_open).await {
                Ok(still_open) => is_open = still_open,
                Err(ClientError::Misbehaved(error)) => {
                    let code = VarInt::from_u32(error.close_code().code());
                    self.connection.close(code, error.to_string().as_bytes());
                    self.waiting.into_values().for_each(|waiting| {
                        waiting.fail(ClientError::Misbehaved(error));
                    });
                    return;
                }
                Err(_) => return,
            }
        }
    }

    async fn step(&mut self, is_open: bool) -> Result<bool, ClientError> {
        if self.unwritten.is_empty() {
            self.unwritten = Bytes::from(self.session.take_output());
        }
        // As many as the relay takes before it stops reading; and while earlier ones cannot be
        // written, more would only wait here instead of there.
        let takes_more = is_open
            && self.unwritten.is_empty()
            && self.session.publishes_pending() < PUBLISHES_PENDING_MAX;
        tokio::select! {
            written = self.send.write(&self.unwritten), if !self.unwritten.is_empty() => {
                let octets = written.map_err(|_| lost(&self.connection))?;
                self.unwritten.advance(octets);
            }
            command = self.commands.recv(), if takes_more => match command {
                Some(command) => {
                    self.ask(command);
                    // Those that wait already leave with it.
                    while self.session.publishes_pending() < PUBLISHES_PENDING_MAX
                        && let Ok(command) = self.commands.try_recv()
                    {
                        self.ask(command);
                    }
                }
                None => return Ok(false),
            },
            result = read(&mut self.receive, &mut self.session, &self.connection) => {
                result?;
                while let Some(event) = self.session.next_event()? {
                    self.take(event);
                }
            }
        }
        Ok(is_open)
    }

    fn ask(&mut self, command: Command) {
        let (number, waiting) = match command {
            Command::Publish { parcel, answer } => {
                (self.session.publish(parcel), Waiting::Publish(answer))
            }
            Command::Fetch { read, limit, answer } => {
                (self.session.fetch(read, limit), Waiting::Fetch(Vec::new(), answer))
            }
        };
        self.waiting.insert(number, waiting);
    }

    /// Passes an answer on. Whoever asked may have stopped waiting: that is no error.
    fn take(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Published { number } => {
                if let Some(Waiting::Publish(answer)) = self.waiting.remove(&number) {
                    drop(answer.send(Ok(Ack)));
                }
            }
            ClientEvent::Refused { number, reason } => {
                if let Some(waiting) = self.waiting.remove(&number) {
                    waiting.fail(ClientError::Refused(reason));
                }
            }
            ClientEvent::Parcel { number, cursor, parcel } => {
                if let Some(Waiting::Fetch(deliveries, _)) = self.waiting.get_mut(&number) {
                    deliveries.push(Delivery { cursor, parcel });
                }
            }
            ClientEvent::Ended { number, cursor, more } => {
                if let Some(Waiting::Fetch(deliveries, answer)) = self.waiting.remove(&number) {
                    drop(answer.send(Ok(Page { deliveries, cursor, more })));
                }
            }
            ClientEvent::Greeted { .. } => {}
        }
    }
}

impl Waiting {
    fn fail(self, error: ClientError) {
        match self {
            Self::Publish(answer) => drop(answer.send(Err(error))),
            Self::Fetch(_, answer) => drop(answer.send(Err(error))),
        }
    }
}

/// Hands the session the next octets of the lane. Cancelling loses nothing.
pub(super) async fn read(
    receive: &mut RecvStream,
    session: &mut ClientSession,
    connection: &Connection,
) -> Result<(), ClientError> {
    match receive.read_chunk(READ_OCTETS, true).await {
        Ok(Some(chunk)) => {
            session.receive(&chunk.bytes);
            Ok(())
        }
        Ok(None) => Err(ClientError::LaneClosed),
        Err(_) => Err(lost(connection)),
    }
}
