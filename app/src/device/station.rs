//! The receiving side of a device: what envelopes said goes in, what is known about it comes out.
//!
//! No network and no clock here; [`super::received`] keeps what came in, so that a restart rebuilds
//! this state from the same contents.

use super::Device;
use super::contacts::{Acquaintances, Contact};
pub(crate) use super::content::{Content, Message};
use crate::exit::Outcome;
use chappe_codec::account::{Account, AccountId};
use chappe_codec::chain::ChainId;
use chappe_codec::envelope::{OpenEnvelope, OpenError};
use chappe_codec::id::MessageId;
use chappe_codec::identity::{Carried, Change, Directory, Limit};
use chappe_codec::item::Family;
use chappe_codec::precedence::Precedence;
use chappe_codec::statement::{Evidence, Statement};
use chappe_codec::time::TimeInterval;
use std::collections::{BTreeMap, BTreeSet};

/// Statements kept for a chain while messages they cover are still missing.
const PENDING_STATEMENTS_MAX: usize = 64;

/// What a device knows of what others said.
pub(crate) struct Station<'a> {
    device: &'a Device,
    contacts: Vec<Contact>,
    directory: Directory,
    /// Hashes of the envelopes seen: nothing is taken in twice.
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
    /// Something changed about an account that is known: never in silence.
    Changed(Box<Changed>),
    /// What this account seals to us is safe from quantum computers to come, from now on.
    PostQuantum(AccountId),
}

/// A change, and the endorsement that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) change: Change,
    pub(crate) endorsement: Carried,
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
    /// What stays of what an envelope said.
    pub(crate) fn of(content: &Content) -> Self {
        let messages = &content.messages;
        let statements = messages
            .iter()
            .filter(|message| (message.family, message.revision) == (Family::STATEMENT, 0));
        Self {
            fingerprint: content.envelope,
            author: Some(content.author),
            chain: content.chain,
            sealed: content.sealed,
            ids: messages
                .iter()
                .filter_map(|message| Some((message.position.counter, message.id?)))
                .collect(),
            evidence: statements
                .filter_map(|message| Evidence::parse(&message.body).ok())
                .collect(),
        }
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
        let Acquaintances { contacts, directory } = device.acquaintances()?;
        Ok(Self { device, contacts, directory, seen: BTreeSet::new(), chains: BTreeMap::new() })
    }

    /// Reads contacts and what is known of accounts again; they may have changed since.
    pub(crate) fn renew_contacts(&mut self) -> Outcome<()> {
        self.meet(self.device.acquaintances()?);
        Ok(())
    }

    /// Goes on with what was read of contacts and accounts elsewhere.
    pub(crate) fn meet(&mut self, known: Acquaintances) {
        self.contacts = known.contacts;
        self.directory = known.directory;
    }

    pub(crate) fn contacts(&self) -> Vec<Contact> {
        self.contacts.clone()
    }

    /// Whether a contact's device was revoked.
    pub(crate) fn is_revoked(&self, contact: &Contact) -> bool {
        self.directory.is_revoked(&contact.card.account(), contact.card.device())
    }

    /// Whether the envelope with this hash was taken in before.
    pub(crate) fn has_seen(&self, envelope: &[u8; 32]) -> bool {
        self.seen.contains(envelope)
    }

    /// What an open envelope says, once it is verified.
    pub(crate) fn read_open(
        &self,
        envelope: &[u8],
        open: &OpenEnvelope<'_>,
    ) -> Result<Content, OpenError> {
        Ok(Content::of_open(envelope, &self.directory.verify_open(open)?))
    }

    /// Takes in what an envelope said.
    pub(crate) fn take(&mut self, content: &Content) -> Vec<Arrival> {
        self.seen.insert(content.envelope);
        let author = content.author;
        let record = self.chains.entry((author.id(), content.chain)).or_default();
        record.sealed = content.sealed;
        let mut arrivals = Vec::new();
        let mut statements = Vec::new();
        let mut endorsements = Vec::new();
        let mut cards = Vec::new();
        for message in &content.messages {
            if let Some(id) = message.id {
                record.ids.insert(message.position.counter, id);
            }
            match (message.family, message.revision) {
                (Family::STATEMENT, 0) => statements.extend(Evidence::parse(&message.body)),
                (Family::ENDORSEMENT, 0) => endorsements.extend(Carried::parse(&message.body)),
                (Family::CARD, 0) => cards.push(message.body.as_slice()),
                _ => {}
            }
            let not_permitted = limits_broken(&self.directory, message, content.precedence);
            arrivals.push(Arrival::Message(Box::new(Message { not_permitted, ..message.clone() })));
        }
        let mut changes = self.take_endorsements(endorsements);
        changes.extend(self.take_cards(cards));
        arrivals.extend(changes.into_iter().map(|change| Arrival::Changed(Box::new(change))));
        self.weigh(&author, statements);
        arrivals.extend(self.settle(&author));
        arrivals
    }

    /// Takes in endorsements, whoever carried them. "They prove themselves": one that does not hold, or
    /// is about nobody we know, is nothing.
    pub(crate) fn take_endorsements(
        &mut self,
        endorsements: impl IntoIterator<Item = Carried>,
    ) -> Vec<Changed> {
        let mut changed = Vec::new();
        for endorsement in endorsements {
            let changes = self.device.take_endorsement(&endorsement).unwrap_or_default();
            let of = |change| Changed { change, endorsement: endorsement.clone() };
            changed.extend(changes.into_iter().map(of));
            self.renew_contacts().ok();
        }
        changed
    }

    /// Takes in cards, whoever carried them, as endorsements are.
    pub(crate) fn take_cards<'b>(
        &mut self,
        cards: impl IntoIterator<Item = &'b [u8]>,
    ) -> Vec<Changed> {
        let mut changed = Vec::new();
        for card in cards {
            let changes = self.device.take_card(card).unwrap_or_default();
            let of = |(change, endorsement)| Changed { change, endorsement };
            changed.extend(changes.into_iter().map(of));
            self.renew_contacts().ok();
        }
        changed
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

    /// Lets statements that verify wait for their messages.
    fn weigh(&mut self, author: &Account, statements: Vec<Evidence>) {
        for evidence in statements {
            let chain = evidence.statement.claim.chain;
            let claim = &evidence.statement.claim;
            let verified = self.directory.verify_statement(&evidence.statement);
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

/// What the certificate of a message's device does not permit of it. An author's time is that of a
/// statement, which comes later.
fn limits_broken(
    directory: &Directory,
    message: &Message,
    precedence: Option<Precedence>,
) -> Vec<Limit> {
    let certificate = directory.certificate(&message.author, message.position.device);
    certificate.map_or_else(Vec::new, |certificate| {
        certificate.permissions.broken_by(&message.item(), precedence, TimeInterval::UNKNOWN)
    })
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
