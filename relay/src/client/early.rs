//! Reading from the first datagram on.

use super::connector::{Connector, Greeting, Lanes};
use super::{ClientError, Page, Reading, RelayClient, Subscription};
use crate::limits::CONNECT_WAIT;
use quinn::{RecvStream, SendStream};
use std::net::SocketAddr;

/// What is read as soon as there is a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstRead {
    /// As [`RelayClient::fetch`], with its limit.
    Fetch(Reading, u16),
    /// As [`RelayClient::subscribe`].
    Subscribe(Reading),
    /// As [`RelayClient::listen`].
    Listen(Reading),
}

/// What came of it.
#[derive(Debug)]
pub enum FirstAnswer {
    /// Of a fetch.
    Page(Page),
    /// Of a subscribe or a listen.
    Subscription(Subscription),
}

/// What came of each read, in their order.
type Answers = Vec<Result<FirstAnswer, ClientError>>;

impl Connector {
    /// Connects and reads. Where the relay gave something to resume with, hello and reads leave with the
    /// first datagram, in 0-RTT, and the answers come with the relay's first; where it does not take that, or
    /// gave nothing, the reads follow the hello. Whoever records that datagram and sends it again has the
    /// relay read twice for nobody: "to do these twice does no harm" (spec/06-relay.md, "Connection").
    /// Nothing else can be said before the relay has answered.
    ///
    /// # Errors
    /// As [`Connector::connect`]; what a read comes to is said by its answer.
    pub async fn connect_reading(
        &self,
        address: SocketAddr,
        reads: &[FirstRead],
    ) -> Result<(RelayClient, Answers), ClientError> {
        let connected = tokio::time::timeout(CONNECT_WAIT, self.read_first(address, reads)).await;
        connected.map_err(|_| ClientError::NoAnswer)?
    }

    async fn read_first(
        &self,
        address: SocketAddr,
        reads: &[FirstRead],
    ) -> Result<(RelayClient, Answers), ClientError> {
        let (endpoint, connecting) = self.start(address)?;
        let mut client = match connecting.into_0rtt() {
            Ok((connection, accepted)) => {
                let client = self.client(endpoint, connection);
                // The greeting opens its stream first.
                let early =
                    async { tokio::join!(self.greet(&client.connection), ask(&client, reads)) };
                let ((greeting, answers), is_accepted) = tokio::join!(early, accepted);
                if is_accepted {
                    let (log, control) = greeting?;
                    return Ok((client.greeted(log, control), answers));
                }
                client
            }
            Err(connecting) => self.client(endpoint, connecting.await?),
        };
        // Streams of refused 0-RTT data are gone.
        client.lanes = Lanes::default();
        let (log, control): Greeting = self.greet(&client.connection).await?;
        let answers = ask(&client, reads).await;
        Ok((client.greeted(log, control), answers))
    }
}

impl RelayClient {
    /// The relay has answered.
    pub(super) fn greeted(mut self, log: u64, control: (SendStream, RecvStream)) -> Self {
        (self.log, self.control) = (log, Some(control));
        self
    }
}

async fn ask(client: &RelayClient, reads: &[FirstRead]) -> Answers {
    let mut answers = Vec::with_capacity(reads.len());
    for read in reads {
        answers.push(match read {
            FirstRead::Fetch(reading, limit) => {
                client.fetch(reading.clone(), *limit).await.map(FirstAnswer::Page)
            }
            FirstRead::Subscribe(reading) => {
                client.subscribe(reading.clone()).await.map(FirstAnswer::Subscription)
            }
            FirstRead::Listen(reading) => {
                client.listen(reading.clone()).await.map(FirstAnswer::Subscription)
            }
        });
    }
    answers
}
