//! Ed25519 keys in the forms TLS wants: SubjectPublicKeyInfo outside, PKCS#8 inside.

use crate::key::{TransportKey, TransportSecret};
use quinn::Connection;
use rustls::Error;
use rustls::crypto::ring::sign::any_eddsa_type;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use zeroize::Zeroizing;

/// DER of a SubjectPublicKeyInfo up to the 32 octets of an Ed25519 key (RFC 8410 §4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0];

/// DER of a PrivateKeyInfo, version 1, up to the 32 octets of an Ed25519 seed (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// A transport secret as the raw public key (RFC 7250) TLS shows and signs with.
pub(super) fn certified_key(secret: &TransportSecret) -> Result<Arc<CertifiedKey>, Error> {
    let private = Zeroizing::new([PKCS8_PREFIX.as_slice(), secret.seed()].concat());
    let key = any_eddsa_type(&PrivatePkcs8KeyDer::from(private.as_slice()))?;
    let shown = CertificateDer::from(public_key_info(secret.public()));
    Ok(Arc::new(CertifiedKey::new(vec![shown], key)))
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
        let certified = certified_key(&secret).unwrap();
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
