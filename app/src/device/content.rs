//! What an envelope said, whichever class it was of: the form in which it is kept.

use super::judging::Validity;
use chappe_codec::account::Account;
use chappe_codec::chain::{ChainId, Position};
use chappe_codec::digest;
use chappe_codec::envelope::{
    self, Envelope, OpenEnvelope, OpenError, SealedClass, SealedEnvelope,
};
use chappe_codec::id::{MessageId, Salt};
use chappe_codec::identity::Limit;
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::precedence::Precedence;
use chappe_codec::session;

/// An envelope by its outside.
pub(crate) enum Outside<'a> {
    Open(OpenEnvelope<'a>),
    Sealed,
    /// Of a newer Chappe.
    Unknown,
}

/// Reads the outside of an envelope.
pub(crate) fn outside(octets: &[u8]) -> Result<Outside<'_>, OpenError> {
    match Envelope::parse(octets)? {
        Envelope::Open(open) => Ok(Outside::Open(open)),
        Envelope::Sealed(_) => Ok(Outside::Sealed),
        Envelope::Unknown { .. } => Ok(Outside::Unknown),
    }
}

/// Whether it says who could have written it only to who tries.
pub(crate) fn is_first_flight(octets: &[u8]) -> bool {
    SealedEnvelope::parse(octets).is_ok_and(|sealed| {
        matches!(sealed.class, SealedClass::FirstFlight { .. } | SealedClass::StrangerFlight { .. })
    })
}

/// What an envelope said, and who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    /// SHA-256 of the envelope.
    pub(crate) envelope: [u8; 32],
    /// Its octets, for people.
    pub(crate) size: usize,
    pub(crate) author: Account,
    pub(crate) sealed: bool,
    /// Whether its author's certificate was not held: an unverified claim.
    pub(crate) stranger: bool,
    pub(crate) chain: ChainId,
    /// That of the parcel or frame it came in, while it is known.
    pub(crate) precedence: Option<Precedence>,
    /// When it was received, in seconds since 1970, by this device's clock if it has one.
    pub(crate) received: Option<u64>,
    /// When its device's certificate holds, once a station has looked and if it held one.
    pub(crate) validity: Option<Validity>,
    pub(crate) messages: Vec<Message>,
}

/// A message with all that is needed to show it to others as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) author: Account,
    pub(crate) sealed: bool,
    pub(crate) stranger: bool,
    pub(crate) chain: ChainId,
    pub(crate) position: Position,
    pub(crate) id: Option<MessageId>,
    pub(crate) salt: Salt,
    pub(crate) family: Family,
    pub(crate) revision: u8,
    pub(crate) reference: Reference,
    pub(crate) body: Vec<u8>,
    /// The limits of its device's certificate that it breaks, once a station has looked: nobody acts on
    /// it then.
    pub(crate) not_permitted: Vec<Limit>,
    /// Whether it is a statement or a proof that verified when a station took it in. It goes on
    /// counting whatever becomes of its device (spec/10-identity.md, "Revocation").
    pub(crate) verified: bool,
}

impl Message {
    /// The message as it came.
    pub(crate) fn item(&self) -> Item<'_> {
        Item {
            family: self.family,
            revision: self.revision,
            reference: self.reference,
            body: &self.body,
        }
    }

    /// Whether it is the session's own affair.
    pub(crate) fn is_step(&self) -> bool {
        self.family == Family::RATCHET
    }
}

impl Content {
    /// Of an open envelope that verified.
    pub(crate) fn of_open(envelope: &[u8], opened: &envelope::Opened) -> Self {
        let (author, chain) = (*opened.author(), opened.chain());
        let messages = opened.messages();
        let messages = messages.iter().map(|message| {
            whole(author, chain, message.position, &message.item, message.id, message.salt)
        });
        Self {
            envelope: digest::sha256(envelope),
            size: envelope.len(),
            author,
            sealed: false,
            stranger: false,
            chain,
            precedence: None,
            received: None,
            validity: None,
            messages: messages.collect(),
        }
    }

    /// Of a sealed one that was opened, or that we sealed.
    pub(crate) fn of_sealed(envelope: &[u8], opened: &session::Opened, stranger: bool) -> Self {
        let (party, chain) = (opened.author(), opened.chain());
        let messages = opened.every_message();
        let messages = messages.iter().map(|message| {
            let position = Position { device: party.device, epoch: 0, counter: message.counter };
            let mut whole =
                whole(party.account, chain, position, &message.item, message.id, message.salt);
            (whole.sealed, whole.stranger) = (true, stranger);
            whole
        });
        Self {
            envelope: digest::sha256(envelope),
            size: envelope.len(),
            author: party.account,
            sealed: true,
            stranger,
            chain,
            precedence: None,
            received: None,
            validity: None,
            messages: messages.collect(),
        }
    }
}

fn whole(
    author: Account,
    chain: ChainId,
    position: Position,
    item: &Item<'_>,
    id: Option<MessageId>,
    salt: Salt,
) -> Message {
    Message {
        author,
        sealed: false,
        stranger: false,
        chain,
        position,
        id,
        salt,
        family: item.family,
        revision: item.revision,
        reference: item.reference,
        body: item.body.to_vec(),
        not_permitted: Vec::new(),
        verified: false,
    }
}
