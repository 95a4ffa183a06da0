//! A lane its caller drives: nothing is allocated, copied or handed to another task for each parcel.

use super::{ClientError, Reading, lost};
use crate::limits::{CLIENT_DIRECT_CREDIT, READ_CHUNKS_MAX};
use crate::parcel::ParcelRef;
use crate::protocol::{ClientEvent, ClientLane, Read};
use bytes::{Buf, Bytes};
use quinn::{Connection, RecvStream, SendStream, VarInt};
use std::pin::pin;
use std::task::{Context, Poll};

/// A lane its caller drives. [`RelayClient::publish`](super::RelayClient::publish) tells each caller of its
/// own parcel; here one caller counts.
///
/// What is asked lies in one buffer until [`flush`](Self::flush) or [`read`](Self::read) writes it. Answers
/// come in [`read`](Self::read) and borrow what the network brought. Keep no more than
/// [`PUBLISHES_PENDING_MAX`](crate::limits::PUBLISHES_PENDING_MAX) publishes unanswered: beyond that the
/// relay reads no further. Datagrams are as long as what is in them: whoever watches the network sees how much is
/// said.
#[derive(Debug)]
pub struct DirectLane {
    session: ClientLane,
    send: SendStream,
    receive: RecvStream,
    connection: Connection,
    output: Bytes,
    /// Subscriptions, and the octets each has used since credit was given last.
    used: Vec<(u64, u32)>,
}

impl DirectLane {
    pub(super) fn new(
        session: ClientLane,
        (send, receive): (SendStream, RecvStream),
        connection: Connection,
    ) -> Self {
        Self { session, send, receive, connection, output: Bytes::new(), used: Vec::new() }
    }

    /// Publishes a parcel of the lane's precedence. Returns its number, which acknowledgements count by.
    pub fn publish(&mut self, parcel: ParcelRef<'_>) -> u64 {
        self.session.publish(parcel)
    }

    /// Says something to those who listen just then.
    pub fn live(&mut self, parcel: ParcelRef<'_>) {
        self.session.live(parcel);
    }

    /// Subscribes on this lane's precedence. Returns the number deliveries come under. Credit is given as
    /// they are read.
    pub fn subscribe(&mut self, reading: &Reading) -> u64 {
        let delegation = reading.delegation_octets();
        let read = Read { address: reading.address, delegation: &delegation };
        let cursor = reading.cursors.get(self.session.precedence());
        let number = self.session.subscribe(read, cursor, CLIENT_DIRECT_CREDIT);
        self.used.push((number, 0));
        number
    }

    /// Listens on this lane's precedence. Returns the number that is heard under.
    pub fn listen(&mut self, reading: &Reading) -> u64 {
        let delegation = reading.delegation_octets();
        self.session.listen(Read { address: reading.address, delegation: &delegation }, false)
    }

    /// Publishes that are not answered.
    #[must_use]
    pub const fn unanswered(&self) -> usize {
        self.session.publishes_pending()
    }

    /// Writes what was asked: returns when the connection has taken all of it. Cancelling loses nothing.
    ///
    /// # Errors
    /// [`ClientError`]: the lane or the connection is lost.
    pub async fn flush(&mut self) -> Result<(), ClientError> {
        std::future::poll_fn(|context| self.write(context)).await
    }

    /// Waits for answers and hands them over as they lie; also writes what was asked, as far as it goes.
    /// Returns how many there were. Cancelling loses nothing.
    ///
    /// # Errors
    /// [`ClientError`]: the lane or the connection is lost, or the relay does not keep to the protocol.
    pub async fn read(
        &mut self,
        mut take: impl FnMut(ClientEvent<'_>),
    ) -> Result<usize, ClientError> {
        std::future::poll_fn(|context| self.poll_read(context, &mut take)).await
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        take: &mut impl FnMut(ClientEvent<'_>),
    ) -> Poll<Result<usize, ClientError>> {
        loop {
            if let Poll::Ready(Err(error)) = self.write(context) {
                return Poll::Ready(Err(error));
            }
            let mut chunks: [Bytes; READ_CHUNKS_MAX] = std::array::from_fn(|_| Bytes::new());
            let count = match pin!(self.receive.read_chunks(&mut chunks)).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(Some(count))) => count,
                Poll::Ready(Ok(None)) => return Poll::Ready(Err(ClientError::LaneClosed)),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(lost(&self.connection))),
            };
            chunks.into_iter().take(count).for_each(|chunk| self.session.receive(chunk));
            let events = match self.take_events(take) {
                Ok(events) => events,
                Err(error) => return Poll::Ready(Err(error)),
            };
            if let Poll::Ready(Err(error)) = self.write(context) {
                return Poll::Ready(Err(error));
            }
            if events > 0 {
                return Poll::Ready(Ok(events));
            }
        }
    }

    fn take_events(
        &mut self,
        take: &mut impl FnMut(ClientEvent<'_>),
    ) -> Result<usize, ClientError> {
        let mut events = 0_usize;
        loop {
            match self.session.next_event() {
                Ok(Some(event)) => {
                    if let ClientEvent::Delivery { number, octets, .. } = event
                        && let Some((_, used)) = self.used.iter_mut().find(|one| one.0 == number)
                    {
                        *used = used.saturating_add(u32::try_from(octets).unwrap_or(u32::MAX));
                    }
                    take(event);
                    events = events.saturating_add(1);
                }
                Ok(None) => break,
                Err(error) => {
                    let code = VarInt::from_u32(error.close_code().code());
                    self.connection.close(code, error.to_string().as_bytes());
                    return Err(error.into());
                }
            }
        }
        for (number, used) in &mut self.used {
            if *used >= CLIENT_DIRECT_CREDIT / 4 {
                self.session.credit(*number, std::mem::take(used));
            }
        }
        Ok(events)
    }

    fn write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        loop {
            if self.output.is_empty() {
                if self.session.output_octets() == 0 {
                    return Poll::Ready(Ok(()));
                }
                self.output = Bytes::from(self.session.take_output());
            }
            let mut chunks = [self.output.clone()];
            match pin!(self.send.write_chunks(&mut chunks)).poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(written)) => {
                    self.output.advance(written.bytes.min(self.output.len()));
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Err(lost(&self.connection))),
            }
        }
    }
}
