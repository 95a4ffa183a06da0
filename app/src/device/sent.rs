//! What a device has said: counters are reserved and ids remembered before anything is sent, so that
//! a crash or a second process can neither repeat a counter nor forget what was signed.

use super::Device;
use super::journal::Journal;
use super::retention::LOOK_EVERY;
use crate::exit::{Exit, Failure, Outcome};
use crate::{clock, hex, random, said};
use chappe_codec::chain::{ChainId, Position};
use chappe_codec::digest;
use chappe_codec::envelope::{Envelope, OpenEnvelope, Opened, Outbound};
use chappe_codec::id::MessageId;
use chappe_codec::item::Item;
use chappe_codec::limits::STATEMENT_MESSAGES_MAX;
use chappe_codec::precedence::Precedence;
use chappe_codec::statement::{Claim, Evidence, Statement};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use zeroize::Zeroizing;

const EPOCH: u16 = 0;

/// The journal's records.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
enum Record {
    /// Counters taken and ids given, written before the envelope leaves.
    Said {
        /// When, by the device's clock.
        at: u64,
        to: String,
        precedence: String,
        chain: String,
        first: u32,
        ids: Vec<String>,
        /// Empty once its text was erased (spec/13-storage.md, "Retention").
        envelope: String,
        /// What the statement in it signs. One record, so that a signature never counts as given
        /// while its octets are lost.
        signs: Option<Signs>,
    },
    /// The envelope reached a relay or a gateway.
    Handed { envelope_hash: String },
}

impl Record {
    /// Whether it is an envelope from before that time.
    fn is_older_than(&self, before: u64) -> bool {
        matches!(self, Self::Said { at, envelope, .. } if *at < before && !envelope.is_empty())
    }
}

/// The messages a statement covers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signs {
    chain: String,
    first: u32,
    count: u16,
    statement_hash: String,
}

/// One direction of talk.
#[derive(Debug, Default)]
struct ChainState {
    ids: BTreeMap<u32, MessageId>,
    next: u32,
    unsigned_from: u32,
    previous: [u8; 32],
}

/// The device's own words.
pub(crate) struct Sent<'a> {
    device: &'a Device,
    journal: Journal,
    chains: BTreeMap<ChainId, ChainState>,
    handed: BTreeSet<[u8; 32]>,
    envelopes: Vec<Waiting>,
    /// When texts were last looked at for their age.
    looked_at: Instant,
}

/// To whom something is said.
pub(crate) enum Audience {
    /// Everyone.
    Open,
    /// One contact, under the name we give them.
    Contact { name: String, outbound: Box<Outbound> },
}

impl Audience {
    /// What to call it: the contact's name, or `open`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Open => "open",
            Self::Contact { name, .. } => name,
        }
    }
}

/// An envelope, for whom it is, and how urgent.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) to: String,
    pub(crate) precedence: Precedence,
    pub(crate) envelope: Vec<u8>,
}

/// An envelope ready to go.
pub(crate) struct Written {
    pub(crate) envelope: Vec<u8>,
    pub(crate) opened: Opened,
}

impl<'a> Sent<'a> {
    pub(crate) fn open(device: &'a Device) -> Outcome<Self> {
        let (mut journal, mut records) = Journal::open(&device.journal("sent"))?;
        if let Some(kept) = keep(device, &records, clock::now_seconds())? {
            journal.rewrite(&kept)?;
            records = kept;
        }
        let mut sent = Self {
            device,
            journal,
            chains: BTreeMap::new(),
            handed: BTreeSet::new(),
            envelopes: Vec::new(),
            looked_at: Instant::now(),
        };
        for record in records {
            sent.replay(record)?;
        }
        Ok(sent)
    }

    /// The chain of what is said to this audience.
    pub(crate) fn chain(&self, audience: &Audience) -> ChainId {
        let (account, device) = (self.device.identity.account(), self.device.identity.device());
        match audience {
            Audience::Open => ChainId::open(self.device.realm, account, device, EPOCH),
            Audience::Contact { outbound, .. } => outbound.chain(device, EPOCH),
        }
    }

    /// Puts items into an envelope. When this returns, counters and ids are on disk.
    pub(crate) fn write(
        &mut self,
        audience: &Audience,
        precedence: Precedence,
        items: &[Item<'_>],
    ) -> Outcome<Written> {
        self.write_signing(audience, precedence, items, None)
    }

    /// Signs everything said to `chain_of` that no statement covers yet, and puts the statement into
    /// an envelope to `audience`; `None` if there is nothing to sign.
    pub(crate) fn sign(
        &mut self,
        chain_of: &Audience,
        audience: &Audience,
        precedence: Precedence,
    ) -> Outcome<Option<Written>> {
        let Some(statement) = self.statement(self.chain(chain_of))? else { return Ok(None) };
        let signs = Signs {
            chain: statement.claim.chain.to_string(),
            first: statement.claim.first,
            count: statement.claim.count,
            statement_hash: hex::encode(&statement.hash()),
        };
        let body = Evidence { statement, salt: None }.to_bytes();
        let item = said::statement_item(&body);
        let written =
            self.write_signing(audience, precedence, std::slice::from_ref(&item), Some(signs))?;
        Ok(Some(written))
    }

    fn write_signing(
        &mut self,
        audience: &Audience,
        precedence: Precedence,
        items: &[Item<'_>],
        signs: Option<Signs>,
    ) -> Outcome<Written> {
        let chain = self.chain(audience);
        let counter = self.chains.get(&chain).map_or(0, |state| state.next);
        let first = Position { device: self.device.identity.device(), epoch: EPOCH, counter };
        let written = self.seal(audience, first, items)?;
        let ids: Vec<String> = written
            .opened
            .messages()
            .iter()
            .map(|message| message.id.map(|id| id.to_string()))
            .collect::<Option<_>>()
            .ok_or_else(|| {
                Failure::new(Exit::Usage, "reference", "refer to a message by its whole id")
            })?;
        let record = Record::Said {
            at: clock::now_seconds(),
            to: audience.name().to_owned(),
            precedence: precedence.name().to_owned(),
            chain: chain.to_string(),
            first: counter,
            ids,
            envelope: hex::encode(&written.envelope),
            signs,
        };
        self.journal.append(&record)?;
        self.replay(record)?;
        Ok(written)
    }

    /// The statement over what a chain holds unsigned.
    fn statement(&self, chain: ChainId) -> Outcome<Option<Statement>> {
        let Some(state) = self.chains.get(&chain) else { return Ok(None) };
        let first = state.unsigned_from;
        let ids: Vec<MessageId> = state
            .ids
            .range(first..)
            .take(usize::from(STATEMENT_MESSAGES_MAX))
            .map(|(_, id)| *id)
            .collect();
        let identity = &self.device.identity;
        let (account, device) = (identity.account().id(), identity.device());
        let time = clock::author_time();
        Claim::over(account, device, chain, first, &ids, state.previous, time)
            .map(|claim| Ok(claim.sign(self.device.identity.signing_key(), self.device.realm)?))
            .transpose()
    }

    /// Remembers that an envelope is in other hands now.
    pub(crate) fn handed_over(&mut self, envelope: &[u8]) -> Outcome<()> {
        let record = Record::Handed { envelope_hash: hex::encode(&digest::sha256(envelope)) };
        self.journal.append(&record)?;
        self.replay(record)
    }

    /// Envelopes that were written and never handed over: a crash or a lost connection kept them.
    pub(crate) fn queued(&self) -> Vec<Waiting> {
        let waits = |waiting: &&Waiting| !self.handed.contains(&digest::sha256(&waiting.envelope));
        self.envelopes.iter().filter(waits).cloned().collect()
    }

    /// "At least once an hour while it runs": erases texts that have become too old since. To be
    /// called now and then.
    pub(crate) fn keep_retention(&mut self) -> Outcome<()> {
        if self.looked_at.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.looked_at = Instant::now();
        let records: Vec<Record> = self.journal.read()?;
        if let Some(kept) = keep(self.device, &records, clock::now_seconds())? {
            self.journal.rewrite(&kept)?;
            let handed = std::mem::take(&mut self.handed);
            self.envelopes.retain(|waiting| !handed.contains(&digest::sha256(&waiting.envelope)));
        }
        Ok(())
    }

    fn seal(&self, audience: &Audience, first: Position, items: &[Item<'_>]) -> Outcome<Written> {
        let identity = &self.device.identity;
        match audience {
            Audience::Open => {
                let (keys, account) = (identity.signing_key(), identity.account());
                let envelope = OpenEnvelope::sign(keys, account, self.device.realm, first, items)?;
                // Reading back what was written costs little and catches a broken writer at home.
                let opened = match Envelope::parse(&envelope)? {
                    Envelope::Open(open) => open.verify(&identity.signer(), self.device.realm)?,
                    Envelope::FirstFlight(_) | Envelope::Unknown { .. } => {
                        return Err(Failure::new(Exit::Failure, "envelope", "written wrongly"));
                    }
                };
                Ok(Written { envelope, opened })
            }
            Audience::Contact { outbound, .. } => {
                let mut seed = Zeroizing::new([0; 32]);
                random::fill(&mut *seed)?;
                let (envelope, opened) = outbound.seal(&seed, first, items)?;
                Ok(Written { envelope, opened })
            }
        }
    }

    fn replay(&mut self, record: Record) -> Outcome<()> {
        match record {
            Record::Said { at: _, to, precedence, chain, first, ids, envelope, signs } => {
                let state = self.chains.entry(chain_id(&chain)?).or_default();
                for (counter, id) in (first..).zip(&ids) {
                    let id = MessageId(hex::decode_array("a message id", id)?);
                    state.ids.insert(counter, id);
                    state.next = state.next.max(counter.saturating_add(1));
                }
                let envelope = hex::decode("an envelope", &envelope)?;
                let precedence = precedence.parse().map_err(|error| {
                    Failure::new(Exit::Malformed, "journal", format!("{error}"))
                })?;
                if !envelope.is_empty() {
                    self.envelopes.push(Waiting { to, precedence, envelope });
                }
                if let Some(signs) = signs {
                    let state = self.chains.entry(chain_id(&signs.chain)?).or_default();
                    state.unsigned_from = signs.first.saturating_add(u32::from(signs.count));
                    state.previous = hex::decode_array("a hash", &signs.statement_hash)?;
                }
            }
            Record::Handed { envelope_hash } => {
                self.handed.insert(hex::decode_array("a hash", &envelope_hash)?);
            }
        }
        Ok(())
    }
}

/// The records that stay of these; `None` when none is too old. What was not handed over is not
/// erased.
fn keep(device: &Device, records: &[Record], now: u64) -> Outcome<Option<Vec<Record>>> {
    let before = device.settings()?.erased_before(now);
    if !records.iter().any(|record| record.is_older_than(before)) {
        return Ok(None);
    }
    let handed: BTreeSet<&str> = records
        .iter()
        .filter_map(|record| match record {
            Record::Handed { envelope_hash } => Some(envelope_hash.as_str()),
            Record::Said { .. } => None,
        })
        .collect();
    let mut erased = BTreeSet::new();
    let mut kept = records.to_vec();
    for record in &mut kept {
        let is_old = record.is_older_than(before);
        if let Record::Said { envelope, .. } = record
            && is_old
        {
            let hash = hex::encode(&digest::sha256(&hex::decode("an envelope", envelope)?));
            if handed.contains(hash.as_str()) {
                envelope.clear();
                erased.insert(hash);
            }
        }
    }
    kept.retain(|record| !matches!(record, Record::Handed { envelope_hash } if erased.contains(envelope_hash)));
    Ok((!erased.is_empty()).then_some(kept))
}

fn chain_id(text: &str) -> Outcome<ChainId> {
    Ok(ChainId(hex::decode_array("a chain id", text)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::tests::device;
    use chappe_codec::item::{Family, Reference};

    fn item(body: &[u8]) -> Item<'_> {
        let family = Family::from_code(0x70).unwrap();
        Item { family, revision: 0, reference: Reference::None, body }
    }

    #[test]
    fn counters_and_signatures_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let mut sent = Sent::open(&device).unwrap();
        assert!(
            sent.sign(&Audience::Open, &Audience::Open, Precedence::Routine).unwrap().is_none()
        );
        for body in [b"one", b"two"] {
            sent.write(&Audience::Open, Precedence::Flash, &[item(body)]).unwrap();
        }
        drop(sent);

        let mut sent = Sent::open(&device).unwrap();
        let written = sent.sign(&Audience::Open, &Audience::Open, Precedence::Routine).unwrap();
        let statement = |written: &Written| {
            let messages = written.opened.messages();
            (
                messages[0].position.counter,
                Evidence::parse(messages[0].item.body).unwrap().statement,
            )
        };
        let (counter, first) = statement(&written.unwrap());
        assert_eq!((counter, first.claim.first, first.claim.count), (2, 0, 2));
        drop(sent);

        // The next statement goes on where the last one ended, and names it.
        let mut sent = Sent::open(&device).unwrap();
        let written = sent.sign(&Audience::Open, &Audience::Open, Precedence::Routine).unwrap();
        let (counter, second) = statement(&written.unwrap());
        assert_eq!((counter, second.claim.first, second.claim.count), (3, 2, 1));
        assert_eq!(second.claim.previous, first.hash());

        // All of it waits until it is handed over, with its precedence.
        let waiting = sent.queued();
        assert_eq!(waiting.len(), 4);
        assert_eq!(waiting[0].precedence, Precedence::Flash);
        sent.handed_over(&waiting[0].envelope).unwrap();
        drop(sent);
        assert_eq!(Sent::open(&device).unwrap().queued().len(), 3);
    }
}
