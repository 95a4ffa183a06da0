//! Reaching a relay: arguments, connection, and what its refusals mean to a person.

use crate::clock;
use crate::device::Device;
use crate::device::public_key;
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::hex;
use chappe_codec::error::DecodeError;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_relay::invitation::InvitationText;
use chappe_relay::rotation::address_epoch;
use chappe_relay::{
    Address, ClientError, Cursors, Reason, RelayClient, TransportKey, TransportSecret,
};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

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

    /// The relay by its address and key alone.
    pub(crate) fn named(&self) -> Outcome<Relay> {
        self.relay()?.ok_or_else(|| {
            Failure::new(Exit::Usage, "usage", "name a relay: --relay ADDRESS --relay-key HEX")
        })
    }

    /// The relay; naming none is an error. What it may be shown is remembered.
    pub(crate) fn required(&self, device: &Device) -> Outcome<Relay> {
        let invited = self.invitation.as_deref().map(invitation_text).transpose()?;
        let relay = match (self.relay()?, &invited) {
            (Some(relay), Some(text)) if relay.key != text.relay() => {
                let message = "the invitation is another relay's than --relay-key";
                return Err(Failure::new(Exit::Usage, "usage", message)
                    .advise("leave --relay and --relay-key out: the invitation names its relay"));
            }
            (Some(relay), _) => relay,
            (None, Some(text)) => Relay { address: resolved(text)?, key: text.relay() },
            (None, None) => {
                let message = "name a relay: --relay ADDRESS --relay-key HEX, or --invitation TEXT";
                return Err(Failure::new(Exit::Usage, "usage", message));
            }
        };
        if let Some(text) = &invited {
            device.remember_invitation(relay.key, text.invitation())?;
        }
        if self.introduce {
            device.remember_to_introduce(relay.key)?;
        }
        Ok(relay)
    }
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
    /// Connects as the device, under its key of the present address epoch; returns once the relay's
    /// hello has come back.
    pub(crate) async fn connect(self, device: &Device) -> Outcome<RelayClient> {
        self.connect_in(device, address_epoch(clock::now_seconds())).await
    }

    /// The same under the key of another epoch, whose mailbox only that key may read.
    ///
    /// Where the relay does not admit the key alone it is shown what its owner said it may be: every
    /// connection begins without, since what is shown tells the relay who this is.
    pub(crate) async fn connect_in(self, device: &Device, epoch: u32) -> Outcome<RelayClient> {
        let secret = secret_in(device, epoch);
        let mut answer = RelayClient::connect(self.address, self.key, &secret, device.realm).await;
        if matches!(answer, Err(ClientError::NotAdmitted)) {
            for shown in device.introductions(self.key)? {
                let (address, key, realm) = (self.address, self.key, device.realm);
                let connecting =
                    RelayClient::connect_introduced(address, key, &secret, realm, &shown);
                answer = connecting.await;
                if !matches!(answer, Err(ClientError::NotAdmitted)) {
                    break;
                }
            }
        }
        answer.map_err(|error| failure(&error))
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
