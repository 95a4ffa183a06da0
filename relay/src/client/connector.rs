//! How a client gets its connection.

use super::lane::Lane;
use super::{ClientError, RelayClient, lost};
use crate::key::{TransportKey, TransportSecret};
use crate::limits::CONNECT_WAIT;
use crate::network::Network;
use crate::protocol::{ClientControl, ConnectionRole};
use crate::quic;
use chappe_codec::realm::Realm;
use quinn::{Connecting, Connection, Endpoint, RecvStream, SendStream};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Mutex;

/// What a client shows beside its key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Introduction {
    /// A certificate, or nothing: it tells the relay who this is.
    pub certificate: Vec<u8>,
    /// An invitation, or nothing.
    pub invitation: Vec<u8>,
    /// As what it connects: a relay does so to its peers, under its relay key.
    pub role: ConnectionRole,
}

/// Whoever has an invitation is let in, so it is not shown.
impl fmt::Debug for Introduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Introduction")
    }
}

/// By precedence, opened when they are first needed.
pub(super) type Lanes = Arc<Mutex<[Option<Arc<Lane>>; 4]>>;

/// A control stream, and the name of the logs that the relay said on it.
pub(super) type Greeting = (u64, (SendStream, RecvStream));

/// One key's way to one relay, for as many connections as it takes. It remembers what a relay gave it to resume
/// with (RFC 8446 §2.2): with [`Connector::connect_reading`] a later connection reads without a round trip before.
/// "Tickets of TLS are forgotten with the epoch": a connector goes with its key.
#[derive(Debug, Clone)]
pub struct Connector {
    config: quinn::ClientConfig,
    realm: Realm,
    introduction: Introduction,
    network: Network,
    /// Connects from here instead of from a socket of its own.
    endpoint: Option<Endpoint>,
}

impl Connector {
    /// For the relay that holds the key `relay`, under the own transport key.
    ///
    /// # Errors
    /// [`ClientError::Setup`].
    pub fn new(
        relay: TransportKey,
        own: &TransportSecret,
        realm: Realm,
    ) -> Result<Self, ClientError> {
        let config = quic::client_config(own, relay).map_err(ClientError::Setup)?;
        let introduction = Introduction::default();
        Ok(Self { config, realm, introduction, network: Network::system(), endpoint: None })
    }

    /// The same with something to show.
    #[must_use]
    pub fn with_introduction(self, introduction: Introduction) -> Self {
        Self { introduction, ..self }
    }

    /// The same over another network.
    #[must_use]
    pub fn with_network(self, network: Network) -> Self {
        Self { network, ..self }
    }

    /// The same from a socket that is there already, as a relay has one: its connections end with it.
    pub(crate) fn with_endpoint(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }

    /// Connects to the relay at `address` and says hello. Returns when the relay has answered: only then the
    /// connection counts.
    ///
    /// # Errors
    /// [`ClientError`]: among others the relay shows another key, does not admit this one, speaks in
    /// another realm, or does not answer.
    pub async fn connect(&self, address: SocketAddr) -> Result<RelayClient, ClientError> {
        let (endpoint, connecting) = self.start(address)?;
        let greeted = async {
            let connection = connecting.await?;
            let (log, control) = self.greet(&connection).await?;
            Ok(self.client(endpoint, connection).greeted(log, control))
        };
        tokio::time::timeout(CONNECT_WAIT, greeted).await.map_err(|_| ClientError::NoAnswer)?
    }

    pub(super) fn start(&self, address: SocketAddr) -> Result<(Endpoint, Connecting), ClientError> {
        let endpoint = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => self.open(address).map_err(ClientError::Socket)?,
        };
        // spec/06-relay.md: "The server name in the handshake has no meaning".
        let connecting = endpoint
            .connect_with(self.config.clone(), address, "relay")
            .map_err(|error| ClientError::Setup(error.into()))?;
        Ok((endpoint, connecting))
    }

    fn open(&self, address: SocketAddr) -> io::Result<Endpoint> {
        let Network { runtime, seed, .. } = &self.network;
        let socket = self.network.open(any_address(address))?;
        let mut config = quinn::EndpointConfig::default();
        config.rng_seed(*seed);
        Endpoint::new_with_abstract_socket(config, None, socket, runtime.clone())
    }

    /// A client on a connection; the hello is still to be said.
    pub(super) fn client(&self, endpoint: Endpoint, connection: Connection) -> RelayClient {
        RelayClient {
            endpoint,
            network: self.network.clone(),
            connection,
            log: 0,
            lanes: Lanes::default(),
            hears: AtomicBool::new(false),
            control: None,
        }
    }

    /// Says hello on the control stream and waits for the answer.
    pub(super) async fn greet(&self, connection: &Connection) -> Result<Greeting, ClientError> {
        let (mut send, mut receive) = connection.open_bi().await?;
        let Introduction { certificate, invitation, role } = &self.introduction;
        let mut control = ClientControl::new(*role, self.realm, certificate, invitation);
        send.write_all(&control.take_output()).await.map_err(|_| lost(connection))?;
        loop {
            if let Some(log) = control.next_greeting()? {
                return Ok((log, (send, receive)));
            }
            match receive.read_chunk(usize::MAX, true).await {
                Ok(Some(chunk)) => control.receive(chunk.bytes),
                Ok(None) => return Err(control.end().into()),
                Err(_) => return Err(lost(connection)),
            }
        }
    }
}

/// Any port of the same family.
pub(super) fn any_address(like: SocketAddr) -> SocketAddr {
    match like {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}
