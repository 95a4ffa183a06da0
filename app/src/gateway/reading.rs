//! What reads mailboxes at a relay: tasks of their own, so that a relay that hangs holds nobody up.

use crate::exit::{Exit, Failure};
use crate::network::{self, NamedRelay};
use chappe_codec::realm::Realm;
use chappe_relay::client::{Delivery, Reading};
use chappe_relay::{Address, ClientError, RelayClient, TransportSecret};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// How long a relay may take to give a lane for another mailbox, or a page.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

/// Parcels fetched with one request.
const PAGE: u16 = 64;

/// What a reader brought.
pub(crate) struct Brought {
    /// At which relay.
    pub(crate) place: usize,
    pub(crate) address: Address,
    /// Of the reader.
    pub(crate) number: u64,
    /// The name of the log it reads.
    pub(crate) log: u64,
    pub(crate) what: What,
}

/// What may come of reading.
pub(crate) enum What {
    Delivery(Delivery),
    /// Nothing is left where nothing more is to come. The last of this reader.
    Drained,
    /// The last of this reader.
    Ended(Ended),
}

/// Why a reader ended.
pub(crate) struct Ended {
    pub(crate) failure: Failure,
    /// The mailbox is not to be read, or not any more; nothing is wrong with the relay.
    pub(crate) is_refused: bool,
}

/// A task that reads. It ends with this value.
pub(crate) struct Reader {
    pub(crate) number: u64,
    pub(crate) task: AbortHandle,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection to read on, or how to get one.
pub(crate) enum Way {
    There(Arc<RelayClient>),
    Connect(Box<Unconnected>),
}

/// A relay that is to be connected to under a key of its own.
pub(crate) struct Unconnected {
    pub(crate) relay: NamedRelay,
    pub(crate) secret: TransportSecret,
    pub(crate) realm: Realm,
}

/// One mailbox to be read at one relay.
pub(crate) struct Mailbox {
    pub(crate) way: Way,
    pub(crate) reading: Reading,
}

/// Who reads where, and whom it tells.
#[derive(Clone)]
pub(crate) struct Telling {
    pub(crate) place: usize,
    pub(crate) number: u64,
    pub(crate) log: u64,
    pub(crate) sender: Sender<Brought>,
}

/// Reads a mailbox and what comes into it, until something ends it.
pub(crate) async fn follow(mailbox: Mailbox, telling: Telling) {
    let address = mailbox.reading.address;
    if let Err(ended) = followed(mailbox, &telling).await {
        telling.tell(address, What::Ended(ended)).await;
    }
}

/// Takes what waits in mailboxes that nothing more comes into, one after the other.
pub(crate) async fn drain(mailboxes: Vec<Mailbox>, telling: Telling) {
    let mut last = None;
    for mailbox in mailboxes {
        let address = mailbox.reading.address;
        if let Err(ended) = drained(mailbox, &telling).await {
            telling.tell(address, What::Ended(ended)).await;
            return;
        }
        last = Some(address);
    }
    if let Some(address) = last {
        telling.tell(address, What::Drained).await;
    }
}

async fn followed(Mailbox { way, reading }: Mailbox, telling: &Telling) -> Result<(), Ended> {
    let (address, client) = (reading.address, way.take(telling.log).await?);
    let mut subscription = answered(client.subscribe(reading)).await?;
    loop {
        let delivery = subscription.next().await.map_err(|error| Ended::of(&error))?;
        if !telling.tell(address, What::Delivery(delivery)).await {
            return Ok(());
        }
    }
}

async fn drained(Mailbox { way, mut reading }: Mailbox, telling: &Telling) -> Result<(), Ended> {
    let client = way.take(telling.log).await?;
    loop {
        let page = answered(client.fetch(reading.clone(), PAGE)).await?;
        for delivery in page.deliveries {
            telling.tell(reading.address, What::Delivery(delivery)).await;
        }
        if !page.more {
            return Ok(());
        }
        reading.cursors = page.cursors;
    }
}

async fn answered<T>(asked: impl Future<Output = Result<T, ClientError>>) -> Result<T, Ended> {
    match timeout(ANSWER_WAIT, asked).await {
        Ok(answer) => answer.map_err(|error| Ended::of(&error)),
        Err(_) => Err(Ended::of(&ClientError::NoAnswer)),
    }
}

impl Way {
    /// Cursors are of one log: at a relay that has another by now they have no meaning.
    async fn take(self, log: u64) -> Result<Arc<RelayClient>, Ended> {
        let client = match self {
            Self::There(client) => client,
            Self::Connect(unconnected) => {
                let Unconnected { relay, secret, realm } = *unconnected;
                let connected = relay.connect_as(&secret, realm).await;
                Arc::new(connected.map_err(|failure| Ended { failure, is_refused: false })?)
            }
        };
        if client.log_name() == log { Ok(client) } else { Err(Ended::of(&ClientError::NoAnswer)) }
    }
}

impl Telling {
    /// Whether anybody still listens.
    async fn tell(&self, address: Address, what: What) -> bool {
        let Self { place, number, log, .. } = *self;
        self.sender.send(Brought { place, address, number, log, what }).await.is_ok()
    }
}

impl Ended {
    fn of(error: &ClientError) -> Self {
        let failure = network::failure(error);
        let is_for_now = failure.exit == Exit::TryLater;
        Self { failure, is_refused: !is_for_now && matches!(error, ClientError::Refused(_)) }
    }
}
