//! The contact card: what two people exchange before they can seal to each other
//! (spec/03-envelope.md, "Card").

use crate::account::Account;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::key::{KeyError, SignKey, VerifyKey};
use crate::label::LabelKey;
use crate::realm::Realm;
use core::fmt;
use nom::number::complete::u8;

/// Octets of a card.
pub const CARD_OCTETS: usize = 209;

/// Octets of a card before its signature.
const SIGNED_OCTETS: usize = 145;

const VERSION: u8 = 1;
const CONTEXT: &str = "chappe-card/1";

/// A contact's public keys, signed by its account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Card {
    /// The account all of it belongs to.
    pub account: Account,
    /// The X25519 key that stays.
    pub identity: [u8; 32],
    /// The X25519 key that is replaced from time to time.
    pub prekey: [u8; 32],
    /// The Ed25519 key towards relays; the mailbox address is its hash.
    pub transport: [u8; 32],
    /// What the mailbox's labels on the radio are derived from.
    pub label_key: LabelKey,
    signature: [u8; 64],
}

impl Card {
    /// Signs a card.
    #[must_use]
    pub fn sign(
        secret: &SignKey,
        realm: Realm,
        identity: [u8; 32],
        prekey: [u8; 32],
        transport: [u8; 32],
        label_key: LabelKey,
    ) -> Self {
        let account = Account::of_key(&secret.public());
        let mut card = Self { account, identity, prekey, transport, label_key, signature: [0; 64] };
        card.signature = secret.sign(CONTEXT, realm, &[&card.signed_octets()]);
        card
    }

    /// Reads a card and verifies its signature in this realm.
    pub fn parse(octets: &[u8], realm: Realm) -> Result<Self, CardError> {
        let fields = framing::parse_all(octets, read)?;
        let card = Self {
            account: Account(fields.account),
            identity: fields.identity,
            prekey: fields.prekey,
            transport: fields.transport,
            label_key: LabelKey(fields.label_key),
            signature: fields.signature,
        };
        VerifyKey::from_bytes(&card.account.0)?.verify(
            CONTEXT,
            realm,
            &[&card.signed_octets()],
            &card.signature,
        )?;
        Ok(card)
    }

    /// The octets of the card.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; CARD_OCTETS] {
        let mut out = [0; CARD_OCTETS];
        if let Some((signed, signature)) = out.split_first_chunk_mut::<SIGNED_OCTETS>() {
            *signed = self.signed_octets();
            signature.copy_from_slice(&self.signature);
        }
        out
    }

    fn signed_octets(&self) -> [u8; SIGNED_OCTETS] {
        let mut out = [0; SIGNED_OCTETS];

        let parts: [&[u8]; 6] = [
            &[VERSION],
            &self.account.0,
            &self.identity,
            &self.prekey,
            &self.transport,
            &self.label_key.0,
        ];
        for (slot, octet) in out.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = *octet;
        }
        out
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card of {}", self.account.id())
    }
}

/// A card's fields before anything is checked.
struct Fields {
    account: [u8; 32],
    identity: [u8; 32],
    prekey: [u8; 32],
    transport: [u8; 32],
    label_key: [u8; 16],
    signature: [u8; 64],
}

fn read(input: &[u8]) -> Parsed<'_, Fields> {
    let (rest, version) = field("version", u8)(input)?;
    if version != VERSION {
        return refuse(ErrorKind::UnknownVersion, "version", input);
    }
    let (rest, account) = field("account key", octets::<32>)(rest)?;
    let (rest, identity) = field("identity key", octets::<32>)(rest)?;
    let (rest, prekey) = field("prekey", octets::<32>)(rest)?;
    let (rest, transport) = field("transport key", octets::<32>)(rest)?;
    let (rest, label_key) = field("label key", octets::<16>)(rest)?;
    let (rest, signature) = field("signature", octets::<64>)(rest)?;
    Ok((rest, Fields { account, identity, prekey, transport, label_key, signature }))
}

/// Why a card was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardError {
    /// The octets are no card.
    Decode(DecodeError),
    /// The key or the signature is no good.
    Key(KeyError),
}

impl From<DecodeError> for CardError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<KeyError> for CardError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl fmt::Display for CardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => write!(f, "not a contact card: {error}"),
            Self::Key(error) => write!(f, "a contact card that cannot be trusted: {error}"),
        }
    }
}

impl core::error::Error for CardError {}
