//! Sealed envelopes of the first-flight class: to one recipient whose card is held
//! (spec/03-envelope.md, "Sealed, first flight").

use super::open::check_counters;
use super::opened::{Opened, SaltSource};
use super::{Header, OpenError, SealError};
use crate::card::Card;
use crate::chain::{ChainId, Position};
use crate::digest;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::identity::{Identity, agree};
use crate::item::{Item, check_items, put_items, read_items};
use crate::key::AccountKey;
use crate::limits::ENVELOPE_OCTETS_MAX;
use crate::realm::Realm;
use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use alloc::vec::Vec;
use nom::number::complete::{be_u16, be_u32, u8};
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Octets before the ciphertext: header, hint, ephemeral key.
const HEAD_OCTETS: usize = 36;
const TAG_OCTETS: usize = 16;

/// A sealed envelope as it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstFlight<'a> {
    hint: [u8; 3],
    ephemeral: [u8; 32],
    head: &'a [u8; HEAD_OCTETS],
    ciphertext: &'a [u8],
}

impl<'a> FirstFlight<'a> {
    /// The key made for this envelope alone: what a replay cache remembers.
    #[must_use]
    pub const fn ephemeral(&self) -> &[u8; 32] {
        &self.ephemeral
    }

    pub(super) fn read(input: &'a [u8]) -> Parsed<'a, Self> {
        let Some((head, ciphertext)) = input.split_first_chunk::<HEAD_OCTETS>() else {
            return refuse(ErrorKind::Truncated, "ephemeral key", &[]);
        };
        let (rest, _) = field("class", u8)(head.as_slice())?;
        let (rest, hint) = field("hint", octets::<3>)(rest)?;
        let (_, ephemeral) = field("ephemeral key", octets::<32>)(rest)?;
        if ciphertext.len() < TAG_OCTETS {
            return refuse(ErrorKind::Truncated, "tag", &[]);
        }
        Ok((&[], Self { hint, ephemeral, head, ciphertext }))
    }

    fn header(&self) -> Header {
        let [octet, ..] = *self.head;
        Header::from_octet(octet)
    }
}

/// Opens what one contact sealed to us.
pub struct Inbound {
    realm: Realm,
    author: AccountKey,
    /// D1 of the specification: our prekey and the contact's identity key.
    static_secret: Zeroizing<[u8; 32]>,
    hint_key: Zeroizing<[u8; 32]>,
    chain_secret: Zeroizing<[u8; 32]>,
    /// accounts ‖ identity keys ‖ prekey, as they stand in the key derivation.
    transcript: Vec<u8>,
}

impl Inbound {
    /// Prepares to open what `contact` seals to `me`; `None` if one of its keys is weak.
    #[must_use]
    pub fn new(me: &Identity, contact: &Card, realm: Realm) -> Option<Self> {
        let static_secret = me.agree_prekey(&contact.identity)?;
        Some(Self {
            realm,
            author: contact.account,
            hint_key: hint_key(&static_secret, realm, &contact.account, me.account()),
            static_secret,
            chain_secret: me.agree_identity(&contact.identity)?,
            transcript: transcript(contact, me.card()),
        })
    }

    /// Whether the envelope's hint is this contact's.
    #[must_use]
    pub fn fits(&self, envelope: &FirstFlight<'_>) -> bool {
        hint(&self.hint_key, &envelope.ephemeral).ct_eq(&envelope.hint).into()
    }

    /// Opens the envelope. No state changes; the caller keeps the replay cache.
    pub fn open(&self, me: &Identity, envelope: &FirstFlight<'_>) -> Result<Opened, OpenError> {
        if !self.fits(envelope) {
            return Err(OpenError::UnknownHint);
        }
        let d2 = me.agree_identity(&envelope.ephemeral).ok_or(OpenError::WeakKey)?;
        let d3 = me.agree_prekey(&envelope.ephemeral).ok_or(OpenError::WeakKey)?;
        let keys = MessageKeys::derive(
            [&self.static_secret, &d2, &d3],
            self.realm,
            &self.transcript,
            &envelope.ephemeral,
        );
        let associated = associated_data(self.realm, envelope.head);
        let payload = Payload { msg: envelope.ciphertext, aad: &associated };
        let plaintext =
            keys.cipher().decrypt(&keys.nonce(), payload).map_err(|_| OpenError::BadTag)?;
        let plaintext = Zeroizing::new(plaintext);
        let header = envelope.header();
        let (first, items) = framing::parse_all(&plaintext, |input| read_inside(header, input))?;
        let chain = sealed_chain(
            &self.chain_secret,
            self.realm,
            &self.transcript,
            first.device,
            first.epoch,
        );
        Ok(Opened {
            author: self.author,
            first,
            chain,
            salts: SaltSource::Sealed(keys.salt_source()),
            several: header.several(),
            content: Zeroizing::new(Vec::from(items)),
        })
    }
}

/// Seals to one contact.
pub struct Outbound {
    realm: Realm,
    recipient: Card,
    static_secret: Zeroizing<[u8; 32]>,
    hint_key: Zeroizing<[u8; 32]>,
    chain_secret: Zeroizing<[u8; 32]>,
    transcript: Vec<u8>,
    author: AccountKey,
}

impl Outbound {
    /// Prepares to seal from `me` to `contact`; `None` if one of its keys is weak.
    #[must_use]
    pub fn new(me: &Identity, contact: &Card, realm: Realm) -> Option<Self> {
        let static_secret = me.agree_identity(&contact.prekey)?;
        Some(Self {
            realm,
            recipient: *contact,
            hint_key: hint_key(&static_secret, realm, me.account(), &contact.account),
            static_secret,
            chain_secret: me.agree_identity(&contact.identity)?,
            transcript: transcript(me.card(), contact),
            author: *me.account(),
        })
    }

    /// The chain of our messages to this contact.
    #[must_use]
    pub fn chain(&self, device: u8, epoch: u16) -> ChainId {
        sealed_chain(&self.chain_secret, self.realm, &self.transcript, device, epoch)
    }

    /// Seals items, the first at `first`, and returns the envelope with what is inside, so that the
    /// author knows the ids of what was said.
    ///
    /// `ephemeral_seed` is 32 octets from a healthy random source, used for nothing else, ever.
    pub fn seal(
        &self,
        ephemeral_seed: &[u8; 32],
        first: Position,
        items: &[Item<'_>],
    ) -> Result<(Vec<u8>, Opened), SealError> {
        check_items(items)?;
        check_counters(first, items)?;
        let secret = StaticSecret::from(*ephemeral_seed);
        let ephemeral = PublicKey::from(&secret).to_bytes();
        let d2 = agree(&secret, &self.recipient.identity).ok_or(SealError::WeakKey)?;
        let d3 = agree(&secret, &self.recipient.prekey).ok_or(SealError::WeakKey)?;
        let keys = MessageKeys::derive(
            [&self.static_secret, &d2, &d3],
            self.realm,
            &self.transcript,
            &ephemeral,
        );

        let several = items.len() > 1;
        let mut out = Vec::new();
        out.push(Header::new(Header::FIRST_FLIGHT, first.epoch, several).to_octet());
        out.extend_from_slice(&hint(&self.hint_key, &ephemeral));
        out.extend_from_slice(&ephemeral);

        let mut content = Zeroizing::new(Vec::new());
        put_items(&mut content, items);
        let mut inside = Zeroizing::new(Vec::new());
        inside.push(first.device);
        inside.extend_from_slice(&first.epoch.to_be_bytes());
        inside.extend_from_slice(&first.counter.to_be_bytes());
        inside.extend_from_slice(&content);

        let too_long = || DecodeError::at_octet(ErrorKind::TooLong, "envelope", 0);
        let head = out.first_chunk::<HEAD_OCTETS>().ok_or_else(too_long)?;
        let associated = associated_data(self.realm, head);
        let payload = Payload { msg: &inside, aad: &associated };
        let ciphertext = keys.cipher().encrypt(&keys.nonce(), payload).map_err(|_| too_long())?;
        out.extend_from_slice(&ciphertext);
        if out.len() > ENVELOPE_OCTETS_MAX {
            return Err(too_long().into());
        }
        let opened = Opened {
            author: self.author,
            first,
            chain: self.chain(first.device, first.epoch),
            salts: SaltSource::Sealed(keys.salt_source()),
            several,
            content,
        };
        Ok((out, opened))
    }
}

/// K, N and S of the specification.
struct MessageKeys(Zeroizing<[u8; 76]>);

impl MessageKeys {
    fn derive(
        secrets: [&[u8; 32]; 3],
        realm: Realm,
        transcript: &[u8],
        ephemeral: &[u8; 32],
    ) -> Self {
        let secret: Zeroizing<Vec<u8>> =
            Zeroizing::new(secrets.into_iter().flatten().copied().collect());
        let mut out = Zeroizing::new([0; 76]);
        let parts: [&[u8]; 3] = [&realm.to_bytes(), transcript, ephemeral];
        digest::derive(&secret, "chappe-seal/1", &parts, &mut *out);
        Self(out)
    }

    fn cipher(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new(&self.0.first_chunk::<32>().copied().unwrap_or_default().into())
    }

    fn nonce(&self) -> Nonce {
        let nonce = self.0.get(32..).and_then(|rest| rest.first_chunk::<12>());
        nonce.copied().unwrap_or_default().into()
    }

    fn salt_source(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.last_chunk::<32>().copied().unwrap_or_default())
    }
}

fn hint_key(
    static_secret: &[u8; 32],
    realm: Realm,
    author: &AccountKey,
    recipient: &AccountKey,
) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    let parts: [&[u8]; 3] = [&realm.to_bytes(), &author.to_bytes(), &recipient.to_bytes()];
    digest::derive(static_secret, "chappe-hint/1", &parts, &mut *out);
    out
}

fn hint(hint_key: &[u8; 32], ephemeral: &[u8; 32]) -> [u8; 3] {
    digest::first(&digest::mac(hint_key, "", &[ephemeral]))
}

/// account A ‖ account B ‖ ikA ‖ ikB ‖ pkB.
fn transcript(author: &Card, recipient: &Card) -> Vec<u8> {
    let (a, b) = (author.account.to_bytes(), recipient.account.to_bytes());
    [a, b, author.identity, recipient.identity, recipient.prekey].concat()
}

/// The chain id of spec/04-statement.md; it names accounts only, so it outlives a prekey.
fn sealed_chain(
    secret: &[u8; 32],
    realm: Realm,
    transcript: &[u8],
    device: u8,
    epoch: u16,
) -> ChainId {
    let accounts = transcript.get(..64).unwrap_or_default();
    let parts: [&[u8]; 4] = [&realm.to_bytes(), accounts, &[device], &epoch.to_be_bytes()];
    let mut out = [0; 8];
    digest::derive(secret, "chappe-chain/1", &parts, &mut out);
    ChainId(out)
}

fn associated_data(realm: Realm, head: &[u8; HEAD_OCTETS]) -> Vec<u8> {
    [b"chappe-sealed/1".as_slice(), &realm.to_bytes(), head].concat()
}

/// device ‖ epoch ‖ counter ‖ items; the items' octets are returned once they parse.
fn read_inside(header: Header, input: &[u8]) -> Parsed<'_, (Position, &[u8])> {
    let (rest, device) = field("device", u8)(input)?;
    let (rest, epoch) = field("epoch", be_u16)(rest)?;
    if !header.parity_fits(epoch) {
        return refuse(ErrorKind::Inconsistent, "epoch", input);
    }
    let (content, counter) = field("counter", be_u32)(rest)?;
    let first = Position { device, epoch, counter };
    let (_, items) = read_items(header.several(), content)?;
    if check_counters(first, &items).is_err() {
        return refuse(ErrorKind::OutOfRange, "counter", input);
    }
    Ok((&[], (first, content)))
}
