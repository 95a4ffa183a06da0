//! One relay, read as things come, in a task of its own: what another relay does or does not do holds
//! nothing up.

use super::once::PAGE;
use crate::exit::{Failure, Outcome};
use crate::network::{self, NamedRelay};
use chappe_codec::realm::Realm;
use chappe_relay::client::{Delivery, Reading};
use chappe_relay::{Address, ClientError, Cursors, RelayClient, Subscription, TransportSecret};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// What a link says to the reader.
pub(super) struct News {
    /// Which relay.
    pub(super) place: usize,
    /// Which attempt to read it: what an earlier one says counts no longer.
    pub(super) attempt: u64,
    pub(super) what: What,
}

pub(super) enum What {
    /// It answers, under the key of every epoch that is read.
    Online,
    /// What lay in the mailboxes of the epochs before has been given out.
    Drained,
    /// Where is an address to be read from?
    Asked { log: u64, address: Address, answer: oneshot::Sender<Cursors> },
    /// A parcel, from this log.
    Delivered { log: u64, delivery: Box<Delivery> },
    /// It is read no longer.
    Lost(Failure),
}

/// What one attempt needs.
pub(super) struct Link {
    pub(super) relay: NamedRelay,
    pub(super) realm: Realm,
    /// The key of each epoch that is followed, with what is read under it.
    pub(super) followed: Vec<(TransportSecret, Vec<Address>)>,
    /// The key and the mailbox of each epoch before, read once.
    pub(super) drained: Vec<(TransportSecret, Address)>,
    pub(super) place: usize,
    pub(super) attempt: u64,
    pub(super) news: mpsc::Sender<News>,
}

impl Link {
    /// Reads until something fails, which is the last that it says.
    pub(super) async fn run(self, pause: Duration) {
        tokio::time::sleep(pause).await;
        let Err(failure) = self.read().await;
        // Nobody hears it when the reader is gone, and nobody has to.
        drop(self.say(What::Lost(failure)).await);
    }

    async fn read(&self) -> Outcome<Infallible> {
        let mut clients = Vec::new();
        for (secret, addresses) in &self.followed {
            clients.push((self.relay.connect_as(secret, self.realm).await?, addresses));
        }
        self.say(What::Online).await?;
        for (secret, address) in &self.drained {
            let client = self.relay.connect_as(secret, self.realm).await?;
            let drained = self.drain(&client, *address).await;
            client.close().await;
            drained?;
        }
        self.say(What::Drained).await?;
        let mut pumps = JoinSet::new();
        for (client, addresses) in &clients {
            for address in *addresses {
                let reading = self.reading(client.log_name(), *address).await?;
                let subscription = client.subscribe(reading).await;
                let subscription = subscription.map_err(|error| self.relay.failure(&error))?;
                pumps.spawn(pump(self.pipe(), client.log_name(), subscription));
            }
        }
        let ended = pumps.join_next().await.and_then(Result::ok);
        Err(self.relay.failure(&ended.unwrap_or(ClientError::LaneClosed)))
    }

    async fn drain(&self, client: &RelayClient, address: Address) -> Outcome<()> {
        let mut reading = self.reading(client.log_name(), address).await?;
        loop {
            let page = client.fetch(reading.clone(), PAGE).await;
            let page = page.map_err(|error| self.relay.failure(&error))?;
            for delivery in page.deliveries {
                let delivery = Box::new(delivery);
                self.say(What::Delivered { log: client.log_name(), delivery }).await?;
            }
            if !page.more {
                return Ok(());
            }
            reading.cursors = page.cursors;
        }
    }

    async fn reading(&self, log: u64, address: Address) -> Outcome<Reading> {
        let (answer, cursors) = oneshot::channel();
        self.say(What::Asked { log, address, answer }).await?;
        let cursors = cursors.await.map_err(|_| reader_is_gone())?;
        Ok(Reading { cursors, ..Reading::all(address) })
    }

    async fn say(&self, what: What) -> Outcome<()> {
        self.pipe().say(what).await
    }

    fn pipe(&self) -> Pipe {
        Pipe { place: self.place, attempt: self.attempt, news: self.news.clone() }
    }
}

/// The way to the reader.
struct Pipe {
    place: usize,
    attempt: u64,
    news: mpsc::Sender<News>,
}

impl Pipe {
    async fn say(&self, what: What) -> Outcome<()> {
        let news = News { place: self.place, attempt: self.attempt, what };
        self.news.send(news).await.map_err(|_| reader_is_gone())
    }
}

/// Passes on what comes, until it ends; why it did.
async fn pump(pipe: Pipe, log: u64, mut subscription: Subscription) -> ClientError {
    loop {
        let delivery = match subscription.next().await {
            Ok(delivery) => Box::new(delivery),
            Err(error) => return error,
        };
        if pipe.say(What::Delivered { log, delivery }).await.is_err() {
            return ClientError::LaneClosed;
        }
    }
}

/// Then nobody hears this any more.
fn reader_is_gone() -> Failure {
    network::failure(&ClientError::LaneClosed)
}
