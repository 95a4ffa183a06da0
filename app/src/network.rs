//! Reaching a relay: arguments, connection, and what its refusals mean to a person.

use crate::device::Device;
use crate::device::public_key;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::hex;
use chappe_codec::error::DecodeError;
use chappe_codec::home::HomeRelay;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_relay::invitation::InvitationText;
use chappe_relay::{
    Address, ClientError, Cursors, Introduction, Reason, RelayClient, TransportKey, TransportSecret,
};
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

/// How long looking up a relay's name may take.
const LOOK_UP_WAIT: Duration = Duration::from_secs(5);

/// What to do where no relay is known.
pub(crate) const NAME_ONE: &str =
    "name a relay: --relay ADDRESS --relay-key HEX, or --invitation TEXT";

/// Which relay.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RelayArguments {
    /// The relay's address
    #[arg(long, value_name = "ADDRESS", requires = "relay_key")]
    pub(crate) relay: Option<SocketAddr>,

    /// The relay's key, as `chappe relay` shows it
    #[arg(long, value_name = "HEX")]
    pub(crate) relay_key: Option<String>,

    /// An invitation, or its file; remembered
    #[arg(long, value_name = "TEXT")]
    invitation: Option<String>,

    /// Show it who you are, if it asks; remembered
    #[arg(long)]
    introduce: bool,
}

/// A relay and the key that proves it is the one meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    pub(crate) key: TransportKey,
}

impl RelayArguments {
    fn named(&self) -> Outcome<Option<Relay>> {
        let (Some(address), Some(key)) = (self.relay, &self.relay_key) else { return Ok(None) };
        Ok(Some(Relay { address, key: transport_key("--relay-key", key)? }))
    }

    /// The relay by its address and key alone; naming none is an error.
    pub(crate) fn address_and_key(&self) -> Outcome<Relay> {
        self.named()?.ok_or_else(|| Failure::new(Exit::Usage, "usage", NAME_ONE))
    }

    /// The relay, if one was named, by its key or by an invitation. What it may be shown is remembered.
    pub(crate) fn relay(&self, device: &Device) -> Outcome<Option<Relay>> {
        let invited = self.invitation.as_deref().map(invitation_text).transpose()?;
        let relay = match (self.named()?, &invited) {
            (Some(relay), Some(text)) if relay.key != text.relay() => {
                let message = "the invitation is another relay's than --relay-key";
                return Err(Failure::new(Exit::Usage, "usage", message)
                    .advise("leave --relay and --relay-key out: the invitation names its relay"));
            }
            (Some(relay), _) => Some(relay),
            (None, Some(text)) => Some(Relay { address: resolved(text)?, key: text.relay() }),
            (None, None) => None,
        };
        if let Some(text) = &invited {
            device.remember_invitation(text.relay(), text.invitation())?;
        }
        if self.introduce {
            let homes = device.homes()?;
            let homes = homes.as_slice().iter().map(|home| home.key().to_bytes());
            let keys: Vec<_> = match relay {
                Some(relay) => vec![relay.key.to_bytes()],
                None => homes.collect(),
            };
            for key in keys.iter().filter_map(|key| TransportKey::from_bytes(key).ok()) {
                device.remember_to_introduce(key)?;
            }
        }
        Ok(relay)
    }
}

/// Where a device reads: at the relay that is named, or else at its home relays.
pub(crate) fn readable(device: &Device, named: Option<Relay>) -> Outcome<Vec<NamedRelay>> {
    if let Some(relay) = named {
        return Ok(vec![NamedRelay::named(device, relay)?]);
    }
    let homes = NamedRelay::of(device, device.homes()?.as_slice())?;
    if homes.is_empty() {
        return Err(Failure::new(Exit::Usage, "usage", NAME_ONE)
            .advise("or set once and for all where you read: chappe card homes --help"));
    }
    Ok(homes)
}

/// An invitation as it was handed on, or from a file.
fn invitation_text(given: &str) -> Outcome<InvitationText> {
    let text = if given.starts_with("chappe-invitation:") {
        given.to_owned()
    } else {
        files::read_text(Path::new(given))?
    };
    text.parse().map_err(|error: DecodeError| {
        Failure::new(Exit::Malformed, error.kind.name(), format!("the invitation: {error}"))
            .advise("copy it whole: it begins with chappe-invitation:")
    })
}

/// Where the relay of an invitation is just now.
fn resolved(text: &InvitationText) -> Outcome<SocketAddr> {
    let address = text.network_address();
    let found = address.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| {
        Failure::new(Exit::TryLater, "network", format!("{address} cannot be found"))
            .advise("try later, or say where it is: --relay ADDRESS --relay-key HEX")
    })
}

impl Relay {
    /// Where the relay does not admit the key alone it is shown what its owner said it may be: every
    /// connection begins without, since what is shown tells the relay who this is.
    async fn connect_showing(
        self,
        secret: &TransportSecret,
        realm: Realm,
        shown: &[Introduction],
    ) -> Result<RelayClient, ClientError> {
        let (address, key) = (self.address, self.key);
        let mut answer = RelayClient::connect(address, key, secret, realm).await;
        for one in shown {
            if !matches!(answer, Err(ClientError::NotAdmitted)) {
                break;
            }
            answer = RelayClient::connect_introduced(address, key, secret, realm, one).await;
        }
        answer
    }

    /// Connects under any key.
    pub(crate) async fn connect_as(
        self,
        secret: &TransportSecret,
        realm: Realm,
    ) -> Outcome<RelayClient> {
        let client = self.connect_showing(secret, realm, &[]).await;
        client.map_err(|error| failure(&error))
    }
}

/// A relay by its key, at a network address that may be a name: what a card names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedRelay {
    pub(crate) key: TransportKey,
    /// Host and port.
    pub(crate) address: String,
    /// What it may be shown where it asks.
    shown: Vec<Introduction>,
}

impl NamedRelay {
    /// The one that a person named.
    pub(crate) fn named(device: &Device, relay: Relay) -> Outcome<Self> {
        let (key, address) = (relay.key, relay.address.to_string());
        Ok(Self { key, address, shown: device.introductions(key)? })
    }

    /// Those of a card, in its order.
    pub(crate) fn of(device: &Device, homes: &[HomeRelay]) -> Outcome<Vec<Self>> {
        let mut found = Vec::new();
        for home in homes {
            // One predicate says what is a key, here and on cards.
            let Ok(key) = TransportKey::from_bytes(&home.key().to_bytes()) else { continue };
            let address = home.network_address().to_owned();
            found.push(Self { key, address, shown: device.introductions(key)? });
        }
        Ok(found)
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
            let relay = Relay { address, key: self.key };
            match relay.connect_showing(secret, realm, &self.shown).await {
                Ok(client) => return Ok(client),
                Err(error) => last = failure(&error),
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
    let failure = Failure::new(exit, "relay", error.to_string());
    match error {
        ClientError::NotAdmitted => failure.advise(
            "ask its operator for an invitation and give it with --invitation; if your account is \
             listed there, say who you are with --introduce",
        ),
        ClientError::Refused(Reason::NotPermitted) => failure.advise(
            "this relay does not let you use that precedence; if your account is listed there, say \
             who you are with --introduce",
        ),
        _ => failure,
    }
}
