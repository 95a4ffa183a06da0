//! From which socket a relay connects to a peer.

use super::ServerError;
use crate::client::{Connector, Introduction};
use crate::key::{TransportKey, TransportSecret};
use crate::network::Network;
use crate::protocol::ConnectionRole;
use chappe_codec::realm::Realm;
use quinn::Endpoint;
use std::net::SocketAddr;

/// The ways to a peer: "from the socket it listens on, where that reaches the peer" (spec/06-relay.md,
/// "Federation").
#[derive(Debug)]
pub(super) struct Sockets {
    listens: SocketAddr,
    own: Connector,
    other: Connector,
}

impl Sockets {
    /// To the peer with this key, from a relay's endpoint or another socket of the same network.
    ///
    /// # Errors
    /// [`ServerError::Setup`], [`ServerError::Socket`].
    pub(super) fn new(
        endpoint: &Endpoint,
        network: &Network,
        (secret, realm): (&TransportSecret, Realm),
        peer: TransportKey,
    ) -> Result<Self, ServerError> {
        let introduction = Introduction { role: ConnectionRole::Relay, ..Introduction::default() };
        let other = Connector::new(peer, secret, realm)
            .map_err(|error| ServerError::Setup(Box::new(error)))?
            .with_introduction(introduction)
            .with_network(network.clone());
        let listens = endpoint.local_addr().map_err(ServerError::Socket)?;
        let own = other.clone().with_endpoint(endpoint.clone());
        Ok(Self { listens, own, other })
    }

    /// What to try, in this order.
    pub(super) fn towards(&self, peer: SocketAddr) -> impl Iterator<Item = &Connector> {
        let own = may_reach(self.listens, peer).then_some(&self.own);
        let other = (!reaches_all(self.listens, peer)).then_some(&self.other);
        own.into_iter().chain(other)
    }
}

/// Whether it is worth trying: what listens on the loopback reaches nothing else, and what listens on IPv4 no
/// IPv6. What listens on any address of IPv6 takes IPv4 too, unless the system says otherwise.
fn may_reach(listens: SocketAddr, peer: SocketAddr) -> bool {
    let is_mapped = listens.ip().is_unspecified() && listens.is_ipv6();
    let is_loopback = listens.ip().is_loopback();
    (listens.is_ipv4() == peer.is_ipv4() || is_mapped) && (!is_loopback || peer.ip().is_loopback())
}

/// Whether another socket would reach no more: one that listens on one address only may have no way to a peer
/// that another of this machine's addresses has.
fn reaches_all(listens: SocketAddr, peer: SocketAddr) -> bool {
    listens.ip().is_unspecified() && listens.is_ipv4() == peer.is_ipv4()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_it_listens_on_comes_first_where_it_can_reach_the_peer() {
        // Own, other.
        for (listens, peer, expected) in [
            ("0.0.0.0:1", "192.0.2.1:2", (true, false)),
            ("0.0.0.0:1", "[2001:db8::1]:2", (false, true)),
            ("[::]:1", "[2001:db8::1]:2", (true, false)),
            ("[::]:1", "192.0.2.1:2", (true, true)),
            ("192.0.2.7:1", "192.0.2.1:2", (true, true)),
            ("192.0.2.7:1", "[2001:db8::1]:2", (false, true)),
            ("[2001:db8::7]:1", "192.0.2.1:2", (false, true)),
            ("127.0.0.1:1", "127.0.0.1:2", (true, true)),
            ("127.0.0.1:1", "192.0.2.1:2", (false, true)),
            ("[::1]:1", "127.0.0.1:2", (false, true)),
        ] {
            let (listens, peer) = (listens.parse().unwrap(), peer.parse().unwrap());
            let found = (may_reach(listens, peer), !reaches_all(listens, peer));
            assert_eq!(found, expected, "{listens} {peer}");
        }
    }
}
