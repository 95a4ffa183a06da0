//! Who writes and reads where relays know each other, and what must hold of it.

use crate::support::{NOW, topic};
use crate::world::{Host, World};
use chappe_codec::precedence::Precedence;
use chappe_relay::{
    Address, ClientError, Connector, Cursors, Delivery, Parcel, Reading, RelayClient, TransportKey,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// How long somebody waits before it connects again.
const PAUSE: Duration = Duration::from_millis(500);

/// Parcels of one writer under way at a time.
const WINDOW: usize = 12;

/// What one writer says to the relay it is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) number: u64,
    /// Where it is to be stored; nowhere else. None: where it is said, and it is copied to all.
    pub(crate) homes: Vec<Host>,
    pub(crate) precedence: Precedence,
    pub(crate) length: usize,
}

/// A letter that was read: its cursor, its precedence, its number.
type Read = (u64, Precedence, u64);

/// What everybody wrote down.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// All that is ever written, by number.
    pub(crate) letters: BTreeMap<u64, Letter>,
    pub(crate) acknowledged: BTreeSet<u64>,
    /// What each relay gave out at each of the two addresses, in order.
    pub(crate) read: BTreeMap<(Host, Address), Vec<Read>>,
    /// Connections of writers and readers that were lost.
    pub(crate) losses: u64,
}

pub(crate) type Shared = Arc<Mutex<Ledger>>;

/// What is stored at its homes and not copied.
pub(crate) fn kept() -> Address {
    topic("kept")
}

/// What every relay copies from every other.
pub(crate) fn copied() -> Address {
    topic("copied")
}

impl Letter {
    fn parcel(&self) -> Parcel {
        let mut envelope = vec![0x55; self.length];
        envelope[1..9].copy_from_slice(&self.number.to_be_bytes());
        let address = if self.homes.is_empty() { copied() } else { kept() };
        Parcel::new(address, self.precedence, NOW + 14 * 86_400, envelope).unwrap()
    }
}

async fn connect(
    ledger: &Shared,
    connector: &Connector,
    address: std::net::SocketAddr,
) -> RelayClient {
    loop {
        match connector.connect(address).await {
            Ok(client) => return client,
            Err(error) => lost(ledger, &error),
        }
        sleep(PAUSE).await;
    }
}

fn lost(ledger: &Shared, error: &ClientError) {
    assert!(error.is_temporary(), "{error:?}");
    ledger.lock().unwrap().losses += 1;
}

/// Says all of it to one relay, whatever that takes. Each letter comes with the pause before it.
pub(crate) async fn write(
    ledger: Shared,
    (relay, connector): (Host, Connector),
    keys: BTreeMap<Host, TransportKey>,
    mut plan: Vec<(Duration, Letter)>,
) {
    plan.reverse();
    let address = World::address_of(relay);
    let mut batch: Vec<Letter> = Vec::new();
    let mut client = connect(&ledger, &connector, address).await;
    while !plan.is_empty() || !batch.is_empty() {
        while let Some((pause, letter)) = plan.pop_if(|_| batch.len() < WINDOW) {
            sleep(pause).await;
            batch.push(letter);
        }
        let mut pending = Vec::new();
        for letter in batch.drain(..) {
            let homes: Vec<TransportKey> = letter.homes.iter().map(|home| keys[home]).collect();
            let started = match homes.is_empty() {
                true => client.start_publish(letter.parcel()).await,
                false => client.start_forward(letter.parcel(), &homes, 2).await,
            };
            pending.push((started, letter));
        }
        for (started, letter) in pending {
            let answer = match started {
                Ok(pending) => pending.wait().await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(_) => drop(ledger.lock().unwrap().acknowledged.insert(letter.number)),
                Err(error) => {
                    lost(&ledger, &error);
                    batch.push(letter);
                }
            }
        }
        if !batch.is_empty() {
            sleep(PAUSE).await;
            client = connect(&ledger, &connector, address).await;
        }
    }
}

/// Reads an address at one relay, from where it stopped, until it is aborted.
pub(crate) async fn read(ledger: Shared, (relay, connector): (Host, Connector), address: Address) {
    let mut cursors = Cursors::default();
    loop {
        let client = connect(&ledger, &connector, World::address_of(relay)).await;
        let reading = Reading { cursors, ..Reading::all(address) };
        let mut subscription = match client.subscribe(reading).await {
            Ok(subscription) => subscription,
            Err(error) => {
                lost(&ledger, &error);
                continue;
            }
        };
        loop {
            match subscription.next().await {
                Ok(Delivery { cursor, parcel }) => {
                    let number = parcel.envelope()[1..9].try_into().unwrap();
                    let entry = (cursor, parcel.precedence, u64::from_be_bytes(number));
                    let mut ledger = ledger.lock().unwrap();
                    ledger.read.entry((relay, address)).or_default().push(entry);
                }
                Err(error) => break lost(&ledger, &error),
            }
        }
        cursors = subscription.cursors();
        sleep(PAUSE).await;
    }
}

/// The laws.
impl Ledger {
    /// What was acknowledged and is not where it belongs.
    pub(crate) fn missing(&self, relays: &[Host]) -> Vec<String> {
        let mut missing = Vec::new();
        for number in &self.acknowledged {
            let letter = &self.letters[number];
            let (homes, address) = match letter.homes.is_empty() {
                true => (relays, copied()),
                false => (letter.homes.as_slice(), kept()),
            };
            let lacks: Vec<Host> =
                homes.iter().copied().filter(|home| !self.has(*home, address, *number)).collect();
            // "Until one has acknowledged; a FLASH until all have."
            let needs_all = letter.homes.is_empty() || letter.precedence == Precedence::Flash;
            if (needs_all && !lacks.is_empty()) || lacks.len() == homes.len() {
                missing.push(format!("{letter:?} is not at {lacks:?}"));
            }
        }
        missing
    }

    fn has(&self, relay: Host, address: Address, number: u64) -> bool {
        let read = self.read.get(&(relay, address));
        read.is_some_and(|read| read.iter().any(|(.., other)| *other == number))
    }

    pub(crate) fn judge(&self, seed: u64) {
        for ((relay, address), read) in &self.read {
            let mut last = BTreeMap::new();
            let mut seen = BTreeSet::new();
            for (cursor, precedence, number) in read {
                let letter = &self.letters[number];
                let before = last.insert(*precedence, *cursor).unwrap_or(0);
                assert!(*cursor > before, "seed {seed}: at {relay} out of order: {letter:?}");
                assert!(seen.insert(number), "seed {seed}: twice at {relay}: {letter:?}");
                let belongs = *address == copied() || letter.homes.contains(relay);
                assert!(belongs, "seed {seed}: at {relay}, which is no home: {letter:?}");
            }
        }
        let written = self.letters.len();
        assert_eq!(self.acknowledged.len(), written, "seed {seed}: not all is acknowledged");
    }
}
