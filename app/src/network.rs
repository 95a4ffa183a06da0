//! Reaching a relay: arguments, connection, and what its refusals mean to a person.

use crate::device::Device;
use crate::device::public_key;
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_relay::{Address, ClientError, Cursors, RelayClient, TransportKey, TransportSecret};
use std::net::SocketAddr;

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
#[derive(Debug, Clone, Copy)]
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
        self.relay()?.ok_or_else(|| {
            Failure::new(Exit::Usage, "usage", "name a relay: --relay ADDRESS --relay-key HEX")
        })
    }
}

impl Relay {
    /// Connects as the device; returns once the relay's hello has come back.
    pub(crate) async fn connect(self, device: &Device) -> Outcome<RelayClient> {
        let secret = TransportSecret::from_seed(&device.identity.transport_seed());
        self.connect_as(&secret, device.realm).await
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
