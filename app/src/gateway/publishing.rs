//! What takes an envelope from the air to relays: a task of its own, so that a relay that hangs holds up
//! neither the air nor what goes to others.

use crate::outbox;
use chappe_codec::precedence::Precedence;
use chappe_relay::limits::FORWARD_HOPS_MAX;
use chappe_relay::{ClientError, Parcel, RelayClient, TransportKey};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// A relay where a parcel is to be.
pub(crate) struct Home {
    pub(crate) place: usize,
    pub(crate) key: TransportKey,
    /// None while it is away.
    pub(crate) client: Option<Arc<RelayClient>>,
}

/// What relays said of a parcel.
pub(crate) struct Published {
    /// Of the envelope in the queue.
    pub(crate) sequence: u64,
    pub(crate) parcel: Parcel,
    pub(crate) began: Instant,
    /// The relays that have it on disk.
    pub(crate) acknowledged: Vec<TransportKey>,
    pub(crate) failed: Vec<Failed>,
    /// Whether it is urgent, at one relay only, and that one does not take it to the others.
    pub(crate) stays_at_one: bool,
}

/// A relay that did not take a parcel.
pub(crate) struct Failed {
    pub(crate) place: usize,
    /// The connection it was asked on; it may be another by now.
    pub(crate) client: Arc<RelayClient>,
    pub(crate) error: ClientError,
}

/// "Who publishes at homes directly publishes a FLASH at all that answer; where only one does, it asks that one
/// with a `forward` that names all. What is less urgent goes to the first home that answers"
/// (spec/06-relay.md, "Federation").
pub(crate) async fn publish(sequence: u64, parcel: Parcel, homes: Vec<Home>) -> Published {
    let is_flash = parcel.precedence == Precedence::Flash;
    let keys: Vec<TransportKey> = homes.iter().map(|home| home.key).collect();
    let mut published = Published {
        sequence,
        parcel,
        began: Instant::now(),
        acknowledged: Vec::new(),
        failed: Vec::new(),
        stays_at_one: false,
    };
    let mut asking = JoinSet::new();
    for home in homes {
        let Some(client) = home.client else { continue };
        let parcel = published.parcel.clone();
        asking.spawn(async move {
            let answer = outbox::acknowledged(client.start_publish(parcel)).await;
            (home.place, home.key, client, answer)
        });
        if is_flash {
            continue;
        }
        published.take_answers(&mut asking).await;
        if !published.acknowledged.is_empty() {
            break;
        }
    }
    let there = published.take_answers(&mut asking).await;
    if is_flash
        && keys.len() > 1
        && published.acknowledged.len() == 1
        && let Some(client) = there
    {
        let forward = client.start_forward(published.parcel.clone(), &keys, FORWARD_HOPS_MAX);
        published.stays_at_one = outbox::acknowledged(forward).await.is_err();
    }
    published
}

type Answer = (usize, TransportKey, Arc<RelayClient>, Result<(), ClientError>);

impl Published {
    /// Waits for those that were asked; one that has it.
    async fn take_answers(&mut self, asking: &mut JoinSet<Answer>) -> Option<Arc<RelayClient>> {
        let mut there = None;
        while let Some(answered) = asking.join_next().await {
            // Fails only where the task panicked: then nothing is known of that relay.
            let Ok((place, key, client, answer)) = answered else { continue };
            match answer {
                Ok(()) => {
                    self.acknowledged.push(key);
                    there = Some(client);
                }
                Err(error) => self.failed.push(Failed { place, client, error }),
            }
        }
        there
    }
}
