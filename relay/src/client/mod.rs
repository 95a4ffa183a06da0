//! The client: one connection to one relay.
//!
//! Each precedence publishes on a lane of its own, fetches share one, and each subscription has its
//! own, so that none waits for another. Connecting again after a loss is the caller's business: it
//! knows what it still has to send. [`ClientError::is_temporary`] says whether that makes sense.

mod error;
mod lane;
mod subscription;

pub use error::ClientError;
pub use subscription::Subscription;

use crate::address::Address;
use crate::delegation::Delegation;
use crate::key::{TransportKey, TransportSecret};
use crate::limits::{CLIENT_QUEUE_MAX, CONNECT_WAIT};
use crate::parcel::Parcel;
use crate::protocol::{ClientEvent, ClientSession, CloseCode, Read};
use crate::quic;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use lane::{Command, Lane};
use quinn::{Connection, Endpoint, RecvStream, SendStream, VarInt};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::sync::{Mutex, mpsc, oneshot};

/// A connection to a relay that has answered the hello. Dropping it closes the connection: its
/// subscriptions and whatever else is under way end with an error. The relay learns of it as long as
/// the runtime goes on; to be sure of that, await [`RelayClient::close`].
#[derive(Debug)]
pub struct RelayClient {
    endpoint: Endpoint,
    connection: Connection,
    log: u64,
    fetches: mpsc::Sender<Command>,
    publishes: Mutex<Publishing>,
}

/// The lanes for publishing, opened when they are first needed.
#[derive(Debug, Default)]
struct Publishing {
    flash: Option<mpsc::Sender<Command>>,
    immediate: Option<mpsc::Sender<Command>>,
    priority: Option<mpsc::Sender<Command>>,
    routine: Option<mpsc::Sender<Command>>,
}

/// The relay's word that a parcel is on durable storage there. It is not a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The mailbox or topic.
    pub address: Address,
    /// Where to begin: the cursor of the last parcel that was dealt with; 0 is before everything.
    pub cursor: u64,
    /// Leave to read somebody else's mailbox.
    pub delegation: Option<Delegation>,
}

impl Reading {
    /// Everything at an address one may read oneself.
    #[must_use]
    pub const fn all(address: Address) -> Self {
        Self { address, cursor: 0, delegation: None }
    }

    fn into_read(self) -> Read {
        let delegation = self.delegation.map_or_else(Vec::new, |delegation| delegation.to_bytes());
        Read { address: self.address, cursor: self.cursor, delegation }
    }
}

/// A parcel that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The cursor behind it: reading from here on gives what came later.
    pub cursor: u64,
    /// The parcel.
    pub parcel: Parcel,
}

/// What a fetch gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The parcels, in the order the relay stored them.
    pub deliveries: Vec<Delivery>,
    /// The cursor to go on from.
    pub cursor: u64,
    /// Whether something is left.
    pub more: bool,
}

impl RelayClient {
    /// Connects to the relay at `address` that holds the key `relay`, shows the own transport key and
    /// says hello. Returns when the relay has answered: only then the connection counts.
    ///
    /// # Errors
    /// [`ClientError`]: among others the relay shows another key, does not admit this one, speaks in
    /// another realm, or does not answer.
    pub async fn connect(
        address: SocketAddr,
        relay: TransportKey,
        own: &TransportSecret,
        realm: Realm,
    ) -> Result<Self, ClientError> {
        let config = quic::client_config(own, relay).map_err(ClientError::Setup)?;
        let any: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let endpoint = Endpoint::client(any).map_err(ClientError::Socket)?;
        // spec/06-relay.md: "The server name in the handshake has no meaning".
        let connecting = endpoint
            .connect_with(config, address, "relay")
            .map_err(|error| ClientError::Setup(error.into()))?;
        let greeted = async {
            let connection = connecting.await?;
            let (log, lane) = greet(&connection, realm).await?;
            Ok::<_, ClientError>((connection, log, lane))
        };
        let greeted = tokio::time::timeout(CONNECT_WAIT, greeted).await;
        let (connection, log, lane) = greeted.map_err(|_| ClientError::NoAnswer)??;
        let fetches = start(lane, &connection);
        Ok(Self { endpoint, connection, log, fetches, publishes: Mutex::default() })
    }

    /// The name of the relay's log. Cursors remembered under another name have lost their meaning:
    /// begin again at 0.
    #[must_use]
    pub const fn log_name(&self) -> u64 {
        self.log
    }

    /// Publishes a parcel; returns when the relay has it on durable storage.
    ///
    /// # Errors
    /// [`ClientError`]. Whether the relay has the parcel is then unknown; publishing it again does no
    /// harm, since it keeps no duplicates.
    pub async fn publish(&self, parcel: Parcel) -> Result<Ack, ClientError> {
        self.start_publish(parcel).await?.wait().await
    }

    /// Publishes a parcel without waiting for the answer: many of these under way share one sync.
    /// Returns when the lane has taken it.
    ///
    /// # Errors
    /// [`ClientError`]: the connection is lost, or [`ClientError::NoFreeLane`].
    pub async fn start_publish(&self, parcel: Parcel) -> Result<PendingAck, ClientError> {
        let lane = self.publishing_lane(parcel.precedence).await?;
        let (answer, pending) = oneshot::channel();
        self.send(&lane, Command::Publish { parcel, answer }).await?;
        Ok(PendingAck { pending, connection: self.connection.clone() })
    }

    async fn publishing_lane(
        &self,
        precedence: Precedence,
    ) -> Result<mpsc::Sender<Command>, ClientError> {
        let mut lanes = self.publishes.lock().await;
        let (lane, urgency) = match precedence {
            Precedence::Flash => (&mut lanes.flash, 3),
            Precedence::Immediate => (&mut lanes.immediate, 2),
            Precedence::Priority => (&mut lanes.priority, 1),
            Precedence::Routine => (&mut lanes.routine, 0),
        };
        if let Some(lane) = lane {
            return Ok(lane.clone());
        }
        let (send, receive) = self.open_lane().await?;
        // What is urgent leaves first when the link is full. A stream that failed says so when it is
        // written to.
        drop(send.set_priority(urgency));
        let opened = start((ClientSession::lane(), send, receive), &self.connection);
        *lane = Some(opened.clone());
        Ok(opened)
    }

    /// Fetches at most `limit` (1 to 256) parcels stored after the cursor.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Refused`] when the relay does not let this key read there.
    pub async fn fetch(&self, reading: Reading, limit: u16) -> Result<Page, ClientError> {
        let (answer, pending) = oneshot::channel();
        let command = Command::Fetch { read: reading.into_read(), limit, answer };
        self.send(&self.fetches, command).await?;
        pending.await.map_err(|_| lost(&self.connection))?
    }

    /// Subscribes: everything stored after the cursor, then each new parcel as it comes. Hold no more
    /// than [`CLIENT_SUBSCRIPTIONS_MAX`](crate::limits::CLIENT_SUBSCRIPTIONS_MAX) at a time, so that
    /// publishing has its lanes.
    ///
    /// # Errors
    /// [`ClientError`]: the connection is lost, or [`ClientError::NoFreeLane`] when all lanes are in
    /// use and none becomes free within [`CONNECT_WAIT`]. A refusal comes with the first
    /// [`Subscription::next`].
    pub async fn subscribe(&self, reading: Reading) -> Result<Subscription, ClientError> {
        let (send, receive) = self.open_lane().await?;
        Subscription::open(self.connection.clone(), send, receive, reading.into_read()).await
    }

    /// A new lane. When all are in use quinn waits until one is free; that may be never.
    async fn open_lane(&self) -> Result<(SendStream, RecvStream), ClientError> {
        let opened = tokio::time::timeout(CONNECT_WAIT, self.connection.open_bi()).await;
        Ok(opened.map_err(|_| ClientError::NoFreeLane)??)
    }

    async fn send(
        &self,
        lane: &mpsc::Sender<Command>,
        command: Command,
    ) -> Result<(), ClientError> {
        lane.send(command).await.map_err(|_| lost(&self.connection))
    }

    /// Resolves when the connection is lost, with the reason.
    pub async fn closed(&self) -> ClientError {
        self.connection.closed().await.into()
    }

    /// Closes the connection and waits until the relay knows. What is under way is lost: await it
    /// before.
    pub async fn close(self) {
        self.say_done();
        self.endpoint.wait_idle().await;
    }

    /// Closing anew would cover up why a connection is closed already.
    fn say_done(&self) {
        if self.connection.close_reason().is_none() {
            self.connection.close(VarInt::from_u32(CloseCode::Done.code()), b"");
        }
    }
}

/// Lanes and subscriptions hold the connection too: by themselves they would keep it alive.
impl Drop for RelayClient {
    fn drop(&mut self) {
        self.say_done();
    }
}

/// A publish that is under way.
#[derive(Debug)]
pub struct PendingAck {
    pending: oneshot::Receiver<Result<Ack, ClientError>>,
    connection: Connection,
}

impl PendingAck {
    /// Waits until the relay has the parcel on durable storage.
    ///
    /// # Errors
    /// As [`RelayClient::publish`].
    pub async fn wait(self) -> Result<Ack, ClientError> {
        self.pending.await.map_err(|_| lost(&self.connection))?
    }
}

type FreshLane = (ClientSession, SendStream, RecvStream);

/// Says hello on the first lane and waits for the answer.
async fn greet(connection: &Connection, realm: Realm) -> Result<(u64, FreshLane), ClientError> {
    let (mut send, mut receive) = connection.open_bi().await?;
    let mut session = ClientSession::first_lane(realm);
    send.write_all(&session.take_output()).await.map_err(|_| lost(connection))?;
    loop {
        if let Some(ClientEvent::Greeted { log }) = session.next_event()? {
            return Ok((log, (session, send, receive)));
        }
        lane::read(&mut receive, &mut session, connection).await?;
    }
}

fn start((session, send, receive): FreshLane, connection: &Connection) -> mpsc::Sender<Command> {
    let (commands, queue) = mpsc::channel(CLIENT_QUEUE_MAX);
    tokio::spawn(Lane::new(session, send, receive, connection.clone(), queue).run());
    commands
}

/// Why a connection is lost, as far as is known.
fn lost(connection: &Connection) -> ClientError {
    connection.close_reason().map_or(ClientError::LaneClosed, ClientError::from)
}
