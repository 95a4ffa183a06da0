//! Who publishes and reads in a run, as a program that means it would: what failed for a while is tried
//! again.

use crate::support::topic;
use crate::world::{Host, World};
use chappe_codec::precedence::Precedence;
use chappe_relay::protocol::ClientEvent;
use chappe_relay::{Address, ClientError, Connector, Cursors, Parcel, Reading, RelayClient};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// How long somebody waits before it connects again.
const PAUSE: Duration = Duration::from_millis(500);

/// Publishes of one client under way at a time.
const WINDOW: usize = 12;

/// What everybody in a run wrote down.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Acknowledged, by envelope.
    pub(crate) acknowledged: BTreeMap<Vec<u8>, Address>,
    /// Refused for good, by envelope.
    pub(crate) refused: BTreeSet<Vec<u8>>,
    /// What each reader got, in order.
    pub(crate) read: BTreeMap<Host, Vec<(u64, Parcel)>>,
    /// Connections that were lost.
    pub(crate) losses: u64,
}

/// What the run and its actors share.
#[derive(Clone, Default)]
pub(crate) struct Stage {
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    clients: Arc<Mutex<BTreeMap<Host, Arc<RelayClient>>>>,
    /// Readers that read nothing at the moment.
    pub(crate) stalled: Arc<Mutex<BTreeSet<Host>>>,
}

impl Stage {
    /// A host's link gets another address.
    pub(crate) fn rebind(&self, host: Host) {
        let client = self.clients.lock().unwrap().get(&host).cloned();
        if let Some(client) = client {
            client.rebind().unwrap();
        }
    }

    async fn connect(&self, host: Host, connector: &Connector) -> Arc<RelayClient> {
        // The old connection ends before a new one begins.
        self.clients.lock().unwrap().remove(&host);
        loop {
            match connector.connect(World::relay_address()).await {
                Ok(client) => {
                    let client = Arc::new(client);
                    self.clients.lock().unwrap().insert(host, Arc::clone(&client));
                    return client;
                }
                Err(error) => {
                    assert!(error.is_temporary(), "host {host} cannot connect: {error:?}");
                    self.ledger.lock().unwrap().losses += 1;
                }
            }
            sleep(PAUSE).await;
        }
    }

    fn lost(&self, host: Host, error: &ClientError) {
        assert!(error.is_temporary(), "host {host}: {error:?}");
        self.ledger.lock().unwrap().losses += 1;
    }

    async fn while_stalled(&self, host: Host) {
        while self.stalled.lock().unwrap().contains(&host) {
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Publishes all of it, whatever that takes. Each parcel comes with the pause before it.
pub(crate) async fn publish(
    stage: Stage,
    host: Host,
    connector: Connector,
    mut plan: Vec<(Duration, Parcel)>,
) {
    plan.reverse();
    let mut batch = Vec::new();
    let mut client = stage.connect(host, &connector).await;
    while !plan.is_empty() || !batch.is_empty() {
        while let Some((pause, parcel)) = plan.pop_if(|_| batch.len() < WINDOW) {
            sleep(pause).await;
            batch.push(parcel);
        }
        let mut pending = Vec::new();
        for parcel in batch.drain(..) {
            pending.push((client.start_publish(parcel.clone()).await, parcel));
        }
        let mut is_lost = false;
        for (started, parcel) in pending {
            let answer = match started {
                Ok(pending) => pending.wait().await,
                Err(error) => Err(error),
            };
            let mut ledger = stage.ledger.lock().unwrap();
            match answer {
                Ok(_) => {
                    ledger.acknowledged.insert(parcel.envelope().to_vec(), parcel.address);
                }
                Err(error) if error.is_temporary() => {
                    is_lost = true;
                    batch.push(parcel);
                }
                Err(ClientError::Refused(_)) => {
                    ledger.refused.insert(parcel.into_envelope());
                }
                Err(error) => panic!("host {host}: {error:?}"),
            }
        }
        if is_lost {
            stage.ledger.lock().unwrap().losses += 1;
            client = stage.connect(host, &connector).await;
        }
    }
}

/// Reads an address as it comes, from where it stopped, until it is aborted.
pub(crate) async fn subscribe(stage: Stage, host: Host, connector: Connector, address: Address) {
    let mut cursors = Cursors::default();
    loop {
        let client = stage.connect(host, &connector).await;
        let reading = Reading { cursors, ..Reading::all(address) };
        let mut subscription = match client.subscribe(reading).await {
            Ok(subscription) => subscription,
            Err(error) => {
                stage.lost(host, &error);
                continue;
            }
        };
        drop(client);
        loop {
            stage.while_stalled(host).await;
            match subscription.next().await {
                Ok(delivery) => {
                    let mut ledger = stage.ledger.lock().unwrap();
                    let read = ledger.read.entry(host).or_default();
                    read.push((delivery.cursor, delivery.parcel));
                }
                Err(error) => break stage.lost(host, &error),
            }
        }
        cursors = subscription.cursors();
    }
}

/// Asks for pages of an address again and again, until it is aborted.
pub(crate) async fn fetch(stage: Stage, host: Host, connector: Connector, address: Address) {
    let mut reading = Reading::all(address);
    loop {
        let client = stage.connect(host, &connector).await;
        loop {
            match client.fetch(reading.clone(), 7).await {
                Ok(page) => {
                    reading.cursors = page.cursors;
                    let mut ledger = stage.ledger.lock().unwrap();
                    let read = ledger.read.entry(host).or_default();
                    read.extend(page.deliveries.into_iter().map(|one| (one.cursor, one.parcel)));
                    if page.more {
                        continue;
                    }
                }
                Err(error) => break stage.lost(host, &error),
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
}

/// A peer that stops reading its stream: what is on its way to it stays in the network and at the relay.
pub(crate) async fn subscribe_directly(
    stage: Stage,
    host: Host,
    connector: Connector,
    precedence: Precedence,
) {
    let address = topic("a");
    let mut cursors = Cursors::default();
    loop {
        let client = stage.connect(host, &connector).await;
        let mut lane = match client.direct_lane(precedence).await {
            Ok(lane) => lane,
            Err(error) => {
                stage.lost(host, &error);
                continue;
            }
        };
        lane.subscribe(&Reading { cursors, ..Reading::all(address) });
        loop {
            stage.while_stalled(host).await;
            let mut ledger = Vec::new();
            let read = lane.read(|event| {
                if let ClientEvent::Delivery { cursor, given, .. } = event {
                    let envelope = given.envelope.to_vec();
                    let parcel =
                        Parcel::new(address, given.precedence, given.expiry_seconds, envelope);
                    ledger.push((cursor, parcel.unwrap()));
                }
            });
            let ended = read.await;
            if let Some((cursor, _)) = ledger.last() {
                cursors.set(precedence, *cursor);
            }
            stage.ledger.lock().unwrap().read.entry(host).or_default().extend(ledger);
            if let Err(error) = ended {
                break stage.lost(host, &error);
            }
        }
    }
}
