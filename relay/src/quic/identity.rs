//! Ed25519 keys in the forms TLS wants: SubjectPublicKeyInfo outside, a signer inside.

use crate::key::{TransportKey, TransportSecret};
use quinn::Connection;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};
use std::sync::Arc;

/// DER of a SubjectPublicKeyInfo up to the 32 octets of an Ed25519 key (RFC 8410 §4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0];

/// A transport secret as the raw public key (RFC 7250) TLS shows and signs with. A key that is rotated to
/// an address epoch has no seed, so the library gets a signer and no key.
pub(super) fn certified_key(secret: &TransportSecret) -> Arc<CertifiedKey> {
    let shown = CertificateDer::from(public_key_info(secret.public()));
    Arc::new(CertifiedKey::new(vec![shown], Arc::new(TlsKey(secret.clone()))))
}

/// "Signatures are Ed25519" (spec/06-relay.md, "Connection").
#[derive(Debug, Clone)]
struct TlsKey(TransportSecret);

impl SigningKey for TlsKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let is_offered = offered.contains(&SignatureScheme::ED25519);
        is_offered.then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(public_key_info(self.0.public())))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

impl Signer for TlsKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.0.sign_octets(message).to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// The 44 octets that show a key.
pub(super) fn public_key_info(key: TransportKey) -> Vec<u8> {
    [SPKI_PREFIX.as_slice(), &key.to_bytes()].concat()
}

/// The key 44 octets show; `None` for another kind of key or a weak one.
pub(super) fn shown_key(public_key_info: &[u8]) -> Option<TransportKey> {
    let key = public_key_info.strip_prefix(&SPKI_PREFIX)?;
    TransportKey::from_bytes(key.try_into().ok()?).ok()
}

/// The key the other end of a connection proved to hold.
pub(crate) fn peer_key(connection: &Connection) -> Option<TransportKey> {
    let identity = connection.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    match identity.as_slice() {
        [shown] => shown_key(shown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_agrees_that_both_halves_belong_together() {
        let secret = TransportSecret::from_seed(&[3; 32]);
        let certified = certified_key(&secret);
        let shown = certified.key.public_key().unwrap();
        assert_eq!(shown.as_ref(), public_key_info(secret.public()));
        assert_eq!(shown_key(&shown), Some(secret.public()));
    }

    #[test]
    fn other_keys_are_not_taken_for_ours() {
        let info = public_key_info(TransportSecret::from_seed(&[3; 32]).public());
        assert_eq!(shown_key(&info[..43]), None);
        let mut other_algorithm = info.clone();
        other_algorithm[8] = 0x6E;
        assert_eq!(shown_key(&other_algorithm), None);
        let mut weak = info;
        weak[12..].fill(0);
        assert_eq!(shown_key(&weak), None);
    }
}
