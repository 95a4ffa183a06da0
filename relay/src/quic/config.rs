//! The two ends' configurations.

use super::identity::certified_key;
use super::verifier::{AnyClient, PinnedRelay};
use crate::key::{TransportKey, TransportSecret};
use crate::limits::{
    ARRIVAL_OCTETS_MAX, ARRIVALS_OCTETS_MAX, CLIENT_TICKETS_MAX, DATAGRAM_BUFFER,
    DATAGRAM_OCTETS_MAX, IDLE_MAX_MILLISECONDS, KEEP_ALIVE, SEND_WINDOW, STREAM_WINDOW,
    STREAMS_MAX, TICKETS_MAX, UNACKNOWLEDGED_PACKETS_MAX,
};
use crate::protocol::ALPN;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{AckFrequencyConfig, MtuDiscoveryConfig, TransportConfig, VarInt};
use quinn_proto::RandomConnectionIdGenerator;
use ring::hmac;
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::ring as provider;
use rustls::server::{AlwaysResolvesServerRawPublicKeys, ServerSessionMemoryCache};
use rustls::version::TLS13;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why TLS could not be set up: a fault of this program or its key, never of the peer.
pub(crate) type SetupError = Box<dyn std::error::Error + Send + Sync>;

/// A relay with this key.
pub(crate) fn server_config(secret: &TransportSecret) -> Result<quinn::ServerConfig, SetupError> {
    let key = AlwaysResolvesServerRawPublicKeys::new(certified_key(secret));
    let mut tls =
        rustls::ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(Arc::new(AnyClient))
            .with_cert_resolver(Arc::new(key));
    tls.alpn_protocols = vec![ALPN.to_vec()];
    // "A resumed session carries the client key of the one it resumes." Each ticket is taken once, so early
    // data that is sent again is early data no more; and what could do harm twice waits for the end of the
    // handshake anyway (spec/06-relay.md, "Connection").
    tls.session_storage = ServerSessionMemoryCache::new(TICKETS_MAX);
    tls.send_tls13_tickets = 1;
    // All or nothing (RFC 9001 §4.6.1).
    tls.max_early_data_size = u32::MAX;

    let mut config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    config.transport_config(Arc::new(transport(STREAMS_MAX))).migration(true);
    config.incoming_buffer_size(ARRIVAL_OCTETS_MAX);
    config.incoming_buffer_size_total(ARRIVALS_OCTETS_MAX);
    Ok(config)
}

/// What a relay must have in common with the one it was before it was killed: started again, it can
/// tell clients of the old one that their connections are gone (RFC 9000 §10.3), which otherwise only
/// the idle time-out would.
pub(crate) fn endpoint_config(secret: &TransportSecret) -> quinn::EndpointConfig {
    let mut key = Zeroizing::new([0; 32]);
    secret.derive("chappe-stateless-reset/1", &mut *key);
    let reset = hmac::Key::new(hmac::HMAC_SHA256, &*key);
    let mut config = quinn::EndpointConfig::new(Arc::new(reset));
    // The largest is refused only where it is below what every path takes.
    drop(config.max_udp_payload_size(DATAGRAM_OCTETS_MAX));
    // Not the library's own choice, of whose eight octets three are random: an id drawn for a Retry is looked for
    // among none that are in use, each connection has several, and who is given one that is gets no answer. With
    // two thousand connections that was one handshake in seven thousand.
    config.cid_generator(|| Box::new(RandomConnectionIdGenerator::default()));
    config
}

/// A client with this key, for the relay with that one.
pub(crate) fn client_config(
    secret: &TransportSecret,
    relay: TransportKey,
) -> Result<quinn::ClientConfig, SetupError> {
    let key = AlwaysResolvesClientRawPublicKeys::new(certified_key(secret));
    let mut tls =
        rustls::ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_protocol_versions(&[&TLS13])?
            .dangerous() // the library's word for "not by certificate authorities"
            .with_custom_certificate_verifier(Arc::new(PinnedRelay(relay)))
            .with_client_cert_resolver(Arc::new(key));
    tls.alpn_protocols = vec![ALPN.to_vec()];
    tls.resumption = Resumption::in_memory_sessions(CLIENT_TICKETS_MAX);
    tls.enable_early_data = true;

    let mut config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    let mut transport = transport(0);
    transport.keep_alive_interval(Some(KEEP_ALIVE));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

/// spec/06-relay.md, "Lanes": "All streams are bidirectional and opened by the client".
fn transport(streams_max: u32) -> TransportConfig {
    let mut transport = TransportConfig::default();
    let mut datagrams = MtuDiscoveryConfig::default();
    datagrams.upper_bound(DATAGRAM_OCTETS_MAX);
    // A report that comes alone is answered within the time an acknowledgement may take, and the packet with
    // that answer acknowledges it too: one packet instead of two.
    let mut acknowledgements = AckFrequencyConfig::default();
    acknowledgements.ack_eliciting_threshold(VarInt::from_u32(UNACKNOWLEDGED_PACKETS_MAX));
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(streams_max))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .send_window(SEND_WINDOW)
        .mtu_discovery_config(Some(datagrams))
        .ack_frequency_config(Some(acknowledgements))
        // Without it a stream that has begun to be written comes before more urgent ones until it is empty.
        .send_fairness(true)
        .datagram_receive_buffer_size(Some(DATAGRAM_BUFFER))
        .datagram_send_buffer_size(DATAGRAM_BUFFER)
        .max_idle_timeout(Some(VarInt::from_u32(IDLE_MAX_MILLISECONDS).into()));
    transport
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use quinn_proto::{DatagramEvent, Endpoint};
    use std::net::SocketAddr;
    use std::time::Instant;

    /// The source connection id of a Retry (RFC 9000 §17.2.5).
    fn source_id(retry: &[u8]) -> Vec<u8> {
        let (destination, rest) = retry[5..].split_first().unwrap();
        let (octets, rest) = rest[usize::from(*destination)..].split_first().unwrap();
        rest[..usize::from(*octets)].to_vec()
    }

    /// So many as would be next to sure to repeat one of 2^24.
    #[test]
    fn no_retry_gives_an_id_that_another_was_given() {
        let secret = TransportSecret::from_seed(&[7; 32]);
        let (now, relay) = (Instant::now(), SocketAddr::from(([127, 0, 0, 1], 7406)));
        let client_config = client_config(&secret, secret.public()).unwrap();
        let mut client = Endpoint::new(Arc::default(), None, true, None);
        let connecting = client.connect(now, client_config, relay, "relay");
        let mut initial = Vec::new();
        assert!(connecting.unwrap().1.poll_transmit(now, 1, &mut initial).is_some());

        let server_config = Arc::new(server_config(&secret).unwrap());
        let own = Arc::new(endpoint_config(&secret));
        let mut server = Endpoint::new(own, Some(server_config), true, None);
        let mut given = std::collections::HashSet::new();
        for retries in 0..20_000 {
            let octets = BytesMut::from(&initial[..]);
            let event = server.handle(now, relay, None, None, octets, &mut Vec::new());
            let Some(DatagramEvent::NewConnection(incoming)) = event else {
                panic!("an Initial is no connection")
            };
            let mut retry = Vec::new();
            assert!(server.retry(incoming, &mut retry).is_ok());
            assert!(given.insert(source_id(&retry)), "again after {retries}");
        }
    }
}
