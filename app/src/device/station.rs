//! The receiving side of a device: envelopes in, messages and what is known about them out.
//!
//! No network and no clock here; [`super::received`] keeps what came in, so that a restart rebuilds
//! this state from the same envelopes.

use super::Device;
use super::contacts::Contact;
use crate::exit::Outcome;
use chappe_codec::account::{Account, AccountId};
use chappe_codec::chain::{ChainId, Position};
use chappe_codec::digest;
use chappe_codec::envelope::{Envelope, FirstFlight, Inbound, OpenEnvelope, OpenError, Opened};
use chappe_codec::error::DecodeError;
use chappe_codec::id::{MessageId, Salt};
use chappe_codec::identity::Signer;
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::key::KeyError;
use chappe_codec::statement::{Evidence, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// Statements kept for a chain while messages they cover are still missing.
const PENDING_STATEMENTS_MAX: usize = 64;

/// What a device knows of what others said.
pub(crate) struct Station<'a> {
    device: &'a Device,
    contacts: Vec<(Contact, Option<Inbound>)>,
    /// Hashes of the ephemeral keys and open envelopes seen: nothing is taken in twice.
    seen: BTreeSet<[u8; 32]>,
    chains: BTreeMap<(AccountId, ChainId), ChainRecord>,
}

/// What is known of one chain of another device.
#[derive(Debug, Default)]
struct ChainRecord {
    sealed: bool,
    ids: BTreeMap<u32, MessageId>,
    /// By first counter: what the author signed, verified against the ids.
    signed: BTreeMap<u32, Statement>,
    pending: Vec<Evidence>,
}

/// What came out of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Something somebody said.
    Message(Box<Message>),
    /// Messages are signed now.
    Signed(Box<Signed>),
    /// A statement that does not fit the messages received, or contradicts another one.
    Contradiction(Box<Signed>),
}

/// A message with all that is needed to show it to others as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) author: Account,
    pub(crate) sealed: bool,
    pub(crate) chain: ChainId,
    pub(crate) position: Position,
    pub(crate) id: Option<MessageId>,
    pub(crate) salt: Salt,
    pub(crate) family: Family,
    pub(crate) revision: u8,
    pub(crate) reference: Reference,
    pub(crate) body: Vec<u8>,
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
}

/// What stays of an envelope once its text is erased (spec/13-storage.md, "Retention").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remains {
    /// What the replay memory knows it by.
    pub(crate) fingerprint: [u8; 32],
    /// `None` when it could no longer be opened when its text was erased.
    pub(crate) author: Option<Account>,
    pub(crate) chain: ChainId,
    pub(crate) sealed: bool,
    /// By counter.
    pub(crate) ids: Vec<(u32, MessageId)>,
    pub(crate) evidence: Vec<Evidence>,
}

impl Remains {
    /// What stays of an envelope, and of the messages it brought.
    pub(crate) fn of(envelope: &[u8], arrivals: &[Arrival]) -> Result<Self, DecodeError> {
        let mut remains = Self {
            fingerprint: fingerprint(envelope, &Envelope::parse(envelope)?),
            author: None,
            chain: ChainId([0; 8]),
            sealed: false,
            ids: Vec::new(),
            evidence: Vec::new(),
        };
        for arrival in arrivals {
            let Arrival::Message(message) = arrival else { continue };
            remains.author = Some(message.author);
            (remains.chain, remains.sealed) = (message.chain, message.sealed);
            remains.ids.extend(message.id.map(|id| (message.position.counter, id)));
            if (message.family, message.revision) == (Family::STATEMENT, 0) {
                remains.evidence.extend(Evidence::parse(&message.body));
            }
        }
        Ok(remains)
    }
}

/// What the replay memory knows an envelope by. A copy of a sealed one under another wrapping still
/// has the same ephemeral key.
fn fingerprint(envelope: &[u8], parsed: &Envelope<'_>) -> [u8; 32] {
    match parsed {
        Envelope::FirstFlight(sealed) => digest::sha256(sealed.ephemeral()),
        Envelope::Open(_) | Envelope::Unknown { .. } => digest::sha256(envelope),
    }
}

/// A statement whose signature verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) author: Account,
    pub(crate) sealed: bool,
    pub(crate) evidence: Evidence,
    pub(crate) ids: Vec<MessageId>,
}

impl<'a> Station<'a> {
    pub(crate) fn new(device: &'a Device) -> Outcome<Self> {
        let mut station =
            Self { device, contacts: Vec::new(), seen: BTreeSet::new(), chains: BTreeMap::new() };
        station.renew_contacts()?;
        Ok(station)
    }

    /// Reads the contacts again; they may have changed since.
    pub(crate) fn renew_contacts(&mut self) -> Outcome<()> {
        let (device, realm) = (self.device, self.device.realm);
        let contacts = device.contacts()?;
        if contacts
            .iter()
            .map(|contact| &contact.card)
            .eq(self.contacts.iter().map(|(contact, _)| &contact.card))
        {
            return Ok(());
        }
        self.contacts = contacts
            .into_iter()
            .map(|contact| {
                let inbound = Inbound::new(&device.identity, &contact.card, realm);
                (contact, inbound)
            })
            .collect();
        Ok(())
    }

    pub(crate) fn contacts(&self) -> Vec<Contact> {
        self.contacts.iter().map(|(contact, _)| contact.clone()).collect()
    }

    /// Takes an envelope in. On an error nothing has changed.
    pub(crate) fn take(&mut self, envelope: &[u8]) -> Result<Vec<Arrival>, OpenError> {
        let parsed = Envelope::parse(envelope)?;
        let fingerprint = fingerprint(envelope, &parsed);
        let opened = match &parsed {
            Envelope::Open(_) if self.seen.contains(&fingerprint) => {
                return Err(OpenError::Replay);
            }
            Envelope::Open(open) => self.verify(open)?,
            Envelope::FirstFlight(sealed) => self.unseal(sealed)?,
            Envelope::Unknown { .. } => return Err(OpenError::NeedsNewer),
        };
        self.seen.insert(fingerprint);
        Ok(self.arrivals(&opened))
    }

    /// Takes in what stayed of an envelope whose text was erased; returns which messages it signed.
    pub(crate) fn recall(&mut self, remains: &Remains) -> Vec<Arrival> {
        self.seen.insert(remains.fingerprint);
        let Some(author) = &remains.author else { return Vec::new() };
        let record = self.chains.entry((author.id(), remains.chain)).or_default();
        record.sealed = remains.sealed;
        record.ids.extend(remains.ids.iter().copied());
        self.weigh(author, remains.evidence.clone());
        self.settle(author)
    }

    fn verify(&self, open: &OpenEnvelope<'_>) -> Result<Opened, OpenError> {
        let signer = self.signer(open.account, open.first.device)?;
        open.verify(&signer, self.device.realm)
    }

    /// Whose device it is, of those whose cards we hold and of ourselves.
    fn signer(&self, account: AccountId, device: u8) -> Result<Signer, KeyError> {
        let cards = self.contacts.iter().map(|(contact, _)| &contact.card);
        let mut signers = cards.chain([self.device.identity.card()]);
        let card = signers.find(|card| card.account().id() == account && card.device() == device);
        card.ok_or(KeyError::UnknownAccount)?.certificate().signer()
    }

    fn unseal(&self, sealed: &FirstFlight<'_>) -> Result<Opened, OpenError> {
        let inbound = self.contacts.iter().filter_map(|(_, inbound)| inbound.as_ref());
        let is_seen = |ephemeral: &[u8; 32]| self.seen.contains(&digest::sha256(ephemeral));
        sealed.open(&self.device.identity, inbound, is_seen)
    }

    fn arrivals(&mut self, opened: &Opened) -> Vec<Arrival> {
        let author = *opened.author();
        let mut arrivals = Vec::new();
        let mut statements = Vec::new();
        for message in opened.messages() {
            let key = (author.id(), opened.chain());
            let record = self.chains.entry(key).or_default();
            record.sealed = opened.is_sealed();
            if let Some(id) = message.id {
                record.ids.insert(message.position.counter, id);
            }
            let item = &message.item;
            if (item.family, item.revision) == (Family::STATEMENT, 0) {
                statements.extend(Evidence::parse(item.body));
            }
            arrivals.push(Arrival::Message(Box::new(Message {
                author,
                sealed: opened.is_sealed(),
                chain: opened.chain(),
                position: message.position,
                id: message.id,
                salt: message.salt,
                family: item.family,
                revision: item.revision,
                reference: item.reference,
                body: item.body.to_vec(),
            })));
        }
        self.weigh(&author, statements);
        arrivals.extend(self.settle(&author));
        arrivals
    }

    /// Lets statements that verify wait for their messages.
    fn weigh(&mut self, author: &Account, statements: Vec<Evidence>) {
        for evidence in statements {
            let chain = evidence.statement.claim.chain;
            let claim = &evidence.statement.claim;
            let verified = self
                .signer(claim.account, claim.device)
                .and_then(|signer| evidence.statement.verify(&signer, self.device.realm));
            if verified.is_ok() && claim.account == author.id() {
                let record = self.chains.entry((author.id(), chain)).or_default();
                if record.pending.len() < PENDING_STATEMENTS_MAX {
                    record.pending.push(evidence);
                }
            }
        }
    }

    /// Looks again at the author's statements that waited for messages.
    fn settle(&mut self, author: &Account) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for ((account, _), record) in &mut self.chains {
            if *account != author.id() {
                continue;
            }
            for evidence in std::mem::take(&mut record.pending) {
                match record.judge(&evidence) {
                    Judgement::Waiting => record.pending.push(evidence),
                    Judgement::Known => {}
                    Judgement::Holds(ids) => {
                        record
                            .signed
                            .insert(evidence.statement.claim.first, evidence.statement.clone());
                        arrivals.push(Arrival::Signed(Box::new(Signed {
                            author: *author,
                            sealed: record.sealed,
                            evidence,
                            ids,
                        })));
                    }
                    Judgement::Contradicts(ids) => {
                        arrivals.push(Arrival::Contradiction(Box::new(Signed {
                            author: *author,
                            sealed: record.sealed,
                            evidence,
                            ids,
                        })));
                    }
                }
            }
        }
        arrivals
    }
}

/// How a statement stands to the messages received.
enum Judgement {
    Waiting,
    Known,
    Holds(Vec<MessageId>),
    Contradicts(Vec<MessageId>),
}

impl ChainRecord {
    fn judge(&self, evidence: &Evidence) -> Judgement {
        let claim = &evidence.statement.claim;
        let end = claim.first.saturating_add(u32::from(claim.count));
        let ids: Vec<MessageId> = self.ids.range(claim.first..end).map(|(_, id)| *id).collect();
        if self.signed.values().any(|known| *known == evidence.statement) {
            return Judgement::Known;
        }
        // Two that overlap are evidence against their author (spec/04-statement.md).
        if self.signed.values().any(|known| known.contradicts(&evidence.statement)) {
            return Judgement::Contradicts(ids);
        }
        if ids.len() < usize::from(claim.count) {
            Judgement::Waiting
        } else if claim.holds(&ids) {
            Judgement::Holds(ids)
        } else {
            Judgement::Contradicts(ids)
        }
    }
}
