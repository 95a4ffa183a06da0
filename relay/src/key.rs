//! Transport keys: the Ed25519 keys that name relays, clients and mailboxes
//! (spec/06-relay.md, "Connection").

use chappe_codec::digest;
use chappe_codec::key::{KeyError, VerifyKey};
use chappe_codec::realm::Realm;
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use sha2::Sha512;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The public half of a transport key. `Display` writes all of it, for people who pass it on;
/// `Debug` writes none of it, since logs name nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransportKey([u8; 32]);

impl TransportKey {
    /// Takes 32 octets as a key.
    ///
    /// # Errors
    /// [`KeyError`] when they are no key, or one of small order: for such a key anyone can sign.
    pub fn from_bytes(octets: &[u8; 32]) -> Result<Self, KeyError> {
        VerifyKey::from_bytes(octets).map(|key| Self(key.to_bytes()))
    }

    /// The 32 octets.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    pub(crate) fn verify(
        self,
        context: &str,
        realm: Realm,
        content: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), KeyError> {
        VerifyKey::from_bytes(&self.0)?.verify(context, realm, &[content], signature)
    }
}

impl fmt::Display for TransportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for TransportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportKey")
    }
}

/// Reads the 64 hex digits `Display` writes.
impl FromStr for TransportKey {
    type Err = TransportKeyError;

    fn from_str(text: &str) -> Result<Self, TransportKeyError> {
        let mut octets = [0; 32];
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(TransportKeyError);
        }
        for (octet, digits) in octets.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| TransportKeyError)?;
            *octet = u8::from_str_radix(digits, 16).map_err(|_| TransportKeyError)?;
        }
        Self::from_bytes(&octets).map_err(|_| TransportKeyError)
    }
}

/// A text that is no transport key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransportKeyError;

impl fmt::Display for TransportKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a transport key is 64 hex digits and not a weak key")
    }
}

impl std::error::Error for TransportKeyError {}

/// The secret half of a transport key, or of one that is rotated to an address epoch. It is wiped when
/// the last copy is dropped and never shown.
#[derive(Clone)]
pub struct TransportSecret {
    public: VerifyingKey,
    secret: Arc<ExpandedSecretKey>,
}

impl TransportSecret {
    /// The key of a 32-octet seed, which must come from a healthy random source.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self::of_expanded(ExpandedSecretKey::from(seed))
    }

    /// The key of a scalar and a prefix that belong together and to nothing else: two keys with one
    /// prefix give both away.
    pub(crate) fn of_expanded(expanded: ExpandedSecretKey) -> Self {
        Self { public: VerifyingKey::from(&expanded), secret: Arc::new(expanded) }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> TransportKey {
        TransportKey(*self.public.as_bytes())
    }

    pub(crate) fn sign(&self, context: &str, realm: Realm, content: &[u8]) -> [u8; 64] {
        self.sign_octets(&[context.as_bytes(), &realm.to_bytes(), content].concat())
    }

    /// Signs octets as they are, for TLS, which has contexts of its own.
    pub(crate) fn sign_octets(&self, octets: &[u8]) -> [u8; 64] {
        // spec/06-relay.md: "as in RFC 8032 §5.1.6 with a' for s and p' for the prefix".
        raw_sign::<Sha512>(&self.secret, octets, &self.public).to_bytes()
    }

    /// Keys that nobody else can make, for what must be the same after a restart.
    pub(crate) fn derive(&self, label: &str, out: &mut [u8]) {
        digest::derive(&self.secret.hash_prefix, label, &[], out);
    }

    #[cfg(test)]
    pub(crate) fn expanded(&self) -> &ExpandedSecretKey {
        &self.secret
    }
}

impl fmt::Debug for TransportSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_logs_name_nobody() {
        let secret = TransportSecret::from_seed(&[7; 32]);
        let key = secret.public();
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(format!("{key:?} {secret:?}"), "TransportKey TransportSecret");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "00", &"0".repeat(64), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(text.parse::<TransportKey>(), Err(TransportKeyError), "{text}");
        }
    }
}
