//! Which key and which initialisation vector a message needs, as K messages tell
//! (spec/12-whiteflag-cryptography.md, "Key ring"). A state without I/O and without a clock.

use super::address::Address;
use super::agreement::{AgreementKey, AgreementSecret};
use super::error::{CryptographyError, CryptographyErrorKind};
use super::message_key::{MessageKey, Method};
use super::secret::SharedSecret;
use super::vector::{InitialisationVector, support};
use crate::error::ErrorKind;
use crate::limits::{KEY_RING_ORIGINATORS_MAX, KEY_RING_VECTORS_MAX, KEY_RING_WRITTEN_MAX};
use crate::signal::code::{CryptoDataType, ReferenceIndicator};
use crate::signal::message::{Message, ReferencedMessage};
use crate::signal::text::CryptoData;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

/// The keys of one participant, and what it knows of others. Messages are handed in in the order of
/// their ledger, with the address that sent them and their id.
pub struct KeyRing {
    own: Address,
    secret: Option<AgreementSecret>,
    originators: BTreeMap<Vec<u8>, Known>,
    written: BTreeSet<InitialisationVector>,
}

/// What is known of an originator, by its binary address.
#[derive(Default)]
struct Known {
    /// The public key that holds, and the message that announced it.
    announced: Option<(ReferencedMessage, AgreementKey)>,
    pre_shared: Option<PreShared>,
    /// The oldest first.
    vectors: VecDeque<(ReferencedMessage, Method, InitialisationVector)>,
}

struct PreShared {
    secret: SharedSecret,
    expires_seconds: Option<u64>,
}

/// What a K message has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// The originator's public key is known now.
    Key,
    /// The originator has another public key; what was agreed with the earlier one has expired.
    AnotherKey,
    /// The public key that was known already.
    SameKey,
    /// The originator's public key holds no longer.
    KeyWithdrawn,
    /// The initialisation vector of this message.
    Vector(ReferencedMessage),
}

impl KeyRing {
    /// An empty one of the participant with this address.
    #[must_use]
    pub fn new(own: Address) -> Self {
        Self { own, secret: None, originators: BTreeMap::new(), written: BTreeSet::new() }
    }

    /// Sets the participant's own secret key. What was agreed with an earlier one has expired.
    pub fn set_secret(&mut self, secret: AgreementSecret) {
        self.secret = Some(secret);
    }

    /// Sets the secret shared beforehand with another participant; it is used until the second
    /// `expires_seconds`, if there is one.
    ///
    /// # Errors
    ///
    /// `too_long` in `originators`: there are too many.
    pub fn share(
        &mut self,
        with: &Address,
        secret: SharedSecret,
        expires_seconds: Option<u64>,
    ) -> Result<(), CryptographyError> {
        self.known(with)?.pre_shared = Some(PreShared { secret, expires_seconds });
        Ok(())
    }

    /// Takes in a K message: a public key, or an initialisation vector.
    ///
    /// # Errors
    ///
    /// As spec/12-whiteflag-cryptography.md lists under "Initialisation vectors" and "Agreement";
    /// nothing has changed then.
    pub fn learn(
        &mut self,
        originator: &Address,
        id: ReferencedMessage,
        message: &Message<'_>,
    ) -> Result<Learned, CryptographyError> {
        let (data_type, data) = support(message)?;
        if data_type == CryptoDataType(0x0A) {
            return self.learn_key(originator, id, message, data);
        }
        let (method, of, vector) = InitialisationVector::announced_by(message)?;
        let vectors = &mut self.known(originator)?.vectors;
        if let Some((_, other_method, other)) = vectors.iter().find(|(known, ..)| *known == of) {
            return if (*other_method, *other) == (method, vector) {
                Ok(Learned::Vector(of))
            } else {
                Err(CryptographyError::format(ErrorKind::Unexpected, "CryptoData"))
            };
        }
        if vectors.len() >= KEY_RING_VECTORS_MAX {
            vectors.pop_front();
        }
        vectors.push_back((of, method, vector));
        Ok(Learned::Vector(of))
    }

    fn learn_key(
        &mut self,
        originator: &Address,
        id: ReferencedMessage,
        message: &Message<'_>,
        data: CryptoData<'_>,
    ) -> Result<Learned, CryptographyError> {
        match message.reference_indicator {
            ReferenceIndicator::ORIGINAL | ReferenceIndicator::UPDATE => {
                let octets: Vec<u8> = data.octets().collect();
                let key = AgreementKey::from_bytes(&octets)?;
                let announced = &mut self.known(originator)?.announced;
                match announced {
                    // Announced again: what refers to the first announcement still does.
                    Some((_, known)) if *known == key => Ok(Learned::SameKey),
                    _ => {
                        let first = announced.replace((id, key)).is_none();
                        Ok(if first { Learned::Key } else { Learned::AnotherKey })
                    }
                }
            }
            ReferenceIndicator::RECALL | ReferenceIndicator::DISCONTINUE => {
                let announced = &mut self.known(originator)?.announced;
                if announced.is_none_or(|(by, _)| by != message.referenced_message) {
                    let kind = ErrorKind::Inconsistent;
                    return Err(CryptographyError::format(kind, "ReferencedMessage"));
                }
                *announced = None;
                Ok(Learned::KeyWithdrawn)
            }
            _ => Err(CryptographyError::format(ErrorKind::Unexpected, "ReferenceIndicator")),
        }
    }

    /// Decrypts a message of an originator; [`Message::parse_decrypted`] reads the octets this gives.
    /// They have no integrity: see [`MessageKey::decrypt`].
    ///
    /// # Errors
    ///
    /// `missing` in `InitVector` or `key`; `inconsistent` in `CryptoDataType` if the vector is for the
    /// other method; `expired` in `key`; those of [`MessageKey::decrypt`].
    pub fn decrypt(
        &self,
        originator: &Address,
        id: ReferencedMessage,
        octets: &[u8],
        now_seconds: u64,
    ) -> Result<Zeroizing<Vec<u8>>, CryptographyError> {
        let method = Method::of_octets(octets)?;
        let vectors = self.originators.get(originator.binary()).map(|known| &known.vectors);
        let of_message = vectors.into_iter().flatten().find(|(known, ..)| *known == id);
        let Some((_, vector_method, vector)) = of_message else {
            return Err(CryptographyError::format(ErrorKind::Missing, "InitVector"));
        };
        if *vector_method != method {
            return Err(CryptographyError::format(ErrorKind::Inconsistent, "CryptoDataType"));
        }
        let secret = self.secret_with(originator, method, now_seconds)?;
        MessageKey::derive(method, &secret, originator).decrypt(octets, vector)
    }

    /// Encrypts a message to another participant, by the method the message names. The vector comes
    /// from a healthy random source; [`InitialisationVector::announcement`] sends it after the message.
    ///
    /// # Errors
    ///
    /// `missing` or `expired` in `key`; in `InitVector` `replay` if it was used, `too_long` if so many
    /// were used that the keys must change; those of [`MessageKey::encrypt`].
    pub fn encrypt(
        &mut self,
        to: &Address,
        message: &Message<'_>,
        vector: InitialisationVector,
        now_seconds: u64,
    ) -> Result<Vec<u8>, CryptographyError> {
        let method = Method::of_indicator(message.encryption)?;
        let secret = self.secret_with(to, method, now_seconds)?;
        if self.written.contains(&vector) {
            return Err(CryptographyError::new(CryptographyErrorKind::Replay, "InitVector"));
        }
        if self.written.len() >= KEY_RING_WRITTEN_MAX {
            return Err(CryptographyError::format(ErrorKind::TooLong, "InitVector"));
        }
        self.written.insert(vector);
        MessageKey::derive(method, &secret, &self.own).encrypt(message, &vector)
    }

    fn secret_with(
        &self,
        other: &Address,
        method: Method,
        now_seconds: u64,
    ) -> Result<SharedSecret, CryptographyError> {
        let missing = CryptographyError::format(ErrorKind::Missing, "key");
        let known = self.originators.get(other.binary()).ok_or(missing)?;
        match method {
            Method::Negotiated => {
                let (_, key) = known.announced.as_ref().ok_or(missing)?;
                Ok(self.secret.as_ref().ok_or(missing)?.agree(key))
            }
            Method::PreShared => {
                let shared = known.pre_shared.as_ref().ok_or(missing)?;
                if shared.expires_seconds.is_some_and(|expires| now_seconds >= expires) {
                    return Err(CryptographyError::new(CryptographyErrorKind::Expired, "key"));
                }
                Ok(shared.secret.clone())
            }
        }
    }

    fn known(&mut self, originator: &Address) -> Result<&mut Known, CryptographyError> {
        if !self.originators.contains_key(originator.binary())
            && self.originators.len() >= KEY_RING_ORIGINATORS_MAX
        {
            return Err(CryptographyError::format(ErrorKind::TooLong, "originators"));
        }
        Ok(self.originators.entry(originator.binary().to_vec()).or_default())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing of {} with {} others", self.own.text(), self.originators.len())
    }
}
