//! The contact card: what two people exchange before they can seal to each other
//! (spec/10-identity.md, "Card").

use crate::account::Account;
use crate::base45;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets};
use crate::home::{HomeRelay, HomeRelays};
use crate::identity::{Certificate, Endorsement, EndorsementError};
use crate::key::{KeyError, VerifyKey};
use crate::key_store::{KeyStoreError, Sign};
use crate::label::LabelKey;
use crate::realm::Realm;
use crate::time::{read_seconds, seconds_to_bytes};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

const CONTEXT: &str = "chappe-card/3";

/// What cards were signed under before they named home relays.
const FORMER_CONTEXT: &str = "chappe-card/2";

/// What the text in a card's QR code begins with.
const QR_PREFIX: &str = "CHAPPE-CARD:";

/// A device's public keys: its certificate, and what changes more often, signed by the device.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    endorsement: Endorsement<Certificate>,
    prekey: [u8; 32],
    prekey_expiry: u64,
    label_key: LabelKey,
    homes: HomeRelays,
    signature: [u8; 64],
}

impl Card {
    /// Signs a card with the device's signing key, the one its certificate names.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::Unavailable`].
    pub fn sign(
        keys: &(impl Sign + ?Sized),
        realm: Realm,
        endorsement: Endorsement<Certificate>,
        prekey: [u8; 32],
        prekey_expiry: u64,
        label_key: LabelKey,
        homes: HomeRelays,
    ) -> Result<Self, KeyStoreError> {
        let signature = [0; 64];
        let mut card = Self { endorsement, prekey, prekey_expiry, label_key, homes, signature };
        card.signature = keys.signature(CONTEXT, realm, &[&card.signed_octets()])?;
        Ok(card)
    }

    /// Reads a card that fills the input and verifies it under its account's own root, which is what
    /// counts unless a succession is known ([`Directory::take_card`] knows).
    ///
    /// # Errors
    ///
    /// [`CardError`].
    ///
    /// [`Directory::take_card`]: crate::identity::Directory::take_card
    pub fn parse(input: &[u8], realm: Realm) -> Result<Self, CardError> {
        Self::parse_with(input, realm, |certificate| certificate.verify(realm))
    }

    /// Reads a card that fills the input, its certificate verified by `verify`: "a reader verifies the
    /// certificate, then the form of the rest, then the device's signature".
    ///
    /// # Errors
    ///
    /// [`CardError`], in this order.
    pub fn parse_with(
        input: &[u8],
        realm: Realm,
        verify: impl FnOnce(&Endorsement<Certificate>) -> Result<(), EndorsementError>,
    ) -> Result<Self, CardError> {
        let (_, endorsement) = framing::parse(input, Endorsement::read)?;
        verify(&endorsement).map_err(CardError::Certificate)?;
        let card = framing::parse_all(input, Self::read)?;
        VerifyKey::from_bytes(&card.certificate().signing_key)
            .and_then(|key| key.verify(CONTEXT, realm, &[&card.signed_octets()], &card.signature))
            .map_err(CardError::Device)?;
        Ok(card)
    }

    /// Whether these octets, which [`Card::parse`] refused, are a card of the form before this one: "a
    /// reader may say so of one, and takes nothing from it" (spec/10-identity.md, "Card"). Its device's
    /// signature is verified, so that damage is not taken for age.
    #[must_use]
    pub fn is_former(input: &[u8], realm: Realm) -> bool {
        let former = |input| -> Parsed<'_, _> {
            let (rest, endorsement) = Endorsement::<Certificate>::read(input)?;
            let (rest, _) = field("prekey", octets::<32>)(rest)?;
            let (rest, _) = read_seconds("prekey expiry", rest)?;
            let (rest, _) = field("label key", octets::<16>)(rest)?;
            let (rest, signature) = field("signature", octets::<64>)(rest)?;
            Ok((rest, (endorsement, signature)))
        };
        let Ok((endorsement, signature)) = framing::parse_all(input, former) else { return false };
        let signed = input.strip_suffix(&signature).unwrap_or_default();
        VerifyKey::from_bytes(&endorsement.content().signing_key)
            .and_then(|key| key.verify(FORMER_CONTEXT, realm, &[signed], &signature))
            .is_ok()
    }

    /// The octets of the card: 380 with a root of one key and no home relays.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.signed_octets();
        out.extend_from_slice(&self.signature);
        out
    }

    /// The text of the card's QR code, of which there is one: alphanumeric mode holds it.
    #[must_use]
    pub fn to_qr_text(&self) -> String {
        let mut out = String::from(QR_PREFIX);
        out.push_str(&base45::encode(&self.to_bytes()));
        out
    }

    /// The octets of a card in the text of a QR code; they are still to be read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadLiteral`] for another prefix, and those of [`base45::decode`].
    pub fn octets_of_qr_text(text: &str) -> Result<Vec<u8>, DecodeError> {
        let encoded = text.strip_prefix(QR_PREFIX).ok_or(DecodeError::at_character(
            ErrorKind::BadLiteral,
            "card",
            0,
        ))?;
        base45::decode(encoded).map_err(|error| DecodeError {
            offset: error.offset.saturating_add(QR_PREFIX.len()),
            ..error
        })
    }

    /// The account it belongs to.
    #[must_use]
    pub const fn account(&self) -> Account {
        self.certificate().account
    }

    /// The device it belongs to.
    #[must_use]
    pub const fn device(&self) -> u8 {
        self.certificate().device
    }

    /// What the root says about the device.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        self.endorsement.content()
    }

    /// The certificate with the root's signatures, to be handed on.
    #[must_use]
    pub const fn endorsement(&self) -> &Endorsement<Certificate> {
        &self.endorsement
    }

    /// The X25519 key that stays.
    #[must_use]
    pub const fn identity_key(&self) -> &[u8; 32] {
        &self.certificate().identity_key
    }

    /// The X25519 key that is replaced from time to time.
    #[must_use]
    pub const fn prekey(&self) -> &[u8; 32] {
        &self.prekey
    }

    /// When the prekey expires, in seconds since 1970: from then on a warning, no refusal.
    #[must_use]
    pub const fn prekey_expiry(&self) -> u64 {
        self.prekey_expiry
    }

    /// The Ed25519 key towards relays; the mailbox address is its hash.
    #[must_use]
    pub const fn transport_key(&self) -> &[u8; 32] {
        &self.certificate().transport_key
    }

    /// What the mailbox's labels on the radio are derived from.
    #[must_use]
    pub const fn label_key(&self) -> &LabelKey {
        &self.label_key
    }

    /// Where its owner reads, the relay to try first in front; none where the card does not say.
    #[must_use]
    pub fn homes(&self) -> &[HomeRelay] {
        self.homes.as_slice()
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, endorsement) = Endorsement::read(input)?;
        let (rest, prekey) = field("prekey", octets::<32>)(rest)?;
        let (rest, prekey_expiry) = read_seconds("prekey expiry", rest)?;
        let (rest, label_key) = field("label key", octets::<16>)(rest)?;
        let (rest, homes) = HomeRelays::read(rest)?;
        let (rest, signature) = field("signature", octets::<64>)(rest)?;
        let label_key = LabelKey(label_key);
        Ok((rest, Self { endorsement, prekey, prekey_expiry, label_key, homes, signature }))
    }

    fn signed_octets(&self) -> Vec<u8> {
        let mut out = self.endorsement.to_bytes();
        out.extend_from_slice(&self.prekey);
        out.extend_from_slice(&seconds_to_bytes(self.prekey_expiry));
        out.extend_from_slice(&self.label_key.0);
        out.extend_from_slice(&self.homes.to_bytes());
        out
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card of {}, device {}", self.account().id(), self.device())
    }
}

/// Why a card was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardError {
    /// The octets are no card.
    Decode(DecodeError),
    /// The certificate in it does not count.
    Certificate(EndorsementError),
    /// The device's key or its signature is no good.
    Device(KeyError),
}

impl CardError {
    /// The registered name (spec/00-conventions.md, "Error names").
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode(error) => error.kind.name(),
            Self::Certificate(error) => error.name(),
            Self::Device(error) => error.name(),
        }
    }
}

impl From<DecodeError> for CardError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl fmt::Display for CardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => write!(f, "not a contact card: {error}"),
            Self::Certificate(error) => write!(f, "a contact card that cannot be trusted: {error}"),
            Self::Device(error) => write!(f, "a contact card that cannot be trusted: {error}"),
        }
    }
}

impl core::error::Error for CardError {}
