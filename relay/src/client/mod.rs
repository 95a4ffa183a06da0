//! The client: one connection to one relay.
//!
//! Each precedence has a lane of its own, opened when it is first needed, on which publishes, fetches and
//! subscriptions of that precedence go. Connecting again after a loss is the caller's business: it knows
//! what it still has to send. [`ClientError::is_temporary`] says whether that makes sense.

mod connector;
mod cursors;
mod direct;
mod early;
mod error;
mod filling;
mod hearing;
mod lane;
mod subscription;

pub use connector::{Connector, Introduction};
pub use cursors::Cursors;
pub use direct::DirectLane;
pub use early::{FirstAnswer, FirstRead};
pub use error::ClientError;
pub use subscription::Subscription;

use crate::address::Address;
use crate::delegation::Delegation;
use crate::key::{TransportKey, TransportSecret};
use crate::limits::{CLIENT_CREDIT, CONNECT_WAIT};
use crate::network::Network;
use crate::parcel::{Parcel, ParcelRef};
use crate::protocol::{AnyParcel, ClientLane, ClientMessage, CloseCode, Read};
use bytes::Bytes;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use connector::{Lanes, any_address};
use filling::fill;
use hearing::hear;
use lane::{Lane, LaneState, Waiting};
use quinn::{Connection, Endpoint, RecvStream, SendStream, VarInt};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use subscription::{Inbox, LaneRead};
use tokio::sync::oneshot;

/// The four from the most urgent.
const FLASH_FIRST: [Precedence; 4] =
    [Precedence::Flash, Precedence::Immediate, Precedence::Priority, Precedence::Routine];

/// A connection to a relay that has answered the hello. Dropping it closes the connection: its
/// subscriptions and whatever else is under way end with an error. The relay learns of it as long as
/// the runtime goes on; to be sure of that, await [`RelayClient::close`].
#[derive(Debug)]
pub struct RelayClient {
    endpoint: Endpoint,
    network: Network,
    connection: Connection,
    log: u64,
    lanes: Lanes,
    /// Whether somebody brings datagrams to those who listen.
    hears: AtomicBool,
    /// Held open: "It stays open as long as the connection."
    control: Option<(SendStream, RecvStream)>,
}

/// The relay's word that a parcel is on durable storage there. It is not a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The mailbox or topic.
    pub address: Address,
    /// Where to begin: the cursors of the last parcels that were dealt with.
    pub cursors: Cursors,
    /// Leave to read somebody else's mailbox.
    pub delegation: Option<Delegation>,
}

impl Reading {
    /// Everything at an address one may read oneself.
    #[must_use]
    pub fn all(address: Address) -> Self {
        Self { address, cursors: Cursors::default(), delegation: None }
    }

    fn delegation_octets(&self) -> Vec<u8> {
        self.delegation.map_or_else(Vec::new, |delegation| delegation.to_bytes())
    }
}

/// A parcel that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The cursor behind it, among those of its precedence: reading from here on gives what came later.
    /// 0 for what was said live.
    pub cursor: u64,
    /// The parcel.
    pub parcel: Parcel,
}

/// What a fetch gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The parcels, FLASH first, and of a precedence in the order the relay stored them.
    pub deliveries: Vec<Delivery>,
    /// The cursors to go on from.
    pub cursors: Cursors,
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
        Self::connect_introduced(address, relay, own, realm, &Introduction::default()).await
    }

    /// The same with something to show.
    ///
    /// # Errors
    /// As [`RelayClient::connect`].
    pub async fn connect_introduced(
        address: SocketAddr,
        relay: TransportKey,
        own: &TransportSecret,
        realm: Realm,
        introduction: &Introduction,
    ) -> Result<Self, ClientError> {
        let connector = Connector::new(relay, own, realm)?;
        connector.with_introduction(introduction.clone()).connect(address).await
    }

    /// The name of the relay's logs. Cursors remembered under another name have lost their meaning:
    /// begin again at 0.
    #[must_use]
    pub const fn log_name(&self) -> u64 {
        self.log
    }

    /// Goes on from another socket, as a device does whose link changes. What is under way goes on.
    ///
    /// # Errors
    /// [`ClientError::Socket`].
    pub fn rebind(&self) -> Result<(), ClientError> {
        let any = any_address(self.connection.remote_address());
        let socket = self.network.open(any).map_err(ClientError::Socket)?;
        self.endpoint.rebind_abstract(socket).map_err(ClientError::Socket)
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
        self.start(parcel, |state, parcel| state.session.publish(parcel)).await
    }

    /// Has a parcel stored at its home relays: by this relay if it is one of them, or by those it takes
    /// it to (spec/06-relay.md, "Federation").
    ///
    /// # Errors
    /// As [`RelayClient::start_publish`].
    pub async fn start_forward(
        &self,
        parcel: Parcel,
        homes: &[TransportKey],
        hops: u8,
    ) -> Result<PendingAck, ClientError> {
        let homes: Vec<[u8; 32]> = homes.iter().map(|home| home.to_bytes()).collect();
        self.start(parcel, |state, parcel| state.session.forward(hops, &homes, parcel)).await
    }

    async fn start(
        &self,
        parcel: Parcel,
        ask: impl Fn(&mut LaneState, ParcelRef<'_>) -> u64,
    ) -> Result<PendingAck, ClientError> {
        let lane = self.lane(parcel.precedence).await?;
        let octets = parcel.to_bytes();
        let parcel = ParcelRef::parse(&octets).map_err(|error| ClientError::Setup(error.into()))?;
        let (answer, pending) = oneshot::channel();
        let mut answer = Some(answer);
        loop {
            let room = lane.room.notified();
            let mut room = std::pin::pin!(room);
            // Enabled before the look, so that no news is missed between the two.
            room.as_mut().enable();
            let is_taken = lane.ask(|state| {
                if state.is_closed {
                    return Err(lost(&self.connection));
                }
                if !state.has_room() {
                    return Ok(false);
                }
                let number = ask(state, parcel);
                if let Some(answer) = answer.take() {
                    state.publishes.push_back((number, answer));
                }
                Ok(true)
            })?;
            if is_taken {
                return Ok(PendingAck { pending, connection: self.connection.clone() });
            }
            room.await;
        }
    }

    /// Says something to those who listen just then. Whether anybody heard it nobody knows.
    ///
    /// # Errors
    /// [`ClientError`]: the connection is lost.
    pub async fn live(&self, parcel: &Parcel) -> Result<(), ClientError> {
        let lane = self.lane(parcel.precedence).await?;
        let octets = parcel.to_bytes();
        let parcel = ParcelRef::parse(&octets).map_err(|error| ClientError::Setup(error.into()))?;
        lane.ask(|state| {
            if state.has_room() {
                state.session.live(parcel)
            }
        });
        Ok(())
    }

    /// The same as a datagram, which may get lost; `false` when it does not fit one.
    #[must_use]
    pub fn live_datagram(&self, parcel: &Parcel) -> bool {
        let octets = parcel.to_bytes();
        let Ok(parcel) = ParcelRef::parse(&octets) else { return false };
        let message = ClientMessage::Live(AnyParcel::Known(parcel)).to_bytes();
        let octets = message.len();
        let is_sent = self.connection.send_datagram(Bytes::from(message)).is_ok();
        if is_sent {
            fill(&self.connection, octets);
        }
        is_sent
    }

    /// Listens for what is said live at an address, on all precedences.
    ///
    /// # Errors
    /// As [`RelayClient::subscribe`].
    pub async fn listen(&self, reading: Reading) -> Result<Subscription, ClientError> {
        self.watch(reading, Watch::Listen { datagrams: false }).await
    }

    /// The same as datagrams, where they fit: one that is lost in the network holds up none behind it
    /// and does not come again.
    ///
    /// # Errors
    /// As [`RelayClient::subscribe`].
    pub async fn listen_by_datagram(&self, reading: Reading) -> Result<Subscription, ClientError> {
        if !self.hears.swap(true, Ordering::Relaxed) {
            tokio::spawn(hear(self.connection.clone(), Arc::clone(&self.lanes)));
        }
        self.watch(reading, Watch::Listen { datagrams: true }).await
    }

    /// Fetches at most `limit` (1 to 256) parcels stored after the cursors, FLASH first.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Refused`] when the relay does not let this key read there.
    pub async fn fetch(&self, reading: Reading, limit: u16) -> Result<Page, ClientError> {
        let delegation = reading.delegation_octets();
        let read = Read { address: reading.address, delegation: &delegation };
        let (mut deliveries, mut cursors, mut more) = (Vec::new(), reading.cursors, false);
        for precedence in FLASH_FIRST {
            let taken = u16::try_from(deliveries.len()).unwrap_or(u16::MAX);
            let left = limit.saturating_sub(taken);
            if left == 0 && taken > 0 {
                // Whether something is left nobody asked; the next page will show.
                more = true;
                break;
            }
            let lane = self.lane(precedence).await?;
            let (answer, pending) = oneshot::channel();
            lane.ask(|state| {
                if state.is_closed {
                    return;
                }
                let number = state.session.fetch(read, cursors.get(precedence), left);
                let waiting = Waiting::Fetch(reading.address, Vec::new(), answer);
                state.reads.insert(number, waiting);
            });
            let end = pending.await.map_err(|_| lost(&self.connection))??;
            deliveries.extend(end.deliveries);
            cursors.set(precedence, end.cursor);
            more |= end.more;
        }
        Ok(Page { deliveries, cursors, more })
    }

    /// Subscribes: everything stored after the cursors, then each new parcel as it comes. Hold no more
    /// than [`CLIENT_SUBSCRIPTIONS_MAX`](crate::limits::CLIENT_SUBSCRIPTIONS_MAX) at a time.
    ///
    /// # Errors
    /// [`ClientError`]: the connection is lost, or [`ClientError::NoFreeLane`]. A refusal comes with the
    /// first [`Subscription::next`].
    pub async fn subscribe(&self, reading: Reading) -> Result<Subscription, ClientError> {
        self.watch(reading, Watch::Subscribe).await
    }

    async fn watch(&self, reading: Reading, watch: Watch) -> Result<Subscription, ClientError> {
        let delegation = reading.delegation_octets();
        let read = Read { address: reading.address, delegation: &delegation };
        let inbox = Arc::new(Inbox::default());
        let cursors = reading.cursors;
        let mut subscription = Subscription { inbox, reads: Vec::new(), cursors };
        for precedence in FLASH_FIRST {
            let lane = self.lane(precedence).await?;
            let number = lane.ask(|state| {
                if state.is_closed {
                    return Err(lost(&self.connection));
                }
                let number = match watch {
                    Watch::Listen { datagrams } => state.session.listen(read, datagrams),
                    Watch::Subscribe => {
                        let cursor = reading.cursors.get(precedence);
                        state.session.subscribe(read, cursor, CLIENT_CREDIT)
                    }
                };
                let inbox = Arc::clone(&subscription.inbox);
                state.reads.insert(number, Waiting::Inbox(reading.address, inbox));
                Ok(number)
            })?;
            subscription.reads.push(LaneRead { lane, number, precedence, used: 0 });
        }
        Ok(subscription)
    }

    /// The lane of a precedence, opened when there is none.
    async fn lane(&self, precedence: Precedence) -> Result<Arc<Lane>, ClientError> {
        let mut lanes = self.lanes.lock().await;
        let index = usize::from(precedence.to_bits());
        let Some(place) = lanes.get_mut(index) else { return Err(ClientError::NoFreeLane) };
        if let Some(lane) = place {
            return Ok(Arc::clone(lane));
        }
        let (send, receive) = self.open_stream(precedence).await?;
        let session = ClientLane::new(precedence);
        let lane = Lane::start(session, send, receive, self.connection.clone());
        *place = Some(Arc::clone(&lane));
        Ok(lane)
    }

    async fn open_stream(
        &self,
        precedence: Precedence,
    ) -> Result<(SendStream, RecvStream), ClientError> {
        // When all are in use quinn waits until one is free; that may be never.
        let opened = tokio::time::timeout(CONNECT_WAIT, self.connection.open_bi()).await;
        let (send, receive) = opened.map_err(|_| ClientError::NoFreeLane)??;
        // What is urgent leaves first when the link is full. A stream that failed says so when it is
        // written to.
        drop(send.set_priority(i32::from(precedence.to_bits())));
        Ok((send, receive))
    }

    /// Opens a lane that its caller drives, for who publishes or reads by the hundred thousand a second.
    /// It takes one of the connection's streams.
    ///
    /// # Errors
    /// [`ClientError`]: the connection is lost, or [`ClientError::NoFreeLane`].
    pub async fn direct_lane(&self, precedence: Precedence) -> Result<DirectLane, ClientError> {
        let streams = self.open_stream(precedence).await?;
        Ok(DirectLane::new(ClientLane::new(precedence), streams, self.connection.clone()))
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

/// What comes as it comes.
#[derive(Debug, Clone, Copy)]
enum Watch {
    Subscribe,
    Listen { datagrams: bool },
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

/// Why a connection is lost, as far as is known.
fn lost(connection: &Connection) -> ClientError {
    connection.close_reason().map_or(ClientError::LaneClosed, ClientError::from)
}
