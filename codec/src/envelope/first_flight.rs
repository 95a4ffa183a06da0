//! Sealed envelopes of the first-flight class: to one recipient whose card is held
//! (spec/03-envelope.md, "Sealed, first flight").

use super::message_keys::{HEAD_OCTETS, MessageKeys, associated_data, hint, hint_key, transcript};
use super::open::check_counters;
use super::opened::{Opened, SaltSource};
use super::{Header, OpenError, SealError};
use crate::account::Account;
use crate::card::Card;
use crate::chain::{ChainId, Position, ROOT_DEVICE};
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::identity::{Identity, agree};
use crate::item::{Item, check_items, put_items, read_items};
use crate::limits::ENVELOPE_OCTETS_MAX;
use crate::realm::Realm;
use aes_gcm_siv::aead::{Aead, Payload};
use alloc::vec::Vec;
use nom::number::complete::{be_u16, be_u32, u8};
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const TAG_OCTETS: usize = 16;

/// Octets before the items inside: device, epoch, counter.
const POSITION_OCTETS: usize = 7;

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

    /// Opens it as `me` with those `contacts` whose hint fits, in turn, and in the order the
    /// specification gives: hint, weak key, tag, replay, and then what is inside.
    ///
    /// `is_seen` tells of an ephemeral key whether an envelope with it has been opened before. The
    /// caller remembers [`FirstFlight::ephemeral`] once this has returned a value, for as long as
    /// it keeps the prekey, and at no other time: a forger's envelope must not stand in the way of
    /// the one it imitates.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. Towards the outside all of them are silence.
    pub fn open<'i>(
        &self,
        me: &Identity,
        contacts: impl IntoIterator<Item = &'i Inbound>,
        is_seen: impl Fn(&[u8; 32]) -> bool,
    ) -> Result<Opened, OpenError> {
        let mut refusal = OpenError::UnknownHint;
        for contact in contacts.into_iter().filter(|contact| contact.fits(self)) {
            match contact.decrypt(me, self) {
                Ok(_) if is_seen(&self.ephemeral) => return Err(OpenError::Replay),
                Ok(content) => return contact.read(me, self.header(), &content),
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }

    pub(super) fn read(input: &'a [u8]) -> Parsed<'a, Self> {
        // spec/03-envelope.md: "fewer than 59 octets are `truncated`" before anything else.
        let (head, ciphertext) = match input.split_first_chunk::<HEAD_OCTETS>() {
            Some(parts) if parts.1.len() >= POSITION_OCTETS.saturating_add(TAG_OCTETS) => parts,
            Some(_) | None => return refuse(ErrorKind::Truncated, "envelope", &[]),
        };
        let (rest, _) = field("class", u8)(head.as_slice())?;
        let (rest, hint) = field("hint", octets::<3>)(rest)?;
        let (_, ephemeral) = field("ephemeral key", octets::<32>)(rest)?;
        Ok((&[], Self { hint, ephemeral, head, ciphertext }))
    }

    fn header(&self) -> Header {
        let [octet, ..] = *self.head;
        Header::from_octet(octet)
    }
}

/// What sealing needs of a contact's card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The contact's account.
    pub account: Account,
    /// The contact's device.
    pub device: u8,
    /// The X25519 key that stays.
    pub identity_key: [u8; 32],
    /// The X25519 key that is replaced from time to time.
    pub prekey: [u8; 32],
}

impl From<&Card> for Peer {
    fn from(card: &Card) -> Self {
        Self {
            account: card.account(),
            device: card.device(),
            identity_key: *card.identity_key(),
            prekey: *card.prekey(),
        }
    }
}

/// Opens what one contact sealed to us.
pub struct Inbound {
    realm: Realm,
    author: Account,
    device: u8,
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
    pub fn new(me: &Identity, contact: impl Into<Peer>, realm: Realm) -> Option<Self> {
        let contact: Peer = contact.into();
        let static_secret = me.agree_prekey(&contact.identity_key)?;
        Some(Self {
            realm,
            author: contact.account,
            device: contact.device,
            hint_key: hint_key(&static_secret, realm, &contact.account, me.account()),
            static_secret,
            chain_secret: me.agree_identity(&contact.identity_key)?,
            transcript: transcript(&contact, &me.card().into()),
        })
    }

    /// Whether the envelope's hint is this contact's.
    #[must_use]
    pub fn fits(&self, envelope: &FirstFlight<'_>) -> bool {
        hint(&self.hint_key, &envelope.ephemeral).ct_eq(&envelope.hint).into()
    }

    /// Opens the envelope. No state changes; the caller keeps the replay cache. With several
    /// contacts [`FirstFlight::open`] does the whole.
    pub fn open(&self, me: &Identity, envelope: &FirstFlight<'_>) -> Result<Opened, OpenError> {
        if !self.fits(envelope) {
            return Err(OpenError::UnknownHint);
        }
        self.read(me, envelope.header(), &self.decrypt(me, envelope)?)
    }

    fn decrypt(&self, me: &Identity, envelope: &FirstFlight<'_>) -> Result<Content, OpenError> {
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
        Ok(Content { plaintext: Zeroizing::new(plaintext), salt_secret: keys.salt_secret() })
    }

    fn read(&self, me: &Identity, header: Header, content: &Content) -> Result<Opened, OpenError> {
        let (first, items) =
            framing::parse_all(&content.plaintext, |input| read_inside(header, input))?;
        if ![ROOT_DEVICE, self.device].contains(&first.device) {
            return Err(OpenError::UnknownAccount);
        }
        let (secret, author) = (&self.chain_secret, self.author);
        let chain =
            ChainId::sealed(secret, self.realm, &author, me.account(), first.device, first.epoch);
        Ok(Opened {
            author,
            first,
            chain,
            salts: SaltSource::Sealed(content.salt_secret.clone()),
            several: header.several(),
            content: Zeroizing::new(Vec::from(items)),
        })
    }
}

/// What is inside an envelope whose tag is right, and its S.
struct Content {
    plaintext: Zeroizing<Vec<u8>>,
    salt_secret: Zeroizing<[u8; 32]>,
}

/// Seals to one contact.
pub struct Outbound {
    realm: Realm,
    recipient: Peer,
    static_secret: Zeroizing<[u8; 32]>,
    hint_key: Zeroizing<[u8; 32]>,
    chain_secret: Zeroizing<[u8; 32]>,
    transcript: Vec<u8>,
    author: Account,
}

impl Outbound {
    /// Prepares to seal from `me` to `contact`; `None` if one of its keys is weak.
    #[must_use]
    pub fn new(me: &Identity, contact: impl Into<Peer>, realm: Realm) -> Option<Self> {
        let contact: Peer = contact.into();
        let static_secret = me.agree_identity(&contact.prekey)?;
        Some(Self {
            realm,
            recipient: contact,
            hint_key: hint_key(&static_secret, realm, me.account(), &contact.account),
            static_secret,
            chain_secret: me.agree_identity(&contact.identity_key)?,
            transcript: transcript(&me.card().into(), &contact),
            author: *me.account(),
        })
    }

    /// The chain of our messages to this contact.
    #[must_use]
    pub fn chain(&self, device: u8, epoch: u16) -> ChainId {
        let (author, recipient) = (&self.author, &self.recipient.account);
        ChainId::sealed(&self.chain_secret, self.realm, author, recipient, device, epoch)
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
        let d2 = agree(&secret, &self.recipient.identity_key).ok_or(SealError::WeakKey)?;
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
            salts: SaltSource::Sealed(keys.salt_secret()),
            several,
            content,
        };
        Ok((out, opened))
    }
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
