//! Ed25519 keys and what they sign (spec/00-conventions.md, "Keys and accounts").

use crate::realm::Realm;
use alloc::vec::Vec;
use core::fmt;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// A public key: Ed25519 (RFC 8032). Whose it is, a root, a certificate or a card says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyKey(VerifyingKey);

impl VerifyKey {
    /// Takes 32 octets as a key; refuses what RFC 8032 §5.1.3 does not decode to a point, and points
    /// of small order.
    pub fn from_bytes(octets: &[u8; 32]) -> Result<Self, KeyError> {
        verifying_key(octets).map(Self)
    }

    /// The 32 octets of the key.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Verifies a signature over `context ‖ realm ‖ parts`, strictly: the one predicate of the
    /// protocol (spec/00-conventions.md: "A signature is verified strictly").
    pub fn verify(
        &self,
        context: &str,
        realm: Realm,
        parts: &[&[u8]],
        signature: &[u8; 64],
    ) -> Result<(), KeyError> {
        self.0
            .verify_strict(&to_be_signed(context, realm, parts), &Signature::from_bytes(signature))
            .map_err(|_| KeyError::BadSignature)
    }
}

impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyKey(")?;
        self.to_bytes().iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}

/// The secret half of a key. It is wiped when dropped and never shown.
#[derive(Clone)]
pub struct SignKey(SigningKey);

impl SignKey {
    /// The key of a 32-octet seed, which must come from a healthy random source.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> VerifyKey {
        VerifyKey(self.0.verifying_key())
    }

    /// Signs `context ‖ realm ‖ parts`.
    #[must_use]
    pub fn sign(&self, context: &str, realm: Realm, parts: &[&[u8]]) -> [u8; 64] {
        self.0.sign(&to_be_signed(context, realm, parts)).to_bytes()
    }
}

impl fmt::Debug for SignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignKey of {:?}", self.public())
    }
}

/// Why a key or a signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// The octets are no point of the curve, or not the one encoding of it: no signature is good
    /// under them.
    NotAKey,
    /// A key of small order, for which anyone can sign.
    WeakKey,
    /// The signature is not this key's over these octets in this realm.
    BadSignature,
    /// Signed for an account or a device whose key is not known.
    UnknownAccount,
    /// Signed for a device that its account has revoked (spec/10-identity.md, "Revocation").
    Revoked,
}

impl KeyError {
    /// The registered name (spec/00-conventions.md, "Error names").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WeakKey => "weak_key",
            // "no signature verifies under what is no key"
            Self::NotAKey | Self::BadSignature => "bad_signature",
            Self::UnknownAccount => "unknown_account",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAKey => "these octets are not a public key",
            Self::WeakKey => "a weak key, for which anyone could sign",
            Self::BadSignature => "the signature is not this key's, or the realm is another",
            Self::UnknownAccount => "signed for a device whose key is not known",
            Self::Revoked => "signed for a device that its account has revoked",
        })
    }
}

impl core::error::Error for KeyError {}

/// Whether RFC 8032 §5.1.3 decodes these octets as far as their form goes: y, the 255 low bits, is
/// below p = 2^255 − 19, and the sign of x is clear where x is zero (y is 1 or p − 1). The library
/// takes the others too, which would give one account several keys.
/// The one way Ed25519 keys are looked at (spec/00-conventions.md, "Keys and accounts"), here and for
/// the originators of `signal::cryptography`, which are no accounts.
pub(crate) fn verifying_key(octets: &[u8; 32]) -> Result<VerifyingKey, KeyError> {
    if !is_canonical(octets) {
        return Err(KeyError::NotAKey);
    }
    let key = VerifyingKey::from_bytes(octets).map_err(|_| KeyError::NotAKey)?;
    if key.is_weak() { Err(KeyError::WeakKey) } else { Ok(key) }
}

fn is_canonical(octets: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = octets;
    let (y_high, sign) = (high & 0x7F, high & 0x80 != 0);
    let all = |value: u8| middle.iter().all(|octet| *octet == value);
    let at_or_above_p = y_high == 0x7F && all(0xFF) && *low >= 0xED;
    let is_one = y_high == 0 && all(0) && *low == 1;
    let is_minus_one = y_high == 0x7F && all(0xFF) && *low == 0xEC;
    !at_or_above_p && !(sign && (is_one || is_minus_one))
}

fn to_be_signed(context: &str, realm: Realm, parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::from(context.as_bytes());
    message.extend_from_slice(&realm.to_bytes());
    for part in parts {
        message.extend_from_slice(part);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::Mode;
    use alloc::format;

    const LIVE: Realm = Realm { mode: Mode::Live, network: 1 };
    const EXERCISE: Realm = Realm { mode: Mode::Exercise, network: 1 };

    #[test]
    fn a_signature_holds_in_its_context_and_realm_only() {
        let secret = SignKey::from_seed(&[7; 32]);
        let signature = secret.sign("chappe-open/1", LIVE, &[b"halt"]);
        let verify = |context, realm, text: &[u8]| {
            secret.public().verify(context, realm, &[text], &signature)
        };
        assert_eq!(verify("chappe-open/1", LIVE, b"halt"), Ok(()));
        assert_eq!(verify("chappe-open/1", EXERCISE, b"halt"), Err(KeyError::BadSignature));
        assert_eq!(verify("chappe-card/1", LIVE, b"halt"), Err(KeyError::BadSignature));
        assert_eq!(verify("chappe-open/1", LIVE, b"go"), Err(KeyError::BadSignature));
    }

    #[test]
    fn weak_keys_are_refused() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(VerifyKey::from_bytes(&neutral), Err(KeyError::WeakKey));
        assert_eq!(VerifyKey::from_bytes(&[0; 32]), Err(KeyError::WeakKey));
        assert_eq!(VerifyKey::from_bytes(&[0xFF; 32]), Err(KeyError::NotAKey));
        neutral[31] = 0x80;
        assert_eq!(VerifyKey::from_bytes(&neutral), Err(KeyError::NotAKey));
    }

    #[test]
    fn a_secret_shows_only_its_public_half() {
        let shown = format!("{:?}", SignKey::from_seed(&[0x5A; 32]));
        assert!(!shown.contains("5a5a") && !shown.contains("90, 90"), "{shown}");
    }
}
