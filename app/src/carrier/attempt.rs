//! One relay asked to take one parcel.

use crate::exit::{Exit, Failure, Outcome};
use crate::network::{self, NamedRelay};
use crate::outbox;
use chappe_codec::realm::Realm;
use chappe_relay::limits::FORWARD_HOPS_MAX;
use chappe_relay::{ClientError, Parcel, Reason, RelayClient, TransportKey, TransportSecret};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Why an attempt came to nothing.
pub(super) enum Trouble {
    /// The relay cannot be used.
    Relay(Failure),
    /// It does not take this parcel.
    Parcel(Failure, Option<Reason>),
}

/// One relay asked to take one parcel.
pub(super) struct Attempt {
    pub(super) relay: NamedRelay,
    pub(super) client: Option<Arc<RelayClient>>,
    pub(super) secret: TransportSecret,
    pub(super) realm: Realm,
    pub(super) parcel: Parcel,
    /// Where it is to be taken; nowhere: it is published here.
    pub(super) homes: Vec<TransportKey>,
    pub(super) delay: Duration,
}

impl Attempt {
    pub(super) async fn run(self) -> Result<Arc<RelayClient>, Trouble> {
        let Self { relay, client, secret, realm, parcel, homes, delay } = self;
        tokio::time::sleep(delay).await;
        let client = match client {
            Some(client) => client,
            None => Arc::new(relay.connect_as(&secret, realm).await.map_err(Trouble::Relay)?),
        };
        let answer = if homes.is_empty() {
            outbox::acknowledged(client.start_publish(parcel)).await
        } else {
            outbox::acknowledged(client.start_forward(parcel, &homes, FORWARD_HOPS_MAX)).await
        };
        answer.map(|()| client).map_err(|error| {
            let failure = network::failure(&error);
            match error {
                ClientError::Refused(reason) => Trouble::Parcel(failure, Some(reason)),
                _ => Trouble::Relay(relay.failure(&error)),
            }
        })
    }
}

pub(super) type Ended = (NamedRelay, Result<Arc<RelayClient>, Trouble>);

/// The next attempt that ends, or nothing when all have or the time is over.
pub(super) async fn next_of(
    attempts: &mut JoinSet<Ended>,
    until: Option<tokio::time::Instant>,
) -> Outcome<Option<Ended>> {
    let next = attempts.join_next();
    let joined = match until {
        Some(until) => tokio::time::timeout_at(until, next).await.unwrap_or(None),
        None => next.await,
    };
    joined.transpose().map_err(|error| Failure::new(Exit::Failure, "relay", error.to_string()))
}
