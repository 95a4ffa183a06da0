//! A client that speaks QUIC and TLS by the book and sends whatever octets a test wants.
//!
//! It shares nothing with the crate's own client: TLS is set up here once more from RFC 7250 and
//! RFC 8410.

// Each test program uses its own part of this.
#![allow(dead_code)]

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream};
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{
    CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use std::net::SocketAddr;
use std::sync::Arc;

pub(crate) struct RawClient {
    pub(crate) connection: Connection,
    _endpoint: Endpoint,
}

pub(crate) struct RawLane {
    pub(crate) send: SendStream,
    pub(crate) receive: RecvStream,
}

impl RawClient {
    /// Connects with the key of a seed and an ALPN; TLS only, no hello.
    pub(crate) async fn connect(address: SocketAddr, seed: u8, alpn: &[u8]) -> Self {
        Self::try_connect(address, seed, alpn).await.unwrap()
    }

    pub(crate) async fn try_connect(
        address: SocketAddr,
        seed: u8,
        alpn: &[u8],
    ) -> Result<Self, quinn::ConnectionError> {
        let config = raw_config(seed, alpn);
        let endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        let connection = endpoint.connect_with(config, address, "anything").unwrap().await?;
        Ok(Self { connection, _endpoint: endpoint })
    }

    pub(crate) async fn lane(&self) -> RawLane {
        let (send, receive) = self.connection.open_bi().await.unwrap();
        RawLane { send, receive }
    }

    /// The code and reason the relay closed the connection with.
    pub(crate) async fn close_code(&self) -> (u64, String) {
        match self.connection.closed().await {
            quinn::ConnectionError::ApplicationClosed(close) => {
                let reason = String::from_utf8(close.reason.to_vec()).unwrap();
                (close.error_code.into_inner(), reason)
            }
            other => panic!("{other}"),
        }
    }
}

/// With the key of a seed, and whatever TLS lets a client do early.
pub(crate) fn raw_config(seed: u8, alpn: &[u8]) -> quinn::ClientConfig {
    let mut private = vec![0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20];
    private.extend_from_slice(&[seed; 32]);
    let key = ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(private)).unwrap();
    let shown = CertificateDer::from(key.public_key().unwrap().to_vec());
    let key = Arc::new(CertifiedKey::new(vec![shown], key));
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyRelay))
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(key)));
    tls.alpn_protocols = vec![alpn.to_vec()];
    tls.enable_early_data = true;
    quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()))
}

impl RawLane {
    pub(crate) async fn send(&mut self, octets: &[u8]) {
        self.send.write_all(octets).await.unwrap();
    }

    /// The next `count` octets.
    pub(crate) async fn receive(&mut self, count: usize) -> Vec<u8> {
        let mut octets = vec![0; count];
        self.receive.read_exact(&mut octets).await.unwrap();
        octets
    }
}

#[derive(Debug)]
struct AnyRelay;

impl ServerCertVerifier for AnyRelay {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(cert.as_ref()),
            dss,
            &ring::default_provider().signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
