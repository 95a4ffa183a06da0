//! Reaching a relay: arguments, connection, and what its refusals mean to a person.

use crate::clock;
use crate::device::Device;
use crate::device::public_key;
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_codec::home::HomeRelay;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_relay::rotation::address_epoch;
use chappe_relay::{Address, ClientError, Cursors, RelayClient, TransportKey, TransportSecret};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// How long looking up a relay's name may take.
const LOOK_UP_WAIT: Duration = Duration::from_secs(5);

/// What to do where no relay is known.
pub(crate) const NAME_ONE: &str = "name a relay: --relay ADDRESS --relay-key HEX";

/// Which relay.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RelayArguments {
    /// The relay's address
    #[arg(long, value_name = "ADDRESS", requires = "relay_key")]
    pub(crate) relay: Option<SocketAddr>,

    /// The relay's key, as `chappe relay` shows it
    #[arg(long, value_name = "HEX")]
    pub(crate) relay_key: Option<String>,
}

/// A relay and the key that proves it is the one meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    pub(crate) key: TransportKey,
}

impl RelayArguments {
    /// The relay, if one was named.
    pub(crate) fn relay(&self) -> Outcome<Option<Relay>> {
        let (Some(address), Some(key)) = (self.relay, &self.relay_key) else { return Ok(None) };
        Ok(Some(Relay { address, key: transport_key("--relay-key", key)? }))
    }

    /// The relay; naming none is an error.
    pub(crate) fn required(&self) -> Outcome<Relay> {
        self.relay()?.ok_or_else(|| Failure::new(Exit::Usage, "usage", NAME_ONE))
    }

    /// Where a device reads: at the relay that is named, or else at its home relays.
    pub(crate) fn readable(&self, device: &Device) -> Outcome<Vec<NamedRelay>> {
        if let Some(relay) = self.relay()? {
            return Ok(vec![relay.into()]);
        }
        let homes = NamedRelay::of(device.homes()?.as_slice());
        if homes.is_empty() {
            return Err(Failure::new(Exit::Usage, "usage", NAME_ONE)
                .advise("or set once and for all where you read: chappe card homes --help"));
        }
        Ok(homes)
    }
}

impl Relay {
    /// Connects as the device, under its key of the present address epoch; returns once the relay's
    /// hello has come back.
    pub(crate) async fn connect(self, device: &Device) -> Outcome<RelayClient> {
        self.connect_in(device, address_epoch(clock::now_seconds())).await
    }

    /// The same under the key of another epoch, whose mailbox only that key may read.
    pub(crate) async fn connect_in(self, device: &Device, epoch: u32) -> Outcome<RelayClient> {
        self.connect_as(&secret_in(device, epoch), device.realm).await
    }

    /// Connects under any key.
    pub(crate) async fn connect_as(
        self,
        secret: &TransportSecret,
        realm: Realm,
    ) -> Outcome<RelayClient> {
        RelayClient::connect(self.address, self.key, secret, realm)
            .await
            .map_err(|error| failure(&error))
    }
}

/// A relay by its key, at a network address that may be a name: what a card names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedRelay {
    pub(crate) key: TransportKey,
    /// Host and port.
    pub(crate) address: String,
}

impl From<Relay> for NamedRelay {
    fn from(relay: Relay) -> Self {
        Self { key: relay.key, address: relay.address.to_string() }
    }
}

impl NamedRelay {
    /// Those of a card, in its order.
    pub(crate) fn of(homes: &[HomeRelay]) -> Vec<Self> {
        let named = |home: &HomeRelay| {
            // One predicate says what is a key, here and on cards.
            let key = TransportKey::from_bytes(&home.key().to_bytes()).ok()?;
            Some(Self { key, address: home.network_address().to_owned() })
        };
        homes.iter().filter_map(named).collect()
    }

    /// Looks the address up and connects to the first place that answers.
    pub(crate) async fn connect_as(
        &self,
        secret: &TransportSecret,
        realm: Realm,
    ) -> Outcome<RelayClient> {
        let places = self.look_up().await.map_err(|failure| failure.about(&self.to_string()))?;
        let mut last = failure(&ClientError::NoAnswer);
        for address in places {
            match (Relay { address, key: self.key }).connect_as(secret, realm).await {
                Ok(client) => return Ok(client),
                Err(failure) => last = failure,
            }
        }
        Err(last.about(&self.to_string()))
    }

    /// What a refusal of this relay means.
    pub(crate) fn failure(&self, error: &ClientError) -> Failure {
        failure(error).about(&self.to_string())
    }

    async fn look_up(&self) -> Outcome<Vec<SocketAddr>> {
        let later = |message: String| Failure::new(Exit::TryLater, "relay", message);
        let looked_up = tokio::time::timeout(LOOK_UP_WAIT, tokio::net::lookup_host(&self.address));
        match looked_up.await {
            Ok(Ok(places)) => Ok(places.collect()),
            Ok(Err(error)) => Err(later(format!("its address is not found: {error} (try later)"))),
            Err(_) => Err(later("its address is not found in time (try later)".to_owned())),
        }
    }
}

/// The address and the beginning of the key: enough to know it by.
impl fmt::Display for NamedRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.to_string();
        write!(f, "relay {} ({}…)", self.address, key.get(..8).unwrap_or_default())
    }
}

/// The secret of the device's transport key in an address epoch (spec/06-relay.md, "Rotation").
pub(crate) fn secret_in(device: &Device, epoch: u32) -> TransportSecret {
    TransportSecret::rotated(&device.identity.transport_seed(), device.realm, epoch)
}

/// A transport key in hex.
pub(crate) fn transport_key(what: &str, text: &str) -> Outcome<TransportKey> {
    TransportKey::from_bytes(&public_key(what, text)?)
        .map_err(|error| Failure::new(Exit::Authentication, "weak_key", format!("{what}: {error}")))
}

/// Under which name a cursor is remembered: it has a meaning at one address of one log only, and for
/// one precedence.
pub(crate) fn source(log: u64, address: Address, precedence: Precedence) -> String {
    format!("{log:016x}/{}/{precedence}", hex::encode(&address.octets))
}

/// Where a reader of an address stands, by what it remembers of each source.
pub(crate) fn cursors(log: u64, address: Address, known: impl Fn(&str) -> u64) -> Cursors {
    let mut cursors = Cursors::default();
    for precedence in Precedence::ALL {
        cursors.set(precedence, known(&source(log, address, precedence)));
    }
    cursors
}

/// What a refusal of the relay means.
pub(crate) fn failure(error: &ClientError) -> Failure {
    let exit = match error {
        _ if error.is_temporary() => Exit::TryLater,
        ClientError::AnotherRelay | ClientError::NotAdmitted => Exit::Authentication,
        _ => Exit::Failure,
    };
    Failure::new(exit, "relay", error.to_string())
}
