//! The ledger's own key pair, as signed notes write it (C2SP signed-note, type 01).

use crate::limits::LEDGER_KEY_OCTETS_MAX;
use crate::origin::Origin;
use crate::text::{decode_base64, encode_base64};
use chappe_codec::error::{DecodeError, ErrorKind};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use std::fmt;
use std::str::FromStr;

/// The note signature type of plain Ed25519 (C2SP signed-note, "Signature types").
const TYPE_ED25519: u8 = 1;

/// A ledger's public key with the origin it signs for: all a reader needs to verify receipts.
///
/// As text it is a note verifier key: origin `+` key id in eight hex digits `+` base64 of type and
/// key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerKey {
    origin: Origin,
    key: VerifyingKey,
}

impl LedgerKey {
    /// The ledger it belongs to.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The note key id: the first four octets of SHA-256(origin ‖ 0x0A ‖ type ‖ key).
    #[must_use]
    pub fn id(&self) -> u32 {
        signed_note::key_id(self.origin.as_str(), &self.typed())
    }

    /// Whether `signature` is this key's over `message`, strictly (spec/00-conventions.md: "The
    /// ledger, its readers and every checker use this one predicate").
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        self.key.verify_strict(message, &signature).is_ok()
    }

    fn typed(&self) -> [u8; 33] {
        let mut typed = [TYPE_ED25519; 33];
        if let Some(rest) = typed.get_mut(1..) {
            rest.copy_from_slice(self.key.as_bytes());
        }
        typed
    }
}

impl fmt::Display for LedgerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}+{}", self.origin, self.id(), encode_base64(&self.typed()))
    }
}

impl FromStr for LedgerKey {
    type Err = DecodeError;

    /// Reads the text form; there is one for each key.
    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let refuse = |kind, field, part: &str| {
            let before = text.find(part).unwrap_or(0);
            Err(DecodeError::at_character(kind, field, before))
        };
        if text.len() > LEDGER_KEY_OCTETS_MAX || !text.is_ascii() {
            return refuse(ErrorKind::TooLong, "ledger_key", text);
        }
        let Some((origin, rest)) = text.split_once('+') else {
            return refuse(ErrorKind::Missing, "key_id", text);
        };
        let Some((id, encoded)) = rest.split_once('+') else {
            return refuse(ErrorKind::Missing, "key", rest);
        };
        let origin: Origin = origin.parse()?;
        let typed = match decode_base64(encoded.as_bytes(), 33) {
            Ok(typed) => typed,
            Err(kind) => return refuse(kind, "key", encoded),
        };
        let key = match typed.split_first() {
            Some((&TYPE_ED25519, key)) => key,
            Some(_) | None => return refuse(ErrorKind::UnknownCode, "key_type", encoded),
        };
        let Ok(octets) = <[u8; 32]>::try_from(key) else {
            return refuse(ErrorKind::TooShort, "key", encoded);
        };
        let key = match VerifyingKey::from_bytes(&octets) {
            Ok(key) if !key.is_weak() => Self { origin, key },
            Ok(_) | Err(_) => return refuse(ErrorKind::OutOfRange, "key", encoded),
        };
        if id != format!("{:08x}", key.id()) {
            return refuse(ErrorKind::Inconsistent, "key_id", rest);
        }
        Ok(key)
    }
}

/// A ledger's secret key with its origin. It is wiped when dropped and never shown.
#[derive(Clone)]
pub struct LedgerSecret {
    origin: Origin,
    key: SigningKey,
}

impl LedgerSecret {
    /// The key of a 32-octet seed, which must come from a healthy random source.
    ///
    /// It must sign for one ledger alone: a second log under the same key and origin is a fork.
    #[must_use]
    pub fn from_seed(origin: Origin, seed: &[u8; 32]) -> Self {
        Self { origin, key: SigningKey::from_bytes(seed) }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> LedgerKey {
        LedgerKey { origin: self.origin.clone(), key: self.key.verifying_key() }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for LedgerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LedgerSecret of {}", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> LedgerSecret {
        LedgerSecret::from_seed("chappe/live/00000001/ledger".parse().unwrap(), &[0x5A; 32])
    }

    #[test]
    fn a_key_reads_back_and_is_the_one_signed_note_computes() {
        let key = secret().public();
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert!(signed_note::StandardVerifier::new(&key.to_string()).is_ok());
    }

    #[test]
    fn every_changed_character_of_a_key_is_refused() {
        let text = secret().public().to_string();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(changed.parse::<LedgerKey>().is_err(), "{changed}");
        }
    }

    #[test]
    fn a_secret_shows_only_its_public_half() {
        let shown = format!("{:?}", secret());
        assert!(!shown.contains("5a5a") && !shown.contains("90, 90"), "{shown}");
    }
}
