//! The receiving side of a device: what envelopes said goes in, what is known about it comes out.
//!
//! No network and no clock here; [`super::received`] keeps what came in, so that a restart rebuilds
//! this state from the same contents.

use super::Device;
pub(crate) use super::chain_record::Missing;
use super::chain_record::{ChainRecord, place_of};
use super::contacts::{Acquaintances, Contact};
pub(crate) use super::content::{Content, Message};
use super::judging::{self, Validity};
use crate::exit::Outcome;
use chappe_codec::account::{Account, AccountId};
use chappe_codec::chain::ChainId;
use chappe_codec::envelope::{OpenEnvelope, OpenError};
use chappe_codec::id::MessageId;
use chappe_codec::identity::{Carried, Change, Directory};
use chappe_codec::item::Family;
use chappe_codec::statement::{Evidence, Ids, Proof, Request, Statement};
use chappe_codec::time::TimeInterval;
use std::collections::{BTreeMap, BTreeSet};

/// What a device knows of what others said.
pub(crate) struct Station<'a> {
    device: &'a Device,
    contacts: Vec<Contact>,
    directory: Directory,
    /// Hashes of the envelopes seen: nothing is taken in twice.
    seen: BTreeSet<[u8; 32]>,
    chains: BTreeMap<(AccountId, ChainId), ChainRecord>,
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
    /// The time of a message stands otherwise to its certificate than was thought before.
    Retimed(Box<Retimed>),
    /// Somebody who holds a session with us asks for a proof or for ids.
    Asked(Box<Asked>),
}

/// How the time of a message stands to its device's certificate (spec/10-identity.md, "Which time
/// counts").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retimed {
    pub(crate) author: Account,
    pub(crate) id: MessageId,
    /// Whether the time that counts lies outside of it: the message is not permitted.
    pub(crate) is_outside: bool,
    pub(crate) clocks_disagree: bool,
    /// By its statement.
    pub(crate) by_author: TimeInterval,
    /// When it was received, by this device's clock.
    pub(crate) received: Option<u64>,
}

/// A request, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) account: Account,
    pub(crate) device: u8,
    pub(crate) request: Request,
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
    /// `None` where an earlier release erased its text.
    pub(crate) device: Option<u8>,
    pub(crate) chain: ChainId,
    pub(crate) sealed: bool,
    pub(crate) stranger: bool,
    pub(crate) received: Option<u64>,
    pub(crate) validity: Option<Validity>,
    /// By counter.
    pub(crate) ids: Vec<(u32, MessageId)>,
    /// Counters of what has no id.
    pub(crate) without_id: Vec<u32>,
    pub(crate) lasting: Vec<Lasting>,
}

/// What is no text: statements, proofs, and ids that somebody named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lasting {
    pub(crate) family: Family,
    /// Whether it verified when it was taken in.
    pub(crate) verified: bool,
    pub(crate) body: Vec<u8>,
}

impl Remains {
    /// What stays of what an envelope said.
    pub(crate) fn of(content: &Content) -> Self {
        let messages = content.messages.iter();
        Self {
            fingerprint: content.envelope,
            author: Some(content.author),
            device: content.messages.first().map(|message| message.position.device),
            chain: content.chain,
            sealed: content.sealed,
            stranger: content.stranger,
            received: content.received,
            validity: content.validity,
            ids: messages.clone().filter_map(place_of).collect(),
            without_id: messages
                .clone()
                .filter(|message| message.id.is_none())
                .map(|message| message.position.counter)
                .collect(),
            lasting: messages.filter(|message| is_lasting(message)).map(Lasting::of).collect(),
        }
    }
}

impl Lasting {
    fn of(message: &Message) -> Self {
        let Message { family, verified, body, .. } = message;
        Self { family: *family, verified: *verified, body: body.clone() }
    }
}

fn is_lasting(message: &Message) -> bool {
    message.revision == 0
        && [Family::STATEMENT, Family::PROOF, Family::IDS].contains(&message.family)
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

    /// Whose device an open envelope says it is of, if that was revoked.
    pub(crate) fn revoked_author(&self, open: &OpenEnvelope<'_>) -> Option<(Account, u8)> {
        let known = self.directory.accounts().map(|(account, _)| account);
        let account = known.into_iter().find(|account| account.id() == open.account)?;
        let device = open.first.device;
        self.directory.is_revoked(&account, device).then_some((account, device))
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

    /// Writes into what an envelope said what is to be kept with it: see [`judging`].
    pub(crate) fn judge(&self, content: &mut Content) {
        judging::judge(content, &self.directory);
    }

    /// Takes in what an envelope said, as it was judged.
    pub(crate) fn take(&mut self, content: &Content) -> Vec<Arrival> {
        let remains = Remains::of(content);
        let mut arrivals = Vec::new();
        let mut endorsements = Vec::new();
        let mut cards = Vec::new();
        for message in &content.messages {
            match (message.family, message.revision) {
                (Family::ENDORSEMENT, 0) => endorsements.extend(Carried::parse(&message.body)),
                (Family::CARD, 0) => cards.push(message.body.as_slice()),
                (Family::REQUEST, 0) => arrivals.extend(asked(message)),
                _ => {}
            }
            arrivals.push(Arrival::Message(Box::new(message.clone())));
        }
        let mut changes = self.take_endorsements(endorsements);
        changes.extend(self.take_cards(cards));
        arrivals.extend(changes.into_iter().map(|change| Arrival::Changed(Box::new(change))));
        arrivals.extend(self.recall(&remains));
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
        let Some(author) = remains.author else { return Vec::new() };
        let record = self.record(author, remains.chain);
        record.sealed = remains.sealed;
        for (counter, id) in &remains.ids {
            record.receive(*counter, *id, remains.received, remains.validity);
        }
        let mut touched = BTreeSet::from([(author.id(), remains.chain)]);
        for lasting in &remains.lasting {
            touched.extend(self.weigh(author, remains.received, lasting));
        }
        let device = self.device;
        let anchored = |statement: &Statement| device.anchored_at(statement).ok().flatten();
        let mut arrivals = Vec::new();
        for chain in touched {
            if let Some(record) = self.chains.get_mut(&chain) {
                arrivals.extend(record.settle(&anchored));
            }
        }
        arrivals
    }

    /// Looks again at the times of what is anchored now.
    pub(crate) fn anchored(&mut self, signed: &Signed) -> Outcome<Vec<Arrival>> {
        let statement = &signed.evidence.statement;
        let at = self.device.anchored_at(statement)?;
        let record = self.chains.get_mut(&(statement.claim.account, statement.claim.chain));
        let looked = record.zip(at).map(|(record, at)| record.anchored(statement, at));
        Ok(looked.unwrap_or_default())
    }

    /// What statements cover and this device does not have, of authors it can ask.
    pub(crate) fn missing(&self) -> Vec<Missing> {
        let chains = self.chains.iter();
        chains.flat_map(|((_, chain), record)| record.missing(*chain)).collect()
    }

    /// Lets a statement, a proof or ids wait for their messages; returns their chain. What verified when
    /// it was taken in counts for ever; what did not is looked at again.
    fn weigh(
        &mut self,
        author: Account,
        received: Option<u64>,
        lasting: &Lasting,
    ) -> Option<(AccountId, ChainId)> {
        let verifies = |station: &Self, statement: &Statement| {
            lasting.verified || station.directory.verify_statement(statement).is_ok()
        };
        if lasting.family == Family::STATEMENT {
            let evidence = Evidence::parse(&lasting.body).ok()?;
            let claim = &evidence.statement.claim;
            if claim.account != author.id() || !verifies(self, &evidence.statement) {
                return None;
            }
            let chain = claim.chain;
            self.record(author, chain).state(evidence, received);
            return Some((author.id(), chain));
        }
        // Of a chain of which nothing was received there is nothing to prove.
        if lasting.family == Family::PROOF {
            let proof = Proof::parse(&lasting.body).ok()?;
            let chain = (proof.statement.claim.account, proof.statement.claim.chain);
            if !verifies(self, &proof.statement) {
                return None;
            }
            self.chains.get_mut(&chain)?.prove(proof, received);
            return Some(chain);
        }
        let ids = Ids::parse(&lasting.body).ok()?;
        let chain = (ids.account, ids.chain);
        self.chains.get_mut(&chain)?.name(&ids);
        Some(chain)
    }

    fn record(&mut self, author: Account, chain: ChainId) -> &mut ChainRecord {
        self.chains.entry((author.id(), chain)).or_insert_with(|| ChainRecord::of(author))
    }
}

/// Only who holds a session with us and whose card we hold is answered.
fn asked(message: &Message) -> Option<Arrival> {
    if !message.sealed || message.stranger {
        return None;
    }
    let request = Request::parse(&message.body).ok()?;
    let (account, device) = (message.author, message.position.device);
    Some(Arrival::Asked(Box::new(Asked { account, device, request })))
}
