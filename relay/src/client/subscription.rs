//! A subscription on a lane of its own.

use super::lane::read;
use super::{ClientError, Delivery, lost};
use crate::protocol::{ClientEvent, ClientSession, Read};
use quinn::{Connection, RecvStream, SendStream};

/// Parcels of one address as they come. Dropping it ends the subscription; dropping its
/// [`RelayClient`](super::RelayClient) does too, with an error.
///
/// Nothing is read ahead of [`Subscription::next`] beyond what the connection buffers: a slow reader
/// slows nobody but itself.
#[derive(Debug)]
pub struct Subscription {
    connection: Connection,
    session: ClientSession,
    /// Held open: the relay ends the subscription with it.
    _send: SendStream,
    receive: RecvStream,
    cursor: u64,
}

impl Subscription {
    pub(super) async fn open(
        connection: Connection,
        mut send: SendStream,
        receive: RecvStream,
        reading: Read,
    ) -> Result<Self, ClientError> {
        let cursor = reading.cursor;
        let mut session = ClientSession::lane();
        session.subscribe(reading);
        send.write_all(&session.take_output()).await.map_err(|_| lost(&connection))?;
        Ok(Self { connection, session, _send: send, receive, cursor })
    }

    /// The next parcel. Cancelling loses nothing: it comes with the next call.
    ///
    /// # Errors
    /// [`ClientError`]; after one of them the subscription is over. Subscribe again from
    /// [`Subscription::cursor`].
    pub async fn next(&mut self) -> Result<Delivery, ClientError> {
        loop {
            match self.session.next_event()? {
                Some(ClientEvent::Parcel { cursor, parcel, .. }) => {
                    self.cursor = cursor;
                    return Ok(Delivery { cursor, parcel });
                }
                Some(ClientEvent::Refused { reason, .. }) => {
                    return Err(ClientError::Refused(reason));
                }
                Some(ClientEvent::Ended { .. }) => return Err(ClientError::LaneClosed),
                Some(ClientEvent::Greeted { .. } | ClientEvent::Published { .. }) => {}
                None => read(&mut self.receive, &mut self.session, &self.connection).await?,
            }
        }
    }

    /// The cursor behind the last parcel given out.
    #[must_use]
    pub const fn cursor(&self) -> u64 {
        self.cursor
    }
}
