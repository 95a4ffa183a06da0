//! What a device has said: counters are reserved and ids remembered before anything is sent, so that
//! a crash or a second process can neither repeat a counter nor forget what was signed.

mod answers;
mod record;

pub(crate) use answers::Answer;
pub(super) use record::{Record, Signs};

use super::Device;
use super::content::{Content, Outside, outside};
use super::journal::Journal;
use super::retention::LOOK_EVERY;
use super::sealing::Sealing;
use crate::exit::{Exit, Failure, Outcome};
use crate::{clock, hex, said};
use chappe_codec::card::Card;
use chappe_codec::chain::{ChainId, Position};
use chappe_codec::digest;
use chappe_codec::envelope::OpenEnvelope;
use chappe_codec::id::MessageId;
use chappe_codec::item::{Item, Reference};
use chappe_codec::limits::{ENVELOPE_ITEMS_MAX, ENVELOPE_OCTETS_MAX, STATEMENT_MESSAGES_MAX};
use chappe_codec::precedence::Precedence;
use chappe_codec::statement::{Claim, Evidence, SigningPolicy, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// What the journal is called.
pub(super) const JOURNAL: &str = "sent";

/// What the audience of open envelopes is called.
const OPEN: &str = "open";

/// Octets of an envelope in a data frame (spec/05-radio.md, "Frame").
const DATA_ENVELOPE_OCTETS_MAX: usize = 239;

/// Octets of what is said beside our own card: with them a card of the largest root, a step of the
/// ratchet and their heads an envelope is not full.
const BESIDE_CARD_OCTETS_MAX: usize = ENVELOPE_OCTETS_MAX / 2;

/// One direction of talk.
#[derive(Debug, Default)]
struct ChainState {
    /// The contact's name, or `open`.
    to: String,
    ids: BTreeMap<u32, MessageId>,
    next: u32,
    unsigned_from: u32,
    previous: [u8; 32],
    /// In order.
    statements: Vec<Statement>,
}

/// The device's own words.
pub(crate) struct Sent<'a> {
    device: &'a Device,
    journal: Journal,
    /// Epoch and first counter of the open chain.
    open_from: (u16, u32),
    chains: BTreeMap<ChainId, ChainState>,
    handed: BTreeSet<[u8; 32]>,
    envelopes: Vec<Waiting>,
    path: Path,
    /// The prekey of our last card that went to each contact by itself.
    prekeys: BTreeMap<String, [u8; 32]>,
    /// When what is said to whom is to be signed, by the audience's name.
    policies: BTreeMap<String, SigningPolicy>,
    /// When texts were last looked at for their age.
    looked_at: Instant,
}

/// What envelopes have to fit into on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// A relay takes whole envelopes. `post_quantum`: a session that is not gets there.
    Relay { post_quantum: bool },
    /// One frame on the air.
    Radio,
}

impl Path {
    /// Octets of an envelope.
    const fn space(self) -> usize {
        match self {
            Self::Relay { .. } => ENVELOPE_OCTETS_MAX,
            Self::Radio => DATA_ENVELOPE_OCTETS_MAX,
        }
    }
}

/// To whom something is said.
pub(crate) enum Audience {
    /// Everyone.
    Open,
    /// One contact, under the name we give them.
    Contact { name: String, card: Box<Card> },
}

impl Audience {
    /// What to call it: the contact's name, or `open`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Open => OPEN,
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
    pub(crate) content: Content,
    /// The prekey of our own card in it, if one went with it.
    prekey: Option<[u8; 32]>,
}

impl<'a> Sent<'a> {
    pub(crate) fn open(device: &'a Device, path: Path) -> Outcome<Self> {
        let (mut journal, mut records) = Journal::open(&device.journal(JOURNAL))?;
        if let Some(kept) = keep(device, &records, clock::now_seconds())? {
            journal.rewrite(&kept)?;
            records = kept;
        }
        let mut sent = Self {
            device,
            journal,
            open_from: (0, 0),
            chains: BTreeMap::new(),
            handed: BTreeSet::new(),
            envelopes: Vec::new(),
            path,
            prekeys: BTreeMap::new(),
            policies: BTreeMap::new(),
            looked_at: Instant::now(),
        };
        for record in records {
            sent.replay(record)?;
        }
        Ok(sent)
    }

    /// Puts items into an envelope. When this returns, counters and ids are on disk.
    pub(crate) fn write(
        &mut self,
        audience: &Audience,
        precedence: Precedence,
        items: &[Item<'_>],
    ) -> Outcome<Written> {
        self.write_signing(audience, precedence, items, (None, true))
    }

    /// The same for what the program says by itself: nobody waits for its signature.
    pub(crate) fn write_unprompted(
        &mut self,
        audience: &Audience,
        precedence: Precedence,
        items: &[Item<'_>],
    ) -> Outcome<Written> {
        self.write_signing(audience, precedence, items, (None, false))
    }

    /// Signs everything said to `chain_of` that no statement covers yet, and puts each statement into
    /// an envelope to `audience`: one for each chain, and for each run in it without a gap.
    pub(crate) fn sign(
        &mut self,
        chain_of: &Audience,
        audience: &Audience,
        precedence: Precedence,
    ) -> Outcome<Vec<Written>> {
        let to = chain_of.name();
        let ours: Vec<ChainId> =
            self.chains.iter().filter(|(_, state)| state.to == to).map(|(id, _)| *id).collect();
        let mut statements = Vec::new();
        for chain in ours {
            self.claim_all(chain, &mut statements)?;
        }
        let mut written = Vec::new();
        for statement in statements {
            let signs = Signs { statement: hex::encode(&statement.to_bytes()) };
            let body = Evidence { statement, salt: None }.to_bytes();
            let item = [said::statement_item(&body)];
            written.push(self.write_signing(audience, precedence, &item, (Some(signs), true))?);
        }
        Ok(written)
    }

    /// The audiences to whom something is to be signed by now (spec/04-statement.md, "When an author
    /// signs").
    pub(crate) fn due(&self) -> Vec<String> {
        let now = Duration::from_secs(clock::now_seconds());
        let due = self.policies.iter().filter(|(_, policy)| policy.goes_with_next_envelope(now));
        due.map(|(to, _)| to.clone()).collect()
    }

    fn write_signing(
        &mut self,
        audience: &Audience,
        precedence: Precedence,
        items: &[Item<'_>],
        (signs, prompted): (Option<Signs>, bool),
    ) -> Outcome<Written> {
        let without_id =
            || Failure::new(Exit::Usage, "reference", "refer to a message by its whole id");
        if items.iter().any(|item| matches!(item.reference, Reference::Prefix(_))) {
            return Err(without_id());
        }
        let written = match audience {
            Audience::Open => self.write_open(items)?,
            Audience::Contact { name, card } => self.seal(name, card, items)?,
        };
        let messages = &written.content.messages;
        let first = messages.first().map_or(0, |message| message.position.counter);
        let ids = messages.iter().map(|message| message.id.map(|id| id.to_string()));
        let record = Record::Said {
            at: clock::now_seconds(),
            to: audience.name().to_owned(),
            precedence: precedence.name().to_owned(),
            chain: written.content.chain.to_string(),
            first,
            ids: ids.collect::<Option<_>>().ok_or_else(without_id)?,
            envelope: hex::encode(&written.envelope),
            signs,
            prekey: written.prekey.map(|prekey| hex::encode(&prekey)),
            prompted,
        };
        self.journal.append(&record)?;
        self.replay(record)?;
        Ok(written)
    }

    fn write_open(&self, items: &[Item<'_>]) -> Outcome<Written> {
        let (identity, realm) = (&self.device.identity, self.device.realm);
        let (account, device) = (identity.account(), identity.device());
        let (epoch, first) = self.open_from;
        let chain = ChainId::open(realm, account, device, epoch);
        let counter = self.chains.get(&chain).map_or(first, |state| state.next);
        let first = Position { device, epoch, counter };
        let envelope = OpenEnvelope::sign(identity.signing_key(), account, realm, first, items)?;
        // Reading back what was written costs little and catches a broken writer at home.
        let opened = match outside(&envelope)? {
            Outside::Open(open) => open.verify(&identity.signer(), realm)?,
            Outside::Sealed | Outside::Unknown => {
                return Err(Failure::new(Exit::Failure, "envelope", "written wrongly"));
            }
        };
        let content = Content::of_open(&envelope, &opened);
        Ok(Written { envelope, content, prekey: None })
    }

    /// The session's state is on disk when this returns, and the envelope is not: a crash loses its
    /// counters, and never gives one twice.
    fn seal(&self, name: &str, card: &Card, items: &[Item<'_>]) -> Outcome<Written> {
        self.device.check_in_force(card)?;
        let hybrid = self.path == Path::Relay { post_quantum: true };
        let mut sealing = Sealing::open(self.device)?;
        let own = sealing.card_for(card).filter(|own| self.goes_with(own, name, items));
        let prekey = own.map(|own| *own.prekey());
        let own = own.map(Card::to_bytes);
        let with_card: Vec<Item<'_>> =
            items.iter().cloned().chain(own.as_deref().map(said::card_item)).collect();
        let sealed = sealing.seal(card, &with_card, self.path.space(), hybrid)?;
        sealing.keep()?;
        let content = Content::of_sealed(&sealed.envelope, &sealed.said, false);
        Ok(Written { envelope: sealed.envelope, content, prekey })
    }

    /// "Once for each prekey and contact", over a relay, and where there is room for it.
    fn goes_with(&self, own: &Card, name: &str, items: &[Item<'_>]) -> bool {
        let octets = items.iter().map(|item| item.body.len()).fold(0, usize::saturating_add);
        self.path != Path::Radio
            && self.prekeys.get(name) != Some(own.prekey())
            && items.len() < ENVELOPE_ITEMS_MAX
            && octets <= BESIDE_CARD_OCTETS_MAX
    }

    /// The statements over what a chain holds unsigned, run by run: counters lost in a crash are gaps.
    fn claim_all(&self, chain: ChainId, statements: &mut Vec<Statement>) -> Outcome<()> {
        let Some(state) = self.chains.get(&chain) else { return Ok(()) };
        let identity = &self.device.identity;
        let (account, device) = (identity.account().id(), identity.device());
        let (mut previous, mut run) = (state.previous, Vec::new());
        let mut ids = state.ids.range(state.unsigned_from..).peekable();
        while let Some((counter, id)) = ids.next() {
            run.push(*id);
            let goes_on = ids.peek().is_some_and(|(next, _)| **next == counter.saturating_add(1));
            if goes_on && run.len() < usize::from(STATEMENT_MESSAGES_MAX) {
                continue;
            }
            let behind = u32::try_from(run.len()).unwrap_or(u32::MAX);
            let first = counter.saturating_add(1).saturating_sub(behind);
            let time = clock::author_time();
            let claim = Claim::over(account, device, chain, first, &run, previous, time);
            run.clear();
            if let Some(claim) = claim {
                let statement = claim.sign(identity.signing_key(), self.device.realm)?;
                previous = statement.hash();
                statements.push(statement);
            }
        }
        Ok(())
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

    fn replay(&mut self, record: Record) -> Outcome<()> {
        match record {
            Record::Said {
                at,
                to,
                precedence,
                chain,
                first,
                ids,
                envelope,
                signs,
                prekey,
                prompted,
            } => {
                if let Some(prekey) = prekey {
                    let prekey = hex::decode_array("a prekey", &prekey)?;
                    self.prekeys.insert(to.clone(), prekey);
                }
                let state = self.chains.entry(chain_id(&chain)?).or_default();
                state.to.clone_from(&to);
                for (counter, id) in (first..).zip(&ids) {
                    let id = MessageId(hex::decode_array("a message id", id)?);
                    state.ids.insert(counter, id);
                    state.next = state.next.max(counter.saturating_add(1));
                }
                let envelope = hex::decode("an envelope", &envelope)?;
                let precedence = precedence.parse().map_err(|error| {
                    Failure::new(Exit::Malformed, "journal", format!("{error}"))
                })?;
                // A statement asks for no other, or there would be no end of them.
                if signs.is_none() && prompted {
                    let messages = u32::try_from(ids.len()).unwrap_or(u32::MAX);
                    let policy = self.policies.entry(to.clone()).or_default();
                    policy.said(messages, precedence, Duration::from_secs(at));
                }
                if !envelope.is_empty() {
                    self.envelopes.push(Waiting { to, precedence, envelope });
                }
                if let Some(signs) = signs {
                    let octets = hex::decode("a statement", &signs.statement)?;
                    let statement = Statement::parse(&octets)?;
                    let claim = &statement.claim;
                    let state = self.chains.entry(claim.chain).or_default();
                    state.unsigned_from = claim.first.saturating_add(u32::from(claim.count));
                    state.previous = statement.hash();
                    state.statements.push(statement);
                    let to = state.to.clone();
                    self.policies.entry(to).or_default().signed();
                }
            }
            Record::Handed { envelope_hash } => {
                self.handed.insert(hex::decode_array("a hash", &envelope_hash)?);
            }
            // What was said before is not signed any more: nobody knows how much it was.
            Record::Anew { epoch, first } => {
                self.open_from = (epoch, first);
                self.chains.clear();
                self.policies.clear();
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
            Record::Said { .. } | Record::Anew { .. } => None,
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
        let mut sent = Sent::open(&device, Path::Radio).unwrap();
        assert!(
            sent.sign(&Audience::Open, &Audience::Open, Precedence::Routine).unwrap().is_empty()
        );
        for body in [b"one", b"two"] {
            sent.write(&Audience::Open, Precedence::Flash, &[item(body)]).unwrap();
        }
        drop(sent);

        let mut sent = Sent::open(&device, Path::Radio).unwrap();
        let written = sent.sign(&Audience::Open, &Audience::Open, Precedence::Routine).unwrap();
        let statement = |written: &[Written]| {
            let [written] = written else { panic!() };
            let message = &written.content.messages[0];
            (message.position.counter, Evidence::parse(&message.body).unwrap().statement)
        };
        let (counter, first) = statement(&written);
        assert_eq!((counter, first.claim.first, first.claim.count), (2, 0, 2));
        drop(sent);

        // The next statement goes on where the last one ended, and names it.
        let mut sent = Sent::open(&device, Path::Radio).unwrap();
        let written = sent.sign(&Audience::Open, &Audience::Open, Precedence::Routine).unwrap();
        let (counter, second) = statement(&written);
        assert_eq!((counter, second.claim.first, second.claim.count), (3, 2, 1));
        assert_eq!(second.claim.previous, first.hash());

        // All of it waits until it is handed over, with its precedence.
        let waiting = sent.queued();
        assert_eq!(waiting.len(), 4);
        assert_eq!(waiting[0].precedence, Precedence::Flash);
        sent.handed_over(&waiting[0].envelope).unwrap();
        drop(sent);
        assert_eq!(Sent::open(&device, Path::Radio).unwrap().queued().len(), 3);
    }
}
